"""Engines open a table of a million rows, each with the one line the documentation gives."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from procore_nb.store import Store
from store.plenty import Plenty


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("engines") / "portfolio"
    result = Store(folder).sync(Plenty(projects=50, rows=20_000), ["budget_modifications"])
    assert result["rows"].tolist() == [1_000_000]
    return folder


def test_duckdb_reads_a_million_rows(folder: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    answer = duckdb.sql(
        f"select count(*), count(distinct project_id), sum(transfer_amount) from "
        f"read_parquet('{folder}/budget_modifications/*.parquet', union_by_name = true)"
    ).fetchall()[0]
    assert (answer[0], answer[1], float(answer[2])) == (1_000_000, 50, 4_995_000.0)


def test_polars_reads_a_million_rows(folder: Path) -> None:
    polars = pytest.importorskip("polars")
    rows = polars.scan_parquet(f"{folder}/budget_modifications/*.parquet", missing_columns="insert")
    assert rows.select(polars.len()).collect().item() == 1_000_000


@pytest.fixture
def cluster() -> Iterator[object]:
    distributed = pytest.importorskip("distributed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with (
            distributed.LocalCluster(
                n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None
            ) as cluster,
            distributed.Client(cluster) as client,
        ):
            yield client


@pytest.mark.filterwarnings("ignore")
def test_a_local_dask_cluster_reads_a_million_rows(folder: Path, cluster: object) -> None:
    dataframe = pytest.importorskip("dask.dataframe")
    rows = dataframe.read_parquet(f"{folder}/budget_modifications/*.parquet")
    sums = rows.groupby("project_id")["from_budget_line_item_id"].count().compute()
    assert (len(sums), sums.sum()) == (50, 1_000_000)
    bare = dataframe.read_parquet(f"{folder}/budget_modifications")
    assert len(bare) == 1_000_000


def test_a_project_is_found_in_one_part(folder: Path) -> None:
    import pyarrow.dataset as ds

    rows = ds.dataset(folder / "budget_modifications", format="parquet")
    wanted = ds.field("project_id") == 17
    groups = [group for part in rows.get_fragments() for group in part.split_by_row_group(wanted)]
    assert len(groups) <= 2
    assert rows.to_table(filter=wanted).num_rows == 20_000
