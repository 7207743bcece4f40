"""What is read from a store: typed frames, answers in SQL, the files themselves.

In: a folder or URL, names of tables. Out: frames, paths. Speaks to the file system, and to no service.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, TypeVar

import pandas as pd

from procore_nb.call_errors import explain_calls
from procore_nb.catalog import Catalogue
from procore_nb.errors import ArgumentError, StoreError
from procore_nb.frame_info import describe
from procore_nb.frames.codec import DEFAULT_DECIMALS, Decimals, checked_decimals, decode
from procore_nb.scalars import utc_moment
from procore_nb.store import scan
from procore_nb.store.files import Files
from procore_nb.store.kept_files import kept_files
from procore_nb.store.manifest import BOOKKEEPING_COLUMNS, DELETED_AT, Manifest, read_identity
from procore_nb.store.report import tables_frame
from procore_nb.store.sql import answer_query, write_database
from procore_nb.store.staging import safe_names

Found = TypeVar("Found")
ColumnNames = Literal["original", "safe"]


def is_safe(names: Any) -> bool:
    """Whether `names="safe"` is asked for; ArgumentError if it is none of the two."""
    if names not in ("original", "safe"):
        raise ArgumentError(f"names={names!r} is unknown.", advice='Write names="original" or names="safe".')
    return bool(names == "safe")


class StoredTables:
    """The reading half of `Store`: nothing here writes into it.

    Examples
    --------
    >>> done = pnb.Store("portfolio").sync(pnb.connect("demo"), ["projects"], progress=False)
    """

    _files: Files
    _clock: Callable[[], datetime]
    _catalogue: Catalogue | None
    """Where other names of a list are looked up (None: the shipped one)."""

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
            `"with"` adds deleted rows, `"only"` returns no others; both add `deleted_at` (UTC), when a sync noticed.
        history
            All versions: adds `valid_from`, `valid_to` (missing while a version is the present one) and `deleted_at`.
        as_of
            The rows as they were at a date (its first moment, UTC), a time, or `"last Monday"`. Rows that have changed since need
            `sync(history=True)`.
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
        >>> pnb.Store("portfolio").table("projects")["id"].dtype
        Int64Dtype()
        """
        checked_decimals(decimals)
        at = None if as_of is None else self._moment(as_of, "as_of")
        if at is not None and (history or deleted is not None):
            raise ArgumentError("as_of goes without deleted and history.", advice="Leave them out.")
        with_ended = history or deleted is not None or at is not None
        manifest, rows, ended = scan.read_table(self._files, name, self._catalogue, with_ended=with_ended)
        bookkeeping: tuple[str, ...] = ()
        if at is not None:
            rows = scan.rows_at(rows, ended, manifest, at)
        elif history:
            rows, bookkeeping = scan.versions(rows, ended, manifest), BOOKKEEPING_COLUMNS[1:]
        elif deleted is not None:
            rows, bookkeeping = scan.with_deleted(rows, ended, manifest, deleted), (DELETED_AT,)
        frame = scan.as_frame(rows, manifest, bookkeeping, decimals=decimals)
        return self._described(frame, manifest, names, decimals)

    @explain_calls()
    def changes(
        self, name: str, *, since: Any, names: ColumnNames = "original", decimals: Decimals = DEFAULT_DECIMALS
    ) -> pd.DataFrame:
        """Return the rows that became new, changed or deleted since a moment.

        Parameters
        ----------
        since
            A date or time, in ISO 8601 as text (without zone it is UTC), or `"last Monday"`. `store.tables()["last_sync"]` is a good start.
        name, names, decimals
            As in `table`.

        Returns
        -------
        DataFrame
            `change` (`new`, `changed`, `deleted`), `changed_at` (UTC: the start of the sync that noticed), then the table's
            columns. A row that changed twice comes once, as it is now.

        Examples
        --------
        >>> set(pnb.Store("portfolio").changes("projects", since="2000-01-01")["change"])
        {'new'}
        """
        checked_decimals(decimals)
        manifest, live, ended = scan.read_table(self._files, name, self._catalogue, with_ended=True)
        rows, words, moments = scan.changes(live, ended, manifest, self._moment(since, "since"))
        frame = scan.as_frame(rows, manifest, decimals=decimals)
        frame.insert(0, "change", pd.Series(words, dtype="string"))
        frame.insert(1, "changed_at", decode(moments, "time"))
        return self._described(frame, manifest, names, decimals)

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
        >>> len(pnb.Store("empty").tables())
        0
        """
        return tables_frame([manifest for _, manifest in scan.all_tables(self._files).values()])

    @explain_calls()
    def sql(self, query: str, *, decimals: Decimals = DEFAULT_DECIMALS) -> pd.DataFrame:
        """Return the answer to a query in DuckDB's SQL, in which every table of the store is a table.

        Money is decimal there, so that sums are right to the cent. Lists are JSON text; names with a dot are quoted:
        `select "company.id", count(*) from projects group by 1`. Columns are called as in the files: see `sync(names="safe")`.

        Parameters
        ----------
        query
            One `select`.
        decimals
            How money comes in the answer: `"float"`, or `"exact"` for `decimal.Decimal`.

        Returns
        -------
        DataFrame
            The answer, typed by DuckDB.

        Raises
        ------
        MissingExtraError, ArgumentError, StoreError
            If DuckDB is not installed, the query cannot be answered, or a file of a table is missing or damaged.

        Examples
        --------
        >>> len(pnb.Store("portfolio").sql("select active, count(*) as projects from projects group by 1")) > 0
        True
        """
        return self._over_one_state(
            lambda tables: answer_query(query, tables, self._files, decimals=decimals)
        )

    @explain_calls()
    def to_duckdb(self, path: str | os.PathLike[str]) -> Path:
        """Write all tables into one file of DuckDB: the method form of `procore_nb.to_duckdb`.

        Parameters
        ----------
        path
            The file, `.duckdb` by custom.

        Returns
        -------
        Path
            Where it is.

        Examples
        --------
        >>> pnb.Store("portfolio").to_duckdb("portfolio.duckdb").name
        'portfolio.duckdb'
        """
        return self._over_one_state(lambda tables: write_database(path, tables, self._files))

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
        >>> len(pnb.Store("portfolio").files("projects")) > 0
        True
        """
        return scan.addresses(self._files, self._find(name)[1])

    @explain_calls()
    def kept_files(self, name: str) -> pd.DataFrame:
        """Return the files of a table that `sync(files=…)` keeps.

        Parameters
        ----------
        name
            Name or alias of the list.

        Returns
        -------
        DataFrame
            One row per file: `record_id` and `project_id` (Int64), `kind`, `content_type`, `path`, `sha256` (string), `bytes`
            (Int64), `created_at` (UTC). Names of files are hashes. Empty: none are kept.

        Raises
        ------
        ArgumentError
            If there is no such table, or the store is at a URL.

        Examples
        --------
        >>> pnb.Store("portfolio").kept_files("projects").empty
        True
        """
        return kept_files(self._files, self._find(name)[1].table)

    def _moment(self, value: Any, name: str) -> datetime:
        """The moment, in UTC, that a caller named; `last Monday` is one before today."""
        return utc_moment(value, name, today=self._clock().date())

    def _find(self, name: str) -> tuple[str, Manifest]:
        return scan.find_table(self._files, name, self._catalogue)

    def _over_one_state(self, answer: Callable[[dict[str, tuple[str, Manifest]]], Found]) -> Found:
        """What an engine answers from the files of all tables; asked again where a sync took files away meanwhile."""
        for attempt in range(scan.TRIES):
            state = scan.all_tables(self._files)
            try:
                return answer(state)
            except (ArgumentError, StoreError):
                if attempt == scan.TRIES - 1 or state == scan.all_tables(self._files):
                    raise
        raise AssertionError("unreachable")

    def _described(
        self, frame: pd.DataFrame, manifest: Manifest, names: ColumnNames, decimals: Decimals
    ) -> pd.DataFrame:
        identity = read_identity(self._files) or {}
        if "budget_view_id" in manifest.target_columns and "budget_view" not in frame.columns:
            with suppress(ArgumentError):  # they are not kept
                views = self.table("budget_views")
                titles = dict(zip(views["id"].astype("string"), views["name"], strict=True))
                view = frame["budget_view_id"].astype("string").map(titles).astype("string")
                frame.insert(list(frame.columns).index("budget_view_id"), "budget_view", view)
        amounts = [name for name, logical in manifest.columns.items() if logical == "decimal"]
        if is_safe(names):
            aliases = safe_names(frame.columns, manifest.aliases)
            frame.columns = pd.Index([aliases.get(name, name) for name in frame.columns], dtype="str")
            amounts = [aliases.get(name, name) for name in amounts]
        return describe(
            frame,
            endpoint=manifest.table,
            path=manifest.path,
            environment=identity.get("environment"),
            company_id=identity.get("company_id"),
            arguments=dict(manifest.arguments),
            fetched_at=manifest.synced_at,
            rows=len(frame),
            skipped=list(manifest.last.get("skipped", [])),
            store=self._files.address(""),
            **({"amounts": amounts} if amounts else {}),
            **({"decimals": decimals} if decimals != DEFAULT_DECIMALS else {}),
        )
