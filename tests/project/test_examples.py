"""Every example in a docstring runs, on the demo, in an empty folder."""

from __future__ import annotations

import doctest
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import procore_nb

pytestmark = pytest.mark.slow

MODULES = sorted(found.name for found in pkgutil.walk_packages(procore_nb.__path__, "procore_nb."))


@pytest.mark.filterwarnings("ignore::procore_nb.ProcoreWarning")  # the demo has projects without permission
@pytest.mark.parametrize("name", ["procore_nb", *MODULES])
@pytest.mark.slow
def test_the_examples_of_a_module_run(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    module = import_module(name)
    for example in doctest.DocTestFinder().find(module, name, extraglobs={"pnb": procore_nb}):
        said: list[str] = []
        failed, _ = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example, out=said.append)
        assert not failed, "".join(said)


def test_the_package_has_examples() -> None:
    finder = doctest.DocTestFinder()
    found = [
        example for name in MODULES for example in finder.find(import_module(name), name) if example.examples
    ]
    assert len(found) > 20


INSIDE = {
    "fetch_frames",
    "custom_fields",
    "company_or_own",
}  # between the rooms; the reference leaves them out


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


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_public_function_says_what_it_takes_and_gives(name: str) -> None:
    function = FUNCTIONS[name]
    said, signature = inspect.getdoc(function) or "", inspect.signature(function)
    takes = {"self", "environ"}.issuperset(signature.parameters)
    assert takes or "\nParameters\n---" in said
    assert signature.return_annotation in ("None", None) or "\nReturns\n---" in said or "\nYields\n" in said
    assert "\n>>> " in said
