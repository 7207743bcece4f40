"""What a form says: its message (doing, done, failed), and the line of Python that does the same as the form.

In: text, errors, steps; what was chosen. Out: a widget that shows the message as text, whatever it holds; a line that runs as it
stands, never holds a secret, and has a button that copies it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import anywidget
import traitlets

from procore_nb.environments import KNOWN, Environment
from procore_nb.errors import ProcoreError
from procore_nb.static_view import KernelAnswers
from procore_nb.widgets.assets import script, sendable, style


class StatusMessage(KernelAnswers, anywidget.AnyWidget):
    """One message at a time: busy, done, warning or error, with advice and perhaps steps.

    It also shows when the kernel behind the form is gone, and disables the form then.
    """

    _esm = script("status.js")
    _css = style()
    message = traitlets.Dict({"level": "info", "text": ""}).tag(sync=True)

    @property
    def level(self) -> str:
        """`info`, `busy`, `done`, `warning` or `error`."""
        return str(self.message["level"])

    @property
    def text(self) -> str:
        """The message; empty when there is none."""
        return str(self.message["text"])

    def show(
        self,
        text: str,
        *,
        level: str = "info",
        advice: str = "",
        steps: Sequence[Mapping[Any, Any]] = (),
        share: float | None = None,
    ) -> None:
        """Show a message in place of the last one; `share` (0 to 1) draws how much is done."""
        message: dict[str, Any] = {
            "level": level,
            "text": text,
            "advice": advice,
            "share": share,
            "steps": [dict(step) for step in steps],
        }
        self.message = sendable(message)

    def show_again(self, message: Mapping[str, Any]) -> None:
        """Show a message that was shown before."""
        self.message = dict(message)

    def clear(self) -> None:
        """Show nothing."""
        self.show("")

    def show_error(self, error: BaseException) -> None:
        """Show an error in words: ours as they are, others by their kind."""
        if isinstance(error, ProcoreError):
            self.show(error.message, level="error", advice=error.advice)
        else:
            self.show(
                f"Something unexpected went wrong: {type(error).__name__}: {error}",
                level="error",
                advice="The form's .error holds it. Please report it with these words.",
            )


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
