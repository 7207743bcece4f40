"""Every error this package raises, in one tree: what happened, where, and what to do next.

In: nothing. Out: exception classes. Speaks to no service.
"""

from __future__ import annotations

import linecache
import re
import sys
import traceback
import warnings
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

# What a terminal would obey (escape sequences, text that runs backwards) and what it cannot print (half surrogates).
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


class ProcoreError(Exception):
    """Something went wrong between the request and the table; the root of all our errors.

    Parameters
    ----------
    message
        What happened and where, in one or two sentences. Never holds a secret.
    reason
        What the service itself said, in its own words; empty where it said nothing. Decisions read this and `status`.
    status
        HTTP status of the response that says so, if there was one.
    retry_after_seconds
        How long Procore wants us to wait before the next try, in seconds.
    retryable
        Whether the same request may succeed later without any change.
    advice
        What to do next, in one or two sentences.
    partial
        What had come before the failure (a frame, or a list of records), so that nothing is lost.

    Notes
    -----
    Control characters in the texts are shown as escapes: a service's words must not steer a terminal.
    """

    default_retryable = False

    def __init__(
        self,
        message: str,
        *,
        reason: str = "",
        status: int | None = None,
        retry_after_seconds: float | None = None,
        retryable: bool | None = None,
        advice: str = "",
        partial: pd.DataFrame | list[Any] | None = None,
    ) -> None:
        message = printable(message)
        super().__init__(message)
        self.message = message
        self.reason = printable(reason)
        self.status = status
        self.retry_after_seconds = retry_after_seconds
        self.retryable = self.default_retryable if retryable is None else retryable
        self.advice = printable(advice)
        self.partial = partial

    def __str__(self) -> str:
        # Words of a service rarely end in a full stop, and would run into the advice.
        stop = "" if not self.message or self.message.rstrip()[-1:] in ".!?…:" else "."
        return f"{self.message.rstrip()}{stop} {self.advice}".strip() if self.advice else self.message

    def _render_traceback_(self) -> list[str]:
        """Return the lines a notebook shows instead of a traceback: message, advice, the line that was run.

        `%xmode Verbose` (or Plain) shows the whole traceback, `%xmode Context` these lines again; `%tb` shows the last one.
        """
        shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
        if shell is not None and shell.InteractiveTB.mode not in ("Context", "Minimal", "Docs"):
            lines: list[str] = shell.InteractiveTB.structured_traceback(type(self), self, self.__traceback__)
            return lines
        # In a notebook nobody has caught the error; Python keeps it there.
        advice = self.advice.replace("error.partial", "sys.last_value.partial", 1)
        if advice != self.advice:
            advice += " (import sys first)"
        if isinstance(self.__cause__, KeyboardInterrupt):
            return [f"Stopped: {self.message} {advice}"]
        where = _line_outside(self.__traceback__)
        return [line for line in (f"{type(self).__name__}: {self.message}", advice, where) if line]

    def __reduce__(self) -> tuple[Any, ...]:
        state = {name: value for name, value in self.__dict__.items() if name != "message"}
        return type(self), (self.message,), state


def _line_outside(trace: TracebackType | None) -> str:
    """Return the last line that ran outside this package, as `line 3: procore.table("rfis")`."""
    found = ""
    for frame, number in traceback.walk_tb(trace):
        if not _is_ours(frame) and not frame.f_code.co_filename.startswith(sys.prefix):
            code = linecache.getline(frame.f_code.co_filename, number).strip()
            found = f"line {number}: {code}" if code else found
    return found


def _is_ours(frame: FrameType) -> bool:
    return f"{frame.f_globals.get('__name__')}.".startswith("procore_nb.")


def printable(text: str) -> str:
    """Return a text without characters that a terminal would obey, each shown as its escape."""
    return _UNPRINTABLE.sub(lambda found: ascii(found[0])[1:-1], str(text))


class ArgumentError(ProcoreError, ValueError):
    """A value given by the caller cannot be used: an unknown environment, a company id that is text."""


class NoAttributeError(ArgumentError, AttributeError):
    """A connection has no attribute of that name; the advice says how the list or the call is written."""


class CredentialsError(ProcoreError):
    """Credentials are absent, or the login host refused them."""


class CatalogError(ProcoreError):
    """No endpoint has that name (near matches are named), or an argument is missing or unknown."""


class NetworkError(ProcoreError):
    """No response came: the host is unknown, refused the connection, or did not answer in time."""

    default_retryable = True


class StatusError(ProcoreError):
    """A response came, and it says no."""


class AccessError(StatusError):
    """401 after one renewal of the token, or 403: permission, tool, app or project."""


class NotFoundError(StatusError):
    """404: absent, not visible to this account, or the company header is missing or wrong."""


class RequestError(StatusError):
    """400, 406, 408, 409, 422 and the like: the request must be made differently."""


class RateLimitError(StatusError):
    """429 beyond max_wait_seconds; `retry_after_seconds` says how long Procore wants."""

    default_retryable = True


class ServerError(StatusError):
    """5xx: Procore, or a gateway before it, is in trouble."""

    default_retryable = True


class IncompleteError(ProcoreError):
    """Fewer records than announced, an unreadable page, or a fetch that was stopped; see `partial`."""


class OutputError(ProcoreError):
    """A file or folder cannot be written; whatever was there before is still there."""


class StoreError(OutputError):
    """A store that cannot be read or written: damaged, foreign, of a later version, or held by another process."""


class MissingExtraError(ProcoreError, ImportError):
    """An optional library is not installed; the message says which one line installs it."""


class ProcoreWarning(UserWarning):
    """Something to know about a result that is otherwise right: what was skipped, or which default applied."""


def warn(message: str) -> None:
    """Warn, pointing at the line outside this package that called it."""
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and _is_ours(frame):
        level, frame = level + 1, frame.f_back
    warnings.warn(printable(message), ProcoreWarning, stacklevel=level)


def _without_path(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, line: str | None = None
) -> str:
    """Return a warning as it is shown: ours are about data, not about a line of code, and have no path before them."""
    if issubclass(category, ProcoreWarning):
        return f"Note: {message}\n"
    return _usual_format(message, category, filename, lineno, line)


# Python has one format for all warnings; ours alone are shown in another.
_usual_format = warnings.formatwarning
warnings.formatwarning = _without_path
