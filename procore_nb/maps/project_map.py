"""The interactive map as an object: shown by a notebook, written as a page, asked for its selection.

In: located rows and their packed bytes. Out: a widget, an HTML file, frames of chosen rows. Speaks to no service.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from procore_nb.errors import ArgumentError, MissingExtraError
from procore_nb.maps.html_page import page, write_whole
from procore_nb.maps.tiles import Tiles
from procore_nb.maps.validate import Located, check_coordinates


class ProjectMap:
    """A map of the rows of a frame; a notebook shows it, `save` writes it, `selected` reads it.

    Made by `map_projects`.
    """

    def __init__(
        self, located: Located, points: bytes, basemap: Tiles | None, height: int, columns: tuple[str, str]
    ) -> None:
        self._located, self._points, self._basemap = located, points, basemap
        self._height, self._columns = height, columns
        self._widget: Any = None
        self._observers: list[tuple[Callable[[Any], Any], Any]] = []

    @property
    def note(self) -> str:
        """How many rows are on the map, and why the others are not."""
        return self._located.note()

    @property
    def left_out(self) -> pd.DataFrame:
        """The rows that are not on the map, with verdict, reason and suggestion (see `check_coordinates`)."""
        latitude, longitude = self._columns
        table = check_coordinates(self._located.frame, latitude=latitude, longitude=longitude)
        return table[~self._located.kept]

    @property
    def widget(self) -> Any:
        """The widget itself, to put into boxes and tabs of ipywidgets. Needs anywidget."""
        if self._widget is None:
            self._widget = _widget_class()(points=self._points, height=self._height)
        return self._widget

    @property
    def selected(self) -> pd.DataFrame:
        """The rows chosen on the map by click or box, in the frame's order; empty when none is."""
        return self._rows(self.widget.chosen)

    def observe(self, handler: Callable[[Any], Any], names: str = "selected") -> None:
        """Call `handler(change)` whenever the selection changes; `change.new` and `change.old` are frames."""
        from traitlets import Bunch

        if names != "selected":
            raise ArgumentError(f"names={names!r} cannot be observed.", advice='Only "selected" can.')

        def tell(change: Any) -> None:
            old, new = self._rows(change.old), self._rows(change.new)
            handler(Bunch(name="selected", type="change", owner=self, old=old, new=new))

        self.widget.observe(tell, names="chosen")
        self._observers.append((handler, tell))

    def unobserve(self, handler: Callable[[Any], Any]) -> None:
        """Stop calling `handler`."""
        for known, tell in [pair for pair in self._observers if pair[0] == handler]:
            self.widget.unobserve(tell, names="chosen")
            self._observers.remove((known, tell))

    def save(self, path: str | os.PathLike[str], *, title: str = "Projects") -> Path:
        """Write the map as one HTML file that works without internet.

        Parameters
        ----------
        path
            Where to; an existing file is replaced only when the new one is whole.
        title
            Title of the page.

        Returns
        -------
        Path
            The file. It holds only the columns that name, tooltip and popup show, and asks no host unless a tile
            server was chosen.

        Raises
        ------
        OutputError
            The file cannot be written.
        """
        return write_whole(path, self._page(title))

    def _page(self, title: str) -> str:
        return page(self._points, title=title, basemap=self._basemap)

    def _rows(self, chosen: bytes | memoryview) -> pd.DataFrame:
        places = np.frombuffer(chosen, dtype="<i4")
        drawn = np.flatnonzero(self._located.kept)
        places = places[(places >= 0) & (places < len(drawn))]
        rows: pd.DataFrame = self._located.frame.iloc[drawn[places]]
        return rows

    def _repr_mimebundle_(self, **options: Any) -> Any:
        try:
            shown = self.widget._repr_mimebundle_(**options)
        except MissingExtraError as error:
            return {"text/plain": repr(self), "text/html": self._frame_for_reading(str(error))}
        bundle, metadata = shown if isinstance(shown, tuple) else (shown, {})
        return {**(bundle or {}), "text/plain": repr(self)}, metadata

    def _frame_for_reading(self, reason: str) -> str:
        """The standalone page in a frame of its own: all but the selection works."""
        return (
            f'<iframe sandbox="allow-scripts allow-popups" width="100%" height="{self._height}" '
            f'srcdoc="{escape(self._page("Projects"))}"></iframe><p>{escape(reason)}</p>'
        )

    def __repr__(self) -> str:
        return f"<ProjectMap: {self.note}>"


def _widget_class() -> Any:
    """Our widget, made when it is first needed.

    Raises
    ------
    MissingExtraError
        anywidget is not installed.
    """
    try:
        from procore_nb.maps.widget import MapWidget
    except ImportError as error:
        raise MissingExtraError(
            "The interactive widget needs anywidget, which is not installed.",
            advice='Install it with pip install "procore-nb[maps]"; .save("map.html") works without it.',
        ) from error
    return MapWidget
