"""What is in the demo's files: photos of the site, drawing sheets, and pages, drawn from the story of their project.

In: a file and the portfolio. Out: its bytes, always the same and of the size its record says: what is missing is filled with a comment,
which every reader passes over. A photo shows the weather of its day and the building as far as it had come; a sheet its number, title and
revision. A PNG has one pixel for each unit of its picture, a PDF one point; the PDF is written by hand, so that its text is text.
"""

from __future__ import annotations

import io
import random
import re
import zipfile
import zlib
from collections.abc import Callable
from datetime import date
from functools import cache
from html import escape
from pathlib import Path

from matplotlib import get_data_path
from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import putchunk

from procore_nb.catalog import endpoint
from procore_nb.demo.company import read_facts
from procore_nb.demo.portfolio import Portfolio
from procore_nb.demo.stored_files import StoredFile
from procore_nb.demo.tables.dailylogs import weather
from procore_nb.demo.tables.documents import DISCIPLINES
from procore_nb.demo.tables.plan import works
from procore_nb.demo.tables.registry import RequestContext

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
        printable = "".join(letter if letter.isprintable() else "?" for letter in words)
        letters = printable.encode("cp1252", "replace")
        shown = letters.decode("cp1252")
        self._marks.append(lambda draw: draw.text((x, y), shown, colour, _font(size), anchor="ls"))
        escaped = re.sub(rb"([\\()])", rb"\\\1", letters)
        self._operator(colour, b"BT /F1 %d Tf %d %d Td (%b) Tj ET" % (size, x, self.height - y, escaped))

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
    for number, content in enumerate(objects, 1):
        offsets += b"%010d 00000 n \n" % len(body)
        body += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    count = len(objects) + 1
    table = b"xref\n0 %d\n0000000000 65535 f \n%b" % (count, offsets)
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%09d\n%%%%EOF\n" % (count, len(body))
    return body + table + trailer


PHOTO, SHEET, PAGE = (640, 480), (1192, 842), (595, 842)
_INK, _GREY, _WHITE = (40, 44, 52), (150, 154, 160), (255, 255, 255)
_RED, _YELLOW = (200, 30, 40), (240, 180, 20)


def body_of(file: StoredFile, portfolio: Portfolio) -> bytes:
    """Content of a file."""
    company = portfolio.company_of(file.company) or portfolio.company
    context = RequestContext(endpoint("images"), portfolio, company, portfolio.find(company, file.project))
    if file.suffix == "xlsx":
        return _workbook(_lines(context, file), file.size)
    if file.suffix == "txt":
        text = "\n".join(_lines(context, file)).encode()
        return text[: file.size - 1].ljust(file.size - 1) + b"\n"
    drawn = {"photo": _photo, "sheet": _sheet}.get(file.kind[:5], _page)(context, file)
    if file.suffix == "pdf":
        return drawn.pdf(size=file.size)
    return drawn.png(each=int(file.kind[5:] or 1), size=file.size)


def _title(context: RequestContext) -> str:
    return context.target.display_name if context.target else context.company.name


def _lines(context: RequestContext, file: StoredFile) -> list[str]:
    """Text of a page."""
    name = file.name.rpartition(".")[0] or file.name
    lines = [name, "", _title(context), f"{context.company.name}, {file.day}", ""]
    if (project := context.target) is not None:
        day, term = date.fromisoformat(file.day), works(context)
        seen = weather(context, day)
        lines += [f"{project.building} in {project.street.city}, {project.street.country_code}"]
        lines += [f"Weather: {seen.sky.lower()}, {seen.low} to {seen.high} °C, {seen.rain} mm of rain"]
        lines += [f"Work done: {term.done(day):.0%}" if term else "Work has not begun."]
    return [*lines, "", f"File {file.number} of a made-up portfolio."]


def _page(context: RequestContext, file: StoredFile) -> Raster:
    picture = Raster(*PAGE)
    for row, words in enumerate(_lines(context, file)):
        picture.text((0, 0, 0), 56, 60 + row * 17, 11 if row else 18, words)
    return picture


def _photo(context: RequestContext, file: StoredFile) -> Raster:
    """The site from one of its sides."""
    day, (wide, high) = date.fromisoformat(file.day), PHOTO
    draw, picture, project = random.Random(file.number), Raster(*PHOTO), context.target
    term, seen = (works(context), weather(context, day)) if project else (None, None)
    done, sky = term.done(day) if term else 0.0, seen.sky if seen else "Clear"
    for step in range(20):
        red, green, blue = (
            a + (b - a) * step // 19 for a, b in zip(*read_facts("files")["skies"][sky], strict=True)
        )
        picture.rect((red, green, blue), 0, step * 19, wide, 19)
    if sky in ("Clear", "Partly Cloudy"):
        picture.disc((255, 236, 150), 60 + draw.randrange(500), 60, 26)
    for _ in range({"Partly Cloudy": 5, "Cloudy": 14}.get(sky, 0)):
        x, y = draw.randrange(wide), draw.randrange(20, 140)
        for step in range(4):
            picture.disc((232, 236, 240), x + step * 22, y - step % 2 * 8, 18)
    sandy = project is not None and project.street.region == "Gulf"
    ground = (238, 240, 242) if sky == "Snow" else (205, 180, 130) if sandy else (120, 104, 80)
    picture.rect(ground, 0, 370, wide, high - 370)
    _building(context, picture, draw, done)
    colour, size = (_WHITE, (3, 3)) if sky == "Snow" else ((185, 195, 205), (1, 9))
    for _ in range(260 if sky in ("Rain", "Snow") else 0):
        picture.rect(colour, draw.randrange(wide), draw.randrange(high - 60), *size)
    picture.rect((20, 22, 26), 0, high - 56, wide, 56)
    picture.text(_WHITE, 12, high - 32, 17, _title(context)[:50])
    degrees = f"{seen.low} to {seen.high} °C" if seen else ""
    picture.text((255, 200, 90), 12, high - 10, 17, f"{file.day}  {sky}  {degrees}  {done:.0%} done")
    return picture


def _building(context: RequestContext, picture: Raster, draw: random.Random, done: float) -> None:
    """The building, storey by storey: frame first, walls after; a crane as long as it is wanted."""
    look = context.random("look")
    storeys, bays, wall = (
        look.randrange(3, 9),
        look.randrange(6, 11),
        tuple(look.choice(read_facts("files")["walls"])),
    )
    left, storey, bay = 90 + draw.randrange(60), 30, 36
    built = round(storeys * min(1.0, done / 0.55))
    clad = round(storeys * min(1.0, max(0.0, done - 0.35) / 0.5))
    picture.rect((88, 74, 56), left - 14, 372, bays * bay + 28, 16)
    for floor in range(built):
        top = 372 - (floor + 1) * storey
        if floor < clad:
            picture.rect(wall, left, top, bays * bay, storey)
        picture.rect(_GREY, left, top, bays * bay, 4)
        for column in range(bays + 1):
            if floor >= clad:
                picture.rect(_GREY, left + column * bay, top, 4, storey)
            elif column < bays:
                window = (90, 120, 150) if (column + floor) % 3 else (150, 180, 205)
                picture.rect(window, left + column * bay + 10, top + 9, 16, 15)
    if 0 < done < 0.8:
        mast, top = left + bays * bay + 30, max(30, 372 - storeys * storey - 50)
        picture.rect(_YELLOW, mast, top, 7, 372 - top)
        picture.rect(_YELLOW, mast - 190, top, 260, 6)
        picture.rect(_INK, mast - draw.randrange(60, 180), top, 2, 60 + draw.randrange(60))
        picture.rect(_INK, mast + 52, top, 18, 18)


def _sheet(context: RequestContext, file: StoredFile) -> Raster:
    """A drawing: axes, walls and what its discipline puts between them; the walls are the same in every revision."""
    number, _, rest = file.name.rpartition(".")[0].partition(" ")
    title, _, revision = rest.rpartition(", revision ")
    picture, draw, (wide, high) = Raster(*SHEET), context.random(f"sheet:{number}"), SHEET
    picture.frame(_INK, 20, 20, wide - 40, high - 40, 3)
    axes = [140 + step * 110 for step in range(7)]
    for x, letter in zip(axes, "ABCDEFG", strict=True):
        picture.rect(_GREY, x, 90, 1, 560)
        picture.text(_INK, x - 4, 82, 16, letter)
    for row, y in enumerate(range(120, 641, 130), 1):
        picture.rect(_GREY, 100, y, 740, 1)
        picture.text(_INK, 80, y + 6, 16, str(row))
    picture.frame(_INK, axes[0], 120, 660, 520, 6)
    for x in draw.sample(axes[1:-1], 3):
        picture.rect(_INK, x - 2, 120, 4, draw.randrange(2, 5) * 130)
    for y in draw.sample((250, 380, 510), 2):
        picture.rect(_INK, axes[0], y - 2, draw.randrange(3, 7) * 110, 4)
    inks = {"A": (178, 92, 70), "S": _INK, "M": (30, 110, 180), "E": (200, 140, 20), "C": (60, 130, 80)}
    ink = inks.get(number[:1], _INK)
    for _ in range(40):
        picture.frame(ink, draw.randrange(150, 780), draw.randrange(130, 620), 14, 14, 3)
    for change in range(int(revision) if revision.isdigit() else 0):
        x, y = 160 + change * 140, 180 + change * 90
        picture.frame(_RED, x, y, 90, 60, 2)
        picture.text(_RED, x + 96, y + 14, 14, f"REV {change + 1}")
    names = {letter: name for name, letter, _titles in DISCIPLINES}
    picture.frame(_INK, 20, 700, wide - 40, high - 720, 3)
    picture.text(_INK, 40, 732, 20, _title(context))
    picture.text(_INK, 40, 764, 14, context.company.name)
    picture.text(_INK, 40, 794, 14, names.get(number[:1], ""))
    picture.text(_INK, 700, 736, 14, title)
    picture.text(_INK, 700, 764, 14, f"Revision {revision}   {file.day}")
    picture.text(_INK, 700, 794, 14, "Made up for the demo")
    picture.text(_INK, 1000, 790, 44, number)
    return picture


def _workbook(lines: list[str], size: int) -> bytes:
    """Workbook of one sheet with a line in each row, and a comment of the archive that fills it up."""
    rows = "".join(f'<row><c t="inlineStr"><is><t>{escape(line)}</t></is></c></row>' for line in lines)
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    packages = "http://schemas.openxmlformats.org/package/2006"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    relation = '<Relationships xmlns="{0}/relationships"><Relationship Id="rId1" Type="{1}/{2}" Target="{3}"/></Relationships>'
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{packages}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{kind}.worksheet+xml"/></Types>',
        "_rels/.rels": relation.format(packages, office, "officeDocument", "xl/workbook.xml"),
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": relation.format(packages, office, "worksheet", "worksheets/sheet1.xml"),
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{rows}</sheetData></worksheet>',
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            whole = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>' + text
            archive.writestr(zipfile.ZipInfo(name), whole)
    with zipfile.ZipFile(packed, "a") as archive:
        archive.comment = b" " * (size - len(packed.getvalue()))
    return packed.getvalue()
