"""Names of folders and files that people can read and every system can have.

In: names from records, written by anybody. Out: relative paths, each file's own. Pure. Safe on Windows, macOS and Linux:
no reserved names, nothing that leads out of the folder, lengths in bytes, and no two that differ in case or composition only.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from procore_nb.files.download_manifest import NAME, Entry
from procore_nb.files.find_files import ENDING, FileRecord
from procore_nb.scalars import is_missing

_UNSAFE = re.compile(r'[<>:"/\\|?*]')
_RESERVED = re.compile(
    r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$|clock\$)(?=$|[. ])", re.IGNORECASE
)
_COMPANY = "Company"  # the folder of files that belong to no project


def safe_name(text: str, *, most_bytes: int = 80, otherwise: str = "file") -> str:
    """Return a text as the name of a file or folder; its ending survives where it has to be cut.

    Four of these lengths together stay under the 260 of Windows.
    """
    text = unicodedata.normalize("NFC", text)
    text = "".join(" " if unicodedata.category(one) in ("Cc", "Zl", "Zp", "Zs") else one for one in text)
    # Marks that turn the direction of text or are not seen, halves of characters, and what no font knows.
    text = "".join(one for one in text if unicodedata.category(one) not in ("Cf", "Cs", "Co", "Cn"))
    text = " ".join(_UNSAFE.sub("_", text).split()).strip(". ")
    if _RESERVED.match(text):
        text = f"_{text}"
    ending = (ENDING.search(text) or [""])[0]
    stem = text[: len(text) - len(ending)]
    stem = stem.encode()[: most_bytes - len(ending)].decode(errors="ignore").rstrip(". ")
    return f"{stem}{ending}" if stem else f"{otherwise}{ending}"


class FolderNames:
    """Gives every file of a download its path, and the same file the same path again.

    `known` are files of earlier downloads into the folder; `hide` uses ids in the place of names.
    """

    def __init__(self, known: Iterable[Entry] = (), *, hide: bool = False) -> None:
        self._hide = hide
        self._owner_of: dict[str, str] = {folded(NAME): ""}  # by folded path
        self._names: dict[tuple[str, str], str] = {}  # by folder and owner
        for one in known:
            folder, names = "", one.path.split("/")
            owners = [*_owners(one.record)[: len(names) - 1], one.identity]
            for owner, name in zip(owners, names, strict=False):
                self._names[folder, owner] = name
                folder = f"{folder}/{name}" if folder else name
                self._owner_of[folded(folder)] = owner

    def path(self, one: FileRecord, identity: str) -> str:
        """Return the path of a file, relative and with `/`; `identity` tells it from all others."""
        project, of_list, record = _owners(one)
        if self._hide:
            ending = (ENDING.search(one.name) or [""])[0].lower()
            parts = [
                (project, project),
                (of_list, one.list or "records"),
                (identity, f"{one.kind}-{identity[:16]}{ending}"),
            ]
        else:
            named = one.project_name or (_COMPANY if project == _COMPANY else f"Project {project}")
            parts = [
                (project, safe_name(str(named), most_bytes=60, otherwise="Project")),
                (of_list, safe_name(one.list, most_bytes=40, otherwise="records")),
                (identity, safe_name(one.name)),
            ]
            if "[]" in one.key:  # one of several files of its record
                text = str(one.record or one.record_id)
                parts.insert(2, (record, safe_name(text, most_bytes=60, otherwise="record")))
        folder = ""
        for owner, name in parts:
            name = self._free(folder, owner, name, is_file=owner == identity)
            folder = f"{folder}/{name}" if folder else name
        return folder

    def other(self, path: str, identity: str) -> str:
        """Return another path in the same folder, for a file whose place something else has taken."""
        folder, _, name = path.rpartition("/")
        self._owner_of[folded(path)] = ""
        del self._names[folder, identity]
        return f"{folder}/{self._free(folder, identity, name, is_file=True)}"

    def _free(self, folder: str, owner: str, name: str, *, is_file: bool) -> str:
        """Return the name that an owner has in a folder: this one, or with a number where it is another's."""
        if (folder, owner) not in self._names:
            ending = (ENDING.search(name) or [""])[0] if is_file else ""
            stem, number = name[: len(name) - len(ending)], 1
            while self._owner_of.setdefault(folded(f"{folder}/{name}" if folder else name), owner) != owner:
                number += 1
                name = f"{stem} ({number}){ending}"
            self._names[folder, owner] = name
        return self._names[folder, owner]


def folded(path: str) -> str:
    """Return a path as Windows and macOS compare paths."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", path).casefold())


def _owners(one: FileRecord) -> tuple[str, str, str]:
    """Return what tells the folders of a file from others: of its project, its list and its record."""
    project = "" if is_missing(one.project_id) else str(one.project_id)
    return project or _COMPANY, one.list, f"{one.list} {one.record_id}"
