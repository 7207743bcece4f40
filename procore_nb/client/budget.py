"""The budget of many projects in one call: each project's view by its name, and the columns of that view.

In: a query for rows of budget views, without the ids of views. Out: the parents of its requests, which projects have no such
view, and the columns that views add to the rows. Sends one request for the views of each project, one for the columns of each
view of another name. Amounts under titles of the company: https://developers.procore.com/documentation/tutorial-budget-line-items
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from procore_nb.catalog import Endpoint, Field
from procore_nb.catalog.models import encode
from procore_nb.client.collect import Collection
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


@dataclass
class BudgetViews:
    """The view of each project, as parents of the rows; and what is known of the columns that views add."""

    parents: ParentRows
    projects: dict[str, str | None]
    """The name of each project that has the view, by its id."""
    skipped: list[dict[str, Any]] = field(default_factory=list)
    fields: tuple[Field, ...] = ()
    titles: Mapping[str, str] = field(default_factory=dict)
    """Title of a column by its id, for rows whose keys are the ids."""

    def described(self, endpoint: Endpoint) -> Endpoint:
        """Return the list with the columns of the views."""
        known = {one.name for one in endpoint.fields}
        added = encode(tuple(one for one in self.fields if one.name not in known))
        return replace(endpoint, field_text="\n".join(filter(None, (endpoint.field_text, added))))


def needs_views(query: ListQuery) -> bool:
    """Return whether the views of a query are to be found: it names projects, and no ids of views."""
    wanted = any(VIEW_ID in group for group in query.endpoint.needs)
    if query.budget_view is not None and not wanted:
        raise ArgumentError(f"{query.endpoint.name} has no budget views.", advice="Leave budget_view out.")
    if query.budget_view is not None and (VIEW_ID in query.fixed or query.parent is not None):
        raise ArgumentError("A budget view was given twice.", advice=f"Pass budget_view or {VIEW_ID}.")
    given = VIEW_ID in query.fixed or query.parent is not None
    return wanted and not given and (query.project_id is not None or query.projects is not None)


def views_of(query: ListQuery) -> Collection:
    """Return the requests for the views of all projects of a query."""
    return _sister(query, "budget_views", projects=query.projects, project_id=query.project_id).collection()


def find_views(query: ListQuery) -> BudgetViews:
    """Return the view of each project: the one of that name or id; without one, the only or Procore's standard one.

    Raises
    ------
    ArgumentError
        If a project has several views and none is named, or several of that name.
    CatalogError
        If no project has a view of that name; near ones are named.
    """
    if is_many(query.company_id):
        raise ArgumentError(
            "Budget views are found in one company at a time.", advice="Fetch each company by itself."
        )
    views = views_of(query)
    frame = views.frame()
    by_project: dict[str, list[dict[str, Any]]] = {
        target.ids["project_id"]: [] for one in views.requests if isinstance(target := one.key, Target)
    }
    only = next(iter(by_project), "")
    for row in ({str(key): value for key, value in one.items()} for one in frame.to_dict("records")):
        by_project[str(row.get("project_id", only))].append(row)
    targets = {one.key.ids["project_id"]: one.key for one in views.requests if isinstance(one.key, Target)}
    accounts = list(views.skipped.accounts)
    refused = {str(one["project_id"]) for one in accounts if "project_id" in one}
    rows, first_of, seen = [], dict[str, tuple[str, str]](), dict[str, None]()
    for project, held in by_project.items():
        seen |= dict.fromkeys(str(one["name"]) for one in held)
        view = _chosen(held, query.budget_view, targets[project])
        if view is not None:
            number, name = str(view["id"]), str(view["name"])
            rows.append({"project_id": project, VIEW_ID: number, "budget_view": name})
            first_of.setdefault(plain(name), (project, number))
        elif project not in refused:
            named = f" {query.budget_view!r}" if query.budget_view is not None else ""
            has = ", ".join(str(one["name"]) for one in held) or "none"
            reason = f"no budget view{named}; it has: {has}"
            account = {"target": targets[project].words, **targets[project].account}
            accounts.append({**account, "status": None, "reason": reason, "advice": ""})
    if not rows:
        raise _no_view(query.budget_view, [*seen])
    parents = ParentRows(VIEW_ID, ("project_id", "budget_view"), tuple(rows))
    names = {row["project_id"]: targets[row["project_id"]].project_name for row in rows}
    found = BudgetViews(parents, names, accounts)
    if query.endpoint.name in _WITH_TITLES:
        found.titles, found.fields = _columns_of(query, first_of.values())
    return found


def _chosen(views: list[dict[str, Any]], wanted: Any, target: Target) -> dict[str, Any] | None:
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
    return CatalogError(
        f"No project has a budget view {wanted!r}.", advice=f"{hint}There are: {', '.join(names) or 'none'}."
    )


def _columns_of(
    query: ListQuery, views: Iterable[tuple[str, str]]
) -> tuple[dict[str, str], tuple[Field, ...]]:
    """Return titles by column id, and fields, of the columns of these views (project and id of each)."""
    titles: dict[str, str] = {}
    fields: dict[str, Field] = {}
    for project, view in views:
        asked = _sister(query, "budget_detail_columns", project_id=project, **{VIEW_ID: view})
        try:
            pages = asked.collection().pages()
            columns = [row for _, rows in pages for row in rows if isinstance(row, dict)]
        except (AccessError, NotFoundError):
            continue  # the rows bring their columns along, typed by what they hold
        for one in columns:
            title = str(one.get("name") or "")
            titles[str(one.get("id"))] = title
            if title.isprintable() and not set(".[]") & set(title):  # these would be parts of a path
                kind = "decimal" if one.get("aggregatable") else ""
                fields.setdefault(title, Field(title, "string" if kind else "unknown", kind))
    return titles, tuple(fields.values())


def _sister(query: ListQuery, name: str, **given: Any) -> ListQuery:
    """Return the query of another list with the same company and manners."""
    arguments = {VIEW_ID: given.pop(VIEW_ID)} if VIEW_ID in given else {}
    return replace(
        query,
        endpoint=own_or_shipped(query.procore.catalogue, name),
        arguments=arguments,
        budget_view=None,
        max_rows=None,
        columns=None,
        **{"projects": None, **given},
    )
