"""Records to a typed frame, page by page.

In: lists of dicts, and what their endpoint declares. Out: a DataFrame with the declared columns and
dtypes, whatever the records hold, and typed columns for the keys that nobody declared. Speaks to no service.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

import pandas as pd

from procore_nb import catalog
from procore_nb.call_errors import explain_calls
from procore_nb.catalog import Catalogue
from procore_nb.errors import ArgumentError, CatalogError
from procore_nb.frame_info import describe
from procore_nb.frames.codec import DEFAULT_DECIMALS, Decimals, checked_decimals, frame_of
from procore_nb.frames.record_columns import (
    Column,
    ColumnBuilder,
    column_names,
    columns_of_page,
    custom_field_id,
    dotted,
    unique_labels,
)
from procore_nb.frames.types import LogicalType, Path, custom_type, declared_by, has_entries, type_of_name
from procore_nb.near_match import did_you_mean

_CHUNK_RECORDS = 2000  # whose values of one column become one Arrow array


class FrameBuilder:
    """A frame that grows page by page and needs little more memory than the frame itself.

    `leading` columns come first, with values that `add` takes. `bare` is the column of records that are no dicts. `columns` are
    those to build, in this order: an object's name takes all in it, one in brackets may be absent. None: all. `titles` are names
    of columns by the keys that records may have instead.
    """

    def __init__(
        self,
        endpoint: Any = None,
        *,
        decimals: Decimals = DEFAULT_DECIMALS,
        leading: Sequence[str] = (),
        bare: str = "id",
        catalogue: Catalogue | None = None,
        columns: Sequence[str] | None = None,
        titles: Mapping[str, str] | None = None,
    ) -> None:
        self.rows = 0  # how many records have been added
        self._declared = declared_by(found_endpoint(endpoint, catalogue))
        self._bare = bare
        self._decimals = checked_decimals(decimals)
        self._labels: dict[int, str] = {}
        self._leading: tuple[Path, ...] = tuple((name,) for name in leading)
        self._lists = {path for path, logical in self._declared.columns.items() if logical == "list"}
        self._parents: set[Path] = set()
        # The selected columns by name, and whether each may be absent.
        self._selected = None if columns is None else {name.strip("[]"): name[0] == "[" for name in columns}
        self._titles = titles or {}
        self._keys: dict[str, None] = {}  # of all records, in order
        selected = [name.split(".") for name in self._selected or ()]
        self._selected_keys = {
            ".".join(path[:depth]) for path in selected for depth in range(1, len(path) + 1)
        }
        self._columns: dict[Path, ColumnBuilder] = {}
        for path in self._leading:
            # By name where nobody declares them: our own ids are numbers even beside ids that are text.
            self._open(path, self._declared.columns.get(path) or type_of_name(path[-1]), always_present=True)
        for path in self._declared.columns:
            if path not in self._columns and (self._selected is None or path[0] in self._selected_keys):
                self._open(path, self._declared.declared_type(path), always_present=True)

    def add(self, records: Iterable[Any], *, leading: Sequence[Any] = ()) -> None:
        """Take one page apart; `leading` gives each leading column its value (a record's own wins)."""
        if len(leading) != len(self._leading):
            raise ArgumentError(f"{len(self._leading)} leading values are needed, not {len(leading)}.")
        remaining = iter(records)
        while chunk := list(islice(remaining, _CHUNK_RECORDS)):
            if set(map(type, chunk)) != {dict}:
                chunk = [
                    dict(record) if isinstance(record, Mapping) else {self._bare: record} for record in chunk
                ]
            self._add_chunk(chunk, dict(zip(self._leading, leading, strict=True)))

    @property
    def custom_fields(self) -> set[int]:
        """The definition ids of the custom fields that records had so far."""
        ids = (custom_field_id(key) for path in self._columns for key in path)
        return {number for number in ids if number is not None}

    def define(self, custom_fields: Mapping[int, tuple[str, str]]) -> None:
        """Name custom fields by label, and type those of which only nulls came: label and data type by definition id."""
        # All of them, as a label that two fields share carries the id whichever of the two came.
        self._labels |= {number: label for number, (label, _) in custom_fields.items()}
        columns, self._columns = self._columns, {}
        for path, column in columns.items():
            number = custom_field_id(path[-1])
            _, data_type = ("", "") if number is None else custom_fields.get(number, ("", ""))
            if not data_type or column.has_content:
                self._columns[path] = column
                continue
            logical = custom_type(data_type)
            self._open(path, logical)
            if has_entries(data_type):
                self._open((*path, "id"), "list" if logical == "list" else "text")

    def build(self) -> pd.DataFrame:
        """The frame of all pages, in order. The builder gives its pages away: it is empty afterwards."""
        labels = unique_labels(self._labels)
        parents = self._parents | {path[:depth] for path in self._columns for depth in range(1, len(path))}
        kept = [path for path, column in self._columns.items() if path not in parents or column.has_content]
        names = column_names(kept, set(self._declared.columns), labels)
        if self._selected is not None:
            names = self._select(names, self._selected)
        columns = {name: self._columns.pop(path) for path, name in names.items()}
        arrays = {name: column.build(self.rows, self._decimals) for name, column in columns.items()}
        attrs = self._attrs(names, labels, columns, arrays)
        frame = frame_of(list(arrays.values()), list(arrays), self.rows)
        self.rows = 0
        self._columns.clear()
        return describe(frame, **attrs)

    def _open(
        self, path: Path, logical: LogicalType | None, *, always_present: bool = False
    ) -> ColumnBuilder:
        column = self._columns[path] = ColumnBuilder(self._declared, path, logical, always_present)
        return column

    def _add_chunk(self, records: list[dict[str, Any]], leading: dict[Path, Any]) -> None:
        if self._titles and not self._titles.keys().isdisjoint(records[0]):
            records = [{self._titles.get(key, key): record[key] for key in record} for record in records]
        if self._selected is not None:
            self._keys |= dict.fromkeys(records[0])
            records = [
                {
                    key: value
                    for key, value in record.items()
                    if key in self._selected_keys or custom_field_id(key) is not None
                }
                for record in records
            ]
        start = self.rows
        self.rows += len(records)
        for column in columns_of_page(records, self._lists, self._parents):
            if column.path in leading:
                value = leading.pop(column.path)
                values = [value if item is None else item for item in column.values]
                column = Column(column.path, values, set(map(type, values)))
            self._add_column(column, start)
        for path, value in leading.items():
            self._add_column(Column(path, [value] * len(records), {type(value)}), start)

    def _add_column(self, column: Column, start: int) -> None:
        builder = self._columns.get(column.path)
        if builder is None:
            builder = self._open(column.path, self._declared.declared_type(column.path))
        builder.logical = builder.logical or column.logical
        if column.types != {type(None)}:
            builder.add(column, start)

    def _select(self, names: dict[Path, str], selected: Mapping[str, bool]) -> dict[Path, str]:
        """The selected columns in their order; one that neither the reference nor a record has is an error."""
        paths: dict[Path, str] = {}
        for title, may_be_absent in selected.items():
            matches = {
                path: name for path, name in names.items() if name == title or name.startswith(f"{title}.")
            }
            if not matches and self.rows and not may_be_absent:
                raise unknown_column(title, self._declared.name, [*names.values(), *self._keys])
            if not matches:  # nobody declares it and there are no records
                self._open((title,), self._declared.declared_type((title,)), always_present=True)
                matches = {(title,): title}
            paths |= matches
        return paths

    def _attrs(
        self,
        names: dict[Path, str],
        labels: dict[int, str],
        columns: dict[str, ColumnBuilder],
        arrays: dict[str, Any],
    ) -> dict[str, Any]:
        """The frame's `attrs["procore"]`: bare JSON values only, since pandas copies them often."""
        declared = self._declared.columns
        known = {path[:depth] for path in declared for depth in range(1, len(path) + 1)} | set(self._leading)
        custom = {
            path: dotted(path, {}) for path in names if any(custom_field_id(key) is not None for key in path)
        }
        optional: dict[str, Any] = {
            "renamed": {
                name: ".".join(map(str, path)) for path, name in names.items() if name != dotted(path, labels)
            },
            "custom_fields": {names[path]: key for path, key in custom.items()},
            # Fields that the endpoint's reference does not declare.
            "new_fields": [
                name for path, name in names.items() if declared and path not in known and path not in custom
            ],
            "decimals": "" if self._decimals == DEFAULT_DECIMALS else self._decimals,
            "text_ids": [
                name
                for name, column in columns.items()
                if (column.maybe_number or column.widens) and isinstance(arrays[name].dtype, pd.StringDtype)
            ],
            "amounts": [name for name, column in columns.items() if column.is_amount],
        }
        return {
            "endpoint": self._declared.name,
            "rows": self.rows,
            "unparsed": {
                name: {"count": column.issues.count, "examples": column.issues.examples}
                for name, column in columns.items()
                if column.issues.count
            },
        } | {key: value for key, value in optional.items() if value}


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
        "float" makes float64 columns of money, hours and percents; "exact" `decimal.Decimal` (missing is None).
    catalogue
        Where the endpoint's name is looked up, such as `procore.catalogue`. None: in this package's own.

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


def unknown_column(name: str, endpoint: str | None, columns: Iterable[str]) -> CatalogError:
    names = list(dict.fromkeys(columns))
    hint = did_you_mean(name, names)
    return CatalogError(
        f"{endpoint or 'The rows'} has no column {name!r}.",
        advice=f"{hint}Its columns are: {', '.join(names[:40])}{', …' if len(names) > 40 else ''}. "
        f'A key newer than the catalogue is written in brackets: "[{name}]".',
    )


def found_endpoint(endpoint: Any, catalogue: Catalogue | None = None) -> Any:
    """The endpoint of that name; an endpoint itself, or None, stays what it is."""
    return catalog.endpoint(endpoint, catalogue=catalogue) if isinstance(endpoint, str) else endpoint


def with_categories(frame: pd.DataFrame, endpoint: Any) -> pd.DataFrame:
    """Return the frame with text columns whose values Procore names as categories, in its order; other values come after them."""
    columns = {}
    for field in endpoint.fields:
        if not field.enum or not isinstance(frame.dtypes.get(field.name), pd.StringDtype):
            continue
        column, named = frame[field.name], tuple(field.enum)
        unnamed = [value for value in column.dropna().unique() if value not in named]
        columns[field.name] = column.astype(pd.CategoricalDtype([*named, *unnamed]))
    changed = frame.assign(**columns)
    changed.attrs = frame.attrs
    return changed
