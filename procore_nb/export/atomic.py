"""Files that are whole or not there.

In: a path and what to write. Out: the path, once the whole file stands in its place. Speaks to the file system
only. A file is written under another name in the same folder and then renamed, so that a reader never sees half
of it and a failure leaves what was there before.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import pandas as pd

from procore_nb.errors import ArgumentError, OutputError

Written = TypeVar("Written")
_FORBIDDEN = set('/\\:*?"<>|\0')


@contextmanager
def put_in_place(path: Path) -> Iterator[Path]:
    """A new file to write into; it takes its place at `path` when the block ends well, else it is removed."""
    draft = path.with_name(f".{path.name[:60]}.{secrets.token_hex(4)}.part")
    try:
        check_place(path)
        os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        yield draft
        draft.replace(path)
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written: {error.strerror or error}.",
            advice="Check that the folder may be written to and has room, and that no program holds the file open.",
        ) from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def check_place(path: Path) -> None:
    """Say what is wrong with a path before anything is made of it."""
    if path.is_dir():
        raise OutputError(f"{path} is a folder.", advice="Give the name of a file in it.")
    if not path.parent.is_dir():
        raise OutputError(
            f"There is no folder {path.parent}.",
            advice="Make the folder first, or write into an existing one.",
        )


def write_each(
    frames: Mapping[str, pd.DataFrame], folder: Path, ending: str, write: Callable[[pd.DataFrame, Path], Path]
) -> Path:
    """One file per frame into a folder, which is made if only its last part is missing."""
    if not frames:
        raise ArgumentError("There is no frame to write.", advice="Give a frame, or a dict of name to frame.")
    for name in frames:
        if not isinstance(name, str) or not name or _FORBIDDEN & set(name) or name.startswith("."):
            raise ArgumentError(
                f"{name!r} cannot be the name of a file.", advice="Use letters, digits, - and _."
            )
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder} is a file.", advice="Several frames need a folder: give another name.")
    check_place(folder / "x") if folder.is_dir() else check_place(folder)
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"The folder {folder} cannot be made: {error.strerror or error}.", advice="Choose another place."
        ) from error
    for name, frame in frames.items():
        write(frame, folder / f"{name}{ending}")
    return folder
