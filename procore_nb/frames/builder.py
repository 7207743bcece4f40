"""Records to a typed frame, page by page.

In: lists of dicts, and what their endpoint declares. Out: a DataFrame with the same columns and dtypes
whatever came. Speaks to no service.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Literal

import pandas as pd

from procore_nb.errors import ArgumentError
from procore_nb.frames.column_builder import PROMISED, ColumnBuilder
from procore_nb.frames.column_names import column_names, dotted
from procore_nb.frames.flatten import CUSTOM_KEY, Column, columns_of_page, custom_kind, has_entries
from procore_nb.frames.parse import ParseIssues
from procore_nb.frames.types import LogicalType, Path, declared_by, type_of_name
from procore_nb.gc_pause import gc_paused

Decimals = Literal["exact", "float"]
_NONE = type(None)
_AT_ONCE = 2000  # records of one column that are read together


class FrameBuilder:
    """A frame that grows page by page and needs little more memory than the frame itself.

    Parameters
    ----------
    endpoint
        Whose records these are: a catalogue name, an endpoint, or None. Its fields give columns and dtypes.
    decimals
        "exact" keeps money as `decimal.Decimal`; "float" makes float64 columns of it.
    custom_fields
        Definition id to (label, data type): custom fields become columns `custom_fields.<label>`, present also
        when no record has them.
    leading
        Names of columns that come first and whose values `add` is told, such as `project_id`.
    bare
        The column for records that are no dicts but bare values, as `view=ids` gives them.

    Examples
    --------
    >>> builder = FrameBuilder()
    >>> builder.add([{"id": 1, "company": {"id": 7}}])
    >>> list(builder.build().columns)
    ['id', 'company.id']
    """

    def __init__(
        self,
        endpoint: Any = None,
        *,
        decimals: Decimals = "exact",
        custom_fields: Mapping[int, tuple[str, str]] | None = None,
        leading: Sequence[str] = (),
        bare: str = "id",
    ) -> None:
        if decimals not in ("exact", "float"):
            raise ArgumentError(
                f"decimals={decimals!r} is unknown.", advice='Write decimals="exact" or decimals="float".'
            )
        self._declared = declared_by(found_endpoint(endpoint))
        self._bare = bare
        self._floats = decimals == "float"
        self._labels = {int(number): label for number, (label, _) in (custom_fields or {}).items()}
        self._leading: tuple[Path, ...] = tuple((name,) for name in leading)
        self._lists = {path for path, kind in self._declared.columns.items() if kind == "list"}
        self._columns: dict[Path, ColumnBuilder] = {}
        self._parents: set[Path] = set()
        self._blocks: list[tuple[int, int]] = []
        self._promise(custom_fields or {})

    @property
    def rows(self) -> int:
        """How many records have been added."""
        return sum(rows for _, rows in self._blocks)

    def add(self, records: Iterable[Any], *, leading: Sequence[Any] = (), place: int | None = None) -> None:
        """Take one page apart.

        Parameters
        ----------
        records
            The records of the page.
        leading
            One value for each leading column, the same for the whole page. A record's own value wins.
        place
            Where the page belongs among the others, if they do not come in order.
        """
        if len(leading) != len(self._leading):
            raise ArgumentError(f"{len(self._leading)} leading values are due, {len(leading)} came.")
        at = len(self._blocks) if place is None else place
        with gc_paused:
            for part in _parts(records, self._bare):
                self._add_part(part, dict(zip(self._leading, leading, strict=True)), at)

    @property
    def custom_fields(self) -> set[int]:
        """The definition ids of the custom fields that records brought so far."""
        found = (_is_custom(part) for path in self._columns for part in path)
        return {int(number[1]) for number in found if number}

    def define(self, custom_fields: Mapping[int, tuple[str, str]]) -> None:
        """Name custom fields by label, where the definitions are known only after the records.

        A field of which only nulls came gets its type from them too.
        """
        # All of them, as a label that two fields share carries the id whichever of the two came.
        self._labels |= {number: label for number, (label, _) in custom_fields.items()}
        for path in [path for path in self._columns if CUSTOM_KEY.fullmatch(str(path[-1]))]:
            _, data_type = custom_fields.get(int(path[-1].rpartition("_")[2]), ("", ""))
            if data_type and not self._columns[path].says_something:
                self._open_custom(path, data_type)

    def build(self) -> pd.DataFrame:
        """The frame of all pages, in order. The builder gives its pages away: it is empty afterwards."""
        with gc_paused:
            starts, counts = self._starts(), [count for _, count in self._blocks]
            rows = sum(counts)
            names = self._names()
            frame_columns: dict[str, Any] = {}
            troubles: dict[str, ParseIssues] = {}
            text_ids = []
            for path, name in names.items():
                gathered = self._columns.pop(path)
                whole = gathered.whole(self._by_name(path), starts, counts, rows)
                if self._declared.number_as_text(path) and isinstance(whole.dtype, pd.StringDtype):
                    text_ids.append(name)
                frame_columns[name], troubles[name] = whole, gathered.trouble
            attrs = self._described(names, troubles, rows) | ({"text_ids": text_ids} if text_ids else {})
            self._blocks.clear()
            frame = pd.DataFrame(frame_columns, index=pd.RangeIndex(rows), copy=False)
        frame.columns = pd.Index(list(frame_columns), dtype="str")
        frame.attrs["procore"] = attrs
        return frame

    def _promise(self, custom_fields: Mapping[int, tuple[str, str]]) -> None:
        """Open every column that exists even without records."""
        for first in self._leading:
            self._columns[first] = self._opened(first, self._leading_kind(first), PROMISED)
        for path, kind in self._declared.columns.items():
            self._columns.setdefault(path, self._opened(path, self._meant(kind), PROMISED))
        for number, (_, data_type) in custom_fields.items():
            self._open_custom(("custom_fields", f"custom_field_{number}"), data_type)

    def _open_custom(self, path: Path, data_type: str) -> None:
        """Open the column of a custom field of this data type, and that of its entries' ids."""
        kind = custom_kind(data_type)
        seen = self._columns[path].seen if path in self._columns else PROMISED
        self._columns[path] = self._opened(path, self._meant(kind), seen)
        if has_entries(data_type):
            self._columns[(*path, "id")] = self._opened(
                (*path, "id"), "list" if kind == "list" else "text", seen
            )

    def _leading_kind(self, path: Path) -> LogicalType:
        """As declared; else by name, where our own ids are numbers even beside ids that are text."""
        return self._meant(self._declared.columns.get(path) or type_of_name(path[-1]))

    def _meant(self, kind: LogicalType) -> LogicalType:
        return "number" if kind == "decimal" and self._floats else kind

    def _add_part(self, records: list[dict[str, Any]], leading: dict[Path, Any], place: int) -> None:
        block = len(self._blocks)
        self._blocks.append((place, len(records)))
        for index, column in enumerate(columns_of_page(records, self._lists, self._parents)):
            if column.path in leading:
                value = leading.pop(column.path)
                values = [value if own is None else own for own in column.values]
                column = Column(column.path, values, set(map(type, values)))
            self._add_column(column, block, (place, index))
        for path, value in leading.items():
            self._add_column(Column(path, [value] * len(records), {type(value)}), block, PROMISED)

    def _add_column(self, column: Column, block: int, seen: tuple[int, int]) -> None:
        gathered = self._columns.get(column.path)
        if gathered is None:
            gathered = self._columns[column.path] = self._opened(column.path, None, seen)
        gathered.seen = min(gathered.seen, seen)
        gathered.kind = gathered.kind or (column.kind and self._meant(column.kind))
        if column.types != {_NONE}:
            gathered.add(column, block, self._by_name(column.path), seen[0])

    def _opened(self, path: Path, kind: LogicalType | None, seen: tuple[int, int]) -> ColumnBuilder:
        return ColumnBuilder(kind, seen, maybe_number=self._declared.number_as_text(path))

    def _by_name(self, path: Path) -> LogicalType:
        return self._meant(self._declared.type_of(path))

    def _starts(self) -> list[int]:
        """The first row of each block, blocks in the order of their places."""
        starts, reached = [0] * len(self._blocks), 0
        for block in sorted(range(len(self._blocks)), key=lambda one: (self._blocks[one][0], one)):
            starts[block] = reached
            reached += self._blocks[block][1]
        return starts

    def _names(self) -> dict[Path, str]:
        """A name for each column that stays, in order."""
        order = sorted(self._columns, key=lambda path: self._columns[path].seen)
        parents = set(self._parents)
        parents |= {path[:depth] for path in order for depth in range(1, len(path))}
        kept = [path for path in order if path not in parents or self._columns[path].says_something]
        return column_names(kept, set(self._declared.columns), self._labels)

    def _described(
        self, names: dict[Path, str], troubles: dict[str, ParseIssues], rows: int
    ) -> dict[str, Any]:
        """What the frame says about itself: plain values only, since pandas copies them often."""
        attrs: dict[str, Any] = {"endpoint": self._declared.name, "rows": rows}
        attrs["unparsed"] = {
            name: {"count": trouble.count, "examples": [text for _, text in trouble.examples]}
            for name, trouble in troubles.items()
            if trouble.count
        }
        cut = {name: trouble.cut for name, trouble in troubles.items() if trouble.cut}
        renamed = {
            name: ".".join(map(str, path))
            for path, name in names.items()
            if name != dotted(path, self._labels)
        }
        keys = {name: dotted(path, {}) for path, name in names.items() if any(map(_is_custom, path))}
        told = {"cut_to_date": cut, "renamed": renamed, "custom_fields": keys}
        return attrs | {name: words for name, words in told.items() if words}


def to_frame(records: Iterable[Any], endpoint: Any = None, *, decimals: Decimals = "exact") -> pd.DataFrame:
    """Return a typed frame with one row per record.

    Parameters
    ----------
    records
        Dicts as Procore sends them, or bare ids.
    endpoint
        Whose records these are: a catalogue name, an endpoint, or None. Its declared fields give columns and
        dtypes, also without records; keys it does not declare are typed by their name.
    decimals
        "exact" keeps money as `decimal.Decimal` (missing is None); "float" makes float64 columns of it.

    Returns
    -------
    DataFrame
        One row per record, in order. Nested names join with a dot, lists stay lists, times are UTC.
        `attrs["procore"]["unparsed"]` counts, per column, values that could not be read and became missing.
        No rows mean that there were no records.

    Raises
    ------
    CatalogError
        If no endpoint has that name.
    ArgumentError
        If `decimals` is neither "exact" nor "float".

    Examples
    --------
    >>> to_frame([{"id": 9007199254740993, "zip": "01234"}]).dtypes.astype(str).to_dict()
    {'id': 'Int64', 'zip': 'string'}
    """
    builder = FrameBuilder(endpoint, decimals=decimals)
    builder.add(records)
    return builder.build()


def found_endpoint(endpoint: Any) -> Any:
    """The endpoint of that name; an endpoint itself, or None, stays what it is."""
    if not isinstance(endpoint, str):
        return endpoint
    from procore_nb import catalog

    return catalog.endpoint(endpoint)


def _is_custom(part: Any) -> re.Match[str] | None:
    return CUSTOM_KEY.fullmatch(str(part))


def _parts(records: Iterable[Any], bare: str) -> Iterator[list[dict[str, Any]]]:
    """The records in small parts, each of them a dict."""
    walk = iter(records)
    while part := list(islice(walk, _AT_ONCE)):
        if set(map(type, part)) != {dict}:
            part = [dict(record) if isinstance(record, Mapping) else {bare: record} for record in part]
        yield part
