"""Which keys of a record are addresses of files, and where name, size, type and time of each stand: a table of facts.

In: names of keys. Out: what they mean. Pure. Source: the fields and examples of Procore's reference, key by key. What is a
page for people (`viewer_url`, `web_url`, `link`, `share_url`), a job (`polling_url`) or all files once more
(`download_all_url`) is no file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any


@dataclass(frozen=True)
class AddressKey:
    """What one key with an address is: the kind of file, the key of its size, and what its name ends with."""

    kind: str
    size: tuple[str, ...] = ("size", "file_size")
    ending: str = ""
    note: str = ""
    """Added to the name, as the file is another form of the one that has it."""


_THUMBNAIL = AddressKey("thumbnail", (), "", "thumbnail")
_PICTURE = AddressKey("picture", ())

ADDRESS_KEYS: Mapping[str, AddressKey] = {
    "url": AddressKey(""),  # what it is depends on where it stands: CONTAINERS
    "pdf_url": AddressKey("pdf", ("pdf_size",), ".pdf"),
    "png_url": AddressKey("png", ("png_size",), ".png"),
    "zip_url": AddressKey("tiles", (), ".zip", "tiles"),
    "thumbnail_url": _THUMBNAIL,
    "medium_thumbnail_url": AddressKey("thumbnail", (), "", "medium thumbnail"),
    "large_thumbnail_url": AddressKey("thumbnail", (), "", "large thumbnail"),
    "original_url": AddressKey("attachment"),
    "file_download_url": AddressKey("attachment"),
    "download_url": AddressKey("document"),
    "latest_revision_url": AddressKey("specification", (), ".pdf"),
    "prostore_url": AddressKey("specification", (), ".pdf"),
    "snapshot_url": _PICTURE,
    "logo_url": _PICTURE,
    "avatar_url": _PICTURE,
    "profile_image_url": _PICTURE,
    "project_image_url": _PICTURE,
    "photo_prostore_file_url": _PICTURE,
}

# What `url` is, by the key of the object that has it, or by the name of the list where the record itself does.
_CONTAINERS = (
    (re.compile(r"(^|_)attachments?$"), "attachment"),
    (re.compile(r"(^|_)signatures?$"), "signature"),
    (re.compile(r"^(images?|pictures)$"), "photo"),
    (re.compile(r"^(snapshot|logo|thumbnail|drawing_markup_preview_images)$"), "picture"),
    (re.compile(r"(^|_)(files?|versions?|pdf)$"), "document"),
    (re.compile(r"(^|_)(document_revisions|uploads)$"), "document"),
)
KINDS = frozenset({one.kind for one in ADDRESS_KEYS.values()} | {kind for _, kind in _CONTAINERS}) - {""}
# A `url` elsewhere is a file only beside one of these: links to pages have none of them.
_BESIDE = frozenset({"filename", "file_name", "content_type", "thumbnail_url", "file_size"})

NAMES = ("download_filename", "filename", "file_name", "name")
TYPES = ("content_type", "mime_type")
TIMES = ("created_at", "attached_at", "updated_at", "modified_at")
NUMBERS = ("formatted_number", "full_number", "number")
TITLES = ("subject", "title", "name", "description")
REVISIONS = ("revision_number",)
PEOPLE = ("uploader", "created_by", "uploaded_by")
COORDINATES = (("gps_lat", "gps_long"), ("latitude", "longitude"))
UNAVAILABLE = "file_unavailable"
# Objects that repeat the file of the object around them.
REPEATS = frozenset({"prostore_file"})
CONTENT_TYPES = {".pdf": "application/pdf", ".png": "image/png", ".zip": "application/zip"}
_SIZES = (one.size for one in ADDRESS_KEYS.values())
SAYS_MORE = frozenset(
    chain(ADDRESS_KEYS, NAMES, TYPES, TIMES, NUMBERS, TITLES, REVISIONS, PEOPLE, *COORDINATES, *_SIZES)
) | {"id", "taken_at", "location", "project_id", "project_name", "company_id", UNAVAILABLE}
"""Keys that are addresses, or say something about files."""


def kind_of(key: str, holder: str, beside: Iterable[str]) -> str:
    """Return the kind of file at `key` of an object held by the key, or the list, `holder`, beside these keys; empty: no file."""
    known = ADDRESS_KEYS.get(key)
    if known is None or known.kind:
        return known.kind if known else ""
    named = next((kind for pattern, kind in _CONTAINERS if pattern.search(holder)), "")
    return named or ("attachment" if _BESIDE.intersection(beside) else "")


def declares_files(fields: Iterable[Any], name: str) -> bool:
    """Return whether a list with these fields of the catalogue has addresses of files."""
    names = {field.name.replace("[]", "") for field in fields}
    return any(is_address(one, name, names) for one in names)


def is_address(column: str, name: str, columns: Iterable[str]) -> bool:
    """Return whether a dotted column of the list `name` is an address of files, among its other columns."""
    prefix, dot, key = column.rpartition(".")
    beside = (one.removeprefix(prefix + dot) for one in columns if one.startswith(prefix + dot))
    return bool(kind_of(key, prefix.rpartition(".")[2] or name, beside))
