"""Files that records point to, kept beside the tables of a store.

In: a connection and the tables. Out: `_files/<table>/` with a manifest; names are hashes, each file is fetched once. What is
there is not fetched again; what no record has any more is removed when that is asked for. Speaks to the service through the
connection only.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pandas as pd

from procore_nb.errors import ArgumentError
from procore_nb.files import DownloadManifest
from procore_nb.scalars import is_missing
from procore_nb.store.files import Files, LocalFiles, make_folder
from procore_nb.store.manifest import folder_name
from procore_nb.store.strategy import Source

FOLDER = "_files"


def checked_tables(files: Files, names: str | Iterable[str] | None) -> list[str]:
    """Return the names of `sync(files=…)`, checked before anything is sent."""
    tables = [names] if isinstance(names, str) else list(names or ())
    for name in tables:
        _folder(files, name)
    return tables


def keep_files(
    files: Files, procore: Source, name: str, table: pd.DataFrame, *, progress: bool | None
) -> dict[str, int]:
    """Fetch the files of a table's rows that are not yet there; return how many have each status."""
    folder = _folder(files, name)
    make_folder(folder)
    done = procore.download(procore.files(table), folder, names="hide", progress=progress)
    return {str(status): int(count) for status, count in done["status"].value_counts().items()}


def kept_files(files: Files, name: str) -> pd.DataFrame:
    """Return the files of a table that are kept, one row each, in the order of their paths."""
    folder = _folder(files, name)
    entries = DownloadManifest(folder, hide=True).entries.values() if folder.is_dir() else ()
    record = ["record_id", "project_id", "kind", "content_type", "created_at"]
    rows = [
        [*(getattr(file.record, name) for name in record), str(folder / file.path), file.bytes, file.sha256]
        for file in entries
    ]
    dtypes = dict.fromkeys(("kind", "content_type", "path", "sha256"), "string") | {"bytes": "Int64"}
    frame = pd.DataFrame(rows, columns=[*record, "path", "bytes", "sha256"]).astype(dtypes)
    frame = frame.sort_values("path", ignore_index=True)
    created = pd.to_datetime(frame["created_at"], utc=True, format="ISO8601")
    frame["created_at"] = created.astype("datetime64[us, UTC]")
    for name in ("record_id", "project_id"):
        digits = all(isinstance(value, int) or is_missing(value) for value in frame[name])
        frame[name] = frame[name].astype("Int64" if digits else "string")
    return frame


def prune_files(files: Files, name: str, ids: Iterable[Any]) -> dict[str, int]:
    """Remove kept files whose record is not among these; return how many, and their bytes."""
    folder, known = _folder(files, name), set(map(str, ids))
    manifest = DownloadManifest(folder, hide=True)
    gone = [file for file in manifest.entries.values() if str(file.record.record_id) not in known]
    for file in gone:
        path = folder / file.path
        path.unlink(missing_ok=True)
        with suppress(OSError):  # files of other records are in it
            path.parent.rmdir()
    manifest.forget([file.identity for file in gone])
    return {"files": len(gone), "bytes": sum(file.bytes for file in gone)}


def tables_with_files(files: Files) -> list[str]:
    """Return the tables that have kept files."""
    return files.names(FOLDER) if isinstance(files, LocalFiles) else []


def _folder(files: Files, name: str) -> Path:
    if not isinstance(files, LocalFiles):
        raise ArgumentError(
            "Files are kept in stores on this machine's disks only.", advice="Use procore.download instead."
        )
    return files.root / FOLDER / folder_name(name)
