"""The scripts and the one style sheet of the widgets, as text.

In: names of files in `static`. Out: one script, or the style. There is no build step: the files are what runs.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def script(*names: str) -> str:
    """The shared part followed by the named scripts, as one module."""
    return "\n".join(_text(name) for name in ("part.js", *names))


@cache
def style(*names: str) -> str:
    """The shared style sheet followed by the named ones; colours are those of the page around it."""
    return "\n".join(_text(name) for name in ("forms.css", *names))


def _text(name: str) -> str:
    return (files("procore_nb.widgets") / "static" / name).read_text(encoding="utf-8")
