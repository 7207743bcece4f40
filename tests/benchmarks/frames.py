"""How fast and how small frames are built, beside a floor measured in the same run.

Run as a script: `python tests/benchmarks/frames.py [records]`. Pages of nested records with custom fields, as bytes,
are read by orjson and become a frame. The floor reads the same pages with orjson and makes one bare list per leaf
column, without types. Memory is what a build adds at its peak, beside the size of the frame itself.
"""

from __future__ import annotations

import gc
import random
import statistics
import sys
import time
import tracemalloc
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pandas as pd
import pyarrow as pa

from procore_nb.frames import FrameBuilder
from procore_nb.frames.record_columns import flattened

PAGE = 1000


def record(number: int, dice: random.Random) -> dict[str, Any]:
    """One project-like record: about 40 flat columns, nested objects, a list, five custom fields."""
    moment = f"2026-{dice.randint(1, 12):02}-{dice.randint(1, 28):02}"
    maybe = dice.random() < 0.7
    return {
        "id": 2**53 + number,
        "name": f"Project {number} Linden Street",
        "display_name": f"HP-{number} - Linden Street Clinic",
        "project_number": f"HP-{number}",
        "active": maybe,
        "address": f"{number} Main Street" if maybe else None,
        "city": dice.choice(["Rochester", "Ithaca", "Montréal"]),
        "state_code": "NY",
        "country_code": "US",
        "zip": f"{dice.randint(0, 99999):05}",
        "county": None,
        "latitude": dice.uniform(30, 50),
        "longitude": dice.uniform(-120, -70),
        "company": {"id": 4021, "name": "Harrow & Pike Builders"},
        "start_date": moment,
        "completion_date": moment,
        "projected_finish_date": moment if maybe else None,
        "estimated_value": f"{dice.randint(10**5, 10**8)}.00",
        "total_value": f"{dice.randint(10**5, 10**8)}.50" if maybe else None,
        "square_feet": dice.randint(1000, 90000),
        "time_zone": "Eastern Time (US & Canada)",
        "is_demo": False,
        "project_stage": {"id": 11, "name": "Course of Construction"},
        "project_type": {"id": 21, "name": "Healthcare"},
        "program": {"id": 5, "name": "North"} if maybe else None,
        "office": {"id": 2201, "name": "Upstate"},
        "project_region": None,
        "departments": [{"id": 2301, "name": "Building"}],
        "custom_fields": {
            "custom_field_9001": {"data_type": "string", "value": f"Text {number}"},
            "custom_field_9002": {"data_type": "decimal", "value": 1250.5},
            "custom_field_9003": {"data_type": "boolean", "value": maybe},
            "custom_field_9004": {"data_type": "lov_entry", "value": {"id": 331, "label": "North"}},
            "custom_field_9006": {"data_type": "datetime", "value": f"{moment}T10:00:00Z"},
        },
        "parent_job_id": None,
        "origin_id": None,
        "origin_code": f"O-{number}",
        "flag": "Green",
        "created_at": f"{moment}T13:20:05Z",
        "updated_at": f"{moment}T21:19:34Z",
    }


def pages(records: int) -> list[bytes]:
    """The made-up replies."""
    dice = random.Random(7)
    return [
        orjson.dumps([record(number, dice) for number in range(start, min(start + PAGE, records))])
        for start in range(0, records, PAGE)
    ]


def bare_columns(records: list[dict[str, Any]], prefix: str = "") -> Iterator[tuple[str, list[Any]]]:
    """One list per leaf, nothing else."""
    for key in records[0]:
        values = [one.get(key) for one in records]
        inner = next((value for value in values if value is not None), None)
        if isinstance(inner, dict):
            yield from bare_columns(
                [value if value else {} for value in values] if inner else [], f"{prefix}{key}."
            )
        else:
            yield f"{prefix}{key}", values


def floor(replies: list[bytes]) -> dict[str, list[Any]]:
    """orjson and bare lists, page by page: what no frame can beat by much."""
    columns: dict[str, list[Any]] = {}
    for reply in replies:
        records = orjson.loads(reply)
        first = max(records, key=lambda one: one["program"] is not None)
        records[0], records[records.index(first)] = first, records[0]
        for name, values in bare_columns(records):
            columns.setdefault(name, []).extend(values)
    return columns


def flat(replies: list[bytes]) -> dict[Any, list[Any]]:
    """The same with our own way of taking records apart, but no types: the rest is what typing adds."""
    columns: dict[Any, list[Any]] = {}
    for reply in replies:
        for path, values, _, _ in flattened(orjson.loads(reply), (), set()):
            columns.setdefault(path, []).extend(values)
    return columns


def frame(replies: list[bytes], endpoint: Any = None, *, decimals: Any = "float") -> pd.DataFrame:
    """The same replies as a typed frame, page by page."""
    builder = FrameBuilder(endpoint, decimals=decimals)
    for reply in replies:
        records = orjson.loads(reply)
        builder.add(records)
        del records
    return builder.build()


def normalized(replies: list[bytes]) -> pd.DataFrame:
    """What people write today: no types, dates as text."""
    records: list[Any] = []
    for reply in replies:
        records.extend(orjson.loads(reply))
    return pd.json_normalize(records)


def bare_arrow(replies: list[bytes]) -> list[Any]:
    """orjson and one Arrow array of records per page, without types of ours."""
    return [pa.array(orjson.loads(reply)) for reply in replies]


def cpu_seconds(work: dict[str, Callable[[], Any]], rounds: int = 5) -> dict[str, float]:
    """The median of several rounds; in each round everything runs once, so that a busy machine is fair to all."""
    took: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(rounds):
        for name, run in work.items():
            gc.collect()
            began = time.process_time()
            result = run()
            took[name].append(time.process_time() - began)
            del result
    return {name: statistics.median(seconds) for name, seconds in took.items()}


def peak_bytes(work: Callable[[], Any]) -> tuple[int, Any]:
    """What the work needs at its peak (Python's and numpy's allocations; Arrow's are counted by Arrow)."""
    gc.collect()
    tracemalloc.start()
    result = work()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak, result


def size_of(value: Any, seen: set[int]) -> int:
    """A value with everything in it, each object once."""
    if id(value) in seen:
        return 0
    seen.add(id(value))
    inner = value if isinstance(value, list) else [*value, *value.values()] if isinstance(value, dict) else ()
    return sys.getsizeof(value) + sum(size_of(one, seen) for one in inner)


def deep_size(table: pd.DataFrame) -> int:
    """The frame's own size, with the dicts in its lists."""
    seen: set[int] = set()
    apart = [name for name in table if table[name].dtype in (object, pd.StringDtype("python"))]
    inner = sum(size_of(value, seen) for name in apart for value in table[name].array.astype(object))
    return int(table.memory_usage(deep=False).sum()) + inner


def stored(storage: str, work: Callable[[], Any]) -> Any:
    """Run with pandas' text stored this way."""
    with pd.option_context("mode.string_storage", storage):
        return work()


def main() -> None:
    """Print the ratios."""
    records = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    replies = pages(records)
    print(f"{records:,} records in {len(replies)} pages of {sum(map(len, replies)) / 1e6:.0f} MB in all")
    took = cpu_seconds(
        {
            "orjson alone": lambda: deque(map(orjson.loads, replies), maxlen=0),
            "floor: orjson and bare lists": lambda: floor(replies),
            "orjson and our flattening, no types": lambda: flat(replies),
            "orjson and bare Arrow columns": lambda: bare_arrow(replies),
            "pandas.json_normalize": lambda: normalized(replies),
            "frame, money as floats": lambda: stored("pyarrow", lambda: frame(replies)),
            "frame, money exact": lambda: stored("pyarrow", lambda: frame(replies, decimals="exact")),
            "frame of the endpoint projects": lambda: stored("pyarrow", lambda: frame(replies, "projects")),
            "frame, text in python": lambda: stored("python", lambda: frame(replies)),
        }
    )
    arrow, pandas = took["orjson and bare Arrow columns"], took["pandas.json_normalize"]
    for name, seconds in took.items():
        print(
            f"{name:36} {seconds:6.2f} s CPU = {seconds / arrow:.2f} x Arrow = {seconds / pandas:.2f} x pandas"
        )
    for keys in (10_000, 100_000):
        row = orjson.dumps([{f"key {at}": at for at in range(keys)}])
        wide = cpu_seconds({"wide": lambda row=row: frame([row])}, 1)["wide"]
        print(f"one row of {keys:7,} keys {wide:18.2f} s CPU = {wide / keys * 1e6:.0f} µs a key")
    for storage in ("pyarrow", "python"):
        peak, table = peak_bytes(lambda storage=storage: stored(storage, lambda: frame(replies)))
        own = deep_size(table)
        if (
            storage == "pyarrow"
        ):  # Arrow's memory is not traced: all of its text, and once more the largest column
            texts = [
                table[name].array._pa_array.nbytes
                for name in table
                if isinstance(table[name].dtype, pd.StringDtype)
            ]
            peak += sum(texts) + max(texts)
        print(
            f"peak, text in {storage:8} {peak / 1e6:5.0f} MB = {peak / own:.2f} x the frame's own {own / 1e6:.0f} MB"
        )


if __name__ == "__main__":
    main()
