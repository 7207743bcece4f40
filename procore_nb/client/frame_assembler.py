"""Rows of one target or many on their way into one frame.

In: the events of a fetch. Out: a DataFrame, or the rows that are new. Speaks to no service, but may be given a function that
fetches labels.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from typing import Any

import pandas as pd

from procore_nb.client.targets import Target
from procore_nb.fetch import Event, ListRequest, PageRows, RequestDone, RequestRestarted, content_of
from procore_nb.frames import FrameBuilder


class FrameAssembler:
    """A frame builder that takes events, of one target or many.

    A builder cannot give rows back, and a target may be skipped or fetched again half way. Only rows of the first target go
    straight into it, as they can be dropped with it; pages of later ones wait until theirs is done.
    """

    def __init__(
        self, builder: Callable[[], FrameBuilder], custom_fields: Callable[[], Mapping[int, tuple[str, str]]]
    ) -> None:
        self._new = builder
        self._definitions = custom_fields
        self.builder = builder()
        self._first: ListRequest | None = None
        self._waiting: list[PageRows] = []
        self.mixed = False  # whether there were events of several targets
        self._frame: pd.DataFrame | None = None

    def take(self, event: Event) -> None:
        self._first = self._first or event.request
        self.mixed = self.mixed or event.request is not self._first
        streaming = event.request is self._first
        if isinstance(event, PageRows):
            self._waiting.append(event)
        elif isinstance(event, RequestRestarted) or event.skipped is not None:
            # A fetch that ends early leaves pages of others undone: those stay.
            self._waiting = [page for page in self._waiting if page.request is not event.request]
            if streaming:
                self.builder = self._new()
        if streaming or isinstance(event, RequestDone):
            self._add_waiting()

    def name_custom_fields(self) -> None:
        if self.builder.custom_fields:
            self.builder.define(self._definitions())

    def frame(self, *, unfinished: bool = False) -> pd.DataFrame:
        """Return the frame of all pages taken; `unfinished` takes those in of targets that are not done as well."""
        if unfinished:
            self._add_waiting()
        if self._frame is None or self.builder.rows:
            frame = self.builder.build()
            self.builder = self._new()  # it gave its pages away; more may come of a fetch that ends early
            self._frame = frame if self._frame is None else pd.concat([self._frame, frame], ignore_index=True)
        return self._frame

    def _add_waiting(self) -> None:
        for page in self._waiting:
            self.builder.add(page.rows, leading=target_of(page.request).leading)
        self._waiting.clear()


def target_of(request: ListRequest) -> Target:
    """Return the target that a request of a list query is made for."""
    target = request.key
    assert isinstance(target, Target)  # noqa: S101 - every request of a list query is made for a target
    return target


def new_rows(rows: list[Any], yielded: Counter[Hashable], received: Counter[Hashable]) -> list[Any]:
    """Return the rows not yielded before, and count them; ids may repeat in a list, so that each counts as often as it came."""
    new = []
    for row in rows:
        key = row.get("id") if isinstance(row, dict) else row
        key = key if isinstance(key, int | str) else content_of(row)
        received[key] += 1
        if received[key] > yielded[key]:
            yielded[key] += 1
            new.append(row)
    return new
