"""What a store costs: `python tests/benchmarks/store.py [refresh] [million] [sql] [spark]`.

refresh: 100,000 rows, 1 % of them changed, each request 100 ms late: requests and time of the refresh beside the full read.
million: a first sync, a whole read again and a refresh of a million rows: time, and peak memory of the process.
sql: an aggregate of that million rows with `store.sql`, beside the same in pandas.
spark: the same rows in PySpark, where it is installed.
"""

from __future__ import annotations

import io
import random
import resource
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

sys.path.insert(0, str(Path(__file__).parents[1]))

import orjson
import requests
from requests.adapters import HTTPAdapter
from store.plenty import Plenty
from urllib3 import HTTPResponse

from procore_nb import catalog
from procore_nb.client import Procore
from procore_nb.credentials import Credentials
from procore_nb.environments import DEMO
from procore_nb.fetch import RequestPolicy
from procore_nb.http import Session
from procore_nb.store import Store

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


class LateList(HTTPAdapter):
    """One list of a company, `seconds` late with every page."""

    def __init__(self, path: str, rows: int, seconds: float, envelope: str) -> None:
        super().__init__()
        self.path, self.seconds, self.envelope, self.requests = path, seconds, envelope, 0
        self.id_of = str if path.startswith("/rest/v2") else int
        self.times = ["2026-01-01T00:00:00Z"] * rows
        self.rows = [self._row(number, self.times[number]) for number in range(rows)]

    def change(self, numbers: list[int], at: datetime) -> None:
        for number in numbers:
            self.times[number] = at.strftime("%Y-%m-%dT%H:%M:%SZ")
            self.rows[number] = self._row(number, self.times[number], name=f"changed {number}")

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        parts = urlsplit(request.url or "")
        if parts.path.startswith("/oauth"):
            return self._reply(request, b'{"access_token":"t","token_type":"Bearer","expires_in":5400}', {})
        self.requests += 1
        time.sleep(self.seconds)
        query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        rows = self.rows
        if "filters[updated_at]" in query:
            first, _, last = query["filters[updated_at]"].strip('"').partition("...")
            rows = [row for row, at in zip(self.rows, self.times, strict=True) if first <= at <= last]
        page, size = int(query.get("page", 1)), int(query.get("per_page", 100))
        body = b"[" + b",".join(rows[(page - 1) * size : page * size]) + b"]"
        body = b'{"%b":%b}' % (self.envelope.encode(), body) if self.envelope else body
        return self._reply(request, body, {"Total": str(len(rows)), "Per-Page": str(size)})

    def _row(self, number: int, at: str, name: str = "") -> bytes:
        person = {"id": number % 50, "login": f"p{number % 50}@example.com", "name": f"Person {number % 50}"}
        return orjson.dumps(
            {
                "id": self.id_of(10_000_000_000 + number),
                "name": name or f"Drawing {number}",
                "parent_id": self.id_of(number // 100),
                "is_deleted": False,
                "size": number * 7,
                "created_at": "2025-01-01T00:00:00Z",
                "updated_at": at,
                "created_by": person,
                "description": "As agreed on site. " * (number % 4),
            }
        )

    def _reply(
        self, request: requests.PreparedRequest, body: bytes, headers: dict[str, str]
    ) -> requests.Response:
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}
        raw = HTTPResponse(
            io.BytesIO(body), headers, 200, reason=HTTPStatus(200).phrase, preload_content=False
        )
        return self.build_response(request, raw)


def refresh() -> None:
    for name in ("company_documents", "vendors"):
        for workers in (1, 8):
            _refresh(name, workers)


def _refresh(name: str, workers: int) -> None:
    endpoint = catalog.endpoint(name)
    late = LateList(endpoint.path, 100_000, 0.1, endpoint.envelope)
    session = Session(DEMO, Credentials("bench", "bench"), transport=late)
    procore = Procore(
        session, 1, policy=RequestPolicy(workers=workers), progress=False, today=lambda: NOW.date()
    )
    clock = [NOW]
    with tempfile.TemporaryDirectory() as folder:
        store = Store(folder, clock=lambda: clock[0])
        full, first = _timed(lambda: store.sync(procore, [name]))
        full_requests, late.requests = late.requests, 0
        clock[0] += timedelta(hours=1)
        late.change(random.Random(1).sample(range(100_000), 1000), NOW + timedelta(minutes=30))
        again, result = _timed(lambda: store.sync(procore, [name]))
    assert (first["new"].tolist(), result["changed"].tolist()) == ([100_000], [1000])
    print(
        f"{name}, {workers} at once: full {full_requests} requests in {full:.2f} s; refresh {late.requests} requests "
        f"({late.requests / full_requests:.1%}) in {again:.2f} s ({again / full:.1%})",
        flush=True,
    )


def million(folder: str) -> None:
    store, plenty = Store(folder), Plenty(projects=100, rows=10_000)
    for what, options in (("first", {}), ("whole again", {"full": True})):
        seconds, result = _timed(
            lambda options=options: store.sync(plenty, ["budget_modifications"], **options)
        )
        print(
            f"million rows, {what}: {seconds:.1f} s, {_peak():.0f} MB peak, {result['rows'].iloc[0]:,} rows",
            flush=True,
        )
    print(store.tables()[["rows", "parts", "bytes"]].to_string(index=False))


def sql(folder: str) -> None:
    store = Store(folder)
    query = "select project_id, count(*) n, sum(transfer_amount) s, max(updated_at) u from budget_modifications group by 1"
    by_sql = min(_timed(lambda: store.sql(query))[0] for _ in range(3))
    load, frame = _timed(lambda: store.table("budget_modifications"))
    grouped, _ = _timed(
        lambda: frame.groupby("project_id").agg(
            n=("id", "size"), s=("transfer_amount", "sum"), u=("updated_at", "max")
        )
    )
    print(
        f"sql {by_sql:.2f} s; pandas {load:.1f} s to load and {grouped:.2f} s to group: {(load + grouped) / by_sql:.0f} to 1"
    )


def spark(folder: str) -> None:
    from pyspark.sql import SparkSession

    session = SparkSession.builder.master("local[2]").getOrCreate()
    seconds, count = _timed(
        lambda: (
            session.read.option("mergeSchema", True)
            .parquet(f"{folder}/budget_modifications")
            .groupBy("project_id")
            .agg({"transfer_amount": "sum", "id": "count"})
            .collect()
        )
    )
    print(f"spark: {len(count)} projects, {sum(row['count(id)'] for row in count):,} rows in {seconds:.1f} s")


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    wanted = sys.argv[1:] or ["million", "sql", "refresh"]
    with tempfile.TemporaryDirectory() as place:
        if {"million", "sql", "spark"} & set(wanted):
            print(f"before: {_peak():.0f} MB")
            million(place)
        if "sql" in wanted:
            sql(place)
        if "spark" in wanted:
            spark(place)
        if "refresh" in wanted:
            refresh()
