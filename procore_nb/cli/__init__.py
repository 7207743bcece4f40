"""The same verbs in a terminal: `procore-nb demo | projects | table | endpoints | diagnose | sync | serve-demo | …`.

In: words typed in a terminal. Out: tables, files, and an exit code: 0 when it worked, 1 for our errors (one line, no
traceback), 2 for words that make no sense, 130 when stopped by Ctrl-C. Speaks to services only through the client.
"""

from __future__ import annotations

import io
import os
import sys
import warnings
from collections.abc import Sequence
from typing import Any

from procore_nb.cli.parser import parser
from procore_nb.cli.terminal_table import plain
from procore_nb.errors import ProcoreError, ProcoreWarning

_STOPPED = 130


def main(words: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    _speak_any_language()
    arguments = parser().parse_args(words)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always", ProcoreWarning)
            warnings.showwarning = _say_warning
            code: int = arguments.run(arguments)
            sys.stdout.flush()
            return code
    except ProcoreError as error:
        if isinstance(error.__cause__, KeyboardInterrupt):
            return _stopped()
        _say(str(error))
        return 1
    except KeyboardInterrupt:
        return _stopped()
    except BrokenPipeError:
        # The reader of our output has gone, as `head` does; nobody is left to tell.
        _leave_output()
        return 0
    except OSError as error:  # of standard output: those of files are ours
        _leave_output()
        _say(f"The output cannot be written: {error.strerror or error}.")
        return 1


def _speak_any_language() -> None:
    """Let a terminal that lacks a letter show a question mark, and a closed output swallow what it gets."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _leave_output() -> None:
    """Send what is still kept back to nowhere, or Python would complain once more at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _stopped() -> int:
    _say("stopped.")
    return _STOPPED


def _say(text: str) -> None:
    print(f"procore-nb: {plain(' '.join(text.split()))}", file=sys.stderr)


def _say_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    _say(f"note: {message}")
