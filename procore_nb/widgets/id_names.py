"""Names in place of ids: which lists name the ids of a filter, and a field that takes names or ids.

In: an endpoint and an argument of it, rows of the lists that name its ids. Out: the ids that are chosen. Sends nothing.
"""

from __future__ import annotations

import re
from typing import Any

import ipywidgets
import pandas as pd

from procore_nb.catalog import Catalogue, Endpoint
from procore_nb.near_match import stem
from procore_nb.widgets.assets import sendable

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
    root = _root(argument)
    own = [
        one.name
        for one in catalogue.endpoints
        if one.name.startswith(start) and _root(one.name[len(start) :]) == root
    ]
    general = next((sources for names, sources in _NAMED_BY if names.search(argument)), [])
    return (*own[:1], *general)


def _root(name: str) -> str:
    return stem(re.sub(r"_ids?$", "", name))


def names_in(frame: pd.DataFrame) -> dict[str, int | str]:
    """What people choose from in place of ids: `Name (id)`, in the order of names."""
    key = next((name for name in ("id", "key", "filter_value") if name in frame.columns), None)
    said = next(
        (name for name in ("name", "subject", "title", "value", "label", "number") if name in frame.columns),
        None,
    )
    if key is None or said is None:
        return {}
    rows = frame[[key, said]].dropna().drop_duplicates().astype("string").sort_values(said, kind="stable")
    return {
        sendable(f"{name} ({number})"): int(number) if number.isdigit() else number
        for number, name in rows.itertuples(index=False)
    }


class NameField(ipywidgets.Combobox):  # type: ignore[misc]
    """A field for ids that offers names; `chosen` is the id or ids, None for none."""

    def __init__(self, sources: tuple[str, ...], **looks: Any) -> None:
        super().__init__(**looks)
        self.sources = sources
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
