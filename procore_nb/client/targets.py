"""The targets of a list: one project or all of them, one company or several, one parent or each row of a frame.

In: what the caller named, checked. Out: one `Target` for each list request, and the request. Pure: whoever calls it has
fetched the projects.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any, Self
from urllib.parse import quote

import pandas as pd

from procore_nb.catalog import Endpoint
from procore_nb.errors import ArgumentError, CatalogError
from procore_nb.fetch import ListRequest
from procore_nb.scalars import id_text, is_missing, project_id

# Procore states no maximum for most v1 lists, but asks to stay at or under 2000:
# https://developers.procore.com/documentation/pagination
_LARGEST_PAGE = {"v1": 2000, "v2": 100}
_LENGTH = frozenset({"limit", "page_size"})


@dataclass(frozen=True)
class Target:
    """What one list request is about: the ids in its path and required query, and the name of its project."""

    company_id: int
    ids: Mapping[str, str] = field(default_factory=dict)
    project_name: str | None = None
    leading: tuple[Any, ...] = ()
    """The values of the columns that lead its rows, once their names are known."""

    @property
    def identity(self) -> dict[str, Any]:
        """Name the target for programs: each id as frames have it, and the project's name."""
        ids = {name: int(value) if value.isdigit() else value for name, value in self.ids.items()}
        return ids if self.project_name is None else {**ids, "project_name": self.project_name}

    @property
    def label(self) -> str:
        """Name the target for people: `project_id 7, rfi_id 12`."""
        ids: Mapping[str, Any] = self.ids or {"company_id": self.company_id}
        return ", ".join(f"{name} {value}" for name, value in ids.items())

    def skipped(self, reason: str, *, status: int | None = None, advice: str = "") -> dict[str, Any]:
        """Return the entry of `attrs["procore"]["skipped"]` for this target."""
        return {"target": self.label, **self.identity, "status": status, "reason": reason, "advice": advice}

    def with_ids(self, ids: Mapping[str, str], **changes: Any) -> Target:
        """Return the target with further ids."""
        return replace(self, ids={**self.ids, **ids}, **changes)

    def with_leading(self, names: Iterable[str]) -> Target:
        """Return the target with the values of the columns that lead its rows."""
        known = {"company_id": self.company_id, **self.identity}
        return replace(self, leading=tuple(known.get(name) for name in names))


@dataclass(frozen=True)
class ParentRows:
    """The values of one needed id, by the name the list knows it by, and what their rows carry besides, such as `project_id`."""

    name: str
    rows: Sequence[Mapping[str, str]]
    """Each with `name`; a carried id that a row lacks is absent."""
    carried: Sequence[str] = ()
    leading: bool = True
    """Whether the ids lead the rows of the frame; a single value need not."""

    @classmethod
    def of_frame(cls, frame: pd.DataFrame, name: str, *, endpoint: Endpoint, given: Collection[str]) -> Self:
        """Return the ids of a parent frame: `id`, and whatever else the list needs and the frame has, such as `project_id`.

        `name` is what the list calls that id; the frame's column may be called so too. A row need not carry ids that are `given`.
        """
        key = next((column for column in ("id", name) if column in frame.columns), None)
        if key is None:
            raise ArgumentError(f"parent for {endpoint.name} is a frame without an id column.")
        columns = inherited_ids(frame, endpoint, name)
        unique: dict[tuple[tuple[str, str], ...], dict[str, str]] = {}
        carried_values = [frame[column].tolist() for column in columns.values()]
        for number, *values in zip(frame[key].tolist(), *carried_values, strict=True):
            row = {}
            for carried, value in zip(columns, values, strict=True):
                if not is_missing(value):
                    row[carried] = (project_id if carried == "project_id" else id_text)(value, "parent")
                elif carried in endpoint.needed and carried not in given:
                    problem = f"parent for {endpoint.name} has a row without {carried} (id {number})."
                    raise ArgumentError(problem, advice=f"Leave such rows out, or pass {carried}=….")
            row[name] = id_text(number, "parent")
            unique.setdefault(tuple(row.items()), row)
        return cls(name, tuple(unique.values()), tuple(columns))

    def expand(self, targets: Sequence[Target]) -> list[Target]:
        """Return each target once for each row that belongs to it.

        A row that carries an id which the target has as well (its project) belongs to the targets with that id only.
        """
        shared = [name for name in self.carried if targets and name in targets[0].ids]
        rows_of: dict[tuple[str | None, ...], list[Mapping[str, str]]] = {}
        for row in self.rows:
            rows_of.setdefault(tuple(row.get(name) for name in shared), []).append(row)
        expanded = []
        for target in targets:
            # A row that lacks a shared id (an RFI without its project) belongs to every target.
            keys = product(*((target.ids[name], None) for name in shared))
            expanded += [target.with_ids(row) for key in keys for row in rows_of.get(key, ())]
        if self.rows and targets and not expanded:
            more = " …" if len(targets) > 1 else ""
            raise ArgumentError(
                f"No row of the parent frame belongs to the {' and '.join(shared)} given: {targets[0].label}{more}.",
                advice="Pass the parents of these projects, or leave the projects out: the parent frame names them.",
            )
        return expanded


def inherited_ids(parent: Any, endpoint: Endpoint, name: str) -> dict[str, str]:
    """Return the column of each further id that a parent frame brings along: its project, and what the list needs."""
    columns = {}
    for needed in dict.fromkeys(["project_id", *endpoint.needed]):
        names = (needed, f"{needed.removesuffix('_id')}.id") if isinstance(parent, pd.DataFrame) else ()
        column = next((one for one in names if one in parent.columns), None)
        if column is not None and needed not in (name, "company_id") and needed.endswith("_id"):
            columns[needed] = column
    return columns


def check_needs(endpoint: Endpoint, given: set[str]) -> None:
    """Raise the error that lists what an endpoint still needs, if it needs more than is given."""
    absent = [group for group in endpoint.needs if not given.intersection(group)]
    hints = []
    for group in absent:
        if "project_id" in group:
            several = "" if endpoint.kind == "single" else ', or projects="all"'
            hints.append(f"Pass project_id=… for one project{several}.")
        sources = {name: " or ".join(endpoint.parents[name]) for name in group if name in endpoint.parents}
        hints += [f"Pass {name}=…, or parent=<frame of {lists}>." for name, lists in sources.items()]
    if absent:
        problem = f"{endpoint.name} needs {', '.join(' or '.join(group) for group in absent)}."
        raise CatalogError(problem, advice=" ".join(hints) or "Pass it as an argument.")


def list_request_for(
    endpoint: Endpoint, target: Target, parameters: Sequence[tuple[str, str]], *, per_page: int | None = None
) -> ListRequest:
    """Return the request of a list for one target: its path, and the query with the ids that do not go into the path."""
    known = {"company_id": str(target.company_id), **target.ids}
    names = {argument.key: argument.name for argument in endpoint.arguments if argument.location == "path"}
    path = re.sub(r"\{(\w+)\}", lambda key: quote(known[names.get(key[1], key[1])], safe=""), endpoint.path)
    keys = {
        argument.name: argument.key
        for argument in endpoint.arguments
        if argument.required and argument.location != "path"
    }
    required = []
    for group in endpoint.needs:
        # The company of the connection is the last choice: line_item_types of a project are not those of the company.
        name = min(
            (name for name in group if name in known), key=lambda name: name not in target.ids, default=""
        )
        if name in keys:
            required.append((keys[name], known[name]))
    # A list that is not counted in pages may be given its length: the paginator sends it, once.
    length = next((int(value) for key, value in parameters if key in _LENGTH and value.isdigit()), None)
    return ListRequest(
        path,
        (*required, *(pair for pair in parameters if pair[0] not in _LENGTH)),
        target.company_id,
        endpoint.paging,
        per_page or length or page_size(endpoint),
        envelope=endpoint.envelope,
        key=target,
    )


def page_size(endpoint: Endpoint) -> int:
    """Return the largest page that a list gives."""
    version = "v2" if "/v2." in endpoint.path else "v1"
    return endpoint.per_page_max or max(endpoint.per_page_default or 0, _LARGEST_PAGE[version])
