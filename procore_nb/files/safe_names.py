"""Names of folders and files that people can read and every system can have.

In: names from records, written by anybody. Out: relative paths, each file's own. Pure. Safe on Windows, macOS and Linux:
no reserved names, nothing that leads out of the folder, lengths in bytes, and no two that differ in case or composition only.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from procore_nb.files.find_files import FileRecord

_UNSAFE = re.compile(r'[<>:"/\\|?*]')
_RESERVED = re.compile(
    r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$|clock\$)(?=$|[. ])", re.IGNORECASE
)
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,10}$")
_BYTES = {"project": 60, "list": 40, "record": 60, "file": 80}  # together under the 260 of Windows
_TAKEN = ("manifest.jsonl",)
_COMPANY = "Company"  # the folder of files that belong to no project


def safe_name(text: str, *, most_bytes: int = 80, otherwise: str = "file") -> str:
    """Return a text as the name of a file or folder; its ending survives where it has to be cut.

    Examples
    --------
    >>> safe_name("../../etc/passwd"), safe_name("CON.pdf"), safe_name("a:b. ")
    ('_.._etc_passwd', '_CON.pdf', 'a_b')
    """
    text = unicodedata.normalize("NFC", text)
    text = "".join(" " if unicodedata.category(one) in ("Cc", "Zl", "Zp", "Zs") else one for one in text)
    # Marks that turn the direction of text or are not seen, halves of characters, and what no font knows.
    text = "".join(one for one in text if unicodedata.category(one) not in ("Cf", "Cs", "Co", "Cn"))
    text = " ".join(_UNSAFE.sub("_", text).split()).strip(". ")
    if _RESERVED.match(text):
        text = f"_{text}"
    ending = (_ENDING.search(text) or [""])[0]
    stem = text[: len(text) - len(ending)]
    stem = stem.encode()[: most_bytes - len(ending)].decode(errors="ignore").rstrip(". ")
    return f"{stem}{ending}" if stem else f"{otherwise}{ending}"


class FolderNames:
    """Gives every file of a download its path, and the same file the same path again.

    `known` are files of earlier downloads into the folder, with their paths; `hide` uses ids in the place of names.
    """

    def __init__(self, known: Iterable[tuple[FileRecord, str, str]] = (), *, hide: bool = False) -> None:
        self._hide = hide
        self._owner_of: dict[str, str] = {}  # by folded path
        self._names: dict[tuple[str, str], str] = {}  # by folder and owner
        for name in _TAKEN:
            self._owner_of[folded(name)] = ""
        for one, identity, path in known:
            folder, names = "", path.split("/")
            owners = [*self._owners(one)[: len(names) - 1], identity]
            for owner, name in zip(owners, names, strict=False):
                self._names[folder, owner] = name
                folder = f"{folder}/{name}" if folder else name
                self._owner_of[folded(folder)] = owner

    def path(self, one: FileRecord, identity: str) -> str:
        """Return the path of a file, relative and with `/`; `identity` tells it from all others."""
        project, of_list, record = self._owners(one)
        if self._hide:
            ending = (_ENDING.search(one.name) or [""])[0].lower()
            parts = [
                (project, project),
                (of_list, one.list or "records"),
                (identity, f"{one.kind}-{identity[:16]}{ending}"),
            ]
        else:
            named = str(
                one.project_name or (f"Project {one.project_id}" if _is(one.project_id) else _COMPANY)
            )
            parts = [
                (project, safe_name(named, most_bytes=_BYTES["project"], otherwise="Project")),
                (of_list, safe_name(one.list, most_bytes=_BYTES["list"], otherwise="records")),
                (identity, safe_name(one.name, most_bytes=_BYTES["file"])),
            ]
            if "[]" in one.key:  # one of several files of its record
                text = str(one.record or one.record_id)
                parts.insert(2, (record, safe_name(text, most_bytes=_BYTES["record"], otherwise="record")))
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

    def _owners(self, one: FileRecord) -> tuple[str, str, str]:
        project = str(one.project_id) if _is(one.project_id) else _COMPANY
        return project, one.list, f"{one.list} {one.record_id}"

    def _free(self, folder: str, owner: str, name: str, *, is_file: bool) -> str:
        """Return the name that an owner has in a folder: this one, or with a number where it is another's."""
        if (folder, owner) not in self._names:
            ending = (_ENDING.search(name) or [""])[0] if is_file else ""
            stem, number = name[: len(name) - len(ending)], 1
            while self._owner_of.setdefault(folded(f"{folder}/{name}" if folder else name), owner) != owner:
                number += 1
                name = f"{stem} ({number}){ending}"
            self._names[folder, owner] = name
        return self._names[folder, owner]


def folded(path: str) -> str:
    """Return a path as Windows and macOS compare paths."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", path).casefold())


def _is(value: object) -> bool:
    return value is not None and str(value) not in ("", "<NA>", "nan")
