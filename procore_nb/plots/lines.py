"""A line for each column, over time, with its name at its end.

In: a Series or frame of numbers by time. Out: matplotlib Axes. Speaks to no service.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from procore_nb.errors import ArgumentError
from procore_nb.plots.style import INK, PALETTE, as_text, new_axes, numbers, short, tell_nothing, value_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_lines(
    values: pd.Series | pd.DataFrame, title: str = "", *, unit: str = "", ax: Axes | None = None
) -> Axes:
    """Draw one line per column over time, from zero upwards, with its name and last number at its end.

    Parameters
    ----------
    values
        A Series, or a frame with a line per column, by times or dates. Missing numbers leave a gap.
    title
        Stands above, at the left.
    unit
        What the numbers count or measure; stands beside the axis.
    ax
        Draw there instead of on a new figure.

    Returns
    -------
    Axes
        Of matplotlib. Without rows it says so instead of showing lines.

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
    table = numbers(values)
    axes = new_axes(ax, width=7.2, height=2.9, title=title)
    if table.dropna(how="all").empty:
        return tell_nothing(axes)  # type: ignore[no-any-return]
    times = table.index.to_timestamp() if isinstance(table.index, pd.PeriodIndex) else table.index
    if not isinstance(times, pd.DatetimeIndex):
        raise ArgumentError(
            f"Lines are drawn over time, but the index holds {table.index.dtype}.",
            advice="Group by a date, or use plot_bars.",
        )
    table = table.set_axis(times.tz_localize(None) if times.tz is not None else times, axis=0).sort_index()
    _draw(axes, table)
    axes.set_ylabel(unit, fontsize=9, color=INK)
    return as_text(axes)  # type: ignore[no-any-return]


def _draw(axes: Any, table: pd.DataFrame) -> None:
    from matplotlib import dates

    ends = []
    for place, name in enumerate(table.columns):
        line = table.iloc[:, place]
        known = line.dropna()
        if known.empty:
            continue
        color = PALETTE[place % len(PALETTE)]
        axes.plot(table.index, line, color=color, linewidth=1.8, marker="o" if len(known) < 3 else None)
        last = value_text(known.iloc[-1], float(table.abs().max().max()))
        ends.append(
            (
                known.index[-1],
                known.iloc[-1],
                f"{short(name)} {last}" if len(table.columns) > 1 else last,
                color,
            )
        )
    axes.grid(axis="y", color="#E3E6E9", linewidth=0.8)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.yaxis.set_major_formatter("{x:,g}")
    if (table.min(skipna=True) >= 0).all():
        axes.set_ylim(0, None)
    locator: Any = dates.AutoDateLocator(minticks=3, maxticks=8)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
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
