"""Pictures of rectangles, discs and text, as PNG and as PDF.

In: marks in units of a picture. Out: the bytes of a PNG (one pixel a unit) or of a one-page PDF (one point a unit), the PDF written
by hand: its text is text. Bytes of a size asked for: what is missing is filled with a comment, which every reader passes over.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

from matplotlib import get_data_path
from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import putchunk

Colour = tuple[int, int, int]


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    path = str(Path(get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf")
    return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)


class Raster:
    """What is drawn first lies below; x goes right and y down, text stands on y."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._marks: list[Callable[[ImageDraw.ImageDraw], None]] = []
        self._page: list[bytes] = []  # operators of the PDF
        self.rect((255, 255, 255), 0, 0, width, height)

    def rect(self, colour: Colour, x: int, y: int, width: int, height: int) -> None:
        """Filled rectangle."""
        corners = (x, y, x + width - 1, y + height - 1)
        self._marks.append(lambda draw: draw.rectangle(corners, colour))
        self._operator(colour, b"%d %d %d %d re f" % (x, self.height - y - height, width, height))

    def frame(self, colour: Colour, x: int, y: int, width: int, height: int, line: int) -> None:
        """Empty rectangle with a line around it."""
        for top in (y, y + height - line):
            self.rect(colour, x, top, width, line)
        for left in (x, x + width - line):
            self.rect(colour, left, y, line, height)

    def disc(self, colour: Colour, x: int, y: int, radius: int) -> None:
        """Filled disc around a point; not in a PDF."""
        corners = (x - radius, y - radius, x + radius, y + radius)
        self._marks.append(lambda draw: draw.ellipse(corners, colour))

    def text(self, colour: Colour, x: int, y: int, size: int, words: str) -> None:
        """One line of text in letters of Western Europe; others are question marks."""
        shown = "".join(one if one.isprintable() else "?" for one in words).encode("cp1252", "replace")
        letters = shown.decode("cp1252")
        self._marks.append(lambda draw: draw.text((x, y), letters, colour, _font(size), anchor="ls"))
        for special in (b"\\", b"(", b")"):
            shown = shown.replace(special, b"\\" + special)
        self._operator(colour, b"BT /F1 %d Tf %d %d Td (%b) Tj ET" % (size, x, self.height - y, shown))

    def _operator(self, colour: Colour, marks: bytes) -> None:
        self._page.append(b"%.3f %.3f %.3f rg " % tuple(value / 255 for value in colour) + marks)

    def png(self, *, each: int = 1, size: int = 0) -> bytes:
        """PNG with every pixel, or only each second, third …, filled up to a size in bytes."""
        image = Image.new("P", (self.width, self.height))
        draw = ImageDraw.Draw(image)
        for mark in self._marks:
            mark(draw)
        small = image.resize((-(-self.width // each), -(-self.height // each)), Image.Resampling.NEAREST)
        stream = io.BytesIO()
        small.save(stream, "PNG", compress_level=1)
        body = stream.getvalue()
        comment = size - len(body) - 12  # what a part takes besides its content
        if comment > 8:
            stream.seek(-12, io.SEEK_END)
            putchunk(stream, b"tEXt", b"Comment\0".ljust(comment, b" "))
            stream.write(body[-12:])
        return stream.getvalue()

    def pdf(self, *, size: int) -> bytes:
        """PDF of one page, filled up to a size in bytes."""
        packed = zlib.compress(b"\n".join(self._page))
        objects = [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [4 0 R] /Count 1 >>",
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Resources << /Font << /F1 3 0 R >> >> /Contents 5 0 R >>"
            % (self.width, self.height),
            b"<< /Length %d /Filter /FlateDecode >>\nstream\n%b\nendstream" % (len(packed), packed),
        ]
        return _as_pdf(objects, size - len(_as_pdf(objects, 0)))


def _as_pdf(objects: list[bytes], filling: int) -> bytes:
    body, offsets = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", b""
    if filling > 1:
        body += b"%".ljust(filling - 1, b" ") + b"\n"
    for number, one in enumerate(objects, 1):
        offsets += b"%010d 00000 n \n" % len(body)
        body += b"%d 0 obj\n%b\nendobj\n" % (number, one)
    count = len(objects) + 1
    table = b"xref\n0 %d\n0000000000 65535 f \n%b" % (count, offsets)
    return b"%b%btrailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%09d\n%%%%EOF\n" % (
        body,
        table,
        count,
        len(body),
    )
