"""Quality and punch: do inspections pass, are observations and punch items put right, how many are left.

In: the lists `checklists`, `observation_items`, `punch_items`. Out: an `Answer` each. Speaks to no service.
"""

from __future__ import annotations

from typing import Any, Literal

import pandas as pd

from procore_nb.progress import counted
from procore_nb.reports.deadlines import (
    COLUMNS,
    by_holder,
    closed_measure,
    known_by,
    open_measure,
    with_deadlines,
)
from procore_nb.reports.definition import Use, report
from procore_nb.reports.measures import amounts, count, figures_frame, grouped, number_text, percent, words
from procore_nb.reports.pictures import bars
from procore_nb.reports.report_data import ReportData, elements, names_in, plain_words
from procore_nb.reports.result import Answer
from procore_nb.scalars import is_missing

_ITEM = ["project_id", "project_name", "id", "name", "status", "started", "due_date", "closed"]
_COUNTS = ["conforming_item_count", "deficient_item_count", "not_applicable_item_count", "neutral_item_count"]
_SQUARE_METRES = 0.09290304  # in a square foot


@report(
    "Quality",
    "Do inspections pass, and are observations put right in time?",
    Use("checklists", optional=True, decides="whether inspections pass is not known"),
    Use("observation_items", optional=True, decides="which observations are open or late is not known"),
    rebuilds=True,
)
def quality(data: ReportData, *, ready_for_review_counts: bool = True) -> Answer:
    """Rate inspections and count observations.

    Conformance is conforming / (conforming + deficient) items: of all inspections together, and beside it the mean of the
    inspections. Neutral and not applicable items do not count; an inspection without rated items has no rate. An observation
    is overdue that is not closed with `due_date` before the day of the report; those ready for review count, unless
    `ready_for_review_counts=False`. Days to close run from `created_at`; on time is closed by the due date, of those closed
    that have one.
    """
    inspections, items = _inspections(data), _observations(data, ready_for_review_counts)
    summary = data.summary(inspections, _rate, "checklists")
    observed = data.summary(items, _observed, "observation_items")
    summary = summary.merge(observed, on=["project_id", "project_name"], how="outer", sort=True)
    whole = figures_frame([_rate(inspections) | _observed(items)])
    for name, own in (("checklists", _rate(inspections)), ("observation_items", _observed(items))):
        summary, whole = (data.blank(one, name, own) for one in (summary, whole))
    figures = whole.to_dict("records")[0]
    tables = {
        "total": whole,
        "by_inspection_type": grouped(inspections, "inspection_type", _rate),
        "by_vendor": by_holder(items, items["assignee.vendor.name"].map(lambda one: [] if pd.isna(one) else [one])),
        "inspections": inspections.drop(columns=_COUNTS[2:]),
    }  # fmt: skip
    findings = [
        f"{number_text(figures['conformance_percent'], '%')} of the items rated in {number_text(figures['inspections_rated'])} "
        f"inspections conform (all inspections together); the mean of these inspections is {number_text(figures['mean_of_inspections_percent'], '%')}. "
        f"{_counted(figures['with_deficiency'], 'inspection')} found a deficiency, {number_text(figures['not_started'])} are not started.",
        f"{_counted(figures['not_closed'], 'observation')} not closed, {number_text(figures['overdue'])} of them overdue "
        f"({number_text(figures['overdue_without_ready_for_review'])} without those ready for review). Of those closed with a due "
        f"date, {number_text(figures['closed_on_time_percent'], '%')} of {number_text(figures['on_time_of'])} were on time; half were closed "
        f"within {number_text(figures['median_days_to_close'], 'days')}.",
    ]
    worst = tables["by_inspection_type"].sort_values("conformance_percent", ignore_index=True)
    pictures = [
        bars("Conformance by type, all inspections together", worst, "inspection_type", "conformance_percent", unit="% of rated items"),
        bars("Overdue observations by vendor", tables["by_vendor"], "name", "overdue", unit="observations", largest=True),
    ]  # fmt: skip
    known = [not data.not_given(one) for one in ("checklists", "observation_items")]
    findings = [one for one, is_known in zip(findings, known, strict=True) if is_known]
    pictures = [one for one, is_known in zip(pictures, known, strict=True) if is_known]
    rows = items[[*_ITEM, "assignee.vendor.name", "assignee.name", *COLUMNS]]
    rows = rows.sort_values(["late_days", "age_days"], ascending=False, ignore_index=True)
    return Answer(summary, rows, tables, findings, pictures, ("assignee.name",))


def _counted(number: Any, noun: str) -> str:
    return f"unknown {noun}s" if is_missing(number) else counted(int(number), noun)


def _inspections(data: ReportData) -> pd.DataFrame:
    needed = " ".join(_COUNTS[:2])
    other = f"id name {' '.join(_COUNTS[2:])} inspected_item_count created_at closed_at inspection_type.name list_template_name"
    rows = data.take("checklists", "", f"status {needed}", other)
    rows, _, closed = known_by(
        data, "checklists", rows, data.days(rows, "created_at"), data.days(rows, "closed_at")
    )
    rows = data.exclude("checklists", rows, closed > data.today(rows), "closed after this day")
    for name in (*_COUNTS, "inspected_item_count"):
        rows[name] = amounts(rows[name])
    inspected = rows["inspected_item_count"].fillna(rows[_COUNTS].sum(axis=1, min_count=1))
    rated = rows["conforming_item_count"] + rows["deficient_item_count"]
    rows["rate"] = (100 * rows["conforming_item_count"] / rated).where(rated > 0).astype("float64")
    rows["not_started"] = inspected.eq(0) & plain_words(rows["status"]).ne("closed")
    rows["inspection_type"] = (
        rows["inspection_type.name"]
        .fillna(rows["list_template_name"])
        .astype("string")
        .fillna("(not stated)")
    )
    return rows.drop(
        columns=words("created_at closed_at inspection_type.name list_template_name inspected_item_count")
    )


def _rate(rows: pd.DataFrame) -> dict[str, Any]:
    good, bad = rows["conforming_item_count"].sum(), rows["deficient_item_count"].sum()
    rates = rows["rate"].dropna()
    return {
        "inspections": len(rows),
        "conformance_percent": percent(good, good + bad),
        "mean_of_inspections_percent": round(float(rates.mean()), 2),
        "inspections_rated": len(rates),
        "with_deficiency": int((rows["deficient_item_count"] > 0).sum()),
        "not_started": int(rows["not_started"].sum()),
    }


def _observations(data: ReportData, ready_counts: bool) -> pd.DataFrame:
    other = "id name assignee.name assignee.vendor.name"
    rows = data.take("observation_items", "", "status due_date created_at closed_at", other)
    status = plain_words(rows["status"])
    rows = data.exclude("observation_items", rows, status.eq("draft"), "draft")
    days = data.days(rows, "created_at"), data.days(rows, "closed_at")
    rows, started, closed = known_by(data, "observation_items", rows, *days)
    status = status[rows.index]
    is_open = status.ne("closed") | (closed > data.today(rows))
    rows = with_deadlines(data, "observation_items", rows, is_open=is_open, started=started, closed=closed)
    if data.past:
        data.notes.append("Whether an observation was ready for review on that day is not known.")
    ready = status.eq("ready_for_review") & (not data.past)
    rows["overdue_without_ready_for_review"] = rows["overdue"] & ~ready
    if not ready_counts:
        rows["overdue"] = rows["overdue_without_ready_for_review"]
        rows["late_days"] = rows["late_days"].where(rows["overdue"].fillna(False))
    return rows


def _observed(rows: pd.DataFrame) -> dict[str, Any]:
    apart = {"overdue_without_ready_for_review": count(rows["overdue_without_ready_for_review"])}
    return open_measure(rows) | apart | closed_measure(rows)


@report("Punch list", "How much is left, how dense is it, and with whom?", Use("punch_items"), rebuilds=True)
def punch(data: ReportData, *, area_unit: Literal["sq_ft", "m2"] = "sq_ft") -> Answer:
    """Count punch items.

    Not closed is Open, Overdue or Pending; deleted items and drafts are left out. Overdue is not closed with `due_date`
    before the day of the report, whatever the status says. Density is items per 10,000 square feet of the project's area
    (`area_unit="m2"`: square metres); a project without an area has none, and is left out of that of all projects. On time is
    closed by the due date, of those closed that have one. By vendor an item counts for each of its assignees' firms.
    """
    rows = data.take(
        "punch_items",
        "status",
        "due_date created_at closed_at",
        "id name position workflow_status assignments assignees ball_in_court",
    )
    status = plain_words(rows["status"])
    rows = data.exclude(
        "punch_items", rows, status.eq("draft") | plain_words(rows["workflow_status"]).eq("draft"), "draft"
    )
    other = ~status[rows.index].isin(["open", "overdue", "pending", "closed"])
    rows = data.exclude("punch_items", rows, other, "other status")
    days = data.days(rows, "created_at"), data.days(rows, "closed_at")
    rows, started, closed = known_by(data, "punch_items", rows, *days)
    is_open = status[rows.index].ne("closed") | (closed > data.today(rows))
    rows = with_deadlines(data, "punch_items", rows, is_open=is_open, started=started, closed=closed)
    rows["area"] = amounts(data.of_project(rows, "square_feet")) * (
        _SQUARE_METRES if area_unit == "m2" else 1
    )
    rows["vendor"], rows["assignee"] = _firms(rows["assignments"]), names_in(rows["assignees"])

    def measure(part: pd.DataFrame) -> dict[str, Any]:
        placed = part[part["area"] > 0]
        area = placed.drop_duplicates("project_id")["area"].sum()
        dense = {
            f"per_10000_{area_unit}": _density(len(placed), area),
            f"not_closed_per_10000_{area_unit}": _density(int(placed["is_open"].sum()), area),
        }
        return {"items": len(part)} | open_measure(part) | dense | closed_measure(part)

    summary, figures = data.summary(rows, measure, "punch_items"), measure(rows)
    without = summary.loc[summary["items"].gt(0) & summary[f"per_10000_{area_unit}"].isna(), "project_name"]
    tables = {
        "total": figures_frame([figures | {"projects_without_area": len(without)}]),
        "by_vendor": by_holder(rows, rows["vendor"], "vendor"),
        "by_assignee": by_holder(rows, rows["assignee"], "assignee"),
    }
    findings = [
        f"{figures['not_closed']:,} of {counted(figures['items'], 'punch item')} not closed, {number_text(figures['overdue'])} of them overdue."
    ]
    if figures["closed"]:
        findings.append(
            f"Half of the closed took up to {number_text(figures['median_days_to_close'], 'days')}; "
            f"{number_text(figures['closed_on_time_percent'], '%')} of the {figures['on_time_of']:,} closed with a due date were on time."
        )
    if len(without) < summary["items"].gt(0).sum():
        findings.append(
            f"{number_text(figures[f'per_10000_{area_unit}'])} items per 10,000 {area_unit.replace('_', ' ')} over projects with an area; "
            f"{counted(len(without), 'project')} without one left out."
        )
    pictures = [bars("Punch items not closed, by vendor", tables["by_vendor"], "vendor", "open", unit="items", largest=True)]  # fmt: skip
    shown = rows[[*_ITEM, "vendor", "assignee", *COLUMNS]]
    shown = shown.sort_values(["late_days", "age_days"], ascending=False, ignore_index=True)
    return Answer(summary, shown, tables, findings, pictures, ("assignee",))


def _density(items: int, area: float) -> float:
    return round(items / area * 10_000, 2) if area else float("nan")


def _firms(assignments: pd.Series[Any]) -> pd.Series[Any]:
    """Return the firms of each item's assignees, each once."""
    each = elements(assignments)
    name = next((one for one in ("vendor.name", "vendor_name") if one in each.columns), None)
    found = each.dropna(subset=[name]).groupby("row")[name].unique() if name else pd.Series(dtype="object")
    return pd.Series([list(found.get(at, ())) for at in assignments.index], assignments.index, dtype="object")
