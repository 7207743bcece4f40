"""The arguments of the command line, and which command each leads to.

In: nothing. Out: an argument parser. Secrets are never among the arguments: a process list would show them.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from procore_nb import __version__
from procore_nb.cli import commands, demo_commands, files_command, report_command, sync_command
from procore_nb.cli.completion import SHELLS, completion

_CREDENTIALS = (
    "Credentials come from PROCORE_CLIENT_ID and PROCORE_CLIENT_SECRET (also in a .env file), or from a saved profile; "
    "the environment demo needs none."
)


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    whole = argparse.ArgumentParser(
        prog="procore-nb",
        formatter_class=lambda prog: argparse.HelpFormatter(prog, max_help_position=30),
        description="Procore lists as typed tables, in a terminal.",
        epilog=_CREDENTIALS,
    )
    whole.add_argument(
        "--version", action=_Version, nargs=0, help="show the versions of package and catalogue"
    )
    verbs = whole.add_subparsers(metavar="COMMAND", required=True)
    _demo(verbs.add_parser("demo", help="do the whole job on the embedded demo: summary, CSV files, map"))
    _projects(verbs.add_parser("projects", help="the projects of a company", epilog=_CREDENTIALS))
    _table(verbs.add_parser("table", help="any list, by name or path", epilog=_CREDENTIALS))
    _lookups(verbs)
    _files(
        verbs.add_parser(
            "files", help="attachments, photos, drawings: list and download", epilog=_CREDENTIALS
        )
    )
    _access_request(verbs.add_parser("access-request", help="what to ask the administrator for, as a letter"))
    _endpoints(verbs.add_parser("endpoints", help="find a list in the catalogue"))
    _diagnose(verbs.add_parser("diagnose", help="why does nothing come? step by step", epilog=_CREDENTIALS))
    _catalog(verbs.add_parser("catalog", help="make a catalogue from Procore's OpenAPI document"))
    _sync(verbs.add_parser("sync", help="bring a folder of tables up to date", epilog=_CREDENTIALS))
    _report(
        verbs.add_parser("report", help="questions of practice, answered: rfis, cost, …", epilog=_CREDENTIALS)
    )
    _serve(verbs.add_parser("serve-demo", help="serve the demo on a loopback port, for other clients"))
    shells = verbs.add_parser("completion", help="lines that let the Tab key complete these commands")
    shells.add_argument("shell", choices=SHELLS, help='eval "$(procore-nb completion bash)" in ~/.bashrc')
    shells.set_defaults(run=completion)
    return whole


class _Version(argparse.Action):
    """Print the version; the catalogue is read only then."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any, **__: Any) -> None:
        from procore_nb import catalog

        shipped = catalog.load()
        print(f"procore-nb {__version__}, {len(shipped):,} lists of Procore's reference of {shipped.as_of}")
        parser.exit()


def _connection(one: argparse.ArgumentParser) -> None:
    group = one.add_argument_group("connection")
    group.add_argument(
        "--environment", metavar="NAME", help="demo, production, sandbox, monthly-sandbox or federal"
    )
    group.add_argument(
        "--company-id", metavar="ID", help="the first number in the web application's address bar"
    )
    group.add_argument("--profile", metavar="NAME", help="a saved profile")
    group.add_argument("--login-url", metavar="URL", help="another login host than the environment's")
    group.add_argument("--api-url", metavar="URL", help="another API host than the environment's")
    _catalogue(group)
    group.add_argument("--workers", type=int, default=8, metavar="N", help="requests at the same time (8)")
    group.add_argument(
        "--max-wait",
        type=float,
        default=600.0,
        metavar="SECONDS",
        help="longest waiting for the rate limit (600)",
    )


def _catalogue(group: Any) -> None:
    group.add_argument(
        "--catalogue", type=Path, metavar="FILE", help="another catalogue than ours: see catalog build"
    )


def _outputs(one: argparse.ArgumentParser) -> None:
    group = one.add_argument_group("output")
    group.add_argument("--csv", metavar="FILE", help="write a CSV file; - writes it to standard output")
    group.add_argument("--excel-csv", action="store_true", help="make the CSV safe and readable for Excel")
    group.add_argument("--excel", metavar="FILE", help="write an Excel workbook")
    group.add_argument("--parquet", metavar="FILE", help="write a Parquet file")
    group.add_argument(
        "--rows", type=_count, default=20, metavar="N", help="rows to show when no file is written (20)"
    )


def _count(text: str) -> int:
    """A whole number from 0 up."""
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 0 up")
    return int(text)


def _port(text: str) -> int:
    """The number of a port."""
    if not (text.isascii() and text.isdigit() and int(text) < 65536):
        raise argparse.ArgumentTypeError(f"{text!r} is no port: a number from 0 to 65535")
    return int(text)


def _demo(one: argparse.ArgumentParser) -> None:
    one.add_argument(
        "--folder",
        type=Path,
        default=Path("procore-demo"),
        help="where the files go (procore-demo)",
        metavar="FOLDER",
    )
    one.set_defaults(run=demo_commands.demo)


def _projects(one: argparse.ArgumentParser) -> None:
    _connection(one)
    one.add_argument("--status", default="Active", metavar="STATUS", help="Active, Inactive or All (Active)")
    _outputs(one)
    one.add_argument("--map", metavar="FILE", help="write a map picture (.png, .svg, .pdf) or page (.html)")
    one.set_defaults(run=commands.projects)


def _projects_argument(one: argparse.ArgumentParser) -> None:
    one.add_argument(
        "--projects", metavar="IDS", help="several projects: all, active, inactive, or ids with commas"
    )


def _table(one: argparse.ArgumentParser) -> None:
    _list_arguments(one)
    one.add_argument(
        "--max-rows", type=_count, metavar="N", help="at most so many rows in all, in few requests"
    )
    _columns(one)
    _outputs(one)
    one.set_defaults(run=commands.table)


def _lookups(verbs: Any) -> None:
    """The commands for less than a whole list."""
    record = verbs.add_parser(
        "record", help="one record of a list, with what only it has", epilog=_CREDENTIALS
    )
    _list_arguments(record, record=True)
    _columns(record)
    for name, text, run in (
        ("count", "how many rows a list has, one request a project", commands.count),
        ("estimate", "what fetching a list would take: targets, requests, seconds", commands.estimate),
    ):
        one = verbs.add_parser(name, help=text, epilog=_CREDENTIALS)
        _list_arguments(one)
        _outputs(one)
        one.set_defaults(run=run)
    _outputs(record)
    record.set_defaults(run=commands.record)


def _files(one: argparse.ArgumentParser) -> None:
    _list_arguments(one)
    one.add_argument(
        "--records",
        action="store_true",
        help="read each record by itself, for files that the list leaves out",
    )
    group = one.add_argument_group("download")
    group.add_argument("--download", metavar="FOLDER", help="save the files there; run again, it goes on")
    group.add_argument(
        "--kind",
        action="append",
        metavar="KIND",
        help="only files of this kind: photo, attachment, pdf …; repeatable",
    )
    group.add_argument("--max-bytes", type=_count, metavar="N", help="skip larger files")
    group.add_argument("--transfers", type=_count, default=4, metavar="N", help="files at the same time (4)")
    group.add_argument("--overwrite", action="store_true", help="fetch also what is there already")
    group.add_argument("--hide-names", action="store_true", help="ids in the place of names")
    group.add_argument(
        "--allow-host", action="append", metavar="HOST", help="also from this host, without token; repeatable"
    )
    group.add_argument("--gallery", metavar="FILE", help="write the pictures as one HTML page")
    _outputs(one)
    one.set_defaults(run=files_command.files)


def _access_request(one: argparse.ArgumentParser) -> None:
    one.add_argument("names", nargs="+", metavar="NAME", help="lists to be read: rfis budget incidents")
    _connection(one)
    _outputs(one)
    one.set_defaults(run=commands.access_request)


def _columns(one: argparse.ArgumentParser) -> None:
    one.add_argument("--columns", metavar="NAMES", help="only these columns, with commas: id,status,due_date")


def _list_arguments(one: argparse.ArgumentParser, *, record: bool = False) -> None:
    one.add_argument("name", metavar="NAME", help="a name of the catalogue, or a path such as /rest/v1.0/…")
    if record:
        one.add_argument("record_id", metavar="ID", help="the id of the record")
    _connection(one)
    one.add_argument("--project-id", metavar="ID", help="one project")
    if not record:
        _projects_argument(one)
        _periods(one)
    one.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="any further argument of the list; repeatable",
    )


def _periods(one: argparse.ArgumentParser) -> None:
    one.add_argument(
        "--parent",
        metavar="LIST",
        help="for lists of a parent: the list of parents (rfis), or ids with commas",
    )
    one.add_argument("--since", metavar="TIME", help="only what changed since then")
    one.add_argument("--start", metavar="DATE", help="first day, for lists by date")
    one.add_argument("--end", metavar="DATE", help="last day, for lists by date")


def _endpoints(one: argparse.ArgumentParser) -> None:
    one.add_argument("words", nargs="*", metavar="WORD", help="all of them have to be there")
    _catalogue(one)
    one.set_defaults(run=commands.endpoints)


def _diagnose(one: argparse.ArgumentParser) -> None:
    _connection(one)
    one.set_defaults(run=commands.diagnose)


def _catalog(one: argparse.ArgumentParser) -> None:
    verbs = one.add_subparsers(metavar="ACTION", required=True)
    build = verbs.add_parser(
        "build", help="read OpenAPI documents, write a catalogue, show what is new, changed, gone"
    )
    build.add_argument(
        "documents", type=Path, nargs="+", metavar="FILE", help="Procore's OpenAPI documents (JSON)"
    )
    build.add_argument("--output", type=Path, default=Path("procore-catalog.gz"), metavar="FILE")
    build.add_argument(
        "--extend", action="store_true", help="keep the lists of the shipped catalogue that FILE lacks"
    )
    build.add_argument(
        "--whole",
        action="store_true",
        help="FILEs are the whole reference: shipped lists that they lack are kept and marked as gone",
    )
    build.set_defaults(run=commands.build_catalogue)


def _sync(one: argparse.ArgumentParser) -> None:
    one.add_argument("store", metavar="STORE", help="a folder, made if it is not there, or an fsspec address")
    one.add_argument(
        "--tables", required=True, metavar="NAMES", help="lists with commas: projects,rfis,submittals"
    )
    _connection(one)
    _projects_argument(one)
    one.add_argument("--every", metavar="TIME", help="again and again: 30m, 1h, 1d; Ctrl-C stops")
    one.add_argument(
        "--full", action="store_true", help="read everything again, which also finds deleted rows"
    )
    one.add_argument("--history", action="store_true", help="keep earlier versions of changed rows")
    one.add_argument("--drop-personal", action="store_true", help="without names, e-mail and the like")
    one.add_argument(
        "--safe-names", action="store_true", help="column names that every engine takes unquoted"
    )
    one.add_argument("--log", action="store_true", help="one JSON object a table on standard error")
    one.set_defaults(run=sync_command.sync)


def _report(one: argparse.ArgumentParser) -> None:
    one.add_argument("names", nargs="+", metavar="NAME", help="rfis, cost, billing …, or all")
    one.add_argument("--store", metavar="FOLDER", help="from a store, which requests nothing")
    _connection(one)
    _projects_argument(one)
    one.add_argument(
        "--cache", metavar="TIME", help="keep responses so long (1d), to continue after an interruption"
    )
    one.add_argument("--as-of", metavar="DATE", help="the day (today; the demo: its own day)")
    one.add_argument(
        "--since", metavar="DATE", help='from a store: what changed since a date, or "last Monday"'
    )
    one.add_argument("--calendar", default="calendar", choices=("calendar", "working"), help="how days count")
    one.add_argument("--html", metavar="FILE", help="write one HTML file")
    one.add_argument("--excel", metavar="FILE", help="write an Excel workbook")
    one.add_argument("--hide-names", action="store_true", help="roles in the place of people")
    one.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="an option of a report; repeatable"
    )
    one.set_defaults(run=report_command.report)


def _serve(one: argparse.ArgumentParser) -> None:
    one.add_argument("--port", type=_port, default=8765, metavar="N", help="0 chooses a free one (8765)")
    one.add_argument("--projects", type=int, metavar="N", help="projects of the main company (172)")
    one.add_argument(
        "--spike-limit", type=int, default=1000, metavar="N", help="requests in 10 seconds (1000)"
    )
    one.add_argument(
        "--hourly-limit", type=int, default=36000, metavar="N", help="requests in an hour (36000)"
    )
    one.add_argument(
        "--token-lifetime", type=int, default=5400, metavar="SECONDS", help="life of a token (5400)"
    )
    one.add_argument("--latency", type=float, default=0.0, metavar="SECONDS", help="delay of each reply (0)")
    one.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="KIND[=VALUE][@WHEN]",
        help="what goes wrong, such as busy=2@10%% or revoked@3; may be given again; --fault list shows all kinds",
    )
    one.add_argument(
        "--missing-company",
        choices=("400", "403", "404", "allow"),
        default="400",
        help="answer to a call without Procore-Company-Id (400); allow: the company of the call, as older clients expect",
    )
    one.add_argument(
        "--whole-links",
        action="store_true",
        help="addresses in Link repeat all parameters, not page and per_page only, for clients that follow them",
    )
    one.add_argument("--gzip", action="store_true", help="pack long bodies for clients that accept it")
    one.set_defaults(run=demo_commands.serve_demo)
