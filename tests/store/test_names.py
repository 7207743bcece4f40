"""Columns that engines refuse by their own names: `sync(names="safe")`, and the originals again in `table`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.dataset as ds
import pytest

import procore_nb as pnb
from procore_nb.client import Procore
from procore_nb.errors import ArgumentError
from procore_nb.store import Store
from procore_nb.store.staging import safe_names
from store.living import World

ODD = {
    "Zone (A)": "north",
    "zone (a)": "south",
    'The "quoted" one': "q",
    "Größe, in m²;\t{}=": "12",
    "1st": "first",
    "x" * 60 + ".one": "long",
    "x" * 60 + ".two": "long too",
    "created.by": "dotted",
    "%": "percent",
}
REFUSED_BY_DELTA = re.compile(r"[ ,;{}()\n\t=.\"A-Z%]")


@pytest.fixture
def odd(world: World, procore: Procore, store: Store) -> pd.DataFrame:
    """A table with columns that nobody would call safe, kept by safe names; returned as `table` has it without them."""
    world.add("rfis", str(world.projects[0]), **ODD)
    store.sync(procore, ["rfis"])
    before = store.table("rfis")
    store.sync(procore, ["rfis"], names="safe")
    return before


def columns_of(store: Store) -> list[str]:
    return list(ds.dataset(Path(store.files("rfis")[0]).parent, format="parquet").schema.names)


@pytest.mark.slow
def test_files_have_names_that_every_engine_takes_and_table_the_original_ones(
    odd: pd.DataFrame, store: Store
) -> None:
    assert {*ODD} <= {*odd.columns}
    pd.testing.assert_frame_equal(store.table("rfis"), odd)
    names = columns_of(store)
    assert "created_by_name" in names
    assert len({one.lower() for one in names}) == len(names)
    assert not [one for one in names if REFUSED_BY_DELTA.search(one) or one[0].isdigit()]
    assert max(len(one.encode()) for one in names) <= 63, "PostgreSQL cuts what is longer"
    safe = store.table("rfis", names="safe")
    assert set(safe.columns) - {"project_name"} == set(names) - {"_first_seen", "_valid_from"}
    pd.testing.assert_frame_equal(safe.set_axis(odd.columns, axis=1), odd, check_names=False)
    both = dict(zip(odd.columns, safe.columns, strict=True))
    assert {both["Zone (A)"], both["zone (a)"]} == {"zone_a", "zone_a_2"}
    changes = store.changes("rfis", since="2020-01-01", names="safe")
    assert list(changes.columns) == ["change", "changed_at", *safe.columns]


@pytest.mark.slow
def test_duckdb_polars_and_delta_read_safe_names_without_quotes(
    odd: pd.DataFrame, store: Store, tmp_path: Path
) -> None:
    duckdb, deltalake, polars = (pytest.importorskip(one) for one in ("duckdb", "deltalake", "polars"))
    query = "select zone_a, ZONE_A_2, created_by_name, _1st from rfis where zone_a is not null"
    due = [("north", "south", "Kim", "first")]
    assert [tuple(row) for row in store.sql(query).to_numpy()] == due
    with duckdb.connect(str(pnb.to_duckdb(store, tmp_path / "kept.duckdb"))) as connection:
        assert connection.sql(query).fetchall() == due
    folder = str(Path(store.files("rfis")[0]).parent)
    found = polars.scan_delta(folder).filter(polars.col("zone_a") == "north").select("zone_a_2").collect()
    assert found.item() == "south"
    assert not [
        one.name for one in deltalake.DeltaTable(folder).schema().fields if REFUSED_BY_DELTA.search(one.name)
    ]


@pytest.mark.slow
def test_names_stay_as_more_columns_come_and_go_back_when_asked(
    odd: pd.DataFrame, world: World, procore: Procore, store: Store
) -> None:
    before = dict(zip(store.table("rfis").columns, store.table("rfis", names="safe").columns, strict=True))
    kept = store.files("rfis")
    world.pass_time(hours=1)
    row = world.add("rfis", str(world.projects[-1]), **{"ZONE (a)": "a third", "zone_a": "its own"})
    store.sync(procore, ["rfis"])
    table, safe = store.table("rfis"), store.table("rfis", names="safe")
    after = dict(zip(table.columns, safe.columns, strict=True))
    assert {name: after[name] for name in before} == before
    assert {after["ZONE (a)"], after["zone_a"]} == {"zone_a_3", "zone_a_4"}
    assert table.loc[table["id"] == row["id"], "zone_a"].tolist() == ["its own"]
    assert len({*kept} & {*store.files("rfis")}) == len(kept) - 2, (
        "one part and the columns are new, no others"
    )
    store.sync(procore, ["rfis"], names="original", history=True)
    assert "Zone (A)" in columns_of(store)
    pd.testing.assert_frame_equal(store.table("rfis"), table)


@pytest.mark.slow
def test_safe_names_outlive_an_erasure_and_history(
    odd: pd.DataFrame, world: World, procore: Procore, store: Store
) -> None:
    place = str(world.projects[0])
    number = next(iter(world.rows["rfis", place]))
    world.pass_time(hours=1)
    world.change("rfis", place, number)
    store.sync(procore, ["rfis"], history=True)
    store.erase(user_id=7)
    versions = store.table("rfis", history=True)
    assert (versions["id"] == number).sum() == 2
    assert versions["created_by.name"].isna().all()
    assert {*ODD} <= {*versions.columns}
    assert "zone_a" in columns_of(store)


def test_names_that_are_no_such_choice_are_an_error(world: World, procore: Procore, store: Store) -> None:
    for call in (
        lambda: store.sync(procore, ["rfis"], names="short"),  # type: ignore[arg-type]
        lambda: store.table("rfis", names="short"),  # type: ignore[arg-type]
    ):
        store.sync(procore, ["rfis"])
        with pytest.raises(ArgumentError, match="names='short' is unknown"):
            call()


@pytest.mark.parametrize(
    ("name", "due"),
    [
        ("created_by.name", "created_by_name"),
        ("Grand Total (excl. tax)", "grand_total_excl_tax"),
        ("渡し", "渡し"),
        ("...", "column"),
        ("_deleted_at", "_deleted_at_2"),
        ("ÅNGSTRÖM", "ångström"),
        ("é" * 40, "é" * 31),
    ],
)
def test_a_name_becomes_small_letters_digits_and_underscores(name: str, due: Any) -> None:
    assert safe_names([name], {}).get(name, name) == due
