"""The store: a folder of tables, one for each list, that a sync brings up to date.

What lies where, so that any engine reads it:

    portfolio/
      _store.json          the environment and company these tables are of
      _lock                who syncs, if somebody does
      _work/rfis/          what has landed of a sync that is not finished
      rfis/                exactly the rows as they are
        0-columns-….parquet    no rows, all columns
        part-….parquet         up to some 64,000 rows, sorted by project and id
        _manifest.json         which state this is
        _history/              deleted rows, and earlier versions where history is kept

Engines pass over names that begin with an underscore. Each is one line:

    duckdb    select * from read_parquet('portfolio/rfis/*.parquet', union_by_name = true)
    polars    pl.scan_parquet("portfolio/rfis/*.parquet", missing_columns="insert")
    dask      dd.read_parquet("portfolio/rfis/*.parquet")
    spark     spark.read.option("mergeSchema", True).parquet("portfolio/rfis")

Why so. A folder that holds exactly one state needs no reader of ours, as a log of changes (Delta, Iceberg) would. Parts are
never changed: an update writes those anew whose rows changed and takes over the others, so a new column costs nothing
(`0-columns` names it, older parts lack it, and engines fill it with nulls). Parts hold ranges of keys that do not overlap,
so their statistics lead an engine, and an update, to the one part a project or an id is in; folders by project would be
thousands of tiny files. Deleted rows lie apart, so that nobody counts them by accident. How one state follows another, and
what happens when the power goes in between, is told in `generation`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pandas as pd

from procore_nb import catalog
from procore_nb.catalog import near
from procore_nb.errors import ArgumentError, OutputError, ProcoreError
from procore_nb.store import reading
from procore_nb.store.asking import Asks
from procore_nb.store.files import files_at
from procore_nb.store.generation import WORK, located, recover
from procore_nb.store.identity import check_identity, folder_name, read_identity
from procore_nb.store.locks import locked
from procore_nb.store.manifest import Manifest
from procore_nb.store.places import PlaceFinder
from procore_nb.store.report import result_frame, tables_frame
from procore_nb.store.syncing import Account, Options, TableSync


class Store:
    """A folder of tables, each the rows of one list of Procore, kept up to date by `sync`.

    Parameters
    ----------
    place
        A folder, or an fsspec URL such as `s3://bucket/portfolio`. It is made by the first sync; files are readable by
        their owner only. It holds personal data: treat it as such, or see `drop_personal`.
    storage_options
        For the file system of a URL.
    clock
        The present time, with a zone.

    Examples
    --------
    >>> import procore_nb as pnb
    >>> store = pnb.Store("portfolio")
    >>> result = store.sync(pnb.connect("demo"), ["projects", "rfis"])
    >>> store.table("rfis")["id"].dtype
    Int64Dtype()
    """

    def __init__(
        self,
        place: str | os.PathLike[str],
        *,
        storage_options: Mapping[str, Any] | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._files = files_at(place, storage_options)
        self._clock = clock
        self._identity = read_identity(self._files)
        if self._files.names(WORK):
            with suppress(OutputError), locked(self._files):  # else somebody is at it, and will see to it
                for table in self._files.names(WORK):
                    recover(self._files, table)

    def sync(
        self,
        procore: Asks,
        tables: str | Iterable[str] | Mapping[str, Mapping[str, Any]],
        *,
        projects: Any = "all",
        full: bool = False,
        history: bool | None = None,
        drop_personal: bool | None = None,
        window_days: int = 14,
        overlap_minutes: float = 10.0,
        deletions: bool = True,
        on_error: Literal["raise", "skip"] = "raise",
        wait_seconds: float = 0.0,
        progress: bool | None = None,
    ) -> pd.DataFrame:
        """Bring tables up to date: whole the first time, later only what changed, where Procore can be asked so.

        Parameters
        ----------
        procore
            A connection; always to the environment and company the store began with.
        tables
            Names of lists; or a dict of name to arguments (`{"rfis": {"view": "extended"}}`). A list below another one
            (`rfi_replies`) is asked for each row of that table, which must be in the store or stand before it.
        projects
            `"all"`, `"active"`, ids, or a frame with an id column.
        full
            Read everything again: the only way to notice deleted rows where Procore has no list of them.
        history
            Keep earlier versions of changed rows too. None: as the table was kept so far (at first not).
        drop_personal
            Leave out columns with personal data, by the list in `procore_nb.store.personal`. None: as so far.
        window_days
            How many days of a daily log are read again.
        overlap_minutes
            How long before the last sync's start to ask again, for clocks that differ.
        deletions
            Whether deleted rows are asked for beside changed ones, where Procore lists them: a request more per project.
        on_error
            With `"skip"` a table that fails is named in the result, and the others are brought up to date.
        wait_seconds
            How long to wait for another process that syncs this store.
        progress
            Whether long walks show a line.

        Returns
        -------
        DataFrame
            One row per table: `table`, `way` (`whole`, `changed`, `window`), `since` (UTC), `requests`, `rows` (kept now),
            `new`, `changed`, `deleted`, `places` (projects asked), `skipped` (those that answered 403 or 404; their rows
            stay as they were), `resumed`, `synced_at` (UTC), `seconds`, `error`. `attrs["procore"]["skipped"]` names them.

        Raises
        ------
        ArgumentError, CatalogError
            If a list or argument is unknown, or the store is of another environment or company; nothing was asked.
        OutputError
            If another process syncs this store, or a file cannot be written. Tables are as they were.
        ProcoreError
            What a request failed with. Tables that were done stay done (`error.partial` is the result so far), and the
            next sync goes on from what had landed.
        """
        wanted = _wanted(tables)
        if on_error not in ("raise", "skip"):
            raise ArgumentError(f'on_error is "raise" or "skip", not {on_error!r}.')
        options = Options(
            full=full,
            history=history,
            drop_personal=drop_personal,
            window_days=int(window_days),
            overlap=timedelta(minutes=overlap_minutes),
            deletions=deletions,
            progress=progress,
            clock=self._clock,
        )
        check_identity(self._files, procore)
        with locked(self._files, wait_seconds=wait_seconds):
            return self._sync(procore, wanted, projects, options, skip=on_error == "skip")

    def table(
        self, name: str, *, deleted: Literal["with", "only"] | None = None, history: bool = False
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

        Returns
        -------
        DataFrame
            One row per row of Procore, in the order of project and id. `attrs["procore"]` says where it is from.
        """
        folder, manifest = self._located(name)
        live = reading.current(self._files, folder, manifest)
        books: tuple[str, ...] = ()
        if deleted is not None or history:
            over = reading.ended(self._files, folder, manifest)
            if history:
                live, books = reading.versions(live, over, manifest), reading.VERSION_BOOKS
            else:
                live, books = reading.with_deleted(live, over, manifest, str(deleted)), reading.DELETED_BOOKS
        return self._described(reading.as_frame(live, manifest, books), manifest)

    def changes(self, name: str, *, since: Any) -> pd.DataFrame:
        """Return the rows that became new, changed or deleted since a moment.

        Parameters
        ----------
        name
            Name or alias of the list.
        since
            A date or time; without zone it is UTC. `store.tables()["last_sync"]` is a good start.

        Returns
        -------
        DataFrame
            `change` (`new`, `changed`, `deleted`), `changed_at` (UTC: the start of the sync that noticed), then the table's
            columns. A row that changed twice comes once, as it is now.
        """
        folder, manifest = self._located(name)
        live = reading.current(self._files, folder, manifest)
        over = reading.ended(self._files, folder, manifest)
        rows, words, moments = reading.changes(live, over, manifest, reading.moment(since, "since"))
        frame = reading.as_frame(rows, manifest)
        frame.insert(0, "change", pd.Series(words, dtype="string"))
        frame.insert(1, "changed_at", reading.times(moments))
        return self._described(frame, manifest)

    def tables(self) -> pd.DataFrame:
        """Return what is kept, one row per table: rows, deleted, last_sync, last_whole (UTC), way, parts, bytes."""
        return tables_frame([manifest for _, manifest in self._all().values()])

    def sql(self, query: str) -> pd.DataFrame:
        """Return the answer to a query in DuckDB's SQL, in which every table of the store is a table.

        Lists are JSON text there; names with a dot are quoted: `select "company.id", count(*) from projects group by 1`.

        Raises
        ------
        MissingExtraError
            If DuckDB is not installed.
        ArgumentError
            If the query cannot be answered.
        """
        from procore_nb.store.sql import query as run

        tables = {name: (manifest, self.files(name)) for name, (_, manifest) in self._all().items()}
        return run(query, tables, self._files)

    def files(self, name: str) -> list[str]:
        """Return the Parquet files that hold a table as it is, for any engine: `pl.scan_parquet(store.files("rfis"))`."""
        folder, manifest = self._located(name)
        return [
            self._files.address(f"{folder}/{one}")
            for one in (manifest.header, *(p.file for p in manifest.parts))
        ]

    def __repr__(self) -> str:
        return f"Store({self._files.address('')!r}, {len(self._all())} tables)"

    def _sync(
        self, procore: Asks, wanted: dict[str, dict[str, Any]], projects: Any, options: Options, *, skip: bool
    ) -> pd.DataFrame:
        accounts: list[Account] = []
        finder = PlaceFinder(procore, projects, kept=self._kept)
        about = {"environment": procore.environment.name, "company_id": procore.company_id}
        for name, arguments in wanted.items():
            endpoint, began = catalog.endpoint(name), time.monotonic()
            table = TableSync(self._files, endpoint, folder_name(name), arguments, options)
            accounts.append(table.account)
            try:
                table.run(procore, lambda e=endpoint, a=arguments: finder.find(e, a, self._all()))  # type: ignore[misc]
            except ProcoreError as error:
                table.account.error = str(error)
                if not skip or isinstance(error, OutputError):
                    error.partial = result_frame(accounts, about)
                    raise
            finally:
                table.account.seconds = round(time.monotonic() - began, 3)
        return result_frame(accounts, about)

    def _kept(self, name: str) -> pd.DataFrame | None:
        return self.table(name) if name in self._all() else None

    def _all(self) -> dict[str, tuple[str, Manifest]]:
        names = sorted({*self._files.names(""), *self._files.names(WORK)})
        found = {name: located(self._files, name) for name in names if not name.startswith("_")}
        return {name: one for name, one in found.items() if one is not None}

    def _located(self, name: str) -> tuple[str, Manifest]:
        folder = folder_name(name)
        found = located(self._files, folder)
        if found is None and folder != (known := folder_name(_canonical(name))):
            found = located(self._files, known)
        if found is None:
            tables = list(self._all())
            close = near(folder, tables)
            hint = f"Did you mean {' or '.join(close)}? " if close else ""
            raise ArgumentError(
                f"The store has no table {name!r}.",
                advice=f"{hint}It has: {', '.join(tables) or 'none yet'}.",
            )
        return found

    def _described(self, frame: pd.DataFrame, manifest: Manifest) -> pd.DataFrame:
        identity = self._identity or read_identity(self._files) or {}
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


def _wanted(tables: str | Iterable[str] | Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Canonical name of each list, and its arguments."""
    if isinstance(tables, str):
        tables = [tables]
    pairs: Iterable[tuple[str, Mapping[str, Any]]] = (
        tables.items() if isinstance(tables, Mapping) else [(name, {}) for name in tables]
    )
    found = {_canonical(name): dict(arguments) for name, arguments in pairs}
    if not found:
        raise ArgumentError(
            "No table is named.", advice='For example store.sync(procore, ["projects", "rfis"]).'
        )
    return found


def _canonical(name: str) -> str:
    return catalog.endpoint(name).name
