"""The result of a fetch, in words for the form.

In: the frame, or the error that ended the fetch. Out: the arguments of `StatusMessage.show`. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pandas as pd

from procore_nb.errors import ProcoreError
from procore_nb.widgets.background import counted

_NAMED = 5  # skipped targets that are named
_FOR_PROGRAMS = re.compile(
    r" ?[\d,]+ rows had come: error\.partial\..*$"
)  # a form says where they are instead


def outcome(frame: pd.DataFrame, *, filtered: bool) -> dict[str, Any]:
    """The message for a whole frame: its size, or that it is empty, and the skipped targets."""
    about = frame.attrs["procore"]
    counts = (len(frame), "row"), (frame.shape[1], "column"), (about["requests"], "request")
    words = ", ".join(counted(number, noun) for number, noun in counts) + ". The frame is explorer.frame."
    if frame.empty:
        words = "The list is empty: no row fits." if filtered else "The list is empty."
    skipped = about["skipped"]
    if skipped:
        words += f" {counted(len(skipped), 'place')} left out:"
    steps = [_skipped_step(one) for one in skipped[:_NAMED]]
    if len(skipped) > _NAMED:
        steps.append({"step": "", "ok": None, "detail": f"and {len(skipped) - _NAMED:,} more"})
    return {"text": words, "level": "warning" if skipped or frame.empty else "done", "steps": steps}


def stopped(partial: pd.DataFrame | None) -> dict[str, Any]:
    """The message once Stop was pressed."""
    return {"text": "Stopped. " + (_kept(partial) or "Nothing had come."), "level": "warning"}


def ended(error: ProcoreError, partial: pd.DataFrame | None, *, older: bool) -> dict[str, Any]:
    """The message for a fetch that an error ended; `older` when rows of an earlier fetch are still shown."""
    kept = _kept(partial) or ("Below are still the rows of the fetch before." if older else "")
    advice = _FOR_PROGRAMS.sub("", error.advice)
    return {"text": error.message, "level": "error", "advice": f"{advice} {kept}".strip()}


def other_choice(line: str) -> dict[str, Any]:
    """The message when the rows shown are no longer those of the fields."""
    words = "Press Fetch for what is chosen now. Below, and in explorer.frame, are still the rows of:"
    return {"text": words, "level": "info", "advice": line}


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
    place, name = skipped["target"], skipped.get("project_name")
    if name:  # people know it better than the id, and a form has little room for both
        place = place.replace(f"project_id {skipped['project_id']}", name)
    return {"step": place, "ok": False, "detail": skipped["reason"]}
