"""The files in the records of any frame, one row each.

In: a frame, or one record as it came. Out: a frame of files, with what is needed to read a record's addresses again. Pure.
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
from procore_nb.files import file_keys as facts
from procore_nb.frame_info import describe
from procore_nb.scalars import is_missing

_DEEPEST = 12  # objects in objects; Procore's have five
ENDING = re.compile(r"\.[A-Za-z0-9]{1,10}$")
_SOME_LISTS = "images, drawing_revisions, submittals, rfis, punch_items, documents, change_events"


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


COLUMNS = tuple(one.name for one in fields(FileRecord))
_DTYPES: Mapping[str, Any] = {"size": "Int64", "latitude": "float64", "longitude": "float64"}
IDS = ("record_id", "project_id", "company_id", "file_id")
_MOMENTS = ("created_at", "taken_at")


def find_files(frame: pd.DataFrame, *, declared: bool = False) -> pd.DataFrame:
    """Return one row for each file in the records of a frame; `declared`: whether the catalogue says that there may be some."""
    about = dict(frame.attrs.get("procore") or {})
    name = str(about.get("endpoint") or "")
    unique = frame.columns[~frame.columns.duplicated(keep=False)]
    texts = [one for one in unique if isinstance(one, str) and not one.startswith("custom_fields.")]
    telling = [
        one
        for one in texts
        if frame[one].dtype == object or not facts.SAYS_MORE.isdisjoint((one, one.rpartition(".")[2]))
    ]
    company = about.get("company_id")
    shared = {"company_id": company if isinstance(company, int) else None}
    if "project_id" not in frame.columns:
        shared["project_id"] = (about.get("arguments") or {}).get("project_id")
    found: list[FileRecord] = []
    for row in zip(*(frame[one].tolist() for one in telling), strict=True):
        found += files_in_record(_nested(zip(telling, row, strict=True)), name, shared)
    declared = declared or any(
        facts.is_address(each, name, texts) for one in texts for each in (one, f"{one}.url")
    )
    if not (found or declared):
        shown = f"{name} has" if name else "This frame has"
        raise ArgumentError(
            f"{shown} no files: none of its columns holds an address of a file.",
            advice=f"Lists with files are {_SOME_LISTS} and others. Files that only the single record has (answers of RFIs, "
            'minutes of meetings) come with procore.files("rfis", …), or procore.files(frame, records=True).',
        )
    files = as_frame(found)
    return describe(files, **{**about, "rows": len(files)})


def as_frame(found: list[FileRecord]) -> pd.DataFrame:
    """Return files as a frame with its dtypes, also without rows."""
    data: dict[str, Any] = {}
    for column in COLUMNS:
        values = [getattr(one, column) for one in found]
        if column in IDS:
            data[column] = _ids(values)
        elif column in _MOMENTS:
            texts = pd.Series(values, dtype="object")
            moments = pd.to_datetime(texts, utc=True, errors="coerce", format="ISO8601")
            data[column] = moments.astype("datetime64[us, UTC]")
        else:
            data[column] = pd.array(values, dtype=_DTYPES.get(column, "string"))
    return pd.DataFrame(data)


def records_of(files: Any) -> list[FileRecord]:
    """Return the rows of a frame of files, or say that it is none."""
    if not isinstance(files, pd.DataFrame) or not set(COLUMNS) <= set(files.columns):
        raise ArgumentError(
            "download takes a frame of files.",
            advice='Write files = procore.files("images", projects="all"), then procore.download(files, "folder").',
        )
    rows: Any = files[list(COLUMNS)].to_dict("records")
    return [
        FileRecord(**{name: _known(one) for name, one in row.items() if not is_missing(one)}) for row in rows
    ]


def files_in_record(
    record: Mapping[str, Any], name: str, shared: Mapping[str, Any] | None = None
) -> list[FileRecord]:
    """Return the files of one record of the list `name`, each once."""
    of_record = dict(shared or {}) | _about_record(record, name)
    once: dict[tuple[str, str], FileRecord] = {}
    for path, holders in _objects(record, "", []):
        own = holders[-1]
        holder = path.replace("[]", "").rpartition(".")[2] or name
        if holder in facts.REPEATS and len(holders) > 1 and _text(holders[-2].get("url")):
            continue
        for key in (one for one in facts.ADDRESS_KEYS if one in own):
            kind = facts.kind_of(key, holder, own)
            address = _text(own[key])
            if not kind or not (address or (key == "url" and own.get(facts.UNAVAILABLE) is True)):
                continue
            one = _file(own, holders, key, kind, path, address, of_record)
            once.setdefault((kind, address or f"{path} {one.file_id}"), one)
    return list(once.values())


def _objects(
    value: Any, path: str, holders: list[Mapping[str, Any]]
) -> Iterator[tuple[str, list[Mapping[str, Any]]]]:
    """Return every object of a record, with its path and the objects around it, the record itself first."""
    if len(holders) > _DEEPEST:
        return
    if isinstance(value, Mapping):
        inner = [*holders, value]
        yield path, inner
        for key, each in value.items():
            if isinstance(each, Mapping | list | tuple | np.ndarray):
                yield from _objects(each, f"{path}.{key}" if path else str(key), inner)
    elif isinstance(value, list | tuple | np.ndarray):
        for each in value:
            yield from _objects(each, f"{path}[]", holders)


def _about_record(record: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return what the record says for all of its files."""
    known: dict[str, Any] = {
        "list": name,
        "record_id": _known(record.get("id")),
        "record": label(record),
        "created_by": next(filter(None, (_name_in(record.get(one)) for one in facts.PEOPLE)), None),
        "location": _name_in(record.get("location")),
        "taken_at": _known(record.get("taken_at")),
        "created_at": _first(record, facts.TIMES),
    }
    for one in ("project_id", "project_name", "company_id"):
        if not is_missing(record.get(one)):
            known[one] = record[one]
    project = record.get("project")
    if "project_id" not in known and isinstance(project, Mapping) and not is_missing(project.get("id")):
        known |= {"project_id": project["id"], "project_name": _known(project.get("name"))}
    for keys in facts.COORDINATES:
        pair = [_degrees(record.get(key), most) for key, most in zip(keys, (90.0, 180.0), strict=True)]
        if None not in pair:
            known |= {"latitude": pair[0], "longitude": pair[1]}
            break
    return known


def _file(
    own: Mapping[str, Any],
    holders: list[Mapping[str, Any]],
    key: str,
    kind: str,
    path: str,
    address: str,
    of_record: dict[str, Any],
) -> FileRecord:
    fact = facts.ADDRESS_KEYS[key]
    content_type = _first(own, facts.TYPES) if not fact.note else None
    return FileRecord(
        **{**of_record, "created_at": _first(own, facts.TIMES) or of_record["created_at"]},
        file_id=_known(own.get("id", holders[0].get("id"))),
        kind=kind,
        name=_file_name(holders, fact, address),
        size=next((int(own[one]) for one in fact.size if _is_size(own.get(one))), None),
        content_type=content_type or facts.CONTENT_TYPES.get(fact.ending),
        key=f"{path}.{key}" if path else key,
        address=address or None,
    )


def _file_name(holders: list[Mapping[str, Any]], fact: facts.AddressKey, address: str) -> str:
    """Return what people call the file: its own name, that of an object around it, its number and title."""
    own = holders[-1]
    last = unquote(re.split("[?#]", address)[0]).rpartition("/")[2]
    ending = fact.ending or (ENDING.search(last) or [""])[0]
    named = [_first(own, facts.NAMES), *(_first(one, facts.NAMES) for one in reversed(holders[:-1]))]
    whole = next((one for one in named if one and ENDING.search(one)), None)
    if whole and not fact.ending and not fact.note:
        return whole
    plain = whole and ENDING.sub("", whole)
    text = plain or label(own) or named[0] or ENDING.sub("", last) or label(holders[0]) or "file"
    return " ".join(filter(None, (text, fact.note))) + ending


def label(record: Mapping[str, Any]) -> str | None:
    """Return number and title of a record: `0012 Emergency lighting`, `A-101 Ground floor plan rev 2`."""
    number, title = _first(record, facts.NUMBERS), _first(record, facts.TITLES)
    number = number.zfill(4) if number and number.isdigit() else number
    revision = _first(record, facts.REVISIONS)
    return " ".join(filter(None, (number, title, revision and f"rev {revision}"))) or None


def _nested(row: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Return a row with dotted names as the record it came from."""
    record: dict[str, Any] = {}
    for column, value in row:
        if is_missing(value):
            continue
        *outer, last = column.split(".")
        place = record
        for one in outer:
            inner = place.get(one)
            place[one] = place = inner if isinstance(inner, dict) else {}
        place[last] = value
    return record


def _ids(values: list[Any]) -> Any:
    known = [None if is_missing(one) else str(one) for one in values]
    if all(one is None or (one.isascii() and one.isdigit() and len(one) < 19) for one in known):
        return pd.array([None if one is None else int(one) for one in known], dtype="Int64")
    return pd.array(known, dtype="string")


def _first(record: Mapping[str, Any], keys: tuple[str, ...]) -> str | None:
    """Return the first of these keys that has a text or a number, as text."""
    for key in keys:
        value = _known(record.get(key))
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
            return str(value).strip()
    return None


def _known(value: Any) -> Any:
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


def _degrees(value: Any, most: float) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if -most <= number <= most else None
