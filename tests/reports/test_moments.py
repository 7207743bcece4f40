"""Days and moments that people write: what is read, and what is refused because it could be two days."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import procore_nb as pnb
from procore_nb.reports.typed_columns import holidays_of
from procore_nb.scalars import moment_named, utc_moment

THURSDAY = date(2026, 6, 18)
REFUSED = (
    "05/06/2026",
    "Nov 28",
    "2026",
    "yesterday",
    "today",
    "now",
    "2026-02-30",
    "",
    None,
    pd.NaT,
    7,
    True,
)


@pytest.mark.parametrize("value", ["2026-06-01", date(2026, 6, 1), pd.Timestamp("2026-06-01"), np.datetime64("2026-06-01", "D"), "2026-06-01T00:00:00Z", "2026-06-01T02:00+02:00"])  # fmt: skip
def test_iso_text_dates_and_times_are_read(value: Any) -> None:
    assert utc_moment(value, "since") == datetime(2026, 6, 1, tzinfo=UTC)


def test_a_weekday_is_the_latest_one_before_today_where_that_is_known() -> None:
    assert moment_named("Last Monday", "since", today=THURSDAY) == date(2026, 6, 15)
    assert moment_named("last Thursday", "since", today=THURSDAY) == date(2026, 6, 11)
    with pytest.raises(pnb.ArgumentError):
        moment_named("last Monday", "since")


def test_whatever_else_is_refused_in_words() -> None:
    for value, today in product(REFUSED, (None, THURSDAY)):
        with pytest.raises(pnb.ArgumentError, match="since is ") as raised:
            utc_moment(value, "since", today=today)
        assert raised.value.advice == 'Write since="2026-06-01".'


def test_a_moment_outside_the_calendar_is_refused() -> None:
    with pytest.raises(pnb.ArgumentError, match="outside the calendar"):
        utc_moment("9999-12-31T23:00-05:00", "as_of")


def test_reports_and_stores_read_days_alike(tmp_path: Path) -> None:
    store = pnb.Store(tmp_path, clock=lambda: datetime(2026, 6, 18, 9, tzinfo=UTC))
    with pnb.connect("demo", progress=False) as procore:
        store.sync(procore, ["vendors"], progress=False)
    for text in ("05/06/2026", "Nov 28"):
        for call in (
            lambda: pnb.reports.rfis({"rfis": []}, as_of=text),  # noqa: B023
            lambda: store.changes("vendors", since=text),  # noqa: B023
            lambda: store.table("vendors", as_of=text),  # noqa: B023
            lambda: store.restore("vendors", as_of=text),  # noqa: B023
            lambda: holidays_of([text]),  # noqa: B023
        ):
            with pytest.raises(pnb.ArgumentError, match="is a date"):
                call()
    assert store.changes("vendors", since="last Monday")["change"].eq("new").all()
    for call in (store.table, store.restore):
        with pytest.raises(pnb.ArgumentError, match="was not at 2026-06-15 00:00"):
            call("vendors", as_of="last Monday")


@pytest.mark.parametrize("given", ["2026-07-03", {"": "2026-07-03"}, ["2026-07-03"]])
def test_one_holiday_is_one_day(given: Any) -> None:
    assert holidays_of(given)[""].astype(str).tolist() == ["2026-07-03"]
