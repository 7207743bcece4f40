"""Find the columns a map needs in a frame from anywhere.

In: a frame and the words of the caller ("stage"). Out: column names, or an error that names near matches.
Speaks to no service.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any

import pandas as pd

from procore_nb.errors import ArgumentError

# One word for what project lists call differently from version to version; the first column present wins.
ALIASES = {
    "stage": ("stage", "project_stage.name", "stage.name", "project_stage"),
    "type": ("type", "project_type.name", "type.name", "project_type"),
    "program": ("program", "program.name", "project_program.name"),
    "office": ("office", "office.name", "project_office.name"),
    "region": ("region", "project_region.name", "region.name", "project_region"),
    "company": ("company", "company.name", "company_name"),
    "value": ("value", "total_value", "estimated_value"),
    "country": ("country_code", "country", "address.country_code"),
    "state": ("state_code", "state", "address.state_code", "province"),
    "number": ("project_number", "number"),
}
NAME_COLUMNS = ("name", "display_name", "project.name", "project_name", "company", "title", "subject")


def find_column(frame: pd.DataFrame, name: str, *, argument: str) -> str:
    """The column meant by `name`, itself or through an alias.

    Raises
    ------
    ArgumentError
        No such column; near matches are named.
    """
    if not isinstance(name, str):
        raise ArgumentError(f"{argument} must be the name of a column, not {type(name).__name__}.")
    found = maybe_column(frame, name)
    if found is not None:
        return found
    names = [str(column) for column in frame.columns]
    near = get_close_matches(name, names + [alias for alias in ALIASES if maybe_column(frame, alias)], n=4)
    near += [column for column in names if name.casefold() in column.casefold() and column not in near][:3]
    known = f"Near matches: {', '.join(near)}." if near else f"Columns: {', '.join(names[:12]) or 'none'}."
    raise ArgumentError(f"{argument}={name!r}: the frame has no such column.", advice=known)


def maybe_column(frame: pd.DataFrame, name: str) -> str | None:
    """The column meant by `name`, or None."""
    for candidate in (name, *ALIASES.get(name, ())):
        if candidate in frame.columns:
            return candidate
    return None


def find_columns(frame: pd.DataFrame, names: Iterable[str] | None, *, argument: str) -> list[str] | None:
    """Several columns; None stays None (the caller has a default)."""
    if names is None:
        return None
    if isinstance(names, str):
        names = [names]
    return list(dict.fromkeys(find_column(frame, name, argument=argument) for name in names))


def name_column(frame: pd.DataFrame) -> str | None:
    """The column that names a row for people."""
    return next((column for column in NAME_COLUMNS if column in frame.columns), None)


def check_frame(frame: Any, latitude: str, longitude: str) -> tuple[str, str]:
    """Refuse what is not a frame with coordinates, in words that say what to do.

    Returns
    -------
    tuple of str
        The columns of latitude and longitude.
    """
    if not isinstance(frame, pd.DataFrame):
        raise ArgumentError(
            f"A map needs a DataFrame, not {type(frame).__name__}.", advice="pnb.to_frame(records) makes one."
        )
    if not frame.columns.is_unique:
        twice = sorted({str(name) for name in frame.columns[frame.columns.duplicated()]})
        raise ArgumentError(f"The frame has two columns of one name: {', '.join(twice)}.")
    missing = [name for name in (latitude, longitude) if name not in frame.columns]
    if missing:
        raise ArgumentError(
            f"The frame has no column {' and no column '.join(map(repr, missing))}.{_near(frame, missing)}",
            advice="Name the columns with latitude=… and longitude=…, "
            "or bring them in by with_location(frame, projects).",
        )
    return latitude, longitude


def _near(frame: pd.DataFrame, missing: Sequence[str]) -> str:
    names = [str(column) for column in frame.columns]
    near = {
        column
        for word in missing
        for column in (*get_close_matches(word, names, n=2), *(n for n in names if word[:3] in n.casefold()))
    }
    return f" Near matches: {', '.join(sorted(near))}." if near else ""
