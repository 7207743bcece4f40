"""The files in the records of any frame, one row each.

In: a frame, or one record as Procore sends it. Out: a frame of files, with what is needed to read a record's addresses again.
Pure. Which keys are addresses, and where name, size, type and time of their file are, is a table of facts from the fields and
examples of Procore's reference, key by key. A page for people (`viewer_url`, `web_url`, `link`, `share_url`), a job
(`polling_url`) or all files once more (`download_all_url`) is no file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import unquote

import numpy as np
import pandas as pd

from procore_nb.errors import ArgumentError
from procore_nb.frame_info import describe
from procore_nb.frames.record_columns import whole_numbers
from procore_nb.scalars import is_missing


@dataclass(frozen=True)
class AddressKey:
    """The file at a key with an address: its kind, the keys of its size, its ending, and a suffix where it is a copy of a file."""

    kind: str
    size: tuple[str, ...] = ()
    ending: str = ""
    suffix: str = ""


_SIZE = ("size", "file_size")
_ADDRESS_KEYS: Mapping[str, AddressKey] = {
    "url": AddressKey("", _SIZE),  # its kind depends on the object that holds it: _HOLDERS
    "pdf_url": AddressKey("pdf", ("pdf_size",), ".pdf"),
    "png_url": AddressKey("png", ("png_size",), ".png"),
    "zip_url": AddressKey("tiles", (), ".zip", "tiles"),
    "thumbnail_url": AddressKey("thumbnail", suffix="thumbnail"),
    "medium_thumbnail_url": AddressKey("thumbnail", suffix="medium thumbnail"),
    "large_thumbnail_url": AddressKey("thumbnail", suffix="large thumbnail"),
    "original_url": AddressKey("attachment", _SIZE),
    "file_download_url": AddressKey("attachment", _SIZE),
    "download_url": AddressKey("document", _SIZE),
    "latest_revision_url": AddressKey("specification", ending=".pdf"),
    "prostore_url": AddressKey("specification", ending=".pdf"),
    "snapshot_url": AddressKey("picture"),
    "logo_url": AddressKey("picture"),
    "avatar_url": AddressKey("picture"),
    "profile_image_url": AddressKey("picture"),
    "project_image_url": AddressKey("picture"),
    "photo_prostore_file_url": AddressKey("picture"),
}
# What `url` is, by the key of the object that has it, or by the name of the list where the record itself does.
_HOLDERS = (
    (re.compile(r"(^|_)attachments?$"), "attachment"),
    (re.compile(r"(^|_)signatures?$"), "signature"),
    (re.compile(r"^(images?|pictures)$"), "photo"),
    (re.compile(r"^(snapshot|logo|thumbnail|drawing_markup_preview_images)$"), "picture"),
    (re.compile(r"(^|_)(files?|versions?|pdf|document_revisions|uploads)$"), "document"),
)
KINDS = frozenset({key.kind for key in _ADDRESS_KEYS.values()} | {kind for _, kind in _HOLDERS}) - {""}
# A `url` elsewhere is a file only beside one of these: links to pages have none of them.
_FILE_SIGNS = frozenset({"filename", "file_name", "content_type", "thumbnail_url", "file_size"})
_NAMES = ("download_filename", "filename", "file_name", "name")
_TYPES = ("content_type", "mime_type")
_TIMES = ("created_at", "attached_at", "updated_at", "modified_at")
_NUMBERS = ("formatted_number", "full_number", "number")
_TITLES = ("subject", "title", "name", "description")
_PEOPLE = ("uploader", "created_by", "uploaded_by")
_COORDINATES = (("gps_lat", "gps_long"), ("latitude", "longitude"))
_UNAVAILABLE = "file_unavailable"
_CONTENT_TYPES = {".pdf": "application/pdf", ".png": "image/png", ".zip": "application/zip"}
# Columns of text, numbers or times that are addresses, or say something about files.
_FILE_KEYS = {*_ADDRESS_KEYS, *_NAMES, *_TYPES, *_TIMES, *_NUMBERS, *_TITLES, *_PEOPLE, _UNAVAILABLE}.union(
    *(key.size for key in _ADDRESS_KEYS.values()),
    *_COORDINATES,
    ("id", "revision_number", "taken_at", "location", "project_id", "project_name", "company_id"),
)
_MAX_DEPTH = 12  # objects in objects; Procore's have five
ENDING = re.compile(r"\.[A-Za-z0-9]{1,10}$")
_LISTS_WITH_FILES = "images, drawing_revisions, submittals, rfis, punch_items, documents, change_events"


@dataclass(frozen=True)
class FileRecord:
    """One file of a record; the names of these fields are the columns of a frame of files."""

    list: str = ""
    record_id: Any = None
    record: Any = None
    project_id: Any = None
    project_name: Any = None
    company_id: Any = None
    file_id: Any = None
    kind: str = ""
    name: str = ""
    size: Any = None
    content_type: Any = None
    created_at: Any = None
    taken_at: Any = None
    created_by: Any = None
    location: Any = None
    latitude: Any = None
    longitude: Any = None
    key: str = ""
    address: Any = None


_COLUMNS = [field.name for field in fields(FileRecord)]
IDS = ("record_id", "project_id", "company_id", "file_id")
_DTYPES: Mapping[str, Any] = {
    "size": "Int64",
    "latitude": "float64",
    "longitude": "float64",
    "created_at": "datetime64[us, UTC]",
    "taken_at": "datetime64[us, UTC]",
}


def find_files(frame: pd.DataFrame, *, declared: bool = False) -> pd.DataFrame:
    """Return one row for each file in the records of a frame; `declared`: whether the catalogue says that there may be some."""
    info = dict(frame.attrs.get("procore") or {})
    name = str(info.get("endpoint") or "")
    unique = frame.columns[~frame.columns.duplicated(keep=False)]
    columns = [
        column for column in unique if isinstance(column, str) and not column.startswith("custom_fields.")
    ]
    read = [
        column
        for column in columns
        if frame[column].dtype == object or not _FILE_KEYS.isdisjoint((column, column.rpartition(".")[2]))
    ]
    company = info.get("company_id")
    shared = {"company_id": company if isinstance(company, int) else None}
    if "project_id" not in frame.columns:
        shared["project_id"] = (info.get("arguments") or {}).get("project_id")
    files: list[FileRecord] = []
    for row in zip(*(frame[column].tolist() for column in read), strict=True):
        files += files_in_record(_nested(zip(read, row, strict=True)), name, shared)
    paths = [path for column in columns for path in (column, f"{column}.url")]
    if not (files or declared or any(_is_address(path, name, columns) for path in paths)):
        raise ArgumentError(
            f"{f'{name} has' if name else 'This frame has'} no files: none of its columns holds an address of a file.",
            advice=f"Lists with files are {_LISTS_WITH_FILES} and others. Files that only the single record has (answers of "
            'RFIs, minutes of meetings) come with procore.files("rfis", …), or procore.files(frame, records=True).',
        )
    return describe(_typed(files), **{**info, "rows": len(files)})


def _typed(files: list[FileRecord]) -> pd.DataFrame:
    data: dict[str, Any] = {}
    for column in _COLUMNS:
        values: Any = [getattr(file, column) for file in files]
        dtype: Any = _DTYPES.get(column, "string")
        if column in IDS:
            texts: Any = pd.array([None if is_missing(value) else str(value) for value in values], "string")
            numbers = whole_numbers(texts)
            data[column] = texts if numbers is None else numbers
        elif dtype.startswith("datetime"):
            times = pd.to_datetime(
                pd.Series(values, dtype=object), utc=True, errors="coerce", format="ISO8601"
            )
            data[column] = times.astype(dtype)
        else:
            data[column] = pd.array(values, dtype)
    return pd.DataFrame(data)


def records_of(files: Any) -> list[FileRecord]:
    """Return the rows of a frame of files, or say that it is none."""
    if not isinstance(files, pd.DataFrame) or not set(_COLUMNS) <= set(files.columns):
        raise ArgumentError(
            "download takes a frame of files.",
            advice='Write files = procore.files("images", projects="all"), then procore.download(files, "folder").',
        )
    rows: Any = files[_COLUMNS].to_dict("records")
    return [
        FileRecord(**{name: _scalar(value) for name, value in row.items() if not is_missing(value)})
        for row in rows
    ]


def files_in_record(
    record: Mapping[str, Any], name: str, shared: Mapping[str, Any] | None = None
) -> list[FileRecord]:
    """Return the files of one record of the list `name`, each once."""
    of_record = dict(shared or {}) | _record_facts(record, name)
    files: dict[tuple[str, str], FileRecord] = {}
    for path, holders in _objects(record, "", []):
        holder = holders[-1]
        holder_name = path.replace("[]", "").rpartition(".")[2] or name
        if holder_name == "prostore_file" and len(holders) > 1 and _text(holders[-2].get("url")):
            continue  # it repeats the file of the object around it
        for key, fact in _ADDRESS_KEYS.items():
            kind = _kind_of(key, holder_name, holder) if key in holder else ""
            address = _text(holder.get(key))
            if not kind or not (address or (key == "url" and holder.get(_UNAVAILABLE) is True)):
                continue
            content_type = _first(holder, _TYPES) if not fact.suffix else None
            file = FileRecord(
                **{**of_record, "created_at": _first(holder, _TIMES) or of_record["created_at"]},
                file_id=_scalar(holder.get("id", record.get("id"))),
                kind=kind,
                name=_file_name(holders, fact, address),
                size=next((int(holder[size]) for size in fact.size if _is_size(holder.get(size))), None),
                content_type=content_type or _CONTENT_TYPES.get(fact.ending),
                key=f"{path}.{key}" if path else key,
                address=address or None,
            )
            files.setdefault((kind, address or f"{path} {file.file_id}"), file)
    return list(files.values())


def declares_files(declared: Iterable[Any], name: str) -> bool:
    """Return whether a list with these fields of the catalogue has addresses of files."""
    columns = {field.name.replace("[]", "") for field in declared}
    return any(_is_address(column, name, columns) for column in columns)


def _is_address(column: str, name: str, columns: Iterable[str]) -> bool:
    """Return whether a dotted column of the list `name` is an address of files, among its other columns."""
    holder, dot, key = column.rpartition(".")
    prefix = holder + dot
    siblings = (other.removeprefix(prefix) for other in columns if other.startswith(prefix))
    return bool(_kind_of(key, holder.rpartition(".")[2] or name, siblings))


def _kind_of(key: str, holder: str, siblings: Iterable[str]) -> str:
    """Return the kind of file at `key` of an object held by the key, or the list, `holder`; empty: no file."""
    if key != "url":
        return _ADDRESS_KEYS[key].kind if key in _ADDRESS_KEYS else ""
    kind = next((kind for pattern, kind in _HOLDERS if pattern.search(holder)), "")
    return kind or ("attachment" if _FILE_SIGNS.intersection(siblings) else "")


def _objects(
    value: Any, path: str, holders: list[Mapping[str, Any]]
) -> Iterator[tuple[str, list[Mapping[str, Any]]]]:
    """Return every object of a record, with its path and the objects around it, the record itself first."""
    if len(holders) > _MAX_DEPTH:
        return
    if isinstance(value, Mapping):
        inner = [*holders, value]
        yield path, inner
        for key, child in value.items():
            if isinstance(child, Mapping | list | tuple | np.ndarray):
                yield from _objects(child, f"{path}.{key}" if path else str(key), inner)
    elif isinstance(value, list | tuple | np.ndarray):
        for child in value:
            yield from _objects(child, f"{path}[]", holders)


def _record_facts(record: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return what the record says for all of its files."""
    facts: dict[str, Any] = {
        "list": name,
        "record_id": _scalar(record.get("id")),
        "record": _label(record),
        "created_by": next(filter(None, (_name_in(record.get(person)) for person in _PEOPLE)), None),
        "location": _name_in(record.get("location")),
        "taken_at": _scalar(record.get("taken_at")),
        "created_at": _first(record, _TIMES),
    }
    ids = ("project_id", "project_name", "company_id")
    facts |= {key: record[key] for key in ids if not is_missing(record.get(key))}
    project = record.get("project")
    if "project_id" not in facts and isinstance(project, Mapping) and not is_missing(project.get("id")):
        facts |= {"project_id": project["id"], "project_name": _scalar(project.get("name"))}
    for latitude, longitude in _COORDINATES:
        point = _degrees(record.get(latitude), 90.0), _degrees(record.get(longitude), 180.0)
        if None not in point:
            return facts | {"latitude": point[0], "longitude": point[1]}
    return facts


def _file_name(holders: list[Mapping[str, Any]], fact: AddressKey, address: str) -> str:
    """Return what people call the file: its own name, that of an object around it, its number and title."""
    last = unquote(re.split("[?#]", address)[0]).rpartition("/")[2]
    ending = fact.ending or (ENDING.search(last) or [""])[0]
    names = [_first(holder, _NAMES) for holder in reversed(holders)]
    file_name = next((name for name in names if name and ENDING.search(name)), None)
    if file_name and not fact.ending and not fact.suffix:
        return file_name
    stem = file_name and ENDING.sub("", file_name)
    stem = stem or _label(holders[-1]) or names[0] or ENDING.sub("", last) or _label(holders[0]) or "file"
    return " ".join(filter(None, (stem, fact.suffix))) + ending


def _label(record: Mapping[str, Any]) -> str | None:
    """Return number and title of a record: `0012 Emergency lighting`, `A-101 Ground floor plan rev 2`."""
    number, title = _first(record, _NUMBERS), _first(record, _TITLES)
    number = number.zfill(4) if number and number.isdigit() else number
    revision = _first(record, ("revision_number",))
    return " ".join(filter(None, (number, title, revision and f"rev {revision}"))) or None


def _nested(row: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Return a row with dotted names as the record it came from."""
    record: dict[str, Any] = {}
    for column, value in row:
        if is_missing(value):
            continue
        *outer, last = column.split(".")
        holder = record
        for key in outer:
            inner = holder.get(key)
            holder[key] = holder = inner if isinstance(inner, dict) else {}
        holder[last] = value
    return record


def _first(record: Mapping[str, Any], keys: tuple[str, ...]) -> str | None:
    """Return the first of these keys that has a text or a number, as text."""
    for key in keys:
        value = _scalar(record.get(key))
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
            return str(value).strip()
    return None


def _scalar(value: Any) -> Any:
    """Return a value of a record; None for a missing one, a time as its text."""
    if is_missing(value):
        return None
    return value.isoformat() if isinstance(value, pd.Timestamp) else value


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _name_in(value: Any) -> str | None:
    return _first(value, ("name",)) if isinstance(value, Mapping) else (_text(value) or None)


def _is_size(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and 0 <= int(value) < 2**62


def _degrees(value: Any, limit: float) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if -limit <= number <= limit else None
