"""Quality and punch: do inspections pass, are observations and punch items put right, how many are left.

In: the lists `checklists`, `observation_items`, `punch_items`. Out: an `Answer` each. Speaks to no service.
"""

from __future__ import annotations

from typing import Any, Literal

import pandas as pd

from procore_nb.reports.deadlines import (
    COLUMNS,
    by_holder,
    closed_measure,
    due_items,
    known_by,
    latest_first,
    open_measure,
)
from procore_nb.reports.definition import Use, report
from procore_nb.reports.measures import (
    amounts,
    count,
    figures_frame,
    figures_of,
    grouped,
    mean,
    percent,
    sentence,
)
from procore_nb.reports.pictures import bars
from procore_nb.reports.report_data import ReportData, elements, names_in, plain_words
from procore_nb.reports.result import Answer

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
    halves = [
        data.totals(rows, measure, name, unknown={name: measure(rows)})
        for name, rows, measure in (
            ("checklists", inspections, _rate),
            ("observation_items", items, _observed),
        )
    ]
    (rated, all_rated), (observed, all_observed) = halves
    summary = rated.merge(observed, on=["project_id", "project_name"], how="outer", sort=True)
    whole = pd.concat([all_rated, all_observed], axis=1)
    figures = figures_of(whole)
    vendors = items["assignee.vendor.name"].map(lambda one: [] if pd.isna(one) else [one])
    tables = {
        "total": whole,
        "by_inspection_type": grouped(inspections, "inspection_type", _rate),
        "by_vendor": by_holder(items, vendors),
        "inspections": inspections.drop(columns=_COUNTS[2:]),
    }
    worst = tables["by_inspection_type"].sort_values("conformance_percent", ignore_index=True)
    findings, pictures = [], []
    if not data.not_given("checklists"):
        findings.append(
            sentence(
                "{conformance_percent:%} of the items rated in {inspections_rated} inspections conform (all inspections together); the mean of these "
                "inspections is {mean_of_inspections_percent:%}. {with_deficiency:inspection(s)} found a deficiency, {not_started} are not started.",
                figures,
            )
        )
        pictures.append(
            bars(
                "Conformance by type, all inspections together",
                worst,
                "inspection_type",
                "conformance_percent",
                unit="% of rated items",
            )
        )
    if not data.not_given("observation_items"):
        findings.append(
            sentence(
                "{not_closed:observation(s)} not closed, {overdue} of them overdue ({overdue_without_ready_for_review} without those ready for review). "
                "Of those closed with a due date, {closed_on_time_percent:%} of {on_time_of} were on time; half were closed within {median_days_to_close:days}.",
                figures,
            )
        )
        pictures.append(
            bars(
                "Overdue observations by vendor",
                tables["by_vendor"],
                "name",
                "overdue",
                unit="observations",
                largest=True,
            )
        )
    rows = latest_first(items, [*_ITEM, "assignee.vendor.name", "assignee.name", *COLUMNS])
    return Answer(summary, rows, tables, findings, pictures, ("assignee.name",))


def _inspections(data: ReportData) -> pd.DataFrame:
    other = ["inspection_type.name", "list_template_name", "created_at", "closed_at", "inspected_item_count"]
    rows = data.take(
        "checklists", "", f"status {' '.join(_COUNTS[:2])}", f"id name {' '.join([*_COUNTS[2:], *other])}"
    )
    started, closed = data.days(rows, "created_at"), data.days(rows, "closed_at")
    rows, _, closed = known_by(data, "checklists", rows, started, closed)
    rows = data.exclude("checklists", rows, closed > data.today(rows), "closed after this day")
    rows = rows.assign(**{one: amounts(rows[one]) for one in (*_COUNTS, "inspected_item_count")})
    inspected = rows["inspected_item_count"].fillna(rows[_COUNTS].sum(axis=1, min_count=1))
    good = rows["conforming_item_count"]
    rated = good + rows["deficient_item_count"]
    named = rows["inspection_type.name"].fillna(rows["list_template_name"]).astype("string")
    return rows.assign(
        rate=(100 * good / rated).where(rated > 0).astype("float64"),
        not_started=inspected.eq(0) & plain_words(rows["status"]).ne("closed"),
        inspection_type=named.fillna("(not stated)"),
    ).drop(columns=other)


def _rate(rows: pd.DataFrame) -> dict[str, Any]:
    good, bad = rows["conforming_item_count"].sum(), rows["deficient_item_count"].sum()
    return {
        "inspections": len(rows),
        "conformance_percent": percent(good, good + bad),
        "mean_of_inspections_percent": mean(rows["rate"]),
        "inspections_rated": int(rows["rate"].count()),
        "with_deficiency": int((rows["deficient_item_count"] > 0).sum()),
        "not_started": int(rows["not_started"].sum()),
    }


def _observations(data: ReportData, ready_counts: bool) -> pd.DataFrame:
    other = "id name assignee.name assignee.vendor.name"
    rows = data.take("observation_items", "", "status due_date created_at closed_at", other)
    status = plain_words(rows["status"])
    rows = data.exclude("observation_items", rows, status.eq("draft"), "draft")
    rows = due_items(data, "observation_items", rows, status)
    if data.past:
        data.note("Whether an observation was ready for review on that day is not known.")
    ready = status[rows.index].eq("ready_for_review") & (not data.past)
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
    draft = status.eq("draft") | plain_words(rows["workflow_status"]).eq("draft")
    rows = data.exclude("punch_items", rows, draft, "draft")
    other = ~status[rows.index].isin(["open", "overdue", "pending", "closed"])
    rows = data.exclude("punch_items", rows, other, "other status")
    rows = due_items(data, "punch_items", rows, status)
    unit = _SQUARE_METRES if area_unit == "m2" else 1
    rows["area"] = amounts(data.of_project(rows, "square_feet")) * unit
    rows["vendor"], rows["assignee"] = _firms(rows["assignments"]), names_in(rows["assignees"])
    density = f"per_10000_{area_unit}"

    def measure(part: pd.DataFrame) -> dict[str, Any]:
        placed = part[part["area"] > 0]
        area = placed.drop_duplicates("project_id")["area"].sum() or float("nan")
        items = {density: len(placed), f"not_closed_{density}": int(placed["is_open"].sum())}
        dense = {name: round(number / area * 10_000, 2) for name, number in items.items()}
        return {"items": len(part)} | open_measure(part) | dense | closed_measure(part)

    summary, whole = data.totals(rows, measure, "punch_items")
    some = summary["items"].gt(0)
    without = int((some & summary[density].isna()).sum())
    figures = figures_of(whole) | {"projects_without_area": without}
    tables = {
        "total": figures_frame([figures]),
        "by_vendor": by_holder(rows, rows["vendor"], "vendor"),
        "by_assignee": by_holder(rows, rows["assignee"], "assignee"),
    }
    findings = [
        sentence("{not_closed} of {items:punch item(s)} not closed, {overdue} of them overdue.", figures)
    ]
    if figures["closed"]:
        findings.append(
            sentence(
                "Half of the closed took up to {median_days_to_close:days}; {closed_on_time_percent:%} of the {on_time_of} closed with a due date were on time.",
                figures,
            )
        )
    if without < some.sum():
        findings.append(
            sentence(
                "{dense} items per 10,000 {unit} over projects with an area; {projects_without_area:project(s)} without one left out.",
                figures,
                dense=figures[density],
                unit=area_unit.replace("_", " "),
            )
        )
    pictures = [
        bars(
            "Punch items not closed, by vendor",
            tables["by_vendor"],
            "vendor",
            "open",
            unit="items",
            largest=True,
        )
    ]
    shown = latest_first(rows, [*_ITEM, "vendor", "assignee", *COLUMNS])
    return Answer(summary, shown, tables, findings, pictures, ("assignee",))


def _firms(assignments: pd.Series[Any]) -> pd.Series[Any]:
    """Return the firms of each item's assignees, each once."""
    each = elements(assignments)
    name = next((one for one in ("vendor.name", "vendor_name") if one in each.columns), None)
    found = each.dropna(subset=[name]).groupby("row")[name].unique() if name else pd.Series(dtype="object")
    return pd.Series([list(found.get(at, ())) for at in assignments.index], assignments.index, dtype="object")
