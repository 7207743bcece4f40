"""What is written where: one frame into a file, or several by name into a folder, whole or not at all.

In: what a caller gave, and what writes one frame. Out: the files. Speaks to the file system only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd

from procore_nb.atomic_write import check_output, output_path, write_group
from procore_nb.errors import ArgumentError, MissingExtraError, OutputError, warn
from procore_nb.frame_info import partial_note

INDEX_ADVICE = "An index with a name is written as columns, row numbers are not: leave index out."
# What writes files of an ending; empty: nothing here does.
_WRITERS = {".csv": "to_csv", ".xlsx": "to_excel", ".parquet": "to_parquet"} | dict.fromkeys(
    (".xls", ".xlsm", ".gz", ".zip"), ""
)
_FORBIDDEN = set('/\\:*?"<>|\0')


def frames_of(frame: Any) -> dict[str | None, pd.DataFrame]:
    """The frames by name, a single one with the name None; warns of those that are only a part of their list."""
    if isinstance(frame, pd.DataFrame):
        frames: dict[str | None, pd.DataFrame] = {None: frame}
    elif isinstance(frame, Mapping):
        frames = dict(frame)
    else:
        raise ArgumentError(
            f"What is written is a frame, or a dict of name to frame, not {type(frame).__name__}.",
            advice="The frame comes first: to_csv(frame, path). A Series becomes a frame by its to_frame().",
        )
    if not frames:
        raise ArgumentError("There is no frame to write.", advice="Give a frame, or a dict of name to frame.")
    for name, one in frames.items():
        if not isinstance(one, pd.DataFrame):
            raise ArgumentError(f"{name!r} is no frame but {type(one).__name__}.")
        if note := partial_note(one):
            warn(f"{name or one.attrs['procore'].get('endpoint', 'The frame')}: {note}")
    return frames


def check_ending(path: Path, ending: str) -> None:
    """Refuse the ending of another format: programs go by it, and would not open the file."""
    found = path.suffix.lower()
    if found == ending or (found not in _WRITERS and (found in ("", ".") or ending != ".xlsx")):
        return
    other = _WRITERS.get(found)
    right = path.stem.removesuffix(ending) if found in _WRITERS else path.name
    raise ArgumentError(
        f"The file would be {ending}, and the name {path.name!r} ends with {found}.",
        advice=f"Name the file {right + ending!r}{f', or call {other}' if other else ''}.",
    )


def write_frames(
    frame: Any, path: Any, ending: str, write: Callable[..., Any], *, beside: Callable[[Path], Sequence[Path]] = lambda _: ()
) -> Path:  # fmt: skip
    """Have `write(frame, draft, …)` write each frame to a file with its companions; a folder for several is made."""
    frames, place = frames_of(frame), output_path(path)
    check_ending(place, ending)
    made = None not in frames and _make_folder(place, list(frames))
    files = [place if name is None else place / f"{name}{ending}" for name in frames]
    try:
        with write_group([[file, *beside(file)] for file in files]) as drafts:
            for one, group in zip(frames.values(), drafts, strict=True):
                write(one, *group)
    except BaseException:
        if made:
            with suppress(OSError):
                place.rmdir()
        raise
    return place


def _make_folder(folder: Path, names: list[Any]) -> bool:
    """Make the folder of files with these names if only its last part is missing; whether it was made."""
    taken: set[str] = set()
    for name in names:
        if not isinstance(name, str) or not name or _FORBIDDEN & set(name) or name.startswith("."):
            raise ArgumentError(
                f"{name!r} cannot be the name of a file.", advice="Use letters, digits, - and _."
            )
        if name.casefold() in taken:
            raise ArgumentError(f"Two frames would share the file {name!r} where case makes no difference.")
        taken.add(name.casefold())
    if folder.is_dir():
        return False
    if folder.exists():
        raise OutputError(f"{folder} is a file.", advice="Several frames need a folder: give another name.")
    check_output(folder)
    try:
        folder.mkdir()
    except OSError as error:
        raise OutputError(
            f"The folder {folder} cannot be made: {error.strerror or error}.", advice="Choose another place."
        ) from error
    return True


def library(name: str, what: str, *, extra: str = "keep") -> Any:
    """The module, or an error that says which line installs it."""
    try:
        return import_module(name)
    except ImportError as error:
        package = name.partition(".")[0]
        raise MissingExtraError(
            f"{what} needs {package}, which is not installed.", advice=f'pip install "procore-nb[{extra}]"'
        ) from error
