"""Portfolio health: who needs a call this week.

In: incidents, daily logs, punch items, RFIs, submittals, budgets. Out: an `Analysis`. Speaks to no service.

Incidents, daily logs and punch list have the default thresholds of Procore's own Health Dashboard:
https://support.procore.com/faq/what-are-the-threshold-values-for-the-portfolio-tools-health-dashboard
"""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from typing import Any, Literal

import pandas as pd

from procore_nb.errors import ArgumentError
from procore_nb.reports.budget_reports import BUDGET, cost
from procore_nb.reports.definition import Use, report
from procore_nb.reports.item_reports import rfi_rows
from procore_nb.reports.measures import classify, figures_frame, project_text, project_texts, sentences
from procore_nb.reports.report_data import Coverage, ReportData
from procore_nb.reports.result import Analysis, Picture
from procore_nb.reports.submittal_report import REJECTED, current_submittals
from procore_nb.reports.typed_columns import ids_of, lookup, status_codes

GAUGES = {
    "incidents": ("injuries", "near_misses"),
    "daily_logs": ("manpower_logs",),
    "punch": ("punch_items",),
    "rfis": ("rfis",),
    "submittals": ("submittals_v1_1",),
    "cost": ("budget_view_detail_rows",),
}
Gauge = tuple[dict[str, pd.Series], dict[str, pd.Series]]  # figures, and masks by colour
_LOGS = 35  # days of logs that are read: an entry made this week may be of an earlier day
_BUILDING = "course_of_construction"


def _logs_read(day: pd.Timestamp, _: Any) -> dict[str, Any]:
    return {"start": f"{day - pd.Timedelta(days=_LOGS):%Y-%m-%d}", "end": f"{day:%Y-%m-%d}", "status": "all"}


@report(
    "Portfolio health",
    "Who needs a call this week?",
    Use("project_stages", of_company=True, optional=True),
    Use("incidents", optional=True),
    *(
        Use(
            name,
            optional=True,
            if_any=("incidents",),
            decides=f"{text} are not known, no gauge is grey for them",
        )
        for name, text in (("injuries", "injuries"), ("near_misses", "near misses"))
    ),
    Use("manpower_logs", optional=True, arguments=_logs_read, decides="the gauge of daily logs is not known"),
    Use("punch_items", optional=True, decides="the gauge of the punch list is not known"),
    Use("rfis", optional=True, decides="the gauge of RFIs is not known"),
    Use("submittals_v1_1", optional=True, decides="the gauge of submittals is not known"),
    replace(BUDGET[0], optional=True),
    replace(BUDGET[1], optional=True, decides="the gauge of cost is not known"),
)
def portfolio_health(
    data: ReportData,
    *,
    log_counts: Literal["entries", "days"] = "entries",
    rfis_overdue: tuple[int, int] = (1, 5),
    submittals_at_risk: tuple[int, int] = (1, 5),
    cost_over_percent: tuple[float, float] = (0.0, 2.0),
    view: str | None = None,
) -> Analysis:
    """Colour each project by six gauges: red, yellow, green, grey (nothing to say), or why there is none.

    Incidents added in 30 days: none grey, 1 or 2 near misses yellow, 3 or more near misses or any injury red. Daily logs in 7
    days, by the day of entry (`log_counts`: entries, or days with one): 0 grey, 1 or 2 red, 3 or 4 yellow, 5 or more green; a site
    under construction (by the category of its stage) without any log is named. Punch list: 1 or 2 overdue yellow, 3 or more red; 5
    to 9 due in 7 days yellow, 10 or more red; 1 or 2 overdue together with 5 or more due red; else grey. These are Procore's own
    defaults. RFIs overdue, submittals at risk: yellow and red from the two numbers of the option, green below, grey without open
    ones. Cost: the estimate above the projected budget by more than these percents is yellow, red. "no access" is where
    the list did not answer.
    """
    limits = {"rfis_overdue": rfis_overdue, "submittals_at_risk": submittals_at_risk}
    for name, pair in {**limits, "cost_over_percent": cost_over_percent}.items():
        if not isinstance(pair, tuple | list) or len(pair) != 2 or pair[0] > pair[1]:
            raise ArgumentError(f"{name} is two rising numbers, for yellow and red, not {pair!r}.")
    grid = _with_stages(data, _projects_of(data))
    ids = grid["project_id"]
    rfis, submittals = rfi_rows(data, "initiated_at"), current_submittals(data, REJECTED)
    gauges = {
        "incidents": _incidents(data, ids),
        "daily_logs": _daily_logs(data, ids, log_counts),
        "punch": _punch_list(data, ids),
        "rfis": _open_items(data, ids, rfis, "rfis_overdue", rfis_overdue),
        "submittals": _open_items(data, ids, submittals, "submittals_at_risk", submittals_at_risk),
        "cost": _cost(data, ids, cost_over_percent, view),
    }
    for name, gauge in gauges.items():
        grid = _with_gauge(data, grid, name, gauge)
    for colour in ("red", "yellow"):
        grid[f"{colour}s"] = (grid[[*GAUGES]] == colour).sum(axis=1).astype("Int64")
    order = ["reds", "yellows", "project_name"]
    grid = grid.sort_values(order, ascending=[False, False, True], ignore_index=True)
    silent = grid["logs_in_7_days"].eq(0).fillna(False) & grid["daily_logs"].eq("grey")
    quiet = grid[grid["under_construction"].fillna(False) & silent]
    words = sorted({word for gauge in GAUGES for word in grid[gauge].dropna()})
    counts = [{"gauge": name, **{word: int(grid[name].eq(word).sum()) for word in words}} for name in GAUGES]
    tables = {
        "total": figures_frame(counts),
        "to_call": grid[grid["reds"] > 0].reset_index(drop=True),
        "no_logs": quiet[["project_id", "project_name"]].reset_index(drop=True),
    }
    worst = grid.set_index("project_name")[[*GAUGES]].head(40)
    pictures = [Picture("Projects with the most red gauges", worst, kind="grid")]
    return Analysis(grid, grid.copy(), tables, _findings(grid, quiet), pictures)


def _projects_of(data: ReportData) -> pd.DataFrame:
    """Return one row for each project that is chosen, or that any list names."""
    known = data.projects.reset_index()[["id", "name"]].set_axis(["project_id", "project_name"], axis=1)
    scratch = copy(data)
    scratch.coverage = Coverage()  # the lists are counted where they are read for their figures
    names = [name for lists in GAUGES.values() for name in lists if name in data.frames]
    rows = [scratch.take(name)[["project_id", "project_name"]] for name in names]
    extra = pd.concat([known.iloc[:0], *rows], ignore_index=True).drop_duplicates("project_id")
    return pd.concat([known, extra[~extra["project_id"].isin(known["project_id"])]], ignore_index=True)


def _with_stages(data: ReportData, grid: pd.DataFrame) -> pd.DataFrame:
    """Return the projects with `under_construction`, by the category of their stage; missing where none is known."""
    stages = data.take("project_stages", "", "", "id category")
    category = status_codes(stages["category"]).set_axis(ids_of(stages["id"]).astype("string"))
    stage = ids_of(data.of_project(grid, "project_stage.id")).astype("string")
    project_category = status_codes(data.of_project(grid, "project_stage.category"))
    stage_category = lookup(stage, category).fillna(project_category)
    unknown = stage_category.eq("") & (len(category) == 0)
    if unknown.any():
        absent = "Categories of stages are not here (project_stages)"
        data.note(f"{absent}: which sites are under construction is not known.")
    return grid.assign(under_construction=stage_category.eq(_BUILDING).astype("boolean").mask(unknown))


def _recent(data: ReportData, rows: pd.DataFrame, day: pd.Series[Any], days: int) -> pd.DataFrame:
    today = data.today(rows)
    return rows[(day > today - pd.Timedelta(days=days)) & (day <= today)]


def _incidents(data: ReportData, projects: pd.Series[Any]) -> Gauge:
    incidents = data.take("incidents", "", "", "id event_date created_at")
    day = data.days(incidents, "event_date").fillna(data.days(incidents, "created_at"))
    happened = day.set_axis(ids_of(incidents["id"]))
    every = ids_of(data.frames.get("incidents", incidents).get("id", incidents["id"]))
    deleted = list(set(every.dropna()) - set(happened.index))
    figures = {}
    for name in ("injuries", "near_misses"):
        rows = data.take(name, "", "", "incident_id created_at")
        rows = data.exclude(name, rows, ids_of(rows["incident_id"]).isin(deleted), "deleted incident")
        entered = data.days(rows, "created_at").fillna(lookup(ids_of(rows["incident_id"]), happened))
        figures[f"{name}_in_30_days"] = data.counts(_recent(data, rows, entered, 30), projects)
    hurt, near = figures.values()
    return figures, {"yellow": near.between(1, 2), "red": (near >= 3) | (hurt >= 1)}


def _daily_logs(data: ReportData, projects: pd.Series[Any], counts: str) -> Gauge:
    rows = data.take("manpower_logs", "", "", "date created_at")
    rows["entered"] = data.days(rows, "created_at").fillna(data.days(rows, "date"))
    recent = _recent(data, rows, rows["entered"], 7)
    if counts == "days":
        recent = recent.drop_duplicates(["project_id", "entered"])
    number = data.counts(recent, projects)
    colours = {"red": number.between(1, 2), "yellow": number.between(3, 4), "green": number >= 5}
    return {"logs_in_7_days": number}, colours


def _punch_list(data: ReportData, projects: pd.Series[Any]) -> Gauge:
    name = "punch_items"
    items = data.take(name, "", "", "status due_date created_at workflow_status")
    created, due = data.days(items, "created_at"), data.days(items, "due_date")
    status = status_codes(items["status"])
    items, _, due, status = data.started_by_day(name, items, created, due, status)
    left = status.isin(["open", "overdue", "pending"]) & status_codes(items["workflow_status"]).ne("draft")
    today = data.today(items)
    soon = (due >= today) & (due <= today + pd.Timedelta(days=7))
    over, due_soon = (data.counts(items[left & mask], projects) for mask in (due < today, soon))
    some = over.between(1, 2)
    red = (over >= 3) | (due_soon >= 10) | (some & (due_soon >= 5))
    colours = {"yellow": some | due_soon.between(5, 9), "red": red}
    return {"punch_overdue": over, "punch_due_in_7_days": due_soon}, colours


def _open_items(
    data: ReportData, projects: pd.Series[Any], rows: pd.DataFrame, figure: str, limits: tuple[int, int]
) -> Gauge:
    """Count the rows whose column, after the first word of the figure, is true; green needs rows that are not closed."""
    flags = rows[figure.partition("_")[2]]
    late = flags.fillna(False).astype(bool)
    number, left = (data.counts(rows[mask], projects) for mask in (late, rows["is_open"]))
    some = left + number > 0
    if len(rows) and flags.isna().all():
        number[:] = pd.NA
    return {figure: number}, {"green": some, "yellow": number >= limits[0], "red": number >= limits[1]}


def _cost(data: ReportData, projects: pd.Series[Any], limits: tuple[float, float], view: str | None) -> Gauge:
    if "budget_view_detail_rows" not in data.frames:
        return {"cost_over_percent": pd.Series(float("nan"), projects.index)}, {}
    summary = cost.analyse(data, **cost.checked({"view": view})).summary
    over = (100 * -summary["over_under"] / summary["projected_budget"]).where(summary["projected_budget"] > 0)
    worst = over.groupby(summary["project_id"], dropna=False).max()  # of its currencies
    percents = projects.map(worst).astype("float64").round(2)
    colours = {"green": percents.notna(), "yellow": percents > limits[0], "red": percents > limits[1]}
    return {"cost_over_percent": percents}, colours


def _with_gauge(data: ReportData, grid: pd.DataFrame, name: str, gauge: Gauge) -> pd.DataFrame:
    """Return the projects with a gauge and its figures; where a list does not say, it is "no access" or "no data"."""
    (figures, colours), lists = gauge, GAUGES[name]
    silent = list(data.coverage.silent(*lists) - {None})
    absent = tuple(listed for listed in lists if listed not in data.frames)
    colour = classify(grid.index, "grey", colours).mask(grid["project_id"].isin(silent), "no access")
    if absent:  # what the other list says can be red, but nothing is all right
        colour = colour.where(colour.isin(["red", "no access"]) & (absent != lists), "no data")
    unknown = dict.fromkeys(figures, colour.isin(["no access", "no data"]))
    if absent not in ((), lists):  # the figures of the other list are known
        unknown = {figure: pd.Series(figure.startswith(absent), grid.index) for figure in figures}
    known = {figure: column.mask(unknown[figure]) for figure, column in figures.items()}
    return grid.assign(**known, **{name: colour})


def _findings(grid: pd.DataFrame, quiet: pd.DataFrame) -> list[str]:
    red, closed = grid[grid["reds"] > 0], grid[(grid[[*GAUGES]] == "no access").any(axis=1)]
    first = "{red} of {all:project(s)} {has} a red gauge; {many} have more than one."
    has = "has" if len(red) == 1 else "have"
    many = int((grid["reds"] > 1).sum())
    findings = sentences({first: True}, red=len(red), all=len(grid), has=has, many=many)
    for row in red.head(1).to_dict("records"):
        which = ", ".join(gauge.replace("_", " ") for gauge in GAUGES if row[gauge] == "red")
        findings.append(f"Most red: {project_text(row)} ({which}).")
    has, named = "has" if len(quiet) == 1 else "have", project_texts(quiet)
    text = "{quiet:site(s)} under construction {has} no daily log in 7 days: {named}."
    findings += sentences({text: len(quiet)}, quiet=len(quiet), has=has, named=named)
    text = "{closed:project(s)} did not give access to every list; their gauges say so."
    return findings + sentences({text: len(closed)}, closed=len(closed))
