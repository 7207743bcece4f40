"""Columns of frames as columns of Parquet, and back, without loss.

In: a typed frame. Out: an Arrow table any engine can compute with; and the way back. Speaks to no service.

| frame | Parquet |
|---|---|
| Int64 | int64 |
| boolean | bool |
| string | string |
| float64 (NaN is missing) | double (null is missing) |
| datetime64[us, UTC] | timestamp(us, UTC) |
| datetime64[us], a day | date32 |
| Decimal | decimal128(38, 10): one scale for all files, so that engines can add it up. A number with more digits than that is \
rounded in its column and kept exactly, as text, in `_exact.<name>`, a column that exists only where it is needed |
| list | string: JSON text, as the shape of a list's elements changes from row to row |
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from typing import Any

import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from procore_nb.frames.names import Kind
from procore_nb.frames.parse import json_text
from procore_nb.frames.types import declared_by
from procore_nb.gc_pause import gc_paused

Kinds = dict[str, Kind]

FIRST_SEEN, VALID_FROM, VALID_TO, DELETED_AT = "_first_seen", "_valid_from", "_valid_to", "_deleted_at"
EXACT = "_exact."
STAMP = pa.timestamp("us", "UTC")
_MONEY = pa.decimal128(38, 10)
_STEP = Decimal("1e-10")
_MOST = Decimal(10) ** 28
_TYPES: dict[Kind, pa.DataType] = {
    "integer": pa.int64(),
    "boolean": pa.bool_(),
    "text": pa.string(),
    "number": pa.float64(),
    "time": STAMP,
    "date": pa.date32(),
    "decimal": _MONEY,
    "list": pa.string(),
}
_BY_DTYPE: dict[str, Kind] = {
    "Int64": "integer",
    "boolean": "boolean",
    "float64": "number",
    "datetime64[us, UTC]": "time",
    "datetime64[us]": "date",
}


def kinds_of(frame: pd.DataFrame, endpoint: Any) -> Kinds:
    """The kind of each column: by its dtype; objects are decimals or lists, as declared where all are missing."""
    declared = declared_by(endpoint)
    kinds: Kinds = {}
    for name, dtype in frame.dtypes.items():
        known = "text" if isinstance(dtype, pd.StringDtype) else _BY_DTYPE.get(str(dtype))
        kinds[str(name)] = known or _kind_of_objects(
            frame[name], declared.kind_of(tuple(str(name).split(".")))
        )
    return kinds


def to_arrow(frame: pd.DataFrame, kinds: Mapping[str, Kind]) -> pa.Table:
    """The frame as an Arrow table; `_exact.` columns follow those whose digits did not fit."""
    if not len(frame):
        return schema_of(kinds).empty_table()
    columns: dict[str, Any] = {}
    with gc_paused:
        for name, kind in kinds.items():
            if kind != "decimal":
                columns[name] = _packed(frame[name], kind)
                continue
            columns[name], exact = _money(frame[name].tolist())
            if exact is not None:
                columns[EXACT + name] = exact
    return pa.table(columns)


def to_frame(table: pa.Table, kinds: Mapping[str, Kind]) -> pd.DataFrame:
    """The frame of an Arrow table: columns as `kinds` names them, in that order, the dtypes of every other frame."""
    columns: dict[str, Any] = {}
    with gc_paused:
        for name, kind in kinds.items():
            column = table.column(name)
            if kind == "decimal":
                exact = table.column(EXACT + name) if EXACT + name in table.column_names else None
                columns[name] = _decimals(column, exact)
            else:
                columns[name] = _unpacked(column, kind)
        frame = pd.DataFrame(columns, index=pd.RangeIndex(table.num_rows), copy=False)
    frame.columns = pd.Index(list(columns), dtype="str")
    return frame


def schema_of(kinds: Mapping[str, Kind], extra: Sequence[str] = ()) -> pa.Schema:
    """The schema of a part: the columns, then bookkeeping: text for `_exact.`, times for all others."""
    fields = [pa.field(name, _TYPES[kind]) for name, kind in kinds.items()]
    fields += [pa.field(name, pa.string() if name.startswith(EXACT) else STAMP) for name in extra]
    return pa.schema(fields)


def aligned(
    table: pa.Table, kinds: Mapping[str, Kind], told: Mapping[str, Kind], extra: Sequence[str]
) -> pa.Table:
    """The table with exactly these columns: absent ones missing, others dropped, kinds brought in line.

    `told` says of which kinds the table's own columns are.
    """
    schema = schema_of(kinds, extra)
    columns = []
    for field in schema:
        if field.name not in table.column_names:
            columns.append(pa.nulls(table.num_rows, field.type))
            continue
        column = table.column(field.name)
        own, due = told.get(field.name), kinds.get(field.name)
        columns.append(column if own == due or own is None or due is None else _converted(column, own, due))
    return pa.Table.from_arrays(columns, schema=schema)


def has_values(column: Any) -> bool:
    """Whether any row has a value in this column: most columns of most lists have none, and cost nothing if so treated."""
    return bool(column.null_count < len(column))


def common(one: Kind, other: Kind) -> Kind:
    """The kind that holds values of both."""
    if one == other:
        return one
    return "list" if {one, other} == {"list", "text"} else "text"


def _kind_of_objects(column: pd.Series[Any], declared: Kind) -> Kind:
    first = next((value for value in column if value is not None and value is not pd.NA), None)
    if first is not None:
        return "decimal" if isinstance(first, Decimal) else "list"
    return declared if declared in ("decimal", "list") else "list"


def _packed(column: pd.Series[Any], kind: Kind) -> Any:
    if kind == "list":
        return pa.array([None if value is None else json_text(value) for value in column], pa.string())
    if kind in ("date", "time"):
        return pa.array(column).cast(_TYPES[kind])
    packed = pa.array(column, from_pandas=True)
    return packed if packed.type == _TYPES[kind] else packed.cast(_TYPES[kind])


def _money(values: list[Any]) -> tuple[Any, Any]:
    """The decimals, and the exact texts of those that do not fit, if there are any."""
    try:
        return pa.array(values, _MONEY), None
    except pa.ArrowInvalid:
        fitted = [_rounded(value) for value in values]
        exact = [None if value == fit else str(value) for value, fit in zip(values, fitted, strict=True)]
        return pa.array(fitted, _MONEY), pa.array(exact, pa.string())


def _rounded(value: Decimal | None) -> Decimal | None:
    if value is None or abs(value) >= _MOST:
        return None
    with localcontext() as context:
        context.prec = 60
        return value.quantize(_STEP, rounding=ROUND_HALF_EVEN)


def _unpacked(column: Any, kind: Kind) -> Any:
    if kind == "integer":
        return _any(pd.Int64Dtype()).__from_arrow__(column)
    if kind == "boolean":
        return _any(pd.BooleanDtype()).__from_arrow__(column)
    if kind == "text":
        return _any(pd.StringDtype()).__from_arrow__(column)
    if kind == "list":
        texts = column.to_pylist()
        return pd.Series([None if text is None else orjson.loads(text) for text in texts], dtype=object).array
    if kind == "number":
        return column.to_numpy()
    moments = column.cast(pa.timestamp("us")).to_numpy()
    return pd.array(moments, dtype=pd.DatetimeTZDtype("us", "UTC")) if kind == "time" else moments


def _decimals(column: Any, exact: Any) -> Any:
    """Decimals without the zeros that the fixed scale adds."""
    if not isinstance(column, pa.ChunkedArray):
        column = pa.chunked_array([column])
    coded = column.combine_chunks().dictionary_encode()
    coded = coded if isinstance(coded, pa.DictionaryArray) else coded.combine_chunks()
    known: list[Any] = [_plain(value) for value in coded.dictionary.to_pylist()]
    values: list[Any] = [None if at is None else known[at] for at in coded.indices.to_pylist()]
    for row, text in enumerate(exact.to_pylist() if exact is not None else ()):
        if text is not None:
            values[row] = Decimal(text)
    return pd.Series(values, dtype=object).array


def _plain(value: Decimal) -> Decimal:
    text = f"{value:f}".rstrip("0")
    return Decimal(text + "0" if text.endswith(".") else text)


def _converted(column: Any, own: Kind, due: Kind) -> Any:
    """Values of one kind as values of a wider one: list or text."""
    if due == "list":
        return pa.array(
            [None if text is None else json_text([text]) for text in column.to_pylist()], pa.string()
        )
    if own == "list":
        return column
    return pc.cast(column, pa.string())


def _any(dtype: Any) -> Any:
    """A dtype whose stubs do not know how it reads Arrow."""
    return dtype
