"""One call of `table`, worked out: which targets, which parameters, which list requests.

In: a connection, an endpoint, and the arguments of the call. Out: a `ListFetch` ready to be fetched. Everything is checked
before anything is sent; only the list of projects is fetched here, for `projects="all"`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from procore_nb.catalog import Endpoint
from procore_nb.catalog.caveats import window_of
from procore_nb.catalog.everyday import meant_by
from procore_nb.client import targets as at
from procore_nb.client.budget import find_views, needs_views
from procore_nb.client.collect import ListFetch, OnError
from procore_nb.client.encode_query import pairs_for
from procore_nb.client.parameters import chosen_columns, has_dates, list_request_for, parameters_for, raw_keys
from procore_nb.client.targets import ParentRows, Target
from procore_nb.errors import ArgumentError, CatalogError, RateLimitError, warn
from procore_nb.frames import FrameBuilder
from procore_nb.frames.codec import DEFAULT_DECIMALS, Decimals
from procore_nb.progress import ProgressMaker, counted
from procore_nb.scalars import ProjectSelection, id_texts, is_many, project_id, select_projects, utc_text

if TYPE_CHECKING:
    from procore_nb.client.procore import Procore


@dataclass
class ListQuery:
    """What one call asks of one list; `prepare` makes list requests of it."""

    procore: Procore
    endpoint: Endpoint
    arguments: dict[str, Any]
    project_id: Any = None
    projects: Any = None
    company_id: Any = None
    parent: Any = None
    decimals: Decimals = DEFAULT_DECIMALS
    categories: bool = False
    on_error: OnError = "raise"
    progress: bool | ProgressMaker = True
    max_rows: int | None = None
    columns: Any = None
    budget_view: Any = None

    def __post_init__(self) -> None:
        if self.on_error not in ("raise", "skip"):
            raise ArgumentError(f'on_error is "raise" or "skip", not {self.on_error!r}.')
        if not (isinstance(self.progress, bool) or callable(self.progress)):
            raise ArgumentError(f"progress is True, False or a function, not {self.progress!r}.")
        if self.max_rows is not None:
            self.max_rows = positive(self.max_rows, "max_rows")
        # `id=` is taken for the one placeholder that Procore calls so: receipt_id in …/receipts/{id}/line_items.
        names = {one.key: one.name for one in self.endpoint.arguments if one.place == "path"}
        if "id" in self.arguments and names.get("id", "id") not in {"id", *self.arguments}:
            self.arguments[names["id"]] = self.arguments.pop("id")
        needed = {name for group in self.endpoint.needs for name in group}
        self.fixed = {name: self.arguments.pop(name) for name in list(self.arguments) if name in needed}

    def prepare(self, *, check_wait: bool = True) -> ListFetch:
        """Return the list requests and everything needed to make a frame of their responses."""
        endpoint, procore = self.endpoint, self.procore
        # A slip in an argument is named before what is missing.
        parameters = parameters_for(endpoint, self.arguments, today=procore.today())
        view = self.arguments.get("view")
        shaped = endpoint.in_view(view if isinstance(view, str) else None)
        columns = None if self.columns is None else chosen_columns(self.columns, shaped)
        views = find_views(self) if needs_views(self) else None
        parents = self._parents() + ([views.parents] if views else [])
        self._check_what_is_given(parents)
        self._warn_of_a_window(parameters)
        targets, leading = self._targets(parents, views.projects if views else None)
        requests = [list_request_for(endpoint, target, parameters) for target in targets]
        if check_wait:
            cache = procore.policy.cache
            due = len(requests) if cache is None else sum(not cache.holds(one) for one in requests)
            self._check_wait_budget(min(due, 1) if self.max_rows else due)
        return ListFetch(
            self,
            requests,
            procore.policy,
            builder=partial(
                FrameBuilder,
                views.described(shaped) if views else shaped,
                decimals=self.decimals,
                leading=leading,
                columns=columns,
                titles=views.titles if views else None,
            ),
            about=self._about({target.company_id for target in targets}),
            skipped=views.skipped if views else [],
        )

    def advice_if_absent(self, targets: Sequence[Target]) -> str:
        """Say whether the one project of a call is one that this account sees, as far as all were fetched before."""
        numbers = {one.ids.get("project_id", "") for one in targets}
        number = numbers.pop() if len(numbers) == 1 else ""
        known = self.procore.known_projects.get(targets[0].company_id) if targets else None
        if not number or (known and int(number) in known):
            return ""
        if known is None:
            return 'procore.projects(status="All") shows the projects that this account sees. '
        return (
            f"No project {number} among the {counted(len(known), 'project')} this account sees; "
            'see procore.projects(status="All"). '
        )

    def _parents(self) -> list[ParentRows]:
        """Return the rows of every parent frame: `parent=`, and each needed id that was given as a frame."""
        frames: dict[str, Any] = {
            name: value for name, value in self.fixed.items() if isinstance(value, pd.DataFrame)
        }
        if self.parent is not None:
            frames[self._parent_id()] = self.parent
        given = [*self.fixed, *([] if self.project_id is None and self.projects is None else ["project_id"])]
        found = []
        for name, value in frames.items():
            if isinstance(value, pd.DataFrame):
                found.append(at.parent_rows(value, name, endpoint=self.endpoint, given=given))
            else:
                rows = tuple({name: number} for number in id_texts(value, "parent"))
                found.append(ParentRows(name, (), rows))
            given += [name, *found[-1].carried]
        return found

    def _parent_id(self) -> str:
        """Return what the list calls the ids of `parent=`: the one that nothing else gives."""
        known = {"company_id", "project_id", *self.fixed}
        ids = [name for group in self.endpoint.needs for name in group if name not in known]
        if not ids:
            raise CatalogError(f"{self.endpoint.name} needs no parent.", advice="Leave parent out.")
        for name in ids:  # rfq_quotes need contract and rfq: a frame of rfqs carries its contract
            if {*ids} - {name} <= at.carried_ids(self.parent, self.endpoint, name).keys():
                return name
        return next((name for name in ids if name in self.endpoint.parents), ids[-1])

    def _check_what_is_given(self, parents: Sequence[ParentRows]) -> None:
        if self.project_id is not None and self.projects is not None:
            raise ArgumentError("project_id and projects were both given.", advice="Pass one of them.")
        raw = set(raw_keys(self.arguments).values())
        given = {"company_id", *self.fixed}
        given |= {one.name for one in self.endpoint.arguments if one.key in raw and one.place != "path"}
        if self.project_id is not None or self.projects is not None:
            given.add("project_id")
        # Drawings are asked by area alone, but areas are of projects: naming some chooses among the areas.
        carried = any("project_id" in one.carried for one in parents)
        known = {one.name for one in self.endpoint.arguments}
        if "project_id" in given - known and not carried and self.endpoint.kind != "unknown":
            raise CatalogError(
                f"{self.endpoint.name} is a list of the whole company and takes no project.",
                advice="Leave project_id and projects out, or choose by project in the frame.",
            )
        absent = at.missing_ids(
            self.endpoint, given | {name for one in parents for name in (one.name, *one.carried)}
        )
        if absent is not None:
            raise absent

    def _targets(
        self, parents: Sequence[ParentRows], named: Mapping[str, str | None] | None = None
    ) -> tuple[list[Target], tuple[str, ...]]:
        """Return every target, and the names of the columns that tell their rows apart."""
        several = is_many(self.company_id)
        companies = list(self.company_id) if several else [self.company_id]
        numbers = [self.procore.company_or_own(each) for each in companies]
        by_frame = {one.name for one in parents}
        values = {
            name: self._values_of(name, value) for name, value in self.fixed.items() if name not in by_frame
        }
        leading = ["company_id"] if several else []
        found = [Target(number, {}, (number,) if several else ()) for number in numbers]
        found = self._with_projects(found, leading, named)
        for name, texts in values.items():
            if is_many(self.fixed[name]):
                leading.append(name)
                found = [one.at({name: text}, at.as_number(text)) for one in found for text in texts]
            else:
                found = [one.at({name: text}) for one in found for text in texts]
        for parent in parents:
            further = [name for name in (*parent.carried, parent.name) if name not in leading]
            found = at.with_parents(found, parent, leading=further)
            leading += further
        return found, tuple(leading)

    def _values_of(self, name: str, value: Any) -> list[str]:
        """Return the ids, or the other values, that one needed argument was given."""
        argument = next((one for one in self.endpoint.arguments if one.name == name), None)
        if argument is None or argument.place == "path" or name.endswith("id"):
            return id_texts(value, name)
        values = list(value) if is_many(value) else [value]
        return [text for one in values for _, text in pairs_for(argument, one, endpoint=self.endpoint.name)]

    def _with_projects(
        self, found: list[Target], leading: list[str], named: Mapping[str, str | None] | None
    ) -> list[Target]:
        where, one = self.endpoint.name, self.project_id
        if one is not None and not (is_many(one) or isinstance(one, pd.DataFrame)):
            chosen = ProjectSelection(names={project_id(one, where): None})
        elif named is not None:
            chosen = ProjectSelection(names=named, named=any(named.values()))
        elif one is not None or self.projects is not None:
            chosen = select_projects(self.projects if one is None else one, where=where)
        else:
            return found
        placed, picked = [], chosen
        for target in found:
            if chosen.status is not None:
                frame = self.procore.projects(
                    status=chosen.status, company_id=target.company_id, view="compact", progress=self.progress
                )
                picked = select_projects(frame, where=where)
            for number, name in (picked.names or {}).items():
                lead = (int(number), name) if picked.named else (int(number),)
                placed.append(target.at({"project_id": number}, *lead, project_name=name))
        leading += ["project_id", "project_name"] if chosen.named or chosen.status else ["project_id"]
        return placed

    def _warn_of_a_window(self, parameters: tuple[tuple[str, str], ...]) -> None:
        window = window_of(self.endpoint)
        if window and not callable(self.progress) and not has_dates(self.endpoint, parameters):
            warn(
                f"{self.endpoint.name} returns only the rows of {window}, as no dates were given. "
                'Pass start="2026-01-01" (and end=…).'
            )

    def _check_wait_budget(self, requests: int) -> None:
        policy = self.procore.policy
        seconds = self.procore.session.shared.rate_limiter.estimate(requests, policy.clock())
        if seconds > policy.max_wait_seconds:
            raise RateLimitError(
                f"{self.endpoint.name} from {requests:,} targets needs at least {requests:,} requests, which Procore's rate "
                f"limit spreads over {seconds:,.0f} seconds; max_wait_seconds is {policy.max_wait_seconds:,.0f}. "
                "Nothing was sent.",
                retry_after_seconds=seconds,
                advice=f"Choose fewer projects, or connect(…, max_wait_seconds={seconds * 1.1:.0f}).",
            )

    def _about(self, companies: Iterable[int]) -> dict[str, Any]:
        ordered = sorted(companies)
        named = ("project_id", "projects", "company_id", "parent", "budget_view")
        given = {name: getattr(self, name) for name in named} | self.fixed
        shown = {name: value for name, value in given.items() if isinstance(value, str | int)}
        return {
            "endpoint": self.endpoint.name,
            "path": self.endpoint.path,
            "environment": self.procore.environment.name,
            "web_url": self.procore.environment.web_url,
            "company_id": ordered[0] if len(ordered) == 1 else ordered,
            "arguments": shown | {name: _plain(value) for name, value in self.arguments.items()},
            "fetched_at": utc_text(),
        }


OPTIONS = frozenset(one.name for one in fields(ListQuery)) - {"procore", "endpoint", "arguments"}


def list_query(
    procore: Procore,
    name: str | Endpoint,
    given: Mapping[str, Any],
    target: Any = None,
    *,
    record: bool = False,
) -> ListQuery:
    """Return the query of a list, or of one record of it; `given` and `target` are the arguments of `Procore.table`."""
    given = {key: value for key, value in given.items() if value is not None}
    endpoint = name if isinstance(name, Endpoint) else _endpoint(procore, name, given, target)
    if target is not None:
        given = _with_target(endpoint, target, given)
    # /rest/v1.0/projects/7/rfis
    in_path = endpoint.values_in(name) if isinstance(name, str) and "/" in name else {}
    for key in in_path:
        if key in given or (key == "project_id" and "projects" in given):
            raise ArgumentError(
                f"{name} names its {key}, which was given as well.",
                advice="Write {" + key + "} in the path, or leave the argument out.",
            )
    given |= in_path
    # A list's own argument of that name comes first.
    own = {one.name for one in endpoint.arguments} & {"max_rows", "columns"}
    options = {key: given.pop(key) for key in (OPTIONS - own) & given.keys()}
    options = {"progress": procore.progress, "decimals": procore.decimals} | options
    return ListQuery(procore, endpoint.record if record else endpoint, given, **options)


def positive(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise ArgumentError(f"{name} is a whole number from 1 up, not {value!r}.")
    return int(value)


def _endpoint(procore: Procore, name: str, given: Mapping[str, Any], target: Any) -> Endpoint:
    """Return the list of that name; where it needs a parent that is not given, the one people mean by the word.

    `drawings` is a list of a drawing area in Procore; who fetches the drawings of a project means its drawing revisions.
    """
    endpoint = procore.endpoint(name)
    parents = {each for group in endpoint.needs for each in group} - {"company_id", "project_id"}
    if not parents or "/" in name or given.keys() & {*parents, "parent"} or _are_parents(target, parents):
        return endpoint
    meant = meant_by(name, likeliest=True)
    return procore.endpoint(meant[0]) if meant else endpoint


def _are_parents(target: Any, names: Iterable[str]) -> bool:
    """Return whether a frame holds records of projects (RFIs, drawing areas), not projects themselves."""
    return (
        isinstance(target, pd.DataFrame)
        and "project_id" in target.columns
        and not {"id", *names}.isdisjoint(target.columns)
    )


def _with_target(endpoint: Endpoint, target: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    """Add the second positional argument: parents for a list that needs them from a frame, else one project or several."""
    is_parent = bool(endpoint.parents) and _are_parents(target, endpoint.parents)
    if is_parent and not given.keys() & {*endpoint.parents, "parent"}:
        return {**given, "parent": target}
    twice = {"project_id", "projects"} & given.keys()
    if twice:
        raise ArgumentError(
            f"{endpoint.name} was given its projects twice: as second value and as {min(twice)}.",
            advice="Pass one of them.",
        )
    several = isinstance(target, pd.DataFrame) or is_many(target)
    word = isinstance(target, str) and not target.strip().isdigit()
    return {**given, "projects" if word or several else "project_id": target}


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return [_plain(each) for each in value] if is_many(value) else str(value)
