"""Budget views, their rows as they stand on any day, snapshots of them, and transfers from the reserve to where a change was paid for.

`figures` are sums of the same contracts, change orders, bills and direct costs that the other lists show, in cents.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from procore_nb.demo.company import TODAY, read_facts
from procore_nb.demo.tables import directory
from procore_nb.demo.tables.billing import COUNTED, bills, periods, spendings
from procore_nb.demo.tables.claims import ALLOWANCE, CONTINGENCY, Claim, claims
from procore_nb.demo.tables.plan import plan_of, works
from procore_nb.demo.tables.purchases import budget, commitment_orders, commitments, prime_orders
from procore_nb.demo.tables.reference_data import BUDGET_CODES, UNBUDGETED, BudgetCode, budget_code, codes_of
from procore_nb.demo.tables.registry import RequestContext, Row, Rows, table
from procore_nb.demo.tables.templates import money, render, total

VIEW, SNAPSHOT = "budget_view", "budget_view_snapshot"
_OWN_VIEW_ONLY = 67  # index of a project
_VIEWS = read_facts("money")["views"]  # name, text, role, and the formula under each column's title


def _views(context: RequestContext) -> range:
    """Numbers of the views of a project; one project has the company's own only."""
    project = context.project
    if project.stage.category in ("not_awarded", "canceled"):
        return range(0)
    return range(2 if project.index == _OWN_VIEW_ONLY else 0, len(_VIEWS))


def _asked(context: RequestContext) -> tuple[date, dict[str, str]]:
    """Day and columns of the view asked for, or of a snapshot, which shows the first view; no columns if there is none."""
    views, snapshot = _views(context), context.ids.get("budget_view_snapshot_id")
    if snapshot is None:
        number = context.number_of(VIEW, context.ids["budget_view_id"])
        return TODAY, _VIEWS[number][3] if number in views else {}
    number = context.number_of(SNAPSHOT, snapshot)
    days: dict[int | None, date] = dict(enumerate(_quarters(context)))
    return days.get(number, TODAY), _VIEWS[views[0]][3] if number in days else {}


@table("budget_views")
def budget_views(context: RequestContext) -> Rows:
    updated = context.project.created_at + timedelta(days=1)
    for number in _views(context):
        name, text, role, _titles = _VIEWS[number]
        yield render("budget_view", context, number=number, name=name, text=text, role=role, updated=updated)


@table("budget_detail_columns")
def budget_detail_columns(context: RequestContext) -> Rows:
    _day, columns = _asked(context)
    for number, name in enumerate(columns):
        yield render("budget_column", context, number=number, n=number + 1, name=name)


@table("budget_view_snapshots")
def budget_view_snapshots(context: RequestContext) -> Rows:
    for number, day in enumerate(_quarters(context)):
        yield render(
            "budget_snapshot", context, number=number, year=day.year, quarter=(day.month + 2) // 3,
            entered=context.calendar.entered(day, number), view=_views(context)[0],
        )  # fmt: skip


def _quarters(context: RequestContext) -> list[date]:
    """Ends of the quarters since the works began."""
    return [end for _start, end in periods(context) if end.month % 3 == 0 and end < TODAY]


@table("budget_view_detail_rows", "budget_view_snapshot_detail_rows")
def budget_view_detail_rows(context: RequestContext) -> Rows:
    """The columns of the view are keys by their titles."""
    day, columns = _asked(context)
    for code, row in figures(context, day).items() if columns else ():
        typed = row.guess is not None
        cells: Row = {title: money(total(row, formula)) for title, formula in columns.items()}
        if code == UNBUDGETED:  # spent without a budget: it has no id, and is shown only if asked for
            cells |= dict.fromkeys(("id", "wbs_code_id", "budget_forecast"))
            cells |= {"unbudgeted_reason": "direct_cost", "_hidden_unless": "budget_row_type=all"}
        yield render(
            "budget_row", context, budget_code=code, row=row, code=directory.cost_codes(context)[code.code],
            automatic=not typed, manual=money(row.forecast) if typed else None,
            strategy="manual" if typed else "automatic",
            notes="The work is finished." if row.guess == 0 else "Price agreed in talks." if typed else None,
        ) | cells  # fmt: skip


@table("budget_view_summary_rows", "budget_view_snapshot_summary_rows")
def budget_view_summary_rows(context: RequestContext) -> Rows:
    day, columns = _asked(context)
    if columns:
        rows = figures(context, day).values()
        names = ("original", "transfers", "forecast")
        sums = {name: sum(getattr(row, name) for row in rows) for name in names}
        yield render("budget_total", context, **sums)


@table("budget_changes", "budget_change_adjustment_line_items", "budget_modifications")
def budget_changes(context: RequestContext) -> Rows:
    """Transfers from the reserve to where a change was paid for, and both sides of each: they add up to nothing.

    Drafts and pending ones are under review, all that was turned down is void.
    """
    erp_status = "not_integrated" if context.project.origin_id is None else "synced"
    for number, claim in enumerate(transfers(context)):
        status = "approved" if claim.agreed_with_firm else "void" if claim.decided else "under_review"
        values = {"number": number, "position": number + 1, "claim": claim, "status": status}
        if context.endpoint.name == "budget_changes":
            items = [context.id("change_event_item", claim.index * 4 + n) for n in range(len(claim.parts))]
            yield render("budget_change", context, **values, items=items, erp_status=erp_status)
        elif context.endpoint.name == "budget_modifications":
            if status == "approved":
                yield render("budget_modification", context, **values, reserve=RESERVE)
        else:
            for line, code, amount in ((0, claim.code, claim.cost), (1, RESERVE, -claim.cost)):
                sides = {"line": number * 2 + line, "code": code, "amount": amount}
                yield render("budget_adjustment", context, **values, **sides)


RESERVE = budget_code(0, "O")  # transfers are taken from here
# Where an order counts: by whether it is the owner's, and by its state.
_COLUMNS = {
    (True, "approved"): "approved",
    (True, "pending"): "pending",
    (False, "approved"): "committed",
    (False, "pending"): "pending_costs",
}


@dataclass
class Figures:
    """Money of one budget code, in cents; `guess` is the part of the automatic forecast that somebody typed instead."""

    original: int
    guess: float | None = None
    transfers: int = 0
    approved: int = 0
    pending: int = 0
    committed: int = 0
    direct: int = 0
    billed: int = 0
    pending_costs: int = 0

    def add(self, column: str, amount: int) -> None:
        setattr(self, column, getattr(self, column) + amount)

    @property
    def revised(self) -> int:
        return self.original + self.transfers + self.approved

    @property
    def projected_budget(self) -> int:
        return self.revised + self.pending

    @property
    def projected_costs(self) -> int:
        return self.committed + self.direct + self.pending_costs

    @property
    def automatic(self) -> int:
        """What is still to be bought if the rest of the budget is spent."""
        return max(0, self.projected_budget - self.projected_costs)

    @property
    def forecast(self) -> int:
        """The same, or what somebody typed; nothing once the work is finished."""
        return self.automatic if self.guess is None else int(self.automatic * self.guess) // 100 * 100


def figures(context: RequestContext, day: date) -> dict[BudgetCode, Figures]:
    """Figures of each budget code at the end of a day."""
    term, plan, draw = works(context), plan_of(context.project), context.random("forecasts")
    rows = {code: Figures(budget(context)[code.number]) for code in codes_of(context)}
    for code, row in rows.items():
        typed = draw.uniform(0.5, 1.0) if draw.random() < 0.15 else None
        row.guess = 0.0 if term and term.elapsed(day) >= plan[code.code].end else typed
    for code, column, amount in _entries(context, day):
        rows.setdefault(code, Figures(0)).add(column, amount)
    return rows


def transfers(context: RequestContext) -> tuple[Claim, ...]:
    """Changes the budget pays for from its own reserve."""
    kinds = (ALLOWANCE, CONTINGENCY)
    return tuple(claim for claim in claims(context) if claim.kind in kinds and claim.firm is not None)


def _entries(context: RequestContext, day: date) -> Iterator[tuple[BudgetCode, str, int]]:
    """What was moved, ordered, committed, billed and spent by the end of a day: budget code, column, amount."""
    for claim in transfers(context):
        if claim.firm and claim.firm.agreed and claim.firm.on and claim.firm.on.date() <= day:
            yield from ((claim.code, "transfers", claim.cost), (RESERVE, "transfers", -claim.cost))
    for order in (*prime_orders(context), *commitment_orders(context)):
        column = _COLUMNS.get((order.purchase is None, order.state_on(day)))
        if column:
            yield from ((claim.code, column, amount) for claim, amount in order.parts)
    for purchase in commitments(context):
        if purchase.executed and purchase.contract_date <= day:
            yield from ((line.code, "committed", line.amount) for line in purchase.lines)
            sent = [bill for bill in bills(context)[purchase.index] if bill.billed <= day]
            counted = [bill for bill in sent if bill.status in COUNTED]
            for bill in counted[-1:]:  # bills are to date: the last one holds those before it
                done = zip(purchase.lines, bill.lines, strict=True)
                yield from ((line.code, "billed", amount) for line, amount in done)
                yield from ((BUDGET_CODES[n], "billed", amount) for n, amount in bill.extras.items())
    for spending in spendings(context):
        if spending.status == "approved" and spending.day <= day:
            yield from ((code, "direct", amount) for code, amount in spending.lines)
