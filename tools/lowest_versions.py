"""Prints constraints that hold every direct dependency at the lowest version `pyproject.toml` allows.

In: the bounds of the core and of all extras. Out: lines for `pip install --constraint`. Asks no index.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from packaging.requirements import Requirement

PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def lowest() -> dict[str, str]:
    """Return name -> lowest version allowed, of what the package itself runs on."""
    extras = (lines for name, lines in PROJECT["optional-dependencies"].items() if name != "test")
    found = {}
    for line in [*PROJECT["dependencies"], *(line for lines in extras for line in lines)]:
        one = Requirement(line)
        for bound in one.specifier:
            if bound.operator == ">=":
                found[one.name] = bound.version
    return found


if __name__ == "__main__":
    for name, version in sorted(lowest().items()):
        print(f"{name}=={version}")
