"""Items with a due date, and reports of them: RFIs, observations (with inspections), punch items.

In: the lists `rfis`, `checklists`, `observation_items`, `punch_items`. Out: an `Analysis` each, and for submittals the columns
that decide what is open, overdue, late and on time. Speaks to no service.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import pandas as pd

from procore_nb.reports import measures
from procore_nb.reports.definition import Use, report
from procore_nb.reports.measures import count, figures_frame, grouped, percent, sentence, sentences, words
from procore_nb.reports.report_data import ReportData
from procore_nb.reports.result import NOBODY, Analysis, bars
from procore_nb.reports.typed_columns import (
    amounts,
    check_classes,
    class_names,
    classes,
    names_in,
    nested_records,
    status_codes,
)

DEADLINES = words("age_days overdue late_days late_working_days days_to_close on_time")
_ITEM = words("project_id project_name id name status started due_date closed")
_RFI = words("project_id project_name id number subject status class started due_date closed ball_in_court")
_COUNTS = words("conforming_item_count deficient_item_count not_applicable_item_count neutral_item_count")
_SQUARE_METRES = 0.09290304  # in a square foot


def with_deadlines(
    data: ReportData,
    name: str,
    rows: pd.DataFrame,
    *,
    is_open: pd.Series[Any],
    started: pd.Series[Any],
    closed: pd.Series[Any],
) -> pd.DataFrame:
    """Return the rows with `DEADLINES`, `started`, `closed`, `is_open`, `due_today` and `undated`.

    Overdue is open with `due_date` before the day of the report. Without a column `due_date` what it decides is missing.
    `closed` counts where a row is not open.
    """
    today, due, is_open = data.today(rows), data.days(rows, "due_date"), is_open.astype(bool)
    rows = rows.assign(due_date=due, started=started, is_open=is_open, closed=closed.where(~is_open))
    rows["age_days"] = data.between(rows, started, today).where(is_open)
    for column, mask in {"overdue": due < today, "due_today": due == today, "undated": due.isna()}.items():
        rows[column] = (is_open & mask).astype("boolean")
        if data.lacks(name, "due_date"):
            rows[column] = pd.Series(pd.NA, rows.index, dtype="boolean")
    late = rows["overdue"].fillna(False).astype(bool)
    rows["late_days"] = data.between(rows, due, today).where(late)
    rows["late_working_days"] = data.between(rows, due, today, "working").where(late)
    rows["days_to_close"] = data.between(rows, started, rows["closed"])
    both = rows["closed"].notna() & due.notna()
    rows["on_time"] = (rows["closed"] <= due).astype("boolean").where(both)
    return rows


def _due_items(
    data: ReportData,
    name: str,
    rows: pd.DataFrame,
    status: pd.Series[Any],
    *,
    started: pd.Series[Any] | None = None,
    closed: str = "closed_at",
) -> pd.DataFrame:
    """Return the items that had begun by the day of the report, with deadlines; open is not of status closed."""
    started = data.days(rows, "created_at") if started is None else started
    rows, started, ended, status = data.started_by_day(name, rows, started, data.days(rows, closed), status)
    # What was closed after the day of the report was open on it.
    is_open = status.ne("closed") | (ended > data.today(rows))
    return with_deadlines(data, name, rows, is_open=is_open, started=started, closed=ended)


def _open_figures(rows: pd.DataFrame) -> dict[str, Any]:
    dated = {"overdue": count(rows["overdue"]), "without_due_date": count(rows["undated"])}
    return {"not_closed": int(rows["is_open"].sum()), **dated}


def _closed_figures(rows: pd.DataFrame) -> dict[str, Any]:
    timed = rows["on_time"].dropna()
    return {
        "closed": int((~rows["is_open"]).sum()),
        "median_days_to_close": measures.median(rows["days_to_close"]),
        "closed_on_time_percent": percent(timed.sum(), len(timed)),
        "on_time_of": len(timed),
    }


def _latest_first(rows: pd.DataFrame, *columns: str) -> pd.DataFrame:
    return rows[[*columns]].sort_values(["late_days", "age_days"], ascending=False, ignore_index=True)


def by_holder(rows: pd.DataFrame, holders: pd.Series[Any], label: str = "name") -> pd.DataFrame:
    """Return one row for each holder of an open item, who is late first; an item counts for each, nobody comes last."""

    def measure(part: pd.DataFrame) -> dict[str, Any]:
        late = {"overdue": count(part["overdue"]), "longest_late_days": part["late_days"].max()}
        return {"open": len(part), **late, "projects": part["project_id"].nunique(dropna=False)}

    each = rows.assign(**{label: holders.map(lambda names: names or [NOBODY])})
    table = grouped(each[each["is_open"]].explode(label).astype({label: "string"}), label, measure)
    order = table.assign(nobody=table[label].eq(NOBODY)).sort_values(
        ["nobody", "overdue", "open", label], ascending=[True, False, False, True], ignore_index=True
    )
    return order.drop(columns="nobody")


@report(
    "RFIs", "Which RFIs are overdue, with whom, and how long do answers take?", Use("rfis"), rebuilds=True
)
def rfis(
    data: ReportData,
    *,
    clock: Literal["initiated_at", "created_at"] = "initiated_at",
    age_classes: tuple[int, ...] = (7, 14, 30, 60),
) -> Analysis:
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
    summary, whole = data.totals(rows, _rfi_figures, "rfis")
    whole["drafts_left_out"] = pd.array([data.coverage.count("draft", "rfis")], dtype="Int64")
    ages = _by_age(rows[rows["is_open"]], class_names(bounds))
    tables = {"total": whole, "by_age": ages}
    if data.past:
        data.note("Who held an RFI on that day is not known, so holders are left out.")
        rows["ball_in_court"] = [[] for _ in rows.index]
    elif not (data.lacks("rfis", "ball_in_courts") and data.lacks("rfis", "ball_in_court.name")):
        tables["by_person"] = by_holder(rows, rows["ball_in_court"])
    late = summary.sort_values("overdue", ascending=False)
    pictures = [
        bars("Open RFIs by age in days", ages, "age_class", "open", unit="RFIs", largest=False),
        bars("Overdue RFIs by project", late, "project_name", "overdue", unit="RFIs"),
    ]
    findings = _rfi_findings(whole.to_dict("records")[0], tables.get("by_person"))
    shown = _latest_first(rows, *_RFI, *DEADLINES, "age_class")
    return Analysis(summary, shown, tables, findings, pictures, ("ball_in_court", "name"))


def _by_age(rows: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Return one row for each class of age, also for those without rows; what has no date comes last, if there is any."""
    ages = rows["age_class"].fillna("(no date)")
    parts = {name: rows[ages.eq(name)] for name in [*names, *sorted({*ages} - {*names})]}
    return figures_frame(
        [
            {"age_class": name, "open": len(part), "overdue": count(part["overdue"])}
            for name, part in parts.items()
        ]
    )


def _rfi_findings(figures: dict[Any, Any], people: pd.DataFrame | None) -> list[str]:
    state = "{open:RFI(s)} open, {overdue} of them overdue; {due_today} due today, {without_due_date} without a due date."
    holder = "Most overdue RFIs are with {name}: {overdue}, the latest by {longest_late_days:days}. An RFI counts for each of its holders."
    reached = figures["censored_median_days"] >= 0
    median = "is {censored_median_days:days}" if reached else "is not reached yet"
    closed = (
        "Half of the {closed} closed RFIs were closed within {median_days:days}; counting RFIs that are still open, the median "
        f"{median}. {{on_time_percent:%}} of the {{on_time_of}} closed with a due date were on time."
    )
    late = [] if people is None else people[people["overdue"].fillna(0) > 0].head(1).to_dict("records")
    return [
        sentence(state, figures),
        *(sentence(holder, row) for row in late),
        *sentences({closed: figures["closed"]}, figures),
    ]


def rfi_rows(data: ReportData, clock: str) -> pd.DataFrame:
    """Return the RFIs that count, with the columns that decide."""
    rows = data.take(
        "rfis",
        "status",
        "due_date created_at time_resolved ball_in_courts",
        "id number subject initiated_at current_revision revision source_rfi_header_id ball_in_court.name",
    )
    rows = data.current("rfis", rows, rows["source_rfi_header_id"].fillna(rows["id"]))
    status = status_codes(rows["status"])
    rows = data.exclude("rfis", rows, status.isin(["draft", "closed_draft"]), "draft")
    rows = data.exclude("rfis", rows, ~status[rows.index].isin(["open", "closed"]), "other status")
    started = data.days(rows, "created_at")
    if clock == "initiated_at":
        started = data.days(rows, "initiated_at").fillna(started)
    rows = _due_items(data, "rfis", rows, status, started=started, closed="time_resolved")
    rows["class"] = rows["is_open"].map({True: "open", False: "closed"}).astype("string")
    rows["ball_in_court"] = names_in(rows["ball_in_courts"], rows["ball_in_court.name"])
    return rows


def _rfi_figures(rows: pd.DataFrame) -> dict[str, Any]:
    lengths, ended = rows["days_to_close"].fillna(rows["age_days"]), rows["days_to_close"].notna()
    closed = _closed_figures(rows)
    return {
        "open": int(rows["is_open"].sum()),
        "overdue": count(rows["overdue"]),
        "due_today": count(rows["due_today"]),
        "without_due_date": count(rows["undated"]),
        "closed": closed["closed"],
        "median_days": closed["median_days_to_close"],
        "on_time_percent": closed["closed_on_time_percent"],
        "on_time_of": closed["on_time_of"],
        "censored_median_days": measures.censored_quantile(lengths, ended, 0.5),
        "censored_p90_days": measures.censored_quantile(lengths, ended, 0.9),
    }


@report(
    "Quality",
    "Do inspections pass, and are observations put right in time?",
    Use("checklists", optional=True, decides="whether inspections pass is not known"),
    Use("observation_items", optional=True, decides="which observations are open or late is not known"),
    rebuilds=True,
)
def quality(data: ReportData, *, ready_for_review_counts: bool = True) -> Analysis:
    """Rate inspections and count observations.

    Conformance is conforming / (conforming + deficient) items: of all inspections together, and beside it the mean of the
    inspections. Neutral and not applicable items do not count; an inspection without rated items has no rate. An observation
    is overdue that is not closed with `due_date` before the day of the report; those ready for review count, unless
    `ready_for_review_counts=False`. Days to close run from `created_at`; on time is closed by the due date, of those closed
    that have one.
    """
    inspections, items = _inspections(data), _observations(data, ready_for_review_counts)
    (rated, all_rated), (observed, all_observed) = (
        data.totals(rows, measure, name, unknown={name: measure(rows)})
        for name, rows, measure in (
            ("checklists", inspections, _inspection_figures),
            ("observation_items", items, _observation_figures),
        )
    )
    summary = rated.merge(observed, on=["project_id", "project_name"], how="outer", sort=True)
    whole = pd.concat([all_rated, all_observed], axis=1)
    vendors = items["assignee.vendor.name"].map(lambda name: [] if pd.isna(name) else [name])
    by_type, by_vendor = (
        grouped(inspections, "inspection_type", _inspection_figures),
        by_holder(items, vendors),
    )
    tables = {
        "total": whole,
        "by_inspection_type": by_type,
        "by_vendor": by_vendor,
        "inspections": inspections.drop(columns=_COUNTS[2:]),
    }
    title, figure = "Conformance by type, all inspections together", "conformance_percent"
    worst = by_type.sort_values(figure, ignore_index=True)
    late_title = "Overdue observations by vendor"
    drawn = {
        "checklists": bars(title, worst, "inspection_type", figure, unit="% of rated items", largest=False),
        "observation_items": bars(late_title, by_vendor, "name", "overdue", unit="observations"),
    }
    pooled = (
        "{conformance_percent:%} of the items rated in {inspections_rated} inspections conform (all inspections together); the mean of these "
        "inspections is {mean_of_inspections_percent:%}. {with_deficiency:inspection(s)} found a deficiency, {not_started} are not started."
    )
    late = (
        "{not_closed:observation(s)} not closed, {overdue} of them overdue ({overdue_without_ready_for_review} without those ready for review). "
        "Of those closed with a due date, {closed_on_time_percent:%} of {on_time_of} were on time; half were closed within {median_days_to_close:days}."
    )
    given = {name: not data.not_given(name) for name in drawn}
    findings = sentences(
        {pooled: given["checklists"], late: given["observation_items"]}, whole.to_dict("records")[0]
    )
    pictures = [picture for name, picture in drawn.items() if given[name]]
    rows = _latest_first(items, *_ITEM, "assignee.vendor.name", "assignee.name", *DEADLINES)
    return Analysis(summary, rows, tables, findings, pictures, ("assignee.name",))


def _inspections(data: ReportData) -> pd.DataFrame:
    other = words("inspection_type.name list_template_name created_at closed_at inspected_item_count")
    deciding, shown = f"status {' '.join(_COUNTS[:2])}", ["id", "name", *_COUNTS[2:]]
    rows = data.take("checklists", "", deciding, " ".join([*shown, *other]))
    started, closed = data.days(rows, "created_at"), data.days(rows, "closed_at")
    rows, _, closed = data.started_by_day("checklists", rows, started, closed)
    rows = data.exclude("checklists", rows, closed > data.today(rows), "closed after this day")
    rows = rows.assign(**{name: amounts(rows[name]) for name in (*_COUNTS, "inspected_item_count")})
    inspected = rows["inspected_item_count"].fillna(rows[_COUNTS].sum(axis=1, min_count=1))
    rated = rows["conforming_item_count"] + rows["deficient_item_count"]
    names = rows["inspection_type.name"].fillna(rows["list_template_name"]).astype("string")
    return rows.assign(
        rate=(100 * rows["conforming_item_count"] / rated).where(rated > 0).astype("float64"),
        not_started=inspected.eq(0) & status_codes(rows["status"]).ne("closed"),
        inspection_type=names.fillna("(not stated)"),
    ).drop(columns=other)


def _inspection_figures(rows: pd.DataFrame) -> dict[str, Any]:
    conforming, deficient = rows["conforming_item_count"].sum(), rows["deficient_item_count"].sum()
    return {
        "inspections": len(rows),
        "conformance_percent": percent(conforming, conforming + deficient),
        "mean_of_inspections_percent": measures.mean(rows["rate"]),
        "inspections_rated": int(rows["rate"].count()),
        "with_deficiency": int((rows["deficient_item_count"] > 0).sum()),
        "not_started": int(rows["not_started"].sum()),
    }


def _observations(data: ReportData, ready_counts: bool) -> pd.DataFrame:
    name, shown = "observation_items", "id name assignee.name assignee.vendor.name"
    rows = data.take(name, "", "status due_date created_at closed_at", shown)
    status = status_codes(rows["status"])
    rows = _due_items(data, name, data.exclude(name, rows, status.eq("draft"), "draft"), status)
    if data.past:
        data.note("Whether an observation was ready for review on that day is not known.")
    ready = status[rows.index].eq("ready_for_review") & (not data.past)
    rows["overdue_without_ready_for_review"] = rows["overdue"] & ~ready
    if not ready_counts:
        rows["overdue"] = rows["overdue_without_ready_for_review"]
        rows["late_days"] = rows["late_days"].where(rows["overdue"].fillna(False))
    return rows


def _observation_figures(rows: pd.DataFrame) -> dict[str, Any]:
    apart = {"overdue_without_ready_for_review": count(rows["overdue_without_ready_for_review"])}
    return _open_figures(rows) | apart | _closed_figures(rows)


@report("Punch list", "How much is left, how dense is it, and with whom?", Use("punch_items"), rebuilds=True)
def punch(data: ReportData, *, area_unit: Literal["sq_ft", "m2"] = "sq_ft") -> Analysis:
    """Count punch items.

    Not closed is Open, Overdue or Pending; deleted items and drafts are left out. Overdue is not closed with `due_date`
    before the day of the report, whatever the status says. Density is items per 10,000 square feet of the project's area
    (`area_unit="m2"`: square metres); a project without an area has none, and is left out of that of all projects. On time is
    closed by the due date, of those closed that have one. By vendor an item counts for each of its assignees' firms.
    """
    name, other = "punch_items", "id name position workflow_status assignments assignees ball_in_court"
    rows = data.take(name, "status", "due_date created_at closed_at", other)
    status = status_codes(rows["status"])
    draft = status.eq("draft") | status_codes(rows["workflow_status"]).eq("draft")
    rows = data.exclude(name, rows, draft, "draft")
    known = status[rows.index].isin(["open", "overdue", "pending", "closed"])
    rows = _due_items(data, name, data.exclude(name, rows, ~known, "other status"), status)
    unit = _SQUARE_METRES if area_unit == "m2" else 1
    rows["area"] = amounts(data.of_project(rows, "square_feet")) * unit
    rows["vendor"], rows["assignee"] = _firms(rows["assignments"]), names_in(rows["assignees"])
    density = f"per_10000_{area_unit}"

    def measure(part: pd.DataFrame) -> dict[str, Any]:
        placed = part[part["area"] > 0]
        area = placed.drop_duplicates("project_id")["area"].sum() or float("nan")
        items = {density: len(placed), f"not_closed_{density}": int(placed["is_open"].sum())}
        dense = {name: round(number / area * 10_000, 2) for name, number in items.items()}
        return {"items": len(part)} | _open_figures(part) | dense | _closed_figures(part)

    summary, whole = data.totals(rows, measure, name)
    some = summary["items"].gt(0)
    without = int((some & summary[density].isna()).sum())
    figures = whole.to_dict("records")[0] | {"projects_without_area": without}
    by_vendor = by_holder(rows, rows["vendor"], "vendor")
    tables = {
        "total": figures_frame([figures]),
        "by_vendor": by_vendor,
        "by_assignee": by_holder(rows, rows["assignee"], "assignee"),
    }
    texts = {
        "{not_closed} of {items:punch item(s)} not closed, {overdue} of them overdue.": True,
        "Half of the closed took up to {median_days_to_close:days}; {closed_on_time_percent:%} of the {on_time_of} closed with a due date were on time.": figures[
            "closed"
        ],
        "{dense} items per 10,000 {unit} over projects with an area; {projects_without_area:project(s)} without one left out.": without
        < some.sum(),
    }
    findings = sentences(texts, figures, dense=figures[density], unit=area_unit.replace("_", " "))
    pictures = [bars("Punch items not closed, by vendor", by_vendor, "vendor", "open", unit="items")]
    shown = _latest_first(rows, *_ITEM, "vendor", "assignee", *DEADLINES)
    return Analysis(summary, shown, tables, findings, pictures, ("assignee",))


def _firms(assignments: pd.Series[Any]) -> pd.Series[Any]:
    """Return the firms of each item's assignees, each once."""
    each = nested_records(assignments)
    name = next((name for name in ("vendor.name", "vendor_name") if name in each.columns), None)
    firms = each.dropna(subset=[name]).groupby("row")[name].unique() if name else pd.Series(dtype="object")
    return pd.Series([list(firms.get(at, ())) for at in assignments.index], assignments.index, dtype="object")
