"""The commands that fetch or look something up: projects, table, endpoints, diagnose, catalog build.

In: parsed arguments. Out: text on standard output, files, an exit code.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from procore_nb import catalog, near_match
from procore_nb.cli.output import outputs, write_map, write_output
from procore_nb.cli.terminal_table import as_text, plain
from procore_nb.client import Procore, connect
from procore_nb.environments import environment
from procore_nb.errors import ArgumentError


def projects(args: argparse.Namespace) -> int:
    """Show or write the projects of a company."""
    targets = outputs(args)
    with connected(args) as procore:
        frame = procore.projects(status=args.status)
    write_output(frame, args, targets)
    if args.map:
        print(f"{write_map(frame, Path(args.map))}: {len(frame):,} projects", file=sys.stderr)
    return 0


def table(args: argparse.Namespace) -> int:
    """Show or write any list."""
    return _write(args, lambda procore: procore.table(args.name, **list_arguments(procore, args)))


def record(args: argparse.Namespace) -> int:
    """Show or write one record of a list."""
    return _write(
        args, lambda procore: procore.record(args.name, args.record_id, **list_arguments(procore, args))
    )


def count(args: argparse.Namespace) -> int:
    """Show or write how many rows a list has."""
    return _write(args, lambda procore: procore.count(args.name, **list_arguments(procore, args)))


def estimate(args: argparse.Namespace) -> int:
    """Show or write what fetching a list would take."""
    return _write(args, lambda procore: procore.estimate(args.name, **list_arguments(procore, args)))


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


def _write(args: argparse.Namespace, fetch: Callable[[Procore], pd.DataFrame]) -> int:
    targets = outputs(args)
    with connected(args) as procore:
        frame = fetch(procore)
    write_output(frame, args, targets)
    return 0


def list_arguments(procore: Procore, args: argparse.Namespace) -> dict[str, Any]:
    """Return the arguments of a list that were typed."""
    found: dict[str, Any] = dict(_pair(text) for text in args.set)
    for name in ("since", "start", "end", "project_id", "projects", "max_rows"):
        if getattr(args, name, None) is not None:
            found[name] = getattr(args, name)
    if getattr(args, "parent", None):
        found["parent"] = _parents(procore, args)
    if getattr(args, "columns", None):
        found["columns"] = [name.strip() for name in args.columns.split(",")]
    return found


def endpoints(args: argparse.Namespace) -> int:
    """List what the catalogue knows; one exact name shows everything about it."""
    text = " ".join(args.words)
    catalogue = catalog.load(args.catalogue)
    found = catalog.find_endpoints(text, catalogue=catalogue)
    if found.empty:
        print(f"Nothing in the catalogue has all of: {text}")
        return 0
    exact = catalogue.endpoint(found["name"].iloc[0])
    if near_match.plain(text) in {exact.name, *exact.aliases}:
        print(exact)
        others = found["name"].tolist()[1:6]
        print(f"\nSee also: {', '.join(others)}" if others else "")
        return 0
    print(as_text(found[["name", "needs", "module", "path"]]))
    print(f"\n{len(found):,} lists. Everything about one: procore-nb endpoints NAME")
    return 0


def diagnose(args: argparse.Namespace) -> int:
    """Show step by step what works; 1 when a step fails that the others stand on."""
    with connected(args) as procore:
        frame = procore.diagnose()
    marks = frame["ok"].map({True: "ok", False: "NO"}).fillna("--")
    for mark, step, detail, hint in zip(marks, frame["step"], frame["detail"], frame["advice"], strict=True):
        print(f"{mark:3} {step}: {plain(detail)}")
        if hint:
            print(f"      {plain(hint)}")
    failed = frame["ok"].eq(False) & ~frame["step"].str.startswith("tool ")
    return int(failed.fillna(False).any())


def build_catalogue(args: argparse.Namespace) -> int:
    """Write a catalogue made from OpenAPI documents, and show what differs from the shipped one."""
    from procore_nb.catalog.openapi import build_file

    base = catalog.load() if args.extend or args.whole else None
    made, differences = build_file(args.documents, args.output, base=base, whole=args.whole)
    print(differences)
    print(f"{args.output}: {len(made):,} list endpoints")
    return 0


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


def _parents(procore: Procore, args: argparse.Namespace) -> Any:
    """Return the ids that were typed, or the rows of the list that was named, of the same projects."""
    if re.fullmatch(r"[\d,\s]+", args.parent):
        return [one.strip() for one in args.parent.split(",") if one.strip()]
    return procore.table(args.parent, project_id=args.project_id, projects=args.projects)


def _pair(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise ArgumentError(f"--set takes NAME=VALUE, not {text!r}.")
    values = value.split(",") if "," in value and "..." not in value else value
    return name, values
