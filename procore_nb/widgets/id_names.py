"""Names in place of ids: which lists name the ids of a filter, their names, and a field that takes names or ids.

In: an endpoint and an argument of it; a connection, which fetches the names. Out: the ids that are chosen.
"""

from __future__ import annotations

import re
from typing import Any

import ipywidgets
import pandas as pd

from procore_nb.catalog import Catalogue, Endpoint
from procore_nb.client import Procore
from procore_nb.client.budget import VIEW_ID
from procore_nb.errors import ProcoreError
from procore_nb.near_match import stem
from procore_nb.progress import Progress
from procore_nb.widgets.assets import sendable

_MOST_NAMES = 2000
# Lists that name ids where a list has no filter options of its own: those of a project, those of the company.
_NAMED_BY = [
    (re.compile(names), sources)
    for names, *sources in (
        ("vendor|contractor|company", "project_vendors", "vendors"),
        ("location", "locations"),
        ("trade", "trades"),
        ("cost_code", "cost_codes"),
        ("spec.*section", "specification_sections"),
        (
            r"assign|manager|approver|_by|received|ball_in|login|user|inspector|contact|reviewer",
            "project_users",
            "users",
        ),
    )
]


def name_sources(endpoint: Endpoint, argument: str, catalogue: Catalogue) -> tuple[str, ...]:
    """Lists whose rows name the ids of a filter: Procore's filter options of the list, then people, vendors and the like."""
    start = f"{endpoint.name.removesuffix('s')}_filter_options_"
    names = (one.name for one in catalogue.endpoints if one.name.startswith(start))
    own = [name for name in names if _root(name[len(start) :]) == _root(argument)]
    general = next((sources for names, sources in _NAMED_BY if names.search(argument)), [])
    return (*own[:1], *general)


def _root(name: str) -> str:
    return stem(re.sub(r"_ids?$", "", name))


def names_in(frame: pd.DataFrame) -> dict[str, int | str]:
    """What people choose from in place of ids: `Name (id)`, in the order of names."""
    key = next((name for name in ("id", "key", "filter_value") if name in frame.columns), None)
    words = ("name", "subject", "title", "value", "label", "number")
    said = next((name for name in words if name in frame.columns), None)
    if key is None or said is None:
        return {}
    rows = frame[[key, said]].dropna().drop_duplicates().astype("string")
    return {
        sendable(f"{name} ({number})"): int(number) if number.isdigit() else number
        for number, name in rows.sort_values(said, kind="stable").itertuples(index=False)
    }


class NameField(ipywidgets.Combobox):  # type: ignore[misc]
    """A field for the ids of one argument that offers names; `chosen` is the id or ids, None for none."""

    def __init__(self, name: str, sources: tuple[str, ...], **looks: Any) -> None:
        super().__init__(**looks)
        self.name, self.sources = name, sources
        self.named_for: object = None
        self.names: dict[str, int | str] = {}

    def offer(self, names: dict[str, int | str], named_for: object) -> None:
        """Offer names, which are those of these projects."""
        self.names, self.named_for = names, named_for
        self.options = tuple(names)

    @property
    def chosen(self) -> Any:
        """The id of the name, or the ids that were typed."""
        text = self.value.strip()
        fitting = [
            one for name, one in self.names.items() if text.casefold() == name.rpartition(" (")[0].casefold()
        ]
        if text in self.names or len(fitting) == 1:
            return self.names.get(text, *fitting)
        at_end = re.fullmatch(r".* \((\w+)\)", text)  # chosen from names that are not offered any more
        return typed(at_end[1] if at_end else text, ids=True)


def typed(text: str, *, ids: bool = False) -> Any:
    """A typed text as a value: several where commas divide it, whole numbers where ids are meant, None for nothing."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    values = [int(part) if ids and part.isascii() and part.isdigit() else part for part in parts]
    return None if not values else values[0] if len(values) == 1 else values


class NameLookup:
    """Names for ids, fetched once for each list and choice of projects; where they cannot be had, ids are typed."""

    def __init__(self, procore: Procore) -> None:
        self._procore = procore
        self._known: dict[tuple[str, tuple[int, ...]], dict[str, int | str]] = {}

    def offer(self, field: NameField, projects: tuple[int, ...]) -> None:
        """Offer in a field the names of these projects; without projects, those of the company."""
        found = next(filter(None, (self._names(source, projects) for source in field.sources)), {})
        if field.name == VIEW_ID:  # a view is meant by its name, in all projects
            found = {name: name for name in (each.rpartition(" (")[0] for each in found)}
        field.offer(found, projects)

    def _names(self, source: str, projects: tuple[int, ...]) -> dict[str, int | str]:
        of_projects = any("project_id" in group for group in self._procore.catalogue.endpoint(source).needs)
        if (source, projects) not in self._known and (projects or not of_projects):
            where: dict[str, Any] = {"projects": list(projects)} if of_projects else {}
            try:
                rows = self._procore.table(source, progress=quiet, max_rows=_MOST_NAMES, **where)
                self._known[source, projects] = names_in(rows)
            except ProcoreError:
                self._known[source, projects] = {}
        return self._known.get((source, projects), {})


def quiet(what: str, targets: int) -> Progress:
    """A progress that shows nothing: neither lines nor warnings, for which a form has no place."""
    return Progress(what, targets=targets, show=False)
