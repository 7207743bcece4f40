"""The same verbs in a terminal: `procore-nb demo | projects | table | endpoints | diagnose | sync | serve-demo | …`.

In: words typed in a terminal. Out: tables, files, and an exit code: 0 when it worked, 1 for our errors (one line, no
traceback), 2 for words that make no sense, 130 when stopped by Ctrl-C. Speaks to services only through the client.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence
from typing import Any

from procore_nb.cli.words import parser
from procore_nb.errors import ProcoreError, ProcoreWarning

_STOPPED = 130


def main(words: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
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
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _stopped() -> int:
    _say("stopped.")
    return _STOPPED


def _say(text: str) -> None:
    print(f"procore-nb: {' '.join(text.split())}", file=sys.stderr)


def _say_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    _say(f"note: {message}")
