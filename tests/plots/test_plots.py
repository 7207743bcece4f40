"""Bars and lines: every number is drawn and written, and no table breaks them."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import procore_nb as pnb

mpl.use("agg")


@pytest.fixture(autouse=True)
def _no_figure_is_left_open() -> Iterator[None]:
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


def said(ax: Any) -> list[str]:
    return [text.get_text() for text in ax.texts]


def names(ax: Any) -> list[str]:
    return [label.get_text() for label in ax.get_yticklabels()]


def test_bars_stand_in_the_order_of_the_rows_with_their_numbers() -> None:
    ax: Any = pnb.plot_bars(pd.Series({"open": 1200, "closed": 30, "draft": 0}), "RFIs", unit="RFIs")
    assert names(ax) == ["open", "closed", "draft"]
    assert said(ax) == ["1,200", "30", "0"]
    assert [bar.get_width() for bar in ax.patches] == [1200, 30, 0]
    assert ax.get_ylim()[0] > ax.get_ylim()[1]
    assert (ax.get_title(loc="left"), ax.get_xlabel()) == ("RFIs", "RFIs")


def test_columns_become_parts_of_a_bar_with_the_sum_at_its_end() -> None:
    parts = pd.DataFrame({"in time": [4, 0], "overdue": [8, 59]}, index=["young", "old"])
    ax: Any = pnb.plot_bars(parts)
    assert said(ax) == ["12", "59"]
    assert [(bar.get_x(), bar.get_width()) for bar in ax.patches] == [(0, 4), (0, 0), (4, 8), (0, 59)]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["in time", "overdue"]


def test_money_and_nullable_numbers_are_drawn_and_a_missing_one_has_a_dash() -> None:
    assert said(pnb.plot_bars(pd.Series([Decimal("3.25"), None, Decimal("-2")]))) == ["3.2", "–", "-2"]
    assert said(pnb.plot_bars(pd.Series([7, pd.NA], dtype="Int64"))) == ["7", "–"]
    assert said(pnb.plot_bars(pd.Series([0.25, 0.5]))) == ["0.25", "0.50"]
    assert said(pnb.plot_bars(pd.Series([3.84e9, 2_500_000, 999_999]))) == ["3.84B", "2.5M", "999,999"]


def test_an_axis_of_millions_is_written_in_millions() -> None:
    days = pd.date_range("2026-01-01", periods=2)
    ax: Any = pnb.plot_lines(pd.Series([1e6, 4e6], index=days))
    ax.figure.canvas.draw()
    assert {"1M", "4M"} <= {label.get_text() for label in ax.get_yticklabels()}


def test_a_name_is_text_whatever_it_holds() -> None:
    odd = pd.Series([1, 2, 3, 4], index=["$x_1$ for $y", "東京 一", pd.NA, "word " * 30])
    ax: Any = pnb.plot_bars(odd, "a $b$ c")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ax.figure.canvas.draw()
    assert names(ax)[0] == "$x_1$ for $y"
    assert names(ax)[2] == "(none)"
    assert names(ax)[3].endswith("…")
    assert len(names(ax)[3]) < 40


@pytest.mark.parametrize("empty", [pd.Series(dtype="int64"), pd.DataFrame(), pd.DataFrame({"a": []})])
@pytest.mark.parametrize("plot", [pnb.plot_bars, pnb.plot_lines])
def test_without_rows_the_plot_says_so(plot: Any, empty: pd.Series | pd.DataFrame) -> None:
    ax = plot(empty, "RFIs")
    assert said(ax) == ["no rows, nothing to draw"]
    assert ax.get_title(loc="left") == "RFIs"


def test_odd_text_is_drawn_without_a_warning() -> None:
    texts = [f"a{odd}b" for odd in ("\ud83d", "\x00", "\x1b[31m é", "\u2028é\x00")]
    bars = pd.Series(range(4), index=pd.Index(texts, dtype=object))
    days = pd.date_range("2026-01-01", periods=2)
    lines = pd.DataFrame(np.ones((2, 4)), index=days).set_axis(bars.index, axis=1)
    for ax in (pnb.plot_bars(bars, texts[0], unit=texts[1]), pnb.plot_lines(lines, texts[2], unit=texts[3])):
        ax.figure.savefig(io.BytesIO(), format="svg")

    assert [(name[0], name[-1]) for name in names(pnb.plot_bars(bars))] == [("a", "b")] * 4


def test_lines_begin_at_zero_and_end_with_name_and_number() -> None:
    quarters = pd.date_range("2025-01-01", periods=4, freq="QS", tz="UTC")
    pace = pd.DataFrame({"median": [10, 12, 11, 9], "nine in ten": [30, 28, np.nan, 29]}, index=quarters)
    ax: Any = pnb.plot_lines(pace, "Days", unit="days")
    assert said(ax) == ["median 9", "nine in ten 29"]
    assert ax.get_ylim()[0] == 0
    assert [len(line.get_xdata()) for line in ax.lines] == [4, 4]


def test_names_at_the_ends_of_lines_do_not_lie_on_each_other() -> None:
    days = pd.date_range("2026-01-01", periods=3)
    ax: Any = pnb.plot_lines(pd.DataFrame({name: [1.0, 5.0, 5.0] for name in "abcd"}, index=days))
    ax.figure.canvas.draw()
    boxes = sorted((text.get_window_extent() for text in ax.texts), key=lambda box: box.y0)
    assert all(lower.y1 <= upper.y0 + 1 for lower, upper in pairwise(boxes))


def test_lines_take_periods_and_one_point() -> None:
    ax: Any = pnb.plot_lines(pd.Series([5], index=pd.period_range("2026Q1", periods=1, freq="Q")))
    assert said(ax) == ["5"]
    assert ax.lines[0].get_marker() == "o"


def test_what_cannot_be_drawn_is_said_before_anything_is_drawn() -> None:
    with pytest.raises(pnb.ArgumentError, match="column 'a' holds no numbers"):
        pnb.plot_bars(pd.DataFrame({"a": ["x"]}))
    with pytest.raises(pnb.ArgumentError, match="a Series or a DataFrame, not list"):
        pnb.plot_bars([1, 2])  # type: ignore[arg-type]
    with pytest.raises(pnb.ArgumentError, match="over time"):
        pnb.plot_lines(pd.Series([1, 2]))


def test_the_callers_axes_and_frame_are_used_and_left_alone() -> None:
    import matplotlib.pyplot as plt

    _, own = plt.subplots()
    values = pd.DataFrame({"a": pd.Series([1, None], dtype="Int64")})
    before = values.copy()
    assert pnb.plot_bars(values, ax=own) is own
    pd.testing.assert_frame_equal(values, before)


def test_asking_pandas_for_plots_leaves_its_settings_alone() -> None:
    before = dict(mpl.rcParams)
    pnb.plot_bars(pd.Series({"a": 1}))
    assert dict(mpl.rcParams) == before


def test_what_a_backend_sets_when_it_is_first_loaded_stays_set(monkeypatch: pytest.MonkeyPatch) -> None:
    # The inline backend of notebooks turns matplotlib interactive; undone, it would not show the plots of later cells.
    def first_figure(width: float, height: float) -> Figure:
        mpl.interactive(True)
        return Figure(figsize=(width, height))

    monkeypatch.setitem(mpl.rcParams, "interactive", False)
    monkeypatch.setattr("procore_nb.maps.canvas.new_figure", first_figure)
    pnb.plot_bars(pd.Series({"a": 1}))
    assert mpl.is_interactive()
