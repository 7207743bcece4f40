"""Every example in a docstring runs, on the demo, in an empty folder."""

from __future__ import annotations

import doctest
import pkgutil
from importlib import import_module
from pathlib import Path

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
    for example in doctest.DocTestFinder().find(module, name):
        said: list[str] = []
        failed, _ = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example, out=said.append)
        assert not failed, "".join(said)


def test_the_package_has_examples() -> None:
    finder = doctest.DocTestFinder()
    found = [
        example for name in MODULES for example in finder.find(import_module(name), name) if example.examples
    ]
    assert len(found) > 20
