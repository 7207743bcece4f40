"""The work grows with the number of keys, not with its square: rows and custom fields of thousands of keys."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from procore_nb.frames import to_frame

ENTRY = {"data_type": "lov_entry", "value": {"id": 7, "label": "North"}}
WIDE: dict[str, Callable[[int], list[Any]]] = {
    "keys of one row": lambda keys: [{f"key {at}": at for at in range(keys)}],
    "keys of nested objects": lambda keys: [{f"key {at}": {"id": at, "name": "a"} for at in range(keys)}],
    "other keys in each of two rows": lambda keys: [
        {f"{row} {at}": "a" for at in range(keys // 2)} for row in ("one", "two")
    ],
    "custom fields": lambda keys: [{"custom_fields": {f"custom_field_{at}": ENTRY for at in range(keys)}}],
    "names that only differ in case": lambda keys: [
        {f"{word} {at}": at for at in range(keys // 2) for word in ("Key", "KEY")}
    ],
}


def lines_run(work: Callable[[], Any]) -> int:
    """How many lines of the package's own Python are executed, which no load of the machine changes."""
    count = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        if "procore_nb" not in frame.f_code.co_filename:
            return None
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("records", list(WIDE.values()), ids=list(WIDE))
@pytest.mark.slow
def test_four_times_the_keys_are_about_four_times_the_work(records: Callable[[int], list[Any]]) -> None:
    few, many = records(50), records(200)
    assert len(to_frame(many).columns) >= 200  # and what is known by name once is known now
    assert lines_run(lambda: to_frame(many)) < 5 * lines_run(lambda: to_frame(few))
