"""Files that are whole or not there.

In: a path and what to write. Out: the path, once the whole file stands in its place. Speaks to the file system
only. Files are written in a hidden folder beside their place and then moved, so that a reader never sees half
of one and a failure leaves what was there before. A program that was killed leaves its hidden folder behind; the
next one that writes the same file removes it.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from glob import escape
from itertools import chain
from pathlib import Path
from typing import Any

from procore_nb.errors import ArgumentError, OutputError

fcntl: Any
try:
    import fcntl
except ImportError:  # Windows knows no locks on folders; its open files cannot be removed by others anyway
    fcntl = None

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_PATIENCE_SECONDS = 2.0  # moving files takes milliseconds; a lock that stays longer is not ours
_ADVICE = "Check that the folder may be written to and has room, and that no program holds the file open."


def place_of(path: Any) -> Path:
    """The place that a caller's path names; `~` is the home folder."""
    if isinstance(path, str) and _ADDRESS.match(path):
        raise ArgumentError(
            f"{path!r} is an address, and files are written to this machine.",
            advice="Write a file and copy it there; pnb.Store(address) keeps tables at an address.",
        )
    try:
        text = os.fspath(path)
    except TypeError:
        text = None
    if not isinstance(text, str) or not text or "\0" in text:
        raise ArgumentError(f"A path is text or a pathlib.Path, not {path!r}.")
    try:
        return Path(text).expanduser()
    except RuntimeError as error:  # nobody of that name has a home here
        raise ArgumentError(f"{text!r} names a home folder that is not there.") from error


def check_place(path: Path) -> None:
    """Say what is wrong with a path before anything is made of it."""
    if path.is_dir():
        raise OutputError(f"{path} is a folder.", advice="Give the name of a file in it.")
    folder = path.resolve().parent
    if not folder.is_dir():
        raise OutputError(
            f"There is no folder {folder if path.is_symlink() else path.parent}.",
            advice="Make the folder first, or write into an existing one.",
        )


@contextmanager
def put_in_place(path: Path) -> Iterator[Path]:
    """A place to write a file; it becomes `path` when the block ends well, else it is removed."""
    with put_together([[path]]) as ((draft,),):
        yield draft


@contextmanager
def put_together(groups: Sequence[Sequence[Path]]) -> Iterator[list[list[Path]]]:
    """Places to write files of one folder; all become those paths when the block ends well, else none does.

    A group is a file and those that only make sense beside it: nobody finds it with those of an earlier one.
    """
    name = groups[0][0]
    drafts: Path | None = None
    lock: int | None = None
    try:
        for path in chain.from_iterable(groups):
            check_place(path)
        # A link stays a link: the file that it leads to is replaced.
        places = [[path.resolve() if path.is_symlink() else path for path in group] for group in groups]
        first, folder = places[0][0], places[0][0].parent
        with _alone_in(folder) as alone:
            if alone:
                _sweep(first)
            drafts = _new_folder(first)
            lock = _locked(drafts)
        yield [[drafts / path.name for path in group] for group in places]
        with _alone_in(folder):
            for group in places:
                _settle(drafts, group)
    except OSError as error:
        raise OutputError(f"{name} cannot be written: {error.strerror or error}.", advice=_ADVICE) from error
    finally:
        if drafts is not None:
            shutil.rmtree(drafts, ignore_errors=True)
        _unlocked(lock)


def _new_folder(path: Path) -> Path:
    folder = path.parent / f"{_mark(path)}{secrets.token_hex(4)}.part"
    folder.mkdir(mode=0o700)
    return folder


def _mark(path: Path) -> str:
    return f".{path.name[:40]}."


def _settle(drafts: Path, group: Sequence[Path]) -> None:
    """Put finished files in their places, with the rights of the file that was there."""
    aside = [(path, drafts / f"{path.name[:200]}.before") for path in group[1:] if path.exists()]
    with suppress(FileNotFoundError):
        rights = group[0].stat().st_mode & 0o777
        for path in group:
            (drafts / path.name).chmod(rights)
    try:
        for path, before in aside:
            path.replace(before)
        for path in group:
            (drafts / path.name).replace(path)
    except OSError:
        for path, before in aside:
            with suppress(OSError):
                before.replace(path)
        raise


def _sweep(path: Path) -> None:
    """Remove what writers of this file left behind when they were killed; those at work hold a lock."""
    for left in path.parent.glob(f"{escape(_mark(path))}????????.part"):
        lock = _locked(left)
        if lock is not None:
            shutil.rmtree(left, ignore_errors=True)
            _unlocked(lock)


@contextmanager
def _alone_in(folder: Path) -> Iterator[bool]:
    """Wait until no other program of ours moves files into this folder; False where folders have no locks."""
    lock, until = _locked(folder), time.monotonic() + _PATIENCE_SECONDS
    while lock is None and fcntl is not None and time.monotonic() < until:
        time.sleep(0.005)
        lock = _locked(folder)
    try:
        yield lock is not None
    finally:
        _unlocked(lock)


def _locked(folder: Path) -> int | None:
    """A lock on a folder, or None: somebody holds it, or this system has none."""
    if fcntl is None:
        return None
    lock: int | None = None
    try:
        lock = os.open(folder, os.O_RDONLY)
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        _unlocked(lock)
        return None
    return lock


def _unlocked(lock: int | None) -> None:
    if lock is not None:
        os.close(lock)
