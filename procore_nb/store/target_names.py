"""Where lists are asked: the company, its projects, or the rows of a table that is already kept.

In: what the caller named, a connection and the store's tables. Out: places as text, and the names of projects. Asks for the
list of projects once in a sync.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pandas as pd

from procore_nb.catalog import Endpoint
from procore_nb.errors import ArgumentError
from procore_nb.store.strategy import Source, checked, parent_of, place_text

Found = tuple[list[str], dict[str, str], bool]
_WORDS = {"all": "All", "active": "Active", "inactive": "Inactive"}


class TargetNames:
    """Finds the places of each list of one sync."""

    def __init__(self, procore: Source, projects: Any, *, kept: Callable[[str], pd.DataFrame | None]) -> None:
        self._procore = procore
        self._wanted = projects
        self._kept = kept
        self._projects: tuple[dict[str, str], bool] | None = None

    def find(self, endpoint: Endpoint, arguments: dict[str, Any], tables: Iterable[str]) -> Found:
        """Places of one list, names of its projects, and whether these are all places there are."""
        place = checked(endpoint, arguments)
        if not place:
            return [""], {}, True
        if place == ("project_id",):
            names, everywhere = self.projects()
            return list(names), {one: name for one, name in names.items() if name}, everywhere
        parent = self._kept(parent_of(endpoint, place[-1], list(tables)))
        ids = place[:-1]
        if parent is None or "id" not in parent.columns or not set(ids) <= set(parent.columns):
            raise ArgumentError(f"{endpoint.name} cannot be asked below its parents: their table lacks ids.")
        rows = parent[[*ids, "id"]].dropna().drop_duplicates()
        pairs: list[dict[str, Any]] = rows.rename(columns={"id": place[-1]}).to_dict("records")  # type: ignore[assignment]
        chosen, everywhere = self.projects() if ids else ({}, True)
        found = [place_text(one, place) for one in pairs if not ids or str(one["project_id"]) in chosen]
        return found, {}, everywhere

    def projects(self) -> tuple[dict[str, str], bool]:
        """Name of each project by its id, in the order of ids; and whether these are all there are."""
        if self._projects is None:
            self._projects = self._look_up()
        return self._projects

    def _look_up(self) -> tuple[dict[str, str], bool]:
        wanted = self._wanted
        if isinstance(wanted, str):
            word = wanted.strip().lower()
            if word not in _WORDS:
                raise ArgumentError(f'projects is "all", "active", ids or a frame, not {wanted!r}.')
            frame = self._procore.table("projects", status=_WORDS[word], view="compact")
            return _by_id(frame), word == "all"
        if isinstance(wanted, pd.DataFrame):
            return _by_id(wanted), False
        try:
            ids = sorted({int(one) for one in (wanted if isinstance(wanted, Iterable) else [wanted])})
        except (TypeError, ValueError):
            raise ArgumentError(f'projects is "all", "active", ids or a frame, not {wanted!r}.') from None
        return {str(one): "" for one in ids}, False


def _by_id(frame: pd.DataFrame) -> dict[str, str]:
    column = next((one for one in ("project_id", "id") if one in frame.columns), None)
    if column is None:
        raise ArgumentError(
            "projects is a frame without an id column.", advice='It needs "id" or "project_id".'
        )
    label = "project_name" if column == "project_id" else "name"
    names = frame[label].tolist() if label in frame.columns else [None] * len(frame)
    known = {
        int(one): "" if pd.isna(name) else str(name) for one, name in zip(frame[column], names, strict=True)
    }
    return {str(one): known[one] for one in sorted(known)}
