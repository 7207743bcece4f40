"""What bars and lines share: the numbers, the axes they are drawn on, its title and its words.

In: what an analyst hands over. Out: a frame of floats, and Axes. Speaks to no service.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from procore_nb.errors import ArgumentError
from procore_nb.maps.canvas import drawable, families, new_figure
from procore_nb.maps.legend import GREY, INK, QUIET, write_title
from procore_nb.maps.payload import text_of
from procore_nb.scalars import short_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from procore_nb.maps.notebook_figure import Theme

_LONGEST = 38  # characters of a name beside a bar or a line


def numbers(values: pd.Series | pd.DataFrame) -> pd.DataFrame:
    """The values as a frame of floats; a Series becomes one column.

    Money (`decimal.Decimal`), nullable integers and missing values are understood.
    """
    if not isinstance(values, pd.Series | pd.DataFrame):
        raise ArgumentError(
            f"A plot needs a Series or a DataFrame, not {type(values).__name__}.",
            advice='For example projects["project_stage.name"].value_counts().',
        )
    table = values.to_frame() if isinstance(values, pd.Series) else values
    columns = {
        position: _floats(table.iloc[:, position], name) for position, name in enumerate(table.columns)
    }
    frame = pd.DataFrame(
        {position: column.to_numpy() for position, column in columns.items()}, index=table.index
    )
    return frame.set_axis(table.columns, axis=1) if columns else frame


def _floats(column: pd.Series, name: object) -> pd.Series:
    try:
        return pd.to_numeric(column.astype(object), errors="raise").astype("Float64").astype("float64")
    except (TypeError, ValueError) as error:
        raise ArgumentError(f"The column {name!r} holds no numbers, so it cannot be drawn.") from error


def new_axes(ax: Axes | None, *, width: float, height: float, title: str) -> Any:
    """Axes with the title at the left and without a box; new ones of this size (inches) unless some are given."""
    if ax is None:
        figure = new_figure(width, height)
        figure.set_layout_engine("constrained")
        ax = figure.add_subplot()
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_color(GREY)
    ax.tick_params(labelsize=9, labelcolor=INK, color=GREY)
    ax.set_axisbelow(True)
    if title:
        write_title(ax, title)
    return ax


def as_text(ax: Any, theme: Theme = "auto") -> Any:
    """Take every word on the axes as text, not as a formula, in fonts that know its letters; use the theme's colours."""
    legend = ax.get_legend()
    words = [*ax.texts, *ax.get_yticklabels(), ax.xaxis.label, ax.yaxis.label]
    for word in [*words, *(legend.get_texts() if legend else [])]:
        word.set(parse_math=False, fontfamily=list(families()))
    from procore_nb.maps.notebook_figure import use_theme

    use_theme(ax, theme)
    return ax


def write_no_rows(ax: Any, theme: Theme = "auto") -> Any:
    """Write on empty axes that there is nothing to draw."""
    ax.set(xticks=[], yticks=[])
    ax.text(
        0.5, 0.5, "no rows, nothing to draw", transform=ax.transAxes, ha="center", va="center", color=QUIET
    )
    return as_text(ax, theme)


def short(name: Any) -> str:
    """A name that fits beside a bar: one line, cut with an ellipsis, as far as the fonts can write it."""
    if isinstance(name, tuple):
        return short(", ".join(map(str, name)))
    text = drawable(text_of(name, is_id=True) or "(none)")
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1].rstrip() + "…"


def value_text(value: float, largest: float) -> str:
    """A number as people read it: counts in full, millions in short, one or two decimals for small ones."""
    if abs(value) >= 1e6:
        return short_number(value)
    if float(value).is_integer() or largest >= 100:
        return f"{value:,.0f}"
    return f"{value:,.1f}" if largest >= 1 else f"{value:,.2f}"
