"""The one writer of the package: files that are whole, or what was there before.

In: paths and what to write. Out: the finished files. Speaks to the file system only. Exports, maps, catalogue files, profiles
and the local store all write through here, so that all behave alike:

* Drafts are written in a hidden folder beside their target and renamed, so that a reader never sees half a file.
* An existing file keeps its mode; `private` files are their owner's only (0600). A symbolic link stays, its target is replaced.
* A group of files is replaced as a whole: an error restores those already replaced, and a crash between two renames is
  completed by `recover`, which every later write (and `read_csv`) calls.
* Files are flushed to the disk before they are renamed, and the folder after it: they outlive a power cut.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import stat
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from glob import escape
from itertools import chain
from pathlib import Path
from typing import Any

from procore_nb.errors import ArgumentError, OutputError
from procore_nb.scalars import shown

fcntl: Any
try:
    import fcntl
except ImportError:  # Windows has no locks on folders; its open files cannot be removed by others anyway
    fcntl = None

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_LOCK_WAIT_SECONDS = 2.0  # renaming takes milliseconds; a lock that is held longer is not ours
_NEW, _OLD, _COMMITTED = "new", "old", "committed.json"
_ADVICE = "Check that the folder may be written to and has room, and that no program holds the file open."


def output_path(path: Any) -> Path:
    """The file that a caller's argument names; `~` is the home folder."""
    if isinstance(path, str) and _URL.match(path):
        raise ArgumentError(
            f"{path!r} is an address, and files are written to this machine.",
            advice="Write a file and copy it there; pnb.Store(address) keeps tables at an address.",
        )
    try:
        text = os.fspath(path)
    except TypeError:
        text = None
    if not isinstance(text, str) or not text or "\0" in text:
        raise ArgumentError(f"A path is text or a pathlib.Path, not {shown(path)}.")
    try:
        return Path(text).expanduser()
    except RuntimeError as error:  # no user of that name has a home here
        raise ArgumentError(f"{text!r} names a home folder that is not there.") from error


def check_output(path: Path) -> None:
    """Refuse a path that cannot be written, before anything is made for it."""
    if "\0" in str(path):
        raise OutputError(f"{str(path)!r} holds a NUL, which no file name can.")
    if path.is_dir():
        raise OutputError(f"{path} is a folder.", advice="Give the name of a file in it.")
    folder = path.resolve().parent
    if not folder.is_dir():
        problem = f"There is no folder {folder if path.is_symlink() else path.parent}."
        raise OutputError(problem, advice="Make the folder first, or write into an existing one.")


@contextmanager
def replace_atomically(path: Path, *, private: bool = False) -> Iterator[Path]:
    """A draft to write; it replaces `path` when the block ends well, else it is removed."""
    with write_group([[path]], private=private) as ((draft,),):
        yield draft


@contextmanager
def write_group(groups: Sequence[Sequence[Path]], *, private: bool = False) -> Iterator[list[list[Path]]]:
    """Drafts to write; they replace all of these paths when the block ends well, else none of them.

    An inner list is a file and its companions: no reader ever finds the file with companions of an earlier one.
    """
    name = groups[0][0]
    try:
        with ExitStack() as cleanup:
            for path in chain.from_iterable(groups):
                check_output(path)
            targets = [[path.resolve() if path.is_symlink() else path for path in group] for group in groups]
            # A link may lead elsewhere, and only within a folder is a rename atomic.
            folders: dict[Path, Path] = {}
            for target in chain.from_iterable(targets):
                if target.parent not in folders:
                    folders[target.parent] = cleanup.enter_context(_staging_folder(target))
            drafts = [[folders[one.parent] / _NEW / one.name for one in group] for group in targets]
            yield drafts
            for group, (first, *_) in zip(drafts, targets, strict=True):
                _prepare(group, first, private=private)
            with ExitStack() as locks:
                for folder in sorted(folders):  # sorted, so that two writers never wait for each other
                    locks.enter_context(_locked(folder, _LOCK_WAIT_SECONDS))
                _commit(targets, folders)
            for folder in folders:
                flush(folder)
    except OSError as error:
        raise OutputError(f"{name} cannot be written: {error.strerror or error}.", advice=_ADVICE) from error


def recover(path: Path) -> None:
    """Complete or remove what a killed writer of this file left behind; one that is at work is not disturbed."""
    target = path.resolve() if path.is_symlink() else path
    if next(_leftovers(target), None) is not None:
        with _locked(target.parent, _LOCK_WAIT_SECONDS) as locked:
            if locked:
                _recover(target)


def _recover(target: Path) -> None:
    for left in list(_leftovers(target)):
        with _locked(left) as locked:
            if locked:
                with suppress(OSError, ValueError):
                    _roll_forward(left)
                shutil.rmtree(left, ignore_errors=True)


def _roll_forward(staging: Path) -> None:
    """Do the renames of a group that was complete when its writer was killed."""
    marker = staging / _COMMITTED
    names = [Path(name).name for name in json.loads(marker.read_bytes())]  # nothing but names of this folder
    since = marker.stat().st_mtime_ns
    targets = [staging.parent / name for name in names]
    if any(target.exists() and target.stat().st_mtime_ns > since for target in targets):
        return  # somebody wrote these files since
    for target in targets:
        with suppress(FileNotFoundError):
            (staging / _NEW / target.name).replace(target)


def _leftovers(target: Path) -> Iterator[Path]:
    return target.parent.glob(f".{escape(target.name[:40])}.????????.part")


@contextmanager
def _staging_folder(target: Path) -> Iterator[Path]:
    """A locked folder for drafts beside the target; the lock shows others that its writer is alive."""
    staging = target.parent / f".{target.name[:40]}.{secrets.token_hex(4)}.part"
    with ExitStack() as held:
        with _locked(target.parent, _LOCK_WAIT_SECONDS) as locked:
            if locked:
                _recover(target)
            staging.mkdir(mode=0o700)
            held.enter_context(_locked(staging))
            held.callback(shutil.rmtree, staging, ignore_errors=True)
        for name in (_NEW, _OLD):
            (staging / name).mkdir()
        yield staging


def _prepare(drafts: Sequence[Path], target: Path, *, private: bool) -> None:
    """Give drafts the mode of what they replace, and flush them: a rename must never reach the disk before the data."""
    mode = 0o600 if private else None
    if not private:
        with suppress(FileNotFoundError):
            mode = stat.S_IMODE(target.stat().st_mode) & 0o777
    for draft in drafts:
        if mode is not None:
            draft.chmod(mode)
        flush(draft)


def _commit(targets: Sequence[Sequence[Path]], folders: dict[Path, Path]) -> None:
    """Rename all drafts to their targets, or leave everything as it was."""
    flat = list(chain.from_iterable(targets))
    if len(flat) == 1:
        (folders[flat[0].parent] / _NEW / flat[0].name).replace(flat[0])
        return
    for folder, staging in folders.items():
        marker = staging / _COMMITTED
        marker.write_text(json.dumps([one.name for one in flat if one.parent == folder]), encoding="utf-8")
        flush(marker)
    before: dict[Path, Path] = {}
    try:
        for first, *companions in targets:
            for path in (first, *companions):
                if path.exists():
                    old = before[path] = folders[path.parent] / _OLD / path.name
                    # The file itself stays readable until its successor is there; a companion must be gone before.
                    _keep_copy(path, old) if path == first else path.replace(old)
        for path in flat:
            (folders[path.parent] / _NEW / path.name).replace(path)
    except BaseException:
        for staging in folders.values():
            (staging / _COMMITTED).unlink(missing_ok=True)
        for path in flat:
            draft = folders[path.parent] / _NEW / path.name
            with suppress(OSError):
                if path in before:
                    before[path].replace(path)
                elif not draft.exists():
                    path.unlink(missing_ok=True)
        raise


def _keep_copy(path: Path, copy: Path) -> None:
    try:
        os.link(path, copy)
    except OSError:  # not every disk has hard links
        shutil.copy2(path, copy)


def flush(path: Path) -> None:
    """Have a file, or the names in a folder, reach the disk."""
    if os.name == "nt" and path.is_dir():  # Windows cannot open folders
        return
    handle = os.open(path, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def one_writer(folder: Path) -> Iterator[None]:
    """Hold a folder for one writer, which the system lets go when the process ends; an error if another has it."""
    with _locked(folder) as locked:
        if not locked and fcntl is not None:
            problem = f"{folder.parent} is being written to by another download."
            raise OutputError(problem, advice="Wait until that one has ended.")
        yield


@contextmanager
def _locked(folder: Path, wait_seconds: float = 0.0) -> Iterator[bool]:
    """Hold a folder, waiting so long for who has it; False where another has it still, or folders have no locks."""
    handle, held, until = None, False, time.monotonic() + wait_seconds
    try:
        while fcntl is not None and not held:
            try:
                handle = os.open(folder, os.O_RDONLY) if handle is None else handle
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                held = True
            except OSError:
                if time.monotonic() >= until:
                    break
                time.sleep(0.005)
        yield held
    finally:
        if handle is not None:
            os.close(handle)
