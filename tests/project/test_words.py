"""Words for people are plain: terms of the field, and none of the private words that once stood for them."""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections.abc import Iterator
from functools import cache

import pytest

import procore_nb as pnb

from .declared import ROOT

# Words that readers did not understand, each with what to write.
INSTEAD = {
    r"\bwalk(s|ed|ing)?\b": "fetch",
    r"\bbefall\w*": "happens",
    r"\btheir course\b": "trend",
    r"\bstands in\b": "is in",
    r"\bto move in\b": "interactive",
    r"\bnothing comes\b": "a list is empty",
    r"\bgovernor\b": "rate limiter",
    r"(?<!not )\b(asks?|asked|asking)\b(?! (an?|the|your|its|people|somebody|whoever)\b)": "request, fetch, choose",
    r"\b(errand|manners|patience)\b": "task, policy, max_wait_seconds",
    r"\bin the middle one\b": "the median",
    r"\bleft out of account\b": "skipped",
}
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def _public() -> Iterator[tuple[str, str]]:
    for name in pnb.__all__:
        thing = getattr(pnb, name)
        yield name, inspect.getdoc(thing) or ""
        for own, part in inspect.getmembers_static(thing) if inspect.isclass(thing) else ():
            if not own.startswith("_") and str(getattr(part, "__module__", "procore_nb")).startswith(
                "procore_nb"
            ):
                yield f"{name}.{own}", inspect.getdoc(part) or ""  # inherited ones too: rooms share them out


def _messages() -> Iterator[tuple[str, str]]:
    """The text of every error and warning, and of what the command line says about itself."""
    for path in sorted((ROOT / "procore_nb").rglob("*.py")):
        if path.parent.name in ("tables", "demo"):
            continue  # what services say there is Procore's to word
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Raise) or (isinstance(node, ast.Call) and _speaks(node)):
                for part in ast.walk(node):
                    if isinstance(part, ast.Constant) and isinstance(part.value, str):
                        yield f"{path.name}:{part.lineno}", part.value


def _speaks(call: ast.Call) -> bool:
    name = getattr(call.func, "id", getattr(call.func, "attr", ""))
    return (
        name == "warn"
        or name.endswith("Error")
        or any(one.arg in ("help", "advice") for one in call.keywords)
    )


def _books() -> Iterator[tuple[str, str]]:
    for book in NOTEBOOKS:
        cells = json.loads(book.read_text(encoding="utf-8"))["cells"]
        yield book.name, "\n".join("".join(one["source"]) for one in cells if one["cell_type"] == "markdown")


@cache
def _texts() -> list[tuple[str, str]]:
    pages = [(page.name, page.read_text(encoding="utf-8")) for page in PAGES]
    return [*pages, *_books(), *_public(), *_messages()]


@pytest.mark.parametrize("word", INSTEAD)
def test_no_private_word_reaches_a_reader(word: str) -> None:
    found = [
        f"{where}: …{text[max(match.start() - 40, 0) : match.end() + 30]!r}"
        for where, text in _texts()
        for match in re.finditer(word, text, re.IGNORECASE)
    ]
    assert not found, f"Write {INSTEAD[word]!r} instead:\n" + "\n".join(found)
