"""One HTML file that holds a whole map: script, outlines and points inside, no host asked.

In: the packed bytes of a map. Out: text of a page, or a file. Speaks to no service.
"""

from __future__ import annotations

import base64
import hashlib
import os
from functools import lru_cache
from html import escape
from importlib.resources import files
from pathlib import Path

from procore_nb.atomic_write import output_path, replace_atomically
from procore_nb.maps.borders import borders_file
from procore_nb.maps.tiles import Tiles

PAGE_STYLE = "html, body { height: 100%; margin: 0; } .pnb-map { height: 100vh !important; border: 0; border-radius: 0; }"
# The page has no kernel behind it: what is chosen stays in the page.
START = """
const packed = (id) => document.getElementById(id).textContent.trim();
const values = { points: packed("points"), borders: packed("borders"), height: 600 };
const model = { get: (name) => values[name], set: (name, value) => { values[name] = value; }, save_changes: () => {} };
render({ model, el: document.body });
"""


@lru_cache(maxsize=1)
def script() -> str:
    """The map's script: the files of `static/` in order, one module."""
    folder = files(__package__) / "static"
    parts = sorted(
        (part for part in folder.iterdir() if part.name.endswith(".js")), key=lambda part: part.name
    )
    return "\n".join(part.read_text(encoding="utf-8") for part in parts)


@lru_cache(maxsize=1)
def style() -> str:
    """The map's style sheet."""
    return (files(__package__) / "static" / "map.css").read_text(encoding="utf-8")


def page(points: bytes, *, title: str, basemap: Tiles | None) -> str:
    """A page that shows the map; its policy allows its own script and style, and images of the chosen tile server."""
    code, look = script() + START, style() + PAGE_STYLE
    images = f"img-src {basemap.origin}" if basemap else "img-src 'none'"
    policy = (
        f"default-src 'none'; script-src '{_hash(code)}'; style-src '{_hash(look)}'; {images}; "
        "base-uri 'none'; form-action 'none'"
    )
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="strict-origin-when-cross-origin">
<title>{escape(title)}</title>
<style>{look}</style>
</head>
<body>
<script type="application/octet-stream" id="borders">{base64.b64encode(borders_file()).decode()}</script>
<script type="application/octet-stream" id="points">{base64.b64encode(points).decode()}</script>
<script type="module">{code}</script>
</body>
</html>
"""


def write_whole(path: str | os.PathLike[str], text: str) -> Path:
    """Write a file whole or not at all."""
    place = output_path(path)
    with replace_atomically(place) as draft:
        draft.write_bytes(text.encode("utf-8"))
    return place


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode()
