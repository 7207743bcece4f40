"""What a form says: its message (doing, done, failed), how a fetch ended, and the line of Python that does the same as the form.

In: text, errors, steps; frames; what was chosen. Out: a widget that shows the message as text, whatever it holds; a line that
runs as it is, never holds a secret, and has a button that copies it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import anywidget
import pandas as pd
import traitlets

from procore_nb.environments import KNOWN, Environment
from procore_nb.errors import ProcoreError
from procore_nb.progress import counted
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
        message: dict[str, Any] = {"level": level, "text": text, "advice": advice, "share": share}
        self.message = sendable(message | {"steps": [dict(step) for step in steps]})

    def show_error(self, error: BaseException) -> None:
        """Show an error in words: ours as they are, others by their kind."""
        if isinstance(error, ProcoreError):
            self.show(error.message, level="error", advice=error.advice)
        else:
            text = f"Something unexpected went wrong: {type(error).__name__}: {error}"
            advice = "The form's .error holds it. Please report it with these words."
            self.show(text, level="error", advice=advice)


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


_NAMED = 5  # skipped targets that are named
_STILL = "Below, and in explorer.frame, are still the rows of:"
# A form shows where they are instead.
_FOR_PROGRAMS = re.compile(r" ?[\d,]+ rows had come: error\.partial\..*$")


def outcome(frame: pd.DataFrame, *, filtered: bool) -> dict[str, Any]:
    """The message for a whole frame: its size, or that it is empty, and the skipped targets."""
    about = frame.attrs["procore"]
    counts = {"row": len(frame), "column": frame.shape[1], "request": about["requests"]}
    words = ", ".join(counted(number, noun) for noun, number in counts.items())
    words += ". The frame is explorer.frame."
    if frame.empty:
        words = "The list is empty: no row fits." if filtered else "The list is empty."
    skipped = about["skipped"]
    if skipped:
        words += f" {counted(len(skipped), 'target')} skipped:"
    steps = [_skipped_step(one) for one in skipped[:_NAMED]]
    if len(skipped) > _NAMED:
        steps.append({"step": "", "ok": None, "detail": f"and {len(skipped) - _NAMED:,} more"})
    return {"text": words, "level": "warning" if skipped or frame.empty else "done", "steps": steps}


def stopped(partial: pd.DataFrame | None, older: str) -> dict[str, Any]:
    """The message once Stop was pressed; `older` is the line of the rows that are still shown, if there are any."""
    if partial is None and older:
        return {**other_choice(older), "text": f"Stopped before any row came. {_STILL}", "level": "warning"}
    return {"text": "Stopped. " + (_kept(partial) or "No row had come."), "level": "warning"}


def ended(error: ProcoreError, partial: pd.DataFrame | None, *, older: bool) -> dict[str, Any]:
    """The message for a fetch that an error ended; `older` when rows of an earlier fetch are still shown."""
    kept = _kept(partial) or ("Below are still the rows of the fetch before." if older else "")
    advice = _FOR_PROGRAMS.sub("", error.advice)
    return {"text": error.message, "level": "error", "advice": f"{advice} {kept}".strip()}


def other_choice(line: str) -> dict[str, Any]:
    """The message when the rows shown are no longer those of the fields."""
    return {"text": f"Press Fetch for what is chosen now. {_STILL}", "level": "info", "advice": line}


def long_fetch(requests: int, seconds: float) -> dict[str, Any]:
    """The message before a fetch that takes long."""
    minutes = counted(max(1, round(seconds / 60)), "minute")
    return {
        "text": f"This fetch takes at least {counted(requests, 'request')}, about {minutes}. Press Fetch again to start it.",
        "level": "warning",
        "advice": "Fewer projects or parents take fewer requests.",
    }


def rows_of(error: BaseException, name: str) -> pd.DataFrame | None:
    """The rows of this list that were fetched before an error; None when there are none."""
    partial = getattr(error, "partial", None)
    if not isinstance(partial, pd.DataFrame) or partial.empty:
        return None
    return partial if partial.attrs["procore"]["endpoint"] == name else None


def _kept(partial: pd.DataFrame | None) -> str:
    if partial is None:
        return ""
    return f"{counted(len(partial), 'row')} that had come are below and in explorer.frame."


def _skipped_step(skipped: Mapping[str, Any]) -> dict[str, Any]:
    target, name = skipped["target"], skipped.get("project_name")
    if name:  # people know it better than the id, and a form has little room for both
        target = target.replace(f"project_id {skipped['project_id']}", name)
    return {"step": target, "ok": False, "detail": skipped["reason"]}
