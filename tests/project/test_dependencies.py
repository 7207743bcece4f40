"""One source of dependencies: constraints, conda's file and the imports of the code agree with pyproject.toml."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Mapping
from functools import cache
from importlib.metadata import packages_distributions

import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement

from .declared import EXTRAS, PYPROJECT, ROOT, requirements

CONDA_NAMES = {"matplotlib": "matplotlib-base", "duckdb": "python-duckdb"}
COMES_WITH = {
    "IPython": "ipywidgets",
    "PIL": "matplotlib",
    "comm": "ipywidgets",
    "distributed": "dask",
    "nbconvert": "jupyterlab",
    "oauthlib": "requests-oauthlib",
    "traitlets": "ipywidgets",
    "urllib3": "requests",
}
NEEDS_JAVA = {"pyspark"}  # its test runs where somebody installed both
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]


def _pins() -> list[Requirement]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def test_constraints_hold_names_and_versions_only() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = re.compile(r"[a-z0-9-]+==[0-9a-z.]+( ; [^/@]+)?")
    assert [line for line in lines if not line.startswith("#") and not pinned.fullmatch(line)] == []
    assert [line for line in lines if "://" in line or "sha256" in line] == []


@pytest.mark.parametrize("python", PYTHONS)
def test_every_dependency_is_pinned_within_its_bounds_on_each_python(python: str) -> None:
    place = {**default_environment(), "python_version": python, "python_full_version": f"{python}.8"}
    pins = {pin.name: pin for pin in _pins() if pin.marker is None or pin.marker.evaluate(place)}
    for name, wanted in requirements("test", "docs").items():
        assert name in pins, f"{name} is not pinned"
        version = str(pins[name].specifier).removeprefix("==")
        assert wanted.specifier.contains(version), f"{name} {version} is outside {wanted.specifier}"


def test_conda_installs_the_same_as_the_extra_all() -> None:
    listed = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    conda = {Requirement(line).name: Requirement(line) for line in listed if isinstance(line, str)}
    ours = {CONDA_NAMES.get(name, name): one.specifier for name, one in requirements("all").items()}
    ours["python"] = Requirement(f"python{PYPROJECT['project']['requires-python']}").specifier
    assert {name: one.specifier for name, one in conda.items() if name != "pip"} == ours
    assert {"pip": ["--editable ."]} in listed


def test_the_extra_all_holds_every_extra_an_analyst_may_want() -> None:
    whole = set(requirements("all"))
    assert set(EXTRAS) == {"notebook", "maps", "keep", "cache", "sql", "all", "docs", "test"}
    assert all(set(requirements(extra)) <= whole for extra in ("notebook", "maps", "keep", "cache", "sql"))


@cache
def _homes() -> Mapping[str, list[str]]:
    return packages_distributions()


def _imported(folder: str) -> set[str]:
    names: set[str] = set()
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.split(".")[0])
    return names - set(sys.stdlib_module_names) - {"procore_nb"} - _own_modules()


def _own_modules() -> set[str]:
    found = [*(ROOT / "tests").rglob("*"), *(ROOT / "tools").iterdir()]
    return {"tests"} | {path.stem for path in found if path.is_dir() or path.suffix == ".py"}


@pytest.mark.parametrize(("folder", "extra"), [("procore_nb", "all"), ("tests", "test"), ("tools", "test")])
@pytest.mark.slow
def test_whatever_is_imported_is_declared(folder: str, extra: str) -> None:
    declared = set(requirements(extra))
    homes = _homes()
    undeclared = {
        name
        for name in _imported(folder) - NEEDS_JAVA
        if not {COMES_WITH.get(name, home.lower().replace("_", "-")) for home in homes.get(name, [])}
        & declared
    }
    assert undeclared == set()
