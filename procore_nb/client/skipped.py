"""Places that are left out of a frame, each with its reason.

In: the end of a question's walk. Out: an account, a warning, or an error when nothing is left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from procore_nb.client.frame_assembler import target_of
from procore_nb.errors import AccessError, ProcoreError, warn
from procore_nb.fetch import RequestDone


@dataclass
class Skipped:
    """What was left out of one list so far."""

    accounts: list[dict[str, Any]] = field(default_factory=list)
    first_refusal: ProcoreError | None = None

    def add(self, event: RequestDone) -> None:
        """Take in one question's end, if it was left out."""
        error, place = event.skipped, target_of(event.request)
        if error is None:
            return
        self.first_refusal = self.first_refusal or error
        account = {"status": error.status, "reason": _said(error), "advice": error.advice}
        self.accounts.append({"target": place.words, **place.account, **account})

    def nothing_answered(self, name: str) -> ProcoreError:
        """Return the error for a list that no place answered."""
        first = self.accounts[0]
        kind = AccessError if self.first_refusal is None else type(self.first_refusal)
        return kind(
            f"None of the {len(self.accounts):,} places answered {name}; the first said: {first['reason']}",
            reason="" if self.first_refusal is None else self.first_refusal.reason,
            status=first["status"],
            advice=first["advice"],
        )

    def warn(self, name: str, places: int) -> None:
        """Name the first few in one warning."""
        if self.accounts:
            more = f"; and {len(self.accounts) - 3:,} more" if len(self.accounts) > 3 else ""
            warn(
                f"{name} left out {len(self.accounts):,} of {places:,} places: {_named(self.accounts[:3])}{more}. "
                'What to do about each stands in frame.attrs["procore"]["skipped"].'
            )


def _named(accounts: Sequence[dict[str, Any]]) -> str:
    """Name places, with the status and what Procore said: `Town Hall, project_id 7 (403: Forbidden)`."""
    return "; ".join(f"{_name_of(one)} ({one['reason'].rstrip('.')})" for one in accounts)


def _said(error: ProcoreError) -> str:
    """Return status and reason, `403: Forbidden`; all of the message where the service said nothing."""
    return f"{error.status}: {error.reason}" if error.status and error.reason else error.message


def _name_of(account: Mapping[str, Any]) -> str:
    return ", ".join(filter(None, (account.get("project_name"), account["target"])))
