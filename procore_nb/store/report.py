"""What a sync and a store amount to, as frames, a line, and log lines.

In: logs and manifests. Out: DataFrames and text. Speaks to no service.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING, Any

import orjson
import pandas as pd
import pyarrow as pa

from procore_nb.frame_info import describe
from procore_nb.frames.codec import ARROW_TYPES, LogicalTypes, from_arrow
from procore_nb.store.manifest import Manifest, moment_of

if TYPE_CHECKING:
    from procore_nb.store.update import Upserted

_NAMED = 6  # tables named in the one line of a store
_TABLES = "table rows deleted last_sync last_whole mode parts bytes history drop_personal".split()  # noqa: SIM905
_TYPES: LogicalTypes = {"seconds": "number"}  # others are counts
_TYPES |= dict.fromkeys(("table", "mode", "error"), "text")
_TYPES |= dict.fromkeys(("since", "synced_at", "last_sync", "last_whole"), "time")
_TYPES |= dict.fromkeys(("resumed", "history", "drop_personal"), "boolean")


@dataclass
class SyncLog:
    """What one table's sync amounted to: the columns of the result, and the targets that were skipped."""

    table: str
    mode: str = ""
    since: str = ""
    requests: int = 0
    rows: int = 0
    new: int = 0
    changed: int = 0
    deleted: int = 0
    targets: int = 0
    skipped: int = 0
    resumed: bool = False
    synced_at: str = ""
    seconds: float = 0.0
    error: str = ""
    skipped_targets: list[dict[str, Any]] = field(default_factory=list)

    def count(self, outcome: Upserted) -> None:
        """Take rows into account."""
        self.new += outcome.new
        self.changed += outcome.changed
        self.deleted += outcome.deleted


def result_frame(logs: Sequence[SyncLog], facts: Mapping[str, Any]) -> pd.DataFrame:
    """One row per table: the mode it was read in, and its counts."""
    columns = [column.name for column in fields(SyncLog) if column.name != "skipped_targets"]
    frame = _frame([vars(log) for log in logs], columns)
    skipped = [target for log in logs for target in log.skipped_targets]
    return describe(frame, **facts, requests=sum(log.requests for log in logs), skipped=skipped)


def store_html(address: str, identity: Mapping[str, Any] | None, manifests: Sequence[Manifest]) -> str:
    """One line in a notebook: whose tables a store holds, where, and how many rows of which."""
    whose = "of no company yet"
    if identity is not None:
        name, company = escape(str(identity["environment"])), escape(str(identity["company_id"]))
        whose = f"<b>{name}</b> environment &middot; company <b>{company}</b>"
    named = ", ".join(f"{escape(table.table)} ({table.rows:,} rows)" for table in manifests[:_NAMED])
    more = f" and {len(manifests) - _NAMED:,} more tables" if len(manifests) > _NAMED else ""
    kept = f" &middot; {named}{more}" if manifests else " &middot; no tables yet"
    return f"Store &middot; {whose} (<code>{escape(address)}</code>){kept}"


def tables_frame(manifests: Sequence[Manifest]) -> pd.DataFrame:
    """One row per table: rows, last sync, size."""
    rows = [
        vars(table)
        | {"last_sync": table.synced_at, "last_whole": table.whole_at, "mode": table.last.get("mode", "")}
        | {"parts": len(table.parts), "bytes": sum(part.bytes for part in (*table.parts, *table.ended))}
        | {"rows": table.rows}
        for table in manifests
    ]
    return _frame(rows, _TABLES)


def summary(result: pd.DataFrame) -> str:
    """A sync in one line."""
    failed = int((result["error"] != "").sum())
    words = (
        f"{len(result):,} tables, {int(result['requests'].sum()):,} requests, {int(result['new'].sum()):,} new, "
        f"{int(result['changed'].sum()):,} changed, {int(result['deleted'].sum()):,} deleted, "
        f"{int(result['rows'].sum()):,} rows kept, {result['seconds'].sum():,.1f} s"
    )
    return words + (f", {failed:,} FAILED" if failed else "")


def log_lines(result: pd.DataFrame) -> list[str]:
    """A sync as JSON, one line per table, for programs that watch."""
    return [
        orjson.dumps({"event": "failed" if row["error"] else "synced", **row}, default=_plain).decode()
        for row in result.to_dict("records")
    ]


def failure_line(error: str) -> str:
    """A sync that failed as a whole, as JSON, beside the lines of tables."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return orjson.dumps({"event": "failed", "table": None, "at": now, "error": error}).decode()


def _plain(value: Any) -> Any:
    return None if pd.isna(value) else value.isoformat()


def _frame(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> pd.DataFrame:
    types: LogicalTypes = {name: _TYPES.get(name, "integer") for name in columns}
    arrays = {}
    for name, logical in types.items():
        values = [row[name] for row in rows]
        if logical == "time":
            values = [moment_of(text) if text else None for text in values]
        arrays[name] = pa.array(values, ARROW_TYPES[logical])
    return from_arrow(pa.table(arrays), types)
