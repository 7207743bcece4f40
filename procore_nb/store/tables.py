"""The tables of a store: which there are, where their last complete state is, and their rows as typed frames.

In: the store's files and names of lists. Out: manifests and frames. Speaks to the file system through `files`.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyarrow as pa

from procore_nb import catalog
from procore_nb.catalog import near
from procore_nb.errors import ArgumentError, CatalogError, OutputError
from procore_nb.store import scan
from procore_nb.store.files import Files
from procore_nb.store.manifest import Manifest
from procore_nb.store.owner import folder_name, read_identity
from procore_nb.store.snapshot import WORK, located

_TRIES = 5


class Tables:
    """What a store holds."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def all(self) -> dict[str, tuple[str, Manifest]]:
        """Folder and manifest of each table."""
        names = sorted({*self._files.names(""), *self._files.names(WORK)})
        found = {name: located(self._files, name) for name in names if not name.startswith("_")}
        return {name: one for name, one in found.items() if one is not None}

    def find(self, name: str) -> tuple[str, Manifest]:
        """Folder and manifest of a table, by the name or alias of its list.

        Raises
        ------
        ArgumentError
            If the store has no such table.
        """
        if not isinstance(name, str):
            raise ArgumentError(f"A table is called by the name of its list, not {name!r}.")
        found = located(self._files, folder_name(name)) if name else None
        if found is None:
            try:
                found = located(self._files, folder_name(catalog.endpoint(name).name))
            except CatalogError:
                found = None
        if found is None:
            tables = list(self.all())
            close = near(name, tables)
            hint = f"Did you mean {' or '.join(close)}? " if close else ""
            raise ArgumentError(
                f"The store has no table {name!r}.",
                advice=f"{hint}It has: {', '.join(tables) or 'none yet'}.",
            )
        return found

    def kept(self, name: str) -> pd.DataFrame | None:
        """The rows of a table, or None if it is not kept."""
        return self.frame(name) if name in self.all() else None

    def frame(self, name: str, *, deleted: str | None = None, history: bool = False) -> pd.DataFrame:
        """The rows of a table: as they are, with deleted ones, or all versions."""
        manifest, rows, over = self._read(name, over=history or deleted is not None)
        books: tuple[str, ...] = ()
        if history:
            rows, books = scan.versions(rows, over, manifest), scan.VERSION_BOOKS
        elif deleted is not None:
            rows, books = scan.with_deleted(rows, over, manifest, deleted), scan.DELETED_BOOKS
        return self._described(scan.as_frame(rows, manifest, books), manifest)

    def changes(self, name: str, since: Any) -> pd.DataFrame:
        """The rows that became new, changed or deleted since a moment."""
        manifest, live, over = self._read(name, over=True)
        rows, words, moments = scan.changes(live, over, manifest, scan.moment(since, "since"))
        frame = scan.as_frame(rows, manifest)
        frame.insert(0, "change", pd.Series(words, dtype="string"))
        frame.insert(1, "changed_at", scan.times(moments))
        return self._described(frame, manifest)

    def files(self, name: str) -> list[str]:
        """The Parquet files that hold a table as it is."""
        folder, manifest = self.find(name)
        names = [manifest.header, *(part.file for part in manifest.parts)]
        return [self._files.address(f"{folder}/{one}") for one in names]

    def _read(self, name: str, *, over: bool) -> tuple[Manifest, pa.Table, pa.Table]:
        """Live rows, and ended versions if wanted, of one state: begun again if a sync has put the next in its place."""
        for _ in range(_TRIES):
            folder, manifest = self.find(name)
            try:
                live = scan.current(self._files, folder, manifest)
                return manifest, live, scan.ended(self._files, folder, manifest) if over else None
            except FileNotFoundError as error:
                missing = error
        raise OutputError(
            f"A file of table {name} is missing: {missing}.",
            advice="Remove the table's folder and sync it again, or put the file back.",
        ) from missing

    def _described(self, frame: pd.DataFrame, manifest: Manifest) -> pd.DataFrame:
        identity = read_identity(self._files) or {}
        frame.attrs["procore"] = {
            "endpoint": manifest.table,
            "path": manifest.path,
            "environment": identity.get("environment"),
            "company_id": identity.get("company_id"),
            "arguments": dict(manifest.arguments),
            "fetched_at": manifest.synced_at,
            "rows": len(frame),
            "skipped": list(manifest.last.get("skipped", [])),
            "store": self._files.address(""),
        }
        return frame
