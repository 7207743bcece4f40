"""Endpoints made up for these tests: anything with `.fields` will do."""

from __future__ import annotations

from typing import Any, NamedTuple


class Field(NamedTuple):
    name: str
    type: str
    format: str = ""
    enum: Any = ()


class Endpoint(NamedTuple):
    fields: tuple[Field, ...]
    name: str | None = None
    id_type: str = "integer"
    version: str = "v1.0"
    module: str = ""


def declare(
    *rows: str, name: str | None = None, id_type: str = "integer", version: str = "v1.0", module: str = ""
) -> Endpoint:
    """An endpoint from lines such as "due_date string date"."""
    return Endpoint(tuple(Field(*row.split()) for row in rows), name, id_type, version, module)
