"""Items with a due date: age, overdue, late, days to close, on time. RFIs, submittals, observations and punch items share it.

In: rows, which of them are open, when they began and closed. Out: the rows with the columns that decide, and the figures
of such rows. Speaks to no service.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from procore_nb.reports.measures import count, grouped, median, percent
from procore_nb.reports.report_data import ReportData
from procore_nb.reports.result import NOBODY

COLUMNS = ["age_days", "overdue", "late_days", "late_working_days", "days_to_close", "on_time"]


def due_items(
    data: ReportData,
    name: str,
    rows: pd.DataFrame,
    status: pd.Series[Any],
    *,
    started: pd.Series[Any] | None = None,
    closed: str = "closed_at",
) -> pd.DataFrame:
    """Return the items that had begun by the day of the report, with deadlines; open is not of status closed.

    One closed since was open on that day. `started` is the day of `created_at`, unless given.
    """
    started = data.days(rows, "created_at") if started is None else started
    rows, started, ended, status = known_by(data, name, rows, started, data.days(rows, closed), status)
    is_open = status.ne("closed") | (ended > data.today(rows))
    return with_deadlines(data, name, rows, is_open=is_open, started=started, closed=ended)


def with_deadlines(
    data: ReportData,
    name: str,
    rows: pd.DataFrame,
    *,
    is_open: pd.Series[Any],
    started: pd.Series[Any],
    closed: pd.Series[Any],
) -> pd.DataFrame:
    """Return the rows with `COLUMNS`, `started`, `closed`, `is_open`, `due_today` and `undated`.

    Overdue is open with `due_date` before the day of the report. Without a column `due_date` what it decides is missing.
    `closed` counts where a row is not open.
    """
    rows = rows.copy()
    today = data.today(rows)
    rows["due_date"] = due = data.days(rows, "due_date")
    rows["started"], rows["is_open"] = started, is_open.astype(bool)
    rows["closed"] = closed.where(~rows["is_open"])
    rows["age_days"] = data.between(rows, started, today).where(rows["is_open"])
    for column, mask in {"overdue": due < today, "due_today": due == today, "undated": due.isna()}.items():
        rows[column] = (rows["is_open"] & mask).astype("boolean")
        if data.lacks(name, "due_date"):
            rows[column] = pd.Series(pd.NA, rows.index, dtype="boolean")
    late = rows["overdue"].fillna(False).astype(bool)
    rows["late_days"] = data.between(rows, due, today).where(late)
    country = data.of_project(rows, "country_code")
    rows["late_working_days"] = data.counter.working_between(due, today, country).where(late)
    rows["days_to_close"] = data.between(rows, started, rows["closed"])
    both = rows["closed"].notna() & due.notna()
    rows["on_time"] = (rows["closed"] <= due).astype("boolean").where(both)
    return rows


def known_by(
    data: ReportData, name: str, rows: pd.DataFrame, started: pd.Series[Any], *others: pd.Series[Any]
) -> tuple[Any, ...]:
    """Return the rows that had begun by the day of the report, and other columns for them; the rest are counted."""
    late = started > data.today(rows)
    rows = data.exclude(name, rows, late, "begun after this day")
    return (rows, started[rows.index], *(one[rows.index] for one in others))


def open_measure(rows: pd.DataFrame) -> dict[str, Any]:
    """Return the figures of open items."""
    return {
        "not_closed": int(rows["is_open"].sum()),
        "overdue": count(rows["overdue"]),
        "without_due_date": count(rows["undated"]),
    }


def closed_measure(rows: pd.DataFrame) -> dict[str, Any]:
    """Return the figures of closed items."""
    timed = rows["on_time"].dropna()
    return {
        "closed": int((~rows["is_open"]).sum()),
        "median_days_to_close": median(rows["days_to_close"]),
        "closed_on_time_percent": percent(timed.sum(), len(timed)),
        "on_time_of": len(timed),
    }


def latest_first(rows: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Return these columns of the rows, those that are latest first."""
    return rows[[*columns]].sort_values(["late_days", "age_days"], ascending=False, ignore_index=True)


def by_holder(rows: pd.DataFrame, holders: pd.Series[Any], label: str = "name") -> pd.DataFrame:
    """Return one row for each holder of an open item, who is late first; an item counts for each, nobody comes last."""

    def measure(part: pd.DataFrame) -> dict[str, Any]:
        late = {"overdue": count(part["overdue"]), "longest_late_days": part["late_days"].max()}
        return {"open": len(part), **late, "projects": part["project_id"].nunique(dropna=False)}

    each = rows.assign(**{label: holders.map(lambda names: names or [NOBODY])})
    found = grouped(each[each["is_open"]].explode(label).astype({label: "string"}), label, measure)
    order = found.assign(nobody=found[label].eq(NOBODY)).sort_values(
        ["nobody", "overdue", "open", label], ascending=[True, False, False, True], ignore_index=True
    )
    return order.drop(columns="nobody")
