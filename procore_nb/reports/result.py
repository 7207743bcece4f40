"""What a report gives: an answer with its pictures, and the finished report, which a notebook shows and files keep.

In: small frames and sentences of an analysis. Out: frames, matplotlib figures (bars, lines, dots, a waterfall, a grid of
gauges), one HTML file, a workbook. Speaks to the file system only.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from procore_nb.export.column_text import titles
from procore_nb.export.excel import WorkbookStyle, write_workbook
from procore_nb.maps.legend import GREY, INK, drawable
from procore_nb.maps.map_columns import PALETTE
from procore_nb.plots import as_text, new_axes, plot_bars, plot_lines, short, value_text, write_no_rows
from procore_nb.reports.measures import Finding, headings

Names = Literal["show", "hide"]
NOBODY = "(nobody)"
_RED, _YELLOW, _GREEN, _GREY = "#F1948A", "#F7DC6F", "#82C99D", "#D5D8DC"  # black text is read on them
_CELLS = {"red": _RED, "high": _RED, "yellow": _YELLOW, "medium": _YELLOW, "green": _GREEN, "grey": _GREY}
WORKBOOK = WorkbookStyle(headings, "#2B4C63", _CELLS)
"""How workbooks of reports look: findings coloured by severity, gauges by their colour."""
_MOST_BARS = 20
COLOURS = {"red": "#C0392B", "yellow": "#E3B505", "green": "#2F7D4C", "grey": "#C9CED3"}


@dataclass(frozen=True)
class Picture:
    """One picture to draw: its data is named by its index."""

    title: str
    data: Any
    unit: str = ""
    kind: Literal["bars", "lines", "waterfall", "grid", "dots"] = "bars"


@dataclass(frozen=True)
class Analysis:
    """What the analysis of one report gives."""

    summary: pd.DataFrame = field(repr=False)
    rows: pd.DataFrame = field(repr=False)
    tables: dict[str, pd.DataFrame] = field(default_factory=dict, repr=False)
    findings: list[str] = field(default_factory=list, repr=False)
    pictures: list[Picture] = field(default_factory=list, repr=False)
    people: tuple[str, ...] = field(default=(), repr=False)
    """Columns, in whatever table, that name people."""


@dataclass(frozen=True, kw_only=True)
class Report(Analysis):
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
        lines = [f"{self.title}, as of {self.as_of:%Y-%m-%d}", *(f"- {finding}" for finding in self.findings)]
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


def bars(
    title: str, frame: pd.DataFrame, name: str, value: str, *, unit: str = "", largest: bool = True
) -> Picture:
    """Return bars of a column of a table, named by another: the largest that are not zero, or all in their order."""
    data = frame.set_index(name)[value]
    if largest:
        data = data[data.fillna(0).ne(0)]
    if largest and len(data) > _MOST_BARS:
        order = data.astype("float64").abs().sort_values(ascending=False).index[:_MOST_BARS]
        data, unit = data.loc[order], f"{unit}; the {_MOST_BARS} largest"
    return Picture(title, data, unit)


def by_currency(
    title: str, frame: pd.DataFrame, name: str, value: str, units: Iterable[str]
) -> list[Picture]:
    """Return bars for each currency that has values; amounts are never drawn across."""
    known = frame[frame[value].fillna(0).ne(0)]
    parts = {unit: known[known["currency"] == unit] for unit in units}
    return [
        bars(f"{title}, {unit}", part, name, value, unit=unit) for unit, part in parts.items() if len(part)
    ]


def draw(picture: Picture) -> Any:
    """Return the figure of a picture, which nobody has to close: a notebook shows it once, where it is displayed."""
    functions = {"waterfall": _waterfall, "grid": _grid, "dots": _dots, "bars": _bars}
    if picture.kind == "lines":
        figure = plot_lines(picture.data, picture.title, unit=picture.unit).figure
    else:
        figure = functions[picture.kind](picture).figure
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close(figure)
    return figure


def _bars(picture: Picture) -> Any:
    """Bars; where some are below zero, to both sides of it, those in red, and names stand left of all of them."""
    data = picture.data.head(2 * _MOST_BARS)
    if not (pd.DataFrame(data).astype("float64") < 0).any(axis=None):
        return plot_bars(data, picture.title, unit=picture.unit)
    data = data.sum(axis=1) if isinstance(data, pd.DataFrame) else data
    axes = plot_bars(data, picture.title, unit=picture.unit)
    drawn: list[Any] = list(axes.patches)
    for bar in drawn:
        if bar.get_width() < 0:
            bar.set_facecolor(COLOURS["red"])
    low, high = axes.get_xlim()
    # Room for the number at the end of the longest bar on each side.
    axes.set_xlim(low - 0.12 * (high - low), high + 0.04 * (high - low))
    return axes


def _rows_axes(picture: Picture, names: Sequence[Any], height: float, *, above: float = 0.95) -> Any:
    """Return axes with a row for each name, from the top down, and the unit below."""
    axes = new_axes(None, width=7.2, height=above + height * max(len(names), 3), title=picture.title)
    axes.invert_yaxis()
    axes.set_yticks(range(len(names)), [short(name) for name in names])
    axes.set_xlabel(drawable(picture.unit), fontsize=9, color=INK, loc="left")
    axes.tick_params(axis="y", length=0)
    return axes


def _waterfall(picture: Picture) -> Any:
    """A sum, then what it is made of, each part beginning where the one before ended."""
    parts = picture.data.astype("float64").fillna(0)
    axes = _rows_axes(picture, parts.index, 0.32)
    if parts.empty:
        return write_no_rows(axes)
    starts = np.concatenate([[0.0, 0.0], np.cumsum(parts.to_numpy()[1:])])[: len(parts)]
    largest = float(parts.abs().max())
    beside = {"textcoords": "offset points", "va": "center", "fontsize": 9, "color": INK}
    for row, (value, start) in enumerate(zip(parts, starts, strict=True)):
        axes.barh(row, value, left=start, height=0.68, color=PALETTE[min(row, 1)])
        axes.annotate(value_text(value, largest), (max(start, start + value), row), (4, 0), **beside)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    axes.axvline(0, color=GREY, linewidth=0.8)
    axes.margins(x=0.14)
    return as_text(axes)


def _dots(picture: Picture) -> Any:
    """A dot for each value in the row of its name, those below zero in red; names with most of these first."""
    values = picture.data.dropna().astype("float64")
    names = (values < 0).groupby(level=0).sum().sort_values(ascending=False, kind="stable").index[:_MOST_BARS]
    axes = _rows_axes(picture, names, 0.26)
    if values.empty:
        return write_no_rows(axes)
    for row, name in enumerate(names):
        dots = values[values.index == name].to_numpy()
        colours = np.where(dots < 0, COLOURS["red"], PALETTE[0])
        axes.scatter(dots, [row] * len(dots), s=22, alpha=0.65, linewidths=0, color=colours)
    axes.axvline(0, color=GREY, linewidth=0.8)
    return as_text(axes)


def _grid(picture: Picture) -> Any:
    """Projects by gauges: a coloured field with its word, so that colour is not all that tells them apart."""
    data = picture.data.head(60)
    axes = _rows_axes(picture, data.index, 0.24, above=0.9)
    if data.empty:
        return write_no_rows(axes)
    field = {"height": 0.86, "edgecolor": GREY, "linewidth": 0.4}
    for row, values in enumerate(data.astype(str).to_numpy()):
        for column, word in enumerate(values):
            colour, hatch = COLOURS.get(word, "#FFFFFF"), None if word in COLOURS else "////"
            ink = "#FFFFFF" if word in ("red", "green") else INK
            axes.barh(row, 0.94, left=column, color=colour, hatch=hatch, **field)
            axes.text(column + 0.47, row, word, ha="center", va="center", fontsize=7, color=ink)
    centres = [column + 0.47 for column in range(len(data.columns))]
    axes.set_xticks(centres, [short(title) for title in titles(list(data.columns))])
    axes.xaxis.tick_top()
    axes.tick_params(length=0, labelsize=8)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    return as_text(axes)
