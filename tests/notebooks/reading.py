"""The notebooks of this project, and their code run on another account."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from show_notebooks import read_cells

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
NAMES = [path.stem for path in NOTEBOOKS]


def code_cells(path: Path) -> list[str]:
    """Sources of the code cells, in order."""
    return ["".join(one["source"]) for one in read_cells(path) if one["cell_type"] == "code"]


def run_on(path: Path, procore: Any) -> dict[str, Any]:
    """Run a notebook's code here, with the account of its one cell changed; give back its names."""
    names: dict[str, Any] = {"here": procore}
    for number, source in enumerate(code_cells(path), start=1):
        code = source.replace('pnb.connect("demo")', "here")
        exec(compile(code, f"{path.stem}, code cell {number}", "exec"), names)
    return names
