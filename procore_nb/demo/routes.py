"""Which address is which question.

In: path templates such as `/rest/v1.0/projects/{project_id}/rfis`. Out: for a path, what was registered for the template
it fits and the values of its placeholders. A literal segment wins over a placeholder.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, TypeVar
from urllib.parse import unquote

T = TypeVar("T")


@dataclass
class _Node(Generic[T]):
    literal: dict[str, _Node[T]] = field(default_factory=dict)
    anything: _Node[T] | None = None
    names: tuple[str, ...] = ()
    value: T | None = None


class Routes(Generic[T]):
    """Templates and what each stands for."""

    def __init__(self) -> None:
        self._root: _Node[T] = _Node()

    def add(self, template: str, value: T) -> None:
        """Register a template; the first registration of an address stays."""
        node, names = self._root, []
        for part in template.strip("/").split("/"):
            if part.startswith("{"):
                names.append(part.strip("{}"))
                node.anything = node.anything or _Node()
                node = node.anything
            else:
                node = node.literal.setdefault(part, _Node())
        if node.value is None:
            node.value, node.names = value, tuple(names)

    def find(self, path: str) -> tuple[T, dict[str, str]] | None:
        """What a path stands for, with its placeholders' values; None if nothing fits."""
        parts = [unquote(part) for part in path.removesuffix("/").split("/")[1:]]
        return _walk(self._root, parts, ())


def _walk(node: _Node[T], parts: list[str], values: tuple[str, ...]) -> tuple[T, dict[str, str]] | None:
    if not parts:
        if node.value is None:
            return None
        return node.value, dict(zip(node.names, values, strict=True))
    part, rest = parts[0], parts[1:]
    if part in node.literal:
        found = _walk(node.literal[part], rest, values)
        if found is not None:
            return found
    if node.anything is not None and part:
        return _walk(node.anything, rest, (*values, part))
    return None
