"""What the Tab key offers in bash, zsh and fish, through argcomplete.

In: the words of a command so far. Out: names of lists, arguments, environments and profiles. Sends nothing.
"""

from __future__ import annotations

import argparse
import os
from typing import Any

from procore_nb.catalog import load
from procore_nb.client.lists import list_names
from procore_nb.credentials import Profiles
from procore_nb.environments import KNOWN

SHELLS = ("bash", "zsh", "fish")


def complete(parser: argparse.ArgumentParser) -> None:
    """Answer the Tab key and end, where a shell asks for that; it says so in the process environment."""
    if "_ARGCOMPLETE" in os.environ:
        import argcomplete

        argcomplete.autocomplete(with_completers(parser), always_complete_options=False)


def with_completers(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Return the parser, whose arguments know now what they may hold."""
    for one in parser._actions:
        if one.dest in _COMPLETERS:
            one.completer = _COMPLETERS[one.dest]  # type: ignore[attr-defined]
        if isinstance(one, argparse._SubParsersAction):
            for verb in one.choices.values():
                with_completers(verb)
    return parser


def completion(args: argparse.Namespace) -> int:
    """Print the lines that a shell reads at its start."""
    from argcomplete.shell_integration import shellcode

    print(shellcode(["procore-nb"], shell=args.shell))
    return 0


def _settings(parsed_args: argparse.Namespace, **_: Any) -> list[str]:
    own = load().endpoint(parsed_args.name).arguments if getattr(parsed_args, "name", None) else ()
    values = [f"{one.name}={each.partition('=')[0]}" for one in own for each in one.choices]
    return [*values, *(f"{one.name}=" for one in own if not one.choices)]


def _lists(prefix: str = "", **_: Any) -> list[str]:
    before = prefix[: prefix.rfind(",") + 1]
    return [before + name for name in list_names(load())]


_COMPLETERS = {
    "environment": lambda **_: [one.name for one in KNOWN],
    "name": _lists,
    "parent": _lists,
    "profile": lambda **_: [one.name for one in Profiles().all()],
    "set": _settings,
    "tables": _lists,
    "words": _lists,
}
