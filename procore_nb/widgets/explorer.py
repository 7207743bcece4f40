"""The explorer: choose a list, its targets and filters; fetch it, look at it, download it.

In: a connection. Out: `explorer.frame`, and the line of Python that gives the same. Calls `Procore.table`, and `estimate`
before what takes long.
"""

from __future__ import annotations

import threading
import time
from html import escape
from typing import Any, NamedTuple

import ipywidgets
import pandas as pd

from procore_nb.call_errors import explain_calls
from procore_nb.client import Procore
from procore_nb.errors import ArgumentError, IncompleteError, ProcoreError
from procore_nb.export.column_text import titles
from procore_nb.static_view import StaticView, static_text
from procore_nb.widgets import background, components
from procore_nb.widgets.filters import FilterPanel, TargetPanel
from procore_nb.widgets.frame_table import CountBars, FrameTable, columns_to_count
from procore_nb.widgets.pickers import EndpointPicker, NameField, NameLookup

_FIRST = "rfis"
_FEW = 3  # chosen projects whose own names are offered
_LONG = 60.0  # seconds; a longer fetch is announced
_USUAL_SECONDS = 0.3  # for one response of Procore, where none was measured yet
_NEVER = threading.Event()


class _Fetch(NamedTuple):
    """What the fields held when Fetch was pressed."""

    name: str
    arguments: dict[str, Any]
    line: str
    filtered: bool


class Explorer(StaticView, ipywidgets.VBox):  # type: ignore[misc]
    """A form to fetch any list with; as the last expression of a cell it shows itself.

    Parameters
    ----------
    procore
        The connection.
    endpoint
        The list to begin with, by name or alias; without one, RFIs (or the first list of a catalogue without them).

    Attributes
    ----------
    error
        What went wrong last; None when nothing did.

    Examples
    --------
    >>> explorer = Explorer(pnb.connect("demo"), endpoint="rfis")
    >>> explorer.fetch().columns[0]
    'project_id'
    """

    @explain_calls()
    def __init__(self, procore: Procore, *, endpoint: str | None = None) -> None:
        if not isinstance(procore, Procore):
            raise ArgumentError(
                f"The explorer needs a connection, not {type(procore).__name__}.",
                advice='pnb.connect("demo") gives one.',
            )
        self._procore = procore
        self._frame: pd.DataFrame | None = None
        self.error: BaseException | None = None
        self._stop = threading.Event()
        self._task = background.BackgroundTask(self._busy_changed, self._failed)
        self._project_task = background.BackgroundTask(lambda _: None, self._projects_failed)
        self._names_task = background.BackgroundTask(
            lambda _: None, lambda _: None
        )  # ids can be typed as well
        self._names = NameLookup(procore)
        self._fetched = _Fetch("", {}, "", filtered=False)
        self._frame_line = self._announced = ""
        self._parents: tuple[str, pd.DataFrame, float] | None = None  # line, rows, seconds for each request
        self._outcome: dict[str, Any] = {}
        self._status, self._snippet, self._details = (
            components.StatusMessage(),
            components.Snippet(),
            ipywidgets.HTML(),
        )
        self._head = ipywidgets.HTML()
        self.endpoints, self.filters = EndpointPicker(procore.catalogue), FilterPanel(procore.catalogue)
        self.targets = TargetPanel(self._need_projects)
        self._fetch = components.SubmitButton("Fetch", self._start_fetch, self._status, primary=True)
        self._stop_button = components.SubmitButton("Stop", self.stop, self._status, disabled=True)
        self._table: FrameTable | None = None
        wide = {"width": "420px", "max_width": "calc(100% - 4px)"}
        self._by = ipywidgets.Dropdown(description="Counts by", layout=wide)
        self._bars = CountBars(self._bar_picked)
        self._result = ipywidgets.VBox([])
        choices = [self._head, self.endpoints, self._details, self.targets, self.filters]
        buttons = ipywidgets.HBox([self._fetch, self._stop_button])
        super().__init__([*choices, buttons, self._status, self._snippet, self._result])
        self.add_class("pnw-form")
        self._show_head()
        self.endpoints.observe(self._endpoint_chosen, "value")
        self.targets.observe(self._refresh, "changed")
        self.filters.observe(self._refresh, "changed")
        self._by.observe(self._count, "value")
        if endpoint is None:  # a catalogue of one's own need not have RFIs
            names = [known.name for known in procore.catalogue.endpoints]
            endpoint = _FIRST if _FIRST in names else next(iter(names), "")
        self.endpoints.value = endpoint

    @property
    def frame(self) -> pd.DataFrame:
        """What was fetched last; waits for a fetch that is under way."""
        self._task.wait()
        if self._frame is None:
            advice = "Press Fetch, or call explorer.fetch()."
            raise ArgumentError("Nothing is fetched yet.", advice=advice) from self.error
        return self._frame

    @property
    def line(self) -> str:
        """The line of Python that gives `frame`; empty before the first fetch."""
        return self._frame_line

    def fetch(self) -> pd.DataFrame:
        """Do what the Fetch button does, here and now and however long it takes, and return the frame."""
        self._start_fetch(announce=False)
        try:
            self._task.wait()
        except KeyboardInterrupt:
            self.stop()
            self._task.wait()
        if self.error is not None:
            raise self.error
        return self.frame

    def stop(self) -> None:
        """Cancel the fetch that is under way; the rows that were fetched are kept."""
        self._stop.set()

    def wait(self, timeout_seconds: float | None = None) -> bool:
        """Wait until a fetch, the list of projects, and names for ids are there; False when it still runs."""
        tasks = (self._project_task, self._names_task, self._task)
        return all(task.wait(timeout_seconds) for task in tasks)

    def close(self) -> None:
        """Remove the form, and drop its rows."""
        if self.children:  # else it was refused before its fields were made
            self.stop()
            self._frame = self._table = self._parents = None
        components.dispose(self)

    def __repr__(self) -> str:
        rows = "nothing fetched yet" if self._frame is None else f"{len(self._frame):,} rows"
        return f"Explorer({self._procore.environment.name}, {self.endpoints.value}, {rows})"

    def static_text(self) -> str:
        """Return what is read where the form cannot run: what was fetched when it was shown."""
        return static_text(repr(self)) if self._table is None else self._table.static_text()

    def _show_head(self) -> None:
        self._head.value = components.environment_badge(
            self._procore.environment, self._procore._repr_html_()
        )

    def _endpoint_chosen(self, _: object) -> None:
        endpoint = self.endpoints.endpoint
        if endpoint is not None:
            about = f"About {escape(endpoint.name)}"
            self._details.value = f"<details><summary>{about}</summary>{endpoint._repr_html_()}</details>"
            self.targets.offer(endpoint)
            self.filters.offer(endpoint)
            self._refresh()

    def _arguments(self) -> dict[str, Any]:
        if not self.endpoints.value:
            raise ArgumentError("Choose a list first.")
        return self.targets.values() | self.filters.values()

    def _chosen_fetch(self) -> _Fetch:
        name, arguments = self.endpoints.value, self._arguments()
        options, parents, parent = arguments, "", arguments.get("parent")
        if parent is not None:
            parents = (
                "parents = " + components.call_line("procore.table", parent.name, **parent.targets) + "\n"
            )
            options = arguments | {"parent": components.Code("parents")}
        line = f"{parents}frame = " + components.call_line("procore.table", name, **options)
        return _Fetch(name, arguments, line, filtered=bool(self.filters.values()))

    def _refresh(self, _: object = None) -> None:
        """Show the line for what is chosen, and warn when the rows below are those of another line."""
        self._fetch.fields = [*self.targets.inputs, *self.filters.inputs]
        if self._unnamed():  # beside the fetch: names are a help, and may take several requests
            self._names_task.start(self._offer_names)
        try:
            self._snippet.code = self._chosen_fetch().line
        except ProcoreError:
            self._snippet.code = ""  # something is missing; Fetch names it
        if self._task.busy:
            return
        if self._frame is None:
            if self._announced not in ("", self._snippet.code):
                self._announced = ""  # it is not chosen any more
                self._status.show("")
        elif self._snippet.code == self._frame_line:
            self._status.message = dict(self._outcome)
        else:
            self._show_message(background.outdated_message(self._frame_line))

    def _busy_changed(self, busy: bool) -> None:
        self._fetch.disabled, self._stop_button.disabled = busy, not busy
        if self._table is not None:
            self._table.outdated = busy
        if busy:
            self._stop.clear()
        else:
            self._show_head()

    def _observer(self, name: str, targets: int) -> background.ProgressObserver:
        return background.ProgressObserver(name, targets, show=self._report, stop=self._stop)

    def _report(self, text: str, share: float | None) -> None:
        self._status.show("Stopping …" if self._stop.is_set() else text, level="busy", share=share)

    def _start_fetch(self, *, announce: bool = True) -> None:
        """Read the fields at once, then fetch: the thread must not see what is changed after the click."""
        try:
            fetch = self._chosen_fetch()
        except ProcoreError as error:
            if not self._task.busy:
                self._snippet.code = ""
                self._failed(error)
            return
        self._task.start(lambda: self._run(fetch, announce=announce))

    def _run(self, fetch: _Fetch, *, announce: bool) -> None:
        self.error = None
        self._fetched, self._snippet.code = fetch, fetch.line
        self._status.show(f"Fetching {fetch.name} …", level="busy")
        arguments, request_seconds = fetch.arguments, _USUAL_SECONDS / self._procore.policy.workers
        if "parent" in arguments:
            parents, request_seconds = self._fetch_parents(fetch)
            arguments = arguments | {"parent": parents}
        if (
            announce
            and fetch.line != self._announced
            and self._is_long(fetch.name, arguments, request_seconds)
        ):
            self._announced = fetch.line
            return
        self._announced, self._parents = "", None
        frame = self._procore.table(fetch.name, progress=self._observer, **arguments)
        self._show(frame, background.complete_message(frame, filtered=fetch.filtered))
        if self._snippet.code != self._frame_line:  # something was changed while it was fetched
            self._show_message(background.outdated_message(self._frame_line))

    def _fetch_parents(self, fetch: _Fetch) -> tuple[pd.DataFrame, float]:
        """The parents, those of an announced fetch again, and the seconds for each request that they let expect."""
        if self._parents is None or self._parents[0] != fetch.line:
            parent, began = fetch.arguments["parent"], time.monotonic()
            rows = self._procore.table(parent.name, progress=self._observer, **parent.targets)
            requests, workers = max(1, rows.attrs["procore"]["requests"]), self._procore.policy.workers
            # Few parents do not keep all workers busy; their rows will.
            response_seconds = (time.monotonic() - began) / requests * min(requests, workers)
            self._parents = fetch.line, rows, response_seconds / workers
        return self._parents[1:]

    def _is_long(self, name: str, arguments: dict[str, Any], request_seconds: float) -> bool:
        """Whether a fetch of many targets takes more than about a minute; the form says so then."""
        if "parent" not in arguments and not isinstance(arguments.get("projects"), str):
            return False
        row = self._procore.estimate(name, **arguments).iloc[0]
        requests, limit_seconds = int(row["requests"]), float(row["seconds"])
        seconds = max(requests * request_seconds, 0.0 if pd.isna(limit_seconds) else limit_seconds)
        if seconds > _LONG:
            self._show_message(background.announcement(requests, seconds))
        return seconds > _LONG

    def _failed(self, error: BaseException) -> None:
        self.error = error
        if not isinstance(error, ProcoreError):
            self._status.show_error(error)
            return
        partial: Any = getattr(error, "partial", None)
        has_rows = isinstance(partial, pd.DataFrame) and not partial.empty
        if not has_rows or partial.attrs["procore"]["endpoint"] != self._fetched.name:  # rows of parents
            partial = None
        stopped = isinstance(error, IncompleteError) and self._stop.is_set()
        message = background.failure_message(error, partial, stopped=stopped, shown_line=self._frame_line)
        if partial is None:
            self._show_message(message)
        else:
            self._show(partial, message)

    def _show_message(self, message: dict[str, Any]) -> None:
        """Show a message, with the variable that holds this form in it."""
        variable = components.variable_name(self, "explorer")
        for key, text in message.items():
            if isinstance(text, str):
                message = message | {key: text.replace("explorer.frame", f"{variable}.frame")}
        self._status.show(**message)

    def _show(self, frame: pd.DataFrame, message: dict[str, Any]) -> None:
        """Show the rows of the fetch that ended, what they can be counted by, and how it ended."""
        self._frame, self._frame_line = frame, self._fetched.line
        names, previous = columns_to_count(frame), self._by.value
        self._by.options = []  # counted once more when there is a column of the new rows
        if self._table is None:
            self._table = FrameTable(frame)
            self._table.observe(self._count, "changes")
            self._result.children = [self._table, self._by, self._bars]
        else:
            self._table.show(frame)
        labels = list(map(str, frame.columns))
        title_of = dict(zip(labels, titles(labels), strict=True))
        self._by.options = [(components.replace_surrogates(title_of[name]), name) for name in names]
        self._by.value = previous if previous in names else next(iter(names), None)
        self._count()
        self._show_message(message)
        self._outcome = self._status.message

    def _count(self, _: object = None) -> None:
        """Count the rows in sight; a filter of the counted column itself is left out, so that its other bars stay."""
        if self._table is not None and self._by.value is not None:
            column, words = self._table.column(self._by.value), self._table.filter_of(self._by.value)
            self._bars.show(column, title=self._by.label, chosen=words)

    def _bar_picked(self, words: str) -> None:
        if self._table is not None and self._by.value is not None:
            again = self._table.filter_of(self._by.value) == words
            self._table.filter(self._by.value, "" if again else words)

    def _named_projects(self) -> tuple[int, ...]:
        """The projects whose names are offered; none, for those of the company, where many are chosen."""
        chosen = self.targets.chosen_projects
        return chosen if len(chosen) <= _FEW else ()

    def _unnamed(self) -> list[NameField]:
        """Fields of ids that do not offer the names of the chosen projects yet."""
        projects, fields = self._named_projects(), (*self.filters.inputs, *self.targets.inputs)
        named = [field for field in fields if isinstance(field, NameField) and field.sources]
        return [field for field in named if field.names_of != projects]

    def _offer_names(self) -> None:
        while fields := self._unnamed():  # others may be chosen while these are fetched
            self._names.offer(fields[0], self._named_projects())

    def _need_projects(self) -> None:
        if not self.targets.projects.offered:
            self._project_task.start(self._offer_projects)

    def _offer_projects(self) -> None:
        picker = self.targets.projects

        def observer(name: str, targets: int) -> background.ProgressObserver:
            return background.ProgressObserver(
                name, targets, show=lambda text, _: picker.explain(text), stop=_NEVER
            )

        picker.explain("Fetching the projects …")
        picker.offer(self._procore.table("projects", status="All", progress=observer))

    def _projects_failed(self, error: BaseException) -> None:
        self.error = error
        self.targets.reset()
        self._status.show_error(error)
