"""The table of an HTML output as Markdown.

In: what a frame shows in a notebook. Out: a Markdown table, or nothing for other HTML. Pure.
"""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

_NUMBER = re.compile(r"[-+]?[\d,]*\.?\d+%?")


def markdown_table(source: str) -> str:
    """The only table of the HTML as Markdown; empty if there is none, or more than a table."""
    if source.count("<table") != 1 or "<details" in source:
        return ""
    reader = _Rows()
    reader.feed(source)
    head, body = _joined(reader.head), reader.body
    width = max(map(len, [head, *body]), default=0)
    if not width:
        return ""
    head = head or [""] * width
    numeric = [_all_numbers([row[place] for row in body if place < len(row)]) for place in range(width)]
    rule = ["---:" if right else "---" for right in numeric]
    return "\n".join(_line(row, width) for row in [head, rule, *body])


def _joined(rows: list[list[str]]) -> list[str]:
    """One row of headings: a row that names the index fills the empty places above it."""
    joined: list[str] = []
    for row in rows:
        padded = [*joined, *[""] * (len(row) - len(joined))]
        joined = [above or below for above, below in zip(padded, row, strict=False)]
    return joined


def _all_numbers(cells: list[str]) -> bool:
    told = [cell for cell in cells if cell]
    return bool(told) and all(_NUMBER.fullmatch(cell) for cell in told)


def _line(cells: list[str], width: int) -> str:
    return f"| {' | '.join([*cells, *[''] * (width - len(cells))])} |"


def _as_text(cell: str) -> str:
    """Text that Markdown takes as text."""
    plain = html.escape(" ".join(cell.split()), quote=False)
    return re.sub(r"([|*`$\[\]\\])", r"\\\1", plain)


class _Rows(HTMLParser):
    """Collects the cells of a table by rows; those of its head by themselves."""

    def __init__(self) -> None:
        super().__init__()
        self.head: list[list[str]] = []
        self.body: list[list[str]] = []
        self._in_head = False
        self._row: list[str] = []
        self._cell: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "thead":
            self._in_head = True
        elif tag == "tr":
            self._row = []
        elif tag in ("td", "th"):
            self._cell = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "thead":
            self._in_head = False
        elif tag in ("td", "th") and self._cell is not None:
            self._row.append(_as_text(self._cell))
            self._cell = None
        elif tag == "tr":
            (self.head if self._in_head else self.body).append(self._row)

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell += data
