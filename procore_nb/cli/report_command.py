"""`procore-nb report`: questions of practice, answered as text, as one HTML file or as a workbook.

In: parsed arguments. Out: findings on standard output, files, an exit code. With `--store` nothing is requested.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from procore_nb.atomic_write import check_output, output_path
from procore_nb.cli.commands import connected
from procore_nb.cli.terminal_table import plain
from procore_nb.errors import ArgumentError
from procore_nb.export.file_groups import library


def report(args: argparse.Namespace) -> int:
    """Make the named reports, or all; write them, or print what they found."""
    from procore_nb.reports import all_reports, pack

    paths = [path for path in (args.html, args.excel) if path]
    for path, ending in ((args.html, ".html"), (args.excel, ".xlsx")):
        if path and Path(path).suffix.lower() != ending:
            raise ArgumentError(f"{path} does not end with {ending}.")
    if args.excel:
        library("xlsxwriter", "--excel")
    for path in paths:
        check_output(output_path(path))  # a long fetch is not lost to a folder that is not there
    names = () if args.names == ["all"] else args.names
    options: dict[str, Any] = dict(map(_option, args.set))
    with _source(args) as source:
        found = all_reports(
            source,
            *names,
            projects=args.projects or "active",
            as_of=args.as_of,
            since=args.since,
            calendar=args.calendar,
            **options,
        )
    for path in paths:
        written = pack(found, path, names="hide" if args.hide_names else "show")
        print(f"{written}: {len(found):,} reports, {written.stat().st_size / 1e6:,.1f} MB", file=sys.stderr)
    if not paths:
        shown = [one.without_names({}) if args.hide_names else one for one in found]
        print("\n\n".join("\n".join(map(plain, str(one).splitlines())) for one in shown))
    return 0


@contextmanager
def _source(args: argparse.Namespace) -> Iterator[Any]:
    if args.store:
        from procore_nb.store import Store

        yield Store(args.store)
        return
    with connected(args) as procore:
        yield procore


def _option(text: str) -> tuple[str, Any]:
    """`age_classes=7,14,30`: whole numbers, numbers and words; several with commas."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise ArgumentError(f"--set takes NAME=VALUE, not {text!r}.")
    parts = tuple(_value(one.strip()) for one in value.split(","))
    return name, parts if len(parts) > 1 else parts[0]


def _value(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return {"true": True, "false": False}.get(text.lower(), text)
