"""What a fetch amounted to, in words for the form that asked for it.

In: the frame that came, or the error that ended the fetch. Out: what a `Notice` says. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pandas as pd

from procore_nb.errors import ProcoreError
from procore_nb.widgets.progress_line import counted

_NAMED = 5  # places left out that are named
_FOR_PROGRAMS = re.compile(
    r" ?[\d,]+ rows had come: error\.partial\..*$"
)  # a form says where they are instead


def outcome(frame: pd.DataFrame, *, filtered: bool) -> dict[str, Any]:
    """What to say of a frame that came whole: its size, or that it is empty, and the places left out."""
    about = frame.attrs["procore"]
    counts = (len(frame), "row"), (frame.shape[1], "column"), (about["requests"], "request")
    words = ", ".join(counted(number, noun) for number, noun in counts) + ". The frame is explorer.frame."
    if frame.empty:
        words = "The list is empty: no row fits." if filtered else "The list is empty."
    skipped = about["skipped"]
    if skipped:
        words += f" {counted(len(skipped), 'place')} left out:"
    steps = [_left_out(one) for one in skipped[:_NAMED]]
    if len(skipped) > _NAMED:
        steps.append({"step": "", "ok": None, "detail": f"and {len(skipped) - _NAMED:,} more"})
    return {"text": words, "level": "warning" if skipped or frame.empty else "done", "steps": steps}


def stopped(partial: pd.DataFrame | None) -> dict[str, Any]:
    """What to say once Stop was pressed."""
    return {"text": "Stopped. " + (_kept(partial) or "Nothing had come."), "level": "warning"}


def ended(error: ProcoreError, partial: pd.DataFrame | None, *, older: bool) -> dict[str, Any]:
    """What to say of a fetch that an error ended; `older` when rows of a fetch before it are still in sight."""
    kept = _kept(partial) or ("Below are still the rows of the fetch before." if older else "")
    advice = _FOR_PROGRAMS.sub("", error.advice)
    return {"text": error.message, "level": "error", "advice": f"{advice} {kept}".strip()}


def other_choice(line: str) -> dict[str, Any]:
    """What to say when the rows in sight are not those of the fields any more."""
    words = "Press Fetch for what is chosen now. Below, and in explorer.frame, are still the rows of:"
    return {"text": words, "level": "info", "advice": line}


def rows_of(error: BaseException, name: str) -> pd.DataFrame | None:
    """The rows of this list that had come before an error; None when there are none."""
    partial = getattr(error, "partial", None)
    if not isinstance(partial, pd.DataFrame) or partial.empty:
        return None
    return partial if partial.attrs["procore"]["endpoint"] == name else None


def _kept(partial: pd.DataFrame | None) -> str:
    if partial is None:
        return ""
    return f"{counted(len(partial), 'row')} that had come are below and in explorer.frame."


def _left_out(skipped: Mapping[str, Any]) -> dict[str, Any]:
    place, name = skipped["target"], skipped.get("project_name")
    if name:  # people know it better than the id, and a form has little room for both
        place = place.replace(f"project_id {skipped['project_id']}", name)
    return {"step": place, "ok": False, "detail": skipped["reason"]}
