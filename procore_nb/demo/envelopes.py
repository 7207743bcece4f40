"""Where the rows of a list are in a reply's body: bare, under a key, or in groups.

In: rows and the envelope of the catalogue. Out: the body as bytes. Speaks to no service.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson

_GROUP = "group_"


def enclosed(
    rows: Iterable[Any],
    write: Callable[[Any], bytes],
    envelope: str,
    *,
    about: Mapping[str, Any] | None = None,
) -> bytes:
    """Rows as the body of a reply; `about` is what each group says besides, such as the number of pages."""
    if envelope.endswith("{}"):
        return wrap(_keyed(rows, write), envelope.removesuffix("{}"))
    outer, _, inside = envelope.partition("[].")
    parts = _groups(rows, write, inside, about or {}) if inside else map(write, rows)
    return wrap(b"[" + b",".join(parts) + b"]", outer)


def wrap(body: bytes, envelope: str) -> bytes:
    """Array inside the objects named by a dotted path."""
    for key in reversed(envelope.split(".")) if envelope else ():
        body = b'{"' + key.encode() + b'":' + body + b"}"
    return body


def _keyed(rows: Iterable[Any], write: Callable[[Any], bytes]) -> bytes:
    """Rows in an object whose keys are the names of their groups."""
    groups: dict[str, list[bytes]] = {}
    for row in rows:
        own = {key: value for key, value in row.items() if not key.startswith(_GROUP)}
        groups.setdefault(str(row.get("group_name") or "All"), []).append(write(own))
    return (
        b"{"
        + b",".join(orjson.dumps(name) + b":[" + b",".join(held) + b"]" for name, held in groups.items())
        + b"}"
    )


def _groups(
    rows: Iterable[Any], write: Callable[[Any], bytes], inside: str, about: Mapping[str, Any]
) -> list[bytes]:
    """Rows in groups of those whose `group_…` keys agree, which become the group's own keys."""
    groups: dict[bytes, list[bytes]] = {}
    for row in rows:
        own = {key: value for key, value in row.items() if not key.startswith(_GROUP)}
        shared = {_bare(key): value for key, value in row.items() if key.startswith(_GROUP)}
        groups.setdefault(orjson.dumps({**about, **shared}), []).append(write(own))
    if not groups and about:
        groups[orjson.dumps(about)] = []
    return [
        head[:-1] + (b"," if len(head) > 2 else b"") + b'"%b":[%b]}' % (inside.encode(), b",".join(held))
        for head, held in groups.items()
    ]


def _bare(key: str) -> str:
    return key if key == "group_title" else key.removeprefix(_GROUP)
