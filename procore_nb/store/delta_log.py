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
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
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
_DELTA_TYPES = {ARROW_TYPES[one]: one for one in ("boolean", "date")}
_DELTA_TYPES |= {
    ARROW_TYPES["integer"]: "long",
    ARROW_TYPES["text"]: "string",
    ARROW_TYPES["number"]: "double",
}
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


@dataclass(frozen=True)
class Head:
    """The last commit of a log: its number, and the manifest that the last commit of ours names.

    `since` says of files that other programs added (True) or removed after that, as `OPTIMIZE` does.
    """

    version: int = -1
    manifest: str = ""
    since: dict[str, bool] = field(default_factory=dict)

    def live(self, manifest: Manifest) -> set[str]:
        """The files that the log says hold the table."""
        known = {part.file: True for part in manifest.files} | self.since
        return {name for name, is_live in known.items() if is_live}


def entry(version: int) -> str:
    """The path of a commit below its table."""
    return f"{LOG}/{version:020d}.json"


def checkpoint(version: int) -> str:
    """The path of a commit's checkpoint below its table."""
    return f"{LOG}/{version:020d}.checkpoint.parquet"


def head(files: Files, table: str) -> Head:
    """The last commit of a table's log; one without number if there is no log."""
    numbers = _numbers(files, table)
    since: dict[str, bool] = {}
    for version in numbers:
        actions = _read(files, f"{table}/{entry(version)}")
        if named := _named(actions):
            return Head(numbers[0], named, since)
        for one in actions:
            for kind in one.keys() & {"add", "remove"}:
                since.setdefault(unquote(one[kind]["path"]), kind == "add")
    if numbers:
        raise damaged(files.address(f"{table}/{LOG}"))
    return Head()


def versions(files: Files, table: str) -> Iterator[tuple[int, str]]:
    """The commits of ours that are still in a log: the number of each, and the manifest it names."""
    found = ((number, _named(_read(files, f"{table}/{entry(number)}"))) for number in _numbers(files, table))
    return (one for one in found if one[1])


def _named(actions: Iterable[dict[str, Any]]) -> str:
    """The manifest that a commit names; none, if another program made it."""
    about = (one.get("commitInfo", {}) for one in actions)
    return next((str(one[_MANIFEST]) for one in about if _MANIFEST in one), "")


def _numbers(files: Files, table: str) -> list[int]:
    """The numbers of all commits, the last first."""
    names = "\n".join(files.names(f"{table}/{LOG}"))
    return sorted(map(int, re.findall(r"^(\d{20})\.json$", names, re.MULTILINE)), reverse=True)


def commit(before: Manifest, after: Manifest, named: str, live: Iterable[str]) -> bytes:
    """The commit from the files that are live now to those of the next state, whose manifest is called `named`."""
    now, known, due = _now(), set(live), {part.file for part in after.files}
    about = {"timestamp": now, "operation": "WRITE", "operationParameters": {"mode": "Append"}}
    actions: list[dict[str, Any]] = [{"commitInfo": about | {_MANIFEST: named}}]
    if after.version == 0:
        actions.append({"protocol": _PROTOCOL})
    if after.version == 0 or _schema(before) != _schema(after):
        actions.append({"metaData": _metadata(after)})
    gone = {"deletionTimestamp": now, "dataChange": True}
    actions += [{"remove": {"path": name, **gone}} for name in sorted(known - due)]
    actions += [{"add": _add(part, now)} for part in after.files if part.file not in known]
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
        {"name": manifest.aliases.get(one.name, one.name), "type": _DELTA_TYPES[one.type], **about}
        for one in schema_of(manifest.columns, manifest.extra)
    ]
    return orjson.dumps({"type": "struct", "fields": columns}).decode()


def _add(part: Part, now: int) -> dict[str, Any]:
    return {
        "path": part.file,
        "partitionValues": {},
        "size": part.bytes,
        "modificationTime": now,
        "dataChange": True,
        "stats": part.stats or orjson.dumps({"numRecords": part.rows}).decode(),
    }


def _read(files: Files, path: str) -> list[dict[str, Any]]:
    data = files.read(path)
    if data is None:
        raise missing(files.address(path))
    try:
        return [dict(orjson.loads(line)) for line in data.splitlines() if line.strip()]
    except (ValueError, TypeError) as error:
        raise damaged(files.address(path)) from error


def _now() -> int:
    return time.time_ns() // 1_000_000
