"""Files of records: which a record has, how they are called, how large they are, and the address in the record.

In: rows of a list. Out: the same with attachments and addresses. An address holds all that its file is made from, so that nothing
is kept; it is signed, so that only files of records are served. Until a reply leaves it
begins with `UNSENT`: only then is the host known.
"""

from __future__ import annotations

import hmac
import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from procore_nb.catalog import Endpoint
from procore_nb.demo.company import TODAY, read_facts
from procore_nb.demo.tables.registry import RequestContext, Row
from procore_nb.demo.tables.templates import Shape, shape_of

UNSENT = (
    b"procore-demo-file:/"  # in the rows that the demo keeps; the address of its host where they leave it
)
CONTENT_TYPES: dict[str, str] = read_facts("files")["content_types"]
_KEY = b"procore-nb demo"
_PATH = re.compile(r"(\d{1,19})/(\d{1,19})/(\d{4}-\d\d-\d\d)/([a-z]+\d?)/(\d{1,19})\.(pdf|png|txt|xlsx)")
_HOLDERS = re.compile(r"(\w+_)?attachments?|images|prostore_file|fillable_pdf")
_INVENTED = "https://files.procore.example/"
_ADDRESSES = re.compile(
    r"url|(\w+_)?(thumbnail|download|pdf|png|original|snapshot|prostore|presentation)_url"
)
_ABOUT = {"name", "filename", "content_type", "size", "thumbnail_url"}
_DAYS = ("date", "log_date", "created_at", "updated_at")


@dataclass(frozen=True)
class StoredFile:
    """One file: whose, of which day and kind; `project` is 0 for those of a company."""

    company: int
    project: int
    day: str
    kind: str
    number: int
    suffix: str
    name: str

    @property
    def path(self) -> str:
        """Path of its address, without name and signature."""
        return f"{self.company}/{self.project}/{self.day}/{self.kind}/{self.number}.{self.suffix}"

    @property
    def address(self) -> str:
        """Address as it is in a record that has not left yet."""
        return f"{UNSENT.decode()}{self.path}?name={quote(self.name, safe='')}&sig={self.signature()[:16]}"

    @property
    def size(self) -> int:
        """Size in bytes; 0 where it is as it comes (thumbnails)."""
        sizes = read_facts("files")["sizes"]  # the least of each kind, and how much larger some are
        least, spread = sizes.get(self.suffix if self.kind == "page" else self.kind, (0, 1))
        return int(least + zlib.crc32(self.path.encode()) % spread)

    def signature(self, about: str = "") -> str:
        """What proves that this address was handed out by the demo, in hexadecimal."""
        text = "\n".join((self.path, self.name, about))
        return hmac.digest(_KEY, text.encode("utf-8", "surrogatepass"), "sha256").hex()


def read_address(path: str, name: str) -> StoredFile | None:
    """File of the path of an address; None if it is none."""
    found = _PATH.fullmatch(path)
    if found is None:
        return None
    company, project, day, kind, number, suffix = found.groups()
    return StoredFile(int(company), int(project), day, kind, int(number), suffix, name)


def file_of(context: RequestContext, kind: str, number: int, name: str, day: object) -> StoredFile:
    """File of a record, by its name: its ending says what is in it."""
    suffix = name.rpartition(".")[2].lower()
    suffix = suffix if suffix in CONTENT_TYPES else "pdf"
    project = context.target.id if context.target else 0
    return StoredFile(context.company.id, project, str(day)[:10], kind, number, suffix, name)


def picture_urls(file: StoredFile) -> Row:
    """Addresses of a photo or drawing sheet and of the smaller pictures of it."""
    small = replace(file, suffix="png")
    return {
        "thumbnail_url": replace(small, kind=f"{file.kind}4").address,
        "large_thumbnail_url": replace(small, kind=f"{file.kind}2").address,
    }


def attach(context: RequestContext, rows: Iterable[Any], endpoint: Endpoint) -> None:
    """Give rows of a list, or single records of it, the attachments that they have, wherever the catalogue declares any."""
    holders, counted = _holders_of(endpoint), None
    if "attachments_count" in shape_of(endpoint).inside:
        counted = shape_of(endpoint.record).inside.get("attachments")
    if counted is None and not holders:
        return
    for row in rows:
        _attach(context, row, row, holders)
        if counted is not None and isinstance(row, dict):
            row["attachments_count"] = len(_files(context, row, row.get("id"), counted))


@lru_cache(maxsize=1024)
def _holders_of(endpoint: Endpoint) -> dict[str, Any]:
    return _holders_in(shape_of(endpoint))


def _holders_in(shape: Shape) -> dict[str, Any]:
    """The keys that may hold several files, each with its shape, and the keys on the way to them, each with those inside.

    Most rows are deep and hold no file: their branches are never entered.
    """
    holders: dict[str, Any] = {}
    for name, node in shape.inside.items():
        if node.listed and "url" in node.inside and _HOLDERS.fullmatch(name):
            holders[name] = node
        elif name not in ("vendor", "contractor") and (below := _holders_in(node)):
            holders[name] = below
    return holders


def _attach(context: RequestContext, row: Row, value: Any, holders: dict[str, Any]) -> None:
    for item in value if isinstance(value, list) else [value]:
        for name, node in holders.items() if isinstance(item, dict) else ():
            if isinstance(node, Shape):
                item[name] = item.get(name) or _files(context, row, item.get("id", row.get("id")), node)
            else:
                _attach(context, row, item.get(name), node)


def _files(context: RequestContext, row: Row, owner: object, node: Shape) -> list[Row]:
    """Files of one record: none to three, always the same ones."""
    facts, number, module = read_facts("files"), _number(context, owner, node.name), context.endpoint.module
    names = facts["odd"].get(str(owner)) if node.name == "associated_attachments" else None
    if names is None:
        known, counts = facts["names"], facts["counts"].get(module, facts["counts"][""])
        known = known.get("images" if node.name == "images" else module, known[""])
        count = int(counts[number // 4 % len(counts)])
        names = [known[(number // 64 + place) % len(known)] for place in range(count)]
    files = (_described(context, number + place, name, row) for place, name in enumerate(names))
    return [
        {key: _as_declared(file.get(key), text=inner.type == "string") for key, inner in node.inside.items()}
        for file in files
    ]


def _as_declared(value: Any, *, text: bool) -> Any:
    return str(value) if text and value is not None else value


def _number(context: RequestContext, *about: object) -> int:
    project = context.target.id if context.target else 0
    return 10_000_000_000 + 4 * zlib.crc32(f"{context.company.id}:{project}:{about}".encode())


def _described(context: RequestContext, number: int, name: str | list[str | None], row: Row) -> Row:
    """What a record may say of one file; a name may come with an address of its own."""
    shown, url = name if isinstance(name, list) else (name, "")
    day = next((row[key] for key in _DAYS if row.get(key)), TODAY)
    file = file_of(context, "photo" if str(shown).endswith(".png") else "page", number, str(shown), day)
    return {
        "id": number, "attachment_id": number, "filename": shown, "name": shown, "size": file.size,
        "url": file.address if url == "" else url, "content_type": CONTENT_TYPES[file.suffix].partition(";")[0],
        "file_unavailable": url is None, "additional_page_count": 0, "state": "active",
        **dict.fromkeys(("created_at", "attached_at", "updated_at"), row.get("created_at")),
        **(picture_urls(file) if file.kind == "photo" else {}),
    }  # fmt: skip


def invented(context: RequestContext, value: Any, row: Row) -> None:
    """Make the addresses inside an invented row lead to files."""
    if isinstance(value, list):
        for item in value:
            invented(context, item, row)
    for key, inner in value.items() if isinstance(value, dict) else ():
        if not isinstance(inner, str) or not inner.startswith(_INVENTED):
            invented(context, inner, row)
        elif _ADDRESSES.fullmatch(key) and (key != "url" or not _ABOUT.isdisjoint(value)):
            number, names = _number(context, inner), read_facts("files")["names"][""]
            file = _described(context, number, names[number // 64 % len(names)], row)
            file.setdefault(key, file_of(context, "page", number, f"{key}.pdf", TODAY).address)
            for name in {key} | (_ABOUT & set(value) if key == "url" else set()):
                value[name] = _as_declared(file.get(name), text=isinstance(value[name], str))
