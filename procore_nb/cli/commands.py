"""The commands that ask Procore, or look something up: projects, table, endpoints, diagnose, catalog build.

In: parsed words. Out: text on standard output, files, an exit code.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from procore_nb import catalog
from procore_nb.cli.output import outputs, write_output
from procore_nb.cli.pictures import write_map
from procore_nb.cli.terminal_table import as_text, plain
from procore_nb.client import Procore, connect
from procore_nb.environments import environment
from procore_nb.errors import ArgumentError


def projects(words: argparse.Namespace) -> int:
    """Show or write the projects of a company."""
    targets = outputs(words)
    with connected(words) as procore:
        frame = procore.projects(status=words.status)
    write_output(frame, words, targets)
    if words.map:
        print(f"{write_map(frame, Path(words.map))}: {len(frame):,} projects", file=sys.stderr)
    return 0


def table(words: argparse.Namespace) -> int:
    """Show or write any list."""
    arguments: dict[str, Any] = dict(_pair(text) for text in words.set)
    arguments |= {
        name: value for name in ("since", "start", "end") if (value := getattr(words, name)) is not None
    }
    if words.projects is not None:
        named = words.projects.strip()
        arguments["projects"] = named if named.lower() in ("all", "active", "inactive") else named.split(",")
    targets = outputs(words)
    with connected(words) as procore:
        frame = procore.table(words.name, project_id=words.project_id, **arguments)
    write_output(frame, words, targets)
    return 0


def endpoints(words: argparse.Namespace) -> int:
    """List what the catalogue knows; one exact name shows everything about it."""
    text = " ".join(words.words)
    found = catalog.find_endpoints(text)
    if found.empty:
        print(f"Nothing in the catalogue has all of: {text}")
        return 0
    exact = found["name"].eq(text.strip().lower().replace(" ", "_"))
    if exact.any():
        print(catalog.endpoint(text))
        print()
    print(as_text(found[["name", "needs", "module", "path"]]))
    print(f"\n{len(found):,} lists. Everything about one: procore-nb endpoints NAME")
    return 0


def diagnose(words: argparse.Namespace) -> int:
    """Show step by step what works; 1 when a step fails that the others stand on."""
    with connected(words) as procore:
        frame = procore.diagnose()
    marks = frame["ok"].map({True: "ok", False: "NO"}).fillna("--")
    for mark, step, detail, hint in zip(marks, frame["step"], frame["detail"], frame["advice"], strict=True):
        print(f"{mark:3} {step}: {plain(detail)}")
        if hint:
            print(f"      {plain(hint)}")
    failed = frame["ok"].eq(False) & ~frame["step"].str.startswith("tool ")
    return int(failed.fillna(False).any())


def build_catalogue(words: argparse.Namespace) -> int:
    """Write a catalogue made from an OpenAPI document."""
    from procore_nb.catalog.openapi import build_file

    base = catalog.load() if words.extend else None
    made = build_file(words.document, words.output, base=base)
    print(f"{words.output}: {len(made):,} list endpoints")
    return 0


def connected(words: argparse.Namespace, *, progress: bool = True) -> Procore:
    """Return the connection that the words name; progress is for people at a terminal."""
    place: Any = words.environment
    if words.login_url or words.api_url:
        if not place:
            raise ArgumentError("--login-url and --api-url need a name.", advice="Add --environment NAME.")
        place = environment(place, login_url=words.login_url, api_url=words.api_url)
    return connect(
        place,
        company_id=words.company_id,
        profile=words.profile,
        workers=words.workers,
        max_wait_seconds=words.max_wait,
        progress=progress and sys.stderr.isatty(),
    )


def _pair(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise ArgumentError(f"--set takes NAME=VALUE, not {text!r}.")
    values = value.split(",") if "," in value and "..." not in value else value
    return name, values
