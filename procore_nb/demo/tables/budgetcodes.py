"""What money is planned by: cost codes with their cost types. Procore calls the pair a WBS code, or a budget code.

In: a context. Out: `codes_of` a project, and the parts that rows of money share: amounts, currency, cost codes, lines.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from procore_nb.demo.facts import read_facts
from procore_nb.demo.tables import directory
from procore_nb.demo.tables.directory import COST_TYPES, CostType
from procore_nb.demo.tables.made_up_names import COST_CODES
from procore_nb.demo.tables.plan import plan_of
from procore_nb.demo.tables.registry import table
from procore_nb.demo.tables.request_context import RequestContext, Row

_TYPES = {kind.code: kind for kind in COST_TYPES}


@dataclass(frozen=True)
class BudgetCode:
    """One cost code with one cost type; `percent` is the part of the cost code's money it takes."""

    number: int
    code: int
    kind: CostType
    percent: int

    @property
    def flat_code(self) -> str:
        """As people write it, `03-300.S`."""
        return f"{COST_CODES[self.code][0]}.{self.kind.code}"

    @property
    def name(self) -> str:
        """As people say it, `Cast-in-Place Concrete.Subcontract`."""
        return f"{COST_CODES[self.code][1]}.{self.kind.name}"


def _budget_codes() -> Iterator[BudgetCode]:
    """Parts of each cost code by cost type; where the facts name none, everything is subcontracted."""
    number = 0
    for code in range(len(COST_CODES)):
        for letter, percent in read_facts("money")["splits"].get(str(code), {"S": 100}).items():
            yield BudgetCode(number, code, _TYPES[letter], percent)
            number += 1


BUDGET_CODES = tuple(_budget_codes())


def budget_code(code: int, letter: str) -> BudgetCode:
    """Budget code of a cost code; its first one if it has none of that type."""
    own = [one for one in BUDGET_CODES if one.code == code]
    return next((one for one in own if one.kind.code == letter), own[0])


def codes_of(context: RequestContext) -> tuple[BudgetCode, ...]:
    """Budget codes of what a project builds."""
    return tuple(one for one in BUDGET_CODES if one.code in plan_of(context.here))


def money(cents: int) -> Decimal:
    """Amount as Procore writes it: one decimal, two where needed."""
    return Decimal(cents // 10).scaleb(-1) if cents % 10 == 0 else Decimal(cents).scaleb(-2)


def wbs(context: RequestContext, one: BudgetCode) -> Row:
    """WBS code as other rows show it."""
    return {"id": context.id("wbs_code", one.number), "flat_code": one.flat_code, "description": one.name}


def currency(context: RequestContext) -> Row | None:
    """Currency of a project's money, its own; None where the project states none."""
    code = context.here.currency
    rate = Decimal("1.0")
    return code and {
        "currency_iso_code": code,
        "base_currency_iso_code": code,
        "currency_exchange_rate": rate,
    }  # type: ignore[return-value]


def cost_code_row(context: RequestContext, number: int) -> Row:
    """Cost code of a project, by its number in the list."""
    project, code = context.here, directory.cost_codes(context)[number]
    return {
        "id": code.id,
        "name": code.name,
        "full_code": code.code,
        "code": code.code.partition("-")[2],
        "sortable_code": code.code,
        "biller": project.name,
        "biller_id": project.id,
        "biller_type": "Project",
        "budgeted": number in plan_of(project),
        "parent": {"id": None},
        "position": number + 1,
        "created_at": project.created_at,
        "updated_at": project.created_at,
    }


def coded(context: RequestContext, one: BudgetCode) -> Row:
    """What every line item says of its budget code."""
    return {
        "cost_code": cost_code_row(context, one.code),
        "line_item_type": one.kind.row,
        "wbs_code": wbs(context, one),
        "wbs_code_id": context.id("wbs_code", one.number),
        "currency_configuration": currency(context),
    }


def line_row(
    context: RequestContext,
    kind: str,
    number: int,
    code: BudgetCode,
    text: str,
    amount: int,
    holder: tuple[str, int],
) -> Row:
    """One line of a contract, a change order or a direct cost: `holder` is the kind of that, and its id."""
    written = money(amount)
    return {
        "id": context.id(kind, number),
        "description": text,
        "amount": written,
        "total_amount": written,
        "extended_amount": written,
        "extended_type": "calculated",
        "quantity": Decimal("1.0"),
        "unit_cost": written,
        "uom": "ls",
        "company": {"id": context.company.id, "name": context.company.name},
        "project": {"id": context.here.id, "name": context.here.name},
        "holder": {"id": holder[1], "holder_type": holder[0].title().replace("_", "")},
        **coded(context, code),
    }


@table("wbs_codes", "wbs_codes_v2_0")
def wbs_codes(context: RequestContext) -> Iterator[Row]:
    """Budget codes of a project."""
    project = context.here
    kinds = context.id("wbs_segment_item", 9_000)
    for one in codes_of(context):
        code = directory.cost_codes(context)[one.code]
        cost = {"id": code.id, "code": code.code, "name": code.name, "path_code": code.code}
        kind = {"id": kinds + one.kind.id % 10, "code": one.kind.code, "name": one.kind.name}
        yield {
            **wbs(context, one),
            "code": one.flat_code,
            "flat_name": one.name,
            "status": "active",
            "created_at": project.created_at,
            "updated_at": project.created_at,
            "segment_items": [
                {**item, "path_ids": [item["id"]], "path_codes": [item["code"]], "in_use": True}
                for item in (cost, {**kind, "path_code": one.kind.code})
            ],
        }
