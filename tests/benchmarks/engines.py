"""Engines over one store: `python tests/benchmarks/engines.py [millions] [engine …]`, 10 million rows unless said otherwise.

Each engine runs the same query in a process of its own: a group by over every row, and one that must hold every id
(a distinct count), each with wall time, CPU time and the peak memory of the process and those that it started.
PySpark and Dask take part where they are installed.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))

from store.plenty import Plenty

from procore_nb.store import Store

TABLE = "budget_modifications"
GROUPED = f"select project_id, count(*) n, sum(transfer_amount) s from {TABLE} group by 1 order by 1"
DISTINCT = f"select count(distinct id) n from {TABLE}"


def store_sql(folder: str) -> dict[str, Callable[[], Any]]:
    store = Store(folder)
    return {
        "grouped": lambda: _grouped(store.sql(GROUPED), "n", "s"),
        "distinct": lambda: int(store.sql(DISTINCT)["n"][0]),
    }


def duckdb(folder: str) -> dict[str, Callable[[], Any]]:
    import duckdb as engine

    view = f"(select * from read_parquet('{folder}/{TABLE}/*.parquet', union_by_name = true))"
    return {
        "grouped": lambda: _grouped(engine.sql(GROUPED.replace(TABLE, view)).df(), "n", "s"),
        "distinct": lambda: engine.sql(DISTINCT.replace(TABLE, view)).fetchall()[0][0],
    }


def polars(folder: str) -> dict[str, Callable[[], Any]]:
    import polars as pl

    rows = pl.scan_parquet(f"{folder}/{TABLE}/*.parquet", missing_columns="insert")
    each = rows.group_by("project_id").agg(n=pl.len(), s=pl.col("transfer_amount").sum())
    return {
        "grouped": lambda: _grouped(each.collect().to_pandas(), "n", "s"),
        "distinct": lambda: int(rows.select(pl.col("id").n_unique()).collect().item()),
    }


def dask(folder: str) -> dict[str, Callable[[], Any]]:
    import dask.dataframe as dd
    from distributed import Client, LocalCluster

    Client(LocalCluster(n_workers=2, threads_per_worker=1, memory_limit="2GiB", dashboard_address=None))
    rows = dd.read_parquet(f"{folder}/{TABLE}/*.parquet", dataset={"partitioning": {"flavor": "hive"}})
    return {
        "grouped": lambda: _grouped(
            rows.groupby("project_id").agg(n=("id", "count"), s=("transfer_amount", "sum")).compute(),
            "n",
            "s",
        ),
        "distinct": lambda: int(rows["id"].drop_duplicates(split_out=16).count().compute()),
    }


def spark(folder: str) -> dict[str, Callable[[], Any]]:
    from pyspark.sql import SparkSession, functions

    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.driver.memory", "2g")
        .config("spark.ui.enabled", "false")
        .config("spark.log.level", "ERROR")
        .getOrCreate()
    )
    rows = session.read.option("mergeSchema", True).parquet(f"{folder}/{TABLE}")
    each = rows.groupBy("project_id").agg(
        functions.count("*").alias("n"), functions.sum("transfer_amount").alias("s")
    )
    return {
        "grouped": lambda: _grouped(each.toPandas(), "n", "s"),
        "distinct": lambda: int(rows.select(functions.count_distinct("id")).collect()[0][0]),
    }


ENGINES = {"store.sql": store_sql, "duckdb": duckdb, "polars": polars, "dask": dask, "spark": spark}


def _grouped(frame: Any, count: str, money: str) -> list[Any]:
    return [len(frame), int(frame[count].sum()), f"{sum(frame[money]):.2f}"]


def _run(engine: str, folder: str) -> None:
    queries = ENGINES[engine](folder)
    for name, query in queries.items():
        began = time.perf_counter()
        answer = query()
        print(json.dumps([name, time.perf_counter() - began, answer]), flush=True)


def _watched(command: list[str]) -> tuple[list[str], float, float]:
    """What a command printed, its CPU seconds and the peak of its tree's memory in MB."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    peak, used = 0.0, {}

    def watch() -> None:
        nonlocal peak
        root = psutil.Process(process.pid)
        while process.poll() is None:
            now = 0.0
            for one in [root, *root.children(recursive=True)]:
                try:
                    now += one.memory_info().rss
                    used[one.pid] = sum(one.cpu_times()[:2])
                except psutil.Error:
                    continue
            peak = max(peak, now / 2**20)
            time.sleep(0.05)

    thread = threading.Thread(target=watch)
    thread.start()
    said, _ = process.communicate()
    thread.join()
    return said.splitlines(), sum(used.values()), peak


def main(millions: float, engines: list[str]) -> None:
    projects = int(millions * 100)
    with tempfile.TemporaryDirectory() as folder:
        began, cpu = time.perf_counter(), time.process_time()
        Store(folder).sync(Plenty(projects=projects, rows=10_000), [TABLE])
        took = time.perf_counter() - began
        peak = psutil.Process().memory_info().rss / 2**20
        size = sum(one.stat().st_size for one in Path(folder).rglob("*.parquet")) / 2**20
        print(f"sync of {projects * 10_000:,} rows: {took:.1f} s, {time.process_time() - cpu:.1f} s CPU")
        print(f"{size:.0f} MB of Parquet; process {peak:.0f} MB", flush=True)
        expected: dict[str, Any] = {}
        for engine in engines:
            lines, used, peak = _watched([sys.executable, __file__, "--run", engine, folder])
            for name, seconds, answer in map(json.loads, lines):
                right = expected.setdefault(name, answer) == answer
                print(f"{engine:10} {name:9} {seconds:6.2f} s {'' if right else f'WRONG: {answer}'}")
            print(f"{engine:10} process   {used:6.2f} s CPU, peak {peak:,.0f} MB", flush=True)
        print(f"answers: {expected}")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    if sys.argv[1:2] == ["--run"]:
        _run(*sys.argv[2:])
    else:
        wanted = sys.argv[2:] or list(ENGINES)
        there = [one for one in wanted if one != "spark" or importlib.util.find_spec("pyspark")]
        main(float(sys.argv[1]) if sys.argv[1:] else 10, there)
