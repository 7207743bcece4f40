"""RFIs: which are overdue, with whom, and how long answers take.

In: the lists `rfis` and `projects`. Out: an `Answer`. Speaks to no service.
"""

from __future__ import annotations

from typing import Any, Literal

import pandas as pd

from procore_nb.reports.days import check_classes, class_names, classes
from procore_nb.reports.deadlines import COLUMNS, by_holder, closed_measure, due_items, latest_first
from procore_nb.reports.definition import Use, report
from procore_nb.reports.measures import by_class, censored_quantile, count, figures_of, sentence, words
from procore_nb.reports.pictures import bars
from procore_nb.reports.report_data import ReportData, names_in, plain_words
from procore_nb.reports.result import Answer

_SHOWN = words("project_id project_name id number subject status class started due_date closed ball_in_court")


@report(
    "RFIs", "Which RFIs are overdue, with whom, and how long do answers take?", Use("rfis"), rebuilds=True
)
def rfis(
    data: ReportData,
    *,
    clock: Literal["initiated_at", "created_at"] = "initiated_at",
    age_classes: tuple[int, ...] = (7, 14, 30, 60),
) -> Answer:
    """Count what is open, overdue and closed.

    Open is status open; drafts and closed drafts are left out, and superseded revisions, so that a question counts once.
    Overdue is open with `due_date` before the day of the report: due today is not late. Age runs from `initiated_at`
    (`clock`), else `created_at`. The ball in court counts for each holder, so persons add up to more than RFIs. Days to
    close are those of closed RFIs. As the slowest are still open, median and 90th percentile are also given with open RFIs
    counted (the Kaplan-Meier estimate): an RFI open for 20 days takes more than 20 days. On time is closed by the due date,
    of those closed that have one.
    """
    bounds = check_classes(age_classes, "age_classes")
    rows = rfi_rows(data, clock)
    rows["age_class"] = classes(rows["age_days"], bounds)
    summary, whole = data.totals(rows, _measure, "rfis")
    whole["drafts_left_out"] = pd.array([data.coverage.count("draft", "rfis")], dtype="Int64")
    ages = by_class(
        rows[rows["is_open"]],
        "age_class",
        class_names(bounds),
        lambda part: {"open": len(part), "overdue": count(part["overdue"])},
    )
    tables = {"total": whole, "by_age": ages}
    if data.past:
        data.note("Who held an RFI on that day is not known, so holders are left out.")
        rows["ball_in_court"] = [[] for _ in rows.index]
    elif not (data.lacks("rfis", "ball_in_courts") and data.lacks("rfis", "ball_in_court.name")):
        tables["by_person"] = by_holder(rows, rows["ball_in_court"])
    late = summary.sort_values("overdue", ascending=False)
    pictures = [
        bars("Open RFIs by age in days", ages, "age_class", "open", unit="RFIs"),
        bars("Overdue RFIs by project", late, "project_name", "overdue", unit="RFIs", largest=True),
    ]
    findings = _findings(figures_of(whole), tables.get("by_person"))
    shown = latest_first(rows, [*_SHOWN, *COLUMNS, "age_class"])
    return Answer(summary, shown, tables, findings, pictures, ("ball_in_court", "name"))


def rfi_rows(data: ReportData, clock: str) -> pd.DataFrame:
    """Return the RFIs that count, with the columns that decide."""
    rows = data.take(
        "rfis",
        "status",
        "due_date created_at time_resolved ball_in_courts",
        "id number subject initiated_at current_revision revision source_rfi_header_id ball_in_court.name",
    )
    rows = data.current("rfis", rows, rows["source_rfi_header_id"].fillna(rows["id"]))
    status = plain_words(rows["status"])
    rows = data.exclude("rfis", rows, status.isin(["draft", "closed_draft"]), "draft")
    rows = data.exclude("rfis", rows, ~status[rows.index].isin(["open", "closed"]), "other status")
    started = data.days(rows, "created_at")
    if clock == "initiated_at":
        started = data.days(rows, "initiated_at").fillna(started)
    rows = due_items(data, "rfis", rows, status, started=started, closed="time_resolved")
    rows["class"] = rows["is_open"].map({True: "open", False: "closed"}).astype("string")
    rows["ball_in_court"] = names_in(rows["ball_in_courts"], rows["ball_in_court.name"])
    return rows


def _measure(rows: pd.DataFrame) -> dict[str, Any]:
    lengths, ended = rows["days_to_close"].fillna(rows["age_days"]), rows["days_to_close"].notna()
    done = closed_measure(rows)
    return {
        "open": int(rows["is_open"].sum()),
        "overdue": count(rows["overdue"]),
        "due_today": count(rows["due_today"]),
        "without_due_date": count(rows["undated"]),
        "closed": done["closed"],
        "median_days": done["median_days_to_close"],
        "on_time_percent": done["closed_on_time_percent"],
        "on_time_of": done["on_time_of"],
        "censored_median_days": censored_quantile(lengths, ended, 0.5),
        "censored_p90_days": censored_quantile(lengths, ended, 0.9),
    }


def _findings(whole: dict[Any, Any], people: pd.DataFrame | None) -> list[str]:
    found = [
        sentence("{open:RFI(s)} open, {overdue} of them overdue; {due_today} due today, {without_due_date} without a due date.", whole)
    ]  # fmt: skip
    late = [] if people is None else people[people["overdue"].fillna(0) > 0].to_dict("records")
    if late:
        found.append(
            sentence(
                "Most overdue RFIs are with {name}: {overdue}, the latest by {longest_late_days:days}. An RFI counts for each of its holders.",
                late[0],
            )
        )
    if whole["closed"]:
        reached = whole["censored_median_days"] >= 0
        median = "is {censored_median_days:days}" if reached else "is not reached yet"
        found.append(
            sentence(
                "Half of the {closed} closed RFIs were closed within {median_days:days}; counting RFIs that are still open, the median "
                f"{median}. {{on_time_percent:%}} of the {{on_time_of}} closed with a due date were on time.",
                whole,
            )
        )
    return found
