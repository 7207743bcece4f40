"""A frame of projects as a picture or a page, by the ending of the file's name.

In: a frame and a path. Out: the path written, whole or not there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from procore_nb.atomic_write import output_path, replace_atomically
from procore_nb.errors import ArgumentError

_PICTURES = (".png", ".svg", ".pdf")


def check_picture(path: Path) -> None:
    """Refuse a file whose ending says no kind of map."""
    if path.suffix.lower() not in (*_PICTURES, ".html"):
        raise ArgumentError(f"A map is written as {', '.join(_PICTURES)} or .html, not {path.name!r}.")


def write_map(frame: pd.DataFrame, path: Path, *, title: str | None = None) -> Path:
    """Write a map of projects as a picture (.png, .svg, .pdf), or as a page for the browser (.html)."""
    check_picture(path)
    ending = path.suffix.lower()
    if ending == ".html":
        from procore_nb.maps import map_projects

        return map_projects(frame).save(path, title=title or "Projects")
    from procore_nb.maps import plot_projects

    axes: Any = plot_projects(frame, title=title)
    path = output_path(path)
    with replace_atomically(path) as draft:
        axes.figure.savefig(draft, format=ending[1:], dpi=150)
    return path
