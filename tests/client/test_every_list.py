"""Each of the catalogue's lists, asked of the demo by name."""

from __future__ import annotations

import json
import warnings
from decimal import Decimal
from functools import lru_cache
from typing import Any

import pandas as pd
import pytest

import procore_nb as pnb
from procore_nb import catalog
from procore_nb.catalog import Endpoint

pytestmark = pytest.mark.slow

PROJECT = 1204458  # under construction, every tool is on


@lru_cache(maxsize=1)
def connection() -> pnb.Procore:
    return pnb.connect("demo", progress=False)


@lru_cache(maxsize=256)
def some_id(name: str, project_id: int | None) -> Any:
    """An id from the list that holds such ids; a made-up one where no list does."""
    place = {} if project_id is None else {"project_id": project_id}
    try:
        rows = list(connection().records(name, **place))
    except pnb.ProcoreError:
        return 1
    return next((row["id"] for row in rows if isinstance(row, dict) and row.get("id")), 1)


def arguments_for(endpoint: Endpoint) -> dict[str, Any]:
    """What the list needs: a project, and ids of parents."""
    needed: dict[str, Any] = {}
    for group in endpoint.needs:
        name = group[0]
        if "project_id" in group:
            needed["project_id"] = PROJECT
        elif name != "company_id":
            sources = endpoint.parents.get(name, ())
            project = PROJECT if any("project_id" in group for group in endpoint.needs) else None
            choices = next((one.choices for one in endpoint.arguments if one.name == name), ())
            needed[name] = some_id(sources[0], project) if sources else next(iter(choices), 1)
    return needed


# What the field table says, beside what a column of it may be. Text may be money, a time or a number of version 2 by its
# name; a few times of day are declared as dates.
_TIME, _DAY = "datetime64[us, UTC]", "datetime64[us]"
DTYPES: dict[tuple[str, str], set[str]] = {
    ("integer", ""): {"Int64"},
    ("number", ""): {"float64", "Int64"},
    ("boolean", ""): {"boolean"},
    ("string", "date-time"): {_TIME},
    ("string", "date"): {_DAY, _TIME},
    ("string", ""): {"string", "object", "Int64", "float64", _TIME, _DAY},
}


@lru_cache(maxsize=1024)
def rows_and_frame(name: str) -> tuple[list[Any], pd.DataFrame]:
    endpoint = catalog.endpoint(name)
    arguments = arguments_for(endpoint)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pnb.ProcoreWarning)  # of date windows
        return list(connection().records(name, **arguments)), connection().table(name, **arguments)


def same(raw: Any, value: Any) -> bool:
    """Whether a value of a frame is what Procore sent, only typed."""
    if raw is None or raw == "":
        return value is None or value is pd.NA or value is pd.NaT or value != value or value == raw
    if isinstance(value, Decimal):
        return value == Decimal(str(raw).rstrip("%"))
    if isinstance(value, pd.Timestamp):
        moment = pd.to_datetime(raw, utc=True) if value.tz else pd.Timestamp(str(raw)[:10])
        return isinstance(raw, int) or bool(value == moment)
    if isinstance(value, float):
        return value == float(raw)
    return value == raw or str(value) == str(raw) or json.dumps(raw, separators=(",", ":")) == value


@pytest.mark.parametrize("endpoint", catalog.endpoints(), ids=lambda endpoint: endpoint.name)
def test_columns_are_what_the_field_table_says_and_hold_what_was_sent(endpoint: Endpoint) -> None:
    rows, frame = rows_and_frame(endpoint.name)
    for field in endpoint.fields:
        expected = DTYPES.get((field.type, field.format if field.format in ("date", "date-time") else ""))
        if field.name in frame.columns and expected and "uuid" not in field.name:
            assert str(frame[field.name].dtype) in expected, field
    assert len(frame) == len(rows)
    rows, frame = rows[:1000], frame.head(1000)  # the longest has a hundred times as many
    for column in set(frame.columns) & {key for row in rows if isinstance(row, dict) for key in row}:
        pairs = zip((row.get(column) for row in rows), frame[column].tolist(), strict=True)
        ours = column == "project_id"  # said where Procore leaves it out
        kept = [
            same(raw, value)
            for raw, value in pairs
            if not isinstance(raw, dict) and not (ours and raw is None)
        ]
        assert all(kept), column


def test_most_lists_of_the_demo_have_rows_to_be_typed() -> None:
    filled = [one.name for one in catalog.endpoints() if len(rows_and_frame(one.name)[1])]
    assert len(filled) > 700


@pytest.mark.parametrize("endpoint", catalog.endpoints(), ids=lambda endpoint: endpoint.name)
def test_a_list_comes_with_the_columns_and_dtypes_it_declares(endpoint: Endpoint) -> None:
    _, frame = rows_and_frame(endpoint.name)
    promised = pnb.to_frame([], endpoint.name)
    assert {name: str(dtype) for name, dtype in promised.dtypes.items()}.items() <= {
        name: str(dtype) for name, dtype in frame.dtypes.items()
    }.items()
    about = frame.attrs["procore"]
    assert about["endpoint"] == endpoint.name
    assert about["unparsed"] == {}
    assert about["total"] in (None, len(frame))
