"""What money is planned by: cost codes with their cost types. Procore calls the pair a WBS code, or a budget code.

In: a context. Out: `BUDGET_CODES`, and the parts other rows show of one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from procore_nb.demo.tables import directory
from procore_nb.demo.tables.directory import COST_TYPES, CostType
from procore_nb.demo.tables.made_up_names import COST_CODES
from procore_nb.demo.tables.plan import PLAN, WorkPackage
from procore_nb.demo.tables.registry import table
from procore_nb.demo.tables.request_context import RequestContext, Row

CURRENCY = {"currency_iso_code": "USD"}
_TYPES = {kind.code: kind for kind in COST_TYPES}
# Percent of a cost code by cost type; everything else is subcontracted.
_SPLITS = {
    0: {"L": 55, "E": 15, "O": 30},
    2: {"L": 10, "S": 55, "M": 35},
    5: {"S": 45, "M": 55},
    8: {"S": 70, "M": 30},
    14: {"S": 65, "M": 35},
    15: {"S": 70, "M": 30},
    16: {"E": 20, "S": 80},
}


@dataclass(frozen=True)
class BudgetCode:
    """One cost code with one cost type; `percent` is the part of the cost code's money it takes."""

    number: int
    code: int
    kind: CostType
    percent: int

    @property
    def part(self) -> WorkPackage:
        """Its place in the plan."""
        return PLAN[self.code]

    @property
    def flat_code(self) -> str:
        """As people write it, `03-300.S`."""
        return f"{COST_CODES[self.code][0]}.{self.kind.code}"

    @property
    def name(self) -> str:
        """As people say it, `Cast-in-Place Concrete.Subcontract`."""
        return f"{COST_CODES[self.code][1]}.{self.kind.name}"


def _budget_codes() -> Iterator[BudgetCode]:
    number = 0
    for code in range(len(COST_CODES)):
        for letter, percent in _SPLITS.get(code, {"S": 100}).items():
            yield BudgetCode(number, code, _TYPES[letter], percent)
            number += 1


BUDGET_CODES = tuple(_budget_codes())


def budget_code(code: int, letter: str) -> BudgetCode:
    """Budget code of a cost code; its first one if it has none of that type."""
    own = [one for one in BUDGET_CODES if one.code == code]
    return next((one for one in own if one.kind.code == letter), own[0])


def money(cents: int) -> Decimal:
    """Amount as Procore writes it: one decimal, two where needed."""
    return Decimal(cents // 10).scaleb(-1) if cents % 10 == 0 else Decimal(cents).scaleb(-2)


def wbs(context: RequestContext, one: BudgetCode) -> Row:
    """WBS code as other rows show it."""
    return {"id": context.id("wbs_code", one.number), "flat_code": one.flat_code, "description": one.name}


def coded(context: RequestContext, one: BudgetCode) -> Row:
    """What every line item says of its budget code."""
    code = directory.cost_codes(context)[one.code]
    project = context.here
    return {
        "cost_code": {
            "id": code.id,
            "name": code.name,
            "full_code": code.code,
            "code": code.code.partition("-")[2],
            "sortable_code": code.code,
            "biller": project.name,
            "biller_id": project.id,
            "biller_type": "Project",
            "budgeted": True,
            "parent": {"id": None},
            "position": one.code + 1,
            "created_at": project.created_at,
            "updated_at": project.created_at,
        },
        "line_item_type": one.kind.row,
        "wbs_code": wbs(context, one),
        "currency_configuration": CURRENCY,
    }


@table("wbs_codes", "wbs_codes_v2_0")
def wbs_codes(context: RequestContext) -> Iterator[Row]:
    """Budget codes of a project."""
    project = context.here
    kinds = context.id("wbs_segment_item", 9_000)
    for one in BUDGET_CODES:
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
