"""What a frame says of itself: the keys of `attrs["procore"]`, and the value that client and store hand each other.

In: a frame and facts. Out: the same frame, described. The only room that writes `attrs["procore"]`; `docs/frames.md` has
the table of its keys. Speaks to no service.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

KEYS: Mapping[str, str] = {
    "endpoint": "name of the list in the catalogue; of a path outside it, the path",
    "path": "path of the list, with placeholders",
    "environment": "name of the environment the rows came from",
    "web_url": "address of Procore's web application in that environment",
    "company_id": "the company, or the companies, of the request",
    "arguments": "arguments of the call that are single values or lists of them",
    "fetched_at": "when the call began, UTC text",
    "requests": "how many requests were sent",
    "pages": "how many pages came",
    "total": "how many records Procore announced; missing where it announces none",
    "rows": "how many rows the frame has",
    "limited": "`max_rows`, where it ended the fetch: there are more rows, or may be",
    "skipped": "targets (projects, parents) that gave nothing, each with `target`, `status`, `reason` and `advice`",
    "target": "frames of `frames()`: the ids this frame is of",
    "attempt": "frames of `frames()`: counts up when the list moved and was fetched again from its beginning",
    "done": "frames of `frames()`: whether this is the last frame of its target",
    "complete": "`error.partial` only: False",
    "unfinished": "`error.partial` only: targets that are not complete",
    "repeated": "how many records came twice, as the list moved; each is there once",
    "restarted": "how many targets were fetched again from the beginning, as their list moved",
    "changed_meanwhile": "lists that changed while they were fetched: how many `lists`, rows that `came`, `gone`, `unseen`",
    "superseded": "RFIs, drawings: how many rows are revisions that a newer one replaces",
    "cached": "`connect(cache=…)`: how many `responses` came from the disk, and when the `oldest` was fetched, UTC text",
    "unreadable": "how many characters were not UTF-8 and were guessed or lost",
    "unparsed": "by column: count and examples of values that could not be read and became missing",
    "renamed": "by column: the key it had in the response, where its name had to differ",
    "custom_fields": "by column: the key of the custom field in the response",
    "text_ids": "columns of ids that became text, as some are no numbers",
    "new_fields": "columns of fields that the catalogue does not declare, custom fields apart",
    "amounts": "columns of money, hours, percents and other decimals, in whatever dtype they are shown",
    "decimals": "how money came: `float` or `exact`; absent where it is as by default",
    "exploded": "frames of `explode`: the list that was taken apart",
    "store": "frames of a store: its address",
    "files": "results of `sync(files=…)`: by table, how many files have each status",
    "catalogue": "frames of `find_endpoints`: day of the newest copy of Procore's reference that was read",
    "lists": "frames of `find_endpoints`: how many lists the catalogue has",
}


@dataclass(frozen=True)
class FetchInfo:
    """How one frame of a fetch came to be, for whoever collects frames (the store)."""

    target: Mapping[str, str]
    """The ids that were asked, as text."""
    attempt: int
    """Counts up when the list moved: frames of an earlier attempt of that target no longer count."""
    done: bool
    """Whether this is the last frame of its target."""
    requests: int
    pages: int
    custom_fields: Mapping[str, str] = field(default_factory=dict)
    """Key of the custom field in the response, by column."""


@dataclass(frozen=True)
class FetchedFrame:
    """A frame with how it came to be."""

    frame: pd.DataFrame
    info: FetchInfo


def describe(frame: pd.DataFrame, **facts: Any) -> pd.DataFrame:
    """Add facts to `frame.attrs["procore"]` and return the frame; a key that `KEYS` does not explain is refused."""
    unknown = facts.keys() - KEYS.keys()
    if unknown:
        raise TypeError(
            f'attrs["procore"] has no key {", ".join(sorted(unknown))}: explain it in KEYS and docs.'
        )
    frame.attrs["procore"] = {**frame.attrs.get("procore", {}), **facts}
    return frame


def partial_note(frame: pd.DataFrame) -> str:
    """Why a frame is not the whole of its list; empty where it is, or is not known to be less."""
    about = frame.attrs.get("procore") or {}
    return (
        ""
        if about.get("complete", True)
        else "Partial: the fetch was stopped or failed, so rows are missing."
    )
