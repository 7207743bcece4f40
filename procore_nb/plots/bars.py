"""A bar for each row: counts, sums and shares, the number written at its end.

In: a Series or frame of numbers. Out: matplotlib Axes. Speaks to no service.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from procore_nb.plots.style import (
    GREY,
    INK,
    PALETTE,
    as_text,
    new_axes,
    numbers,
    short,
    tell_nothing,
    value_text,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_bars(
    values: pd.Series | pd.DataFrame, title: str = "", *, unit: str = "", ax: Axes | None = None
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

    Returns
    -------
    Axes
        Of matplotlib. Without rows it says so instead of showing bars.

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
    table = numbers(values)
    axes = new_axes(ax, width=7.2, height=0.85 + 0.29 * max(len(table), 3), title=title)
    if table.empty:
        return tell_nothing(axes)  # type: ignore[no-any-return]
    _draw(axes, table)
    _write(axes, table, unit)
    return as_text(axes)  # type: ignore[no-any-return]


def _draw(axes: Any, table: pd.DataFrame) -> None:
    places = np.arange(len(table))
    left = np.zeros(len(table))
    for place, name in enumerate(table.columns):
        lengths = table.iloc[:, place].fillna(0).to_numpy()
        color = PALETTE[place % len(PALETTE)]
        axes.barh(places, lengths, left=left, height=0.68, color=color, label=short(name))
        left = left + lengths
    axes.invert_yaxis()
    if len(table.columns) > 1:
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False, fontsize=9, labelcolor=INK)


def _write(axes: Any, table: pd.DataFrame, unit: str) -> None:
    ends = table.fillna(0).sum(axis=1)
    largest = float(ends.abs().max())
    for place, value in enumerate(ends):
        side = "left" if value >= 0 else "right"
        known = table.iloc[place].notna().any()
        axes.annotate(
            value_text(value, largest) if known else "–", (value, place), (4 if value >= 0 else -4, 0), textcoords="offset points",
            ha=side, va="center", fontsize=9, color=INK,
        )  # fmt: skip
    axes.set_yticks(range(len(table)), [short(name) for name in table.index])
    axes.set_xlabel(unit, fontsize=9, color=INK, loc="left")
    axes.set_xticks([])
    axes.tick_params(axis="y", length=0)
    axes.spines["bottom"].set_visible(False)
    axes.axvline(0, color=GREY, linewidth=0.8)
    axes.spines["left"].set_visible(False)
    axes.margins(x=0.09 if (ends >= 0).all() else 0.14)
