"""One call of `table`, worked out: which places, which parameters, which questions.

In: a connection, an endpoint, and what the caller said. Out: a `Collection` ready to be walked.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from procore_nb.catalog import Endpoint
from procore_nb.client import targets as at
from procore_nb.client.collect import Collection, OnError, now_text
from procore_nb.client.custom_fields import custom_fields_of
from procore_nb.client.encode_query import is_many, pairs_for
from procore_nb.client.parameters import has_dates, list_request_for, parameters_for
from procore_nb.client.targets import Target
from procore_nb.errors import ArgumentError, CatalogError, RateLimitError, warn
from procore_nb.frames import FrameBuilder
from procore_nb.frames.codec import Decimals
from procore_nb.progress import ProgressMaker

if TYPE_CHECKING:
    from procore_nb.client.procore import Procore

_WINDOWS = {"today": "today", "this_work_week": "this work week", "last_7_days": "the last 7 days"}


@dataclass
class ListQuery:
    """What was asked of one list; `collection` turns it into questions, checked, with nothing sent but project ids."""

    procore: Procore
    endpoint: Endpoint
    places: dict[str, Any]
    arguments: dict[str, Any]
    decimals: Decimals
    categories: bool
    on_error: OnError
    progress: bool | ProgressMaker

    def __post_init__(self) -> None:
        if self.on_error not in ("raise", "skip"):
            raise ArgumentError(f'on_error is "raise" or "skip", not {self.on_error!r}.')
        if not (isinstance(self.progress, bool) or callable(self.progress)):
            raise ArgumentError(f"progress is True, False or a function, not {self.progress!r}.")

    def collection(self) -> Collection:
        """Return the questions and everything needed to make a frame of their answers."""
        endpoint, procore = self.endpoint, self.procore
        needed = {name for group in endpoint.needs for name in group}
        self._name_the_id()
        fixed = {name: self.arguments.pop(name) for name in list(self.arguments) if name in needed}
        self._check_what_is_given(needed, fixed)
        view = self.arguments.get("view")
        shaped = endpoint.in_view(view if isinstance(view, str) else None)
        parameters = parameters_for(endpoint, self.arguments, today=procore.today())
        self._warn_of_a_window(parameters)
        found, leading = self._work_out(needed, fixed)
        questions = [list_request_for(endpoint, place, parameters) for place in found]
        self._check_the_budget(len(questions))
        return Collection(
            procore.session,
            endpoint,
            questions,
            procore.policy,
            builder=partial(FrameBuilder, shaped, decimals=self.decimals, leading=leading),
            about=self._about(found),
            custom_fields=lambda: custom_fields_of(procore, {place.company_id for place in found}),
            categories=self.categories,
            on_error=self.on_error,
            progress=self.progress,
            several=self.places.get("projects") is not None or len(questions) > 1,
        )

    def _name_the_id(self) -> None:
        """Take `id=` for the one placeholder that Procore calls so: `receipt_id` in `…/receipts/{id}/line_items`."""
        names = {one.key: one.name for one in self.endpoint.arguments if one.place == "path"}
        if "id" in self.arguments and names.get("id", "id") not in {"id", *self.arguments}:
            self.arguments[names["id"]] = self.arguments.pop("id")

    def _check_what_is_given(self, needed: set[str], fixed: dict[str, Any]) -> None:
        given = set(fixed) | {"company_id"}
        if self.places.get("project_id") is not None or self.places.get("projects") is not None:
            given.add("project_id")
        if self.places.get("project_id") is not None and self.places.get("projects") is not None:
            raise ArgumentError("project_id and projects were both given.", advice="Pass one of them.")
        if self.places.get("parent") is not None:
            given.add(self._parent_id(needed, fixed))
            if _names_projects(self.places["parent"]):
                given.add("project_id")
        if "project_id" in given and "project_id" not in needed:
            known = "project_id" in {one.name for one in self.endpoint.arguments}
            if self.endpoint.kind != "unknown" and not known:
                raise CatalogError(
                    f"{self.endpoint.name} is a list of the whole company and takes no project.",
                    advice="Leave project_id and projects out, or choose by project in the frame.",
                )
        absent = at.missing_ids(self.endpoint, given)
        if absent is not None:
            raise absent

    def _parent_id(self, needed: set[str], fixed: dict[str, Any]) -> str:
        open_ids = [name for name in self._ids_in_order(needed) if name not in fixed]
        if not open_ids:
            raise CatalogError(f"{self.endpoint.name} needs no parent.", advice="Leave parent out.")
        return (
            open_ids[-1]
            if len(open_ids) == 1
            else next((name for name in open_ids if name in self.endpoint.parents), open_ids[-1])
        )

    def _ids_in_order(self, needed: set[str]) -> list[str]:
        return [
            name
            for group in self.endpoint.needs
            for name in group
            if name in needed and name not in ("company_id", "project_id")
        ]

    def _work_out(self, needed: set[str], fixed: dict[str, Any]) -> tuple[list[Target], tuple[str, ...]]:
        """Return every place to ask, and the names of the columns that tell them apart."""
        companies = self.places.get("company_id")
        several = is_many(companies)
        numbers = [
            self.procore.company_or_own(each) for each in (list(companies or ()) if several else [companies])
        ]
        found = [Target(number, {}, (number,) if several else ()) for number in numbers]
        leading = ["company_id"] if several else []
        found = self._with_projects(found, leading)
        for name, value in fixed.items():
            many = isinstance(value, pd.DataFrame) or is_many(value)
            values = self._values_of(name, value)
            found = at.with_ids(found, name, values, lead=many)
            leading += [name] if many else []
        if self.places.get("parent") is not None:
            name = self._parent_id(needed, fixed)
            pairs = at.parent_pairs(self.places["parent"], where=self.endpoint.name)
            with_project = (
                any(project for _, project in pairs) if pairs else _names_projects(self.places["parent"])
            )
            found = at.with_parents(found, name, pairs)
            leading += (["project_id"] if with_project and "project_id" not in leading else []) + [name]
        return found, tuple(leading)

    def _values_of(self, name: str, value: Any) -> list[str]:
        """Return the ids, or the other values, that one needed argument was given."""
        argument = next((one for one in self.endpoint.arguments if one.name == name), None)
        if argument is None or argument.place == "path" or name.endswith("id"):
            return [number for number, _ in at.parent_pairs(value, where=self.endpoint.name)]
        each_one = list(value) if is_many(value) else [value]
        return [text for one in each_one for _, text in pairs_for(argument, one, endpoint=self.endpoint.name)]

    def _with_projects(self, found: list[Target], leading: list[str]) -> list[Target]:
        project_id, projects = self.places.get("project_id"), self.places.get("projects")
        if project_id is not None and is_many(project_id):
            projects, project_id = project_id, None
        if project_id is not None:
            pairs = at.project_pairs(project_id, where=self.endpoint.name)
            leading += ["project_id"]
            return at.with_projects(found, pairs, named=False)
        if projects is None:
            return found
        if isinstance(projects, str) and projects.strip().lower() in ("all", "active", "inactive"):
            status = projects.strip().capitalize()
            placed = []
            for place in found:
                frame = self.procore.table(
                    "projects",
                    status=status,
                    company_id=place.company_id,
                    view="compact",
                    progress=self.progress,
                )
                placed += at.with_projects(
                    [place], at.project_pairs(frame, where=self.endpoint.name), named=True
                )
            leading += ["project_id", "project_name"]
            return placed
        pairs = at.project_pairs(projects, where=self.endpoint.name)
        named = at.name_column(projects) is not None
        leading += ["project_id", "project_name"] if named else ["project_id"]
        return at.with_projects(found, pairs, named=named)

    def _warn_of_a_window(self, parameters: tuple[tuple[str, str], ...]) -> None:
        window = self.endpoint.date_default
        if window and not callable(self.progress) and not has_dates(self.endpoint, parameters):
            warn(
                f"{self.endpoint.name} returns only the rows of {_WINDOWS.get(window, window)}, as no dates were given. "
                'Pass start="2026-01-01" (and end=…).'
            )

    def _check_the_budget(self, requests: int) -> None:
        procore = self.procore
        seconds = procore.session.shared.rate_limiter.estimate(requests, procore.policy.clock())
        patience = procore.policy.max_wait_seconds
        if seconds > patience:
            raise RateLimitError(
                f"{self.endpoint.name} from {requests:,} places needs at least {requests:,} requests, which Procore's rate "
                f"limit spreads over {seconds:,.0f} seconds; the patience is {patience:,.0f} seconds. Nothing was sent.",
                retry_after_seconds=seconds,
                advice=f"Ask fewer places, or connect(…, max_wait_seconds={seconds * 1.1:.0f}).",
            )

    def _about(self, found: list[Target]) -> dict[str, Any]:
        procore, endpoint = self.procore, self.endpoint
        companies = sorted({place.company_id for place in found})
        told = {name: value for name, value in self.places.items() if isinstance(value, str | int)}
        told |= {name: _plain(value) for name, value in self.arguments.items()}
        return {
            "endpoint": endpoint.name,
            "path": endpoint.path,
            "environment": procore.environment.name,
            "web_url": procore.environment.web_url,
            "company_id": companies[0] if len(companies) == 1 else companies,
            "arguments": told,
            "fetched_at": now_text(),
        }


def take_ids_of_path(
    endpoint: Endpoint, name: str, *, places: dict[str, Any], arguments: dict[str, Any]
) -> None:
    """Put the ids that are written into a path (`/rest/v1.0/projects/7/rfis`) where arguments would have put them."""
    for key, value in (endpoint.values_in(name) if "/" in name else {}).items():
        into = places if key in ("project_id", "company_id") else arguments
        if into.get(key) is not None or (key == "project_id" and places.get("projects") is not None):
            raise ArgumentError(
                f"{name} names its {key}, which was given as well.",
                advice="Write {" + key + "} in the path, or leave the argument out.",
            )
        into[key] = value


def _names_projects(parent: Any) -> bool:
    return isinstance(parent, pd.DataFrame) and not set(at.PARENT_PROJECTS).isdisjoint(parent.columns)


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return [_plain(each) for each in value] if is_many(value) else str(value)
