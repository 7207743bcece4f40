"""Rows of one place or many on their way into one frame.

In: the events of a walk. Out: a DataFrame. Speaks to no service, but may be given a way to ask for labels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from procore_nb.client.places import Place
from procore_nb.frames import FrameBuilder
from procore_nb.pages import Event, Question, Restarted, Rows


class Building:
    """A builder that takes events; pages of a question wait until it is done where there are several questions."""

    def __init__(self, builder: Callable[[], FrameBuilder], labels: Callable[[], Mapping[int, str]]) -> None:
        self._new = builder
        self._labels = labels
        self._builder = builder()
        self._first: Question | None = None
        self._loose: list[tuple[list[Any], tuple[Any, ...]]] = []
        self._first_done = False
        self._frame: pd.DataFrame | None = None

    def take(self, event: Event) -> None:
        if self._first is None:
            self._first = event.question
        streaming = event.question is self._first and not self._first_done
        if isinstance(event, Rows):
            leading = place_of(event.question).leading
            if streaming:
                self._builder.add(event.rows, leading=leading)
            else:
                self._loose.append((event.rows, leading))
        elif isinstance(event, Restarted):
            self._loose.clear()
            if streaming:
                self._builder = self._new()
        else:
            if event.left_out is not None:  # what had come of a place that is left out is left out too
                self._loose.clear()
                if streaming:
                    self._builder = self._new()
            self._first_done = True
            self._settle()

    @property
    def rows(self) -> int:
        return self._builder.rows

    def name_custom_fields(self) -> None:
        """Ask for the labels of custom fields, if there are any."""
        if self._builder.custom_fields:
            self._builder.label(self._labels())

    def frame(self, *, unfinished: bool = False) -> pd.DataFrame:
        """Return the frame of all pages taken; `unfinished` takes those in of places that are not done as well."""
        if self._frame is None:  # the builder gives its pages away
            if unfinished:
                self._settle()
            self._frame = self._builder.build()
        return self._frame

    def _settle(self) -> None:
        for rows, leading in self._loose:
            self._builder.add(rows, leading=leading)
        self._loose.clear()


def place_of(question: Question) -> Place:
    """Return the place a question of a collection is asked of."""
    place = question.key
    assert isinstance(place, Place)  # noqa: S101 - every question of a collection is made for a place
    return place
