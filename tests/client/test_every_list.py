"""Each of the catalogue's lists, asked of the demo by name."""

from __future__ import annotations

import json
from decimal import Decimal
from functools import lru_cache
from typing import Any

import pandas as pd
import pytest

import procore_nb as pnb
from procore_nb import catalog
from procore_nb.catalog import Endpoint
from procore_nb.demo import CLIENT_ID, CLIENT_SECRET, COMPANY_ID, TODAY, Demo, DemoAdapter, Portfolio
from procore_nb.environments import DEMO
from procore_nb.http import Session
from procore_nb.responses import Response, read_page

pytestmark = pytest.mark.slow

PROJECT = 1204458  # under construction, every tool is on
CHUNKS = 8  # tests, each of every eighth list


class RecordingSession(Session):
    """Keeps every response, by its path and the number of its page."""

    kept: list[tuple[str, int, Response]] = []

    def get(self, path: str, parameters: Any = (), **settings: Any) -> Response:
        response = super().get(path, parameters, **settings)
        self.kept.append((path, int(dict(parameters).get("page", 1)), response))
        return response


@lru_cache(maxsize=1)
def connection() -> pnb.Procore:
    small = DemoAdapter(Demo(Portfolio(8)))  # lists of the whole company would take seconds each
    session = RecordingSession(DEMO, pnb.Credentials(CLIENT_ID, CLIENT_SECRET), transport=small)
    return pnb.Procore(session, COMPANY_ID, progress=False, today=lambda: TODAY)


@lru_cache(maxsize=256)
def some_id(name: str, project_id: int | None) -> Any:
    """An id from the list that holds such ids; a made-up one where no list does."""
    target = {} if project_id is None else {"project_id": project_id}
    try:
        rows = list(connection().records(name, **target))
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


def same(raw: Any, value: Any) -> bool:
    """Whether a value of a frame is what Procore sent, only typed."""
    if raw is None or raw == "":
        return value is None or value is pd.NA or value is pd.NaT or value != value or value == raw
    if isinstance(value, Decimal):
        return value == Decimal(str(raw).rstrip("%"))
    if isinstance(value, pd.Timestamp):
        if isinstance(raw, int):
            return True
        moment = pd.Timestamp(raw if value.tz else str(raw)[:10])
        return bool(value == (moment.tz_localize(value.tz) if value.tz and not moment.tz else moment))
    if isinstance(value, float):
        return value == float(str(raw).rstrip("%"))
    return value == raw or str(value) == str(raw) or json.dumps(raw, separators=(",", ":")) == value


@pytest.mark.parametrize("chunk", range(CHUNKS))
@pytest.mark.filterwarnings("ignore::procore_nb.ProcoreWarning")  # of date windows
def test_lists_have_the_columns_and_dtypes_they_declare_and_the_values_that_were_sent(chunk: int) -> None:
    failures = []
    for endpoint in catalog.endpoints()[chunk::CHUNKS]:
        try:
            check(endpoint)
        except (AssertionError, pnb.ProcoreError) as error:
            failures.append(f"{endpoint.name}: {error}")
    assert not failures, "\n".join(failures)


def check(endpoint: Endpoint) -> None:
    """Fetch a list, and compare its frame with what is declared and what was sent."""
    arguments = arguments_for(endpoint)
    RecordingSession.kept.clear()
    frame = connection().table(endpoint.name, **arguments)
    path = RecordingSession.kept[0][0]
    promised = pnb.to_frame([], endpoint.name)
    dtypes = frame.dtypes.astype(str).to_dict()
    assert promised.dtypes.astype(str).to_dict().items() <= dtypes.items()
    for field in endpoint.fields:
        expected = DTYPES.get((field.type, field.format if field.format in ("date", "date-time") else ""))
        if field.name in dtypes and expected and "uuid" not in field.name:
            assert dtypes[field.name] in expected, field
    about = frame.attrs["procore"]
    assert (about["endpoint"], about["unparsed"]) == (endpoint.name, {})
    assert about["total"] in (None, len(frame))
    pages = sorted((page for page in RecordingSession.kept if page[0] == path), key=lambda page: page[1])
    rows = [row for *_, one in pages for row in read_page(one, envelope=endpoint.envelope).rows][:1000]
    assert len(rows) == min(len(frame), 1000)  # the longest has a hundred times as many
    shown = frame.head(1000)
    shown.attrs = {}  # which pandas copies with each column
    for column in set(frame.columns) & {key for row in rows if isinstance(row, dict) for key in row}:
        pairs = zip((row.get(column) for row in rows), shown[column].tolist(), strict=True)
        ours = column == "project_id"  # said where Procore leaves it out
        kept = [
            same(raw, value)
            for raw, value in pairs
            if not isinstance(raw, dict) and not (ours and raw is None)
        ]
        assert all(kept), column
