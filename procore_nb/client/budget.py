"""The budget of many projects in one call: each project's view by its name, and the columns of that view.

In: a query for rows of budget views, without the ids of views. Out: the parents of its requests, which projects have no such
view, and the columns that views add to the rows. Sends one request for the views of each project, one for the columns of each
view of another name. Amounts under titles of the company: https://developers.procore.com/documentation/tutorial-budget-line-items
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from procore_nb.catalog import Endpoint, Field
from procore_nb.catalog.endpoint_schema import encode
from procore_nb.client.collect import ListFetch
from procore_nb.client.targets import ParentRows, Target
from procore_nb.errors import AccessError, ArgumentError, CatalogError, NotFoundError
from procore_nb.near_match import near, slug
from procore_nb.scalars import ProjectSelection, is_many

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
    selection: ProjectSelection  # the projects that have the view
    skipped: list[Row]
    titles: dict[str, str] = field(
        default_factory=dict
    )  # of each column by its id, for rows whose keys are the ids
    fields: dict[str, Field] = field(default_factory=dict)

    def described(self, endpoint: Endpoint) -> Endpoint:
        """Return the endpoint with the columns that the views add."""
        added = encode(self.fields.values())
        return replace(endpoint, field_text="\n".join(filter(None, (endpoint.field_text, added))))


def needs_views(query: ListQuery) -> bool:
    """Return whether the views of a query are to be found: it names projects, and no ids of views."""
    takes_view = VIEW_ID in query.endpoint.needed
    has_id = VIEW_ID in query.needed_values or query.parent is not None
    if query.budget_view is not None and not takes_view:
        raise ArgumentError(f"{query.endpoint.name} has no budget views.", advice="Leave budget_view out.")
    if query.budget_view is not None and has_id:
        raise ArgumentError("A budget view was given twice.", advice=f"Pass budget_view or {VIEW_ID}.")
    return takes_view and not has_id and query.of_projects


def views_of(query: ListQuery) -> ListFetch:
    """Return the fetch of the budget views of a query's projects."""
    if is_many(query.company_id):
        problem = "Budget views are found in one company at a time."
        raise ArgumentError(problem, advice="Fetch each company by itself.")
    fetch = _sister(query, "budget_views", projects=query.projects, project_id=query.project_id).prepare()
    fetch.quiet = True  # skipped projects are named once, with the rows
    return fetch


def find_views(query: ListQuery) -> BudgetViews:
    """Return the view of each project: the one of that name or id; without one, the only or Procore's standard one. Else an error."""
    fetch, named = views_of(query), query.budget_view
    views_in: dict[str, list[Row]] = {}
    for target, rows in fetch.pages():
        views_in.setdefault(target.ids["project_id"], []).extend(rows)
    skipped, parents, names = list(fetch.skipped), list[Row](), dict[str, str | None]()
    refused = {row["target"] for row in skipped}
    for target in fetch.targets:
        views = views_in.get(target.ids["project_id"], [])
        view = _chosen(views, named, target)
        if view is not None:
            names[target.ids["project_id"]] = target.project_name
            parents.append({**target.ids, VIEW_ID: str(view["id"]), "budget_view": str(view["name"])})
        elif target.label not in refused:
            looked_for = f" {named!r}" if named is not None else ""
            has = ", ".join(str(view["name"]) for view in views) or "none"
            skipped.append(target.skipped(f"no budget view{looked_for}; it has: {has}"))
    if not parents:
        raise _no_view(named, [str(view["name"]) for views in views_in.values() for view in views])
    selection = ProjectSelection(names=names, named=any(names.values()))
    budget = BudgetViews(ParentRows(VIEW_ID, parents, ("project_id", "budget_view")), selection, skipped)
    if query.endpoint.name in _WITH_TITLES:
        # Views of one name are taken for one view of the company: its columns are requested once, not for each project.
        first_of = {slug(parent["budget_view"]): parent for parent in reversed(parents)}
        for parent in reversed(first_of.values()):
            _add_columns(budget, query, parent)
    return budget


def _chosen(views: list[Row], named: Any, target: Target) -> Row | None:
    """Return the one view that is meant, None where the project has none such."""
    chosen = views
    if named is not None:
        chosen = [
            view for view in views if str(named) == str(view["id"]) or slug(str(named)) == _plain_name(view)
        ]
    elif len(views) > 1:
        chosen = [view for view in views if _plain_name(view) in _STANDARD] or views
    if len(chosen) > 1:
        names = ", ".join(f"{view['name']!r} ({view['id']})" for view in chosen)
        raise ArgumentError(
            f"{target.label} has {len(chosen)} budget views: {names}.",
            advice=f'Choose one: budget_view="…", or {VIEW_ID}=…. Rows of several would count amounts twice.',
        )
    return chosen[0] if chosen else None


def _plain_name(view: Row) -> str:
    return slug(str(view["name"]))


def _no_view(named: Any, names: list[str]) -> CatalogError:
    if named is None:
        return CatalogError(
            "No project has a budget view that this account may see.", advice="Check the Budget tool."
        )
    close = near(str(named), names)
    hint = f"Did you mean {' or '.join(map(repr, close))}? " if close else ""
    known = ", ".join(dict.fromkeys(names)) or "none"
    return CatalogError(f"No project has a budget view {named!r}.", advice=f"{hint}There are: {known}.")


def _add_columns(budget: BudgetViews, query: ListQuery, view: Mapping[str, str]) -> None:
    ids = {"project_id": view["project_id"], "arguments": {VIEW_ID: view[VIEW_ID]}}
    try:
        pages = list(_sister(query, "budget_detail_columns", **ids).prepare().pages())
    except (AccessError, NotFoundError):
        return  # the rows bring their columns along, typed by what they hold
    for column in (row for _, rows in pages for row in rows):
        title = str(column.get("name") or "")
        budget.titles[str(column.get("id"))] = title
        if title.isprintable() and not set(".[]") & set(title):  # these would be parts of a path
            types = ("string", "decimal") if column.get("aggregatable") else ("unknown", "")
            budget.fields.setdefault(title, Field(title, *types))


def _sister(query: ListQuery, name: str, **changes: Any) -> ListQuery:
    """Return the query of another list with the same company and options."""
    fresh: Row = {"arguments": {}, "projects": None, "budget_view": None, "max_rows": None, "columns": None}
    return replace(query, endpoint=query.procore.endpoint_or_shipped(name), **{**fresh, **changes})
