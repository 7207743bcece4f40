"""Portfolio health: who needs a call this week.

In: incidents, daily logs, punch items, RFIs, submittals, budgets. Out: an `Answer`. Speaks to no service.

Incidents, daily logs and punch list have the default thresholds of Procore's own Health Dashboard:
https://support.procore.com/faq/what-are-the-threshold-values-for-the-portfolio-tools-health-dashboard
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import pandas as pd

from procore_nb.errors import ArgumentError
from procore_nb.progress import counted
from procore_nb.reports.budget_reports import BUDGET, cost
from procore_nb.reports.deadlines import known_by
from procore_nb.reports.definition import Use, report
from procore_nb.reports.measures import figures_frame, words
from procore_nb.reports.pictures import Picture
from procore_nb.reports.report_data import ReportData, ids_of, plain_words, project_of
from procore_nb.reports.result import Answer
from procore_nb.reports.rfi_report import rfi_rows
from procore_nb.reports.submittal_report import REJECTED, current_submittals
from procore_nb.scalars import is_missing

GAUGES = {
    "incidents": ("injuries", "near_misses"),
    "daily_logs": ("manpower_logs",),
    "punch": ("punch_items",),
    "rfis": ("rfis",),
    "submittals": ("submittals_v1_1",),
    "cost": ("budget_view_detail_rows",),
}
_COUNTS = {
    "incidents": "injuries_in_30_days near_misses_in_30_days",
    "daily_logs": "logs_in_7_days",
    "punch": "punch_overdue punch_due_in_7_days",
    "rfis": "rfis_overdue",
    "submittals": "submittals_at_risk",
}
_LOGS = 35  # days of logs that are read: an entry made this week may be of an earlier day
_BUILDING = "course_of_construction"


@report(
    "Portfolio health",
    "Who needs a call this week?",
    Use("project_stages", of_company=True, optional=True),
    Use("incidents", optional=True),
    Use(
        "injuries",
        optional=True,
        among=("incidents",),
        decides="injuries are not known, no gauge is grey for them",
    ),
    Use(
        "near_misses",
        optional=True,
        among=("incidents",),
        decides="near misses are not known, no gauge is grey for them",
    ),
    Use(
        "manpower_logs",
        optional=True,
        arguments=lambda day, _: {
            "start": f"{day - pd.Timedelta(days=_LOGS):%Y-%m-%d}",
            "end": f"{day:%Y-%m-%d}",
            "status": "all",
        },
        decides="the gauge of daily logs is not known",
    ),
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
) -> Answer:
    """Colour each project by six gauges: red, yellow, green, grey (nothing to say), or why there is none.

    Incidents added in 30 days: none grey, 1 or 2 near misses yellow, 3 or more near misses or any injury red. Daily logs in 7
    days, by the day of entry (`log_counts`: entries, or days with one): 0 grey, 1 or 2 red, 3 or 4 yellow, 5 or more green; a site
    under construction (by the category of its stage) without any log is named. Punch list: 1 or 2 overdue yellow, 3 or more red; 5
    to 9 due in 7 days yellow, 10 or more red; 1 or 2 overdue together with 5 or more due red; else grey. These are Procore's own
    defaults. RFIs overdue, submittals at risk: yellow and red from the two numbers of the option, green below, grey without open
    ones. Cost: the estimate above the projected budget by more than these percents is yellow, red. "no access" is where
    the list did not answer.
    """
    limits = {
        "rfis_overdue": rfis_overdue,
        "submittals_at_risk": submittals_at_risk,
        "cost_over_percent": cost_over_percent,
    }
    for name, pair in limits.items():
        if not isinstance(pair, tuple | list) or len(pair) != 2 or pair[0] > pair[1]:
            raise ArgumentError(f"{name} is two rising numbers, for yellow and red, not {pair!r}.")
    grid = _projects_of(data)
    grid = _incidents(data, grid)
    grid = _logs(data, grid, log_counts)
    grid = _punch_list(data, grid)
    asked = rfi_rows(data, "initiated_at")
    grid = _open_items(data, grid, "rfis", asked, "overdue", rfis_overdue)
    sent = current_submittals(data, REJECTED)
    grid = _open_items(data, grid, "submittals", sent, "at_risk", submittals_at_risk)
    grid = _cost(data, grid, cost_over_percent, view)
    for gauge, lists in GAUGES.items():
        grid[gauge] = grid[gauge].astype("string").mask(_unanswered(data, grid, lists), "no access")
        absent = [one for one in lists if one not in data.frames]
        if len(absent) == len(lists):
            grid[gauge] = "no data"
        elif absent:  # what is there can be red, but nothing is all right
            grid[gauge] = grid[gauge].where(grid[gauge].isin(["red", "no access"]), "no data")
        for name in absent if gauge == "incidents" else ():
            grid[f"{name}_in_30_days"] = pd.Series(pd.NA, grid.index, dtype="Int64")
        for name in words(_COUNTS.get(gauge, "")):  # no permission is not zero
            grid[name] = grid[name].mask(
                grid[gauge].isin(["no access", "no data"]) & (len(absent) in (0, len(lists)))
            )
    grid["reds"], grid["yellows"] = (
        (grid[[*GAUGES]] == colour).sum(axis=1).astype("Int64") for colour in ("red", "yellow")
    )
    grid = grid.sort_values(
        ["reds", "yellows", "project_name"], ascending=[False, False, True], ignore_index=True
    )
    quiet = grid[
        grid["under_construction"].fillna(False)
        & grid["logs_in_7_days"].eq(0).fillna(False)
        & grid["daily_logs"].eq("grey")
    ]
    findings = _findings(grid, quiet)
    colours = sorted({one for gauge in GAUGES for one in grid[gauge].dropna()})
    gauges = [
        {"gauge": gauge, **{one: int(grid[gauge].eq(one).sum()) for one in colours}} for gauge in GAUGES
    ]
    called = grid[grid["reds"] > 0]
    tables = {
        "total": figures_frame(gauges),
        "to_call": called.reset_index(drop=True),
        "no_logs": quiet[["project_id", "project_name"]].reset_index(drop=True),
    }
    worst = grid.set_index("project_name")[[*GAUGES]].head(40)
    pictures = [Picture("Projects with the most red gauges", worst, kind="grid")]
    return Answer(grid, grid.copy(), tables, findings, pictures)  # fmt: skip


def _projects_of(data: ReportData) -> pd.DataFrame:
    """Return one row for each project that is chosen, or that any list names."""
    known = data.projects.reset_index()[["id", "name"]].set_axis(["project_id", "project_name"], axis=1)
    scratch = data.again()
    rows = [
        scratch.take(one)[["project_id", "project_name"]]
        for lists in GAUGES.values()
        for one in lists
        if data.has(one)
    ]
    extra = pd.concat(rows, ignore_index=True).drop_duplicates("project_id") if rows else known.iloc[:0]
    grid = pd.concat([known, extra[~extra["project_id"].isin(known["project_id"])]], ignore_index=True)
    stages = data.take("project_stages", "", "", "id category")
    category = dict(zip(ids_of(stages["id"]).astype("string"), plain_words(stages["category"]), strict=True))
    stage = ids_of(data.of_project(grid, "project_stage.id")).astype("string")
    own = plain_words(data.of_project(grid, "project_stage.category"))
    said = [category.get(one, said) for one, said in zip(stage, own, strict=True)]
    unknown = [not one and not category for one in said]  # nothing says what a stage is
    found = pd.Series([one == _BUILDING for one in said], grid.index, dtype="boolean")
    grid["under_construction"] = found.mask(pd.Series(unknown, grid.index, dtype=bool))
    if any(unknown):
        data.notes.append(
            "Categories of stages are not here (project_stages): which sites are under construction is not known."
        )
    return grid


def _numbers(grid: pd.DataFrame, rows: pd.DataFrame) -> pd.Series[Any]:
    """Return how many rows each project has."""
    counts = rows["project_id"].astype("object").value_counts(dropna=False).to_dict()
    found = {None if is_missing(key) else key: number for key, number in counts.items()}
    values = [found.get(None if pd.isna(one) else one, 0) for one in grid["project_id"].tolist()]
    return pd.Series(values, index=grid.index, dtype="Int64")


def _colours(grid: pd.DataFrame, default: str, **masks: pd.Series[Any]) -> pd.Series[Any]:
    """Return a colour for each project: the default, then each mask over those before it."""
    found = pd.Series(default, index=grid.index, dtype="string")
    for colour, mask in masks.items():
        found = found.mask(mask.fillna(False).astype(bool), colour)
    return found


def _recent(data: ReportData, name: str, rows: pd.DataFrame, day: pd.Series[Any], days: int) -> pd.DataFrame:
    today = data.today(rows)
    return rows[(day > today - pd.Timedelta(days=days)) & (day <= today)]


def _incidents(data: ReportData, grid: pd.DataFrame) -> pd.DataFrame:
    incidents = data.take("incidents", "", "", "id event_date created_at")
    day = data.days(incidents, "event_date").fillna(data.days(incidents, "created_at"))
    happened = dict(zip(ids_of(incidents["id"]), day, strict=True))
    every = ids_of(data.frames.get("incidents", incidents).get("id", incidents["id"]))
    deleted = set(every.dropna()) - set(happened)
    for name in ("injuries", "near_misses"):
        rows = data.take(name, "", "", "incident_id created_at")
        rows = data.exclude(name, rows, ids_of(rows["incident_id"]).isin(list(deleted)), "deleted incident")
        days = [happened.get(one) for one in ids_of(rows["incident_id"]).tolist()]
        of_incident = pd.Series(days, rows.index, dtype="datetime64[us]")
        grid[f"{name}_in_30_days"] = _numbers(
            grid, _recent(data, name, rows, data.days(rows, "created_at").fillna(of_incident), 30)
        )
    near, hurt = grid["near_misses_in_30_days"], grid["injuries_in_30_days"]
    return grid.assign(
        incidents=_colours(grid, "grey", yellow=near.between(1, 2), red=(near >= 3) | (hurt >= 1))
    )


def _logs(data: ReportData, grid: pd.DataFrame, counts: str) -> pd.DataFrame:
    rows = data.take("manpower_logs", "", "", "date created_at")
    entered = data.days(rows, "created_at").fillna(data.days(rows, "date"))
    recent = _recent(data, "manpower_logs", rows, entered, 7).assign(entered=entered)
    number = _numbers(
        grid, recent if counts == "entries" else recent.drop_duplicates(["project_id", "entered"])
    )
    grid["logs_in_7_days"] = number
    return grid.assign(
        daily_logs=_colours(
            grid, "grey", red=number.between(1, 2), yellow=number.between(3, 4), green=number >= 5
        )
    )


def _punch_list(data: ReportData, grid: pd.DataFrame) -> pd.DataFrame:
    items = data.take("punch_items", "", "", "status due_date created_at workflow_status")
    due, status = data.days(items, "due_date"), plain_words(items["status"])
    items, _, due, status = known_by(data, "punch_items", items, data.days(items, "created_at"), due, status)
    left = status.isin(["open", "overdue", "pending"]) & plain_words(items["workflow_status"]).ne("draft")
    today = data.today(items)
    late, soon = left & (due < today), left & (due >= today) & (due <= today + pd.Timedelta(days=7))
    over, next_ = _numbers(grid, items[late]), _numbers(grid, items[soon])
    grid["punch_overdue"], grid["punch_due_in_7_days"] = over, next_
    yellow, red = (
        over.between(1, 2) | next_.between(5, 9),
        (over >= 3) | (next_ >= 10) | (over.between(1, 2) & (next_ >= 5)),
    )
    return grid.assign(punch=_colours(grid, "grey", yellow=yellow, red=red))


def _open_items(
    data: ReportData, grid: pd.DataFrame, gauge: str, rows: pd.DataFrame, column: str, limits: tuple[int, int]
) -> pd.DataFrame:
    """Colour by how many rows have a true `column`; green needs rows that are not closed."""
    number = _numbers(grid, rows[rows[column].fillna(False).astype(bool)])
    some = _numbers(grid, rows[rows["is_open"]]) + number
    if len(rows) and rows[column].isna().all():
        number[:] = pd.NA
    grid[f"{gauge}_{column}"] = number
    yellow, red = number >= limits[0], number >= limits[1]
    return grid.assign(**{gauge: _colours(grid, "grey", green=some > 0, yellow=yellow, red=red)})


def _cost(
    data: ReportData, grid: pd.DataFrame, limits: tuple[float, float], view: str | None
) -> pd.DataFrame:
    if not data.has("budget_view_detail_rows"):
        return grid.assign(cost="no data", cost_over_percent=float("nan"))
    summary = cost.analyse(data, **cost.checked({"view": view})).summary
    over = (100 * -summary["over_under"] / summary["projected_budget"]).where(summary["projected_budget"] > 0)
    worst = over.groupby(summary["project_id"], dropna=False).max()  # of its currencies
    found = grid["project_id"].map(worst).astype("float64").round(2)
    grid["cost_over_percent"] = found
    return grid.assign(
        cost=_colours(grid, "grey", green=found.notna(), yellow=found > limits[0], red=found > limits[1])
    )


def _unanswered(data: ReportData, grid: pd.DataFrame, lists: tuple[str, ...]) -> pd.Series[Any]:
    silent = [project for name, project in data.coverage.states if name in lists and project is not None]
    return grid["project_id"].isin(silent)


def _findings(grid: pd.DataFrame, quiet: pd.DataFrame) -> list[str]:
    red = grid[grid["reds"] > 0]
    found = [
        f"{len(red):,} of {counted(len(grid), 'project')} {'has' if len(red) == 1 else 'have'} a red gauge; {int((grid['reds'] > 1).sum()):,} have more than one."
    ]
    if len(red):
        first = red.iloc[0]
        which = ", ".join(gauge.replace("_", " ") for gauge in GAUGES if first[gauge] == "red")
        found.append(f"Most red: {project_of(first)} ({which}).")
    if len(quiet):
        names = ", ".join(project_of(one) for _, one in quiet.head(5).iterrows())
        found.append(
            f"{counted(len(quiet), 'site')} under construction {'has' if len(quiet) == 1 else 'have'} no daily log in 7 days: {names}{' …' if len(quiet) > 5 else ''}."
        )
    closed = grid[(grid[[*GAUGES]] == "no access").any(axis=1)]
    if len(closed):
        found.append(
            f"{counted(len(closed), 'project')} did not give access to every list; their gauges say so."
        )
    return found
