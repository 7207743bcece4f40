"""Where a list is asked: one project or all of them, one company or several, one parent or each row of a frame.

In: what the caller named. Out: one `Target` for each request walk. Pure: whoever calls it has fetched the projects.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from procore_nb.catalog import Endpoint
from procore_nb.client.encode_query import is_many
from procore_nb.errors import ArgumentError, CatalogError

PARENT_PROJECTS = ("project_id", "project.id")


@dataclass(frozen=True)
class Target:
    """One walk's worth of ids: what fills the path and the required query, and the columns that name the place.

    `project_name` is what people call its project, where that is known.
    """

    company_id: int
    ids: Mapping[str, str] = field(default_factory=dict)
    leading: tuple[Any, ...] = ()
    project_name: str | None = None

    @property
    def account(self) -> dict[str, Any]:
        """Name the place for programs: each id as frames have it, and the project's name."""
        named = {} if self.project_name is None else {"project_name": self.project_name}
        return {name: _number(value) for name, value in self.ids.items()} | named

    @property
    def words(self) -> str:
        """Name the place for people: `project_id 7, rfi_id 12`."""
        return (
            ", ".join(f"{name} {value}" for name, value in self.ids.items())
            or f"company_id {self.company_id}"
        )


def with_projects(
    places: Sequence[Target], projects: Sequence[tuple[str, str | None]], *, named: bool
) -> list[Target]:
    """Return each place once for each project, its id (and name) leading the rows."""
    return [
        Target(
            place.company_id,
            {**place.ids, "project_id": number},
            (*place.leading, int(number), *((name,) if named else ())),
            name,
        )
        for place in places
        for number, name in projects
    ]


def with_ids(places: Sequence[Target], name: str, values: Sequence[str], *, lead: bool) -> list[Target]:
    """Return each place once for each value of one further id."""
    return [
        Target(
            place.company_id,
            {**place.ids, name: value},
            (*place.leading, *((_number(value),) if lead else ())),
            place.project_name,
        )
        for place in places
        for value in values
    ]


def with_parents(
    places: Sequence[Target], name: str, parents: Sequence[tuple[str, str | None]]
) -> list[Target]:
    """Return each place once for each parent row; a parent that names its project brings that along."""
    found = []
    for place in places:
        for number, project in parents:
            ids = {**place.ids, **({"project_id": project} if project else {}), name: number}
            leading = (*((int(project),) if project else ()), _number(number))
            found.append(Target(place.company_id, ids, (*place.leading, *leading)))
    return found


def project_pairs(projects: Any, *, where: str) -> list[tuple[str, str | None]]:
    """Return (id, name) for ids, one id, or a frame with an id column."""
    if isinstance(projects, pd.DataFrame):
        column = next((each for each in ("project_id", "id") if each in projects.columns), None)
        if column is None:
            raise ArgumentError(
                f"projects for {where} is a frame without an id column.",
                advice='It needs "id" or "project_id".',
            )
        label = name_column(projects)
        names = projects[label].tolist() if label else [None] * len(projects)
        pairs = [
            (id_text(number, "projects"), None if pd.isna(name) else str(name))
            for number, name in zip(projects[column].tolist(), names, strict=True)
        ]
    else:
        many = projects.tolist() if hasattr(projects, "tolist") else projects
        many = many if is_many(many) else [many]
        pairs = [(id_text(number, "projects"), None) for number in many]
    for number, _ in pairs:
        if not (number.isascii() and number.isdigit() and 0 < int(number) < 2**63):
            raise ArgumentError(f"A project id is a positive whole number, not {number!r} ({where}).")
    return list(dict(pairs).items())


def name_column(projects: Any) -> str | None:
    """Return the column in which a frame of projects (or of rows by project) names them, if it has one."""
    if not isinstance(projects, pd.DataFrame):
        return None
    label = "project_name" if "project_id" in projects.columns else "name"
    return label if label in projects.columns else None


def parent_pairs(parent: Any, *, where: str) -> list[tuple[str, str | None]]:
    """Return (id, project id) for each parent: ids, or a frame with `id` and perhaps `project_id`."""
    if isinstance(parent, pd.DataFrame):
        if "id" not in parent.columns:
            raise ArgumentError(f"parent for {where} is a frame without an id column.")
        column = next((each for each in PARENT_PROJECTS if each in parent.columns), None)
        projects = parent[column].tolist() if column else [None] * len(parent)
        pairs = [
            (
                id_text(number, "parent"),
                None if project is None or pd.isna(project) else id_text(project, "parent"),
            )
            for number, project in zip(parent["id"].tolist(), projects, strict=True)
        ]
    else:
        many = parent.tolist() if hasattr(parent, "tolist") else parent
        pairs = [(id_text(number, "parent"), None) for number in (many if is_many(many) else [many])]
    return list(dict.fromkeys(pairs))


def id_text(value: Any, where: str) -> str:
    """Return an id as text: whole numbers and words without white space or slashes."""
    if isinstance(value, str):
        text = value.strip()
        if text.strip(".") and not any(mark in text for mark in "/?#& "):
            return text
    elif not isinstance(value, bool) and value is not None and value is not pd.NA:
        try:
            number = operator.index(value)
        except TypeError:
            # A float holds whole numbers up to 2**53; beyond, it may be the neighbour's id.
            number = int(value) if isinstance(value, float) and value.is_integer() and value < 2**53 else 0
        if 0 < number < 2**63:
            return str(number)
    raise ArgumentError(
        f"{where} has an id that cannot be used: {value!r}.", advice="Ids are positive whole numbers."
    )


def missing_ids(endpoint: Endpoint, given: set[str]) -> CatalogError | None:
    """Return the error that lists what an endpoint still needs, or None."""
    absent = [group for group in endpoint.needs if not given.intersection(group)]
    if not absent:
        return None
    words = ", ".join(" or ".join(group) for group in absent)
    hints = []
    for group in absent:
        if "project_id" in group:
            hints.append('Pass project_id=… for one project, or projects="all".')
        for name in group:
            if name in endpoint.parents:
                sources = " or ".join(endpoint.parents[name])
                hints.append(f"Pass {name}=…, or parent=<frame of {sources}>.")
    return CatalogError(
        f"{endpoint.name} needs {words}.", advice=" ".join(hints) or "Pass it as an argument."
    )


def _number(value: str) -> int | str:
    return int(value) if value.isdigit() else value
