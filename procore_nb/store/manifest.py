"""What a table's folder holds: the one file that says which state is the last complete one.

In: JSON. Out: a frozen `Manifest`; and the way back. Speaks to no service.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

import orjson

from procore_nb.errors import OutputError
from procore_nb.store.arrow_columns import EXACT, FIRST_SEEN, VALID_FROM, Kinds

NAME = "_manifest.json"
FORMAT = 1


@dataclass(frozen=True)
class Part:
    """One Parquet file: `first` is the least key of the range of keys that belong into it."""

    file: str
    rows: int
    bytes: int = 0
    first: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Manifest:
    """The state of one table.

    `key` names the columns that tell rows apart (place, then id); `place` those that say where a row was asked. Without an
    id among them, rows are replaced place by place. `since` is the frozen start of the last read of each place, `names` are
    those of projects, `fields` the columns of custom fields by their keys.
    """

    table: str
    path: str
    generation: int = 0
    place: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    has_id: bool = True
    unique: bool = True
    columns: Kinds = field(default_factory=dict)
    exact: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    ended: tuple[Part, ...] = ()
    header: str = ""
    rows: int = 0
    deleted: int = 0
    arguments: dict[str, Any] = field(default_factory=dict)
    history: bool = False
    drop_personal: bool = False
    since: dict[str, list[str]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)
    synced_at: str = ""
    whole_at: str = ""
    last: dict[str, Any] = field(default_factory=dict)
    format: int = FORMAT

    @property
    def extra(self) -> tuple[str, ...]:
        """The bookkeeping columns of every part."""
        return (*(EXACT + name for name in self.exact), FIRST_SEEN, VALID_FROM)

    def since_of(self) -> dict[str, str]:
        """The frozen start of the last read of each place."""
        return {place: moment for moment, places in self.since.items() for place in places}

    def text(self) -> bytes:
        """As JSON."""
        return orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2)


def read_manifest(data: bytes, where: str) -> Manifest:
    """The manifest of its JSON.

    Raises
    ------
    OutputError
        If it cannot be read, or was written by a later version of this package.
    """
    try:
        told = orjson.loads(data)
        if told["format"] > FORMAT:
            raise OutputError(
                f"{where} was written by a later version of procore_nb.",
                advice="Update this one: pip install -U procore-nb",
            )
        for name in ("parts", "ended"):
            told[name] = tuple(Part(**{**one, "first": tuple(one["first"])}) for one in told[name])
        for name in ("place", "key", "exact"):
            told[name] = tuple(told[name])
        return Manifest(**told)
    except (ValueError, KeyError, TypeError) as error:
        raise OutputError(
            f"{where} cannot be read as a table of a store.",
            advice="Remove the table's folder, and sync it again.",
        ) from error


def grouped(since: dict[str, str]) -> dict[str, list[str]]:
    """Places by the start of their last read: few starts, many places."""
    groups: dict[str, list[str]] = {}
    for place, moment in since.items():
        groups.setdefault(moment, []).append(place)
    return groups


def moment_text(moment: datetime) -> str:
    """A UTC time as text."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def moment_of(text: str) -> datetime:
    """The UTC time of its text."""
    return datetime.fromisoformat(text)


__all__ = [
    "FORMAT",
    "NAME",
    "Manifest",
    "Part",
    "grouped",
    "moment_of",
    "moment_text",
    "read_manifest",
    "replace",
]
