"""Pictures of a download on one page: by project and day, with who, when and where, and on a map.

In: a frame that `download` returned. Out: what a notebook shows, or one HTML file with small pictures inside. Speaks to the
file system only. Pictures are drawn anew, small: what a camera wrote into them (place, device) is not in the page.
"""

from __future__ import annotations

import base64
import hashlib
import io
import os
import re
import warnings
from dataclasses import dataclass
from html import escape
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import pandas as pd

from procore_nb.atomic_write import output_path, replace_atomically
from procore_nb.call_errors import explain_calls
from procore_nb.errors import ArgumentError
from procore_nb.progress import counted
from procore_nb.scalars import is_missing

_PICTURES = ("thumbnail", "photo", "picture", "png", "attachment")  # the first that is there is shown
_ENDING = re.compile(r"\.(jpe?g|png|gif|webp)$", re.IGNORECASE)
_NO_DATE = pd.Timestamp(0, tz="UTC")
_FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF")
_MAP_INCHES = (9.0, 5.0)
_STYLE = """.procore-gallery{font:14px/1.4 system-ui,sans-serif;color:#222;background:#fff;padding:0 12px 12px}
.procore-gallery h2{margin:24px 0 0;font-size:20px}.procore-gallery h3{margin:12px 0 6px;font-size:15px;color:#555;font-weight:600}
.procore-gallery .days,.procore-gallery .sheet{display:flex;flex-wrap:wrap;gap:12px}.procore-gallery .days{column-gap:24px}
.procore-gallery figure{margin:0;flex:0 0 190px;max-width:100%;overflow-wrap:anywhere}.procore-gallery figure img{width:100%;height:150px;object-fit:cover;background:#eee;border-radius:3px}
.procore-gallery figcaption{font-size:12px;color:#555}.procore-gallery figcaption b{color:#222;font-weight:600}
.procore-gallery .none{display:flex;height:150px;align-items:center;justify-content:center;background:#eee;border-radius:3px;color:#555}
.procore-gallery .map{max-width:100%;height:auto}.procore-gallery a{color:inherit}
@media (prefers-color-scheme:dark){body .procore-gallery.page{color:#ddd;background:#1a1a1a}.procore-gallery.page figcaption b{color:#ddd}
.procore-gallery.page h3,.procore-gallery.page figcaption{color:#aaa}}"""


@dataclass(frozen=True)
class Thumbnail:
    """One picture of the page, its texts not yet escaped."""

    path: Path
    project: str
    moment: pd.Timestamp
    day: str
    name: str
    lines: tuple[str, ...]
    place: tuple[float, float] | None


@dataclass(frozen=True, repr=False)
class Gallery:
    """Pictures on one page: a notebook shows it, `save` writes it as one HTML file.

    `left_out` counts files of the frame that are pictures and not there, or more than asked for.
    """

    pictures: tuple[Thumbnail, ...]
    left_out: int
    title: str
    pixels: int

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the page as one HTML file; pictures below its folder are links to the files themselves.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        target = output_path(path)
        policy = f"default-src 'none'; style-src 'sha256-{_hash(_STYLE)}'; img-src data:; base-uri 'none'; form-action 'none'"
        page = (
            f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
            '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer">'
            f"<title>{escape(self.title)}</title><style>{_STYLE}</style></head><body>"
            f"{self._section(target.resolve().parent)}</body></html>\n"
        )
        with replace_atomically(target) as draft:
            draft.write_text(page, encoding="utf-8")
        return target

    def __repr__(self) -> str:
        return f"Gallery({len(self.pictures):,} pictures, {self.left_out:,} left out)"

    def _repr_html_(self) -> str:
        return f"<style>{_STYLE}</style>{self._section(None)}"

    def _section(self, folder: Path | None) -> str:
        note = f"{len(self.pictures):,} pictures" + (f", {self.left_out:,} left out" if self.left_out else "")
        parts = [f"<h1>{escape(self.title)}</h1><p>{note}; days in UTC.</p>", self._map()]
        project_of, day_of = attrgetter("project"), attrgetter("day")
        for project, of_project in groupby(sorted(self.pictures, key=project_of), project_of):
            parts.append(f"<h2>{escape(project)}</h2><div class='days'>")
            for day, of_day in groupby(of_project, day_of):
                figures = "".join(self._figure(one, folder) for one in of_day)
                parts.append(f"<div><h3>{escape(day)}</h3><div class='sheet'>{figures}</div></div>")
            parts.append("</div>")
        page = " page" if folder else ""
        return f"<section class='procore-gallery{page}'>{''.join(parts)}</section>"

    def _figure(self, one: Thumbnail, folder: Path | None) -> str:
        data = _thumbnail(one.path, self.pixels)
        name = escape(one.name, quote=True)
        shown = (
            f"<img loading='lazy' alt='{name}' src='data:image/jpeg;base64,{data}'>"
            if data
            else "<div class='none'>no picture</div>"
        )
        place = one.path.resolve()
        if folder is not None and place.is_relative_to(folder):
            shown = f"<a href='{escape(quote('./' + place.relative_to(folder).as_posix()), quote=True)}'>{shown}</a>"
        lines = "".join(f"<br>{escape(line)}" for line in one.lines)
        return f"<figure>{shown}<figcaption><b>{name}</b>{lines}</figcaption></figure>"

    def _map(self) -> str:
        """A map of the pictures that have coordinates."""
        points = [(one.project, *one.place) for one in self.pictures if one.place]
        if not points:
            return ""
        from matplotlib.figure import Figure

        from procore_nb.maps import plot_projects

        figure = Figure(figsize=_MAP_INCHES)
        plot_projects(
            pd.DataFrame(points, columns=["name", "latitude", "longitude"]),
            ax=figure.add_subplot(),
            labels=0,
            theme="light",
        )
        stream = io.BytesIO()
        figure.savefig(stream, format="png", dpi=110, bbox_inches="tight")
        data = base64.b64encode(stream.getvalue()).decode()
        words, off = f"Map of {counted(len(points), 'picture')}", len(self.pictures) - len(points)
        note = f"<p>Not on the map: {counted(off, 'picture')} without coordinates.</p>" if off else ""
        return f"<img class='map' alt='{words}' src='data:image/png;base64,{data}'>{note}"


@explain_calls()
def gallery(
    files: pd.DataFrame,
    *,
    title: str = "Photos",
    most: int = 1000,
    names: Literal["show", "hide"] = "show",
    pixels: int = 320,
) -> Gallery:
    """Return a contact sheet of downloaded pictures: by project and day, with who and where, and a map.

    Parameters
    ----------
    files
        A frame that `procore.download` returned. Of one picture and its thumbnail, the thumbnail is shown.
    title
        The heading.
    most
        At most so many pictures, the newest.
    names
        `"hide"` leaves out who took a picture and the names of files and projects.
    pixels
        Size of the small pictures.

    Returns
    -------
    Gallery
        Shows itself in a notebook; `.save("photos.html")` writes one HTML file that needs no other.

    Raises
    ------
    ArgumentError
        If the frame is not one that `download` returned.

    Examples
    --------
    >>> import procore_nb as pnb
    >>> procore = pnb.connect("demo", progress=False)
    >>> done = procore.download(procore.files("images", 1204347).head(4), "photos", kind="thumbnail")
    >>> pnb.gallery(done)
    Gallery(2 pictures, 0 left out)
    """
    if not isinstance(files, pd.DataFrame) or not {"path", "status", "kind", "record_id"} <= set(
        files.columns
    ):
        raise ArgumentError(
            "gallery takes a frame that download returned.",
            advice='Write done = procore.download(procore.files("images", 7), "photos"), then pnb.gallery(done).',
        )
    if names not in ("show", "hide"):
        raise ArgumentError(f'names is "show" or "hide", not {names!r}.')
    chosen: dict[tuple[str, ...], dict[str, Any]] = {}
    absent: set[tuple[str, ...]] = set()
    rows: Any = files.to_dict("records")
    for row in rows:
        if row["kind"] not in _PICTURES or (
            row["kind"] == "attachment" and not _ENDING.search(str(row["name"]))
        ):
            continue
        key = tuple(str(row[name]) for name in ("list", "record_id", "file_id"))
        known = chosen.get(key)
        if row["status"] not in ("saved", "present"):
            absent.add(key)
        elif known is None or _PICTURES.index(str(row["kind"])) < _PICTURES.index(str(known["kind"])):
            chosen[key] = row | {"name": known["name"] if known else row["name"]}
    pictures = [_picture(row, hide=names == "hide") for row in chosen.values()]
    pictures.sort(key=lambda one: one.moment, reverse=True)
    left_out = len(pictures[most:]) + len(absent - chosen.keys())
    return Gallery(tuple(pictures[:most]), left_out, title, pixels)


def _picture(row: dict[str, Any], *, hide: bool) -> Thumbnail:
    def text(name: str) -> str:
        return "" if is_missing(row.get(name)) else str(row[name])

    known = (row.get(name) for name in ("taken_at", "created_at"))
    moment = next((one for one in known if not is_missing(one)), None)
    project = "" if hide else text("project_name")
    lines = [f"{moment:%H:%M} UTC" if moment is not None else "", text("location")]
    lines += [] if hide else [text("created_by"), text("record")]
    place = (
        (float(text("latitude")), float(text("longitude")))
        if text("latitude") and text("longitude")
        else None
    )
    return Thumbnail(
        path=Path(str(row["path"])),
        project=project or (f"Project {text('project_id')}" if text("project_id") else "Company"),
        moment=_NO_DATE if moment is None else moment,
        day="no date" if moment is None else f"{moment:%Y-%m-%d}",
        name=f"{row['kind']} {text('file_id')}" if hide else text("name"),
        lines=tuple(filter(None, lines)),
        place=place,
    )


def _thumbnail(path: Path, pixels: int) -> str:
    """Return a picture, small, as base64; empty for what is none, or is too large to be one."""
    from PIL import Image, ImageOps

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=_FORMATS) as image:
                image.draft("RGB", (pixels, pixels))
                small = ImageOps.exif_transpose(image)
                small.thumbnail((pixels, pixels))
                if small.mode not in ("RGB", "L"):
                    layer = small.convert("RGBA")
                    white = Image.new("RGBA", layer.size, "white")
                    small = Image.alpha_composite(white, layer).convert("RGB")
                stream = io.BytesIO()
                small.save(stream, format="JPEG", quality=80)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return ""
    return base64.b64encode(stream.getvalue()).decode()


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
