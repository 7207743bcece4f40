"""Frames and files: what is written where, as which columns, and the schema that leads back to the frame.

In: one frame, or several by name. Out: files that are whole or not there; the columns of a frame with their types, its index
before them, and the schema as JSON (for a CSV a file of its own, for Parquet its metadata). And the way back: by name where
there is no schema or the columns were changed. Speaks to the file system only.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from procore_nb.atomic_write import check_output, output_path, write_group
from procore_nb.catalog import Catalogue
from procore_nb.errors import ArgumentError, MissingExtraError, OutputError, warn
from procore_nb.export.column_text import ColumnType, column_from, native, range_of, texts_of, type_of
from procore_nb.frame_info import partial_note
from procore_nb.frames.builder import found_endpoint
from procore_nb.frames.parse import ParseIssues
from procore_nb.frames.types import declared_by, rule_of
from procore_nb.scalars import is_missing

INDEX_ADVICE = "An index with a name is written as columns, row numbers are not: leave index out."
# What writes files of an ending; empty: nothing here does.
_WRITERS = {".csv": "to_csv", ".xlsx": "to_excel", ".parquet": "to_parquet"} | dict.fromkeys(
    (".xls", ".xlsm", ".gz", ".zip"), ""
)
_FORBIDDEN = set('/\\:*?"<>|\0')
_CHUNK_ROWS = 20_000
_LABEL_DTYPE = pd.Index(["a"]).dtype  # which differs between versions of pandas
_REMOVE_SCHEMA = "Remove it: types will then follow the column names."
# The fields of a column's type, by their keys in the schema.
_TYPE_KEYS = {"type": "logical"} | {key: key for key in ("dtype", "categories", "ordered", "of", "range")}


# -- files ---------------------------------------------------------------------------------------------------


def frames_of(frame: Any) -> dict[str | None, pd.DataFrame]:
    """The frames by name, a single one with the name None; warns of those that are only a part of their list."""
    if isinstance(frame, pd.DataFrame):
        frames: dict[str | None, pd.DataFrame] = {None: frame}
    elif isinstance(frame, Mapping):
        frames = dict(frame)
    else:
        raise ArgumentError(
            f"What is written is a frame, or a dict of name to frame, not {type(frame).__name__}.",
            advice="The frame comes first: to_csv(frame, path). A Series becomes a frame by its to_frame().",
        )
    if not frames:
        raise ArgumentError("There is no frame to write.", advice="Give a frame, or a dict of name to frame.")
    for name, value in frames.items():
        if not isinstance(value, pd.DataFrame):
            raise ArgumentError(f"{name!r} is no frame but {type(value).__name__}.")
        if note := partial_note(value):
            warn(f"{name or value.attrs['procore'].get('endpoint', 'The frame')}: {note}")
    return frames


def check_ending(path: Path, ending: str) -> None:
    """Refuse the ending of another format: programs go by it, and would not open the file."""
    suffix = path.suffix.lower()
    if suffix == ending or (suffix not in _WRITERS and (suffix in ("", ".") or ending != ".xlsx")):
        return
    writer = _WRITERS.get(suffix)
    stem = path.stem.removesuffix(ending) if suffix in _WRITERS else path.name
    raise ArgumentError(
        f"The file would be {ending}, and the name {path.name!r} ends with {suffix}.",
        advice=f"Name the file {stem + ending!r}{f', or call {writer}' if writer else ''}.",
    )


def write_frames(
    frame: Any,
    path: Any,
    ending: str,
    write: Callable[..., Any],
    *,
    companions: Callable[[Path], Sequence[Path]] = lambda _: (),
) -> Path:
    """Have `write(frame, draft, …)` write each frame to a file with its companions; a folder for several is made."""
    frames, target = frames_of(frame), output_path(path)
    check_ending(target, ending)
    is_new = None not in frames and _make_folder(target, list(frames))
    files = [target if name is None else target / f"{name}{ending}" for name in frames]
    try:
        with write_group([[file, *companions(file)] for file in files]) as drafts:
            for value, group in zip(frames.values(), drafts, strict=True):
                write(value, *group)
    except BaseException:
        if is_new:
            with suppress(OSError):
                target.rmdir()
        raise
    return target


def _make_folder(folder: Path, names: list[Any]) -> bool:
    """Make the folder of files with these names if only its last part is missing; whether it was made."""
    taken: set[str] = set()
    for name in names:
        if not isinstance(name, str) or not name or _FORBIDDEN & set(name) or name.startswith("."):
            raise ArgumentError(
                f"{name!r} cannot be the name of a file.", advice="Use letters, digits, - and _."
            )
        if name.casefold() in taken:
            raise ArgumentError(f"Two frames would share the file {name!r} where case makes no difference.")
        taken.add(name.casefold())
    if folder.is_dir():
        return False
    if folder.exists():
        raise OutputError(f"{folder} is a file.", advice="Several frames need a folder: give another name.")
    check_output(folder)
    try:
        folder.mkdir()
    except OSError as error:
        raise OutputError(
            f"The folder {folder} cannot be made: {error.strerror or error}.", advice="Choose another place."
        ) from error
    return True


def library(name: str, feature: str, *, extra: str = "keep") -> Any:
    """The module, or an error that says which line installs it."""
    try:
        return import_module(name)
    except ImportError as error:
        package = name.partition(".")[0]
        raise MissingExtraError(
            f"{feature} needs {package}, which is not installed.", advice=f'pip install "procore-nb[{extra}]"'
        ) from error


# -- columns -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class WritableColumn:
    """A column in a dtype that can be written, with its name and its type."""

    name: str
    values: pd.Series[Any]
    type: ColumnType

    def texts(self) -> list[str | None]:
        return texts_of(self.values, self.type)


@dataclass(frozen=True)
class WritableTable:
    """A frame as columns that can be written."""

    columns: list[WritableColumn]
    rows: int
    index: list[Any]  # names of the index levels, which are the first columns; none for row numbers
    labels: list[dict[str, Any]] | None  # what the column labels are, where they are more than text

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    def chunks(self) -> Iterator[list[WritableColumn]]:
        """The columns of some rows after the others, so that not all of their text is in memory at once."""
        for start in range(0, self.rows, _CHUNK_ROWS):
            rows = slice(start, start + _CHUNK_ROWS)
            yield [replace(column, values=column.values.iloc[rows]) for column in self.columns]


def writable(frame: pd.DataFrame, *, ranges: bool = False, unique: bool = False) -> WritableTable:
    """The frame with its index as the first columns; whole numbers without a name are only row numbers.

    With `ranges`, types have the least and greatest value, by which a file that a spreadsheet rewrote is understood. With
    `unique`, two columns of one name are an error.
    """
    index = frame.index
    is_data = index.nlevels > 1 or index.name is not None or (len(index) > 0 and index.dtype.kind not in "iu")
    levels = _levels(index) if is_data else []
    unnamed = "level_{}" if index.nlevels > 1 else "index"
    named = [
        (unnamed.format(at) if name is None else _title(name), level)
        for at, (name, level) in enumerate(levels)
    ]
    named += [(_title(label), frame.iloc[:, at]) for at, label in enumerate(frame.columns)]
    repeated = [name for name, count in Counter(name for name, _ in named).items() if count > 1]
    if unique and repeated:
        raise ArgumentError(f"Two columns have the same name, {repeated[0]!r}.", advice="Rename one of them.")
    amounts = frozenset((frame.attrs.get("procore") or {}).get("amounts", ()))
    columns = []
    for name, series in named:
        how, values = type_of(series), native(series)
        # Numbers with places are money, hours or percents if the frame says so, or else their name.
        is_number = how.logical in ("decimal", "number") and how.categories is None
        how = replace(how, money=is_number and (name in amounts or rule_of(name) == "decimal"))
        how = replace(how, range=range_of(values, how)) if ranges else how
        columns.append(WritableColumn(name, values, how))
    return WritableTable(
        columns, len(frame), [_json_name(name) for name, _ in levels], _labels(frame.columns)
    )


def _levels(index: pd.Index[Any]) -> list[tuple[Any, pd.Series[Any]]]:
    return [
        (name, pd.Series(index.get_level_values(at)).reset_index(drop=True))
        for at, name in enumerate(index.names)
    ]


def _title(label: Any) -> str:
    """A column label as the text of a header; several levels are joined by dots, as nested names are."""
    if isinstance(label, tuple):
        return ".".join(text for part in label if (text := _title(part)))
    return "" if is_missing(label) else str(label)


def _json_name(name: Any) -> str | int | None:
    return name if name is None or isinstance(name, str | int) else _title(name)


def _labels(columns: pd.Index[Any]) -> list[dict[str, Any]] | None:
    """Each level of the labels as a column of its own, or None where they are text without a name."""
    is_text = columns.nlevels == 1 and columns.name is None and columns.dtype == _LABEL_DTYPE
    if is_text and all(isinstance(label, str) for label in columns):
        return None
    levels = []
    for name, level in _levels(columns):
        how = type_of(level)
        if how.lost:
            return None
        levels.append({"name": _json_name(name), **_type_to_json(how), "texts": texts_of(native(level), how)})
    return levels


# -- the schema ------------------------------------------------------------------------------------------------


def schema_json(frame: pd.DataFrame, table: WritableTable, **options: Any) -> bytes:
    """The types of the columns, and where the frame came from; warns of what does not come back."""
    if lost := [f"{column.name} ({column.type.lost})" for column in table.columns if column.type.lost]:
        warn(f"Written as plain values, and so they come back: {', '.join(lost)}.")
    attrs, dropped = {}, []
    for key, value in frame.attrs.items():
        try:
            attrs[str(key)] = json.loads(json.dumps(value, default=str))
        except (TypeError, ValueError, RecursionError):
            dropped.append(str(key))
    if dropped:
        warn(f"attrs that no file can hold are not written: {', '.join(dropped)}.")
    schema = {
        "for": "procore_nb",
        "columns": [{"name": column.name, **_type_to_json(column.type)} for column in table.columns],
        "index": table.index,
        "labels": table.labels,
        **options,
        "attrs": attrs,
    }
    return json.dumps(schema, ensure_ascii=False, indent=1).encode("utf-8", "replace")


def _type_to_json(how: ColumnType) -> dict[str, Any]:
    values = {key: getattr(how, name) for key, name in _TYPE_KEYS.items()}
    return {key: value for key, value in values.items() if value not in (None, False)}


def _type_from_json(entry: Mapping[str, Any]) -> ColumnType:
    return ColumnType(**{name: entry[key] for key, name in _TYPE_KEYS.items() if key in entry})


def schema_file(path: Path) -> Path:
    """The path of a CSV file's schema: beside the file itself, also where a link leads to it."""
    # os.path says no where pathlib raises: a name that is too long is reported by whatever writes it.
    path = path.resolve() if os.path.islink(path) else path  # noqa: PTH114
    return path.with_name(f"{path.name}.types.json")


def read_schema(path: Path) -> dict[str, Any]:
    file = schema_file(path)
    if not file.is_file():
        return {}
    try:
        schema = json.loads(file.read_text(encoding="utf-8"))
        columns = [(column["name"], column["type"], column["dtype"]) for column in schema["columns"]]
        if all(isinstance(name, str | int) and logical and dtype for name, logical, dtype in columns):
            return dict(schema)
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ArgumentError(f"{file} cannot be read.", advice=_REMOVE_SCHEMA) from error
    raise ArgumentError(f"{file} is not ours.", advice=_REMOVE_SCHEMA)


def column_names(schema: Mapping[str, Any]) -> list[str]:
    return [str(column["name"]) for column in schema.get("columns") or []]


def column_types(schema: Mapping[str, Any], names: list[str]) -> list[ColumnType | None]:
    """The type of each column as it was written; None for all where the schema describes other columns."""
    if names != column_names(schema):
        return [None] * len(names)
    return list(map(_type_from_json, schema.get("columns") or []))


def types_for(
    header: list[str], schema: Mapping[str, Any], endpoint: Any, catalogue: Catalogue | None = None
) -> list[ColumnType]:
    """The type of each column: as written, by position if the header is unchanged, else by name."""
    names = column_names(schema)
    written = dict(zip(names, column_types(schema, names), strict=True))
    declared, types = declared_by(found_endpoint(endpoint, catalogue)), []
    for how, name in zip(column_types(schema, header), header, strict=True):
        path = tuple(name.split("."))
        by_name = "id" if declared.number_as_text(path) else declared.type_of(path)
        types.append(how or written.get(name) or ColumnType.of_logical(by_name))
    return types


def restored_frame(
    columns: list[Any], names: list[str], rows: int, schema: Mapping[str, Any]
) -> pd.DataFrame:
    """The frame of these columns, with index, labels and attrs as they were, if the columns are still there."""
    written, levels = column_names(schema), schema.get("index") or []
    index = [names.index(name) for name in written[: len(levels)] if name in names]
    index = index if len(index) == len(levels) else []
    data = {at: column for at, column in enumerate(columns) if at not in index}
    frame = pd.DataFrame(data, index=pd.RangeIndex(rows), columns=list(data), copy=False)
    labels = schema.get("labels") if names == written else None
    if labels:
        texts = [pa.chunked_array([pa.array(level["texts"], pa.string())]) for level in labels]
        types = map(_type_from_json, labels)
        parsed = [column_from(cells, how, ParseIssues()) for cells, how in zip(texts, types, strict=True)]
        frame.columns = _index(parsed, [level["name"] for level in labels])
    else:
        frame.columns = pd.Index([names[at] for at in data], dtype=_LABEL_DTYPE)
    if index:
        frame.index = _index([columns[at] for at in index], levels)
    frame.attrs = dict(schema.get("attrs") or {})
    return frame


def _index(levels: list[Any], names: list[Any]) -> Any:
    if len(levels) == 1:
        return pd.Index(levels[0], name=names[0])
    return pd.MultiIndex.from_arrays(levels, names=names)
