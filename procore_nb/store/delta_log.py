"""The Delta log of a table: which files hold it, for every engine that reads Delta; where no folder can be swapped, the commit.

In: manifests. Out: commits and checkpoints in `_delta_log`, as Delta's protocol has them (reader version 1, writer version 2;
https://github.com/delta-io/delta/blob/master/PROTOCOL.md). Speaks to the file system through `files`.

A commit is one JSON file whose name is the next number. At a URL it is created only if there is none of that number: of two
writers that began with one state, one is refused, and nothing of the first is lost. It names the manifest of the state.
A checkpoint beside every commit at a URL holds the whole state, so that a reader opens two files however old the table is.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import unquote

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from procore_nb.frames.codec import ARROW_TYPES, schema_of
from procore_nb.store.files import Files, damaged, missing
from procore_nb.store.manifest import Manifest, Part

LOG = "_delta_log"
LAST_CHECKPOINT = f"{LOG}/_last_checkpoint"
_MANIFEST = "procore_nb.manifest"
_PROTOCOL = {"minReaderVersion": 1, "minWriterVersion": 2}
_DELTA_TYPES = {ARROW_TYPES["boolean"]: "boolean", ARROW_TYPES["date"]: "date", ARROW_TYPES["text"]: "string"}
_DELTA_TYPES |= {ARROW_TYPES["integer"]: "long", ARROW_TYPES["number"]: "double"}
_DELTA_TYPES |= {ARROW_TYPES["time"]: "timestamp", ARROW_TYPES["decimal"]: "decimal(38,10)"}
_TEXT, _LONG, _FLAG, _TEXTS = pa.string(), pa.int64(), pa.bool_(), pa.map_(pa.string(), pa.string())
_FORMAT = pa.struct({"provider": _TEXT, "options": _TEXTS})
_METADATA = {"id": _TEXT, "format": _FORMAT, "schemaString": _TEXT, "partitionColumns": pa.list_(_TEXT)}
_METADATA |= {"configuration": _TEXTS, "createdTime": _LONG}
_ADD = {"path": _TEXT, "partitionValues": _TEXTS, "size": _LONG, "modificationTime": _LONG}
_ADD |= {"dataChange": _FLAG, "stats": _TEXT}
_REMOVE = {"path": _TEXT, "deletionTimestamp": _LONG, "dataChange": _FLAG}
_ACTIONS = {
    "protocol": dict.fromkeys(_PROTOCOL, pa.int32()),
    "metaData": _METADATA,
    "add": _ADD,
    "remove": _REMOVE,
}
_CHECKPOINT = pa.schema({name: pa.struct(fields) for name, fields in _ACTIONS.items()})


class Head(NamedTuple):
    """The last commit of a log: its number (-1: there is no log), and the manifest that the last commit of ours names.

    `foreign` says of files that other programs added (True) or removed after that, as `OPTIMIZE` does.
    """

    version: int
    manifest: str
    foreign: dict[str, bool]


def entry(version: int) -> str:
    """The path of a commit below its table."""
    return f"{LOG}/{version:020d}.json"


def checkpoint(version: int) -> str:
    """The path of a commit's checkpoint below its table."""
    return f"{LOG}/{version:020d}.checkpoint.parquet"


def head(files: Files, table: str) -> Head:
    """The last commit of a table's log."""
    version, foreign = -1, dict[str, bool]()
    for number, manifest, actions in commits(files, table):
        version = max(version, number)
        if manifest:
            return Head(version, manifest, foreign)
        for action in actions:
            for operation in action.keys() & {"add", "remove"}:
                foreign.setdefault(unquote(action[operation]["path"]), operation == "add")
    if version >= 0:
        raise damaged(files.address(f"{table}/{LOG}"))
    return Head(version, "", foreign)


def commits(files: Files, table: str) -> Iterator[tuple[int, str, list[dict[str, Any]]]]:
    """The commits that are still in a log, the last first: number, the manifest it names (if it is of ours), actions."""
    names = "\n".join(files.names(f"{table}/{LOG}"))
    for number in sorted(map(int, re.findall(r"^(\d{20})\.json$", names, re.MULTILINE)), reverse=True):
        path = f"{table}/{entry(number)}"
        data = files.read(path)
        if data is None:
            raise missing(files.address(path))
        try:
            actions = [dict(orjson.loads(line)) for line in data.splitlines() if line.strip()]
        except (ValueError, TypeError) as error:
            raise damaged(files.address(path)) from error
        named = (action.get("commitInfo", {}).get(_MANIFEST, "") for action in actions)
        yield number, next(filter(None, named), ""), actions


def commit(before: Manifest, after: Manifest, manifest_name: str, foreign: dict[str, bool]) -> bytes:
    """The commit from the files that the log says hold the table now to those of the next state."""
    now, due = _now(), {part.file for part in after.files}
    known = dict.fromkeys((part.file for part in before.files if after.version), True) | foreign
    live = {name for name, is_live in known.items() if is_live}
    about = {"timestamp": now, "operation": "WRITE", "operationParameters": {"mode": "Append"}}
    actions: list[dict[str, Any]] = [{"commitInfo": about | {_MANIFEST: manifest_name}}]
    if after.version == 0:
        actions.append({"protocol": _PROTOCOL})
    if after.version == 0 or _schema(before) != _schema(after):
        actions.append({"metaData": _metadata(after)})
    gone = {"deletionTimestamp": now, "dataChange": True}
    actions += [{"remove": {"path": name, **gone}} for name in sorted(live - due)]
    actions += [{"add": _add(part, now)} for part in after.files if part.file not in live]
    return b"\n".join(map(orjson.dumps, actions)) + b"\n"


def write_checkpoint(files: Files, folder: str, manifest: Manifest) -> None:
    """Put a state's checkpoint beside its commit."""
    adds = [{"add": _add(part, _now())} for part in manifest.files]
    rows = [{"protocol": _PROTOCOL}, {"metaData": _metadata(manifest)}, *adds]
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(rows, schema=_CHECKPOINT), sink)
    files.write(f"{folder}/{checkpoint(manifest.version)}", sink.getvalue().to_pybytes())
    files.write(f"{folder}/{LAST_CHECKPOINT}", orjson.dumps({"version": manifest.version, "size": len(rows)}))


def _metadata(manifest: Manifest) -> dict[str, Any]:
    return {
        "id": manifest.log_id,
        "format": {"provider": "parquet", "options": {}},
        "schemaString": _schema(manifest),
        "partitionColumns": [],
        "configuration": {},
        "createdTime": _now(),
    }


def _schema(manifest: Manifest) -> str:
    about = {"nullable": True, "metadata": {}}
    columns = [
        {"name": manifest.aliases.get(field.name, field.name), "type": _DELTA_TYPES[field.type], **about}
        for field in schema_of(manifest.columns, manifest.extra)
    ]
    return orjson.dumps({"type": "struct", "fields": columns}).decode()


def _add(part: Part, now: int) -> dict[str, Any]:
    return {
        "path": part.file,
        "partitionValues": {},
        "size": part.bytes,
        "modificationTime": now,
        "dataChange": True,
        "stats": part.stats,
    }


def _now() -> int:
    return time.time_ns() // 1_000_000
