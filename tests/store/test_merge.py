"""The merge, against a dict."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from procore_nb.frames.codec import STAMP
from procore_nb.store.manifest import DELETED_AT, FIRST_SEEN, VALID_FROM, VALID_TO
from procore_nb.store.update import upserted

BEFORE, NOW = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
values = st.one_of(st.none(), st.sampled_from(["", "a", "ö", "渡"]))
ids = st.one_of(st.none(), st.integers(-3, 12), st.sampled_from([2**53 + 1, 2**63 - 1]))
Rows = dict[tuple[int, Any], tuple[Any, Any]]
rows = st.dictionaries(
    st.tuples(st.integers(1, 4), ids), st.tuples(values, st.one_of(st.none(), st.floats(allow_nan=False)))
)


def table(kept: Rows, *, books: bool) -> pa.Table:
    order = sorted(kept, key=lambda key: (key[0], key[1] is None, key[1] or 0))
    columns: dict[str, Any] = {
        "project_id": pa.array([key[0] for key in order], pa.int64()),
        "id": pa.array([key[1] for key in order], pa.int64()),
        "text": pa.array([kept[key][0] for key in order], pa.string()),
        "number": pa.array([kept[key][1] for key in order], pa.float64()),
    }
    if books:
        columns |= {
            FIRST_SEEN: pa.array([BEFORE] * len(order), STAMP),
            VALID_FROM: pa.array([BEFORE] * len(order), STAMP),
        }
    return pa.table(columns)


def as_dict(rows: pa.Table) -> Rows:
    return {(row["project_id"], row["id"]): (row["text"], row["number"]) for row in rows.to_pylist()}


@given(
    old=rows,
    come=rows,
    places=st.sets(st.integers(1, 4)),
    gone=st.sets(st.integers(-3, 12)),
    history=st.booleans(),
)
@pytest.mark.slow
def test_a_merge_is_what_a_dict_would_be(
    old: Rows, come: Rows, places: set[int], gone: set[int], history: bool
) -> None:
    before = table(old, books=True)
    answered = np.array([place in places for place in before.column("project_id").to_pylist()], bool)
    dead = np.array([number in gone for number in before.column("id").to_pylist()], bool)
    outcome = upserted(
        before,
        table(come, books=False),
        key=["project_id", "id"],
        has_id=True,
        deletable=answered | dead,
        at=NOW,
        history=history,
    )
    lost = {key for key in old if key not in come and (key[0] in places or key[1] in gone)}
    changed = {key for key in old if key in come and old[key] != come[key]}
    due = {key: value for key, value in (old | come).items() if key not in lost}
    found = before if outcome.rows is None else outcome.rows
    assert as_dict(found) == due
    assert found.num_rows == len(due)
    assert (
        found.select(["project_id", "id"]).to_pylist()
        == table(due, books=False).select(["project_id", "id"]).to_pylist()
    )
    assert (outcome.new, outcome.changed, outcome.deleted) == (
        len(come.keys() - old.keys()),
        len(changed),
        len(lost),
    )
    for row in found.to_pylist():
        key = (row["project_id"], row["id"])
        assert row[FIRST_SEEN] == (BEFORE if key in old else NOW)
        assert row[VALID_FROM] == (BEFORE if key in old and key not in changed else NOW)
    ended = [] if outcome.ended is None else outcome.ended.to_pylist()
    assert {(one["project_id"], one["id"]) for one in ended} == lost | (changed if history else set())
    for one in ended:
        key = (one["project_id"], one["id"])
        assert (one["text"], one["number"]) == old[key]
        assert one[VALID_TO] == NOW
        assert one[DELETED_AT] == (NOW if key in lost else None)


def test_the_same_id_in_another_project_is_another_row() -> None:
    before, come = table({(1, 5): ("a", 1.0)}, books=True), table({(2, 5): ("a", 1.0)}, books=False)
    nothing = np.zeros(1, bool)
    for answered, deleted in ((nothing, 0), (~nothing, 1)):
        outcome = upserted(
            before,
            come,
            key=["project_id", "id"],
            has_id=True,
            deletable=answered,
            at=NOW,
            history=False,
        )
        assert (outcome.new, outcome.changed, outcome.deleted) == (1, 0, deleted)
        assert outcome.rows is not None
        assert outcome.rows.column("project_id").to_pylist() == ([2] if deleted else [1, 2])
        assert outcome.rows.column(FIRST_SEEN).to_pylist()[-1] == NOW


@given(
    old=st.lists(st.tuples(st.integers(1, 3), values)),
    come=st.lists(st.tuples(st.integers(1, 3), values)),
    places=st.sets(st.integers(1, 3)),
)
@pytest.mark.slow
def test_rows_without_an_id_are_replaced_place_by_place_in_the_order_they_came(
    old: list[tuple[int, Any]], come: list[tuple[int, Any]], places: set[int]
) -> None:
    old, come = (
        sorted(old, key=lambda row: row[0]),
        sorted((row for row in come if row[0] in places), key=lambda row: row[0]),
    )
    before = _bare(old)
    for name in (FIRST_SEEN, VALID_FROM):
        before = before.append_column(name, pa.array([BEFORE] * len(old), STAMP))
    answered = np.array([place in places for place, _ in old], bool)
    outcome = upserted(
        before,
        _bare(come),
        key=["project_id"],
        has_id=False,
        deletable=answered,
        at=NOW,
        history=False,
    )
    found = before if outcome.rows is None else outcome.rows
    due = sorted([row for row in old if row[0] not in places] + come, key=lambda row: row[0])
    assert [(row["project_id"], row["text"]) for row in found.to_pylist()] == due
    same = sum(min(old.count(row), come.count(row)) for row in set(come))
    assert (outcome.new, outcome.changed) == (len(come) - same, 0)
    assert outcome.deleted == sum(row[0] in places for row in old) - same


def _bare(rows: list[tuple[int, Any]]) -> pa.Table:
    return pa.table(
        {
            "project_id": pa.array([p for p, _ in rows], pa.int64()),
            "text": pa.array([t for _, t in rows], pa.string()),
        }
    )
