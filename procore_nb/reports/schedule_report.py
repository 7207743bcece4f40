"""Schedules: which tasks slip, and whether the end moves.

In: schedule tasks with a baseline, or the activities of newer schedules, which have none. Out: an `Answer`. Speaks to no service.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from procore_nb.progress import counted
from procore_nb.reports.definition import Use, report
from procore_nb.reports.measures import amounts, figures_frame, median, number_text, percent, words
from procore_nb.reports.pictures import bars
from procore_nb.reports.report_data import ReportData, project_of, truth
from procore_nb.reports.result import Answer

_BASED = words(
    "due done_of_due_percent slipping critical_slipping median_variance_days end_variance_days later_without_baseline"
)


def _schedules(frames: dict[str, pd.DataFrame], _: Mapping[str, Any]) -> pd.DataFrame:
    return frames["schedules"].rename(columns={"schedule_id": "id"})


@report(
    "Schedule",
    "Which tasks slip, and does the end move?",
    Use("schedule_tasks", optional=True, decides="what slips against a baseline is not known"),
    Use("schedules", optional=True, unless=("schedule_tasks",)),
    Use(
        "schedule_activities",
        optional=True,
        parent="schedules",
        pick=_schedules,
        decides="nothing is known of projects without schedule tasks",
    ),
)
def schedule(data: ReportData) -> Answer:
    """Compare tasks with their baseline, in calendar days.

    Only leaves count, not the rows that sum up others. Done is an actual finish, or 100 %. Variance is the actual finish − the
    baseline finish; for a task not done the later of its current finish and the day of the report takes the place of the actual one. Positive is
    late. (Procore's own finish_variance looks like working days.) Done of those due is of tasks with a baseline finish up
    to the day of the report. End variance is the last finish − the last baseline finish, both of tasks with a baseline. Tasks
    without a baseline are counted, those that finish later still too, and have no variance.
    """
    rows = _tasks(data)
    summary, figures = data.summary(rows, _measure, "schedule_tasks"), _measure(rows)
    figures["end_variance_days"] = median(summary["end_variance_days"])
    figures["median_end_variance_days"] = figures.pop("end_variance_days")
    if data.not_given("schedule_tasks", "schedule_activities"):
        nothing = summary["tasks"].fillna(0).eq(0)
        for one in _measure(rows):
            summary[one] = summary[one].mask(nothing)
    if data.not_given("schedule_tasks"):  # activities have no baseline
        summary[list(_BASED)] = summary[list(_BASED)].mask(summary["project_id"].notna())
        figures |= dict.fromkeys(_BASED, math.nan) | {"median_end_variance_days": math.nan}
        figures.pop("end_variance_days")
    if rows.empty and data.not_given("schedule_tasks", "schedule_activities"):
        figures = dict.fromkeys(figures, math.nan)
    late = summary[summary["end_variance_days"].fillna(0) > 0].sort_values(
        "end_variance_days", ascending=False
    )
    slipping = rows[rows["slipping"].fillna(False)].sort_values("variance_days", ascending=False)
    based = int(summary["end_variance_days"].notna().sum())
    findings = [
        f"{counted(len(rows), 'task')} without a baseline, {(~rows['done']).sum():,} of them not done."
        if data.not_given("schedule_tasks")
        else f"{number_text(figures['slipping'])} of {number_text(figures['not_done'])} tasks not done will finish after their baseline, {number_text(figures['critical_slipping'])} of them on the critical path; "
        f"{number_text(figures['done_of_due_percent'], '%')} of {number_text(figures['due'])} tasks due are done.",
        f"The end moves later on {len(late):,} of {counted(based, 'project')} with a baseline"
        + (
            f", most on {project_of(late.iloc[0])}: {int(late['end_variance_days'].iloc[0]):,} days."
            if len(late)
            else "."
        )
        if based
        else "No project has a baseline: whether its end moves is not known.",
    ]
    if rows.empty:
        findings = []
    elif figures["without_baseline"] and not data.not_given("schedule_tasks"):
        later = int(summary["later_without_baseline"].sum())
        findings.append(
            f"{figures['without_baseline']:,} of {figures['tasks']:,} tasks have no baseline: whether they slip cannot be said."
            + (
                f" {later:,} of them finish after the last task of their project that has one."
                if later
                else ""
            )
        )
    shown = words(
        "project_id project_name id name critical done baseline_finish finish actual_finish expected_finish variance_days slipping"
    )
    late_ends = (late, "project_name", "end_variance_days")
    pictures = [
        bars("End of the project against its baseline", *late_ends, unit="calendar days later", largest=True)
    ]
    tables = {"total": figures_frame([figures]), "slipping": slipping[shown].reset_index(drop=True)}
    return Answer(summary, rows[shown].sort_values("variance_days", ascending=False, ignore_index=True), tables, findings, pictures)  # fmt: skip


def _tasks(data: ReportData) -> pd.DataFrame:
    """Return the leaves of all schedules, with the day each is expected to finish."""
    rows = data.take(
        "schedule_tasks",
        "",
        "finish_datetime baseline_finish",
        "id name task_name parent_id has_children percentage actual_finish critical_path",
    )
    names = {"finish_datetime": "finish", "percentage": "percent", "critical_path": "critical"}
    rows = rows.rename(columns=names).assign(name=rows["name"].fillna(rows["task_name"]))
    newer = data.take(
        "schedule_activities",
        "",
        "finish_date",
        "activity_id activity_name parent_id percent_complete is_actual_finish is_critical",
    )
    theirs = words("activity_id activity_name percent_complete is_critical finish_date")
    newer = newer.rename(columns=dict(zip(theirs, words("id name percent critical finish"), strict=True)))
    both = newer["project_id"].isin(rows["project_id"].dropna())
    newer = data.exclude("schedule_activities", newer, both, "the project has schedule tasks").copy()
    newer["actual_finish"] = newer["finish"].where(truth(newer["is_actual_finish"]))
    every = [one for one in (rows, newer) if len(one)] or [rows]
    rows = pd.concat(
        [one.astype({"id": "object", "parent_id": "object"}) for one in every], ignore_index=True
    ).reindex(columns=list(dict.fromkeys([*rows.columns, *newer.columns])))
    parents = set(rows["parent_id"].dropna().astype(str))
    group = truth(rows["has_children"]) | (
        rows["has_children"].isna() & rows["id"].astype(str).isin(list(parents))
    )
    rows = data.exclude("schedule_tasks", rows, group, "sums up others")
    for name in ("finish", "baseline_finish", "actual_finish"):
        rows[name] = data.days(rows, name, whole_days=True)
    today = data.today(rows)
    rows["done"] = rows["actual_finish"].notna() | (amounts(rows["percent"]) >= 100)
    ahead = (
        rows["finish"]
        .where(rows["finish"] >= today, today)
        .where(rows["finish"].notna() | rows["baseline_finish"].notna())
    )
    rows["expected_finish"] = rows["actual_finish"].fillna(rows["finish"].where(rows["done"], ahead))
    rows["variance_days"] = (rows["expected_finish"] - rows["baseline_finish"]).dt.days.astype("Int64")
    rows["slipping"] = ~rows["done"] & (rows["variance_days"] > 0)
    rows["due"] = rows["baseline_finish"] <= today
    rows["critical"] = truth(rows["critical"])
    return rows


def _measure(rows: pd.DataFrame) -> dict[str, Any]:
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
