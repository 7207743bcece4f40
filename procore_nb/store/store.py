"""The store: what can be done with a folder of tables.

In: a folder or URL, a connection, names of lists. Out: logs of syncs; what is read from a store is in `reader`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any, Literal

import pandas as pd

from procore_nb.call_errors import explain_calls
from procore_nb.catalog import Catalogue
from procore_nb.errors import ArgumentError, StoreError
from procore_nb.frame_info import describe
from procore_nb.store import erase
from procore_nb.store.files import files_at, locked
from procore_nb.store.kept_files import checked_tables, keep_files, prune_files, tables_with_files
from procore_nb.store.manifest import check_identity, read_identity
from procore_nb.store.reader import ColumnNames, StoredTables, is_safe
from procore_nb.store.report import result_frame, store_html
from procore_nb.store.scan import all_tables, table_names
from procore_nb.store.snapshot import WORK, half_swapped, recover
from procore_nb.store.strategy import Source, named_lists
from procore_nb.store.syncing import Options, not_negative, sync_tables
from procore_nb.store.update import restore


class Store(StoredTables):
    """A folder of tables, each the rows of one list of Procore, kept up to date by `sync`.

    Parameters
    ----------
    place
        A folder, or an fsspec URL such as `s3://bucket/portfolio`, made by the first sync; files are readable by their owner
        only. It holds personal data: treat it as such, or see `drop_personal`.
    storage_options
        For the file system of a URL.
    keep_days
        How long files of former states stay for those who still read them, at a URL and on Windows.
    clock
        The present time, with a zone.
    catalogue
        Where other names of a list are looked up (`table("open_rfis")`), and what a list of people is known by. None:
        the catalogue of the connection that last synced by this object; before, the one that comes with this package.

    Examples
    --------
    >>> store = pnb.Store("portfolio")
    >>> result = store.sync(pnb.connect("demo"), ["projects"])
    >>> store.table("projects")["id"].dtype
    Int64Dtype()
    """

    @explain_calls()
    def __init__(
        self,
        place: str | os.PathLike[str],
        *,
        storage_options: Mapping[str, Any] | None = None,
        keep_days: float = 1.0,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        catalogue: Catalogue | None = None,
    ) -> None:
        self._files = files_at(place, storage_options, keep_days=not_negative(keep_days, "keep_days"))
        self._clock = clock
        read_identity(self._files)
        self._own_catalogue = self._catalogue = catalogue
        broken = [table for table in self._files.names(WORK) if half_swapped(self._files, table)]
        if broken or self._files.exists(erase.PENDING):
            with suppress(StoreError), self._locked():  # else another process is at work, and completes it
                for table in broken:
                    recover(self._files, table)

    @contextmanager
    def _locked(self, wait_seconds: float = 0.0) -> Iterator[None]:
        """Hold the store's lock; an erasure that was interrupted is completed first."""
        with locked(self._files, wait_seconds=not_negative(wait_seconds, "wait_seconds")):
            erase.finish(self._files, self._catalogue)
            yield

    @explain_calls()
    def sync(
        self,
        procore: Source,
        tables: str | Iterable[str] | Mapping[str, Mapping[str, Any]],
        *,
        projects: Any = "all",
        full: bool = False,
        history: bool | None = None,
        drop_personal: bool | None = None,
        names: ColumnNames | None = None,
        window_days: int = 14,
        overlap_minutes: float = 10.0,
        deletions: bool = True,
        files: str | Iterable[str] | None = None,
        on_error: Literal["raise", "skip"] = "raise",
        wait_seconds: float = 0.0,
        progress: bool | None = None,
    ) -> pd.DataFrame:
        """Bring tables up to date: whole the first time, later only what changed, where Procore allows it.

        Parameters
        ----------
        procore
            A connection; always to the environment and company the store began with.
        tables
            Names of lists; or a dict of name to arguments (`{"rfis": {"view": "extended"}}`). A list below another one
            (`rfi_replies`, `budget`) is requested for each row of that table, which is synced before it.
        projects
            `"all"`, `"active"`, ids, or a frame with an id column.
        full
            Read everything again: the only mode to notice deleted rows where Procore has no list of them.
        history
            Keep earlier versions of changed rows too. None: as the table was kept so far (at first not).
        drop_personal
            Leave out columns with personal data, by the list in `procore_nb.store.pii`. None: as so far.
        names
            What columns are called in the files: `"safe"`, so that every engine takes them unquoted (`created_by_name`), or
            `"original"`, as in `procore.table`. None: as so far (at first original).
        window_days
            How many days of a daily log are read again.
        overlap_minutes
            How long before the last sync's start to request again, for clocks that differ.
        deletions
            Whether deleted rows are fetched beside changed ones, where Procore lists them: a request more per project.
        files
            Tables whose files (photos, drawings, attachments) are kept beside them, each fetched once; on this machine's disks
            only. Files of rows that are gone stay until `prune_files`.
        on_error
            With `"skip"` a table that fails is named in the result, and the others are brought up to date.
        wait_seconds
            How long to wait for another process that syncs this store.
        progress
            Whether long fetches show a line.

        Returns
        -------
        DataFrame
            One row per table: `table`, `mode` (`full`, `incremental`, `window`), `since` (UTC), `requests`, `rows` (kept now),
            `new`, `changed`, `deleted`, `targets` (projects requested), `skipped` (those that answered 403 or 404; their rows
            stay as they were), `resumed`, `synced_at` (UTC), `seconds`, `error`. `attrs["procore"]["skipped"]` names them,
            `attrs["procore"]["files"]` counts files by table and status.

        Raises
        ------
        ArgumentError, CatalogError
            If a list or argument is unknown, or the store is of another environment or company; nothing was requested.
        StoreError
            If another process syncs this store, a file cannot be written, or one is damaged. Tables are as they were.
        ProcoreError
            What a request failed with. Tables that were done stay done (`error.partial` is the result so far), and the
            next sync continues from the staged rows.

        Examples
        --------
        >>> store = pnb.Store("portfolio")
        >>> store.sync(pnb.connect("demo"), ["vendors"], progress=False)["table"].tolist()
        ['vendors']
        """
        lists = named_lists(tables, procore.catalogue)
        if on_error not in ("raise", "skip"):
            raise ArgumentError(f'on_error is "raise" or "skip", not {on_error!r}.')
        options = Options(
            full=full,
            history=history,
            drop_personal=drop_personal,
            safe_names=None if names is None else is_safe(names),
            window_days=int(not_negative(window_days, "window_days")),
            overlap=timedelta(minutes=not_negative(overlap_minutes, "overlap_minutes")),
            deletions=deletions,
            progress=progress,
            clock=self._clock,
        )
        with_files = checked_tables(self._files, files)
        check_identity(self._files, procore.environment, procore.company_id)
        self._catalogue = self._own_catalogue or procore.catalogue
        with self._locked(wait_seconds):
            result = sync_tables(self._files, procore, lists, projects, options, skip=on_error == "skip")
            counts = {}
            for name in with_files:
                table = self._find(name)[1].table
                counts[table] = keep_files(self._files, procore, table, self.table(table), progress=progress)
            return describe(result, files=counts) if counts else result

    @explain_calls()
    def prune_files(self, *, wait_seconds: float = 0.0) -> pd.DataFrame:
        """Remove kept files whose records are no longer in the tables, and return what went.

        Parameters
        ----------
        wait_seconds
            How long to wait for another process that syncs this store; StoreError if it is still at work then.

        Returns
        -------
        DataFrame
            One row for each table with files: `table` (string), `files` and `bytes` removed (Int64).

        Examples
        --------
        >>> pnb.Store("portfolio").prune_files().empty
        True
        """
        with self._locked(wait_seconds):
            rows = [
                {"table": name, **prune_files(self._files, name, self.table(name)["id"].tolist())}
                for name in tables_with_files(self._files)
            ]
        dtypes = {"table": "string", "files": "Int64", "bytes": "Int64"}
        return pd.DataFrame(rows, columns=list(dtypes)).astype(dtypes)

    @explain_calls()
    def erase(self, *, user_id: int | str, wait_seconds: float = 0.0) -> pd.DataFrame:
        """Erase one person: from rows, deleted rows, earlier versions, and what an unfinished sync has staged.

        Rows that are the person are removed (lists of users and people), values that name the person become missing
        (`created_by.*`, `assignee_id`, elements of `assignees`; texts that are nothing but their login or e-mail; their name
        in personal columns). Text that people wrote stays. Files are written anew: no former version is left in the folder.
        A later sync brings back what Procore still sends: remove the person there first.

        Parameters
        ----------
        user_id
            The id of the user in Procore, as in `created_by.id` or in the list `users`.
        wait_seconds
            How long to wait for another process that syncs this store.

        Returns
        -------
        DataFrame
            One row per table: `table`, `rows` (removed), `versions` (removed earlier or deleted versions), `cells` (values
            cleared in rows that stay), `version_cells` (in their versions), `files` (written anew), `staged` (files of an
            unfinished sync that were removed), `columns` (in which values were cleared). Zeros where nothing was found.

        Raises
        ------
        StoreError
            If another process holds the store, or a file is damaged: then nothing was changed. If this process is killed,
            opening the store completes what was begun.

        Examples
        --------
        >>> pnb.Store("portfolio").erase(user_id=1204).columns.tolist()[:4]
        ['table', 'rows', 'versions', 'cells']
        """
        with self._locked(wait_seconds):
            return erase.erase(self._files, user_id, self._catalogue)

    @explain_calls()
    def restore(
        self, name: str, *, as_of: Any = None, version: int | None = None, wait_seconds: float = 0.0
    ) -> pd.DataFrame:
        """Bring a table back to what it was, as one commit: after a sync that took or brought what it should not have.

        Rows that are replaced become earlier versions. The next sync brings the table up to date again: it reads everything, or
        after `version` what changed since that version.

        Parameters
        ----------
        name, as_of
            As in `table`.
        version
            Or the number of a Delta version whose files are still there: at a URL and on Windows for `keep_days`.
        wait_seconds
            How long to wait for another process that syncs this store.

        Returns
        -------
        DataFrame
            One row as of `sync`, with the mode `restore`: `new` counts rows that came back, `changed` those with other values,
            `deleted` those that were not there then. Zeros: the table was as it is.

        Raises
        ------
        ArgumentError, StoreError
            If the table or earlier versions of its rows were not kept at `as_of`, the version is gone, another process syncs the
            store, or a file is damaged. The table is as it was.

        Examples
        --------
        >>> pnb.Store("portfolio").restore("projects", as_of="2100-01-01")["mode"].tolist()
        ['restore']
        """
        with self._locked(wait_seconds):
            moment = None if as_of is None else self._moment(as_of, "as_of")
            log = restore(self._files, name, self._catalogue, as_of=moment, version=version, at=self._clock())
            return result_frame([log], {})

    def __repr__(self) -> str:
        return f"Store({self._files.address('')!r}, {len(table_names(self._files))} tables)"

    def _repr_html_(self) -> str:
        try:
            kept = [manifest for _, manifest in all_tables(self._files).values()]
            return store_html(self._files.address(""), read_identity(self._files), kept)
        except StoreError as error:
            return escape(str(error))
