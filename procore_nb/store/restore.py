"""A table as it was, once more the present one.

In: the files of a store, a table, and a moment or the number of a version. Out: the table's next state, with the rows of
then, and how many rows came back, changed and went. Speaks to the file system through `files`.

A restored state is a commit like any other: rows that it replaces become earlier versions, so that nothing is lost by it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np

from procore_nb.errors import ArgumentError, StoreError
from procore_nb.frames.codec import conform
from procore_nb.scalars import utc_text
from procore_nb.store.delta_log import versions
from procore_nb.store.files import Files
from procore_nb.store.manifest import Manifest
from procore_nb.store.report import SyncLog
from procore_nb.store.scan import Tables, joined, rows_at
from procore_nb.store.snapshot import History, Snapshot, recover, state_named
from procore_nb.store.upsert import upserted


def restore(files: Files, tables: Tables, name: str, *, as_of: Any, version: Any, at: datetime) -> SyncLog:
    """Bring a table to a moment or a version; for the holder of the store's lock."""
    if (as_of is None) == (version is None):
        raise ArgumentError(
            "restore takes a moment or a version.", advice='restore("rfis", as_of="2026-05-01")'
        )
    recover(files, tables.find(name)[1].table)
    manifest, live, over = tables.read(name, over=True)
    former = None if version is None else _former(files, manifest, version)
    if former is None:
        rows = rows_at(live, over, manifest, tables.moment(as_of, "as_of"))
    else:
        rows = joined(files, manifest.table, former.parts, manifest, former)
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
    types = manifest.columns
    history = History(files, snapshot, manifest, lambda rows, extra: conform(rows, types, types, extra))
    history.add(*([] if outcome.ended is None else [outcome.ended]))
    log.rows, log.synced_at = outcome.rows.num_rows, utc_text(at, microseconds=True)
    log.count(outcome)
    snapshot.commit(
        replace(
            manifest,
            parts=tuple(snapshot.write_parts(outcome.rows, 0)),
            ended=history.close(manifest.ended),
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
