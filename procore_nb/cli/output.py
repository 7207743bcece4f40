"""What a command gives: a table in the terminal, or files.

In: parsed words and a frame. Out: text on standard output, files. Files are checked before anything is asked of Procore:
a long walk is not lost to a folder that is not there.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from procore_nb.atomic_write import check_output, output_path
from procore_nb.cli.pictures import check_picture
from procore_nb.cli.terminal_table import as_text, compact
from procore_nb.export import to_csv, to_excel, to_parquet
from procore_nb.export.extras import library

Targets = list[tuple[Callable[[pd.DataFrame, Any], Path], Path]]
_LIBRARIES = {"excel": "xlsxwriter", "parquet": "pyarrow"}


def outputs(words: argparse.Namespace) -> Targets:
    """The files that the words ask for, each with what writes it."""
    writers: dict[str, Callable[[pd.DataFrame, Any], Path]] = {
        "csv": lambda frame, path: to_csv(frame, path, excel=words.excel_csv),
        "excel": to_excel,
        "parquet": to_parquet,
    }
    targets = []
    for name, write in writers.items():
        path = getattr(words, name)
        if path is None or (name == "csv" and path == "-"):
            continue
        if name in _LIBRARIES:
            library(_LIBRARIES[name], f"--{name}")
        check_output(output_path(path))
        targets.append((write, output_path(path)))
    if getattr(words, "map", None):
        check_picture(Path(words.map))
        check_output(output_path(words.map))
    return targets


def write_output(frame: pd.DataFrame, words: argparse.Namespace, targets: Targets) -> None:
    """Write the files and say where they are, or show the first rows."""
    about = frame.attrs["procore"]
    source = f"{about['endpoint']} of company {about['company_id']}, {about['environment']} environment"
    said = sys.stderr if words.csv == "-" else sys.stdout
    if words.csv == "-":
        _to_standard_output(frame, excel=words.excel_csv)
    for write, path in targets:
        written = write(frame, path)
        print(f"{written}: {len(frame):,} rows, {len(frame.columns)} columns ({source})", file=said)
    if targets or words.csv == "-":
        return
    if words.rows or frame.empty:
        print(as_text(compact(frame).head(words.rows)), end="\n\n")
    more = f", first {words.rows} shown" if 0 < words.rows < len(frame) else ""
    print(f"{len(frame):,} rows, {len(frame.columns)} columns{more} ({source}). --csv FILE writes them all.")


def _to_standard_output(frame: pd.DataFrame, *, excel: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = to_csv(frame, Path(folder) / "rows.csv", excel=excel)
        sys.stdout.buffer.write(path.read_bytes())
        sys.stdout.buffer.flush()
