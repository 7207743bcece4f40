"""The same verbs in a terminal: `procore-nb demo | projects | table | endpoints | diagnose | sync | serve-demo | …`.

In: words typed in a terminal. Out: tables, files, and an exit code: 0 when it worked, 1 for our errors (one line, no
traceback), 2 for words that make no sense, 130 when stopped by Ctrl-C. Speaks to services only through the client.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import warnings
from collections.abc import Sequence

from procore_nb.cli.output import printable, terminal_words
from procore_nb.cli.parser import complete, parser
from procore_nb.errors import ProcoreError, ProcoreWarning

_STOPPED = 130


def main(words: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    _accept_any_language()
    commands = parser()
    complete(commands)
    args, unknown = commands.parse_known_args(words)
    if unknown:
        commands.error(f"unrecognized arguments: {' '.join(unknown)}{_as_filter(args, unknown)}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always", ProcoreWarning)
            warnings.showwarning = lambda message, *_, **__: _print_error(f"note: {message}")
            code: int = args.run(args)
            sys.stdout.flush()
            return code
    except ProcoreError as error:
        if isinstance(error.__cause__, KeyboardInterrupt):
            return _stopped()
        _print_error(str(error))
        return 1
    except KeyboardInterrupt:
        return _stopped()
    except OSError as error:
        if not _is_of_output(error):  # of a network or a file that should have been an error of ours
            _print_error(f"{type(error).__name__}: {error}")
            return 1
        # What is still kept back goes nowhere, or Python would complain once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            return 0  # the reader of our output has gone, as `head` does
        _print_error(f"The output cannot be written: {error.strerror or error}.")
        return 1


def _as_filter(args: argparse.Namespace, unknown: Sequence[str]) -> str:
    """Return how an unknown option is written if a filter was meant: `--status open` is `--set status=open`."""
    option, equals, value = unknown[0].partition("=")
    if not (hasattr(args, "set") and option.startswith("--") and option[2:]):
        return ""
    given = value if equals else next((word for word in unknown[1:2] if not word.startswith("-")), "VALUE")
    return f". Filters are written --set {option[2:].replace('-', '_')}={given}"


def _is_of_output(error: OSError) -> bool:
    """Return whether standard output failed: print and flush have no Python frame, so that the last one is ours."""
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    return last is not None and str(last.tb_frame.f_globals.get("__name__")).startswith("procore_nb.cli")


def _accept_any_language() -> None:
    """Let a terminal that lacks a letter show a question mark, and a closed output swallow what it gets."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _stopped() -> int:
    _print_error("stopped.")
    return _STOPPED


def _print_error(text: str) -> None:
    print(f"procore-nb: {printable(' '.join(terminal_words(text).split()))}", file=sys.stderr)
