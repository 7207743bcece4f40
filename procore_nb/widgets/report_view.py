"""The report view: choose a report, projects, a day and options; see it; save it as HTML or Excel.

In: a connection or a store. Out: `view.report`, and the line of Python that gives the same. Calls `pnb.reports` only.
"""

from __future__ import annotations

import ast
from typing import Any

import ipywidgets

from procore_nb.errors import ArgumentError, ProcoreError
from procore_nb.reports import REPORTS, Report
from procore_nb.static_view import StaticView, static_text
from procore_nb.widgets.components import Code, Snippet, StatusMessage, call_line


class ReportView(StaticView, ipywidgets.VBox):  # type: ignore[misc]
    """A small form around one report; as the last expression of a cell it shows itself.

    Parameters
    ----------
    source
        A connection, a store, or a dict of frames.
    name
        The report to begin with.

    Attributes
    ----------
    report
        The report that is shown; None before the first.

    Examples
    --------
    >>> pnb.reports.view(pnb.connect("demo"), "rfis")
    ReportView(rfis, nothing made yet)
    """

    def __init__(self, source: Any, name: str = "portfolio_health") -> None:
        if name not in REPORTS:
            raise ArgumentError(f"There is no report {name!r}.", advice=f"Reports: {', '.join(REPORTS)}.")
        self._source = source
        self.report: Report | None = None
        titles = [(report.title, report.name) for report in REPORTS.values()]
        self._name = ipywidgets.Dropdown(options=titles, value=name, description="Report")
        tip = "active, all, or ids with commas"
        self._projects = ipywidgets.Text("active", description="Projects", tooltip=tip)
        self._as_of = ipywidgets.DatePicker(description="As of")
        self._options = ipywidgets.Text(description="Options", placeholder="age_classes=(7, 14, 30)")
        self._make = ipywidgets.Button(description="Show", button_style="primary")
        self._path = ipywidgets.Text("report.html", description="File", tooltip="ends with .html or .xlsx")
        self._save = ipywidgets.Button(description="Save", disabled=True)
        self._status, self._snippet = StatusMessage(), Snippet()
        self._page = ipywidgets.HTML()
        self._make.on_click(lambda _: self.show())
        self._save.on_click(lambda _: self.save())
        choices = [self._name, self._projects, self._as_of]
        rows = [choices, [self._options, self._make], [self._path, self._save]]
        boxes = [ipywidgets.HBox(row, layout={"flex_flow": "row wrap"}) for row in rows]
        super().__init__([*boxes, self._status, self._snippet, self._page])

    def show(self) -> None:
        """Make the report of what is chosen, and show it; what goes wrong is shown in the form."""
        report = REPORTS[self._name.value]
        try:
            options = _options(self._options.value)
            if self._projects.value.strip() != "active":
                options["projects"] = self._projects.value.strip()
            if self._as_of.value is not None:
                options["as_of"] = self._as_of.value.isoformat()
            self.report = report(self._source, **options)
        except ProcoreError as error:
            self._status.show_error(error)
            return
        variables = {"Procore": "procore", "Store": "store"}
        source = Code(variables.get(type(self._source).__name__, "lists"))
        self._snippet.code = call_line(f"pnb.reports.{report.name}", source, **options)
        self._status.show(f"{len(self.report.rows):,} rows, {self.report.requests:,} requests.", level="done")
        self._page.value, self._save.disabled = self.report._repr_html_(), False

    def save(self) -> None:
        """Write the report that is shown to the file."""
        if self.report is None:
            return
        try:
            path = self._path.value.strip()
            write = self.report.to_excel if path.lower().endswith(".xlsx") else self.report.save
            written = write(path)
        except ProcoreError as error:
            self._status.show_error(error)
            return
        self._status.show(f"Saved: {written}", level="done")

    def static_text(self) -> str:
        """Return what is read where the form cannot run: the report's findings."""
        return static_text(repr(self)) if self.report is None else str(self.report)

    def __repr__(self) -> str:
        state = "nothing made yet" if self.report is None else f"as of {self.report.as_of:%Y-%m-%d}"
        return f"ReportView({self._name.value}, {state})"


def _options(text: str) -> dict[str, Any]:
    """Read `name=value, name=value` as Python writes literals."""
    if not text.strip():
        return {}
    try:
        call: Any = ast.parse(f"f({text})", mode="eval").body
        if call.args:
            raise ArgumentError("Options are written name=value.")
        return {option.arg: ast.literal_eval(option.value) for option in call.keywords}
    except (SyntaxError, ValueError, TypeError, MemoryError) as error:
        raise ArgumentError(f"Options are written name=value, name=value, not {text!r}.") from error
