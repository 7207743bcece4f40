"""Engines open a table of 200,000 rows, each with the one line the documentation gives."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from procore_nb.store import Store
from store.living import LivingDemo, World, connection
from store.plenty import Plenty


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("engines") / "portfolio"
    result = Store(folder).sync(Plenty(projects=25, rows=4_000), ["budget_modifications"])
    assert result["rows"].tolist() == [100_000]
    return folder


@pytest.mark.slow
def test_duckdb_reads_many_rows(folder: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    answer = duckdb.sql(
        f"select count(*), count(distinct project_id), sum(transfer_amount) from "
        f"read_parquet('{folder}/budget_modifications/*.parquet', union_by_name = true)"
    ).fetchall()[0]
    assert (answer[0], answer[1], float(answer[2])) == (100_000, 25, 499_500.0)


@pytest.mark.slow
def test_polars_reads_many_rows(folder: Path) -> None:
    polars = pytest.importorskip("polars")
    rows = polars.scan_parquet(f"{folder}/budget_modifications/*.parquet", missing_columns="insert")
    assert rows.select(polars.len()).collect().item() == 100_000
    through_the_log = polars.scan_delta(f"{folder}/budget_modifications")
    found = through_the_log.select(polars.len(), polars.col("transfer_amount").sum()).collect().row(0)
    assert found == (100_000, Decimal(499_500))


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
@pytest.mark.slow
def test_a_local_dask_cluster_reads_many_rows(folder: Path, cluster: object) -> None:
    dataframe = pytest.importorskip("dask.dataframe")
    rows = _dask(dataframe, folder / "budget_modifications")
    sums = rows.groupby("project_id")["from_budget_line_item_id"].count().compute()
    assert (len(sums), sums.sum()) == (25, 100_000)
    assert rows[["transfer_amount"]].sum().compute().iloc[0] == Decimal(499_500)
    assert rows.groupby("project_id")["transfer_amount"].sum().compute().iloc[0] == Decimal(19_980)
    bare = dataframe.read_parquet(f"{folder}/budget_modifications")
    assert len(bare) == 100_000


def _dask(dataframe: Any, folder: Path) -> Any:
    """The line of the documentation: told of a partitioning, Dask reads through Arrow, which fills absent columns."""
    return dataframe.read_parquet(f"{folder}/*.parquet", dataset={"partitioning": {"flavor": "hive"}})


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    pyspark = pytest.importorskip("pyspark.sql")
    settings = {"spark.ui.enabled": "false", "spark.sql.session.timeZone": "UTC", "spark.driver.memory": "1g"}
    session = pyspark.SparkSession.builder.master("local[2]").config(map=settings).getOrCreate()
    yield session
    session.stop()


@pytest.mark.spark
@pytest.mark.filterwarnings("ignore")
def test_spark_reads_many_rows(folder: Path, spark: Any) -> None:
    rows = spark.read.option("mergeSchema", True).parquet(f"{folder}/budget_modifications")
    answer = rows.selectExpr(
        "count(*)",
        "count(distinct project_id)",
        "sum(transfer_amount)",
        "max(updated_at)",
        "count(`_valid_from`)",
    ).first()
    latest = Store(folder).sql("select max(updated_at) as at from budget_modifications")["at"].iloc[0]
    assert tuple(answer)[:3] == (100_000, 25, Decimal(499_500))
    assert answer[3] == latest.tz_localize(None)
    assert answer[4] == 100_000


@pytest.mark.spark
@pytest.mark.filterwarnings("ignore")
def test_spark_sees_the_rows_as_they_are_and_columns_of_later_parts(
    grown: tuple[Path, int], spark: Any
) -> None:
    folder, count = grown
    rows = spark.read.option("mergeSchema", True).parquet(str(folder))
    assert (rows.count(), rows.where("novelty is not null").count()) == (count, 1)
    assert rows.where("`created_by.login` = 'kim@example.com'").count() == count


def test_a_project_is_found_in_one_part(folder: Path) -> None:
    rows = ds.dataset(folder / "budget_modifications", format="parquet")
    wanted = ds.field("project_id") == 17
    groups = [group for part in rows.get_fragments() for group in part.split_by_row_group(wanted)]
    assert len(groups) <= 2
    assert rows.to_table(filter=wanted).num_rows == 4_000


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """A table of many parts with deleted rows, earlier versions, and a column that only its newest part has."""
    folder, world = tmp_path_factory.mktemp("grown"), World(rows=20)
    with pytest.MonkeyPatch.context() as patch, connection(LivingDemo(world)) as procore:
        patch.setattr("procore_nb.store.data_files.slices.__defaults__", (8,))
        store = Store(folder, clock=lambda: world.now)
        store.sync(procore, ["rfis"], history=True)
        world.pass_time(hours=1)
        place = str(world.projects[-1])
        world.add("rfis", place, novelty="fresh")
        world.delete("rfis", place, next(iter(world.rows["rfis", place])))
        store.sync(procore, ["rfis"])
    assert list((folder / "rfis" / "_history").glob("*.parquet"))
    older = [one for one in (folder / "rfis").glob("part-*") if "novelty" not in pq.read_schema(one).names]
    assert len(older) > 2
    return folder / "rfis", len(store.table("rfis"))


def _by_duckdb(folder: Path) -> tuple[int, int]:
    duckdb = pytest.importorskip("duckdb")
    query = f"select count(*), count(novelty) from read_parquet('{folder}/*.parquet', union_by_name = true)"
    return tuple(duckdb.sql(query).fetchall()[0])


def _by_polars(folder: Path) -> tuple[int, int]:
    polars = pytest.importorskip("polars")
    rows = polars.scan_parquet(f"{folder}/*.parquet", missing_columns="insert").collect()
    return len(rows), rows["novelty"].count()


def _by_arrow(folder: Path) -> tuple[int, int]:
    rows = ds.dataset(folder, format="parquet").to_table()
    return rows.num_rows, rows.num_rows - rows.column("novelty").null_count


def _by_pandas(folder: Path) -> tuple[int, int]:
    rows = pd.read_parquet(folder)
    return len(rows), int(rows["novelty"].count())


def _by_dask(folder: Path) -> tuple[int, int]:
    dataframe = pytest.importorskip("dask.dataframe")
    rows = _dask(dataframe, folder).compute(scheduler="sync")
    return len(rows), int(rows["novelty"].count())


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("engine", [_by_duckdb, _by_polars, _by_arrow, _by_pandas, _by_dask])
@pytest.mark.slow
def test_an_engine_sees_the_rows_as_they_are_and_columns_of_later_parts(
    grown: tuple[Path, int], engine: Callable[[Path], tuple[int, int]]
) -> None:
    folder, rows = grown
    assert engine(folder) == (rows, 1)
