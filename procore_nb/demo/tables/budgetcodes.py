"""What money is planned by: cost codes with their cost types. Procore calls the pair a WBS code, or a budget code.

In: a context. Out: `codes_of` a project, and the parts that rows of money share: amounts, currency, cost codes, lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from procore_nb.demo.company import read_facts
from procore_nb.demo.tables import directory
from procore_nb.demo.tables.directory import COST_CODES, COST_TYPES, CostType
from procore_nb.demo.tables.plan import plan_of
from procore_nb.demo.tables.registry import RequestContext, Row, Rows, table
from procore_nb.demo.tables.row_forms import currency, written

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
        return f"{COST_CODES[self.code][0]}.{self.kind.code}"

    @property
    def name(self) -> str:
        return f"{COST_CODES[self.code][1]}.{self.kind.name}"


# Where the facts name no parts, everything is subcontracted.
_PARTS = (
    (code, _TYPES[letter], percent)
    for code in range(len(COST_CODES))
    for letter, percent in read_facts("money")["splits"].get(str(code), {"S": 100}).items()
)
BUDGET_CODES = tuple(BudgetCode(number, *part) for number, part in enumerate(_PARTS))
# What is bought for the site though no budget was made for it: only some direct costs name it.
UNBUDGETED = BudgetCode(len(BUDGET_CODES), 0, _TYPES["M"], 0)


def budget_code(code: int, letter: str) -> BudgetCode:
    """The first one if the cost code has none of that type."""
    own = [one for one in BUDGET_CODES if one.code == code]
    return next((one for one in own if one.kind.code == letter), own[0])


def codes_of(context: RequestContext) -> tuple[BudgetCode, ...]:
    return tuple(one for one in BUDGET_CODES if one.code in plan_of(context.here))


def wbs(context: RequestContext, one: BudgetCode) -> Row:
    return {"id": context.id("wbs_code", one.number), "flat_code": one.flat_code, "description": one.name}


def cost_code_row(context: RequestContext, number: int) -> Row:
    code, budgeted = directory.cost_codes(context)[number], number in plan_of(context.here)
    short = code.code.partition("-")[2]
    return written("cost_code", context, code=code, short=short, budgeted=budgeted, position=number + 1)


def coded(context: RequestContext, one: BudgetCode) -> Row:
    """What every line item says of its budget code."""
    code = wbs(context, one)
    about = {"cost_code": cost_code_row(context, one.code), "line_item_type": one.kind.row}
    return {**about, "wbs_code": code, "wbs_code_id": code["id"], "currency_configuration": currency(context)}


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
    about = {"id": context.id(kind, number), "text": text, "amount": amount, "holder_id": holder[1]}
    holder_type, one_unit = holder[0].title().replace("_", ""), Decimal("1.0")
    row = written("line", context, **about, holder_type=holder_type, one_unit=one_unit)
    return {**row, **coded(context, code)}


@table("wbs_codes", "wbs_codes_v2_0")
def wbs_codes(context: RequestContext) -> Rows:
    kinds = context.id("wbs_segment_item", 9_000)
    for one in (*codes_of(context), UNBUDGETED):
        code = directory.cost_codes(context)[one.code]
        cost = {"id": code.id, "code": code.code, "name": code.name, "path_code": code.code}
        kind = {"id": kinds + one.kind.id % 10, "code": one.kind.code, "name": one.kind.name}
        items = [
            {**item, "path_ids": [item["id"]], "path_codes": [item["code"]], "in_use": True}
            for item in (cost, {**kind, "path_code": one.kind.code})
        ]
        yield {**wbs(context, one), **written("wbs_code", context, one=one), "segment_items": items}
