"""What a command gives: a table in the terminal, files, a map; and messages in the words of a terminal.

In: parsed arguments and a frame, or the text of an error. Out: text that fits the terminal, without control characters from other
people's text and without Python (`project_id=…` is `--project-id N`); files. Files are checked before anything is sent to Procore:
a long fetch is not lost to a folder that is not there.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from procore_nb.atomic_write import check_output, output_path, replace_atomically
from procore_nb.errors import ArgumentError
from procore_nb.export import to_csv, to_excel, to_parquet
from procore_nb.export.frame_files import library
from procore_nb.scalars import is_missing

Targets = list[tuple[Callable[[pd.DataFrame, Any], Path], Path]]
_PICTURES = (".png", ".svg", ".pdf")
_LIBRARIES = {"excel": "xlsxwriter", "parquet": "pyarrow"}
_LEAST = 12  # a column of text does not get narrower
_LONGEST = 200
_FIRST = (
    "project_name", "id", "number", "project_number", "name", "title", "subject", "status", "status.name",
    "project_stage.name", "city", "country_code", "date", "due_date", "start_date", "total_value", "grand_total",
    "latitude", "longitude",
)  # fmt: skip
_FIRST_OF_FILES = ("list", "project_name", "kind", "name", "size", "created_at")


def outputs(args: argparse.Namespace) -> Targets:
    """Return the files that are asked for, each with what writes it."""
    writers: dict[str, Callable[[pd.DataFrame, Any], Path]] = {
        "csv": lambda frame, path: to_csv(frame, path, excel=args.excel_csv),
        "excel": to_excel,
        "parquet": to_parquet,
    }
    targets = []
    for name, write in writers.items():
        path = getattr(args, name)
        if path is None or (name, path) == ("csv", "-"):
            continue
        if name in _LIBRARIES:
            library(_LIBRARIES[name], f"--{name}")
        targets.append((write, output_path(path)))
        check_output(targets[-1][1])
    if getattr(args, "map", None):
        check_picture(Path(args.map))
        check_output(output_path(args.map))
    return targets


def write_output(frame: pd.DataFrame, args: argparse.Namespace, targets: Targets) -> None:
    """Write the files and say where they are, or show the first rows."""
    about = frame.attrs["procore"]
    source = f"{about['endpoint']} of company {about['company_id']}, {about['environment']} environment"
    stream = sys.stderr if args.csv == "-" else sys.stdout
    if args.csv == "-":
        with tempfile.TemporaryDirectory() as folder:
            rows = to_csv(frame, Path(folder) / "rows.csv", excel=args.excel_csv)
            sys.stdout.buffer.write(rows.read_bytes())
        sys.stdout.buffer.flush()
    for write, path in targets:
        written = write(frame, path)
        print(f"{written}: {len(frame):,} rows, {len(frame.columns)} columns ({source})", file=stream)
    if targets or args.csv == "-":
        return
    if args.rows or frame.empty:
        print(as_text(compact(frame).head(args.rows)), end="\n\n")
    more = f", first {args.rows} shown" if 0 < args.rows < len(frame) else ""
    print(f"{len(frame):,} rows, {len(frame.columns)} columns{more} ({source}). --csv FILE writes them all.")


def check_picture(path: Path) -> None:
    """Refuse a file whose ending is no kind of map."""
    if path.suffix.lower() not in (*_PICTURES, ".html"):
        raise ArgumentError(f"A map is written as {', '.join(_PICTURES)} or .html, not {path.name!r}.")


def write_map(frame: pd.DataFrame, path: Path, *, title: str | None = None) -> Path:
    """Write a map of projects as a picture (.png, .svg, .pdf), or as a page for the browser (.html)."""
    check_picture(path)
    ending = path.suffix.lower()
    if ending == ".html":
        from procore_nb.maps import map_projects

        return map_projects(frame).save(path, title=title or "Projects")
    from procore_nb.maps import plot_projects

    axes: Any = plot_projects(frame, title=title)
    path = output_path(path)
    with replace_atomically(path) as draft:
        axes.figure.savefig(draft, format=ending[1:], dpi=150)
    return path


def compact(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the columns that fit a terminal and are worth a first look, most telling first."""
    first = _FIRST_OF_FILES if {"list", "kind", "size"} <= set(frame.columns) else _FIRST
    chosen = [name for name in first if name in frame.columns and (frame[name].notna().any() or frame.empty)]
    others = [name for name in frame.columns if name not in chosen and frame[name].notna().any()]
    return frame[(chosen if len(chosen) > 2 else chosen + others)[:8]]


def as_text(frame: pd.DataFrame) -> str:
    """Return a frame as aligned text as wide as the terminal; long cells end with an ellipsis, last columns give way."""
    if not len(frame.columns):
        return f"{len(frame):,} rows without columns"
    if frame.empty:
        return f"no rows (columns: {', '.join(map(printable, map(str, frame.columns)))})"
    numeric = [pd.api.types.is_numeric_dtype(frame[name]) for name in frame.columns]
    texts = [[printable(str(name)), *_cells(frame[name])] for name in frame.columns]
    widths = _fitted([max(map(len, column)) for column in texts], numeric)
    shown = [
        [_cut(text, wide).rjust(wide) if right else _cut(text, wide).ljust(wide) for text in column]
        for column, wide, right in zip(texts, widths, numeric, strict=False)  # the last columns may not fit
    ]
    return "\n".join("  ".join(row).rstrip() for row in zip(*shown, strict=True))


def _fitted(widths: list[int], numeric: list[bool]) -> list[int]:
    """Widths that the terminal holds: the widest text gives way first, then the last columns; numbers stay whole."""
    room = shutil.get_terminal_size((110, 24)).columns
    fitted = list(widths)
    while sum(fitted) + 2 * (len(fitted) - 1) > room:
        wide = [(width, at) for at, width in enumerate(fitted) if width > _LEAST and not numeric[at]]
        if wide:
            fitted[max(wide)[1]] -= 1
        elif len(fitted) > 1:
            fitted = widths[: len(fitted) - 1]
        else:
            break
    return fitted


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def printable(text: str) -> str:
    """Return text without control characters, which could rewrite a terminal."""
    return "".join(mark if mark.isprintable() else " " for mark in text)


def _cells(column: pd.Series[Any]) -> list[str]:
    there = column.dropna()
    days = column.dtype.kind == "M" and bool((there == there.dt.normalize()).all())

    def text(value: Any) -> str:
        value = value.date() if days else value
        return printable(f"{value:.5f}" if isinstance(value, float) else str(value)[:_LONGEST])

    return ["" if is_missing(value) else text(value) for value in column]


_OPTIONS = {
    "budget_view": "--set budget_view=NAME",
    "client_id": "PROCORE_CLIENT_ID",
    "client_secret": "PROCORE_CLIENT_SECRET",
    "company_id": "--company-id N",
    "end": "--end DATE",
    "environment": "--environment NAME",
    "max_rows": "--max-rows N",
    "max_wait_seconds": "--max-wait SECONDS",
    "parent": "--parent NAME",
    "profile": "--profile NAME",
    "project_id": "--project-id N",
    "projects": "--projects all",
    "since": "--since TIME",
    "start": "--start DATE",
    "workers": "--workers N",
}
_VALUE = r'(?:…|<[^>]*>|"[^"]*"|[\w.-]+)?'
_ARGUMENT = re.compile(rf"\b(?<!--set )([a-z]\w*)=({_VALUE})(?![\w=])")
# Sentences about a frame in memory, which a terminal has not.
_IN_MEMORY = re.compile(
    r"(; details in frame\.attrs\S+?(?=\.?(\s|$))|\s?[\d,]+ rows had come: error\.partial\.[^\n]*$| It takes: [^.]*\.)"
)
_CALLS = (
    (r"Choose in the frame: \w+\[(.*)\]\.", r"Write it with --csv and filter the file."),
    (r"A stage is chosen in the frame: \w+\[(.*)\]\.", r"Stages are filtered in the file that --csv writes."),
    (r'pnb\.connect\("([\w-]+)"\)', r"--environment \1"),
    (r"pass pnb\.Environment\([^()]*\)", "add --login-url URL and --api-url URL to a name of your own"),
    (
        r'projects is "all",.*? such as procore\.projects\(\)',
        "--projects takes all, active, inactive, or ids (whole numbers) with commas between; procore-nb projects shows the ids",
    ),
    (r', or keep frame\[frame\["\w+"\]\]', ""),
    (r'Keep frame\[frame\["(\w+)"\]\]', r"Write them with --csv and keep those that are \1"),
    (r"pnb\.connect\(([^()]*)\)", r"--environment \1"),
    (r"connect\(…, ([^()]*)\)", r"\1"),
    (r"(?:pnb\.)?find_endpoints\([^()]*\)", "procore-nb endpoints WORD"),
    (r'procore\.endpoint\("?([^"()]*)"?\)', r"procore-nb endpoints \1"),
    (r'procore\.projects\(status="All"\)', "procore-nb projects --status All"),
    (r"procore\.projects\(\)", "procore-nb projects"),
    (r"credentials=pnb\.Credentials\([^()]*\)", "other variables"),
    (r"parent=<frame of ([^>]*)>", r"--parent \1"),
)


def terminal_words(text: str) -> str:
    """Return a message as a person in a terminal can follow it."""
    text = _IN_MEMORY.sub("", text)
    for pattern, words in _CALLS:
        text = re.sub(pattern, words, text)
    return _ARGUMENT.sub(_option, text)


def _option(found: re.Match[str]) -> str:
    name, value = found[1], found[2].strip('"')
    known = _OPTIONS.get(name)
    if known is None:
        return f"--set {name}={value or 'VALUE'}".replace("…", "VALUE")
    option, _, placeholder = known.partition(" ")
    return f"{option} {value if value not in ('', '…') else placeholder}".rstrip()
