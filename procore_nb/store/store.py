"""The store: what can be done with a folder of tables.

In: a folder or URL, a connection, names of lists. Out: typed frames, and logs of syncs. The work is done in the other
rooms of this floor.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path
from typing import Any, Literal, TypeVar

import pandas as pd
import pyarrow as pa

from procore_nb.call_errors import explain_calls
from procore_nb.catalog import Catalogue
from procore_nb.errors import ArgumentError, OutputError, ProcoreError, StoreError
from procore_nb.frame_info import describe
from procore_nb.frames.codec import DEFAULT_DECIMALS, Decimals
from procore_nb.store import erase
from procore_nb.store.files import damaged, files_at
from procore_nb.store.kept_files import keep_files, kept_files, prune_files, tables_with_files, wanted_files
from procore_nb.store.locks import locked
from procore_nb.store.manifest import Manifest, check_identity, read_identity
from procore_nb.store.report import SyncLog, result_frame, store_html, tables_frame
from procore_nb.store.restore import restore
from procore_nb.store.scan import TRIES, ColumnNames, Tables, checked_names
from procore_nb.store.snapshot import WORK, half_swapped, recover
from procore_nb.store.strategy import Source, TargetNames, lists_above, wanted_lists, with_parents
from procore_nb.store.syncing import Options, TableSync, not_negative

Found = TypeVar("Found")


class Store:
    """A folder of tables, each the rows of one list of Procore, kept up to date by `sync`.

    Parameters
    ----------
    place
        A folder, or an fsspec URL such as `s3://bucket/portfolio`. It is made by the first sync; files are readable by
        their owner only. It holds personal data: treat it as such, or see `drop_personal`.
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
    >>> import procore_nb as pnb
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
        self._catalogue = catalogue
        self._tables = Tables(self._files, catalogue, clock=self._clock)
        broken = [one for one in self._files.names(WORK) if half_swapped(self._files, one)]
        if broken or erase.is_pending(self._files):
            with (
                suppress(StoreError),
                locked(self._files),
            ):  # else another process is at work, and completes it
                for table in broken:
                    recover(self._files, table)
                erase.finish(self._files, catalogue)

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
            (`rfi_replies`, `budget`) is requested for each row of that table, which is synced before it each time, of the same
            projects.
        projects
            `"all"`, `"active"`, ids, or a frame with an id column.
        full
            Read everything again: the only mode to notice deleted rows where Procore has no list of them.
        history
            Keep earlier versions of changed rows too. None: as the table was kept so far (at first not).
        drop_personal
            Leave out columns with personal data, by the list in `procore_nb.store.pii`. None: as so far.
        names
            What columns are called in the files. `"safe"`: so that every engine takes them unquoted (`created_by_name`); custom
            fields may have any letters in their labels. `"original"`: as in `procore.table`. None: as so far (at first original).
        window_days
            How many days of a daily log are read again.
        overlap_minutes
            How long before the last sync's start to request again, for clocks that differ.
        deletions
            Whether deleted rows are fetched beside changed ones, where Procore lists them: a request more per project.
        files
            Tables whose files (photos, drawings, attachments) are kept beside them, each fetched once; on this machine's disks
            only. See `kept_files`. Files of rows that are gone stay until `prune_files`.
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
        >>> import procore_nb as pnb
        >>> store = pnb.Store("portfolio")
        >>> done = store.sync(pnb.connect("demo"), ["vendors"], progress=False)
        >>> done["table"].tolist()
        ['vendors']
        """
        wanted = wanted_lists(tables, procore.catalogue)
        if on_error not in ("raise", "skip"):
            raise ArgumentError(f'on_error is "raise" or "skip", not {on_error!r}.')
        options = Options(
            full=full,
            history=history,
            drop_personal=drop_personal,
            safe_names=None if names is None else checked_names(names) == "safe",
            window_days=int(not_negative(window_days, "window_days")),
            overlap=timedelta(minutes=not_negative(overlap_minutes, "overlap_minutes")),
            deletions=deletions,
            progress=progress,
            clock=self._clock,
        )
        with_files = wanted_files(self._files, files)
        check_identity(self._files, procore.environment, procore.company_id)
        self._tables.catalogue = procore.catalogue if self._catalogue is None else self._catalogue
        with locked(self._files, wait_seconds=not_negative(wait_seconds, "wait_seconds")):
            erase.finish(self._files, self._tables.catalogue)
            result = self._sync(procore, wanted, projects, options, skip=on_error == "skip")
            counts = {}
            for name in with_files:
                table = self._tables.find(name)[1].table
                counts[table] = keep_files(self._files, procore, table, self.table(table), progress=progress)
            return describe(result, files=counts) if counts else result

    @explain_calls()
    def kept_files(self, name: str) -> pd.DataFrame:
        """Return the files of a table that `sync(files=…)` keeps, one row each.

        Parameters
        ----------
        name
            Name or alias of the list.

        Returns
        -------
        DataFrame
            `record_id` and `project_id` (Int64), `kind`, `content_type`, `path`, `sha256` (string), `bytes` (Int64),
            `created_at` (UTC). Names of files are hashes. Empty: none are kept.

        Raises
        ------
        ArgumentError
            If there is no such table, or the store is at a URL.

        Examples
        --------
        >>> import procore_nb as pnb
        >>> pnb.Store("portfolio").kept_files("projects").empty
        True
        """
        return kept_files(self._files, self._tables.find(name)[1].table)

    @explain_calls()
    def prune_files(self, *, wait_seconds: float = 0.0) -> pd.DataFrame:
        """Remove kept files whose records are no longer in the tables, and return what went.

        Parameters
        ----------
        wait_seconds
            How long to wait for another process that syncs this store.

        Returns
        -------
        DataFrame
            One row for each table with files: `table` (string), `files` and `bytes` removed (Int64).

        Raises
        ------
        StoreError
            If another process holds the store.

        Examples
        --------
        >>> import procore_nb as pnb
        >>> pnb.Store("portfolio").prune_files().empty
        True
        """
        with locked(self._files, wait_seconds=not_negative(wait_seconds, "wait_seconds")):
            rows = [
                {"table": name, **prune_files(self._files, name, self.table(name)["id"].tolist())}
                for name in tables_with_files(self._files)
            ]
        kinds = {"table": "string", "files": "Int64", "bytes": "Int64"}
        return pd.DataFrame(rows, columns=list(kinds)).astype(kinds)

    @explain_calls()
    def table(
        self,
        name: str,
        *,
        deleted: Literal["with", "only"] | None = None,
        history: bool = False,
        as_of: Any = None,
        names: ColumnNames = "original",
        decimals: Decimals = DEFAULT_DECIMALS,
    ) -> pd.DataFrame:
        """Return a table as a typed frame: the columns and dtypes of `procore.table`.

        Parameters
        ----------
        name
            Name or alias of the list.
        deleted
            `"with"` adds deleted rows, `"only"` returns no others; both add `deleted_at` (UTC): the start of the sync that
            noticed.
        history
            All versions: adds `valid_from`, `valid_to` (missing while a version is the present one) and `deleted_at`.
        as_of
            The rows as they were kept at a date (its first moment, UTC), a time, or `"last Monday"`. Rows that have changed since need
            `sync(history=True)`, which keeps earlier versions.
        names
            `"safe"`: columns by the names that every engine takes unquoted, as in the files after `sync(names="safe")`.
        decimals
            The store is exact: `"exact"` shows money, hours and percents as `decimal.Decimal`, `"float"` as float64.

        Returns
        -------
        DataFrame
            One row per row of Procore, in the order of project and id. `attrs["procore"]` says where it is from.

        Raises
        ------
        ArgumentError
            If there is no such table, or it was not kept at `as_of`, or earlier versions of its rows were not.

        Examples
        --------
        >>> import procore_nb as pnb
        >>> store = pnb.Store("portfolio")
        >>> done = store.sync(pnb.connect("demo"), ["vendors"], progress=False)
        >>> store.table("vendors")["id"].dtype
        Int64Dtype()
        """
        return self._tables.frame(
            name, deleted=deleted, history=history, as_of=as_of, names=names, decimals=decimals
        )

    @explain_calls()
    def changes(
        self, name: str, *, since: Any, names: ColumnNames = "original", decimals: Decimals = DEFAULT_DECIMALS
    ) -> pd.DataFrame:
        """Return the rows that became new, changed or deleted since a moment.

        Parameters
        ----------
        name
            Name or alias of the list.
        since
            A date or time, in ISO 8601 as text (without zone it is UTC), or `"last Monday"`. `store.tables()["last_sync"]` is a good start.
        names, decimals
            As in `table`.

        Returns
        -------
        DataFrame
            `change` (`new`, `changed`, `deleted`), `changed_at` (UTC: the start of the sync that noticed), then the table's
            columns. A row that changed twice comes once, as it is now.

        Examples
        --------
        >>> import procore_nb as pnb
        >>> store = pnb.Store("portfolio")
        >>> done = store.sync(pnb.connect("demo"), ["vendors"], progress=False)
        >>> set(store.changes("vendors", since="2000-01-01")["change"])
        {'new'}
        """
        return self._tables.changes(name, since, names=names, decimals=decimals)

    @explain_calls()
    def tables(self) -> pd.DataFrame:
        """Return what is kept.

        Returns
        -------
        DataFrame
            One row per table: `table`, `rows`, `deleted`, `last_sync`, `last_whole` (UTC), `mode`, `parts`, `bytes`; none
            before the first sync.

        Examples
        --------
        >>> import procore_nb as pnb
        >>> store = pnb.Store("empty")
        >>> len(store.tables())
        0
        """
        return tables_frame([manifest for _, manifest in self._tables.all().values()])

    @explain_calls()
    def sql(self, query: str, *, decimals: Decimals = DEFAULT_DECIMALS) -> pd.DataFrame:
        """Return the answer to a query in DuckDB's SQL, in which every table of the store is a table.

        Money is decimal there, so that sums are right to the cent; in the answer it comes as `decimals` says in `table`.

        Lists are JSON text there; names with a dot are quoted: `select "company.id", count(*) from projects group by 1`.
        Columns have the names they have in the files: see `sync(names="safe")`.

        Parameters
        ----------
        query
            One `select`.
        decimals
            `"float"`, or `"exact"` for `decimal.Decimal`.

        Returns
        -------
        DataFrame
            The answer, typed by DuckDB.

        Raises
        ------
        MissingExtraError
            If DuckDB is not installed.
        ArgumentError
            If the query cannot be answered.
        StoreError
            If a file of a table it names is missing or damaged.

        Examples
        --------
        >>> import procore_nb as pnb
        >>> store = pnb.Store("portfolio")
        >>> done = store.sync(pnb.connect("demo"), ["vendors"], progress=False)
        >>> len(store.sql("select is_active, count(*) as firms from vendors group by 1")) > 0
        True
        """
        from procore_nb.store.sql import query as run

        return self._over_one_state(
            lambda tables: run(query, tables, self._files, check=self._tables.check, decimals=decimals)
        )

    def _over_one_state(self, answer: Callable[[dict[str, tuple[Manifest, list[str]]]], Found]) -> Found:
        """What an engine answers from the files of all tables; asked again where a sync took files away meanwhile."""
        for attempt in range(TRIES):
            state = self._tables.all()
            tables = {name: (one, self._tables.files_of(one)) for name, (_, one) in state.items()}
            try:
                return answer(tables)
            except (ArgumentError, StoreError):
                if attempt == TRIES - 1 or state == self._tables.all():
                    raise
        raise AssertionError("unreachable")

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
        ArgumentError
            If `user_id` is no id.
        StoreError
            If another process holds the store, or a file is damaged: then nothing was changed. A process that is killed in
            between is no loss: opening the store completes what was begun.

        Examples
        --------
        >>> import procore_nb as pnb
        >>> store = pnb.Store("portfolio")
        >>> store.erase(user_id=1204).columns.tolist()[:4]
        ['table', 'rows', 'versions', 'cells']
        """
        with locked(self._files, wait_seconds=not_negative(wait_seconds, "wait_seconds")):
            return erase.erase(self._files, user_id, self._tables.catalogue)

    @explain_calls()
    def restore(
        self, name: str, *, as_of: Any = None, version: int | None = None, wait_seconds: float = 0.0
    ) -> pd.DataFrame:
        """Bring a table back to what it was, as one commit: after a sync that took or brought what it should not have.

        Rows that are replaced become earlier versions; no row is lost by it. The next sync brings the table up to date again, reading
        everything, or after `version` what changed since that version.

        Parameters
        ----------
        name
            Name or alias of the list.
        as_of
            A date (its first moment, UTC), a time, or `"last Monday"`, as in `table`: rows that have changed since need `sync(history=True)`.
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
        ArgumentError
            If the table was not kept at `as_of`, or earlier versions of its rows were not.
        StoreError
            If the version is gone, another process syncs the store, or a file is damaged. The table is as it was.

        Examples
        --------
        >>> import procore_nb as pnb
        >>> store = pnb.Store("portfolio")
        >>> store.restore("projects", as_of="2100-01-01")[["new", "changed", "deleted"]].to_numpy().tolist()
        [[0, 0, 0]]
        """
        with locked(self._files, wait_seconds=not_negative(wait_seconds, "wait_seconds")):
            erase.finish(self._files, self._tables.catalogue)
            return result_frame(
                [restore(self._files, self._tables, name, as_of=as_of, version=version, at=self._clock())], {}
            )

    @explain_calls()
    def to_duckdb(self, path: str | os.PathLike[str]) -> Path:
        """Write all tables into one file of DuckDB: the method form of `procore_nb.to_duckdb`.

        Parameters
        ----------
        path
            As there.

        Returns
        -------
        Path
            Where it is.

        Examples
        --------
        >>> import procore_nb as pnb
        >>> store = pnb.Store("portfolio")
        >>> done = store.sync(pnb.connect("demo"), ["vendors"], progress=False)
        >>> store.to_duckdb("portfolio.duckdb").name
        'portfolio.duckdb'
        """
        from procore_nb.store.sql import write_database

        return self._over_one_state(
            lambda tables: write_database(path, tables, self._files, check=self._tables.check)
        )

    @explain_calls()
    def files(self, name: str) -> list[str]:
        """Return the Parquet files that hold a table as it is, for any engine: `pl.scan_parquet(store.files("rfis"))`.

        Parameters
        ----------
        name
            Name or alias of the list.

        Returns
        -------
        list of str
            Paths or addresses; good until the next sync.

        Examples
        --------
        >>> import procore_nb as pnb
        >>> store = pnb.Store("portfolio")
        >>> done = store.sync(pnb.connect("demo"), ["vendors"], progress=False)
        >>> len(store.files("vendors")) > 0
        True
        """
        return self._tables.files_of(self._tables.find(name)[1])

    def __repr__(self) -> str:
        return f"Store({self._files.address('')!r}, {len(self._tables.names())} tables)"

    def _repr_html_(self) -> str:
        try:
            kept = [manifest for _, manifest in self._tables.all().values()]
            return store_html(self._files.address(""), read_identity(self._files), kept)
        except StoreError as error:
            return escape(str(error))

    def _sync(
        self,
        procore: Source,
        wanted: dict[str, dict[str, Any]],
        projects: Any,
        options: Options,
        *,
        skip: bool,
    ) -> pd.DataFrame:
        logs: list[SyncLog] = []
        finder = TargetNames(procore, projects, kept=self._tables.kept)
        about = {"environment": procore.environment.name, "company_id": procore.company_id}
        above = lists_above(wanted, procore.catalogue) - wanted.keys()
        kept = self._tables.arguments(above.intersection(self._tables.names()) if above else ())
        as_kept = replace(options, history=None, drop_personal=None, safe_names=None)
        for name, arguments in with_parents(wanted, procore.catalogue, kept).items():
            endpoint, began = procore.catalogue.endpoint(name), time.monotonic()
            unnamed = name in kept and name not in wanted  # brought along, it stays as it is kept
            chosen = as_kept if unnamed else options
            table = TableSync(self._files, procore, endpoint, dict(arguments), chosen)
            logs.append(table.log)
            try:
                table.run(lambda e=endpoint, a=arguments: finder.find(e, a, self._tables.names))  # type: ignore[misc]
            except ProcoreError as error:
                table.log.error = str(error)
                stopped = isinstance(error.__cause__, KeyboardInterrupt)
                if not skip or stopped or isinstance(error, OutputError):
                    error.partial = result_frame(logs, about)
                    raise
            except (OSError, pa.ArrowException) as error:
                raise damaged(self._files.address(table.log.table)) from error
            finally:
                table.log.seconds = round(time.monotonic() - began, 3)
        return result_frame(logs, about)
