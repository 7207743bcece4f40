"""Records to a typed frame, page by page.

In: lists of dicts, and what their endpoint declares. Out: a DataFrame with the declared columns and
dtypes, whatever the records hold, and typed columns for the keys that nobody declared. Speaks to no service.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import pandas as pd

from procore_nb import catalog
from procore_nb.call_errors import explain_calls
from procore_nb.catalog import Catalogue
from procore_nb.errors import ArgumentError, CatalogError
from procore_nb.frame_info import describe
from procore_nb.frames.codec import DEFAULT_DECIMALS, Decimals, checked_decimals
from procore_nb.frames.column_builder import PROMISED, ColumnBuilder
from procore_nb.frames.flatten import (
    CUSTOM_KEY,
    Column,
    column_names,
    columns_of_page,
    custom_type,
    dotted,
    has_entries,
    unique_labels,
)
from procore_nb.frames.parse import ParseIssues
from procore_nb.frames.types import LogicalType, Path, declared_by, is_id, type_of_name
from procore_nb.near_match import did_you_mean

_NONE = type(None)
_AT_ONCE = 2000  # records of one column that are read together


class FrameBuilder:
    """A frame that grows page by page and needs little more memory than the frame itself.

    `custom_fields` are (label, data type) by definition id: they become columns `custom_fields.<label>` also when no record has
    them. `leading` columns come first, with values that `add` takes. `bare` is the column of records that are no dicts.
    `columns` are those to make, in this order: an object's name takes all in it, one in brackets may be absent. None: all.
    `titles` are names of columns by the keys that records may have instead.

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
        decimals: Decimals = DEFAULT_DECIMALS,
        custom_fields: Mapping[int, tuple[str, str]] | None = None,
        leading: Sequence[str] = (),
        bare: str = "id",
        catalogue: Catalogue | None = None,
        columns: Sequence[str] | None = None,
        titles: Mapping[str, str] | None = None,
    ) -> None:
        self._declared = declared_by(found_endpoint(endpoint, catalogue))
        self._bare = bare
        self._decimals = checked_decimals(decimals)
        self._labels = {int(number): label for number, (label, _) in (custom_fields or {}).items()}
        self._leading: tuple[Path, ...] = tuple((name,) for name in leading)
        self._lists = {path for path, logical in self._declared.columns.items() if logical == "list"}
        self._columns: dict[Path, ColumnBuilder] = {}
        self._parents: set[Path] = set()
        self._blocks: list[tuple[int, int]] = []
        self._wanted = None if columns is None else {name.strip("[]"): name[0] == "[" for name in columns}
        self._titles = titles or {}
        self._keys: set[str] = set()  # of records, that hold a wanted column
        self._seen: dict[str, None] = {}
        for name in self._wanted or ():
            parts = name.split(".")
            self._keys |= {".".join(parts[: depth + 1]) for depth in range(len(parts))}
        self._promise(custom_fields or {})

    @property
    def rows(self) -> int:
        """How many records have been added."""
        return sum(rows for _, rows in self._blocks)

    def add(self, records: Iterable[Any], *, leading: Sequence[Any] = (), place: int | None = None) -> None:
        """Take one page apart; `leading` gives each leading column its value (a record's own wins), `place` the page's position."""
        if len(leading) != len(self._leading):
            raise ArgumentError(f"{len(self._leading)} leading values are needed, not {len(leading)}.")
        at = len(self._blocks) if place is None else place
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
            if data_type and not self._columns[path].has_content:
                self._open_custom(path, data_type)

    def build(self) -> pd.DataFrame:
        """The frame of all pages, in order. The builder gives its pages away: it is empty afterwards."""
        starts, counts = self._starts(), [count for _, count in self._blocks]
        rows = sum(counts)
        labels = unique_labels(self._labels)
        names = self._names(labels)
        if self._wanted is not None:
            names = self._chosen(names, rows)
        arrays: list[Any] = []
        issues: dict[str, ParseIssues] = {}
        text_ids, amounts = [], []
        for path, name in names.items():
            column = self._columns.pop(path)
            array = column.build(starts, counts, rows, self._decimals)
            if (column.maybe_number or column.widens) and isinstance(array.dtype, pd.StringDtype):
                text_ids.append(name)
            if column.is_amount:
                amounts.append(name)
            arrays.append(array)
            issues[name] = column.issues
        found = {"text_ids": text_ids, "amounts": amounts}
        attrs = self._described(names, labels, issues, rows) | {key: one for key, one in found.items() if one}
        self._blocks.clear()
        self._columns.clear()
        frame = pd.DataFrame(dict(enumerate(arrays)), index=pd.RangeIndex(rows), copy=False)
        frame.columns = pd.Index(list(names.values()), dtype="str")
        return describe(frame, **attrs)

    def _promise(self, custom_fields: Mapping[int, tuple[str, str]]) -> None:
        """Open every column that exists even without records."""
        for first in self._leading:
            # By name where nobody declares it: our own ids are numbers even beside ids that are text.
            logical = self._declared.columns.get(first) or type_of_name(first[-1])
            self._columns[first] = self._opened(first, logical, PROMISED)
        for path in self._declared.columns:
            if self._wanted is not None and path[0] not in self._keys:
                continue
            self._columns.setdefault(path, self._opened(path, self._declared.declared_type(path), PROMISED))
        for number, (_, data_type) in custom_fields.items():
            self._open_custom(("custom_fields", f"custom_field_{number}"), data_type)

    def _open_custom(self, path: Path, data_type: str) -> None:
        """Open the column of a custom field of this data type, and that of its entries' ids."""
        logical = custom_type(data_type)
        seen = self._columns[path].seen if path in self._columns else PROMISED
        self._columns[path] = self._opened(path, logical, seen)
        if has_entries(data_type):
            ids: LogicalType = "list" if logical == "list" else "text"
            self._columns[(*path, "id")] = self._opened((*path, "id"), ids, seen)

    def _add_part(self, records: list[dict[str, Any]], leading: dict[Path, Any], place: int) -> None:
        if self._titles and records and not self._titles.keys().isdisjoint(records[0]):
            records = [{self._titles.get(key, key): record[key] for key in record} for record in records]
        if self._wanted is not None:
            self._seen |= dict.fromkeys(records[0] if records else ())
            records = [
                {key: value for key, value in record.items() if key in self._keys or _is_custom(key)}
                for record in records
            ]
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
        builder = self._columns.get(column.path)
        if builder is None:
            logical = self._declared.declared_type(column.path)
            builder = self._columns[column.path] = self._opened(column.path, logical, seen)
        builder.seen = min(builder.seen, seen)
        builder.logical = builder.logical or column.logical
        if column.types != {_NONE}:
            builder.add(column, block)

    def _opened(self, path: Path, logical: LogicalType | None, seen: tuple[int, int]) -> ColumnBuilder:
        return ColumnBuilder(
            logical,
            self._declared.type_of(path),
            seen,
            maybe_number=self._declared.number_as_text(path),
            maybe_amount=self._declared.maybe_amount(path),
            widens=is_id(str(path[-1])) and logical == "integer",
        )

    def _starts(self) -> list[int]:
        """The first row of each block, blocks in the order of their places."""
        starts, reached = [0] * len(self._blocks), 0
        for block in sorted(range(len(self._blocks)), key=lambda one: (self._blocks[one][0], one)):
            starts[block] = reached
            reached += self._blocks[block][1]
        return starts

    def _names(self, labels: dict[int, str]) -> dict[Path, str]:
        """A name for each column that stays, in order."""
        order = sorted(self._columns, key=lambda path: self._columns[path].seen)
        parents = set(self._parents)
        parents |= {path[:depth] for path in order for depth in range(1, len(path))}
        kept = [path for path in order if path not in parents or self._columns[path].has_content]
        return column_names(kept, set(self._declared.columns), labels)

    def _chosen(self, names: dict[Path, str], rows: int) -> dict[Path, str]:
        """The wanted columns in their order; one that neither the reference nor a record has is an error."""
        paths: dict[Path, str] = {}
        for wanted, may_be_absent in (self._wanted or {}).items():
            found = {
                path: name for path, name in names.items() if name == wanted or name.startswith(f"{wanted}.")
            }
            if not found and rows and not may_be_absent:
                raise unknown_column(wanted, self._declared.name, [*names.values(), *self._seen])
            if not found:  # nobody declares it and there are no records
                path = (wanted,)
                self._columns[path] = self._opened(path, self._declared.declared_type(path), PROMISED)
                found = {path: wanted}
            paths |= found
        return paths

    def _described(
        self, names: dict[Path, str], labels: dict[int, str], issues: dict[str, ParseIssues], rows: int
    ) -> dict[str, Any]:
        """What the frame says about itself: bare JSON values only, since pandas copies them often."""
        attrs: dict[str, Any] = {"endpoint": self._declared.name, "rows": rows}
        attrs["unparsed"] = {
            name: {"count": found.count, "examples": found.examples}
            for name, found in issues.items()
            if found.count
        }
        renamed = {
            name: ".".join(map(str, path)) for path, name in names.items() if name != dotted(path, labels)
        }
        keys = {name: dotted(path, {}) for path, name in names.items() if any(map(_is_custom, path))}
        more: dict[str, Any] = {
            "renamed": renamed,
            "custom_fields": keys,
            "new_fields": self._new_fields(names),
        }
        if self._decimals != DEFAULT_DECIMALS:
            more["decimals"] = self._decimals
        return attrs | {key: value for key, value in more.items() if value}

    def _new_fields(self, names: dict[Path, str]) -> list[str]:
        """The columns of fields that the endpoint's reference does not declare, custom fields apart."""
        declared = self._declared.columns
        if not declared:
            return []
        known = {path[:depth] for path in declared for depth in range(1, len(path) + 1)} | set(self._leading)
        return [name for path, name in names.items() if path not in known and not any(map(_is_custom, path))]


@explain_calls()
def to_frame(
    records: Iterable[Any],
    endpoint: Any = None,
    *,
    decimals: Decimals = DEFAULT_DECIMALS,
    catalogue: Catalogue | None = None,
) -> pd.DataFrame:
    """Return a typed frame with one row per record.

    Parameters
    ----------
    records
        Dicts as Procore sends them, or bare ids.
    endpoint
        Whose records these are: a catalogue name, an endpoint, or None. Its declared fields give columns and
        dtypes, also without records. Keys it does not declare have JSON's own type; JSON text goes by the key's
        name, where every value can be read that way.
    decimals
        "float" makes float64 columns of money, hours and percents; "exact" makes `decimal.Decimal` of them (missing is
        None).
    catalogue
        Where the endpoint's name is looked up, such as `procore.catalogue`; without one, in the catalogue that comes
        with this package.

    Returns
    -------
    DataFrame
        One row per record, in order. Nested names join with a dot, lists stay lists, times are UTC.
        `attrs["procore"]["unparsed"]` counts, per column, values that could not be read and became missing;
        `new_fields` names the columns that the endpoint does not declare. Ids past 64 bits make their column text.
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
    builder = FrameBuilder(endpoint, decimals=decimals, catalogue=catalogue)
    builder.add(records)
    return builder.build()


def unknown_column(name: str, endpoint: str | None, known: Iterable[str]) -> CatalogError:
    """The error for a column that is not known; near ones are named."""
    names = list(dict.fromkeys(known))
    hint = did_you_mean(name, names)
    return CatalogError(
        f"{endpoint or 'The rows'} has no column {name!r}.",
        advice=f"{hint}Its columns are: {', '.join(names[:40])}{', …' if len(names) > 40 else ''}. "
        f'A key newer than the catalogue is written in brackets: "[{name}]".',
    )


def found_endpoint(endpoint: Any, catalogue: Catalogue | None = None) -> Any:
    """The endpoint of that name; an endpoint itself, or None, stays what it is."""
    return catalog.endpoint(endpoint, catalogue=catalogue) if isinstance(endpoint, str) else endpoint


def _is_custom(part: Any) -> re.Match[str] | None:
    return CUSTOM_KEY.fullmatch(str(part))


def _parts(records: Iterable[Any], bare: str) -> Iterator[list[dict[str, Any]]]:
    """The records in small parts, each of them a dict."""
    remaining = iter(records)
    while part := list(islice(remaining, _AT_ONCE)):
        if set(map(type, part)) != {dict}:
            part = [dict(record) if isinstance(record, Mapping) else {bare: record} for record in part]
        yield part


def with_categories(frame: pd.DataFrame, endpoint: Any) -> pd.DataFrame:
    """Return the frame with each text column whose values Procore names as a category.

    Categories come in Procore's order; a value that it does not name is kept, after them.
    """
    named = {field.name: tuple(field.enum) for field in endpoint.fields if field.enum}
    columns = {
        name: _category(frame[name], named[name])
        for name in frame.columns
        if name in named and isinstance(frame[name].dtype, pd.StringDtype)
    }
    changed = frame.assign(**columns)
    changed.attrs = frame.attrs
    return changed


def _category(column: pd.Series[Any], named: tuple[str, ...]) -> pd.Series[Any]:
    others = [value for value in column.dropna().unique() if value not in named]
    return column.astype(pd.CategoricalDtype([*named, *others]))
