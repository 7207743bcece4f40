"""Reads a table again and again while others sync it: `python reading.py ENGINE PLACE READS`.

One line for each read: the digest of the rows that were seen, or `error` and what the engine said.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import Any


def digest(rows: Iterable[tuple[int, str]]) -> str:
    """What a state of the table is known by: its ids and subjects."""
    return sha256(repr(sorted((int(number), subject) for number, subject in rows)).encode()).hexdigest()


def reader(engine: str, place: str) -> Callable[[], Iterable[tuple[int, str]]]:
    """A function that reads ids and subjects, as docs/store-readers.md shows it for the engine."""
    import deltalake
    import duckdb
    import polars
    import pyarrow.dataset

    from procore_nb.store import Store

    store, table = Store(place), f"{place}/rfis"
    columns = ["id", "subject"]

    def pairs(rows: Any) -> Iterable[tuple[int, str]]:
        return zip(rows["id"].to_pylist(), rows["subject"].to_pylist(), strict=True)

    def changes() -> Any:
        frame = store.changes("rfis", since="2000-01-01")
        return frame[frame["change"] != "deleted"]

    glob = f"read_parquet('{table}/*.parquet', union_by_name = true)"
    readers: dict[str, Callable[[], Iterable[tuple[int, str]]]] = {
        "table": lambda: store.table("rfis")[columns].itertuples(index=False, name=None),
        "sql": lambda: store.sql("select id, subject from rfis").itertuples(index=False, name=None),
        "changes": lambda: changes()[columns].itertuples(index=False, name=None),
        "deltalake": lambda: pairs(deltalake.DeltaTable(table).to_pyarrow_table(columns=columns)),
        "polars": lambda: polars.scan_delta(table).select(columns).collect().rows(),
        "duckdb": lambda: (
            duckdb.from_arrow(deltalake.DeltaTable(table).to_pyarrow_dataset()).select(*columns).fetchall()
        ),
        "pyarrow": lambda: pairs(pyarrow.dataset.dataset(table).to_table(columns=columns)),
        "duckdb parquet": lambda: duckdb.connect().sql(f"select id, subject from {glob}").fetchall(),
        "polars parquet": lambda: (
            polars.scan_parquet(f"{table}/*.parquet", missing_columns="insert")
            .select(columns)
            .collect()
            .rows()
        ),
    }
    return readers[engine]


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    engine, place, reads = sys.argv[1:]
    read = reader(engine, place)
    for _ in range(int(reads)):
        try:
            print(digest(read()), flush=True)
        except Exception as error:
            print("error", type(error).__name__, " ".join(str(error).split())[:300], flush=True)
