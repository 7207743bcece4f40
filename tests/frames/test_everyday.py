"""Forty everyday operations of pandas work on every column of money, hours and percents of the demo's main lists."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from every_case import every_case

import procore_nb as pnb

LISTS = (
    "projects",
    "prime_contracts",
    "work_order_contracts",
    "purchase_order_contracts",
    "commitment_change_orders",
    "prime_change_orders",
    "direct_costs",
    "requisitions",
    "budget_line_items",
    "budget_modifications",
)
Money = tuple[pd.DataFrame, str]
KEY = "project_id"


@pytest.fixture(scope="module")
def money() -> list[Money]:
    """Each column of amounts that has values, beside its frame of a few hundred rows."""
    with pnb.connect("demo", progress=False) as procore, warnings.catch_warnings():
        warnings.simplefilter("ignore", pnb.ProcoreWarning)  # one project may not be read
        chosen = procore.projects().head(8)
        found = []
        for name in LISTS:
            frame = chosen if name == "projects" else procore.table(name, projects=chosen)
            frame = frame.assign(**{KEY: frame["id"]}) if name == "projects" else frame
            amounts = [one for one in frame.attrs["procore"]["amounts"] if frame[one].notna().any()]
            assert amounts, name
            found += [(frame.head(200), one) for one in amounts]
    return found


def _merged(frame: pd.DataFrame, name: str) -> Any:
    totals = frame.groupby(KEY, as_index=False)[name].sum()
    return frame.merge(totals, on=KEY, suffixes=("", "_total"))[f"{name}_total"]


def _by_month(frame: pd.DataFrame, name: str) -> Any:
    days = pd.date_range("2026-01-01", periods=len(frame), freq="D")
    return frame.set_index(days)[name].resample("MS").sum()


OPERATIONS: dict[str, Callable[[pd.DataFrame, str], Any]] = {
    "nlargest": lambda frame, name: frame.nlargest(3, name)[name],
    "nsmallest": lambda frame, name: frame[name].nsmallest(3),
    "plot.bar": lambda frame, name: [bar.get_height() for bar in frame[name].head(3).plot.bar().patches],
    "plot.hist": lambda frame, name: [bar.get_height() for bar in frame[name].plot.hist(bins=3).patches],
    "times 1.1": lambda frame, name: frame[name] * 1.1,
    "plus": lambda frame, name: frame[name] + frame[name].fillna(0),
    "minus a float": lambda frame, name: frame[name] - 0.5,
    "share of the total": lambda frame, name: frame[name] / frame[name].sum() if frame[name].sum() else 0.0,
    "power": lambda frame, name: frame[name] ** 2,
    "abs": lambda frame, name: frame[name].abs(),
    "compare with a float": lambda frame, name: (frame[name] > 1000.5).sum(),
    "between": lambda frame, name: frame[name].between(0.5, 1e6).sum(),
    "query": lambda frame, name: len(frame[[name]].query(f"`{name}` >= 0")),
    "quantile": lambda frame, name: frame[name].quantile([0.1, 0.5, 0.9]),
    "median": lambda frame, name: frame[name].median(),
    "mean": lambda frame, name: frame[name].mean(),
    "std": lambda frame, name: frame[name].std() if frame[name].count() > 1 else 0.0,
    "sum": lambda frame, name: frame[name].sum(),
    "describe": lambda frame, name: frame[[KEY, "id", name]].describe()[name]["mean"],
    "select_dtypes": lambda frame, name: frame.select_dtypes("number")[name],
    "groupby agg": lambda frame, name: frame.groupby(KEY)[name].agg(["sum", "mean", "max"]),
    "groupby rank": lambda frame, name: frame.groupby(KEY)[name].rank(),
    "rank": lambda frame, name: frame[name].rank(pct=True),
    "corr": lambda frame, name: frame[[name]].assign(at=range(len(frame))).corr(),
    "round": lambda frame, name: frame[name].round(1),
    "np.log1p": lambda frame, name: np.log1p(frame[name].abs()),
    "pd.cut": lambda frame, name: pd.cut(frame[name], [-np.inf, 0, 1e5, np.inf]).value_counts(),
    "pd.qcut": lambda frame, name: len(pd.qcut(frame[name], 2, duplicates="drop")),
    "resample": _by_month,
    "merge": _merged,
    "pivot_table": lambda frame, name: frame.pivot_table(name, index=KEY, aggfunc="sum")[name],
    "cumsum": lambda frame, name: frame[name].cumsum(),
    "pct_change": lambda frame, name: frame[name].abs().add(1).pct_change(),
    "diff": lambda frame, name: frame[name].diff(),
    "rolling": lambda frame, name: frame[name].rolling(3, min_periods=1).mean(),
    "clip": lambda frame, name: frame[name].clip(0, 1e6),
    "fillna": lambda frame, name: frame[name].fillna(0),
    "interpolate": lambda frame, name: frame[name].interpolate(),
    "sort_values": lambda frame, name: frame.sort_values(name, ascending=False)[name],
    "idxmax": lambda frame, name: frame.loc[frame[name].idxmax(), name],
}


@pytest.fixture(autouse=True)
def _figures() -> Iterator[None]:
    with mpl.rc_context({"backend": "agg"}):
        from matplotlib import pyplot as plt

        yield
        plt.close("all")


def test_forty_operations_are_tried() -> None:
    assert len(OPERATIONS) == 40


@pytest.mark.slow
@every_case("operation", OPERATIONS)
def test_an_everyday_operation_works_on_all_money(operation: str, money: list[Money]) -> None:
    assert len({name for _, name in money}) > 20
    for frame, name in money[:: 12 if operation.startswith("plot") else 6]:
        result = np.asarray(OPERATIONS[operation](frame, name))
        assert result.dtype.kind in "fiu", (operation, name)
        assert operation == "pct_change" or np.isfinite(result.astype("float64")).any(), (operation, name)
