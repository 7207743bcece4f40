"""How a company and its projects are broken down: locations, cost codes, cost types, trades, and the list of projects."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from procore_nb.demo.company import NOW, SERVICE_ACCOUNT
from procore_nb.demo.tables import directory
from procore_nb.demo.tables.budgetcodes import cost_code_row
from procore_nb.demo.tables.registry import table
from procore_nb.demo.tables.request_context import RequestContext, Row


@table("locations", "locations_by_query")
def locations(context: RequestContext) -> Iterator[Row]:
    """Places inside a project, parents before children; the name holds the whole path."""
    if context.project is None:
        return
    created = context.project.created_at
    for place in directory.locations(context):
        yield {**place.ref, "created_at": created, "updated_at": created + timedelta(days=3)}


@table("cost_codes")
def cost_codes(context: RequestContext) -> Iterator[Row]:
    """Cost codes of a project: divisions, and the codes below them."""
    types = [kind.row for kind in directory.COST_TYPES]
    for number in range(len(directory.cost_codes(context))):
        yield {**cost_code_row(context, number), "line_item_types": types}


@table("line_item_types")
def line_item_types(_scene: RequestContext) -> Iterator[Row]:
    """Cost types."""
    for kind in directory.COST_TYPES:
        yield kind.row


@table("trades")
def trades(_scene: RequestContext) -> Iterator[Row]:
    """Trades of every company."""
    for trade in directory.trades():
        yield {**trade.ref, "active": True, "updated_at": NOW - timedelta(days=trade.id % 400)}


@table("company_projects")
def company_projects(context: RequestContext) -> Iterator[Row]:
    """Active projects of a company, in few words."""
    portfolio, company = context.portfolio, context.company
    for index in portfolio.by_activity(company, active=True):
        project = portfolio.project(company, index)
        street = project.street
        yield {
            "id": project.id,
            "name": project.name,
            "address": {
                "street": project.address,
                "city": street.city,
                "state_code": street.state_code,
                "zip": street.zip,
                "country_code": street.country_code,
            },
            "stage_name": project.stage.name,
            "status_name": "Active" if project.active else "Inactive",
            "type_name": project.type.name if project.type else None,
            "open_items": [],
            "created_by": {"id": SERVICE_ACCOUNT["id"], "email": SERVICE_ACCOUNT["login"]},
        }
