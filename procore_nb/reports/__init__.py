"""Reports: questions of practice, answered in one call from a connection, a store or frames.

In: `pnb.reports.rfis(procore, as_of="2026-06-18")`. Out: a `Report` with summary, rows, tables, findings and coverage; `pack`
writes several to one file. What each figure means is in `docs/reports.md`, and in the docstring of each report.
"""

from __future__ import annotations

from typing import Any

from procore_nb.call_errors import explain_calls
from procore_nb.errors import NoAttributeError
from procore_nb.near_match import near
from procore_nb.reports.billing_report import billing
from procore_nb.reports.budget_reports import cost, wip
from procore_nb.reports.buyout_report import buyout
from procore_nb.reports.change_report import changes
from procore_nb.reports.compliance_report import compliance
from procore_nb.reports.days import as_day
from procore_nb.reports.definition import ReportFunction
from procore_nb.reports.health_report import portfolio_health
from procore_nb.reports.pack import pack
from procore_nb.reports.quality_reports import punch, quality
from procore_nb.reports.result import Report
from procore_nb.reports.rfi_report import rfis
from procore_nb.reports.schedule_report import schedule
from procore_nb.reports.site_reports import manpower, safety
from procore_nb.reports.submittal_report import submittals

REPORTS: dict[str, ReportFunction] = {
    one.name: one
    for one in (
        portfolio_health, rfis, submittals, changes, cost, buyout, wip, billing, safety, quality, punch, manpower, schedule, compliance,
    )
}  # fmt: skip
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
    >>> [one.name for one in pnb.reports.all_reports(rows, "rfis", as_of="2026-06-18")]
    ['rfis']
    """
    from procore_nb.reports.sources import chosen_reports, left_out, reader_for

    reader = reader_for(source, projects=projects, progress=progress)
    chosen = [
        (report, {name: value for name, value in options.items() if name in report.options})
        for report in chosen_reports(REPORTS, names, options)
        if names or not reader.missing(report)
    ]
    if not names:
        left_out(reader, REPORTS.values())
    day = None if as_of is None else as_day(as_of, "as_of")
    reader.announce([(report, report.checked(own)) for report, own in chosen], day)
    shared = {name: options[name] for name in ("calendar", "holidays") if name in options}
    return [report(reader, as_of=as_of, since=since, **shared, **own) for report, own in chosen]


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
            advice=f"Did you mean {' or '.join(f'reports.{one}' for one in choices)}?",
        )
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


# By name, as type checkers read it: strict ones know nothing of a list that is put together.
__all__ = [
    "REPORTS", "Report", "ReportFunction", "all_reports", "billing", "buyout", "changes", "compliance", "cost", "manpower",
    "pack", "portfolio_health", "punch", "quality", "rfis", "safety", "schedule", "submittals", "view", "wip",
]  # fmt: skip
