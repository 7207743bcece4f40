"""One column while its pages come in.

In: the values of one path, page by page. Out: one typed array. Speaks to no service.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from procore_nb.frames.arrays import Piece, joined, numbered, packed, unpacked
from procore_nb.frames.flatten import Column
from procore_nb.frames.parse import ParseIssues, read, read_at_once
from procore_nb.frames.types import LogicalType

PROMISED = (-1, 0)  # where a column stands that exists even without records


@dataclass
class ColumnBuilder:
    """One column so far: its kind if that is settled, where it was first seen, and its pieces."""

    kind: LogicalType | None
    seen: tuple[int, int] = PROMISED
    pieces: list[tuple[int, LogicalType, Any]] = field(default_factory=list)
    trouble: ParseIssues = field(default_factory=ParseIssues)
    maybe_number: bool = False
    """Ids that may come as numbers or as text: a number column unless one of them has letters."""

    @property
    def says_something(self) -> bool:
        """Whether there is more here than nulls, or its kind is known."""
        return bool(self.pieces) or self.seen == PROMISED or self.kind is not None

    def add(self, column: Column, block: int, by_name: LogicalType, place: int) -> None:
        """Read one page's values; `by_name` is the kind as long as nothing else settles it."""
        _, values, types, _ = column
        kind = self.kind or ("list" if any(issubclass(one, list) for one in types) else by_name)
        if kind == "text" and self.maybe_number:
            numbers = read_at_once("integer", values, types)
            if numbers is not None:
                self.pieces.append((block, "integer", numbers))
                return
        self.pieces.append((block, kind, packed(kind, read(kind, values, types, self.trouble, place))))

    def whole(self, by_name: LogicalType, starts: Sequence[int], counts: Sequence[int], rows: int) -> Any:
        """All pages as one array, and no piece kept. A column is a list if any page of it has lists."""
        kinds = {kind for _, kind, _ in self.pieces}
        kind = self.kind or ("list" if "list" in kinds else by_name)
        doubtful = kind == "text" and self.maybe_number
        if doubtful and kinds <= {"integer"}:
            kind, doubtful = "integer", False
        pieces = [
            Piece(starts[block], counts[block], values if own == kind else self._fitted(values, kind))
            for block, own, values in sorted(self.pieces, key=lambda piece: starts[piece[0]])
        ]
        self.pieces.clear()
        whole = joined(kind, rows, pieces)
        numbers = numbered(whole) if doubtful else None
        return whole if numbers is None else numbers

    def _fitted(self, values: Any, kind: LogicalType) -> Any:
        """A page that was read as another kind, before this one was known."""
        plain = unpacked(values)
        return packed(kind, read(kind, plain, set(map(type, plain)), self.trouble))
