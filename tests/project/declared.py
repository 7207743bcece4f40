"""What pyproject.toml declares, read once for the tests of this folder."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS: dict[str, list[str]] = PYPROJECT["project"]["optional-dependencies"]


def requirements(*extras: str) -> dict[str, Requirement]:
    """Requirements by name of the core and of the extras, those that extras take over from each other included."""
    found: dict[str, Requirement] = {}
    waiting = list(PYPROJECT["project"]["dependencies"])
    for extra in extras:
        waiting += EXTRAS[extra]
    while waiting:
        one = Requirement(waiting.pop())
        if one.name == PYPROJECT["project"]["name"]:
            for extra in one.extras:
                waiting += EXTRAS[extra]
        else:
            found[one.name.lower()] = one
    return found


def fenced(path: Path, language: str) -> list[str]:
    """Contents of the fenced blocks of one language in a Markdown file, in order."""
    blocks = re.findall(
        r"^```([^\n]*)\n(.*?)^```$", path.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    return [body for word, body in blocks if word.strip() == language]
