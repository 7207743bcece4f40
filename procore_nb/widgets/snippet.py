"""The line of Python that does what a form does, so that a click can become a cell.

In: what was chosen. Out: text that runs as it stands, and never holds a secret; a widget with a button that copies it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import anywidget
import traitlets

from procore_nb.environments import KNOWN, Environment
from procore_nb.widgets.assets import script, style

_LONGEST = 90  # characters; a longer call has each argument on a line of its own


def call_line(function: str, *values: Any, **options: Any) -> str:
    """A call as a person would write it; options that are None are not written."""
    texts = [_text(value) for value in values]
    texts += [f"{name}={_text(value)}" for name, value in options.items() if value is not None]
    line = f"{function}({', '.join(texts)})"
    return line if len(line) <= _LONGEST else f"{function}(\n    " + ",\n    ".join(texts) + ",\n)"


def connect_line(
    environment: Environment, *, client_id: str = "", profile: str = "", company_id: int | None = None
) -> str:
    """The call of `connect` for what a form holds; a typed secret has to be typed again."""
    if not client_id:
        return "procore = " + call_line(
            "pnb.connect", environment, profile=profile or None, company_id=company_id
        )
    credentials = Code(f'pnb.Credentials({client_id!r}, getpass("Client secret: "))')
    call = call_line("pnb.connect", environment, credentials=credentials, company_id=company_id)
    return f"from getpass import getpass\nprocore = {call}"


class Snippet(anywidget.AnyWidget):
    """A line of Python with a button that copies it; empty shows nothing."""

    _esm = script("snippet.js")
    _css = style()
    code = traitlets.Unicode("").tag(sync=True)


class Code(str):
    """Text that stands in a line as it is."""


def _text(value: Any) -> str:
    if isinstance(value, Code):
        return str(value)
    if isinstance(value, Environment):
        return _quoted(value.name) if value in KNOWN else f"pnb.{value!r}"
    if isinstance(value, date):
        return _quoted(value.isoformat())
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_text(key)}: {_text(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_text(each) for each in value) + "]"
    if isinstance(value, tuple):
        return "(" + ", ".join(_text(each) for each in value) + ("," if len(value) == 1 else "") + ")"
    return repr(value)


def _quoted(text: str) -> str:
    return repr(text) if '"' in text or "\\" in text or not text.isprintable() else f'"{text}"'
