"""The explorer: choose a list, its targets and filters; fetch it, look at it, download it.

In: a connection. Out: `explorer.frame`, and the line of Python that gives the same. Calls `Procore.table` only.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import ipywidgets
import pandas as pd

from procore_nb.call_errors import explain_calls
from procore_nb.client import Procore
from procore_nb.client.budget import VIEW_ID
from procore_nb.errors import ArgumentError, IncompleteError, ProcoreError
from procore_nb.static_view import StaticView, static_text
from procore_nb.widgets.assets import close_all, environment_badge, sendable, variable_of
from procore_nb.widgets.background import BackgroundTask, ProgressObserver, counted
from procore_nb.widgets.counts import CountBars, good_columns
from procore_nb.widgets.filters import FilterPanel, TargetPanel
from procore_nb.widgets.frame_table import FrameTable
from procore_nb.widgets.id_names import NameField, names_in
from procore_nb.widgets.inputs import OUTDATED, SubmitButton
from procore_nb.widgets.pickers import EndpointPicker
from procore_nb.widgets.status import Code, Snippet, StatusMessage, call_line
from procore_nb.widgets.table_rows import titles

_FIRST = "rfis"
_NAMED = 5  # skipped targets that are named
_FEW, _MOST_NAMES = 3, 2000  # chosen projects whose own names are offered; names
_STILL = "Below, and in explorer.frame, are still the rows of:"
# A form shows where they are instead.
_FOR_PROGRAMS = re.compile(r" ?[\d,]+ rows had come: error\.partial\..*$")


def outcome(frame: pd.DataFrame, *, filtered: bool) -> dict[str, Any]:
    """The message for a whole frame: its size, or that it is empty, and the skipped targets."""
    about = frame.attrs["procore"]
    counts = (len(frame), "row"), (frame.shape[1], "column"), (about["requests"], "request")
    words = ", ".join(counted(number, noun) for number, noun in counts) + ". The frame is explorer.frame."
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


_NEVER = threading.Event()


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
    >>> import procore_nb as pnb
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
        self._task = BackgroundTask(self._busy_changed, self._failed)
        self._project_task = BackgroundTask(lambda _: None, self._projects_failed)
        self._names_task = BackgroundTask(lambda _: None, lambda _: None)  # ids can be typed as well
        self._names: dict[tuple[str, tuple[int, ...]], dict[str, int | str]] = {}
        self._fetched_name = self._fetched_line = self._frame_line = ""
        self._outcome: dict[str, Any] = {}
        self._status, self._snippet, self._about = StatusMessage(), Snippet(), ipywidgets.HTML()
        self._head = ipywidgets.HTML(environment_badge(procore.environment, procore._repr_html_()))
        self.endpoints, self.filters = EndpointPicker(procore.catalogue), FilterPanel(procore.catalogue)
        self.targets = TargetPanel(self._need_projects)
        stale: dict[str, Any] = {"outdated": lambda: self._status.show(OUTDATED, level="warning")}
        self._fetch = SubmitButton("Fetch", self._start_fetch, primary=True, **stale)
        self._stop_button = SubmitButton("Stop", self.stop, disabled=True, **stale)
        self._table: FrameTable | None = None
        self._by = ipywidgets.Dropdown(description="Counts by", layout={"width": "420px"})
        self._bars = CountBars(self._bar_picked)
        self._result = ipywidgets.VBox([])
        super().__init__(children=self._laid_out())
        self.add_class("pnw-form")
        self._listen()
        if endpoint is None:  # a catalogue of one's own need not have RFIs
            names = [one.name for one in procore.catalogue.endpoints]
            endpoint = _FIRST if _FIRST in names else next(iter(names), "")
        self.endpoints.value = endpoint

    @property
    def frame(self) -> pd.DataFrame:
        """What was fetched last; waits for a fetch that is under way."""
        self._task.wait()
        if self._frame is None:
            raise ArgumentError(
                "Nothing is fetched yet.", advice="Press Fetch, or call explorer.fetch()."
            ) from self.error
        return self._frame

    @property
    def line(self) -> str:
        """The line of Python that gives `frame`; empty before the first fetch."""
        return self._frame_line

    def fetch(self) -> pd.DataFrame:
        """Do what the Fetch button does, here and now, and return the frame."""
        self._start_fetch()
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
        if self.children:  # else it was refused before it was made
            self.stop()
            self._frame, self._table = None, None
        close_all(self)

    def __repr__(self) -> str:
        got = "nothing fetched yet" if self._frame is None else f"{len(self._frame):,} rows"
        return f"Explorer({self._procore.environment.name}, {self.endpoints.value}, {got})"

    def static_text(self) -> str:
        """Return what is read where the form cannot run: what was fetched when it was shown."""
        return static_text(repr(self)) if self._table is None else self._table.static_text()

    def _laid_out(self) -> list[ipywidgets.Widget]:
        buttons = ipywidgets.HBox([self._fetch, self._stop_button])
        return [
            self._head, self.endpoints, self._about, self.targets, self.filters, buttons, self._status, self._snippet, self._result,
        ]  # fmt: skip

    def _listen(self) -> None:
        self.endpoints.observe(self._endpoint_chosen, "value")
        self.targets.observe(self._refresh, "changed")
        self.filters.observe(self._refresh, "changed")
        self._by.observe(self._count, "value")

    def _endpoint_chosen(self, _: object) -> None:
        endpoint = self.endpoints.endpoint
        if endpoint is not None:
            self._about.value = (
                f"<details><summary>About this list</summary>{endpoint._repr_html_()}</details>"
            )
            self.targets.offer(endpoint)
            self.filters.offer(endpoint)
            self._refresh()

    def _arguments(self) -> dict[str, Any]:
        if not self.endpoints.value:
            raise ArgumentError("Choose a list first.")
        return self.targets.values() | self.filters.values()

    def _call(self, name: str, arguments: dict[str, Any]) -> str:
        parent = arguments.get("parent")
        if parent is None:
            return "frame = " + call_line("procore.table", name, **arguments)
        first = "parents = " + call_line("procore.table", parent.name, **parent.targets)
        return f"{first}\nframe = " + call_line(
            "procore.table", name, **(arguments | {"parent": Code("parents")})
        )

    def _refresh(self, _: object = None) -> None:
        """Show the line for what is chosen, and warn when the rows below are those of another line."""
        self._fetch.fields = [*self.targets.inputs, *self.filters.inputs]
        if any(self._unnamed()):
            self._names_task.start(self._offer_names)
        try:
            self._snippet.code = self._call(self.endpoints.value, self._arguments())
        except ProcoreError:
            self._snippet.code = ""  # something is missing; Fetch names it
        if self._frame is None or self._task.busy:
            return
        if self._snippet.code == self._frame_line:
            self._status.show_again(self._outcome)
        else:
            self._say(other_choice(self._frame_line))

    def _busy_changed(self, busy: bool) -> None:
        self._fetch.disabled, self._stop_button.disabled = busy, not busy
        if self._table is not None:
            self._table.outdated = busy
        if busy:
            self._stop.clear()
        else:
            self._head.value = environment_badge(self._procore.environment, self._procore._repr_html_())

    def _observer(self, what: str, targets: int) -> ProgressObserver:
        return ProgressObserver(what, targets, show=self._report, stop=self._stop)

    def _report(self, words: str, share: float | None) -> None:
        self._status.show("Stopping …" if self._stop.is_set() else words, level="busy", share=share)

    def _start_fetch(self) -> None:
        """Read the fields at once, then fetch: the thread must not see what is changed after the click."""
        name, filtered = self.endpoints.value, bool(self.filters.values())
        try:
            arguments = self._arguments()
        except ProcoreError as error:
            if not self._task.busy:
                self._fetched_name, self._snippet.code = name, ""
                self._failed(error)
            return
        self._task.start(lambda: self._fetch_now(name, arguments, filtered=filtered))

    def _fetch_now(self, name: str, arguments: dict[str, Any], *, filtered: bool) -> None:
        self.error = None
        self._fetched_name = name
        self._fetched_line = self._snippet.code = self._call(name, arguments)
        self._status.show(f"Fetching {name} …", level="busy")
        parent = arguments.get("parent")
        if parent is not None:
            rows = self._procore.table(parent.name, progress=self._observer, **parent.targets)
            arguments = arguments | {"parent": rows}
        frame = self._procore.table(name, progress=self._observer, **arguments)
        self._show(frame)
        self._finish(outcome(frame, filtered=filtered))
        if self._snippet.code != self._frame_line:  # something was changed while it was fetched
            self._say(other_choice(self._frame_line))

    def _failed(self, error: BaseException) -> None:
        self.error = error
        if not isinstance(error, ProcoreError):
            self._status.show_error(error)
            return
        partial = rows_of(error, self._fetched_name)
        if partial is not None:
            self._show(partial)
        halted = isinstance(error, IncompleteError) and self._stop.is_set()
        message = (
            stopped(partial, self._frame_line)
            if halted
            else ended(error, partial, older=self._frame is not None)
        )
        if partial is None:
            self._say(message)
        else:
            self._finish(message)

    def _say(self, message: dict[str, Any]) -> None:
        """Show a message, with the variable that holds this form in it."""
        own = f"{variable_of(self, 'explorer')}.frame"
        texts = {
            key: text.replace("explorer.frame", own) for key, text in message.items() if isinstance(text, str)
        }
        self._status.show(**(message | texts))

    def _finish(self, message: dict[str, Any]) -> None:
        """Show how the fetch ended that gave the rows below."""
        self._say(message)
        self._outcome = self._status.message

    def _show(self, frame: pd.DataFrame) -> None:
        self._frame, self._frame_line = frame, self._fetched_line
        names = good_columns(frame)
        before = self._by.value
        self._by.options = []  # counted once more when there is a column of the new rows
        if self._table is None:
            self._table = FrameTable(frame)
            self._table.observe(self._count, "changes")
            self._result.children = [self._table, self._by, self._bars]
        else:
            self._table.show(frame)
        words = titles([str(name) for name in frame.columns])
        shown = dict(zip(map(str, frame.columns), words, strict=True))
        self._by.options = [(sendable(shown[name]), name) for name in names]
        self._by.value = before if before in names else next(iter(names), None)
        self._count()

    def _count(self, _: object = None) -> None:
        """Count the rows in sight; a filter of the counted column itself is left out, so that its other bars stay."""
        if self._table is not None and self._by.value is not None:
            column, words = self._table.column(self._by.value), self._table.filter_of(self._by.value)
            self._bars.show(column, title=self._by.label, chosen=words)

    def _bar_picked(self, words: str) -> None:
        if self._table is not None and self._by.value is not None:
            again = self._table.filter_of(self._by.value) == words
            self._table.filter(self._by.value, "" if again else words)

    def _unnamed(self) -> Iterator[NameField]:
        """Fields of ids that do not offer the names of the chosen projects yet."""
        for field in (*self.filters.inputs, *self.targets.inputs):
            if isinstance(field, NameField) and field.sources and field.named_for != self._named_for(field):
                yield field

    def _named_for(self, field: NameField) -> tuple[int, ...]:
        """The projects whose names are offered; all names of the company where many are chosen."""
        chosen = self.targets.chosen_projects
        return chosen if len(chosen) <= _FEW else ()

    def _offer_names(self) -> None:
        """Fetch the names for ids, once for each list and choice of projects; where they cannot be had, ids are typed."""
        while (field := next(self._unnamed(), None)) is not None:
            projects = self._named_for(field)
            found: dict[str, int | str] = {}
            for name in field.sources:
                found = found or self._fetch_names(name, projects)
            if field.description == VIEW_ID:  # a view is meant by its name, in all projects
                found = {name: name for name in (each.rpartition(" (")[0] for each in found)}
            field.offer(found, projects)

    def _fetch_names(self, name: str, projects: tuple[int, ...]) -> dict[str, int | str]:
        needs = {each for group in self._procore.catalogue.endpoint(name).needs for each in group}
        if (name, projects) in self._names or ("project_id" in needs and not projects):
            return self._names.get((name, projects), {})
        where: dict[str, Any] = {"projects": list(projects)} if "project_id" in needs else {}
        observer = ProgressObserver("names", 1, show=lambda *_: None, stop=_NEVER)
        try:
            rows = self._procore.table(name, progress=lambda *_: observer, max_rows=_MOST_NAMES, **where)
            self._names[name, projects] = names_in(rows)
        except ProcoreError:
            self._names[name, projects] = {}
        return self._names[name, projects]

    def _need_projects(self) -> None:
        if not self.targets.projects.offered:
            self._project_task.start(self._offer_projects)

    def _offer_projects(self) -> None:
        observer = ProgressObserver(
            "projects", 1, show=lambda words, _: self.targets.projects.explain(words), stop=_NEVER
        )
        self.targets.projects.explain("Fetching the projects …")
        self.targets.projects.offer(
            self._procore.table("projects", status="All", progress=lambda *_: observer)
        )

    def _projects_failed(self, error: BaseException) -> None:
        self.error = error
        self.targets.reset()
        self._status.show_error(error)
