"""A bar for each row (counts, sums, shares), or a line for each column over time, each with its number written at its end.

In: a Series or frame of numbers. Out: matplotlib Axes. Speaks to no service.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from procore_nb.call_errors import explain_calls
from procore_nb.errors import ArgumentError
from procore_nb.maps.legend import GREY, INK, QUIET, drawable, families, shortened, write_title
from procore_nb.maps.map_columns import PALETTE
from procore_nb.maps.payload import text_of
from procore_nb.scalars import short_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from procore_nb.maps.canvas import Theme


@explain_calls()
def plot_bars(
    values: pd.Series | pd.DataFrame,
    title: str = "",
    *,
    unit: str = "",
    ax: Axes | None = None,
    theme: Theme = "auto",
) -> Axes:
    """Draw one horizontal bar per row, from top to bottom in the order of the rows, with its number at the end.

    Parameters
    ----------
    values
        A Series (`value_counts()`, a sum by group), or a frame whose columns become the parts of each bar, for numbers
        that are not negative. Its index names the bars. A missing number has no bar and a dash.
    title
        Stands above, at the left.
    unit
        What the numbers count or measure, such as `projects` or `million USD`; stands below.
    ax
        Draw there instead of on a new figure.
    theme
        "auto" follows the notebook's theme, and matplotlib's where its style is dark; files stay light. Else "light" or "dark".

    Returns
    -------
    Axes
        Of matplotlib. Without rows a text instead of showing bars.

    Raises
    ------
    ArgumentError
        If a column holds no numbers.

    Examples
    --------
    >>> import pandas as pd
    >>> ax = plot_bars(pd.Series({"open": 12, "closed": 30}), "RFIs by status", unit="RFIs")
    >>> [text.get_text() for text in ax.texts]
    ['12', '30']
    """
    table = _numbers(values)
    axes = new_axes(ax, width=7.2, height=0.85 + 0.29 * max(len(table), 3), title=title)
    if table.empty:
        return write_no_rows(axes, theme)  # type: ignore[no-any-return]
    left = np.zeros(len(table))
    for position, name in enumerate(table.columns):
        lengths = table.iloc[:, position].fillna(0).to_numpy()
        color = PALETTE[position % len(PALETTE)]
        bars = axes.barh(
            np.arange(len(table)), lengths, left=left, height=0.68, color=color, label=short(name)
        )
        left = left + lengths
    axes.invert_yaxis()
    if len(table.columns) > 1:
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False, fontsize=9, labelcolor=INK)
    known, largest = table.notna().any(axis=1), float(np.abs(left).max())
    ends = [value_text(end, largest) if is_known else "–" for end, is_known in zip(left, known, strict=True)]
    axes.bar_label(bars, ends, padding=4, fontsize=9, color=INK)
    axes.set_yticks(range(len(table)), [short(name) for name in table.index])
    axes.set_xlabel(drawable(unit), fontsize=9, color=INK, loc="left")
    axes.set_xticks([])
    axes.tick_params(axis="y", length=0)
    axes.spines[:].set_visible(False)
    axes.axvline(0, color=GREY, linewidth=0.8)
    axes.margins(x=0.09 if (left >= 0).all() else 0.14)
    return as_text(axes, theme)  # type: ignore[no-any-return]


@explain_calls()
def plot_lines(
    values: pd.Series | pd.DataFrame,
    title: str = "",
    *,
    unit: str = "",
    ax: Axes | None = None,
    theme: Theme = "auto",
) -> Axes:
    """Draw one line per column over time, from zero upwards, with its name and last number at its end.

    Parameters
    ----------
    values
        A Series, or a frame with a line per column, by times or dates. Missing numbers leave a gap.
    unit
        What the numbers count or measure; stands beside the axis.
    title, ax, theme
        As in `plot_bars`.

    Returns
    -------
    Axes
        Of matplotlib. Without rows a text instead of showing lines.

    Raises
    ------
    ArgumentError
        If the index holds no times or dates, or a column no numbers.

    Examples
    --------
    >>> import pandas as pd
    >>> weeks = pd.Series([310, 342, 355], index=pd.date_range("2026-06-05", periods=3, freq="W-FRI"))
    >>> ax = plot_lines(weeks, "People on site", unit="people")
    >>> [text.get_text() for text in ax.texts]
    ['355']
    """
    table = _numbers(values)
    axes = new_axes(ax, width=7.2, height=2.9, title=title)
    if table.dropna(how="all").empty:
        return write_no_rows(axes, theme)  # type: ignore[no-any-return]
    times = table.index.to_timestamp() if isinstance(table.index, pd.PeriodIndex) else table.index
    if not isinstance(times, pd.DatetimeIndex):
        raise ArgumentError(
            f"Lines are drawn over time, but the index holds {table.index.dtype}.",
            advice="Group by a date, or use plot_bars.",
        )
    table = table.set_axis(times.tz_localize(None) if times.tz is not None else times, axis=0).sort_index()
    _draw_lines(axes, table)
    axes.set_ylabel(drawable(unit), fontsize=9, color=INK)
    return as_text(axes, theme)  # type: ignore[no-any-return]


def _draw_lines(axes: Any, table: pd.DataFrame) -> None:
    from matplotlib import dates

    ends = []
    for position, name in enumerate(table.columns):
        line = table.iloc[:, position]
        known = line.dropna()
        if known.empty:
            continue
        color = PALETTE[position % len(PALETTE)]
        axes.plot(table.index, line, color=color, linewidth=1.8, marker="o" if len(known) < 3 else None)
        last = value_text(known.iloc[-1], float(table.abs().max().max()))
        text = f"{short(name)} {last}" if len(table.columns) > 1 else last
        ends.append((known.index[-1], known.iloc[-1], text, color))
    axes.grid(axis="y", color="#E3E6E9", linewidth=0.8)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.yaxis.set_major_formatter(lambda value, _: short_number(value))
    if (table.min(skipna=True) >= 0).all():
        axes.set_ylim(0, None)
    locator: Any = dates.AutoDateLocator(minticks=3, maxticks=8)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    # Years, months or days, with the year beside January or below the axis; never a bare number for a day.
    axes.xaxis.set_major_formatter(
        dates.ConciseDateFormatter(  # type: ignore[no-untyped-call]
            locator,
            formats=["%Y", "%b", "%d %b", "%H:%M", "%H:%M", "%S.%f"],
            zero_formats=["", "%b\n%Y", "%d %b", "%d %b", "%H:%M", "%H:%M"],
            offset_formats=["", "%Y", "%Y", "%d %b %Y", "%d %b %Y", "%d %b %Y"],
        )
    )
    if len(table) == 1:
        axes.set_xticks(table.index, [f"{table.index[0]:%d %b %Y}"])
    _write_ends(axes, ends)


def _write_ends(axes: Any, ends: list[tuple[Any, float, str, str]]) -> None:
    """Names at the ends of lines, moved apart where they would lie on each other."""
    step = 0.085 * (axes.get_ylim()[1] - axes.get_ylim()[0])
    height = float("-inf")
    for when, value, text, color in sorted(ends, key=lambda end: end[1]):
        height = max(value, height + step)
        axes.annotate(
            text, (when, height), (6, 0), textcoords="offset points", va="center", fontsize=9, color=color,
            fontweight="bold", annotation_clip=False,
        )  # fmt: skip


def _numbers(values: pd.Series | pd.DataFrame) -> pd.DataFrame:
    """The values as a frame of floats: money (`decimal.Decimal`), nullable integers and missing values are understood."""
    if not isinstance(values, pd.Series | pd.DataFrame):
        raise ArgumentError(
            f"A plot needs a Series or a DataFrame, not {type(values).__name__}.",
            advice='For example projects["project_stage.name"].value_counts().',
        )
    table = values.to_frame() if isinstance(values, pd.Series) else values
    columns = {}
    for position, name in enumerate(table.columns):
        column = table.iloc[:, position].astype(object)
        try:
            columns[position] = (
                pd.to_numeric(column, errors="raise").astype("Float64").astype("float64").to_numpy()
            )
        except (TypeError, ValueError) as error:
            raise ArgumentError(f"The column {name!r} holds no numbers, so it cannot be drawn.") from error
    frame = pd.DataFrame(columns, index=table.index)
    return frame.set_axis(table.columns, axis=1) if columns else frame


def new_axes(ax: Axes | None, *, width: float, height: float, title: str) -> Any:
    """Axes with the title at the left and without a box; new ones of this size (inches) unless some are given."""
    if ax is None:
        from procore_nb.maps.canvas import new_figure

        figure = new_figure(width, height)
        figure.set_layout_engine("constrained")
        ax = figure.add_subplot()
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(GREY)
    ax.tick_params(labelsize=9, labelcolor=INK, color=GREY)
    ax.set_axisbelow(True)
    if title:
        write_title(ax, title)
    return ax


def as_text(ax: Any, theme: Theme = "auto") -> Any:
    """Take every word on the axes as text, not as a formula, in fonts that know its letters; use the theme's colours."""
    from procore_nb.maps.canvas import use_theme

    legend = ax.get_legend()
    words = [*ax.texts, *ax.get_yticklabels(), ax.xaxis.label, ax.yaxis.label]
    for word in [*words, *(legend.get_texts() if legend else [])]:
        word.set(parse_math=False, fontfamily=list(families()))
    use_theme(ax, theme)
    return ax


def write_no_rows(ax: Any, theme: Theme = "auto") -> Any:
    ax.set(xticks=[], yticks=[])
    centre = {"ha": "center", "va": "center", "transform": ax.transAxes}
    ax.text(0.5, 0.5, "no rows, nothing to draw", color=QUIET, **centre)
    return as_text(ax, theme)


def short(name: Any) -> str:
    """A name that fits beside a bar: one line, cut with an ellipsis, as far as the fonts can write it."""
    if isinstance(name, tuple):
        name = ", ".join(map(str, name))
    return shortened(text_of(name, is_id=True) or "(none)", 38)


def value_text(value: float, largest: float) -> str:
    """A number as people read it: counts in full, millions in short, one or two decimals for small ones."""
    if abs(value) >= 1e6:
        return short_number(value)
    if float(value).is_integer() or largest >= 100:
        return f"{value:,.0f}"
    return f"{value:,.1f}" if largest >= 1 else f"{value:,.2f}"
