"""The public names, and what importing the package costs."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import procore_nb as pnb

HEAVY = [
    "matplotlib",
    "ipywidgets",
    "anywidget",
    "geopandas",
    "pyarrow",
    "duckdb",
    "IPython",
    "keyring",
    "platformdirs",
]


def _loaded_after(code: str) -> set[str]:
    asked = f"import sys; {code}; print('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    names = done.stdout.split()
    return {name.split(".")[0] for name in names} | {name for name in names if ".demo." in name}


def test_names_for_type_checkers_equal_the_public_names() -> None:
    tree = ast.parse(Path(pnb.__file__).read_text(encoding="utf-8"))
    guarded = [
        node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    seen = {
        alias.asname
        for node in ast.walk(guarded[0])
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert seen == set(pnb.__all__) - {"__version__"}


def test_every_public_name_is_there_and_says_what_it_is() -> None:
    values = {name: getattr(pnb, name) for name in pnb.__all__ if name != "__version__"}
    assert [name for name, value in values.items() if not value.__doc__] == []


def test_importing_the_package_loads_no_other_library() -> None:
    added = _loaded_after("import procore_nb") - _loaded_after("import importlib, typing, __future__")
    assert added <= {"procore_nb", *sys.stdlib_module_names}


@pytest.mark.slow
def test_connecting_and_asking_loads_no_plotting_widget_or_storage_library() -> None:
    pytest.importorskip("pyarrow")
    asked = "import procore_nb as pnb; pnb.connect('demo', progress=False).projects()"
    # pandas itself loads pyarrow when it is installed.
    loaded = _loaded_after(asked)
    assert loaded & set(HEAVY) <= {"pyarrow"}
    # The demo's lists load as they are asked for: its first list needs one module of them.
    assert "procore_nb.demo.tables.reference_data" in loaded
    assert "procore_nb.demo.tables.rfis" not in loaded


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'conect'"):
        _ = pnb.conect


@pytest.mark.slow
def test_a_file_name_and_a_class_name_stand_once_in_the_package() -> None:
    files: dict[str, list[Path]] = {}
    classes: dict[str, list[Path]] = {}
    for path in Path(pnb.__file__).parent.rglob("*.py"):
        if path.name not in ("__init__.py", "__main__.py"):
            files.setdefault(path.name, []).append(path)
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef):
                classes.setdefault(node.name, []).append(path)
    assert {name: paths for name, paths in {**files, **classes}.items() if len(paths) > 1} == {}
