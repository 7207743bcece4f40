"""What a query string asks: names, filters, ranges, sorts, in the notations Procore's guides show.

In: a raw query string. Out: `Query`. Source: https://developers.procore.com/documentation/filtering-on-list-actions.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from urllib.parse import parse_qsl

import orjson

from procore_nb.demo.http_messages import bad_request

_NAMES = re.compile(r"\[([^\]]*)\]")


class Query:
    """A query string, read once.

    Arrays come as `filters[id][]=1&filters[id][]=2` or as `filters[id]=[1,2]`; ranges as `start...end`, with or
    without double quotes.
    """

    def __init__(self, raw: str) -> None:
        self.raw = raw
        self.values: dict[str, list[str]] = {}  # by the parameter's name as sent, a trailing `[]` taken off
        for name, value in parse_qsl(raw, keep_blank_values=True):
            self.values.setdefault(name.removesuffix("[]"), []).append(value)
        # Not functools.cached_property: in Python 3.11 its lock is shared by all queries, and lost to a forked child.
        self._filters: dict[str, list[str]] | None = None

    def one(self, name: str) -> str:
        """Last value of a parameter; empty if absent."""
        return self.values.get(name, [""])[-1]

    @property
    def filters(self) -> dict[str, list[str]]:
        """Values of each `filters[name]`; `filters[name][gt]` is named "name.gt"."""
        if self._filters is None:
            self._filters = self._read_filters()
        return self._filters

    def _read_filters(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name, values in self.values.items():
            if not name.startswith("filters["):
                continue
            parts = _NAMES.findall(name)
            if "".join(f"[{part}]" for part in parts) != name.removeprefix("filters"):
                raise bad_request(f"{name} is not a filter.", name)
            wanted = [item for value in values for item in split_list(value)]
            found.setdefault(".".join(part for part in parts if part), []).extend(wanted)
        return found

    @property
    def sorts(self) -> list[tuple[str, bool]]:
        """Fields to sort by, each with True for descending."""
        if attribute := self.one("sort[attribute]"):
            return [(attribute, self.one("sort[direction]").lower().startswith("desc"))]
        wanted = [item.strip() for item in self.one("sort").split(",")]
        return [(item.lstrip("-+"), item.startswith("-")) for item in wanted if item]


def split_list(value: str) -> list[str]:
    """Items of `[1,2]`; any other text is its own only item."""
    if not (value.startswith("[") and value.endswith("]")):
        return [value]
    try:
        items = orjson.loads(value)
    except orjson.JSONDecodeError:
        return [item.strip().strip("\"'") for item in value[1:-1].split(",") if item.strip()]
    return [item if isinstance(item, str) else orjson.dumps(item).decode() for item in items]


def read_moment(text: str, *, end: bool = False) -> datetime:
    """Time of an ISO text in UTC; a bare date is its first moment, or its last with `end`."""
    text = text.strip()
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        day = date.fromisoformat(text)
        return datetime.combine(day, time.max if end else time.min, UTC)
    moment = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def read_range(text: str, source: str) -> tuple[datetime | None, datetime | None]:
    """Both ends of `start...end`, inclusive; an empty end is open; one moment stands for its whole day."""
    start, dots, finish = text.replace('"', "").strip().partition("...")
    try:
        if not dots:
            return read_moment(start), read_moment(start[:10], end=True)
        first = read_moment(start) if start.strip() else None
        last = read_moment(finish, end=True) if finish.strip() else None
    except ValueError as error:
        raise bad_request(f"{source} is not a range of dates: {text}", source) from error
    return first, last
