"""A table as it was, once more the present one.

In: a table, and a moment or the number of a version. Out: the table's next state, with the rows of then, and how many rows
came back, changed and went. Speaks to the file system through `files`.

A restored state is a commit like any other: rows that it replaces become earlier versions, so that nothing is lost by it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np

from procore_nb.catalog import Catalogue
from procore_nb.errors import ArgumentError, StoreError
from procore_nb.scalars import utc_text
from procore_nb.store.delta_log import versions
from procore_nb.store.files import Files
from procore_nb.store.manifest import Manifest
from procore_nb.store.report import SyncLog
from procore_nb.store.scan import find_table, joined, read_table, rows_at
from procore_nb.store.snapshot import Snapshot, recover, state_named
from procore_nb.store.upsert import upserted


def restore(
    files: Files,
    name: str,
    catalogue: Catalogue | None,
    *,
    as_of: datetime | None,
    version: int | None,
    at: datetime,
) -> SyncLog:
    """Bring a table to a moment or a version; for the holder of the store's lock."""
    if (as_of is None) == (version is None):
        raise ArgumentError(
            "restore takes a moment or a version.", advice='restore("rfis", as_of="2026-05-01")'
        )
    recover(files, find_table(files, name, catalogue)[1].table)
    manifest, live, over = read_table(files, name, catalogue, over=True)
    former = None if version is None else _former(files, manifest, version)
    if former is not None:
        rows = joined(files, manifest.table, former.parts, manifest, former)
    elif as_of is not None:
        rows = rows_at(live, over, manifest, as_of)
    books = (*manifest.columns, *manifest.extra)
    outcome = upserted(
        live.select(books),
        rows.select(books[:-2]),
        key=manifest.key,
        has_id=manifest.has_id,
        answered=np.ones(live.num_rows, bool),
        gone=np.zeros(live.num_rows, bool),
        at=at,
        history=True,
    )
    log = SyncLog(manifest.table, mode="restore", rows=manifest.rows, synced_at=manifest.synced_at)
    if outcome.rows is None:
        return log
    snapshot = Snapshot(files, manifest, manifest)
    snapshot.end(outcome.ended)
    log.rows, log.synced_at = outcome.rows.num_rows, utc_text(at, microseconds=True)
    log.count(outcome)
    snapshot.commit(
        replace(
            manifest,
            parts=tuple(snapshot.write_parts(outcome.rows, 0)),
            deleted=manifest.deleted + log.deleted,
            synced_at=log.synced_at,
            # Which changes a moment had seen is not known: the next sync reads everything again.
            since={} if former is None else former.since,
            last=(manifest if former is None else former).last | {"mode": "restore"},
        )
    )
    return log


def _former(files: Files, manifest: Manifest, version: Any) -> Manifest:
    """The state of a version, if its files are still there."""
    kept = [
        (number, state_named(files, manifest.table, named))
        for number, named in versions(files, manifest.table)
    ]
    found = {number: one for number, one in kept if one is not None and one.version == number}
    if version in found:
        return found[version]
    known = ", ".join(f"{number} (synced {one.synced_at[:16]} UTC)" for number, one in sorted(found.items()))
    raise StoreError(
        f"Version {version} of {manifest.table} in {files.address('')} is gone: there is {known}.",
        advice="At a URL and on Windows the files of former versions stay for keep_days of Store, on other disks they do "
        "not. Deleted rows, and with sync(history=True) changed ones, come back by restore(..., as_of=…).",
    )
