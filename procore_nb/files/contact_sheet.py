"""Pictures of a download on one page: by project and day, with who, when and where, and on a map.

In: a frame that `download` returned. Out: what a notebook shows, or one HTML file with small pictures inside. Speaks to the
file system only. Pictures are drawn anew, small: what a camera wrote into them (place, device) is not in the page.
"""

from __future__ import annotations

import base64
import io
import os
import re
import warnings
from collections import defaultdict
from dataclasses import dataclass
from importlib import resources
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import pandas as pd

from procore_nb.atomic_write import output_path, replace_atomically
from procore_nb.call_errors import explain_calls
from procore_nb.errors import ArgumentError
from procore_nb.export.html_page import html_page, html_text
from procore_nb.progress import counted
from procore_nb.scalars import is_missing

_PICTURES = ("thumbnail", "photo", "picture", "png", "attachment")  # the first that is there is shown
_ENDING = re.compile(r"\.(jpe?g|png|gif|webp)$", re.IGNORECASE)
_NO_DATE = pd.Timestamp(0, tz="UTC")
_FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF")
_MAP_INCHES = (9.0, 5.0)
_STYLE = resources.files("procore_nb.files").joinpath("gallery.css").read_text("utf-8")


@dataclass(frozen=True)
class Thumbnail:
    """One picture of the page, its texts not yet escaped."""

    path: Path
    project: str
    moment: pd.Timestamp
    day: str
    name: str
    lines: tuple[str, ...]
    point: tuple[float, float] | None


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
        page = html_page(self.title, self._section(target.resolve().parent), style=_STYLE, images="data:")
        with replace_atomically(target) as draft:
            draft.write_text(page, encoding="utf-8")
        return target

    def __repr__(self) -> str:
        return f"Gallery({len(self.pictures):,} pictures, {self.left_out:,} left out)"

    def _repr_html_(self) -> str:
        return f"<style>{_STYLE}</style>{self._section(None)}"

    def _section(self, folder: Path | None) -> str:
        note = f"{len(self.pictures):,} pictures" + (f", {self.left_out:,} left out" if self.left_out else "")
        parts = [f"<h1>{html_text(self.title)}</h1><p>{note}; days in UTC.</p>", self._map()]
        project_of, day_of = attrgetter("project"), attrgetter("day")
        for project, of_project in groupby(sorted(self.pictures, key=project_of), project_of):
            parts.append(f"<h2>{html_text(project)}</h2><div class='days'>")
            for day, of_day in groupby(of_project, day_of):
                figures = "".join(self._figure(picture, folder) for picture in of_day)
                parts.append(f"<div><h3>{html_text(day)}</h3><div class='sheet'>{figures}</div></div>")
            parts.append("</div>")
        page = " page" if folder else ""
        return f"<section class='procore-gallery{page}'>{''.join(parts)}</section>"

    def _figure(self, picture: Thumbnail, folder: Path | None) -> str:
        data = _thumbnail(picture.path, self.pixels)
        name = html_text(picture.name)
        image = (
            f"<img loading='lazy' alt='{name}' src='data:image/jpeg;base64,{data}'>"
            if data
            else "<div class='none'>no picture</div>"
        )
        path = picture.path.resolve()
        if folder is not None and path.is_relative_to(folder):
            image = f"<a href='{html_text(quote('./' + path.relative_to(folder).as_posix()))}'>{image}</a>"
        lines = "".join(f"<br>{html_text(line)}" for line in picture.lines)
        return f"<figure>{image}<figcaption><b>{name}</b>{lines}</figcaption></figure>"

    def _map(self) -> str:
        """A map of the pictures that have coordinates."""
        points = [(picture.project, *picture.point) for picture in self.pictures if picture.point]
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
        title, missing = f"Map of {counted(len(points), 'picture')}", len(self.pictures) - len(points)
        note = f"<p>Not on the map: {counted(missing, 'picture')} without coordinates.</p>" if missing else ""
        return f"<img class='map' alt='{title}' src='data:image/png;base64,{data}'>{note}"


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
        kind = str(row["kind"])
        if kind not in _PICTURES or (kind == "attachment" and not _ENDING.search(str(row["name"]))):
            continue
        key = tuple(str(row[name]) for name in ("list", "record_id", "file_id"))
        known = chosen.get(key)
        if row["status"] not in ("saved", "present"):
            absent.add(key)
        elif known is None or _PICTURES.index(kind) < _PICTURES.index(str(known["kind"])):
            chosen[key] = row | {"name": known["name"] if known else row["name"]}
    pictures = [_picture(row, hide=names == "hide") for row in chosen.values()]
    pictures.sort(key=lambda picture: picture.moment, reverse=True)
    left_out = len(pictures[most:]) + len(absent - chosen.keys())
    return Gallery(tuple(pictures[:most]), left_out, title, pixels)


def _picture(row: dict[str, Any], *, hide: bool) -> Thumbnail:
    text = defaultdict(str, {name: str(value) for name, value in row.items() if not is_missing(value)})
    times = (row.get(name) for name in ("taken_at", "created_at"))
    moment = next((time for time in times if not is_missing(time)), None)
    people = () if hide else (text["created_by"], text["record"])
    lines = (f"{moment:%H:%M} UTC" if moment is not None else "", text["location"], *people)
    project = "" if hide else text["project_name"]
    located = text["latitude"] and text["longitude"]
    return Thumbnail(
        path=Path(text["path"]),
        project=project or (f"Project {text['project_id']}" if text["project_id"] else "Company"),
        moment=_NO_DATE if moment is None else moment,
        day="no date" if moment is None else f"{moment:%Y-%m-%d}",
        name=f"{text['kind']} {text['file_id']}" if hide else text["name"],
        lines=tuple(filter(None, lines)),
        point=(float(text["latitude"]), float(text["longitude"])) if located else None,
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
