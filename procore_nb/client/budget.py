"""The budget of many projects in one call: each project's view by its name, and the columns of that view.

In: a query for rows of budget views, without the ids of views. Out: the parents of its requests, which projects have no such
view, and the columns that views add to the rows. Sends one request for the views of each project, one for the columns of each
view of another name. Amounts under titles of the company: https://developers.procore.com/documentation/tutorial-budget-line-items
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from procore_nb.catalog import Endpoint, Field
from procore_nb.catalog.models import encode
from procore_nb.client.collect import ListFetch
from procore_nb.client.parameters import own_or_shipped
from procore_nb.client.targets import ParentRows, Target
from procore_nb.errors import AccessError, ArgumentError, CatalogError, NotFoundError
from procore_nb.near_match import near, plain
from procore_nb.scalars import is_many

if TYPE_CHECKING:
    from procore_nb.client.query import ListQuery

VIEW_ID = "budget_view_id"
_STANDARD = frozenset({"procore_standard_budget", "standard_budget"})  # Procore's own view, in plain form
_WITH_TITLES = frozenset({"budget_view_detail_rows", "budget_view_summary_rows"})
Row = dict[str, Any]


@dataclass
class BudgetViews:
    """The view of each project, as parents of the rows; the skipped projects; and what is known of the columns of views."""

    parents: ParentRows
    projects: Mapping[str, str | None]  # the name of each project that has the view, by its id
    skipped: list[Row]
    titles: dict[str, str]  # title of each column by its id, for rows whose keys are the ids
    fields: dict[str, Field]

    def described(self, endpoint: Endpoint) -> Endpoint:
        added = encode(tuple(self.fields.values()))
        return replace(endpoint, field_text="\n".join(filter(None, (endpoint.field_text, added))))


def needs_views(query: ListQuery) -> bool:
    """Return whether the views of a query are to be found: it names projects, and no ids of views."""
    named, given = query.budget_view is not None, VIEW_ID in query.fixed or query.parent is not None
    wanted = any(VIEW_ID in group for group in query.endpoint.needs)
    if named and not wanted:
        raise ArgumentError(f"{query.endpoint.name} has no budget views.", advice="Leave budget_view out.")
    if named and given:
        raise ArgumentError("A budget view was given twice.", advice=f"Pass budget_view or {VIEW_ID}.")
    return wanted and not given and (query.project_id is not None or query.projects is not None)


def views_of(query: ListQuery) -> ListFetch:
    if is_many(query.company_id):
        raise ArgumentError(
            "Budget views are found in one company at a time.", advice="Fetch each company by itself."
        )
    views = _sister(query, "budget_views", projects=query.projects, project_id=query.project_id).prepare()
    return replace(views, quiet=True)  # who is skipped is said once, with the rows


def find_views(query: ListQuery) -> BudgetViews:
    """Return the view of each project: the one of that name or id; without one, the only or Procore's standard one. Else an error."""
    views, wanted = views_of(query), query.budget_view
    held: dict[str, list[Row]] = {}
    for target, rows in views.pages():
        held.setdefault(target.ids["project_id"], []).extend(rows)
    skipped, parents = list(views.skipped), list[Row]()
    projects: dict[str, str | None] = {}
    refused = {one["target"] for one in skipped}
    for target in views.targets:
        own = held.get(target.ids["project_id"], [])
        view = _chosen(own, wanted, target)
        if view is not None:
            projects[target.ids["project_id"]] = target.project_name
            parents.append({**target.ids, VIEW_ID: str(view["id"]), "budget_view": str(view["name"])})
        elif target.words not in refused:
            named = f" {wanted!r}" if wanted is not None else ""
            has = ", ".join(str(one["name"]) for one in own) or "none"
            about = {"status": None, "reason": f"no budget view{named}; it has: {has}", "advice": ""}
            skipped.append({"target": target.words, **target.account, **about})
    if not parents:
        raise _no_view(wanted, [str(one["name"]) for rows in held.values() for one in rows])
    rows_of_views = ParentRows(VIEW_ID, ("project_id", "budget_view"), tuple(parents))
    found = BudgetViews(rows_of_views, projects, skipped, {}, {})
    if query.endpoint.name in _WITH_TITLES:
        first_of = {plain(parent["budget_view"]): parent for parent in reversed(parents)}
        for parent in reversed(first_of.values()):
            _add_columns(found, query, parent)
    return found


def _chosen(views: list[Row], wanted: Any, target: Target) -> Row | None:
    """Return the one view that is meant, None where the project has none such."""
    found = views
    if wanted is not None:
        text = str(wanted)
        found = [one for one in views if str(one["id"]) == text or plain(str(one["name"])) == plain(text)]
    elif len(views) > 1:
        found = [one for one in views if plain(str(one["name"])) in _STANDARD] or views
    if len(found) > 1:
        names = ", ".join(f"{one['name']!r} ({one['id']})" for one in found)
        raise ArgumentError(
            f"{target.words} has {len(found)} budget views: {names}.",
            advice=f'Choose one: budget_view="…", or {VIEW_ID}=…. Rows of several would count amounts twice.',
        )
    return found[0] if found else None


def _no_view(wanted: Any, names: list[str]) -> CatalogError:
    if wanted is None:
        return CatalogError(
            "No project has a budget view that this account may see.", advice="Check the Budget tool."
        )
    close = near(str(wanted), names)
    hint = f"Did you mean {' or '.join(map(repr, close))}? " if close else ""
    there = ", ".join(dict.fromkeys(names)) or "none"
    return CatalogError(f"No project has a budget view {wanted!r}.", advice=f"{hint}There are: {there}.")


def _add_columns(found: BudgetViews, query: ListQuery, view: Mapping[str, str]) -> None:
    ids = {"project_id": view["project_id"], "arguments": {VIEW_ID: view[VIEW_ID]}}
    try:
        pages = list(_sister(query, "budget_detail_columns", **ids).prepare().pages())
    except (AccessError, NotFoundError):
        return  # the rows bring their columns along, typed by what they hold
    for one in (row for _, rows in pages for row in rows):
        title = str(one.get("name") or "")
        found.titles[str(one.get("id"))] = title
        if title.isprintable() and not set(".[]") & set(title):  # these would be parts of a path
            kind = "decimal" if one.get("aggregatable") else ""
            found.fields.setdefault(title, Field(title, "string" if kind else "unknown", kind))


def _sister(query: ListQuery, name: str, **given: Any) -> ListQuery:
    """Return the query of another list with the same company and manners."""
    fresh: Row = {"arguments": {}, "projects": None, "budget_view": None, "max_rows": None, "columns": None}
    return replace(query, endpoint=own_or_shipped(query.procore.catalogue, name), **{**fresh, **given})
