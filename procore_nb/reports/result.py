"""A finished report: summary, rows, tables, findings, coverage, pictures; a notebook shows it, files keep it.

In: what an analysis found. Out: frames, figures, one HTML file, a workbook. Speaks to the file system only.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from procore_nb.export.excel import WorkbookStyle, write_workbook
from procore_nb.reports.measures import Finding, headings
from procore_nb.reports.pictures import Picture, draw

Names = Literal["show", "hide"]
NOBODY = "(nobody)"
_RED, _YELLOW, _GREEN, _GREY = "#F1948A", "#F7DC6F", "#82C99D", "#D5D8DC"  # black text is read on them
_CELLS = {"red": _RED, "high": _RED, "yellow": _YELLOW, "medium": _YELLOW, "green": _GREEN, "grey": _GREY}
WORKBOOK = WorkbookStyle(headings, "#2B4C63", _CELLS)
"""How workbooks of reports look: findings coloured by severity, gauges by their colour."""


@dataclass(frozen=True)
class Answer:
    """What the analysis of one report gives."""

    summary: pd.DataFrame = field(repr=False)
    rows: pd.DataFrame = field(repr=False)
    tables: dict[str, pd.DataFrame] = field(default_factory=dict, repr=False)
    findings: list[str] = field(default_factory=list, repr=False)
    pictures: list[Picture] = field(default_factory=list, repr=False)
    people: tuple[str, ...] = field(default=(), repr=False)
    """Columns, in whatever table, that name people."""


@dataclass(frozen=True, kw_only=True)
class Report(Answer):
    """The answer to one question, with everything it was worked out from.

    Attributes
    ----------
    summary
        One row for each project, and each currency where there is money.
    rows
        The records behind it, each with the columns that decided.
    tables
        Further frames by name; `total` is all projects together.
    findings
        Sentences with their numbers.
    coverage
        One row for each project and list: `state` (answered, empty, no permission, tool off or not visible, failed, not
        given), `rows`, `excluded`, `why`, `values`.
    as_of
        The day of the report.
    options
        Each definition that differs between companies, as it was used.
    """

    name: str
    title: str
    question: str
    as_of: pd.Timestamp
    coverage: pd.DataFrame = field(repr=False)
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)
    definitions: str = field(default="", repr=False)
    environment: str = ""
    web_url: str = field(default="", repr=False)
    requests: int = 0

    def figures(self) -> list[Any]:
        """Return the pictures of the report.

        Returns
        -------
        list of matplotlib.figure.Figure
            One for each picture; none where there is nothing to draw.

        Examples
        --------
        >>> import procore_nb as pnb
        >>> report = pnb.reports.rfis(pnb.connect("demo"), projects=[1204347], progress=False)
        >>> len(report.figures()) > 0
        True
        """
        return [draw(picture) for picture in self.pictures]

    def save(self, path: str | os.PathLike[str], *, names: Names = "show") -> Path:
        """Write the report to one HTML file that needs no internet.

        Parameters
        ----------
        path
            The file; its folder must exist.
        names
            `"hide"` puts roles (`Person 1`) in the place of people.

        Returns
        -------
        Path
            Where it is.

        Raises
        ------
        OutputError
            If the file cannot be written; nothing half-written stays.

        Examples
        --------
        >>> import procore_nb as pnb
        >>> report = pnb.reports.rfis(pnb.connect("demo"), projects=[1204347], progress=False)
        >>> report.save("rfis.html").name
        'rfis.html'
        """
        from procore_nb.reports.pack import pack

        return pack([self], path, names=names)

    def to_excel(self, path: str | os.PathLike[str], *, names: Names = "show") -> Path:
        """Write every table to a sheet of one workbook.

        Parameters
        ----------
        path, names
            As in `save`.

        Returns
        -------
        Path
            Where it is.

        Examples
        --------
        >>> import procore_nb as pnb
        >>> report = pnb.reports.rfis(pnb.connect("demo"), projects=[1204347], progress=False)
        >>> report.to_excel("rfis.xlsx").name
        'rfis.xlsx'
        """
        sheets = (self.without_names({}) if names == "hide" else self).sheets()
        titles = headings([*sheets])
        return write_workbook(dict(zip(titles, sheets.values(), strict=True)), path, style=WORKBOOK)

    def sheets(self) -> dict[str, pd.DataFrame]:
        """Return every table of the report.

        Returns
        -------
        dict of DataFrame
            By the name of its sheet: findings first, with how much they matter, then figures, then what they cover.

        Examples
        --------
        >>> import procore_nb as pnb
        >>> report = pnb.reports.rfis(pnb.connect("demo"), projects=[1204347], progress=False)
        >>> list(report.sheets())[:2]
        ['findings', 'summary']
        """
        records = [("question", "", self.question), ("as of", "", f"{self.as_of:%Y-%m-%d}")]
        records += [("option", "", f"{name} = {option_text(value)}") for name, value in self.options.items()]
        records += [("finding", getattr(text, "severity", ""), text) for text in self.findings]
        findings = pd.DataFrame(records, columns=["what", "severity", "text"], dtype="string")
        tables = {"summary": self.summary, **self.tables, "rows": self.rows, "coverage": self.coverage}
        return {"findings": findings, **tables}

    def without_names(self, roles: dict[str, str]) -> Report:
        """Return the report with roles in the place of people.

        Parameters
        ----------
        roles
            Role by name; it grows, so that several reports agree.

        Returns
        -------
        Report
            The same figures; `Person 1` and so on where people were named.

        Examples
        --------
        >>> import procore_nb as pnb
        >>> report = pnb.reports.rfis(pnb.connect("demo"), projects=[1204347], progress=False)
        >>> report.without_names({}).title
        'RFIs'
        """
        columns = set(self.people)
        frames = [self.summary, self.rows, *self.tables.values()]
        for frame in frames:
            for name in columns & set(frame.columns):
                for person in frame[name].explode().dropna().unique():
                    if person != NOBODY:
                        roles.setdefault(person, f"Person {len(roles) + 1}")
        summary, rows, *tables = (_renamed(frame, columns, roles) for frame in frames)
        data = [picture.data.rename(index=lambda name: _role(name, roles)) for picture in self.pictures]
        return replace(
            self,
            summary=summary,
            rows=rows,
            tables=dict(zip(self.tables, tables, strict=True)),
            findings=[_reworded(text, roles) for text in self.findings],
            pictures=[replace(one, data=its) for one, its in zip(self.pictures, data, strict=True)],
        )

    def _repr_html_(self) -> str:
        from procore_nb.reports.pack import STYLE_BLOCK, section

        return STYLE_BLOCK + section(self, shown=15)

    def __str__(self) -> str:
        lines = [f"{self.title}, as of {self.as_of:%Y-%m-%d}", *(f"- {one}" for one in self.findings)]
        return "\n".join(lines)


def option_text(value: Any) -> str:
    """Return an option as it is printed beside the numbers."""
    if isinstance(value, tuple | list):
        return ", ".join(map(option_text, value)) or "none"
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    return str(value)


def _renamed(frame: pd.DataFrame, columns: set[str], roles: Mapping[str, str]) -> pd.DataFrame:
    named = {name: frame[name] for name in columns & set(frame.columns)}
    renamed = {name: column.map(lambda value: _role(value, roles)) for name, column in named.items()}
    return frame.assign(**{name: column.astype(frame[name].dtype) for name, column in renamed.items()})


def _role(value: Any, roles: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [_role(item, roles) for item in value]
    return roles.get(value, value) if isinstance(value, str) else value


def _reworded(text: str, roles: Mapping[str, str]) -> str:
    for name in sorted(roles, key=len, reverse=True):
        text = Finding(text.replace(name, roles[name]), getattr(text, "severity", ""))
    return text
