"""The shape of a list's rows as a tree, from the catalogue's dotted fields.

In: an endpoint. Out: `Shape`: what a row, and everything inside it, looks like.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from procore_nb.catalog import Endpoint, Field


@dataclass
class Shape:
    """One key: its JSON type, and the keys inside it.

    `listed` says that there are several of it, `precise` that its times show thousandths of a second.
    """

    name: str
    type: str = "object"
    format: str = ""
    enum: tuple[str, ...] = ()
    listed: bool = False
    precise: bool = False
    inside: dict[str, Shape] = field(default_factory=dict)
    _blank: dict[str, Any] = field(default_factory=dict)

    def blank(self) -> dict[str, Any]:
        """A new object with every key inside: null, or none of what there may be several of."""
        if not self._blank:
            self._blank = {name: [] if inner.listed else None for name, inner in self.inside.items()}
        return self._blank.copy()


@lru_cache(maxsize=1024)
def shape_of(endpoint: Endpoint) -> Shape:
    """Shape of one row; a row without a name is a bare value."""
    root, precise = Shape(""), endpoint.version.startswith("v2")
    for one in endpoint.all_fields:
        if not one.name:
            return Shape("", one.type, one.format, one.enum)
        if not one.stand_in:
            _place(root, one, precise=precise)
    return root


def _place(root: Shape, one: Field, *, precise: bool) -> None:
    node = root
    for part in one.name.split("."):
        name = part.removesuffix("[]")
        node = node.inside.setdefault(name, Shape(name, precise=precise))
        node.listed = node.listed or part.endswith("[]")
    node.type = one.type.removeprefix("array<").removesuffix(">")
    node.format, node.enum = one.format, one.enum
