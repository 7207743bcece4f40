"""People on site and safety: how many, where more, where fewer; how often people are hurt, per hours worked.

In: manpower logs, timecards, incidents, injuries, near misses. Out: an `Answer` each. Speaks to no service.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

import pandas as pd

from procore_nb.errors import ArgumentError
from procore_nb.progress import counted
from procore_nb.reports.days import as_day
from procore_nb.reports.definition import Use, report
from procore_nb.reports.measures import (
    amounts,
    cents,
    figures_frame,
    grouped,
    number_text,
    percent,
    pieces,
    words,
)
from procore_nb.reports.pictures import Picture, bars
from procore_nb.reports.report_data import ReportData, ids_of, plain_words, project_of, truth
from procore_nb.reports.result import Answer

Window = tuple[pd.Timestamp, pd.Timestamp]
COUNTED = ("approved", "pending")
_RECORDABLE = ("fatality", "death", "lost_time", "medically_treated", "restricted_work")
_INDUSTRY = 2.3  # recordable cases per 200,000 hours: construction in the United States, 2023 (BLS)
_ROLLED = 12  # months whose rolling rate is drawn
_RATES = "trir dart_rate ltir"
_FIGURES = {
    "near_misses": "near_misses",
    "injuries": f"injuries recordable dart lost_time deaths injuries_per_incident {_RATES}",
    "": f"hours pending_hours pending_logs {_RATES}",
}
"""Figures by the list without which they are unknown; "" is the list of hours."""
_NOT_RECORDABLE = ("first_aid", "refused_care", "report_only")


def windows_of(day: pd.Timestamp, given: Any) -> list[Window]:
    """Return the two windows of days: those given, or the last two full weeks (Monday to Sunday) before a day."""
    if given is None:
        last = day - pd.Timedelta(days=day.weekday() + 1)
        week = pd.Timedelta(days=6)
        before = last - pd.Timedelta(days=7)
        return [(before - week, before), (last - week, last)]
    try:
        (first, second) = [(as_day(start, "windows"), as_day(end, "windows")) for start, end in given]
    except (TypeError, ValueError) as error:
        raise ArgumentError("windows are two pairs of days: ((start, end), (start, end)).") from error
    if first[0] > first[1] or second[0] > second[1]:
        raise ArgumentError("A window ends before it begins.")
    return [first, second]


def _logged(day: pd.Timestamp, options: Mapping[str, Any]) -> dict[str, Any]:
    both = windows_of(day, options.get("windows"))
    return {
        "start": f"{min(one[0] for one in both):%Y-%m-%d}",
        "end": f"{max(one[1] for one in both):%Y-%m-%d}",
        "status": "all",
    }


def logged_people(data: ReportData) -> pd.DataFrame:
    """Return manpower logs that count: approved and pending, each with `day`, `people` and `hours`."""
    rows = data.take("manpower_logs", "", "date num_workers man_hours", "num_hours status vendor.name")
    status = plain_words(rows["status"])
    rows = data.exclude("manpower_logs", rows, ~status.isin([*COUNTED, ""]), "neither approved nor pending")
    rows["day"], rows["people"] = data.days(rows, "date"), amounts(rows["num_workers"])
    rows["hours"] = amounts(rows["man_hours"]).fillna(rows["people"] * amounts(rows["num_hours"]))
    rows["pending"] = status[rows.index].eq("pending")
    return data.exclude("manpower_logs", rows, rows["day"].isna(), "no date")


@report(
    "Manpower",
    "How many people are on site, where more, where fewer?",
    Use("manpower_logs", arguments=_logged),
    Use(
        "field_production_report",
        optional=True,
        wanted=lambda options: bool(options["production"]),
        decides="hours by cost code are not known",
    ),
    rebuilds=True,
)
def manpower(data: ReportData, *, windows: Any = None, production: bool = False) -> Answer:
    """Compare two windows of days: the last two full weeks, or `windows=((start, end), (start, end))`.

    People of a project are the mean over working days with a log (week-ends by country; holidays by the option) of the day's
    workers; approved and pending logs count. The population is every project that logged in either window, whatever its
    stage today. Like for like are projects that logged in both. A project that logged only in the first stopped logging,
    which need not mean that work ended: days logged stand beside it. Hours are man_hours, else workers x hours, of all days.
    `production=True` adds hours by cost code from the field production report: budgeted, actual, earned.
    """
    both = windows_of(data.as_of, windows)
    rows = logged_people(data)
    country = data.of_project(rows, "country_code")
    rows["working_day"] = data.counter.is_working(rows["day"], country)
    inside = [(rows["day"] >= start) & (rows["day"] <= end) for start, end in both]
    rows = data.exclude("manpower_logs", rows, ~(inside[0] | inside[1]), "outside the windows")
    records = []
    for project, part in rows.groupby("project_id", dropna=False):
        record = {"project_id": project, "project_name": part["project_name"].iloc[0]}
        for name, (start, end) in zip(("first", "second"), both, strict=True):
            logs = part[(part["day"] >= start) & (part["day"] <= end)]
            record |= _week(logs, name)
        logged = [bool(record[f"days_logged_{name}"]) for name in ("first", "second")]
        record["state"] = "both" if all(logged) else "stopped logging" if logged[0] else "started"
        known = all(logged) and not math.isnan(record["people_first"] + record["people_second"])
        record["change_percent"] = (
            percent(record["people_second"] - record["people_first"], record["people_first"])
            if known
            else math.nan
        )
        records.append(record)
    weeks = [one for name in ("first", "second") for one in _week(rows.iloc[:0], name)]
    summary = figures_frame(records, ["project_id", "project_name", *weeks, "state", "change_percent"])
    same = summary[
        summary["state"].eq("both") & summary[["people_first", "people_second"]].notna().all(axis=1)
    ]
    total, alike = (one[["people_first", "people_second"]].sum().tolist() for one in (summary, same))
    whole = {
        "people_first": total[0],
        "people_second": total[1],
        "total_change_percent": percent(total[1] - total[0], total[0]),
        "same_sites": len(same),
        "same_sites_first": alike[0],
        "same_sites_second": alike[1],
        "same_sites_change_percent": percent(alike[1] - alike[0], alike[0]),
        "started": int(summary["state"].eq("started").sum()),
        "stopped_logging": int(summary["state"].eq("stopped logging").sum()),
        "man_hours_first": summary["man_hours_first"].sum(),
        "man_hours_second": summary["man_hours_second"].sum(),
        "not_on_a_working_day": int((~rows["working_day"]).sum()),
        "pending_logs": int(rows["pending"].sum()),
        "without_workers": int(rows["people"].isna().sum()),
    }
    spans = [f"{start:%Y-%m-%d} to {end:%Y-%m-%d}" for start, end in both]
    tables = {
        "total": figures_frame([{"first": spans[0], "second": spans[1], **whole}]),
        "same_sites": same.reset_index(drop=True),
        "started": summary[summary["state"].eq("started")].reset_index(drop=True),
        "stopped_logging": summary[summary["state"].eq("stopped logging")].reset_index(drop=True),
    }
    if production and data.has("field_production_report"):
        tables["production"] = _production(data)
    findings = [
        f"People on site: {number_text(round(total[0], 1))} in {spans[0]}, {number_text(round(total[1], 1))} in {spans[1]} "
        f"({number_text(whole['total_change_percent'], '%')}), all projects that logged in either.",
        f"Like for like, {counted(len(same), 'project')} that logged in both: {number_text(whole['same_sites_change_percent'], '%')}. "
        f"{whole['started']:,} started logging, {whole['stopped_logging']:,} stopped logging, which need not mean that work ended.",
    ]
    days = rows.groupby(rows["day"].dt.to_period("D").dt.to_timestamp())["people"].sum()
    pictures = [
        bars("People on site by project, second window", summary.sort_values("people_second", ascending=False), "project_name", "people_second", unit="people (mean of working days with a log)", largest=True),
        Picture("People logged each day, all projects", days.rename("people"), "people", "lines"),
    ]  # fmt: skip
    shown = rows[
        ["project_id", "project_name", "day", "working_day", "status", "vendor.name", "people", "hours"]
    ]
    return Answer(
        summary, shown.sort_values(["project_name", "day"], ignore_index=True), tables, findings, pictures
    )


def _week(logs: pd.DataFrame, name: str) -> dict[str, Any]:
    working = logs[logs["working_day"] & logs["people"].notna()]
    days = working.groupby("day")["people"].sum()
    mean = float(days.mean()) if len(days) else (math.nan if len(logs) else 0.0)
    return {
        f"people_{name}": mean,
        f"days_logged_{name}": int(logs["day"].nunique()),
        f"man_hours_{name}": float(logs["hours"].sum()),
    }


def _production(data: ReportData) -> pd.DataFrame:
    names = ["budgeted_hours", "actual_hours", "earned_hours"]
    rows = data.take("field_production_report", "", " ".join(names), "cost_code percent_complete")
    for name in names:
        rows[name] = amounts(rows[name])
    rows["earned_per_actual"] = (rows["earned_hours"] / rows["actual_hours"]).where(rows["actual_hours"] > 0)
    return rows.reset_index(drop=True)


def _year(day: pd.Timestamp, options: Mapping[str, Any]) -> dict[str, Any]:
    first = day - pd.DateOffset(months=options["months"] + _ROLLED - 1) + pd.Timedelta(days=1)
    return {"start": f"{first:%Y-%m-%d}", "end": f"{day:%Y-%m-%d}"}


@report(
    "Safety",
    "How often are people hurt, per hours worked?",
    Use("incidents"),
    Use("injuries", optional=True, among=("incidents",), decides="how often people are hurt is not known"),
    Use("near_misses", optional=True, among=("incidents",), decides="near misses are not known"),
    Use(
        "manpower_logs",
        optional=True,
        arguments=lambda day, options: {**_year(day, options), "status": "all"},
        wanted=lambda options: options["hours_from"] == "manpower_logs",
        decides="hours from manpower logs, and rates by them, are not known",
    ),
    Use(
        "timecard_entries",
        optional=True,
        arguments=_year,
        wanted=lambda options: options["hours_from"] == "timecard_entries",
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
) -> Answer:
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
    incidents["day"] = data.days(incidents, "event_date")
    incidents["id"] = ids_of(incidents["id"])
    hurt, near = _of_incidents(data, "injuries", incidents), _of_incidents(data, "near_misses", incidents)
    earlier, hours = hurt, _hours(data, hours_from)
    incidents, hurt, near = (
        _within(data, name, rows, first)
        for name, rows in (("incidents", incidents), ("injuries", hurt), ("near_misses", near))
    )
    names = "project_id project_name day recordable_case dart lost_time death hours pending_hours pending"
    # Hours of projects whose injuries are not known would make the rates too low.
    blind = [project for one, project in data.coverage.states if one == "injuries" and project is not None]
    long = pieces(names, injury=earlier, hours=hours)
    hours = hours[(hours["day"] > first) & (hours["day"] <= data.today(hours))]
    rows = pieces(names, incident=incidents, injury=hurt, near_miss=near, hours=hours)

    def measure(part: pd.DataFrame) -> dict[str, Any]:
        worked = part.loc[part["what"] == "hours", "hours"].sum()
        rated = part[
            part["project_id"].isin(part.loc[(part["what"] == "hours") & (part["hours"] > 0), "project_id"])
            | (part["project_id"].isna() & (worked > 0))
        ]
        rated = rated[~rated["project_id"].isin(blind)]
        base = rated.loc[rated["what"] == "hours", "hours"].sum()
        cases = {name: int(rated[name].eq(True).sum()) for name in ("recordable_case", "dart", "lost_time")}
        all_of = {name: int((part["what"] == name).sum()) for name in ("incident", "injury", "near_miss")}
        rates = {
            rate: cents(cases[case] * base_hours / base) if base else math.nan
            for rate, case in {"trir": "recordable_case", "dart_rate": "dart", "ltir": "lost_time"}.items()
        }
        return {
            "incidents": all_of["incident"],
            "near_misses": all_of["near_miss"],
            "injuries": all_of["injury"],
            "recordable": int(part["recordable_case"].eq(True).sum()),
            "dart": int(part["dart"].eq(True).sum()),
            "lost_time": int(part["lost_time"].eq(True).sum()),
            "deaths": int(part["death"].eq(True).sum()),
            "hours": float(worked),
            "pending_hours": float(part["pending_hours"].sum()),
            "pending_logs": int(part["pending"].eq(True).sum()),
            **rates,
            "injuries_per_incident": round(all_of["injury"] / all_of["incident"], 4)
            if all_of["incident"]
            else math.nan,
        }

    summary, whole = data.summary(rows, measure, "incidents", "injuries", hours_from), measure(rows)
    total = figures_frame([whole])
    hours_list = "timecard_entries" if _from_timecards(data, hours_from) else hours_from
    for name, figures in _FIGURES.items():
        summary, total = (data.blank(one, name or hours_list, words(figures)) for one in (summary, total))
    whole = {str(name): value for name, value in total.iloc[0].items()}
    silent = summary[summary["hours"].eq(0) & summary["incidents"].fillna(0).gt(0)]
    tables = {
        "total": data.blank(
            total.assign(projects_without_hours=len(silent)), hours_list, ["projects_without_hours"]
        ),
        "without_hours": silent.reset_index(drop=True),
        "by_filing_type": grouped(
            hurt,
            "filing_type",
            lambda part: {"injuries": len(part), "recordable": int(part["recordable_case"].sum())},
        ),
        "by_month": _rolling(
            long[~long["project_id"].isin(blind)], base_hours, months, data.as_of, industry_rate
        ),
    }
    findings = [
        f"In the {months:,} months up to {data.as_of:%Y-%m-%d}: incidents {number_text(whole['incidents'])}, injuries {number_text(whole['injuries'])}, "
        f"near misses {number_text(whole['near_misses'])}; injuries recordable {number_text(whole['recordable'])}, deaths {number_text(whole['deaths'])}.",
        f"TRIR {number_text(whole['trir'])}, DART {number_text(whole['dart_rate'])}, LTIR {number_text(whole['ltir'])} per {base_hours:,} hours, "
        f"over {number_text(whole['hours'], 'hours')} ({number_text(whole['pending_hours'])} of them pending).",
    ]
    if len(silent):
        some = ", ".join(project_of(one) for _, one in silent.head(5).iterrows())
        findings.append(
            f"{counted(len(silent), 'project')} with incidents but without hours, not in the rates: {some}{' …' if len(silent) > 5 else ''}."
        )
    rolling = tables["by_month"].set_index("month")[["trir", "industry"]]
    pictures = [
        Picture(
            f"TRIR: recordable injuries per {base_hours:,} hours of the {months} months before",
            rolling,
            "TRIR",
            "lines",
        )
    ]
    shown = words(
        "project_id project_name id incident_id day filing_type recordable_case dart lost_time death"
    )
    return Answer(summary, hurt[shown].sort_values("day", ascending=False, ignore_index=True), tables, findings, pictures)  # fmt: skip


def _within(data: ReportData, name: str, rows: pd.DataFrame, first: pd.Timestamp) -> pd.DataFrame:
    rows = data.exclude(name, rows, rows["day"].isna(), "no event date")
    return data.exclude(
        name, rows, (rows["day"] <= first) | (rows["day"] > data.today(rows)), "outside the window"
    )


def _of_incidents(data: ReportData, name: str, incidents: pd.DataFrame) -> pd.DataFrame:
    """Return injuries or near misses with the day of their incident and the classes that rates count."""
    other = (
        "id incident_id recordable work_days_absent work_days_restricted work_days_transferred date_of_death"
    )
    kinds = ("filing_type", other) if name == "injuries" else ("", f"{other} filing_type")
    rows = data.take(name, "", *kinds)
    days = incidents.dropna(subset=["id"]).drop_duplicates("id").set_index("id")["day"].to_dict()
    rows["day"] = pd.Series(
        [days.get(one) for one in ids_of(rows["incident_id"]).tolist()], rows.index, dtype="datetime64[us]"
    )
    kind = rows["filing_type"] = plain_words(rows["filing_type"])
    away, restricted, moved = (
        amounts(rows[f"work_days_{one}"]).fillna(0) > 0 for one in ("absent", "restricted", "transferred")
    )
    rows["death"] = kind.isin(["fatality", "death"]) | rows["date_of_death"].notna()
    # Where it is not said: by the kind of injury as OSHA records them (29 CFR 1904.7), else as its incident says.
    by_kind = kind.map(dict.fromkeys(_RECORDABLE, True) | dict.fromkeys(_NOT_RECORDABLE, False))
    said = incidents.dropna(subset=["id"]).drop_duplicates("id").set_index("id")["recordable"].to_dict()
    of_incident = pd.Series(
        [said.get(one) for one in ids_of(rows["incident_id"]).tolist()], rows.index, dtype="object"
    )
    known = rows["recordable"].astype("object").fillna(by_kind.astype("object")).fillna(of_incident)
    rows["recordable_case"] = truth(known)
    counts = rows["recordable_case"] & ~rows["death"]
    rows["lost_time"] = counts & (away | kind.isin(["lost_time", "days_away_from_work"]))
    rows["dart"] = counts & (
        rows["lost_time"]
        | restricted
        | moved
        | kind.isin(["restricted_work", "job_transfer", "transferred_work"])
    )
    return rows


def _from_timecards(data: ReportData, name: str) -> bool:
    return name == "manpower_logs" and not data.has(name) and data.has("timecard_entries")


def _hours(data: ReportData, name: str) -> pd.DataFrame:
    name = "timecard_entries" if _from_timecards(data, name) else name
    if name == "manpower_logs":
        rows = logged_people(data)
    else:
        rows = data.take(name, "", "date hours", "approval_status")
        rows["day"], rows["hours"] = data.days(rows, "date"), amounts(rows["hours"])
        rows["pending"] = plain_words(rows["approval_status"]).eq("pending")
    rows["pending_hours"] = rows["hours"].where(rows["pending"])
    return rows[["project_id", "project_name", "day", "hours", "pending_hours", "pending"]]


def _rolling(
    rows: pd.DataFrame, base_hours: int, months: int, day: pd.Timestamp, industry: float
) -> pd.DataFrame:
    """Return the rate of the months before the day of the report, and before the same day of each month of a year."""
    began, records = rows.loc[rows["what"].eq("hours"), "day"].min(), []
    for back in reversed(range(_ROLLED)):
        end = day - pd.DateOffset(months=back)
        start = end - pd.DateOffset(months=months)
        part = rows[(rows["day"] > start) & (rows["day"] <= end)]
        worked = float(part["hours"].sum())
        rated = part["project_id"].isin(part.loc[part["hours"] > 0, "project_id"])
        cases = int(part.loc[rated, "recordable_case"].eq(True).sum())
        known = worked > 0 and began <= start + pd.DateOffset(months=1)
        rate = round(cases * base_hours / worked, 2) if known else math.nan
        record = {"month": end, "recordable": cases, "hours": worked, "trir": rate}
        records.append(record | {"industry": round(industry * base_hours / 200_000, 2)})
    return figures_frame(records)
