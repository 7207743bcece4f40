"""What a frame says of itself: the keys of `attrs["procore"]`, and the value that client and store hand each other.

In: a frame and facts. Out: the same frame, described. The only room that writes `attrs["procore"]`; `docs/frames.md` has
the table of its keys. Speaks to no service.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

# What each of these says is in the table of `docs/frames.md`.
_ALWAYS = "endpoint path environment web_url company_id arguments fetched_at requests pages total rows limited skipped"
_OF_FRAMES = "target attempt done complete unfinished repeated restarted changed_meanwhile superseded cached"
_OF_COLUMNS = "unreadable unparsed renamed custom_fields text_ids new_fields amounts decimals exploded"
_OF_OTHERS = "store files catalogue lists"
KEYS = frozenset(f"{_ALWAYS} {_OF_FRAMES} {_OF_COLUMNS} {_OF_OTHERS}".split())


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
    """Add facts to `frame.attrs["procore"]` and return the frame; another key than `KEYS` is refused."""
    unknown = facts.keys() - KEYS
    if unknown:
        raise TypeError(
            f'attrs["procore"] has no key {", ".join(sorted(unknown))}: explain it in KEYS and docs.'
        )
    frame.attrs["procore"] = {**frame.attrs.get("procore", {}), **facts}
    return frame


def partial_note(frame: pd.DataFrame) -> str:
    """Why a frame is not the whole of its list; empty where it is, or is not known to be less."""
    complete = (frame.attrs.get("procore") or {}).get("complete", True)
    return "" if complete else "Partial: the fetch was stopped or failed, so rows are missing."
