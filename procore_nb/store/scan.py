"""A table's rows as typed frames: as they are, with deleted ones, as they were, and what changed.

In: the files of a table. Out: DataFrames with the columns and dtypes of `procore.table`. Speaks to the file system.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Literal

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from procore_nb import catalog
from procore_nb.catalog import Catalogue
from procore_nb.errors import ArgumentError, CatalogError, StoreError
from procore_nb.frame_info import describe
from procore_nb.frames.codec import (
    DEFAULT_DECIMALS,
    EXACT,
    STAMP,
    Decimals,
    checked_decimals,
    conform,
    decode,
    from_arrow,
)
from procore_nb.moments import utc_moment
from procore_nb.near_match import did_you_mean
from procore_nb.store.data_files import check_digest, read_rows, row_names
from procore_nb.store.files import Files, damaged
from procore_nb.store.manifest import (
    DELETED_AT,
    FIRST_SEEN,
    VALID_FROM,
    VALID_TO,
    Manifest,
    Part,
    folder_name,
    read_identity,
)
from procore_nb.store.schema import renamed, renames, safe_names
from procore_nb.store.snapshot import HISTORY, WORK, located

_BOOKS = (FIRST_SEEN, VALID_FROM, VALID_TO, DELETED_AT)


def as_frame(
    rows: pa.Table, manifest: Manifest, books: tuple[str, ...] = (), *, decimals: Decimals = DEFAULT_DECIMALS
) -> pd.DataFrame:
    """Rows as a typed frame, bookkeeping last; names of projects, where they are known, beside their ids."""
    frame = from_arrow(rows, manifest.columns | dict.fromkeys(books, "time"), decimals=decimals)
    for book in books:
        name, ours = book.removeprefix("_"), frame.pop(book)
        own = frame.pop(name) if name in frame.columns else ours  # some lists tell when a row was deleted
        frame[name] = own.fillna(ours) if own.dtype == ours.dtype else ours
    if manifest.names and "project_id" in frame.columns and "project_name" not in frame.columns:
        names = frame["project_id"].astype("string").map(manifest.names).astype("string")
        frame.insert(list(frame.columns).index("project_id") + 1, "project_name", names)
    return frame


class NotKeptYetError(ArgumentError):
    """A moment before the first sync of a table."""

    def __init__(self, message: str, begins: datetime) -> None:
        super().__init__(message)
        self.begins = begins


def with_deleted(live: pa.Table, over: pa.Table, manifest: Manifest, deleted: str) -> pa.Table:
    """Live rows and deleted ones (`with`), or deleted ones (`only`); those that came back are live."""
    if deleted not in ("with", "only"):
        raise ArgumentError(f'deleted is "only" or "with", not {deleted!r}.')
    dead = over.filter(pc.is_valid(over.column(DELETED_AT)))
    if manifest.has_id and dead.num_rows:
        names = row_names(dead, manifest.place)
        back = pc.is_in(names, value_set=row_names(live, manifest.place))
        dead = dead.filter(pc.invert(back))
        dead = dead.filter(_last(row_names(dead, manifest.place)))
    return dead if deleted == "only" else pa.concat_tables([live, dead])


def versions(live: pa.Table, over: pa.Table, manifest: Manifest) -> pa.Table:
    """All versions of all rows, those of one row together, in the order of time."""
    rows = pa.concat_tables([over, live])
    order = [(name, "ascending") for name in (*manifest.key, VALID_FROM)]
    return rows.take(pc.sort_indices(rows, sort_keys=order))


def rows_at(live: pa.Table, over: pa.Table, manifest: Manifest, at: datetime) -> pa.Table:
    """The rows as they were kept at a moment, in the order of their keys.

    ArgumentError if nothing was kept then, or some rows were whose values of then were not.
    """
    rows, then = pa.concat_tables([over, live]), pa.scalar(at, STAMP)
    seen = pc.less_equal(rows.column(FIRST_SEEN), then)
    if rows.num_rows and not pc.any(seen).as_py():
        first = pc.min(rows.column(FIRST_SEEN)).as_py()
        text = (
            f"{manifest.table} is kept since {first:%Y-%m-%d %H:%M} UTC, and was not at {at:%Y-%m-%d %H:%M}."
        )
        raise NotKeptYetError(text, first)
    begun = pc.less_equal(rows.column(VALID_FROM), then)
    known = rows.filter(pc.and_(begun, pc.fill_null(pc.greater(rows.column(VALID_TO), then), True)))
    if manifest.has_id:
        later = row_names(rows.filter(pc.and_(seen, pc.invert(begun))), manifest.place)
        still = pc.is_in(later, value_set=row_names(known, manifest.place))
        lost = pc.count_distinct(later.filter(pc.invert(still))).as_py()
        if lost:
            raise ArgumentError(
                f"{lost:,} rows of {manifest.table} have changed since, and their values of then were not kept.",
                advice="store.sync(..., history=True) keeps earlier versions from now on.",
            )
    order = [(name, "ascending") for name in manifest.key]
    return known.take(pc.sort_indices(known, sort_keys=order)) if order else known


def changes(
    live: pa.Table, over: pa.Table, manifest: Manifest, since: datetime
) -> tuple[pa.Table, list[str], pa.Array]:
    """Rows that are new, changed or deleted since a moment: the rows, what happened, and when."""
    moment = pa.scalar(since, pa.timestamp("us", "UTC"))
    came = live.filter(pc.greater(live.column(VALID_FROM), moment))
    dead = with_deleted(live, over, manifest, "only")
    dead = dead.filter(pc.greater(dead.column(DELETED_AT), moment))
    new = pc.greater(came.column(FIRST_SEEN), moment).to_pylist()
    words = ["new" if fresh else "changed" for fresh in new] + ["deleted"] * dead.num_rows
    rows = pa.concat_tables([came, dead])
    return rows, words, pc.coalesce(rows.column(DELETED_AT), rows.column(VALID_FROM))


def checked_names(given: Any) -> ColumnNames:
    """What `names=` was given, if it is one of the two."""
    if given not in ("original", "safe"):
        raise ArgumentError(f"names={given!r} is unknown.", advice='Write names="original" or names="safe".')
    return given  # type: ignore[no-any-return]


def joined(
    files: Files, folder: str, parts: Iterable[Part], manifest: Manifest, former: Manifest | None = None
) -> pa.Table:
    """The rows of some parts, with all columns of a state; of parts of a former state too."""
    extra = (*(EXACT + name for name in manifest.exact), *_BOOKS)
    names = {} if former is None else renames(former.fields, manifest.fields)
    own = {names.get(name, name): kind for name, kind in (former or manifest).columns.items()}
    rows = [renamed(read_rows(files, folder, part), names) for part in parts]
    return pa.concat_tables([conform(one, manifest.columns, own, extra) for one in [*rows, pa.table({})]])


def _last(names: pa.Array) -> pa.Array:
    """For each row whether it is the last of its name: the latest deletion counts."""
    return pa.array(~pd.Series(names.to_pandas()).duplicated(keep="last").to_numpy())


ColumnNames = Literal["original", "safe"]
TRIES = 20  # of readers, as each sync that finishes in the meantime may take files away


class Tables:
    """What a store holds; `catalogue` is where the other names of a list are looked up (None: the shipped one)."""

    def __init__(
        self,
        files: Files,
        catalogue: Catalogue | None = None,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._files, self._clock = files, clock
        self.catalogue = catalogue

    def moment(self, value: Any, name: str) -> datetime:
        """The moment, in UTC, that a caller named; `last Monday` is one before today."""
        return utc_moment(value, name, today=self._clock().date())

    def all(self) -> dict[str, tuple[str, Manifest]]:
        """Folder and manifest of each table."""
        found = {name: located(self._files, name) for name in self.names()}
        return {name: one for name, one in found.items() if one is not None}

    def arguments(self, names: Iterable[str]) -> dict[str, dict[str, Any]]:
        """What the tables of these names are requested with; one that cannot be read comes up when it is its turn."""
        found = {}
        for name in names:
            with suppress(StoreError):
                found[name] = located(self._files, name)
        return {name: one[1].arguments for name, one in found.items() if one is not None}

    def names(self) -> list[str]:
        """The folders of tables, whatever state they are in."""
        found = {*self._files.names(""), *self._files.names(WORK)}
        return sorted(name for name in found if not name.startswith("_"))

    def find(self, name: str) -> tuple[str, Manifest]:
        """Folder and manifest of a table, by the name or alias of its list; ArgumentError if the store has no such table."""
        if not isinstance(name, str):
            raise ArgumentError(f"A table is called by the name of its list, not {name!r}.")
        found = located(self._files, folder_name(name)) if name else None
        if found is None:
            with suppress(CatalogError):
                own = catalog.endpoint(name, catalogue=self.catalogue).name
                found = located(self._files, folder_name(own))
        if found is None:
            tables = list(self.all())
            advice = f"{did_you_mean(name, tables)}It has: {', '.join(tables) or 'none yet'}."
            raise ArgumentError(f"The store has no table {name!r}.", advice=advice)
        return found

    def kept(self, name: str) -> pd.DataFrame | None:
        """The rows of a table, or None if it is not kept."""
        with suppress(ArgumentError):
            return self.frame(name)
        return None

    def frame(
        self,
        name: str,
        *,
        deleted: str | None = None,
        history: bool = False,
        as_of: Any = None,
        names: ColumnNames = "original",
        decimals: Decimals = DEFAULT_DECIMALS,
    ) -> pd.DataFrame:
        """The rows of a table: as they are, as they were, with deleted ones, or all versions."""
        checked_decimals(decimals)
        at = None if as_of is None else self.moment(as_of, "as_of")
        if at is not None and (history or deleted is not None):
            raise ArgumentError("as_of goes without deleted and history.", advice="Leave them out.")
        manifest, rows, over = self.read(name, over=history or deleted is not None or at is not None)
        books: tuple[str, ...] = ()
        if at is not None:
            rows = rows_at(rows, over, manifest, at)
        elif history:
            rows, books = versions(rows, over, manifest), _BOOKS[1:]
        elif deleted is not None:
            rows, books = with_deleted(rows, over, manifest, deleted), (DELETED_AT,)
        return self._described(as_frame(rows, manifest, books, decimals=decimals), manifest, names, decimals)

    def changes(self, name: str, since: Any, *, names: ColumnNames, decimals: Decimals) -> pd.DataFrame:
        """The rows that became new, changed or deleted since a moment."""
        checked_decimals(decimals)
        manifest, live, over = self.read(name, over=True)
        rows, words, moments = changes(live, over, manifest, self.moment(since, "since"))
        frame = as_frame(rows, manifest, decimals=decimals)
        frame.insert(0, "change", pd.Series(words, dtype="string"))
        frame.insert(1, "changed_at", decode(moments, "time"))
        return self._described(frame, manifest, names, decimals)

    def files_of(self, manifest: Manifest) -> list[str]:
        """The Parquet files of one state; while its folder is changing places, it will be there at once."""
        return [self._files.address(f"{manifest.table}/{part.file}") for part in manifest.files]

    def check(self, name: str) -> None:
        """Compare the files of a table with their digests, for engines that open them themselves.

        StoreError if one is missing or damaged.
        """
        folder, manifest = self.find(name)
        for part in manifest.files:
            check_digest(self._files, f"{folder}/{part.file}", part.digest)

    def read(self, name: str, *, over: bool) -> tuple[Manifest, pa.Table, pa.Table]:
        """Live rows, and ended versions if wanted (else none), of one state: begun again if a sync has put the next in its place."""
        for _ in range(TRIES):
            folder, manifest = self.find(name)
            try:
                live = joined(self._files, folder, manifest.parts, manifest)
                ended = manifest.ended if over else ()
                return manifest, live, joined(self._files, f"{folder}/{HISTORY}", ended, manifest)
            except StoreError as error:
                failure = error
            except (pa.ArrowException, KeyError, TypeError) as error:  # of another table, without digests
                failure = damaged(self._files.address(folder))
                failure.__cause__ = error
            if self.find(name) == (folder, manifest):
                break
        raise failure

    def _described(
        self, frame: pd.DataFrame, manifest: Manifest, names: ColumnNames, decimals: Decimals
    ) -> pd.DataFrame:
        identity = read_identity(self._files) or {}
        views = self.kept("budget_views") if "budget_view_id" in manifest.place else None
        if views is not None and "budget_view" not in frame.columns:
            titles = dict(zip(views["id"].astype("string"), views["name"], strict=True))
            view = frame["budget_view_id"].astype("string").map(titles).astype("string")
            frame.insert(list(frame.columns).index("budget_view_id"), "budget_view", view)
        amounts = [name for name, logical in manifest.columns.items() if logical == "decimal"]
        if checked_names(names) == "safe":
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
