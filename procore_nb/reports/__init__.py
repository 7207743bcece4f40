"""Reports: questions of practice, answered in one call from a connection, a store or frames.

In: `pnb.reports.rfis(procore, as_of="2026-06-18")`. Out: a `Report` with summary, rows, tables, findings and coverage; `pack`
writes several to one file. What each figure means is in `docs/reports.md`, and in the docstring of each report.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from procore_nb.call_errors import explain_calls
from procore_nb.errors import ArgumentError, NoAttributeError, warn
from procore_nb.near_match import did_you_mean, near
from procore_nb.reports.billing_reports import billing, wip
from procore_nb.reports.budget_reports import buyout, cost
from procore_nb.reports.change_report import changes
from procore_nb.reports.compliance_report import compliance
from procore_nb.reports.definition import ReportFunction
from procore_nb.reports.health_report import portfolio_health
from procore_nb.reports.item_reports import punch, quality, rfis
from procore_nb.reports.pack import pack
from procore_nb.reports.result import Report
from procore_nb.reports.schedule_report import schedule
from procore_nb.reports.site_reports import manpower, safety
from procore_nb.reports.submittal_report import submittals
from procore_nb.reports.typed_columns import as_day

_ORDER = (portfolio_health, rfis, submittals, changes, cost, buyout, wip, billing, safety, quality, punch)
REPORTS: dict[str, ReportFunction] = {
    report.name: report for report in (*_ORDER, manpower, schedule, compliance)
}
"""Every report by its name, in the order of a pack."""


@explain_calls()
def all_reports(
    source: Any,
    *names: str,
    projects: Any = "active",
    as_of: Any = None,
    since: Any = None,
    progress: bool | None = None,
    **options: Any,
) -> list[Report]:
    """Return several reports from one source, or all of them; each list is fetched once.

    Parameters
    ----------
    source, projects, as_of, since, progress
        As for one report.
    *names
        Names of reports; none: all fourteen. Of frames or a store, those whose lists are there; a warning names the others
        and the lists they lack.
    **options
        `calendar` and `holidays`, and any option that one of the reports has: it goes to those that know it.

    Returns
    -------
    list of Report
        In the order of the names.

    Raises
    ------
    ArgumentError
        If a name or an option is unknown, or a named report lacks a list it needs.

    Examples
    --------
    >>> import procore_nb as pnb
    >>> rows = {"rfis": [{"id": 1, "status": "open"}]}
    >>> [report.name for report in pnb.reports.all_reports(rows, "rfis", as_of="2026-06-18")]
    ['rfis']
    """
    from procore_nb.reports.sources import reader_for

    reader = reader_for(source, projects=projects, progress=progress)
    reports = _chosen(names, options)
    lacking = {} if names else {one.name: lists for one in reports if (lists := reader.missing(one))}
    if lacking:
        each = "; ".join(f"{name} ({', '.join(lists)})" for name, lists in lacking.items())
        warn(f"{len(lacking)} reports are left out, as these lists are not here: {each}. Sync or pass them.")
    plan = [
        (report, {option: value for option, value in options.items() if option in report.options})
        for report in reports
        if report.name not in lacking
    ]
    day = None if as_of is None else as_day(as_of, "as_of")
    reader.announce([(report, report.checked(report_options)) for report, report_options in plan], day)
    shared = {name: options[name] for name in ("calendar", "holidays") if name in options}
    return [
        report(reader, as_of=as_of, since=since, **shared, **report_options)
        for report, report_options in plan
    ]


def _chosen(names: tuple[str, ...], options: Mapping[str, Any]) -> list[ReportFunction]:
    """Return the named reports, or all; refuse unknown names, and options that none of them has."""
    for name in names:
        if name not in REPORTS:
            hint = did_you_mean(name, REPORTS).strip() or f"Reports: {', '.join(REPORTS)}."
            raise ArgumentError(f"There is no report {name!r}.", advice=hint)
    reports = [REPORTS[name] for name in names or REPORTS]
    known = {"calendar", "holidays", *(option for report in reports for option in report.options)}
    for option in options:
        if option not in known:
            advice = did_you_mean(option, known).strip()
            raise ArgumentError(f"None of these reports has an option {option!r}.", advice=advice)
    return reports


@explain_calls()
def view(source: Any, name: str = "portfolio_health") -> Any:
    """Return a small form around a report: choose it, projects, a day and options; see it, save it.

    Parameters
    ----------
    source
        A connection, a store, or a dict of frames.
    name
        The report to begin with.

    Raises
    ------
    MissingExtraError
        If the notebook extra is not installed.

    Examples
    --------
    >>> import procore_nb as pnb
    >>> pnb.reports.view(pnb.connect("demo"), "rfis")
    ReportView(rfis, nothing made yet)
    """
    # An import that points up (`ignore_imports` in pyproject.toml): only who wants the form needs its libraries.
    from procore_nb.widgets.report_view import ReportView

    return ReportView(source, name)


def __getattr__(name: str) -> Any:
    if not name.startswith("_") and (choices := near(name, REPORTS)):
        raise NoAttributeError(
            f"There is no report {name!r}.",
            advice=f"Did you mean {' or '.join(f'reports.{choice}' for choice in choices)}?",
        )
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


# By name, as type checkers read it: strict ones know nothing of a list that is put together.
__all__ = [
    "REPORTS", "Report", "ReportFunction", "all_reports", "billing", "buyout", "changes", "compliance", "cost", "manpower",
    "pack", "portfolio_health", "punch", "quality", "rfis", "safety", "schedule", "submittals", "view", "wip",
]  # fmt: skip
