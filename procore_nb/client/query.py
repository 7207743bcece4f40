"""One call of `table`, worked out: which targets, which parameters, which list requests.

In: a connection, an endpoint, and the arguments of the call. Out: a `ListFetch` ready to be fetched. Everything is checked
before anything is sent; only the list of projects is fetched here, for `projects="all"`, and views of budgets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from procore_nb import hints
from procore_nb.catalog import Endpoint
from procore_nb.catalog.catalogue import names_for_synonym
from procore_nb.catalog.format import window_of
from procore_nb.client.budget import find_views, needs_views
from procore_nb.client.collect import ListFetch
from procore_nb.client.encode_query import encode, encode_arguments, has_dates, raw_keys
from procore_nb.client.targets import ParentRows, Target, check_needs, inherited_ids, list_request_for
from procore_nb.errors import (
    AccessError,
    ArgumentError,
    CatalogError,
    CredentialsError,
    NotFoundError,
    ProcoreError,
    RateLimitError,
    warn,
)
from procore_nb.frames import FrameBuilder, unknown_column
from procore_nb.frames.codec import DEFAULT_DECIMALS, Decimals
from procore_nb.frames.types import columns_of
from procore_nb.progress import ProgressMaker, counted
from procore_nb.scalars import ProjectSelection, id_texts, is_many, project_id, select_projects, utc_text

if TYPE_CHECKING:
    from procore_nb.client.connection import Connection

OnError = Literal["raise", "skip"]
# Columns that name the target of a row.
_LEADING = ("company_id", "project_id", "project_name", "budget_view")


@dataclass
class ListQuery:
    """What one call asks of one list; `prepare` makes list requests of it."""

    procore: Connection
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
        names = {
            argument.key: argument.name for argument in self.endpoint.arguments if argument.location == "path"
        }
        if "id" in self.arguments and names.get("id", "id") not in {"id", *self.arguments}:
            self.arguments[names["id"]] = self.arguments.pop("id")
        needed = self.arguments.keys() & {*self.endpoint.needed}
        self.needed_values = {
            name: self.arguments.pop(name) for name in list(self.arguments) if name in needed
        }
        self.of_projects = self.project_id is not None or self.projects is not None
        self.given = {"company_id", *self.needed_values, *(["project_id"] if self.of_projects else [])}

    def prepare(self, *, check_wait: bool = True) -> ListFetch:
        """Return the list requests and everything needed to make a frame of their responses."""
        endpoint, policy = self.endpoint, self.procore.policy
        # A slip in an argument is named before what is missing.
        parameters = encode_arguments(endpoint, self.arguments, today=self.procore.today())
        view = self.arguments.get("view")
        shaped = endpoint.in_view(view if isinstance(view, str) else None)
        columns = None if self.columns is None else _chosen_columns(self.columns, shaped)
        views = find_views(self) if needs_views(self) else None
        parents = self._parents() + ([views.parents] if views else [])
        self._check_arguments(parents)
        window = window_of(endpoint)
        if window and not callable(self.progress) and not has_dates(parameters):
            warn(
                f"{endpoint.name} returns only the rows of {window}, as no dates were given. "
                'Pass start="2026-01-01" (and end=…).'
            )
        targets, leading = self._targets(parents, views.selection if views else self._selection())
        requests = [list_request_for(endpoint, target, parameters) for target in targets]
        if (
            check_wait
        ):  # what cannot end within the budget is said before it begins; cached responses wait for nothing
            due = [
                request for request in requests if policy.cache is None or not policy.cache.has_fresh(request)
            ]
            self._check_wait_budget(min(len(due), 1) if self.max_rows else len(due))
        builder = partial(
            FrameBuilder,
            views.described(shaped) if views else shaped,
            decimals=self.decimals,
            leading=leading,
            columns=columns,
            titles=views.titles if views else None,
        )
        about = self._fetch_facts({target.company_id for target in targets})
        return ListFetch(self, requests, builder, about, views.skipped if views else [])

    def may_skip(self, error: ProcoreError, targets: Sequence[Target]) -> bool:
        """Say whether a target that fails so is skipped: one of several, and the failure is its own."""
        several = self.projects is not None or len(targets) > 1
        if not several or isinstance(error, CredentialsError) or error.status == 401:
            return False
        if hints.concerns_company(error.reason):
            return False
        return isinstance(error, AccessError | NotFoundError) or self.on_error == "skip"

    def not_found_advice(self, targets: Sequence[Target]) -> str:
        """Say whether the one project of a call is one that this account sees, as far as all were fetched before."""
        numbers = {target.ids.get("project_id", "") for target in targets}
        number = numbers.pop() if len(numbers) == 1 else ""
        known = self.procore.known_projects.get(targets[0].company_id) if number else None
        if not number or (known and int(number) in known):
            return ""
        if known is None:
            return 'procore.projects(status="All") shows the projects that this account sees. '
        projects = counted(len(known), "project")
        return f'No project {number} among the {projects} this account sees; see procore.projects(status="All"). '

    def _parents(self) -> list[ParentRows]:
        """Return the values of every needed id but the project's: those given as such, then those of parent frames."""
        values = self.needed_values | ({} if self.parent is None else {self._parent_id(): self.parent})
        given, parents = set(self.given), list[ParentRows]()
        # Frames last: a row of theirs need not carry what a value gives, and their ids lead nearest to the rows.
        for name, value in sorted(values.items(), key=lambda item: isinstance(item[1], pd.DataFrame)):
            if isinstance(value, pd.DataFrame):
                parents.append(ParentRows.of_frame(value, name, endpoint=self.endpoint, given=given))
            elif name in self.needed_values:
                rows = [{name: text} for text in self._texts_of(name, value)]
                parents.append(ParentRows(name, rows, leading=is_many(value)))
            else:
                parents.append(ParentRows(name, [{name: text} for text in id_texts(value, "parent")]))
            given |= {name, *parents[-1].carried}
        return parents

    def _parent_id(self) -> str:
        """Return what the list calls the ids of `parent=`: the one that nothing else gives."""
        ids = [name for name in self.endpoint.needed if name not in {*self.given, "project_id"}]
        if not ids:
            raise CatalogError(f"{self.endpoint.name} needs no parent.", advice="Leave parent out.")
        for name in ids:  # rfq_quotes need contract and rfq: a frame of rfqs carries its contract
            if {*ids} - {name} <= inherited_ids(self.parent, self.endpoint, name).keys():
                return name
        return next((name for name in ids if name in self.endpoint.parents), ids[-1])

    def _texts_of(self, name: str, value: Any) -> list[str]:
        """Return the ids, or the other values, that one needed argument was given."""
        argument = {one.name: one for one in self.endpoint.arguments}.get(name)
        if argument is None or argument.location == "path" or name.endswith("id"):
            return id_texts(value, name)
        values = value if is_many(value) else [value]
        return [text for one in values for _, text in encode(argument, one, endpoint=self.endpoint.name)]

    def _check_arguments(self, parents: Sequence[ParentRows]) -> None:
        if self.project_id is not None and self.projects is not None:
            raise ArgumentError("project_id and projects were both given.", advice="Pass one of them.")
        carried = {name for parent in parents for name in parent.carried}
        known = {argument.name for argument in self.endpoint.arguments}
        # Drawings are fetched by area alone, but areas are of projects: naming some chooses among the areas.
        if self.of_projects and "project_id" not in known | carried and self.endpoint.kind != "unknown":
            raise CatalogError(
                f"{self.endpoint.name} is a list of the whole company and takes no project.",
                advice="Leave project_id and projects out, or choose by project in the frame.",
            )
        raw = raw_keys(self.arguments).values()
        in_query = {
            argument.name
            for argument in self.endpoint.arguments
            if argument.key in raw and argument.location != "path"
        }
        check_needs(self.endpoint, self.given | in_query | carried | {parent.name for parent in parents})

    def _selection(self) -> ProjectSelection | None:
        where, projects = self.endpoint.name, self.projects if self.project_id is None else self.project_id
        if self.project_id is None or is_many(self.project_id):
            return None if projects is None else select_projects(projects, where=where)
        return ProjectSelection(names={project_id(self.project_id, where): None})  # no word for several

    def _targets(
        self, parents: Sequence[ParentRows], selection: ProjectSelection | None
    ) -> tuple[list[Target], tuple[str, ...]]:
        """Return every target, and the names of the columns that tell their rows apart."""
        several = is_many(self.company_id)
        companies = list(self.company_id) if several else [self.company_id]
        numbers = [self.procore.company_or_own(each) for each in companies]
        targets = list(map(Target, numbers))
        leading = ["company_id"] if several else []
        if selection is not None:
            targets = [each for target in targets for each in self._with_projects(target, selection)]
            named = selection.named or selection.status
            leading += ["project_id", "project_name"] if named else ["project_id"]
        for parent in parents:
            targets = parent.expand(targets)
            leading += [*parent.carried, parent.name] if parent.leading else []
        names = tuple(dict.fromkeys(leading))
        return [target.with_leading(names) for target in targets], names

    def _with_projects(self, target: Target, selection: ProjectSelection) -> Iterable[Target]:
        """Yield a company's target once for each project; those of a status are fetched."""
        if selection.status is not None:
            projects = self.procore.fetch_projects(
                status=selection.status, company_id=target.company_id, view="compact", progress=self.progress
            )
            selection = select_projects(projects, where=self.endpoint.name)
        for number, name in (selection.names or {}).items():
            yield target.with_ids({"project_id": number}, project_name=name)

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

    def _fetch_facts(self, companies: Iterable[int]) -> dict[str, Any]:
        ordered = sorted(companies)
        names = ("project_id", "projects", "company_id", "parent", "budget_view")
        given = {name: getattr(self, name) for name in names} | self.needed_values
        shown = {name: value for name, value in given.items() if isinstance(value, str | int)}
        return {
            "endpoint": self.endpoint.name,
            "path": self.endpoint.path,
            "environment": self.procore.environment.name,
            "web_url": self.procore.environment.web_url,
            "company_id": ordered[0] if len(ordered) == 1 else ordered,
            "arguments": shown | {name: _json_value(value) for name, value in self.arguments.items()},
            "fetched_at": utc_text(),
        }


OPTIONS = frozenset(field.name for field in fields(ListQuery)) - {"procore", "endpoint", "arguments"}


def list_query(
    procore: Connection,
    name: str | Endpoint,
    arguments: Mapping[str, Any],
    target: Any = None,
    *,
    record: bool = False,
) -> ListQuery:
    """Return the query of a list, or of one record of it; `arguments` and `target` are those of `Procore.table`."""
    given = {key: value for key, value in arguments.items() if value is not None}
    endpoint = name if isinstance(name, Endpoint) else _endpoint(procore, name, given, target)
    if target is not None:
        given |= _target_argument(endpoint, target, given)
    # /rest/v1.0/projects/7/rfis
    in_path = endpoint.values_in(name) if isinstance(name, str) and "/" in name else {}
    for key in in_path:
        if key in given or (key == "project_id" and "projects" in given):
            problem = f"{name} names its {key}, which was given as well."
            raise ArgumentError(problem, advice="Write {" + key + "} in the path, or leave the argument out.")
    given |= in_path
    # A list's own argument of that name comes first.
    own = {argument.name for argument in endpoint.arguments} & {"max_rows", "columns"}
    options = {key: given.pop(key) for key in (OPTIONS - own) & given.keys()}
    options = {"progress": procore.progress, "decimals": procore.decimals} | options
    return ListQuery(procore, endpoint.record if record else endpoint, given, **options)


def positive(value: Any, name: str) -> int:
    """Return a whole number from 1 up; anything else is an error."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise ArgumentError(f"{name} is a whole number from 1 up, not {value!r}.")
    return int(value)


def _endpoint(procore: Connection, name: str, given: Mapping[str, Any], target: Any) -> Endpoint:
    """Return the list of that name; where it needs a parent that is not given, the one people mean by the word.

    `drawings` is a list of a drawing area in Procore; who fetches the drawings of a project means its drawing revisions.
    """
    endpoint = procore.endpoint(name)
    parents = {*endpoint.needed} - {"company_id", "project_id"}
    if not parents or "/" in name or given.keys() & {*parents, "parent"} or _are_parents(target, parents):
        return endpoint
    meant = names_for_synonym(name, likeliest=True)
    return procore.endpoint(meant[0]) if meant else endpoint


def _are_parents(target: Any, ids: Iterable[str]) -> bool:
    """Return whether a frame holds records of projects (RFIs, drawing areas), not projects themselves."""
    columns = set(target.columns) if isinstance(target, pd.DataFrame) else set()
    return "project_id" in columns and not columns.isdisjoint({"id", *ids})


def _target_argument(endpoint: Endpoint, target: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the second positional argument by its name: parents for a list that needs them, else one project or several."""
    is_parent = bool(endpoint.parents) and _are_parents(target, endpoint.parents)
    if is_parent and not given.keys() & {*endpoint.parents, "parent"}:
        return {"parent": target}
    twice = {"project_id", "projects"} & given.keys()
    if twice:
        problem = f"{endpoint.name} was given its projects twice: as second value and as {min(twice)}."
        raise ArgumentError(problem, advice="Pass one of them.")
    is_word = isinstance(target, str) and not target.strip().isdigit()
    return {"projects" if is_word or is_many(target) else "project_id": target}


def _chosen_columns(columns: Any, endpoint: Endpoint) -> tuple[str, ...]:
    """Return the names in `columns=`: declared, of a custom field, or in brackets (`[new_key]`: not in the reference).

    Rows of budget views have the columns of the company, which are known with the rows.
    """
    names = [columns] if isinstance(columns, str) else list(columns) if is_many(columns) else []
    if not names or not all(isinstance(name, str) and name.strip("[]") for name in names):
        problem = f"columns is a list of names, not {columns!r}."
        raise ArgumentError(problem, advice='For example columns=["id", "status"].')
    known = [".".join(path) for path in columns_of(endpoint.fields)]
    # What is declared without its parts, or for another view, may come all the same.
    loose = {field.name.removesuffix("[]") for field in endpoint.all_fields}
    loose -= {name for name in loose if any(one.startswith(f"{name}.") for one in known)}
    is_open = not known or any("budget_view" in name for name in endpoint.needed)
    known += [*_LEADING, *endpoint.needed]
    for name in names:
        declared = any(one == name or one.startswith(f"{name}.") for one in known)
        parts = name.split(".")
        may_come = any(".".join(parts[: depth + 1]) in loose for depth in range(len(parts)))
        if not (declared or may_come or is_open or "custom_field" in name or name.startswith("[")):
            raise unknown_column(name, endpoint.name, known)
    return tuple(dict.fromkeys(names))


def _json_value(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return [_json_value(each) for each in value] if is_many(value) else str(value)
