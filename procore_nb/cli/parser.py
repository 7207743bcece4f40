"""The arguments of the command line, which command each leads to, and what the Tab key offers for them (bash, zsh, fish).

In: nothing. Out: an argument parser. Secrets are never among the arguments: a process list would show them. Completion reads the
catalogue and the saved profiles, and sends nothing.
"""

from __future__ import annotations

import argparse
import os
from functools import partial
from pathlib import Path
from typing import Any

from procore_nb import __version__, catalog
from procore_nb.cli import commands, demo_commands, sync_command
from procore_nb.client import Procore
from procore_nb.client.lists import list_names
from procore_nb.credentials import Profiles
from procore_nb.environments import KNOWN

_CREDENTIALS = (
    "Credentials come from PROCORE_CLIENT_ID and PROCORE_CLIENT_SECRET (also in a .env file), or from a saved profile; "
    "the environment demo needs none."
)
_REPEATED: dict[str, Any] = {"action": "append", "default": []}


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    root = argparse.ArgumentParser(
        prog="procore-nb",
        formatter_class=lambda prog: argparse.HelpFormatter(prog, max_help_position=30),
        description="Procore lists as typed tables, in a terminal.",
        epilog=_CREDENTIALS,
    )
    root.add_argument(
        "--version", action=_Version, nargs=0, help="show the versions of package and catalogue"
    )
    verbs = root.add_subparsers(metavar="COMMAND", required=True)
    command = verbs.add_parser("demo", help="do the whole job on the embedded demo: summary, CSV files, map")
    command.set_defaults(run=demo_commands.demo)
    folder = Path("procore-demo")
    _value(command, "--folder", "FOLDER", "where the files go (procore-demo)", type=Path, default=folder)
    _fetching(verbs)
    _looking_up(verbs)
    _keeping(verbs)
    _serving(verbs)
    command = verbs.add_parser("completion", help="lines that let the Tab key complete these commands")
    command.set_defaults(run=_print_completion)
    command.add_argument(
        "shell", choices=("bash", "zsh", "fish"), help='eval "$(procore-nb completion bash)" in ~/.bashrc'
    )
    return root


class _Version(argparse.Action):
    """Print the version; the catalogue is read only then."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any, **__: Any) -> None:
        shipped = catalog.load()
        print(f"procore-nb {__version__}, {len(shipped):,} lists of Procore's reference of {shipped.as_of}")
        parser.exit()


def _value(group: Any, name: str, metavar: str, text: str, **settings: Any) -> None:
    group.add_argument(name, metavar=metavar, help=text, **settings)


def _flag(group: Any, name: str, text: str) -> None:
    group.add_argument(name, action="store_true", help=text)


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


def _connecting(verbs: Any, name: str, run: Any, text: str) -> Any:
    """A command that connects."""
    command = verbs.add_parser(name, help=text, epilog=_CREDENTIALS)
    command.set_defaults(run=run)
    group = command.add_argument_group("connection")
    _value(group, "--environment", "NAME", "demo, production, sandbox, monthly-sandbox or federal")
    _value(group, "--company-id", "ID", "the first number in the web application's address bar")
    _value(group, "--profile", "NAME", "a saved profile")
    _value(group, "--login-url", "URL", "another login host than the environment's")
    _value(group, "--api-url", "URL", "another API host than the environment's")
    _catalogue(group)
    _value(group, "--workers", "N", "requests at the same time (8)", type=int, default=8)
    wait = "longest waiting for the rate limit (600)"
    _value(group, "--max-wait", "SECONDS", wait, type=float, default=600.0)
    return command


def _catalogue(group: Any) -> None:
    _value(group, "--catalogue", "FILE", "another catalogue than ours: see catalog build", type=Path)


def _outputs(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("output")
    _value(group, "--csv", "FILE", "write a CSV file; - writes it to standard output")
    _flag(group, "--excel-csv", "make the CSV safe and readable for Excel")
    _value(group, "--excel", "FILE", "write an Excel workbook")
    _value(group, "--parquet", "FILE", "write a Parquet file")
    _value(group, "--rows", "N", "rows to show when no file is written (20)", type=_count, default=20)


def _projects(command: argparse.ArgumentParser) -> None:
    _value(command, "--projects", "IDS", "several projects: all, active, inactive, or ids with commas")


def _columns(command: argparse.ArgumentParser) -> None:
    _value(command, "--columns", "NAMES", "only these columns, with commas: id,status,due_date")


def _of_list(verbs: Any, name: str, run: Any, text: str) -> Any:
    """A command that fetches from one list."""
    command = _connecting(verbs, name, run, text)
    _value(command, "name", "NAME", "a name of the catalogue, or a path such as /rest/v1.0/…")
    if name == "record":
        _value(command, "record_id", "ID", "the id of the record")
    _value(command, "--project-id", "ID", "one project")
    if name != "record":
        _projects(command)
        parents = "for lists of a parent: the list of parents (rfis), or ids with commas"
        _value(command, "--parent", "LIST", parents)
        _value(command, "--since", "TIME", "only what changed since then")
        _value(command, "--start", "DATE", "first day, for lists by date")
        _value(command, "--end", "DATE", "last day, for lists by date")
    _value(command, "--set", "NAME=VALUE", "any further argument of the list; repeatable", **_REPEATED)
    return command


def _fetching(verbs: Any) -> None:
    """The commands that fetch lists, records and files."""
    command = _connecting(verbs, "projects", commands.projects, "the projects of a company")
    _value(command, "--status", "STATUS", "Active, Inactive or All (Active)", default="Active")
    _outputs(command)
    _value(command, "--map", "FILE", "write a map picture (.png, .svg, .pdf) or page (.html)")

    command = _of_list(verbs, "table", partial(commands.fetch, Procore.table), "any list, by name or path")
    _value(command, "--max-rows", "N", "at most so many rows in all, in few requests", type=_count)
    _columns(command)
    _outputs(command)

    for name, method, text in (
        ("record", Procore.record, "one record of a list, with what only it has"),
        ("count", Procore.count, "how many rows a list has, one request a project"),
        ("estimate", Procore.estimate, "what fetching a list would take: targets, requests, seconds"),
    ):
        command = _of_list(verbs, name, partial(commands.fetch, method), text)
        if name == "record":
            _columns(command)
        _outputs(command)

    command = _of_list(verbs, "files", commands.files, "attachments, photos, drawings: list and download")
    _flag(command, "--records", "read each record by itself, for files that the list leaves out")
    group = command.add_argument_group("download")
    _value(group, "--download", "FOLDER", "save the files there; run again, it goes on")
    kinds = "only files of this kind: photo, attachment, pdf …; repeatable"
    _value(group, "--kind", "KIND", kinds, action="append")
    _value(group, "--max-bytes", "N", "skip larger files", type=_count)
    _value(group, "--transfers", "N", "files at the same time (4)", type=_count, default=4)
    _flag(group, "--overwrite", "fetch also what is there already")
    _flag(group, "--hide-names", "ids in the place of names")
    hosts = "also from this host, without token; repeatable"
    _value(group, "--allow-host", "HOST", hosts, action="append")
    _value(group, "--gallery", "FILE", "write the pictures as one HTML page")
    _outputs(command)


def _looking_up(verbs: Any) -> None:
    """The commands about permissions, the catalogue and the connection."""
    letter = "what to ask the administrator for, as a letter"
    command = _connecting(verbs, "access-request", commands.access_request, letter)
    _value(command, "names", "NAME", "lists to be read: rfis budget incidents", nargs="+")
    _outputs(command)

    command = verbs.add_parser("endpoints", help="find a list in the catalogue")
    command.set_defaults(run=commands.endpoints)
    _value(command, "words", "WORD", "all of them have to be there", nargs="*")
    _catalogue(command)

    _connecting(verbs, "diagnose", commands.diagnose, "find out step by step why a connection fails")

    command = verbs.add_parser("catalog", help="make a catalogue from Procore's OpenAPI document")
    read = "read OpenAPI documents, write a catalogue, show what is new, changed, gone"
    command = command.add_subparsers(metavar="ACTION", required=True).add_parser("build", help=read)
    command.set_defaults(run=commands.build_catalogue)
    _value(command, "documents", "FILE", "Procore's OpenAPI documents (JSON)", type=Path, nargs="+")
    output = Path("procore-catalog.gz")
    _value(
        command, "--output", "FILE", "the catalogue to write (procore-catalog.gz)", type=Path, default=output
    )
    _flag(command, "--extend", "keep the lists of the shipped catalogue that FILE lacks")
    whole = "FILEs are the whole reference: shipped lists that they lack are kept and marked as gone"
    _flag(command, "--whole", whole)


def _keeping(verbs: Any) -> None:
    """The commands that keep tables and make reports."""
    command = _connecting(verbs, "sync", sync_command.sync, "bring a folder of tables up to date")
    _value(command, "store", "STORE", "a folder, made if it is not there, or an fsspec address")
    _value(command, "--tables", "NAMES", "lists with commas: projects,rfis,submittals", required=True)
    _projects(command)
    _value(command, "--every", "TIME", "again and again: 30m, 1h, 1d; Ctrl-C stops")
    _flag(command, "--full", "read everything again, which also finds deleted rows")
    _flag(command, "--history", "keep earlier versions of changed rows")
    _flag(command, "--drop-personal", "without names, e-mail and the like")
    _flag(command, "--safe-names", "column names that every engine takes unquoted")
    _flag(command, "--log", "one JSON object a table on standard error")

    command = _connecting(verbs, "report", commands.report, "questions of practice, answered: rfis, cost, …")
    _value(command, "names", "NAME", "rfis, cost, billing …, or all", nargs="+")
    _value(command, "--store", "FOLDER", "from a store, which requests nothing")
    _projects(command)
    _value(command, "--cache", "TIME", "keep responses so long (1d), to continue after an interruption")
    _value(command, "--as-of", "DATE", "the day (today; the demo: its own day)")
    _value(command, "--since", "DATE", 'from a store: what changed since a date, or "last Monday"')
    command.add_argument(
        "--calendar", default="calendar", choices=("calendar", "working"), help="how days count"
    )
    _value(command, "--html", "FILE", "write one HTML file")
    _value(command, "--excel", "FILE", "write an Excel workbook")
    _flag(command, "--hide-names", "roles in the place of people")
    _value(command, "--set", "NAME=VALUE", "an option of a report; repeatable", **_REPEATED)


def _serving(verbs: Any) -> None:
    command = verbs.add_parser("serve-demo", help="serve the demo on a loopback port, for other clients")
    command.set_defaults(run=demo_commands.serve_demo)
    _value(command, "--port", "N", "0 chooses a free one (8765)", type=_port, default=8765)
    _value(command, "--projects", "N", "projects of the main company (172)", type=int)
    _value(command, "--spike-limit", "N", "requests in 10 seconds (1000)", type=int, default=1000)
    _value(command, "--hourly-limit", "N", "requests in an hour (36000)", type=int, default=36000)
    _value(command, "--token-lifetime", "SECONDS", "life of a token (5400)", type=int, default=5400)
    _value(command, "--latency", "SECONDS", "delay of each reply (0)", type=float, default=0.0)
    faults = (
        "what goes wrong, such as busy=2@10%% or revoked@3; may be given again; --fault list shows all kinds"
    )
    _value(command, "--fault", "KIND[=VALUE][@WHEN]", faults, **_REPEATED)
    command.add_argument(
        "--missing-company",
        choices=("400", "403", "404", "allow"),
        default="400",
        help="answer to a call without Procore-Company-Id (400); allow: the company of the call, as older clients expect",
    )
    links = (
        "addresses in Link repeat all parameters, not page and per_page only, for clients that follow them"
    )
    _flag(command, "--whole-links", links)
    _flag(command, "--gzip", "pack long bodies for clients that accept it")


def complete(parser: argparse.ArgumentParser) -> None:
    """Answer the Tab key and end, where a shell asks for that; it says so in the process environment."""
    if "_ARGCOMPLETE" in os.environ:
        import argcomplete

        argcomplete.autocomplete(with_completers(parser), always_complete_options=False)


def with_completers(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Return the parser, whose arguments know now what they may hold."""
    for action in parser._actions:
        if action.dest in _COMPLETERS:
            action.completer = _COMPLETERS[action.dest]  # type: ignore[attr-defined]
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                with_completers(command)
    return parser


def _print_completion(args: argparse.Namespace) -> int:
    """Print the lines that a shell reads at its start."""
    from argcomplete.shell_integration import shellcode

    print(shellcode(["procore-nb"], shell=args.shell))
    return 0


def _settings(parsed_args: argparse.Namespace, **_: Any) -> list[str]:
    arguments = (
        catalog.load().endpoint(parsed_args.name).arguments if getattr(parsed_args, "name", None) else ()
    )
    values = [
        f"{argument.name}={choice.partition('=')[0]}" for argument in arguments for choice in argument.choices
    ]
    return [*values, *(f"{argument.name}=" for argument in arguments if not argument.choices)]


def _lists(prefix: str = "", **_: Any) -> list[str]:
    before = prefix[: prefix.rfind(",") + 1]
    return [before + name for name in list_names(catalog.load())]


_COMPLETERS = {
    "environment": lambda **_: [known.name for known in KNOWN],
    "name": _lists,
    "parent": _lists,
    "profile": lambda **_: [profile.name for profile in Profiles().all()],
    "set": _settings,
    "tables": _lists,
    "words": _lists,
}
