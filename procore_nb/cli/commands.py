"""The commands that fetch or look something up: projects, table, files, report, endpoints, diagnose, catalog build.

In: parsed arguments. Out: text on standard output, files, an exit code.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from procore_nb import catalog, near_match
from procore_nb.atomic_write import check_output, output_path
from procore_nb.cli.output import as_text, outputs, printable, write_map, write_output
from procore_nb.client import Procore, connect
from procore_nb.environments import environment
from procore_nb.errors import ArgumentError
from procore_nb.export.frame_files import library
from procore_nb.progress import size_text


def projects(args: argparse.Namespace) -> int:
    """Show or write the projects of a company."""
    targets = outputs(args)
    with connected(args) as procore:
        frame = procore.projects(status=args.status)
    write_output(frame, args, targets)
    if args.map:
        print(f"{write_map(frame, Path(args.map))}: {len(frame):,} projects", file=sys.stderr)
    return 0


def fetch(method: Callable[..., pd.DataFrame], args: argparse.Namespace) -> int:
    """Show or write what a method of the connection returns for a list: its rows, a record, a count, an estimate."""
    targets = outputs(args)
    record = (args.record_id,) if hasattr(args, "record_id") else ()
    with connected(args) as procore:
        frame = method(procore, args.name, *record, **_list_arguments(procore, args))
    write_output(frame, args, targets)
    return 0


def access_request(args: argparse.Namespace) -> int:
    """Show the letter to the administrator; files get its table."""
    targets = outputs(args)
    with connected(args) as procore:
        frame, text = procore.access_request(args.names)
    if targets or args.csv == "-":
        frame.attrs["procore"]["endpoint"] = "access-request"
        write_output(frame, args, targets)
    else:
        print(text)
    return 0


def endpoints(args: argparse.Namespace) -> int:
    """List what the catalogue knows; one exact name shows everything about it."""
    text = " ".join(args.words)
    catalogue = catalog.load(args.catalogue)
    lists = catalog.find_endpoints(text, catalogue=catalogue)
    if lists.empty:
        print(f"Nothing in the catalogue has all of: {text}")
        return 0
    exact = catalogue.endpoint(lists["name"].iloc[0])
    if near_match.slug(text) in {exact.name, *exact.aliases}:
        others = lists["name"].tolist()[1:6]
        print(exact, f"\nSee also: {', '.join(others)}" if others else "", sep="\n")
        return 0
    print(as_text(lists[["name", "needs", "module", "path"]]))
    print(f"\n{len(lists):,} lists. Everything about one: procore-nb endpoints NAME")
    return 0


def diagnose(args: argparse.Namespace) -> int:
    """Show step by step what works; 1 when a step fails that the others stand on."""
    with connected(args) as procore:
        frame = procore.diagnose()
    marks = frame["ok"].map({True: "ok", False: "NO"}).fillna("--")
    for mark, step, detail, hint in zip(marks, frame["step"], frame["detail"], frame["advice"], strict=True):
        print(f"{mark:3} {step}: {printable(detail)}")
        if hint:
            print(f"      {printable(hint)}")
    failed = frame["ok"].eq(False) & ~frame["step"].str.startswith("tool ")
    return int(failed.fillna(False).any())


def build_catalogue(args: argparse.Namespace) -> int:
    """Write a catalogue made from OpenAPI documents, and show what differs from the shipped one."""
    from procore_nb.catalog.openapi import build_file

    base = catalog.load() if args.extend or args.whole else None
    catalogue, differences = build_file(args.documents, args.output, base=base, whole=args.whole)
    print(differences)
    print(f"{args.output}: {len(catalogue):,} list endpoints")
    return 0


def files(args: argparse.Namespace) -> int:
    """Show or write the files of a list; with a folder, download them: 1 when one did not come."""
    targets = outputs(args)
    if args.gallery:
        if not args.download:
            raise ArgumentError("--gallery shows downloaded pictures.", advice="Add --download FOLDER.")
        _check_ending(args.gallery, ".html")
    names: Literal["hide", "show"] = "hide" if args.hide_names else "show"
    with connected(args) as procore:
        arguments = _list_arguments(procore, args)
        frame = procore.files(args.name, records=True if args.records else None, **arguments)
        if not args.download:
            write_output(frame, args, targets)
            return 0
        page = output_path(args.gallery) if args.gallery else None
        if page and page.resolve().parent != output_path(args.download).resolve():
            check_output(page)  # before the download, which may be long
        done = procore.download(
            frame,
            args.download,
            kind=args.kind or None,
            workers=args.transfers,
            max_bytes=args.max_bytes,
            overwrite=args.overwrite,
            names=names,
            allow_hosts=args.allow_host,
        )
    counts = done["status"].value_counts().to_dict()
    shown = ", ".join(f"{count:,} {status}" for status, count in counts.items()) or "no files"
    size = size_text(float(done["bytes"].fillna(0).sum()))
    print(f"{args.download}: {shown}, {size}", file=sys.stderr if args.csv == "-" else sys.stdout)
    if targets or args.csv == "-":
        write_output(done, args, targets)
    if args.gallery:
        from procore_nb.files import gallery

        sheet = gallery(done, names=names)
        print(f"{sheet.save(args.gallery)}: {len(sheet.pictures):,} pictures", file=sys.stderr)
    return int("failed" in counts)


def report(args: argparse.Namespace) -> int:
    """Make the named reports, or all; write them, or print what they found."""
    from procore_nb.reports import all_reports, pack

    paths = [path for path in (args.html, args.excel) if path]
    if args.html:
        _check_ending(args.html, ".html")
    if args.excel:
        _check_ending(args.excel, ".xlsx")
        library("xlsxwriter", "--excel")
    for path in paths:
        check_output(output_path(path))  # before the fetch, which may be long
    options: dict[str, Any] = {name: _literals(value) for name, value in map(_pair, args.set)}
    with _source(args) as lists:
        reports = all_reports(
            lists,
            *(() if args.names == ["all"] else args.names),
            projects=args.projects or "active",
            as_of=args.as_of,
            since=args.since,
            calendar=args.calendar,
            **options,
        )
    for path in paths:
        written = pack(reports, path, names="hide" if args.hide_names else "show")
        print(f"{written}: {len(reports):,} reports, {written.stat().st_size / 1e6:,.1f} MB", file=sys.stderr)
    if not paths:
        shown = [each.without_names({}) if args.hide_names else each for each in reports]
        print("\n\n".join("\n".join(map(printable, str(each).splitlines())) for each in shown))
    return 0


def _source(args: argparse.Namespace) -> AbstractContextManager[Any]:
    if not args.store:
        return connected(args)
    from procore_nb.store import Store

    return nullcontext(Store(args.store))


def connected(args: argparse.Namespace, *, progress: bool = True) -> Procore:
    """Return the connection that the arguments name; progress is for people at a terminal."""
    where: Any = args.environment
    if args.login_url or args.api_url:
        if not where:
            raise ArgumentError("--login-url and --api-url need a name.", advice="Add --environment NAME.")
        where = environment(where, login_url=args.login_url, api_url=args.api_url)
    return connect(
        where,
        company_id=args.company_id,
        profile=args.profile,
        workers=args.workers,
        max_wait_seconds=args.max_wait,
        catalogue=args.catalogue,
        cache=getattr(args, "cache", None),
        progress=progress and sys.stderr.isatty(),
    )


def _list_arguments(procore: Procore, args: argparse.Namespace) -> dict[str, Any]:
    """Return the arguments of a list that were typed."""
    arguments: dict[str, Any] = {
        name: value.split(",") if "," in value and "..." not in value else value
        for name, value in map(_pair, args.set)
    }
    for name in ("since", "start", "end", "project_id", "projects", "max_rows"):
        if getattr(args, name, None) is not None:
            arguments[name] = getattr(args, name)
    parents = getattr(args, "parent", None)
    if parents and re.fullmatch(r"[\d,\s]+", parents):
        arguments["parent"] = [parent.strip() for parent in parents.split(",") if parent.strip()]
    elif parents:  # the rows of that list, of the same projects
        arguments["parent"] = procore.table(parents, project_id=args.project_id, projects=args.projects)
    if getattr(args, "columns", None):
        arguments["columns"] = [name.strip() for name in args.columns.split(",")]
    return arguments


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise ArgumentError(f"--set takes NAME=VALUE, not {text!r}.")
    return name, value


def _literals(text: str) -> Any:
    """The value of an option: `7,14,30` is several whole numbers, `true` a boolean, what is no number a text."""
    parts = tuple(_literal(part.strip()) for part in text.split(","))
    return parts if len(parts) > 1 else parts[0]


def _literal(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return {"true": True, "false": False}.get(text.lower(), text)


def _check_ending(path: str, ending: str) -> None:
    if Path(path).suffix.lower() != ending:
        raise ArgumentError(f"{path} does not end with {ending}.")
