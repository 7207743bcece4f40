"""RFIs: which are overdue, with whom, and how long answers take.

In: the lists `rfis` and `projects`. Out: an `Answer`. Speaks to no service.
"""

from __future__ import annotations

from typing import Any, Literal

import pandas as pd

from procore_nb.progress import counted
from procore_nb.reports.days import check_classes, class_names, classes
from procore_nb.reports.deadlines import COLUMNS, by_holder, closed_measure, known_by, with_deadlines
from procore_nb.reports.definition import Use, report
from procore_nb.reports.measures import by_class, censored_quantile, count, figures_frame, number_text, words
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
    close are those of closed RFIs; beside them the censored median and 90th percentile (Kaplan-Meier), in which open RFIs
    count as far as they got. On time is closed by the due date, of those closed that have one.
    """
    bounds = check_classes(age_classes, "age_classes")
    rows = rfi_rows(data, clock)
    rows["age_class"] = classes(rows["age_days"], bounds)
    opened = rows[rows["is_open"]]
    figures = _measure(rows) | {"drafts_left_out": data.coverage.count("draft", "rfis")}
    tables = {
        "total": figures_frame([figures]),
        "by_age": by_class(opened, "age_class", class_names(bounds), lambda part: {"open": len(part), "overdue": count(part["overdue"])}),
    }  # fmt: skip
    if data.past:
        data.notes.append("Who held an RFI on that day is not known, so holders are left out.")
        rows["ball_in_court"] = [[] for _ in rows.index]
    elif not (data.lacks("rfis", "ball_in_courts") and data.lacks("rfis", "ball_in_court.name")):
        tables["by_person"] = by_holder(rows, rows["ball_in_court"])
    summary = data.summary(rows, _measure, "rfis")
    late = summary.sort_values("overdue", ascending=False)
    pictures = [
        bars("Open RFIs by age in days", tables["by_age"], "age_class", "open", unit="RFIs"),
        bars("Overdue RFIs by project", late, "project_name", "overdue", unit="RFIs", largest=True),
    ]
    order = ["late_days", "age_days"]
    shown = rows[[*_SHOWN, *COLUMNS, "age_class"]].sort_values(order, ascending=False, ignore_index=True)
    return Answer(summary, shown, tables, _findings(figures, tables), pictures, ("ball_in_court", "name"))


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
    started, closed = data.days(rows, "created_at"), data.days(rows, "time_resolved")
    if clock == "initiated_at":
        started = data.days(rows, "initiated_at").fillna(started)
    rows, started, closed = known_by(data, "rfis", rows, started, closed)
    # One closed since was open on the day of the report.
    is_open = status[rows.index].eq("open") | (closed > data.today(rows))
    rows = with_deadlines(data, "rfis", rows, is_open=is_open, started=started, closed=closed)
    rows["class"] = is_open.map({True: "open", False: "closed"}).astype("string")
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


def _findings(whole: dict[str, Any], tables: dict[str, pd.DataFrame]) -> list[str]:
    found = [
        f"{counted(whole['open'], 'RFI')} open, {number_text(whole['overdue'])} of them overdue; "
        f"{number_text(whole['due_today'])} due today, {number_text(whole['without_due_date'])} without a due date."
    ]
    people = tables.get("by_person")
    late = None if people is None else people[people["overdue"].fillna(0) > 0]
    if late is not None and len(late):
        first = late.iloc[0]
        found.append(
            f"Most overdue RFIs are with {first['name']}: {first['overdue']:,}, the latest by {first['longest_late_days']:,} days. "
            "An RFI counts for each of its holders."
        )
    if whole["closed"]:
        found.append(
            f"Of {whole['closed']:,} closed, half were closed within {number_text(whole['median_days'], 'days')}; of all, "
            f"also those still open, half within {number_text(whole['censored_median_days'], 'days') if whole['censored_median_days'] >= 0 else 'a time not reached yet'}. "
            f"{number_text(whole['on_time_percent'], '%')} of the {whole['on_time_of']:,} closed with a due date were on time."
        )
    return found
