"""Pictures of rectangles, discs and text, written as PNG or PDF by hand: no library of pictures is needed for them.

In: marks in units of a picture. Out: the bytes of a PNG (one pixel a unit) or of a one-page PDF (one point a unit). Bytes of a size
asked for: what is missing is filled with a comment, which every reader passes over.
"""

from __future__ import annotations

import struct
import unicodedata
import zlib
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from procore_nb.demo.company import read_facts

Colour = tuple[int, int, int]
_FIRST, _UNKNOWN = 32, 31 * 5  # of the letters: code of the first, where the question mark is


class _Mark(NamedTuple):
    colour: Colour
    x: float
    y: float
    width: float = 0.0
    height: float = 0.0
    words: str = ""
    round: bool = False


class Raster:
    """What is drawn first lies below; x goes right and y down, text stands on y."""

    def __init__(self, width: int, height: int, paper: Colour = (255, 255, 255)) -> None:
        self.width, self.height = width, height
        self._marks = [_Mark(paper, 0, 0, width, height)]

    def rect(self, colour: Colour, x: float, y: float, width: float, height: float) -> None:
        """Filled rectangle."""
        self._marks.append(_Mark(colour, x, y, width, height))

    def frame(self, colour: Colour, x: float, y: float, width: float, height: float, line: float = 2) -> None:
        """Empty rectangle with a line around it."""
        for top in (y, y + height - line):
            self.rect(colour, x, top, width, line)
        for left in (x, x + width - line):
            self.rect(colour, left, y, line, height)

    def disc(self, colour: Colour, x: float, y: float, radius: float) -> None:
        """Filled disc around a point; a square in a PDF."""
        self._marks.append(_Mark(colour, x - radius, y - radius, 2 * radius, 2 * radius, round=True))

    def text(self, colour: Colour, x: float, y: float, size: float, words: str) -> None:
        """One line of text."""
        self._marks.append(_Mark(colour, x, y, 0, size, words))

    def png(self, *, each: int = 1, size: int = 0) -> bytes:
        """PNG with every pixel, or only each second, third …, filled up to a size in bytes."""
        colours = list(dict.fromkeys(mark.colour for mark in self._marks))
        pixels = np.zeros((self.height, self.width), np.uint8)
        for mark in self._marks:
            _paint(pixels, mark, colours.index(mark.colour))
        pixels = pixels[::each, ::each]
        lines = np.zeros((len(pixels), pixels.shape[1] + 1), np.uint8)  # each begins with its filter, none
        lines[:, 1:] = pixels
        head = struct.pack(">IIBBBBB", pixels.shape[1], len(pixels), 8, 3, 0, 0, 0)
        parts = [_chunk(b"IHDR", head), _chunk(b"PLTE", bytes(value for one in colours for value in one))]
        parts += [_chunk(b"IDAT", zlib.compress(lines.tobytes(), 1)), _chunk(b"IEND", b"")]
        missing = size - 8 - sum(map(len, parts)) - 12
        if missing > 8:
            parts.insert(2, _chunk(b"tEXt", b"Comment\0".ljust(missing, b" ")))
        return b"\x89PNG\r\n\x1a\n" + b"".join(parts)

    def pdf(self, *, size: int = 0) -> bytes:
        """PDF of one page, filled up to a size in bytes."""
        return pdf_of([b"\n".join(map(self._operator, self._marks))], self.width, self.height, size=size)

    def _operator(self, mark: _Mark) -> bytes:
        ink = b"%.3f %.3f %.3f rg " % tuple(value / 255 for value in mark.colour)
        if mark.words:
            return ink + _line(mark.x, self.height - mark.y, mark.height, mark.words)
        box = (mark.x, self.height - mark.y - mark.height, mark.width, mark.height)
        return ink + b"%.1f %.1f %.1f %.1f re f" % box


def pdf_of(pages: list[bytes], width: int, height: int, *, size: int = 0) -> bytes:
    """PDF of pages of operators, filled up to a size in bytes."""
    numbers = [4 + 2 * page for page in range(len(pages))]
    kids = " ".join(f"{number} 0 R" for number in numbers)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for number, page in zip(numbers, pages, strict=True):
        packed = zlib.compress(page)
        about = f"/MediaBox [0 0 {width} {height}] /Resources << /Font << /F1 3 0 R >> >>"
        objects.append(f"<< /Type /Page /Parent 2 0 R {about} /Contents {number + 1} 0 R >>".encode())
        objects.append(
            b"<< /Length %d /Filter /FlateDecode >>\nstream\n%b\nendstream" % (len(packed), packed)
        )
    body = _written(objects, 0)
    return _written(objects, size - len(body)) if size else body


def _written(objects: list[bytes], filling: int) -> bytes:
    body, offsets = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", []
    if filling > 1:
        body += b"%".ljust(filling - 1, b" ") + b"\n"
    for number, one in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%b\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    count = len(objects) + 1
    return body + b"xref\n0 %d\n0000000000 65535 f \n%btrailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%09d\n%%%%EOF\n" % (
        count, table, count, len(body),
    )  # fmt: skip


def text_operators(lines: list[tuple[float, str]], height: int) -> bytes:
    """Operators of a page of text, from size and words of each line."""
    found, y = [], height - 60.0
    for size, words in lines:
        found.append(_line(56, y, size, words))
        y -= size * 1.5
    return b"\n".join(found)


def _line(x: float, y: float, size: float, words: str) -> bytes:
    text = words.encode("cp1252", "replace")
    for special in (b"\\", b"(", b")"):
        text = text.replace(special, b"\\" + special)
    return b"BT /F1 %.1f Tf %.1f %.1f Td (%b) Tj ET" % (size, x, y, text)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _paint(pixels: npt.NDArray[np.uint8], mark: _Mark, ink: int) -> None:
    if mark.words:
        _write(pixels, mark, ink)
        return
    top, left = max(0, round(mark.y)), max(0, round(mark.x))
    below, right = max(top, round(mark.y + mark.height)), max(left, round(mark.x + mark.width))
    part = pixels[top:below, left:right]
    if mark.round:
        y, x = np.ogrid[top : top + part.shape[0], left : left + part.shape[1]]
        radius = mark.width / 2
        part[(y - mark.y - radius) ** 2 + (x - mark.x - radius) ** 2 <= radius**2] = ink
    else:
        part[:] = ink


def _write(pixels: npt.NDArray[np.uint8], mark: _Mark, ink: int) -> None:
    """Text in capitals of 5 by 7 dots; letters that are not among them are question marks."""
    letters, each = bytes.fromhex(read_facts("files")["letters"]), max(1, round(mark.height / 9))
    plain = unicodedata.normalize("NFKD", mark.words.replace("–", "-").upper())
    codes = [ord(one) - _FIRST for one in plain if not unicodedata.combining(one)]
    known = [code * 5 if 0 <= code < len(letters) // 5 else _UNKNOWN for code in codes]
    columns = np.frombuffer(b"\0".join(letters[start : start + 5] for start in known), np.uint8)
    dots = np.unpackbits(columns, bitorder="little").reshape(-1, 8).T[:7].repeat(each, 0).repeat(each, 1)
    top, left = max(0, round(mark.y) - len(dots)), round(mark.x)
    part = pixels[top : top + len(dots), left : left + dots.shape[1]]
    part[dots[: part.shape[0], : part.shape[1]] == 1] = ink
