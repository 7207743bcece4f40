"""What a command gives: a table in the terminal, files, a map.

In: parsed arguments and a frame. Out: text on standard output, files. Files are checked before anything is sent to
Procore: a long fetch is not lost to a folder that is not there.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from procore_nb.atomic_write import check_output, output_path, replace_atomically
from procore_nb.cli.terminal_table import as_text, compact
from procore_nb.errors import ArgumentError
from procore_nb.export import to_csv, to_excel, to_parquet
from procore_nb.export.file_groups import library

Targets = list[tuple[Callable[[pd.DataFrame, Any], Path], Path]]
_PICTURES = (".png", ".svg", ".pdf")
_LIBRARIES = {"excel": "xlsxwriter", "parquet": "pyarrow"}


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
