"""The codec: columns of frames as Arrow columns, and back, without loss.

In: a typed column and its logical type. Out: an Arrow array that any engine can compute with; and the way back.
Speaks to no service. Frames, CSV, Excel, Parquet, the store and SQL all take their types from the table here.

| logical type | pandas | Arrow | what does not fit |
|---|---|---|---|
| integer | Int64 | int64 | an id past 64 bits: its column is text |
| boolean | boolean | bool | |
| text | string | string | half a surrogate pair is replaced: no file takes it |
| number | float64, NaN is missing | double, null is missing | |
| decimal | float64; Decimal objects for decimals="exact" | decimal128 | see below |
| time | datetime64[us, UTC] | timestamp(us, UTC) | |
| date | datetime64[us], a day | date32 | |
| list | list objects | list; or JSON text | lists of mixed shapes are JSON text |

Two layouts write the same logical types. A file that stands alone (`encode`) has native lists, and decimals with the
digits that the column needs, or text past 38 digits. Files that are read together (`to_arrow`, for the store) need one
schema: lists are JSON text, decimals are decimal128(38, 10), and a number with more digits is rounded in its column and
kept exactly, as text, in `_exact.<name>`, a column that exists only where it is needed. `decode` reads either layout.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from functools import cache
from itertools import repeat
from typing import Any, Literal

import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pandas.api.types import pandas_dtype

from procore_nb.errors import ArgumentError
from procore_nb.frames.parse import json_text, whole_text
from procore_nb.frames.types import LogicalType, declared_by
from procore_nb.scalars import is_missing

LogicalTypes = dict[str, LogicalType]
Decimals = Literal["exact", "float"]

DEFAULT_DECIMALS: Decimals = "float"
EXACT = "_exact."
STAMP = pa.timestamp("us", "UTC")
ARROW_TYPES: dict[LogicalType, pa.DataType] = {
    "integer": pa.int64(),
    "boolean": pa.bool_(),
    "text": pa.string(),
    "number": pa.float64(),
    "time": STAMP,
    "date": pa.date32(),
    "decimal": pa.decimal128(38, 10),
    "list": pa.string(),
}
_DTYPES: dict[LogicalType, str] = {
    "integer": "Int64",
    "boolean": "boolean",
    "text": "string",
    "number": "float64",
    "time": "datetime64[us, UTC]",
    "date": "datetime64[us]",
    "list": "object",
}
_BY_DTYPE: dict[str, LogicalType] = {
    dtype: logical for logical, dtype in _DTYPES.items() if dtype != "object"
}
_WIDER: dict[frozenset[LogicalType], LogicalType] = {
    frozenset({"list", "text"}): "list",
    frozenset({"date", "time"}): "time",
    frozenset({"integer", "decimal"}): "decimal",
    frozenset({"number", "decimal"}): "decimal",
}
_pandas_dtype = cache(pandas_dtype)
_STORE_PLACES = Decimal("1e-10")
_STORE_LIMIT = Decimal(10) ** 28
_LONG_NUMBER = re.compile(r"\d{19}")
# What Arrow raises for lists whose elements have no common type, and for numbers and texts that it cannot hold.
_NO_ARROW_TYPE = (
    pa.ArrowInvalid,
    pa.ArrowTypeError,
    pa.ArrowNotImplementedError,
    OverflowError,
    UnicodeEncodeError,
)


def checked_decimals(value: Any) -> Decimals:
    if value not in ("exact", "float"):
        raise ArgumentError(
            f"decimals={value!r} is unknown.", advice='Write decimals="exact" or decimals="float".'
        )
    return value  # type: ignore[no-any-return]


def dtype_of(logical: LogicalType, *, decimals: Decimals = DEFAULT_DECIMALS) -> str:
    return ("object" if decimals == "exact" else "float64") if logical == "decimal" else _DTYPES[logical]


def logical_type(column: pd.Series[Any], *, empty: LogicalType | None = None) -> LogicalType | None:
    """The logical type of a column, `empty` for objects that are all missing; None for a dtype that none of our frames has."""
    if isinstance(column.dtype, pd.StringDtype):
        return "text"
    logical = _BY_DTYPE.get(str(column.dtype))
    if logical or column.dtype != object:
        return logical
    classes = {type(value) for value in column.array if value is not None and value is not pd.NA}
    if not classes:
        return empty
    return "decimal" if classes == {Decimal} else "list" if classes == {list} else None


def logical_types(frame: pd.DataFrame, endpoint: Any = None) -> LogicalTypes:
    """The logical type of each column of one of our frames, as declared where all its objects are missing."""
    declared = declared_by(endpoint)
    types: LogicalTypes = {}
    for name in map(str, frame.columns):
        expected = declared.type_of(tuple(name.split(".")))
        empty: LogicalType = expected if expected in ("decimal", "list") else "list"
        types[name] = logical_type(frame[name], empty=empty) or "list"
    return types


# -- to Arrow ------------------------------------------------------------------------------------------------


def encode(column: pd.Series[Any], logical: LogicalType) -> Any:
    """One column as an Arrow array, in the layout of a file that stands alone."""
    if logical == "decimal":
        return _least_decimals([None if is_missing(value) else value for value in column.array])
    if logical == "list":
        return _native_lists(list(column.array))
    if logical == "text":
        return _texts(column)
    return pa.array(column, from_pandas=True).cast(ARROW_TYPES[logical])


def to_arrow(frame: pd.DataFrame, types: Mapping[str, LogicalType]) -> pa.Table:
    """The frame as an Arrow table of the store; `_exact.` columns follow those whose digits did not fit."""
    if not len(frame):
        return schema_of(types).empty_table()
    columns: dict[str, Any] = {}
    for name, logical in types.items():
        if logical == "decimal":
            columns[name], exact = _fixed_decimals(list(frame[name].array))
            if exact is not None:
                columns[EXACT + name] = exact
        elif logical == "list":
            columns[name] = _json_texts(list(frame[name].array))
        else:
            columns[name] = encode(frame[name], logical)
    return pa.table(columns)


def schema_of(types: Mapping[str, LogicalType], extra: Sequence[str] = ()) -> pa.Schema:
    """The schema of a store's file: the columns, then further ones: text for `_exact.`, times for all others."""
    fields = [pa.field(name, ARROW_TYPES[logical]) for name, logical in types.items()]
    fields += [pa.field(name, pa.string() if name.startswith(EXACT) else STAMP) for name in extra]
    return pa.schema(fields)


def conform(
    table: pa.Table,
    types: Mapping[str, LogicalType],
    from_types: Mapping[str, LogicalType],
    extra: Sequence[str],
) -> pa.Table:
    """The table with exactly these columns: absent ones missing, others dropped, types widened from its `own`."""
    schema = schema_of(types, extra)
    columns = []
    for field in schema:
        if field.name not in table.column_names:
            columns.append(pa.nulls(table.num_rows, field.type))
            continue
        column, old, new = table.column(field.name), from_types.get(field.name), types.get(field.name)
        columns.append(_widened(column, old, new) if old and new and old != new else column)
    return pa.Table.from_arrays(columns, schema=schema)


def common_type(left: LogicalType, right: LogicalType) -> LogicalType:
    return left if left == right else _WIDER.get(frozenset({left, right}), "text")


def json_value(text: str) -> Any:
    """The value of JSON text; integers keep all their digits, where orjson would round those past 64 bits."""
    return json.loads(text) if _LONG_NUMBER.search(text) else orjson.loads(text)


def has_values(column: Any) -> bool:
    """Whether any row has a value: most columns of most lists have none, and cost nothing if so treated."""
    return bool(column.null_count < len(column))


# -- from Arrow ----------------------------------------------------------------------------------------------


def decode(
    column: Any, logical: LogicalType, exact: Any = None, *, decimals: Decimals = DEFAULT_DECIMALS
) -> Any:
    """An Arrow column of either layout as the pandas array of its logical type; `exact` is its `_exact.` column."""
    if logical == "decimal" and decimals == "exact":
        return _decoded_decimals(column, exact)
    if logical == "decimal":
        if not pa.types.is_floating(
            column.type
        ):  # through text: Arrow's own cast of decimals is off by a bit now and then
            texts = column if _is_text(column.type) else column.cast(pa.string())
            column = (texts if exact is None else pc.coalesce(exact, texts)).cast(pa.float64())
        logical = "number"
    if logical == "list":
        values = column.to_pylist()
        if _is_text(column.type):
            values = [None if text is None else json_value(text) for text in values]
        return object_array(values)
    if logical == "number":
        return column.to_numpy(zero_copy_only=False)
    if logical == "date":
        return column.cast(pa.timestamp("us")).to_numpy(zero_copy_only=False)
    # How pandas stores text is an option, which may change.
    dtype: Any = pd.StringDtype() if logical == "text" else _pandas_dtype(_DTYPES[logical])
    return dtype.__from_arrow__(column)


def from_arrow(
    table: pa.Table, types: Mapping[str, LogicalType], *, decimals: Decimals = DEFAULT_DECIMALS
) -> pd.DataFrame:
    """The frame of an Arrow table of ours: columns as `types` names them, in that order."""
    columns: dict[str, Any] = {}
    for name, logical in types.items():
        exact = table.column(EXACT + name) if EXACT + name in table.column_names else None
        columns[name] = decode(table.column(name), logical, exact, decimals=decimals)
    return frame_of(list(columns.values()), list(columns), table.num_rows)


def from_any_arrow(table: pa.Table, *, decimals: Decimals = DEFAULT_DECIMALS) -> pd.DataFrame:
    """The frame of an Arrow table of any engine, with the dtypes of our frames; what they lack stays Python objects."""
    columns = [from_any_column(column, decimals=decimals) for column in table.columns]
    return frame_of(columns, table.column_names, table.num_rows)


def from_any_column(column: Any, *, decimals: Decimals = DEFAULT_DECIMALS) -> Any:
    """One Arrow column of any engine as the pandas array that our frames would have."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    type_ = column.type
    logical, target = next(
        ((logical, cast) for fits, logical, cast in _OF_ARROW if fits(type_)), (None, None)
    )
    if logical == "date" and getattr(type_, "tz", None):
        logical, target = "time", STAMP
    if logical == "integer" or (logical == "decimal" and type_.scale == 0):
        with suppress(pa.ArrowInvalid):  # unsigned, or a decimal without places, as DuckDB's sums are
            return decode(column.cast(pa.int64()), "integer")
        if logical == "integer":
            return decode(column.cast(pa.string()), "text")
    if logical is not None:
        return decode(column if target is None else column.cast(target), logical, decimals=decimals)
    return object_array(column.to_pylist()) if pa.types.is_nested(type_) else column.to_pandas().array


def _is_text(type_: Any) -> bool:
    return bool(
        pa.types.is_string(type_) or pa.types.is_large_string(type_) or pa.types.is_string_view(type_)
    )


# What a type of Arrow means, and what it is cast to before it is decoded.
_OF_ARROW: tuple[tuple[Callable[[Any], bool], LogicalType, Any], ...] = (
    (pa.types.is_boolean, "boolean", None),
    (pa.types.is_integer, "integer", None),
    (pa.types.is_floating, "number", pa.float64()),
    (pa.types.is_decimal, "decimal", None),
    (pa.types.is_timestamp, "date", pa.timestamp("us")),
    (pa.types.is_date, "date", pa.timestamp("us")),
    (_is_text, "text", pa.string()),
)


# -- decimals, lists, texts ----------------------------------------------------------------------------------


def _fixed_decimals(values: list[Any]) -> tuple[Any, Any]:
    """The decimals with the store's scale, and the exact texts of those that do not fit, if there are any."""
    try:
        return pa.array(values, ARROW_TYPES["decimal"]), None
    except pa.ArrowInvalid:
        with localcontext() as context:
            context.prec = 60
            rounded = [
                None
                if value is None or abs(value) >= _STORE_LIMIT
                else value.quantize(_STORE_PLACES, rounding=ROUND_HALF_EVEN)
                for value in values
            ]
        exact = [None if value == near else str(value) for value, near in zip(values, rounded, strict=True)]
        return pa.array(rounded, ARROW_TYPES["decimal"]), pa.array(exact, pa.string())


def _least_decimals(values: list[Decimal | None]) -> Any:
    """As decimal128 of the digits and places that hold every value, which Arrow finds, else as text."""
    with suppress(pa.ArrowInvalid, TypeError):  # TypeError: infinity has no exponent
        array = pa.array(values)
        if pa.types.is_null(array.type):
            return array.cast(pa.decimal128(1, 0))
        if pa.types.is_decimal128(array.type):
            return array
    return pa.array([None if value is None else str(value) for value in values], pa.string())


def _decoded_decimals(column: Any, exact: Any) -> Any:
    """Decimals without the zeros that a fixed scale adds; equal ones are made once."""
    values = column.to_pylist()
    known: dict[Any, Any] = {value: _shortest(value) for value in set(values) - {None}}
    texts = repeat(None) if exact is None else exact.to_pylist()
    return object_array(
        [Decimal(text) if text else known.get(value) for value, text in zip(values, texts, strict=False)]
    )


def _shortest(value: Decimal | str) -> Decimal:
    if isinstance(value, str):
        return Decimal(value)
    text = f"{value:f}".rstrip("0") if value.as_tuple().exponent else f"{value:f}"
    return Decimal(text + "0" if text.endswith(".") else text)


def _native_lists(values: list[Any]) -> Any:
    """As Arrow lists if that loses nothing (an element without a key that others have would get it), else JSON text."""
    values = [None if is_missing(value) else value for value in values]
    with suppress(*_NO_ARROW_TYPE):
        native = pa.array(values, from_pandas=False)
        if pa.types.is_null(native.type) or native.type == pa.list_(pa.null()):
            return native.cast(pa.list_(pa.string()))
        if pa.types.is_list(native.type) and _can_be_written(native.type) and native.to_pylist() == values:
            return native
    return _json_texts(values)


def _can_be_written(type_: Any) -> bool:
    """Parquet has no object without keys."""
    if pa.types.is_struct(type_):
        return type_.num_fields > 0 and all(_can_be_written(field.type) for field in type_)
    return _can_be_written(type_.value_type) if pa.types.is_list(type_) else True


def _json_texts(values: Iterable[Any]) -> Any:
    return _texts([None if is_missing(value) else json_text(value) for value in values])


def _texts(values: Any) -> Any:
    try:
        encoded = pa.array(values, from_pandas=True)
    except UnicodeEncodeError:
        encoded = pa.array([None if is_missing(text) else whole_text(text) for text in values], pa.string())
    return encoded.cast(pa.string())


def _widened(column: Any, old: LogicalType, new: LogicalType) -> Any:
    """Values of one logical type as values of a wider one: list, time, decimal or text."""
    if new == "decimal":
        texts = column.cast(pa.string()).to_pylist()
        return _fixed_decimals([None if text is None else Decimal(text) for text in texts])[0]
    if new == "time":
        return column.cast(pa.timestamp("us")).cast(STAMP)
    if new == "list":
        texts = column.to_pylist()
        return pa.array([None if text is None else json_text([text]) for text in texts], pa.string())
    return column if old == "list" else pc.cast(column, pa.string())


def object_array(values: list[Any]) -> Any:
    return pd.Series(values, dtype=object).array


def frame_of(columns: list[Any], names: list[str], rows: int) -> pd.DataFrame:
    """The frame of these arrays, not copied; a name may stand twice."""
    frame = pd.DataFrame(dict(enumerate(columns)), index=pd.RangeIndex(rows), copy=False)
    frame.columns = pd.Index(names, dtype="str")
    return frame
