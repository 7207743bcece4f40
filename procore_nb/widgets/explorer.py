"""The explorer: pick a list, places and filters, fetch, look, keep.

In: a connection. Out: `explorer.frame`, and the line of Python that gives the same. Calls `Procore.table` only.
"""

from __future__ import annotations

import threading
from typing import Any

import ipywidgets
import pandas as pd

from procore_nb.client import Procore
from procore_nb.environments import KNOWN
from procore_nb.errors import ArgumentError, IncompleteError, ProcoreError
from procore_nb.widgets.counts import CountBars, good_columns
from procore_nb.widgets.endpoint_picker import EndpointPicker
from procore_nb.widgets.errand import Errand
from procore_nb.widgets.filter_panel import FilterPanel
from procore_nb.widgets.frame_table import FrameTable
from procore_nb.widgets.lines import call_line
from procore_nb.widgets.notice import Notice, PythonLine
from procore_nb.widgets.place_panel import PlacePanel
from procore_nb.widgets.watching import Watching, counted


class Explorer(ipywidgets.VBox):  # type: ignore[misc]
    """A form to fetch any list with; as the last expression of a cell it shows itself.

    Parameters
    ----------
    procore
        The connection.
    endpoint
        The list to begin with, by name or alias.

    Attributes
    ----------
    error
        What went wrong last; None when nothing did.

    Examples
    --------
    >>> import procore_nb as pnb
    >>> explorer = Explorer(pnb.connect("demo"), endpoint="rfis")
    >>> explorer.fetch().columns[0]
    'project_id'
    """

    def __init__(self, procore: Procore, *, endpoint: str = "rfis") -> None:
        if not isinstance(procore, Procore):
            raise ArgumentError(
                f"The explorer needs a connection, not {type(procore).__name__}.",
                advice='pnb.connect("demo") gives one.',
            )
        self._procore = procore
        self._frame: pd.DataFrame | None = None
        self.error: BaseException | None = None
        self._stop = threading.Event()
        self._errand = Errand(self._busy_changed, self._failed)
        self._notice, self._line, self._about = Notice(), PythonLine(), ipywidgets.HTML()
        self._head = ipywidgets.HTML(_dressed(procore))
        self.endpoints, self.filters = EndpointPicker(), FilterPanel()
        self.places = PlacePanel(self._projects_wanted)
        self._fetch = ipywidgets.Button(description="Fetch", button_style="primary", layout={"width": "auto"})
        self._halt = ipywidgets.Button(description="Stop", layout={"width": "auto"}, disabled=True)
        self._table: FrameTable | None = None
        self._by = ipywidgets.Dropdown(description="Counts by", layout={"width": "420px"})
        self._bars = CountBars()
        self._result = ipywidgets.VBox([])
        super().__init__(children=self._laid_out())
        self.add_class("pnw-form")
        self._listen()
        self.endpoints.value = endpoint

    @property
    def frame(self) -> pd.DataFrame:
        """What was fetched last; waits for a fetch that is under way."""
        self._errand.wait()
        if self._frame is None:
            raise ArgumentError(
                "Nothing is fetched yet.", advice="Press Fetch, or call explorer.fetch()."
            ) from self.error
        return self._frame

    def fetch(self) -> pd.DataFrame:
        """Do what the Fetch button does, here and now, and return the frame."""
        self._errand.start(self._fetch_now)
        self._errand.wait()
        if self.error is not None:
            raise self.error
        return self.frame

    def stop(self) -> None:
        """Stop the fetch that is under way; what had come is kept."""
        self._stop.set()

    def wait(self, timeout_seconds: float | None = None) -> bool:
        """Stay until a fetch is done; False when it still goes on."""
        return self._errand.wait(timeout_seconds)

    def __repr__(self) -> str:
        got = "nothing fetched yet" if self._frame is None else f"{len(self._frame):,} rows"
        return f"Explorer({self._procore.environment.name}, {self.endpoints.value}, {got})"

    def _laid_out(self) -> list[ipywidgets.Widget]:
        buttons = ipywidgets.HBox([self._fetch, self._halt])
        return [
            self._head, self.endpoints, self._about, self.places, self.filters, buttons, self._notice, self._line, self._result,
        ]  # fmt: skip

    def _listen(self) -> None:
        self.endpoints.observe(self._endpoint_chosen, "value")
        self.places.observe(self._refresh, "changed")
        self.filters.observe(self._refresh, "changed")
        self._by.observe(self._count, "value")
        self._fetch.on_click(lambda _: self._errand.start(self._fetch_now))
        self._halt.on_click(lambda _: self.stop())

    def _endpoint_chosen(self, _: object) -> None:
        endpoint = self.endpoints.endpoint
        if endpoint is not None:
            self._about.value = (
                f"<details><summary>About this list</summary>{endpoint._repr_html_()}</details>"
            )
            self.places.offer(endpoint)
            self.filters.offer(endpoint)
            self._refresh()

    def _arguments(self) -> dict[str, Any]:
        if not self.endpoints.value:
            raise ArgumentError("Choose a list first.")
        return self.places.values() | self.filters.values()

    def _refresh(self, _: object = None) -> None:
        try:
            self._line.code = "frame = " + call_line(
                "procore.table", self.endpoints.value, **self._arguments()
            )
        except ProcoreError:
            self._line.code = ""  # something is missing; Fetch says what

    def _busy_changed(self, busy: bool) -> None:
        self._fetch.disabled, self._halt.disabled = busy, not busy
        if busy:
            self._stop.clear()
        else:
            self._head.value = _dressed(self._procore)

    def _watch(self, what: str, places: int) -> Watching:
        return Watching(what, places, tell=self._tell, stop=self._stop)

    def _tell(self, words: str, share: float | None) -> None:
        self._notice.say("Stopping …" if self._stop.is_set() else words, level="busy", share=share)

    def _fetch_now(self) -> None:
        self.error = None
        name, arguments = self.endpoints.value, self._arguments()
        self._line.code = "frame = " + call_line("procore.table", name, **arguments)
        self._notice.say(f"Asking for {name} …", level="busy")
        self._show(self._procore.table(name, progress=self._watch, **arguments))
        self._say_done()

    def _failed(self, error: BaseException) -> None:
        self.error = error
        self._notice.fail(error)
        partial = _rows_of(error, self.endpoints.value)
        if partial is not None:
            self._show(partial)
        if isinstance(error, IncompleteError) and self._stop.is_set():
            kept = "Nothing had come."
            if partial is not None:
                kept = f"{len(partial):,} rows that had come are below and in explorer.frame."
            self._notice.say(f"Stopped. {kept}", level="warning")

    def _say_done(self) -> None:
        frame = self.frame
        about = frame.attrs["procore"]
        counts = (len(frame), "row"), (frame.shape[1], "column"), (about["requests"], "request")
        words = ", ".join(counted(number, noun) for number, noun in counts) + ". The frame is explorer.frame."
        if frame.empty:
            words = "The list is empty: no row fits." if self.filters.values() else "The list is empty."
        skipped = about["skipped"]
        if skipped:
            words += f" {counted(len(skipped), 'place')} left out:"
        steps = [
            {
                "step": one["place"],
                "ok": False,
                "detail": one["reason"].partition(" answered ")[2] or one["reason"],
            }
            for one in skipped[:5]
        ]
        if len(skipped) > len(steps):
            steps.append({"step": "", "ok": None, "detail": f"and {len(skipped) - len(steps):,} more"})
        self._notice.say(words, level="warning" if skipped or frame.empty else "done", steps=steps)

    def _show(self, frame: pd.DataFrame) -> None:
        self._frame = frame
        if self._table is None:
            self._table = FrameTable(frame)
            self._result.children = [self._table, self._by, self._bars]
        else:
            self._table.show(frame)
        names = good_columns(frame)
        before = self._by.value
        self._by.options = names
        self._by.value = before if before in names else next(iter(names), None)
        self._count()

    def _count(self, _: object = None) -> None:
        if self._frame is not None and self._by.value is not None:
            at = [str(name) for name in self._frame.columns].index(self._by.value)
            self._bars.show(self._frame.iloc[:, at])

    def _projects_wanted(self) -> None:
        if not self.places.projects.offered:
            self._errand.start(self._offer_projects)

    def _offer_projects(self) -> None:
        self.error = None
        self._notice.say("Asking for the projects …", level="busy")
        self.places.projects.offer(self._procore.table("projects", status="All", progress=self._watch))
        self._notice.clear()


def _rows_of(error: BaseException, name: str) -> pd.DataFrame | None:
    """The rows of this list that had come before an error; None when there are none."""
    partial = getattr(error, "partial", None)
    if not isinstance(partial, pd.DataFrame) or partial.empty:
        return None
    return partial if partial.attrs["procore"]["endpoint"] == name else None


def _dressed(procore: Procore) -> str:
    name = procore.environment.name
    kind = name if name in {one.name for one in KNOWN} else "other"
    return f"<div class='pnw-place pnw-place-{kind}'>{procore._repr_html_()}</div>"
