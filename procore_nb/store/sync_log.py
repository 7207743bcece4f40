"""How a sync is meant, and what it amounted to.

In: nothing. Out: two plain values. Speaks to no service.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from numbers import Real
from typing import Any

from procore_nb.errors import ArgumentError


@dataclass(frozen=True)
class Options:
    """How a sync is meant; None leaves a table as it was kept so far."""

    full: bool = False
    history: bool | None = None
    drop_personal: bool | None = None
    window_days: int = 14
    overlap: timedelta = timedelta(minutes=10)
    deletions: bool = True
    progress: bool | None = None
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))


def not_negative(value: Any, name: str) -> float:
    """A number of days, minutes or seconds.

    Raises
    ------
    ArgumentError
        If it is none: with an overlap below zero changes would fall between two syncs.
    """
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 <= float(value) < 1e6:
        raise ArgumentError(f"{name} is a number from 0 on, not {value!r}.")
    return float(value)


@dataclass
class SyncLog:
    """What one table's sync amounted to."""

    table: str
    way: str = ""
    since: str = ""
    requests: int = 0
    rows: int = 0
    new: int = 0
    changed: int = 0
    deleted: int = 0
    places: int = 0
    skipped: int = 0
    resumed: bool = False
    synced_at: str = ""
    seconds: float = 0.0
    error: str = ""
    skipped_targets: list[dict[str, Any]] = field(default_factory=list)
