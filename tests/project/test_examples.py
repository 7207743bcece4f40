"""Every example in a docstring runs, on the demo, in an empty folder."""

from __future__ import annotations

import doctest
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import procore_nb

pytestmark = pytest.mark.slow

MODULES = ["procore_nb", *(found.name for found in pkgutil.walk_packages(procore_nb.__path__, "procore_nb."))]


def _room(name: str) -> str:
    return ".".join(name.split(".")[:2])


def _examples(name: str) -> list[doctest.DocTest]:
    found = doctest.DocTestFinder().find(import_module(name), name, extraglobs={"pnb": procore_nb})
    return [each for each in found if each.examples]


@pytest.mark.filterwarnings("ignore::procore_nb.ProcoreWarning")  # the demo has projects without permission
@pytest.mark.parametrize("room", sorted({_room(name) for name in MODULES}))
def test_the_examples_of_a_room_run(room: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    failures: list[str] = []
    for name in (name for name in MODULES if _room(name) == room):
        for example in _examples(name):
            said: list[str] = []
            failed, _ = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example, out=said.append)
            failures += said if failed else []
    assert not failures, "".join(failures)


def test_the_package_has_examples() -> None:
    assert len([example for name in MODULES for example in _examples(name)]) > 20


# Between the rooms; the reference leaves them out.
INSIDE = {"fetch_frames", "fetch_projects", "custom_fields", "company_or_own", "endpoint_or_shipped"}


def _public() -> Iterator[tuple[str, Callable[..., Any]]]:
    for name in procore_nb.__all__:
        thing = getattr(procore_nb, name)
        if inspect.isfunction(thing):
            yield name, thing
    for kind in (procore_nb.Procore, procore_nb.Profiles, procore_nb.Store, procore_nb.reports.Report):
        for name, method in inspect.getmembers(kind, inspect.isfunction):
            if not name.startswith("_") and name not in INSIDE:
                yield f"{kind.__name__}.{name}", method


FUNCTIONS = dict(_public())


def _absent_sections(function: Callable[..., Any]) -> list[str]:
    text, signature = inspect.getdoc(function) or "", inspect.signature(function)
    absent = [] if "\n>>> " in text else ["Examples"]
    if not {"self", "environ"}.issuperset(signature.parameters) and "\nParameters\n---" not in text:
        absent.append("Parameters")
    if signature.return_annotation not in ("None", None) and not re.search(
        r"\n(Returns\n---|Yields\n)", text
    ):
        absent.append("Returns")
    return absent


def test_public_functions_say_what_they_take_and_give() -> None:
    assert {
        name: absent for name, function in FUNCTIONS.items() if (absent := _absent_sections(function))
    } == {}
