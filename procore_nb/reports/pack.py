"""Reports as one file to send: an HTML page that asks no host, or a workbook.

In: finished reports. Out: a file, whole or not there. Speaks to the file system only. Text that people wrote is escaped; the
page's content-security policy allows its own script by hash, and pictures inside the file only.
"""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pandas as pd

from procore_nb.atomic_write import check_output, output_path, replace_atomically
from procore_nb.call_errors import explain_calls
from procore_nb.errors import ArgumentError
from procore_nb.export.excel import write_workbook
from procore_nb.export.html_page import html_page
from procore_nb.reports.health_report import GAUGES
from procore_nb.reports.measures import headings, label
from procore_nb.reports.result import COLOURS, WORKBOOK, Names, Report, draw, option_text
from procore_nb.scalars import is_missing

_MOST_ROWS = 200  # of one table in a page; a workbook has all
_MOST_PRINTED = 25  # of one table; also in pack.css
_MOST_PICTURES = 2
_HIDDEN = ("project_id",)
_NOT_QUANTITIES = ("id", "number", "year")
STYLE = files("procore_nb.reports").joinpath("pack.css").read_text("utf-8")
SCRIPT = files("procore_nb.reports").joinpath("pack.js").read_text("utf-8")
STYLE_BLOCK = f"<style>{STYLE}</style>"


@explain_calls()
def pack(reports: Report | Iterable[Report], path: str | os.PathLike[str], *, names: Names = "show") -> Path:
    """Write reports to one file and return its path.

    Parameters
    ----------
    reports
        Finished reports, one or several, in the order to show; `pnb.reports.all_reports(…)` makes all of them.
    path
        `.html`: a cover (health of each project, findings, coverage), then each report with pictures and tables to sort; opens
        without a network, prints page by page. `.xlsx`: a sheet for each table, with all rows.
    names
        `"hide"` puts roles (`Person 1`) in the place of people, the same in all reports. Text that people wrote stays.

    Returns
    -------
    Path
        The file. In a page, tables of more than 200 rows show the first 200, print the first 25, and say so.

    Raises
    ------
    ArgumentError
        If there is no report, or the name ends with neither `.html` nor `.xlsx`.
    OutputError
        If the file cannot be written; nothing half-written stays.

    Examples
    --------
    >>> import procore_nb as pnb
    >>> report = pnb.reports.rfis({"rfis": [{"id": 1, "status": "open"}]}, as_of="2026-06-18")
    >>> pnb.reports.pack([report], "monday.html").name
    'monday.html'
    """
    chosen = [reports] if isinstance(reports, Report) else list(reports)
    if not chosen or not all(isinstance(report, Report) for report in chosen):
        raise ArgumentError(
            "A pack is made of finished reports.",
            advice="For example pack([pnb.reports.rfis(procore)], path).",
        )
    if names not in ("show", "hide"):
        raise ArgumentError(f'names is "show" or "hide", not {names!r}.')
    target = output_path(path)
    if target.suffix.lower() not in (".html", ".xlsx"):
        raise ArgumentError(f"{target.name} ends with neither .html nor .xlsx.")
    check_output(target)
    if names == "hide":
        roles: dict[str, str] = {}
        for report in chosen:  # all names first, so that findings of one know the people of the others
            report.without_names(roles)
        chosen = [report.without_names(roles) for report in chosen]
    if target.suffix.lower() == ".xlsx":
        return write_workbook(_sheets(chosen), target, style=WORKBOOK)
    text = page(chosen, personal=names == "show" and any(report.people for report in chosen))
    with replace_atomically(target) as draft:
        draft.write_text(text, encoding="utf-8")
    return target


def _sheets(reports: Sequence[Report]) -> dict[str, pd.DataFrame]:
    """Return one sheet of findings, the tables of each report, and one sheet of coverage."""
    tables: dict[str, pd.DataFrame] = {}
    cover, coverage = [], []
    for at, report in enumerate(reports):
        earlier = sum(other.name == report.name for other in reports[:at])
        title = f"{report.title} {earlier + 1}" if earlier else report.title
        sheets = report.sheets()
        cover.append(sheets.pop("findings").assign(report=title))
        coverage.append(sheets.pop("coverage").assign(report=title))
        tables |= {f"{title} {label(name)}": frame for name, frame in sheets.items()}
    findings = pd.concat(cover)[["report", "what", "severity", "text"]]
    return {"Cover": findings, **tables, "Coverage": pd.concat(coverage)}


def page(reports: Sequence[Report], *, personal: bool) -> str:
    days = sorted({f"{report.as_of:%Y-%m-%d}" for report in reports})
    title = f"Procore reports as of {' and '.join(days)}"
    notice = "<p class='notice'>This file names people: it holds personal data. names=\"hide\" leaves them out.</p>"
    links = " · ".join(f"<a href='#{report.name}'>{escape(report.title)}</a>" for report in reports)
    environments = sorted({report.environment for report in reports} - {""})
    source = ", ".join(environments) or "given frames"
    head = f"<header><h1>{title}</h1><p>Source: {escape(source)}. {links}</p>{notice if personal else ''}</header>"
    body = head + _cover(reports) + "".join(map(section, reports))
    return html_page(
        title, body, style=STYLE, script=SCRIPT, images="data:", body_class="procore-report-page"
    )


def _cover(reports: Sequence[Report]) -> str:
    """Return the grid of health, the findings of all reports, and what they cover."""
    parts = []
    for report in reports:
        if report.name == "portfolio_health" and len(report.summary):
            grid = report.summary[["project_id", "project_name", *GAUGES]]
            shown = table(grid, web_url=report.web_url, shown=len(grid))
            parts.append(f"<h2>Health of each project</h2>{shown}")
    items = [
        f"<li><b>{escape(report.title)}.</b> {escape(text)}</li>"
        for report in reports
        for text in _first(report.findings)
    ]
    parts.append(f"<h2>Findings</h2><ul>{''.join(items)}</ul>")
    every = pd.concat([report.coverage for report in reports], ignore_index=True)
    if len(every):
        most = every.sort_values("rows", ascending=False, kind="stable")
        lists = most.drop_duplicates(["list", "project_id"]).groupby("list")
        states = lists["state"].value_counts().unstack(fill_value=0).sort_index(axis=1)
        states[["rows", "excluded"]] = lists[["rows", "excluded"]].sum()
        note = "Projects by what each list answered; no figure covers what did not answer."
        parts.append(f"<h2>Coverage</h2><p>{note}</p>{table(states.reset_index(), shown=100)}")
    return f"<section class='procore-report cover'>{''.join(parts)}</section>"


def _first(findings: Sequence[str]) -> list[str]:
    """Return what the cover says of a report: its first findings, and what changed."""
    return [*findings[:3], *[text for text in findings[3:] if text.startswith("Since ")][:3]]


def section(report: Report, *, shown: int = _MOST_ROWS) -> str:
    """Return one report as HTML: question, findings, pictures, tables, definitions."""
    findings = "".join(f"<li>{escape(finding)}</li>" for finding in report.findings)
    pictures = "".join(_picture(draw(picture), picture.title) for picture in report.pictures[:_MOST_PICTURES])
    options = "; ".join(f"{name} = {option_text(value)}" for name, value in report.options.items())
    frames = {"by project": report.summary, **report.tables, "rows": report.rows, "coverage": report.coverage}
    tables = "".join(
        f"<details{' open' if name in ('by project', 'total') else ''}><summary>{escape(title)} ({len(frame):,})</summary>"
        f"{table(frame, web_url=report.web_url, shown=shown)}</details>"
        for title, (name, frame) in zip(headings([*frames]), frames.items(), strict=True)
        if len(frame)
    )
    return (
        f"<section class='procore-report' id='{report.name}'><h2>{escape(report.title)}</h2><p>{escape(report.question)} "
        f"As of {report.as_of:%Y-%m-%d}.</p><ul>{findings}</ul><div class='pictures'>{pictures}</div>{tables}"
        f"<p class='options'>Definitions used: {escape(options)}.</p>"
        f"<details><summary>how it is worked out</summary><p>{escape(report.definitions)}</p></details></section>"
    )


def _picture(figure: Any, title: str) -> str:
    stream = io.BytesIO()
    figure.savefig(stream, format="svg", metadata={"Date": None})
    data = base64.b64encode(stream.getvalue()).decode()
    return f"<img alt='{escape(title, quote=True)}' src='data:image/svg+xml;base64,{data}'>"


def table(frame: pd.DataFrame, *, web_url: str = "", shown: int = _MOST_ROWS) -> str:
    """Return a frame as a table to sort; names of projects lead to their page in Procore."""
    part = frame.head(shown)
    hidden = _HIDDEN if "project_name" in part.columns else ()
    columns = [name for name in part.columns if name not in hidden]
    heads = "".join(f"<th scope='col'>{escape(heading)}</th>" for heading in headings([*map(str, columns)]))
    cells = [_cells(part[name], _links(part, web_url) if name == "project_name" else {}) for name in columns]
    rows = "".join(f"<tr>{''.join(row)}</tr>" for row in zip(*cells, strict=True))
    limits = {
        "more": (shown, "are shown; the rest is in the workbook (.xlsx)"),
        "more printed": (_MOST_PRINTED, "are printed; the rest is in the page and the workbook (.xlsx)"),
    }
    notes = "".join(
        f"<p class='{name}'>The first {number:,} of {len(frame):,} rows {text}.</p>"
        for name, (number, text) in limits.items()
        if len(frame) > number
    )
    head = f"<thead><tr>{heads}</tr></thead>"
    return f"<div class='scroll'><table>{head}<tbody>{rows}</tbody></table></div>{notes}"


def _links(frame: pd.DataFrame, web_url: str) -> dict[int, str]:
    """Return the page in Procore of the project of each row that has one, by the position of the row."""
    parts = urlsplit(web_url)
    if parts.scheme != "https" or not parts.hostname or "project_id" not in frame.columns:
        return {}
    base = escape(web_url.rstrip("/"), quote=True)
    ids = enumerate(frame["project_id"].astype("string").fillna(""))
    return {at: f"{base}/{int(one)}/project/home" for at, one in ids if one.isdecimal()}


def _cells(column: pd.Series[Any], links: Mapping[int, str]) -> list[str]:
    is_quantity = {str(column.name).rpartition(mark)[2] for mark in "_."}.isdisjoint(_NOT_QUANTITIES)
    cells = []
    for at, value in enumerate(column.tolist()):
        if is_missing(value):
            cells.append("<td class='none'></td>")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            number = f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"
            cells.append(f"<td class='n' data-v='{value}'>{number if is_quantity else value}</td>")
        else:
            text = escape(_text(value))
            gauge = f" class='{text}'" if text in COLOURS else ""
            text = f"<a href='{links[at]}' rel='noreferrer'>{text}</a>" if at in links else text
            cells.append(f"<td{gauge}>{text}</td>")
    return cells


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list) else option_text(value)
