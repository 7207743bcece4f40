"""People on site and safety: how many, where more, where fewer; how often people are hurt, per hours worked.

In: manpower logs, timecards, incidents, injuries, near misses. Out: an `Analysis` each. Speaks to no service.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import Any, Literal

import pandas as pd

from procore_nb.errors import ArgumentError
from procore_nb.reports import measures
from procore_nb.reports.definition import Use, report
from procore_nb.reports.measures import concat_sources, figures_frame, grouped, percent, sentences, words
from procore_nb.reports.report_data import ReportData
from procore_nb.reports.result import Analysis, Picture, bars
from procore_nb.reports.typed_columns import (
    amounts,
    as_day,
    booleans,
    ids_of,
    is_working_day,
    lookup,
    status_codes,
)

Window = tuple[pd.Timestamp, pd.Timestamp]
COUNTED = ("approved", "pending")
_RECORDABLE = ("fatality", "death", "lost_time", "medically_treated", "restricted_work")
_INDUSTRY = 2.3  # recordable cases per 200,000 hours: construction in the United States, 2023 (BLS)
_WINDOWS = ("first", "second")
_ROLLED = 12  # months whose rolling rate is drawn
_RATES = "trir dart_rate ltir"
_FIGURES = {
    "near_misses": "near_misses",
    "injuries": f"injuries recordable dart lost_time deaths injuries_per_incident {_RATES}",
    "": f"hours pending_hours pending_logs {_RATES}",
}
"""Figures by the list without which they are unknown; "" is the list of hours."""
_NOT_RECORDABLE = ("first_aid", "refused_care", "report_only")
_CASES = {"injury": "injuries", "near_miss": "near_misses"}
_CASE = "project_id project_name day recordable_case dart lost_time death hours pending_hours pending"


def _windows(day: pd.Timestamp, windows: Any) -> list[Window]:
    """Return the two windows of days: those of the option, or the last two full weeks (Monday to Sunday) before a day."""
    if windows is None:
        last = day - pd.Timedelta(days=day.weekday() + 1)
        week, before = pd.Timedelta(days=6), last - pd.Timedelta(days=7)
        return [(before - week, before), (last - week, last)]
    try:
        (first, second) = [(as_day(start, "windows"), as_day(end, "windows")) for start, end in windows]
    except (TypeError, ValueError) as error:
        raise ArgumentError("windows are two pairs of days: ((start, end), (start, end)).") from error
    if first[0] > first[1] or second[0] > second[1]:
        raise ArgumentError("A window ends before it begins.")
    return [first, second]


def _logs_of_windows(day: pd.Timestamp, options: Mapping[str, Any]) -> dict[str, Any]:
    starts, ends = zip(*_windows(day, options.get("windows")), strict=True)
    return {"start": f"{min(starts):%Y-%m-%d}", "end": f"{max(ends):%Y-%m-%d}", "status": "all"}


def logged_people(data: ReportData) -> pd.DataFrame:
    """Return manpower logs that count: approved and pending, each with `day`, `people` and `hours`."""
    rows = data.take("manpower_logs", "", "date num_workers man_hours", "num_hours status vendor.name")
    status = status_codes(rows["status"])
    rows = data.exclude("manpower_logs", rows, ~status.isin([*COUNTED, ""]), "neither approved nor pending")
    rows["day"], rows["people"] = data.days(rows, "date"), amounts(rows["num_workers"])
    rows["hours"] = amounts(rows["man_hours"]).fillna(rows["people"] * amounts(rows["num_hours"]))
    rows["pending"] = status[rows.index].eq("pending")
    return data.exclude("manpower_logs", rows, rows["day"].isna(), "no date")


@report(
    "Manpower",
    "How many people are on site, where more, where fewer?",
    Use("manpower_logs", arguments=_logs_of_windows),
    Use(
        "field_production_report",
        optional=True,
        option="production",
        decides="hours by cost code are not known",
    ),
    rebuilds=True,
)
def manpower(data: ReportData, *, windows: Any = None, production: bool = False) -> Analysis:
    """Compare two windows of days: the last two full weeks, or `windows=((start, end), (start, end))`.

    People of a project are the mean over working days with a log (week-ends by country; holidays by the option) of the day's
    workers; approved and pending logs count. The population is every project that logged in either window, whatever its
    stage today. Like for like are projects that logged in both. A project that logged only in the first stopped logging,
    which need not mean that work ended: days logged stand beside it. Hours are man_hours, else workers x hours, of all days.
    `production=True` adds hours by cost code from the field production report: budgeted, actual, earned.
    """
    both = dict(zip(_WINDOWS, _windows(data.as_of, windows), strict=True))
    rows = logged_people(data)
    country = data.of_project(rows, "country_code")
    rows["working_day"] = is_working_day(rows["day"], country, data.holidays)
    inside = {name: rows["day"].between(*window) for name, window in both.items()}
    rows = data.exclude("manpower_logs", rows, ~(inside["first"] | inside["second"]), "outside the windows")
    summary = _by_project(rows, inside)
    people = ["people_first", "people_second"]
    same = summary[summary["state"].eq("both") & summary[people].notna().all(axis=1)]
    states = {
        name.replace(" ", "_"): summary[summary["state"].eq(name)] for name in ("started", "stopped logging")
    }
    (first, second), (before, after) = (frame[people].sum().tolist() for frame in (summary, same))
    whole = {
        **{name: f"{start:%Y-%m-%d} to {end:%Y-%m-%d}" for name, (start, end) in both.items()},
        "people_first": first,
        "people_second": second,
        "total_change_percent": percent(second - first, first),
        "same_sites": len(same),
        "same_sites_first": before,
        "same_sites_second": after,
        "same_sites_change_percent": percent(after - before, before),
        **{name: len(part) for name, part in states.items()},
        "man_hours_first": summary["man_hours_first"].sum(),
        "man_hours_second": summary["man_hours_second"].sum(),
        "not_on_a_working_day": int((~rows["working_day"]).sum()),
        "pending_logs": int(rows["pending"].sum()),
        "without_workers": int(rows["people"].isna().sum()),
    }
    parts = {name: part.reset_index(drop=True) for name, part in {"same_sites": same, **states}.items()}
    tables = {"total": figures_frame([whole]), **parts}
    if production and "field_production_report" in data.frames:
        tables["production"] = _production(data)
    texts = (
        "People on site: {many_first} in {first}, {many_second} in {second} ({total_change_percent:%}), all projects that logged in either.",
        "Like for like, {same_sites:project(s)} that logged in both: {same_sites_change_percent:%}. {started} started logging, {stopped_logging} "
        "stopped logging, which need not mean that work ended.",
    )
    rounded = {"many_first": round(first, 1), "many_second": round(second, 1)}
    findings = sentences(dict.fromkeys(texts, True), whole, **rounded)
    days = rows.groupby(rows["day"].dt.to_period("D").dt.to_timestamp())["people"].sum()
    most = summary.sort_values("people_second", ascending=False)
    title, unit = "People on site by project, second window", "people (mean of working days with a log)"
    pictures = [
        bars(title, most, "project_name", "people_second", unit=unit),
        Picture("People logged each day, all projects", days.rename("people"), "people", "lines"),
    ]
    shown = rows[words("project_id project_name day working_day status vendor.name people hours")]
    return Analysis(
        summary, shown.sort_values(["project_name", "day"], ignore_index=True), tables, findings, pictures
    )


def _by_project(rows: pd.DataFrame, inside: Mapping[str, pd.Series[Any]]) -> pd.DataFrame:
    """Return one row for each project that logged, with the figures of both windows side by side."""

    def measure(part: pd.DataFrame) -> dict[str, Any]:
        figures = {"project_name": part["project_name"].iloc[0] if len(part) else ""}
        for name, mask in inside.items():
            logs = part[mask[part.index]]
            working = logs[logs["working_day"] & logs["people"].notna()]
            mean = float(working.groupby("day")["people"].sum().mean())
            figures[f"people_{name}"] = 0.0 if logs.empty else mean
            figures[f"days_logged_{name}"] = int(logs["day"].nunique())
            figures[f"man_hours_{name}"] = float(logs["hours"].sum())
        return figures

    table = grouped(rows, "project_id", measure)
    first, second = (table[f"days_logged_{name}"] > 0 for name in inside)
    table["state"] = measures.classify(
        table.index, "started", {"stopped logging": first, "both": first & second}
    )
    people = table[["people_first", "people_second"]].values
    change = pd.Series([percent(after - before, before) for before, after in people], table.index, "float64")
    return table.assign(change_percent=change.where(table["state"].eq("both")))


def _production(data: ReportData) -> pd.DataFrame:
    names = ["budgeted_hours", "actual_hours", "earned_hours"]
    rows = data.take("field_production_report", "", " ".join(names), "cost_code percent_complete")
    rows = rows.assign(**{name: amounts(rows[name]) for name in names})
    rows["earned_per_actual"] = (rows["earned_hours"] / rows["actual_hours"]).where(rows["actual_hours"] > 0)
    return rows.reset_index(drop=True)


def _year(day: pd.Timestamp, options: Mapping[str, Any], **arguments: str) -> dict[str, Any]:
    first = day - pd.DateOffset(months=options["months"] + _ROLLED - 1) + pd.Timedelta(days=1)
    return {"start": f"{first:%Y-%m-%d}", "end": f"{day:%Y-%m-%d}", **arguments}


@report(
    "Safety",
    "How often are people hurt, per hours worked?",
    Use("incidents"),
    Use("injuries", optional=True, if_any=("incidents",), decides="how often people are hurt is not known"),
    Use("near_misses", optional=True, if_any=("incidents",), decides="near misses are not known"),
    Use(
        "manpower_logs",
        optional=True,
        option="hours_from",
        arguments=partial(_year, status="all"),
        decides="hours from manpower logs, and rates by them, are not known",
    ),
    Use(
        "timecard_entries",
        optional=True,
        option="hours_from",
        arguments=_year,
        decides="hours from timecards, and rates by them, are not known",
    ),
    rebuilds=True,
)
def safety(
    data: ReportData,
    *,
    months: int = 12,
    base_hours: int = 200_000,
    hours_from: Literal["manpower_logs", "timecard_entries"] = "manpower_logs",
    industry_rate: float = _INDUSTRY,
) -> Analysis:
    """Rate injuries by hours worked.

    The window is `months` months up to the day of the report, by the `event_date` of the incident. TRIR is recordable
    injuries x `base_hours` / hours (200,000: 100 people for a year, as OSHA counts; 1,000,000 elsewhere). DART counts
    recordable injuries with days away, restricted or transferred, by their days or `filing_type`; deaths are not DART.
    LTIR counts those with days away. Hours come from manpower logs (man_hours, else workers x hours; approved and pending,
    pending shown) or from timecards. Projects without hours in the window are counted, named, and kept out of the rates;
    injuries per incident are of all projects. `by_month` is the rolling rate: of the `months` months before each day, where hours reach back
    so far, beside the industry's (`industry_rate` per 200,000 hours: construction in the United States, 2023). An injury that
    does not say is recordable by its kind: death, lost time, medical treatment and restricted work are; first aid, refused care
    and report only are not; else as its incident says.
    """
    if not isinstance(months, int) or months < 1 or base_hours not in (200_000, 1_000_000):
        raise ArgumentError("months is a whole number from 1 up; base_hours is 200_000 or 1_000_000.")
    first = data.as_of - pd.DateOffset(months=months)
    incidents = data.take("incidents", "", "event_date", "id number title status recordable")
    incidents["day"], incidents["id"] = data.days(incidents, "event_date"), ids_of(incidents["id"])
    cases = {"incident": incidents} | {
        case: _of_incidents(data, name, incidents) for case, name in _CASES.items()
    }
    if hours_from == "manpower_logs" and hours_from not in data.frames and "timecard_entries" in data.frames:
        hours_from = "timecard_entries"
    hours = _hours(data, hours_from)
    # Hours of projects whose injuries are not known would make the rates too low.
    unrated = list(data.coverage.silent("injuries") - {None})
    longer = concat_sources(_CASE, injury=cases["injury"], hours=hours)
    for case, name in {"incident": "incidents", **_CASES}.items():
        cases[case] = _within(data, name, cases[case], first)
    hours = hours[(hours["day"] > first) & (hours["day"] <= data.today(hours))]
    rows = concat_sources(_CASE, **cases, hours=hours)

    measure = partial(_safety_figures, unrated=unrated, base_hours=base_hours)
    unknown = {name or hours_from: words(figures) for name, figures in _FIGURES.items()}
    summary, total = data.totals(rows, measure, "incidents", "injuries", hours_from, unknown=unknown)
    silent = summary[summary["hours"].eq(0) & summary["incidents"].fillna(0).gt(0)]
    whole = total.to_dict("records")[0]
    total["projects_without_hours"] = len(silent)
    total = data.blank(total, hours_from, ["projects_without_hours"])
    by_type = grouped(
        cases["injury"],
        "filing_type",
        lambda part: {"injuries": len(part), "recordable": int(part["recordable_case"].sum())},
    )
    by_month = _rolling(longer[~longer["project_id"].isin(unrated)], base_hours, months, data.as_of)
    by_month["industry"] = round(industry_rate * base_hours / 200_000, 2)
    tables = {
        "total": total,
        "without_hours": silent.reset_index(drop=True),
        "by_filing_type": by_type,
        "by_month": by_month,
    }
    texts = {
        "In the {months} months up to {day}: incidents {incidents}, injuries {injuries}, near misses {near_misses}; injuries recordable {recordable}, deaths {deaths}.": True,
        "TRIR {trir}, DART {dart_rate}, LTIR {ltir} per {base_hours} hours, over {hours:hours} ({pending_hours} of them pending).": True,
    }
    findings = sentences(texts, whole, months=months, day=f"{data.as_of:%Y-%m-%d}", base_hours=base_hours)
    text = "{without_hours:project(s)} with incidents but without hours, not in the rates: {named}."
    findings += sentences(
        {text: len(silent)}, without_hours=len(silent), named=measures.project_texts(silent)
    )
    rolling = by_month.set_index("month")[["trir", "industry"]]
    title = f"TRIR: recordable injuries per {base_hours:,} hours of the {months} months before"
    shown = "project_id project_name id incident_id day filing_type recordable_case dart lost_time death"
    hurt = cases["injury"][words(shown)].sort_values("day", ascending=False, ignore_index=True)
    return Analysis(summary, hurt, tables, findings, [Picture(title, rolling, "TRIR", "lines")])


def _safety_figures(part: pd.DataFrame, *, unrated: list[Any], base_hours: int) -> dict[str, Any]:
    """Return the figures of cases and hours; rates are of projects with hours whose injuries are known."""
    worked, project = part.loc[part["hours"] > 0, "project_id"], part["project_id"]
    counts = part["source"].value_counts().reindex(["incident", "near_miss", "injury"], fill_value=0)
    rated = part[(project.isin(worked) | (project.isna() & (len(worked) > 0))) & ~project.isin(unrated)]
    base = rated["hours"].sum() or math.nan  # without hours there is no rate, rather than an endless one
    rates = {"trir": "recordable_case", "dart_rate": "dart", "ltir": "lost_time"}
    return {
        "incidents": int(counts["incident"]),
        "near_misses": int(counts["near_miss"]),
        "injuries": int(counts["injury"]),
        "recordable": _count(part, "recordable_case"),
        "dart": _count(part, "dart"),
        "lost_time": _count(part, "lost_time"),
        "deaths": _count(part, "death"),
        "hours": float(part["hours"].sum()),
        "pending_hours": float(part["pending_hours"].sum()),
        "pending_logs": _count(part, "pending"),
        **{rate: measures.cents(_count(rated, case) * base_hours / base) for rate, case in rates.items()},
        "injuries_per_incident": round(counts["injury"] / (counts["incident"] or math.nan), 4),
    }


def _count(rows: pd.DataFrame, column: str) -> int:
    return int(rows[column].eq(True).sum())


def _within(data: ReportData, name: str, rows: pd.DataFrame, first: pd.Timestamp) -> pd.DataFrame:
    rows = data.exclude(name, rows, rows["day"].isna(), "no event date")
    outside = (rows["day"] <= first) | (rows["day"] > data.today(rows))
    return data.exclude(name, rows, outside, "outside the window")


def _of_incidents(data: ReportData, name: str, incidents: pd.DataFrame) -> pd.DataFrame:
    """Return injuries or near misses with the day of their incident and the classes that rates count."""
    days = "work_days_absent work_days_restricted work_days_transferred"
    deciding, other = ("filing_type", "") if name == "injuries" else ("", "filing_type")
    rows = data.take(name, "", deciding, f"id incident_id recordable {days} date_of_death {other}")
    known, of_incident = incidents.set_index("id"), ids_of(rows["incident_id"])
    rows["day"] = lookup(of_incident, known["day"])
    kind = rows["filing_type"] = status_codes(rows["filing_type"])
    away, restricted, moved = (amounts(rows[column]).fillna(0) > 0 for column in words(days))
    rows["death"] = kind.isin(["fatality", "death"]) | rows["date_of_death"].notna()
    # Where it is not said: by the kind of injury as OSHA records them (29 CFR 1904.7), else as its incident says.
    by_kind = kind.map(dict.fromkeys(_RECORDABLE, True) | dict.fromkeys(_NOT_RECORDABLE, False))
    by_incident = lookup(of_incident, known["recordable"].astype("object"))
    recordable = rows["recordable"].astype("object").fillna(by_kind.astype("object")).fillna(by_incident)
    rows["recordable_case"] = booleans(recordable)
    counts = rows["recordable_case"] & ~rows["death"]
    rows["lost_time"] = counts & (away | kind.isin(["lost_time", "days_away_from_work"]))
    less = restricted | moved | kind.isin(["restricted_work", "job_transfer", "transferred_work"])
    rows["dart"] = counts & (rows["lost_time"] | less)
    return rows


def _hours(data: ReportData, name: str) -> pd.DataFrame:
    if name == "manpower_logs":
        rows = logged_people(data)
    else:
        rows = data.take(name, "", "date hours", "approval_status")
        rows["day"], rows["hours"] = data.days(rows, "date"), amounts(rows["hours"])
        rows["pending"] = status_codes(rows["approval_status"]).eq("pending")
    rows["pending_hours"] = rows["hours"].where(rows["pending"])
    return rows[["project_id", "project_name", "day", "hours", "pending_hours", "pending"]]


def _rolling(rows: pd.DataFrame, base_hours: int, months: int, day: pd.Timestamp) -> pd.DataFrame:
    """Return the rate of the months before the day of the report, and before the same day of each month of a year."""
    began, records = rows.loc[rows["source"].eq("hours"), "day"].min(), []
    for back in reversed(range(_ROLLED)):
        end = day - pd.DateOffset(months=back)
        start = end - pd.DateOffset(months=months)
        part = rows[(rows["day"] > start) & (rows["day"] <= end)]
        worked = float(part["hours"].sum())
        rated = part["project_id"].isin(part.loc[part["hours"] > 0, "project_id"])
        cases = _count(part[rated], "recordable_case")
        known = worked > 0 and began <= start + pd.DateOffset(months=1)
        rate = round(cases * base_hours / worked, 2) if known else math.nan
        records.append({"month": end, "recordable": cases, "hours": worked, "trir": rate})
    return figures_frame(records)
