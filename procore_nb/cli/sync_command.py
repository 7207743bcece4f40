"""`procore-nb sync`: bring a folder of tables up to date, once or again and again, unattended.

In: parsed arguments; credentials from the environment or a saved profile only. Out: one line per sync on standard output, and
with `--log` one JSON object a table on standard error. Exit code 0 when every table is up to date, 1 if one is not or nothing
could be asked, 130 for Ctrl-C, 143 for SIGTERM. With `--every` a sync that fails is said and tried again; what can never
work (an unknown list, another company's store, refused credentials) ends it.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from procore_nb.cli.commands import connected
from procore_nb.errors import ArgumentError, CatalogError, CredentialsError, MissingExtraError, ProcoreError
from procore_nb.fetch import seconds_of
from procore_nb.scalars import select_projects

if TYPE_CHECKING:
    from procore_nb.client import Procore
    from procore_nb.store import Store

_FOR_GOOD = (ArgumentError, CatalogError, CredentialsError, MissingExtraError)
_TERMINATED = 128 + signal.SIGTERM


def sync(args: argparse.Namespace) -> int:
    """Sync once, or every so often until Ctrl-C."""
    from procore_nb.store import Store

    every = None if args.every is None else seconds_of(args.every, "--every")
    tables = [name.strip() for name in args.tables.split(",") if name.strip()]
    if not tables:
        raise ArgumentError(
            "--tables names no list.", advice="For example --tables projects,rfis,submittals."
        )
    store = Store(args.store)
    if args.projects is not None:  # an error before the first sync, not in each of them
        select_projects(args.projects, where="--projects")
    with _ended_by_sigterm(), connected(args, progress=False) as procore:
        while True:
            began = time.monotonic()
            code = _once(store, procore, tables, args, go_on=every is not None)
            if every is None:
                return code
            time.sleep(max(0.0, every - (time.monotonic() - began)))


def _once(store: Store, procore: Procore, tables: list[str], args: argparse.Namespace, *, go_on: bool) -> int:
    from procore_nb.store.report import failure_line, log_lines, summary

    try:
        result = store.sync(
            procore,
            tables,
            projects="all" if args.projects is None else args.projects,
            full=args.full,
            history=True if args.history else None,
            drop_personal=True if args.drop_personal else None,
            names="safe" if args.safe_names else None,
            on_error="skip",
            progress=False,
        )
    except ProcoreError as error:
        if args.log:
            print(failure_line(str(error)), file=sys.stderr, flush=True)
        if not go_on or isinstance(error, _FOR_GOOD):
            raise
        print(f"{_now()} failed: {' '.join(str(error).split())}", flush=True)
        return 1
    if args.log:
        for line in log_lines(result):
            print(line, file=sys.stderr, flush=True)
    print(f"{_now()} {summary(result)}", flush=True)
    return int((result["error"] != "").any())


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Let what is under way end in order when a service manager asks for it; in a container nothing else would."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: Any) -> None:
        print("procore-nb: stopped.", file=sys.stderr, flush=True)
        raise SystemExit(_TERMINATED)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="seconds")
