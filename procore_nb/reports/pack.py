"""Reports as one file to send: an HTML page that asks no host, or a workbook.

In: finished reports. Out: a file, whole or not there. Speaks to the file system only. Text that people wrote is escaped; the
page's content-security policy allows its own script by hash, and pictures inside the file only.
"""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pandas as pd

from procore_nb.atomic_write import check_output, output_path, replace_atomically
from procore_nb.call_errors import explain_calls
from procore_nb.errors import ArgumentError
from procore_nb.export import to_excel
from procore_nb.export.html_page import html_page
from procore_nb.reports.health_report import GAUGES
from procore_nb.reports.measures import label
from procore_nb.reports.pictures import draw
from procore_nb.reports.result import Names, Report, option_text
from procore_nb.scalars import is_missing

_MOST_ROWS = 200  # of one table in a page; a workbook has all
_MOST_PICTURES = 2
_HIDDEN = ("project_id",)
_PLAIN = ("id", "number", "year")  # columns that are no quantities
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
        The file. In a page, tables of more than 200 rows show the first 200 and say so.

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
    if not chosen or not all(isinstance(one, Report) for one in chosen):
        raise ArgumentError("A pack is made of finished reports.", advice="For example pack([pnb.reports.rfis(procore)], path).")  # fmt: skip
    if names not in ("show", "hide"):
        raise ArgumentError(f'names is "show" or "hide", not {names!r}.')
    place = output_path(path)
    ending = place.suffix.lower()
    if ending not in (".html", ".xlsx"):
        raise ArgumentError(f"{place.name} ends with neither .html nor .xlsx.")
    check_output(place)
    if names == "hide":
        roles: dict[str, str] = {}
        for one in chosen:
            one.without_names(roles)  # all names first, so that findings of one know the people of the others
        chosen = [one.without_names(roles) for one in chosen]
    if ending == ".xlsx":
        return to_excel(_sheets(chosen), place)
    text = page(chosen, personal=names == "show" and any(one.people for one in chosen))
    with replace_atomically(place) as draft:
        draft.write_text(text, encoding="utf-8")
    return place


def _sheets(reports: Sequence[Report]) -> dict[str, pd.DataFrame]:
    """Return one sheet of findings, the tables of each report, and one sheet of coverage."""
    each = {one.name: one.sheets() for one in reports}
    cover = pd.concat([sheets["findings"].assign(report=name) for name, sheets in each.items()])
    coverage = pd.concat([sheets["coverage"].assign(report=name) for name, sheets in each.items()])
    found = {"cover": cover[["report", "what", "text"]]}
    for name, sheets in each.items():
        found |= {
            f"{name} {title}": frame
            for title, frame in sheets.items()
            if title not in ("findings", "coverage")
        }
    return found | {"coverage": coverage}


def page(reports: Sequence[Report], *, personal: bool) -> str:
    """Return the whole page."""
    days = sorted({f"{one.as_of:%Y-%m-%d}" for one in reports})
    title = f"Procore reports as of {' and '.join(days)}"
    notice = (
        "<p class='notice'>This file names people: it holds personal data. names=\"hide\" leaves them out.</p>"
        if personal
        else ""
    )
    links = " · ".join(f"<a href='#{one.name}'>{escape(one.title)}</a>" for one in reports)
    source = ", ".join(sorted({one.environment for one in reports if one.environment})) or "given frames"
    body = (
        f"<header><h1>{title}</h1><p>Source: {escape(source)}. {links}</p>{notice}</header>{_cover(reports)}"
    )
    body += "".join(section(one) for one in reports)
    return html_page(
        title, body, style=STYLE, script=SCRIPT, images="data:", body_class="procore-report-page"
    )


def _cover(reports: Sequence[Report]) -> str:
    """Return the grid of health, the findings of all reports, and what they cover."""
    parts = []
    for one in reports:
        if one.name == "portfolio_health" and len(one.summary):
            grid = one.summary[["project_id", "project_name", *GAUGES]]
            parts.append(
                f"<h2>Health of each project</h2>{table(grid, web_url=one.web_url, shown=len(grid))}"
            )
    items = "".join(
        f"<li><b>{escape(one.title)}.</b> {escape(text)}</li>"
        for one in reports
        for text in _first(one.findings)
    )
    parts.append(f"<h2>Findings</h2><ul>{items}</ul>")
    every = pd.concat([one.coverage for one in reports], ignore_index=True)
    if len(every):
        every = every.sort_values("rows", ascending=False, kind="stable").drop_duplicates(
            ["list", "project_id"]
        )
        states = every.groupby(["list", "state"]).size().unstack(fill_value=0).reset_index()
        states["rows"] = states["list"].map(every.groupby("list")["rows"].sum())
        states["excluded"] = states["list"].map(every.groupby("list")["excluded"].sum())
        parts.append(
            f"<h2>Coverage</h2><p>Projects by what each list answered; no figure covers what did not answer.</p>{table(states, shown=100)}"
        )
    return f"<section class='procore-report cover'>{''.join(parts)}</section>"


def _first(findings: Sequence[str]) -> list[str]:
    """Return what the cover says of a report: its first findings, and what changed."""
    return [*findings[:3], *[one for one in findings[3:] if one.startswith("Since ")][:3]]


def section(report: Report, *, shown: int = _MOST_ROWS) -> str:
    """Return one report as HTML: question, findings, pictures, tables, definitions."""
    findings = "".join(f"<li>{escape(one)}</li>" for one in report.findings)
    pictures = "".join(_picture(draw(one), one.title) for one in report.pictures[:_MOST_PICTURES])
    options = "; ".join(f"{name} = {option_text(value)}" for name, value in report.options.items())
    frames = {"by project": report.summary, **report.tables, "rows": report.rows, "coverage": report.coverage}
    tables = "".join(
        f"<details{' open' if name in ('by project', 'total') else ''}><summary>{escape(name.replace('_', ' '))} ({len(frame):,})</summary>"
        f"{table(frame, web_url=report.web_url, shown=shown)}</details>"
        for name, frame in frames.items()
        if len(frame)
    )
    about = (
        f"<details><summary>how it is worked out</summary><p>{escape(report.definitions)}</p></details>"
        if report.definitions
        else ""
    )
    return (
        f"<section class='procore-report' id='{report.name}'><h2>{escape(report.title)}</h2><p>{escape(report.question)} "
        f"As of {report.as_of:%Y-%m-%d}.</p><ul>{findings}</ul><div class='pictures'>{pictures}</div>{tables}"
        f"<p class='options'>Definitions used: {escape(options)}.</p>{about}</section>"
    )


def _picture(figure: Any, title: str) -> str:
    stream = io.StringIO()
    figure.savefig(stream, format="svg", metadata={"Date": None})
    data = base64.b64encode(stream.getvalue().encode()).decode()
    return f"<img alt='{escape(title, quote=True)}' src='data:image/svg+xml;base64,{data}'>"


def table(frame: pd.DataFrame, *, web_url: str = "", shown: int = _MOST_ROWS) -> str:
    """Return a frame as a table to sort; names of projects lead to their page in Procore."""
    part = frame.head(shown)
    links = _links(part, web_url)
    columns = [name for name in part.columns if name not in _HIDDEN or "project_name" not in part.columns]
    heads = "".join(f"<th scope='col'>{escape(label(name))}</th>" for name in columns)
    cells = [_cells(part[name], links if name == "project_name" else None) for name in columns]
    rows = "".join(f"<tr>{''.join(row)}</tr>" for row in zip(*cells, strict=True))
    more = (
        f"<p class='more'>The first {shown:,} of {len(frame):,} rows; a workbook has all.</p>"
        if len(frame) > shown
        else ""
    )
    return (
        f"<div class='scroll'><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>{more}"
    )


def _links(frame: pd.DataFrame, web_url: str) -> list[str | None] | None:
    parts = urlsplit(web_url)
    if parts.scheme != "https" or not parts.hostname or "project_id" not in frame.columns:
        return None
    base = escape(web_url.rstrip("/"), quote=True)
    return [
        None if is_missing(one) else f"{base}/{int(one)}/project/home" if str(one).isdigit() else None
        for one in frame["project_id"].tolist()
    ]


def _cells(column: pd.Series[Any], links: list[str | None] | None) -> list[str]:
    plain = str(column.name).rpartition("_")[2] in _PLAIN or str(column.name).rpartition(".")[2] in _PLAIN
    found = []
    for at, value in enumerate(column.tolist()):
        if not isinstance(value, list) and is_missing(value):
            found.append("<td class='none'></td>")
            continue
        if isinstance(value, pd.Timestamp):
            found.append(f"<td>{value:%Y-%m-%d}</td>")
        elif isinstance(value, bool):
            found.append(f"<td>{'yes' if value else 'no'}</td>")
        elif isinstance(value, int | float):
            text = str(value) if plain else f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"
            found.append(f"<td class='n' data-v='{value}'>{text}</td>")
        else:
            text = escape(", ".join(map(str, value)) if isinstance(value, list) else str(value))
            gauge = f" class='{text}'" if text in ("red", "yellow", "green", "grey") else ""
            link = links[at] if links else None
            text = f"<a href='{link}' rel='noreferrer'>{text}</a>" if link else text
            found.append(f"<td{gauge}>{text}</td>")
    return found
