"""Schedules: which tasks slip, and whether the end moves.

In: schedule tasks with a baseline, or the activities of newer schedules, which have none. Out: an `Analysis`. Speaks to no service.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from procore_nb.reports import measures
from procore_nb.reports.definition import Use, report
from procore_nb.reports.measures import concat_rows, median, percent, sentence, sentences, words
from procore_nb.reports.report_data import ReportData
from procore_nb.reports.result import Analysis, bars
from procore_nb.reports.typed_columns import amounts, booleans

_BASED = words(
    "due done_of_due_percent slipping critical_slipping median_variance_days end_variance_days later_without_baseline"
)


_SHOWN = words(
    "project_id project_name id name critical done baseline_finish finish actual_finish expected_finish variance_days slipping"
)
_NAMES = {
    "finish_datetime": "finish",
    "finish_date": "finish",
    "percentage": "percent",
    "percent_complete": "percent",
    "critical_path": "critical",
    "is_critical": "critical",
    "activity_id": "id",
    "activity_name": "name",
}
"""One name for the columns of schedule tasks and of newer activities."""


def _schedules(frames: dict[str, pd.DataFrame], _: Mapping[str, Any]) -> pd.DataFrame:
    return frames["schedules"].rename(columns={"schedule_id": "id"})


@report(
    "Schedule",
    "Which tasks slip, and does the end move?",
    Use("schedule_tasks", optional=True, decides="what slips against a baseline is not known"),
    Use("schedules", optional=True, if_empty=("schedule_tasks",)),
    Use(
        "schedule_activities",
        optional=True,
        parent="schedules",
        select=_schedules,
        decides="nothing is known of projects without schedule tasks",
    ),
)
def schedule(data: ReportData) -> Analysis:
    """Compare tasks with their baseline, in calendar days.

    Only leaves count, not the rows that sum up others. Done is an actual finish, or 100 %. Variance is the actual finish − the
    baseline finish; for a task not done the later of its current finish and the day of the report takes the place of the actual one. Positive is
    late. (Procore's own finish_variance looks like working days.) Done of those due is of tasks with a baseline finish up
    to the day of the report. End variance is the last finish − the last baseline finish, both of tasks with a baseline. Tasks
    without a baseline are counted, those that finish later still too, and have no variance.
    """
    rows = _tasks(data)
    summary, total = data.totals(rows, _figures, "schedule_tasks")
    no_tasks = data.not_given("schedule_tasks")
    if data.not_given("schedule_tasks", "schedule_activities"):
        figures = list(_figures(rows))
        summary[figures] = summary[figures].mask(summary["tasks"].fillna(0).eq(0))
        total = total.assign(**dict.fromkeys(figures, math.nan)) if rows.empty else total
    if no_tasks:  # activities have no baseline
        summary[_BASED] = summary[_BASED].mask(summary["project_id"].notna())
        total = total.assign(**dict.fromkeys(_BASED, math.nan))
    total["median_end_variance_days"] = median(summary["end_variance_days"])
    total = total.drop(columns="end_variance_days")
    late = summary[summary["end_variance_days"].fillna(0) > 0]
    late = late.sort_values("end_variance_days", ascending=False)
    findings = _findings(summary, total.to_dict("records")[0], late, no_tasks) if len(rows) else []
    rows, slipping = (
        frame[_SHOWN].sort_values("variance_days", ascending=False, ignore_index=True)
        for frame in (rows, rows[rows["slipping"].fillna(False)])
    )
    tables = {"total": total, "slipping": slipping}
    title, unit = "End of the project against its baseline", "calendar days later"
    pictures = [bars(title, late, "project_name", "end_variance_days", unit=unit)]
    return Analysis(summary, rows, tables, findings, pictures)


def _findings(
    summary: pd.DataFrame, figures: dict[Any, Any], late: pd.DataFrame, no_tasks: bool
) -> list[str]:
    based, worst = int(summary["end_variance_days"].count()), ""
    for row in late.head(1).to_dict("records"):
        worst = sentence(", most on {of}: {end_variance_days:days}", row, of=measures.project_text(row))
    slips = (
        "{slipping} of {not_done} tasks not done will finish after their baseline, {critical_slipping} of them on the critical path; "
        "{done_of_due_percent:%} of {due} tasks due are done."
    )
    findings = sentences(
        {"{tasks:task(s)} without a baseline, {not_done} of them not done.": no_tasks, slips: not no_tasks},
        figures,
    )
    ends = {
        "The end moves later on {late} of {based:project(s)} with a baseline{worst}.": based,
        "No project has a baseline: whether its end moves is not known.": not based,
    }
    findings += sentences(ends, late=len(late), based=based, worst=worst)
    if figures["without_baseline"] and not no_tasks:
        text = "{without_baseline} of {tasks} tasks have no baseline: whether they slip cannot be said."
        if later := int(summary["later_without_baseline"].sum()):
            text += " {later} of them finish after the last task of their project that has one."
        findings.append(sentence(text, figures, later=later))
    return findings


def _tasks(data: ReportData) -> pd.DataFrame:
    """Return the leaves of all schedules, with the day each is expected to finish."""
    other = "id name task_name parent_id has_children percentage actual_finish critical_path"
    rows = data.take("schedule_tasks", "", "finish_datetime baseline_finish", other).rename(columns=_NAMES)
    rows["name"] = rows["name"].fillna(rows["task_name"])
    other = "activity_id activity_name parent_id percent_complete is_actual_finish is_critical"
    newer = data.take("schedule_activities", "", "finish_date", other).rename(columns=_NAMES)
    both = newer["project_id"].isin(rows["project_id"].dropna())
    newer = data.exclude("schedule_activities", newer, both, "the project has schedule tasks")
    newer["actual_finish"] = newer["finish"].where(booleans(newer["is_actual_finish"]))
    columns = list(dict.fromkeys([*rows.columns, *newer.columns]))
    ids = {"id": "object", "parent_id": "object"}
    rows = concat_rows([frame.astype(ids) for frame in (rows, newer)]).reindex(columns=columns)
    parents = rows["parent_id"].dropna().astype(str)
    above = rows["has_children"].isna() & rows["id"].astype(str).isin(parents)
    rows = data.exclude("schedule_tasks", rows, booleans(rows["has_children"]) | above, "sums up others")
    for name in ("finish", "baseline_finish", "actual_finish"):
        rows[name] = data.days(rows, name, whole_days=True)
    today = data.today(rows)
    rows["done"] = rows["actual_finish"].notna() | (amounts(rows["percent"]) >= 100)
    dated = rows["finish"].notna() | rows["baseline_finish"].notna()
    ahead = rows["finish"].where(rows["finish"] >= today, today).where(dated)
    rows["expected_finish"] = rows["actual_finish"].fillna(rows["finish"].where(rows["done"], ahead))
    rows["variance_days"] = (rows["expected_finish"] - rows["baseline_finish"]).dt.days.astype("Int64")
    rows["slipping"] = ~rows["done"] & (rows["variance_days"] > 0)
    rows["due"] = rows["baseline_finish"] <= today
    rows["critical"] = booleans(rows["critical"])
    return rows


def _figures(rows: pd.DataFrame) -> dict[str, Any]:
    slipping, based = rows["slipping"].fillna(False).astype(bool), rows["baseline_finish"].notna()
    end, planned = rows.loc[based, "expected_finish"].max(), rows["baseline_finish"].max()
    return {
        "tasks": len(rows),
        "done": int(rows["done"].sum()),
        "not_done": int((~rows["done"]).sum()),
        "due": int(rows["due"].sum()),
        "done_of_due_percent": percent((rows["due"] & rows["done"]).sum(), rows["due"].sum()),
        "slipping": int(slipping.sum()),
        "critical_slipping": int((slipping & rows["critical"]).sum()),
        "median_variance_days": median(rows["variance_days"]),
        "end_variance_days": math.nan if pd.isna(end) or pd.isna(planned) else (end - planned).days,
        "without_baseline": int((~based).sum()),
        "later_without_baseline": int((~based & (rows["expected_finish"] > end)).sum()),
    }
