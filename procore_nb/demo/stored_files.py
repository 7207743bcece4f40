"""Files of records: which a record has, how they are called, how large they are, and the address in the record.

In: rows of a list. Out: the same with attachments and addresses. An address holds all that its file is made from, so that nothing
is kept; it is signed, so that only files of records are served. Until a reply leaves it
begins with `storage.HERE`: only then is the host known.
"""

from __future__ import annotations

import hmac
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from procore_nb.catalog import Endpoint
from procore_nb.demo.company import TODAY, read_facts
from procore_nb.demo.storage import HERE
from procore_nb.demo.tables.registry import RequestContext, Row
from procore_nb.demo.tables.serialise import Shape, shape_of

TYPES = {
    "pdf": "application/pdf",
    "png": "image/png",
    "txt": "text/plain; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# Least size of each, in bytes, and how much larger some are.
_SIZES = {"photo": (24_000, 40_000), "sheet": (48_000, 40_000), "pdf": (4_000, 90_000), "txt": (1_500, 3_000)}
_SIZES["xlsx"] = (4_000, 40_000)
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
        return f"{HERE.decode()}{self.path}?name={quote(self.name, safe='')}&sig={self.signature()[:16]}"

    @property
    def size(self) -> int:
        """Size in bytes; 0 where it is as it comes (thumbnails)."""
        least, more = _SIZES.get(self.kind) or _SIZES.get(self.suffix if self.kind == "page" else "", (0, 1))
        return least + zlib.crc32(self.path.encode()) % more

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
    suffix = suffix if suffix in TYPES else "pdf"
    project = context.project.id if context.project else 0
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
    slots, counted = _slots(endpoint), "attachments_count" in shape_of(endpoint).inside
    if not slots and not counted:
        return
    whole = shape_of(endpoint.record).inside.get("attachments") if counted and endpoint.record else None
    for row in rows:
        if not isinstance(row, dict):
            continue
        for path, node in slots:
            for owner in _owners(row, path):
                if not owner.get(node.name):
                    owner[node.name] = _drawn(context, row, owner.get("id", row.get("id")), node)
        if whole is not None and whole.inside:
            row["attachments_count"] = len(_drawn(context, row, row.get("id"), whole))


@lru_cache(maxsize=1024)
def _slots(endpoint: Endpoint) -> tuple[tuple[tuple[str, ...], Shape], ...]:
    """Where the rows of a list, or its single record, may hold several files."""
    return tuple(_slots_in(shape_of(endpoint), ()))


def _slots_in(shape: Shape, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Shape]]:
    for name, node in shape.inside.items():
        if node.listed and _HOLDERS.fullmatch(name) and "url" in node.inside:
            yield path, node
        elif node.inside and name not in ("vendor", "contractor"):
            yield from _slots_in(node, (*path, name))


def _owners(value: Any, path: tuple[str, ...]) -> Iterator[Row]:
    """Objects inside a row that hold files of their own."""
    if isinstance(value, list):
        for one in value:
            yield from _owners(one, path)
    elif isinstance(value, dict) and not path:
        yield value
    elif isinstance(value, dict):
        yield from _owners(value.get(path[0]), path[1:])


def _drawn(context: RequestContext, row: Row, owner: object, node: Shape) -> list[Row]:
    """Files of one record: none to three, always the same ones."""
    facts, number = read_facts("files"), _number(context, owner, node.name)
    names = facts["odd"].get(str(owner)) if node.name == "associated_attachments" else None
    if names is None:
        known = facts["names"].get(
            "images" if node.name == "images" else context.endpoint.module, facts["names"][""]
        )
        counts = facts["counts"].get(context.endpoint.module, facts["counts"][""])
        count = int(counts[number // 4 % len(counts)])
        names = [known[(number // 64 + place) % len(known)] for place in range(count)]
    files = [_described(context, number + place, name, row) for place, name in enumerate(names)]
    return [
        {key: _as_declared(one.get(key), text=inner.type == "string") for key, inner in node.inside.items()}
        for one in files
    ]


def _as_declared(value: Any, *, text: bool) -> Any:
    return str(value) if text and value is not None else value


def _number(context: RequestContext, *about: object) -> int:
    project = context.project.id if context.project else 0
    return 10_000_000_000 + 4 * zlib.crc32(f"{context.company.id}:{project}:{about}".encode())


def _described(context: RequestContext, number: int, name: str | list[str | None], row: Row) -> Row:
    """What a record may say of one file; a name may come with an address of its own."""
    shown, url = name if isinstance(name, list) else (name, "")
    day = next((row[key] for key in _DAYS if row.get(key)), TODAY)
    file = file_of(context, "photo" if str(shown).endswith(".png") else "page", number, str(shown), day)
    said = {"id": number, "attachment_id": number, "filename": shown, "name": shown, "size": file.size}
    said |= {"url": file.address if url == "" else url, "content_type": TYPES[file.suffix].partition(";")[0]}
    said |= {"file_unavailable": url is None, "additional_page_count": 0, "state": "active"}
    said |= {key: row.get("created_at") for key in ("created_at", "attached_at", "updated_at")}
    if file.kind == "photo":
        said |= picture_urls(file)
    return said


def invented(context: RequestContext, value: Any, row: Row) -> None:
    """Make the addresses inside an invented row lead to files."""
    if isinstance(value, list):
        for one in value:
            invented(context, one, row)
    if not isinstance(value, dict):
        return
    for key, held in value.items():
        if not isinstance(held, str) or not held.startswith(_INVENTED):
            invented(context, held, row)
        elif _ADDRESSES.fullmatch(key) and (key != "url" or not _ABOUT.isdisjoint(value)):
            number = _number(context, held)
            known = read_facts("files")["names"][""]
            said = _described(context, number, known[number // 64 % len(known)], row)
            found = {key: said.get(key) or file_of(context, "page", number, f"{key}.pdf", TODAY).address}
            if key == "url":
                found |= {name: said.get(name) for name in _ABOUT & set(value)}
            for name, new in found.items():
                value[name] = _as_declared(new, text=isinstance(value[name], str))
