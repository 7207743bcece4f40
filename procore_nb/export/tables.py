"""What to write where: one frame into a file, or several by name into a folder.

In: what a caller gave. Out: frames with their files, and a frame's columns with its index before them. Speaks to the
file system only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from procore_nb.errors import ArgumentError, OutputError
from procore_nb.export.as_text import ColumnType, is_missing, plain, texts_of, type_of
from procore_nb.whole_files import check_place, place_of

_FORBIDDEN = set('/\\:*?"<>|\0')


@dataclass(frozen=True)
class Table:
    """A frame as named columns of values that can be written, each with its type."""

    names: list[str]
    columns: list[pd.Series[Any]]
    types: list[ColumnType]
    rows: int
    index: list[Any]
    """The names of the index levels, which are the first columns; none for row numbers."""
    labels: list[dict[str, Any]] | None
    """What the column labels are, where they are more than text."""


def table_of(frame: pd.DataFrame) -> Table:
    """The frame with its index as the first columns; whole numbers without a name are only row numbers."""
    index = _levels(frame.index) if _is_told(frame.index) else []
    given = [level for _, level in index] + [frame.iloc[:, at] for at in range(frame.shape[1])]
    types = [type_of(column) for column in given]
    columns = [plain(column) for column in given]
    names = [name for name, _ in index] + [_title(label) for label in frame.columns]
    levels = list(map(_said, frame.index.names)) if index else []
    return Table(names, columns, types, len(frame), levels, _labels(frame.columns))


def frames_of(frame: Any) -> dict[str | None, pd.DataFrame]:
    """The frames by name; a single one has the name None."""
    if isinstance(frame, pd.DataFrame):
        return {None: frame}
    if not isinstance(frame, Mapping):
        raise ArgumentError(
            f"What is written is a frame, or a dict of name to frame, not {type(frame).__name__}.",
            advice="A Series becomes a frame by its to_frame().",
        )
    if not frame:
        raise ArgumentError("There is no frame to write.", advice="Give a frame, or a dict of name to frame.")
    for name, one in frame.items():
        if not isinstance(one, pd.DataFrame):
            raise ArgumentError(f"{name!r} is no frame but {type(one).__name__}.")
    return dict(frame)


@contextmanager
def files_for(frame: Any, path: Any, ending: str) -> Iterator[dict[Path, pd.DataFrame]]:
    """Each frame with the file to write; a folder for several is made, and removed again if the block fails."""
    frames, place = frames_of(frame), place_of(path)
    if None in frames:
        yield {place: frames[None]}
        return
    _check_file_names(list(frames))
    made = _make_folder(place)
    try:
        yield {place / f"{name}{ending}": one for name, one in frames.items()}
    except BaseException:
        if made:
            with suppress(OSError):
                place.rmdir()
        raise


def _check_file_names(names: list[Any]) -> None:
    taken: set[str] = set()
    for name in names:
        if not isinstance(name, str) or not name or _FORBIDDEN & set(name) or name.startswith("."):
            raise ArgumentError(
                f"{name!r} cannot be the name of a file.", advice="Use letters, digits, - and _."
            )
        if name.casefold() in taken:
            raise ArgumentError(f"Two frames would share the file {name!r} where case makes no difference.")
        taken.add(name.casefold())


def _make_folder(folder: Path) -> bool:
    """Make a folder if only its last part is missing; whether it was made."""
    if folder.is_dir():
        return False
    if folder.exists():
        raise OutputError(f"{folder} is a file.", advice="Several frames need a folder: give another name.")
    check_place(folder)
    try:
        folder.mkdir()
    except OSError as error:
        raise OutputError(
            f"The folder {folder} cannot be made: {error.strerror or error}.", advice="Choose another place."
        ) from error
    return True


def _is_told(index: pd.Index[Any]) -> bool:
    """Whether an index says more than the number of the row."""
    return index.nlevels > 1 or index.name is not None or (len(index) > 0 and index.dtype.kind not in "iu")


def _levels(index: pd.Index[Any]) -> list[tuple[str, pd.Series[Any]]]:
    several = index.nlevels > 1
    return [
        (
            (f"level_{at}" if several else "index") if name is None else _title(name),
            pd.Series(index.get_level_values(at)).reset_index(drop=True),
        )
        for at, name in enumerate(index.names)
    ]


def _title(label: Any) -> str:
    """A column label as the text of a header; several levels are joined by dots, as nested names are."""
    if isinstance(label, tuple):
        return ".".join(text for one in label if (text := _title(one)))
    return "" if is_missing(label) else str(label)


def _said(name: Any) -> str | int | None:
    """The name of a level as JSON holds it."""
    return name if name is None or isinstance(name, str | int) else _title(name)


def _labels(columns: pd.Index[Any]) -> list[dict[str, Any]] | None:
    """Each level of the labels as a column of its own, or None where they are text without a name."""
    plain_text = columns.nlevels == 1 and columns.name is None and columns.dtype == pd.Index(["a"]).dtype
    if plain_text and all(isinstance(label, str) for label in columns):
        return None
    levels = []
    for at, name in enumerate(columns.names):
        level = pd.Series(columns.get_level_values(at)).reset_index(drop=True)
        how = type_of(level)
        if how.lost:
            return None
        levels.append({"name": _said(name)} | how.told() | {"texts": texts_of(plain(level), how)})
    return levels
