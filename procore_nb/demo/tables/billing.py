"""What is billed each month, by the firms to the builder and by the builder to the owner, and what was paid; what the builder
spends without a contract, on wages, hired plant, expenses (direct costs; late projects spend more than was planned).

In: a context. Out: `Bill`s and `Spending`s in cents, and their lists: requisitions, payment applications, periods, payments,
direct costs. What is done grows from bill to bill and never exceeds the contract with the changes approved by then; a share is
retained until the last bill.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from procore_nb.demo.company import TODAY, read_facts
from procore_nb.demo.site_calendar import SiteCalendar
from procore_nb.demo.tables import directory
from procore_nb.demo.tables.directory import WorkPackage, contact
from procore_nb.demo.tables.plan import Works, once_begun, plan_of, work_done, works
from procore_nb.demo.tables.purchases import PRIME, Purchase, budget, commitments, orders_of, prime_sum
from procore_nb.demo.tables.reference_data import UNBUDGETED, BudgetCode, codes_of, line_row, wbs
from procore_nb.demo.tables.registry import RequestContext, Row, Rows, per_project, table
from procore_nb.demo.tables.templates import render

COUNTED = ("approved", "approved_as_noted")
_NO_PAYMENTS = (14, 106)  # indices of projects whose payments nobody records


@dataclass(frozen=True)
class Bill:
    """One month's bill. `lines` is what is done of each line of the contract, `extras` of its changes by the number of
    their budget code; all to date, in cents. `more` is what approved changes add to the contract, `less` what credits take
    off, `known_…` that of the bill before. `paid_on` is None as long as it is not paid.
    """

    number: int
    period: int
    start: date
    end: date
    billed: date
    original: int
    more: int
    less: int
    known_more: int
    known_less: int
    lines: tuple[int, ...]
    extras: dict[int, int]
    retained: int
    previous: int
    earned_before: int
    final: bool
    status: str
    paid_on: date | None

    @property
    def done(self) -> int:
        return sum(self.lines) + sum(self.extras.values())

    @property
    def earned(self) -> int:
        return self.done - self.retained

    @property
    def due(self) -> int:
        return self.earned - self.earned_before

    @property
    def percent(self) -> float:
        return self.done * 10_000 // (self.original + self.more + self.less) / 100


@once_begun
def periods(context: RequestContext, term: Works) -> Iterator[tuple[date, date]]:
    """First and last day of each month of the works so far."""
    first = term.begin.replace(day=1)
    while first <= term.until:
        after = (first + timedelta(days=32)).replace(day=1)
        yield first, after - timedelta(days=1)
        first = after


def retained_percent(context: RequestContext) -> int:
    return 5 if context.project.street.country_code in ("GB", "IE", "AU", "NZ") else 10


@per_project
def bills(context: RequestContext) -> dict[int, tuple[Bill, ...]]:
    """Bills of the firms, by the index of their contract."""
    return {
        commitment.index: tuple(_bills(context, commitment))
        for commitment in commitments(context)
        if commitment.executed
    }


@per_project
def owner_bills(context: RequestContext) -> tuple[Bill, ...]:
    return tuple(_bills(context, None))


def _bills(context: RequestContext, purchase: Purchase | None) -> Iterator[Bill]:
    """Bills of one contract: around the end of each month in which something was done, each firm on its own days."""
    term = works(context)
    if term is None:
        return
    draw = context.random(f"bills:{purchase.number if purchase else 'owner'}")
    percent = retained_percent(context)
    amounts = [line.amount for line in purchase.lines] if purchase else [prime_sum(context)]
    orders, part = orders_of(context, purchase), purchase and WorkPackage(0, purchase.begin, purchase.end)
    usual, median, calendar = draw.randrange(-6, 9), 46 + 12 * term.late, context.calendar
    previous, earned, known, number, last = 0, 0, (0, 0), 0, date.min
    for period, (start, end) in enumerate(periods(context)):
        billed, day = calendar.workday(end + timedelta(days=usual + draw.randrange(4))), min(end, TODAY)
        share = part.done(term.elapsed(day)) if part else work_done(context.project, term, day)
        approved = [order for order in orders if order.state_on(min(end, billed)) == "approved"]
        lines, extras = tuple(_part(amount, share) for amount in amounts), Counter[int]()
        for claim, amount in (changed for order in approved for changed in order.parts):
            extras[claim.code.number] += _part(amount, share)
        total, final = sum(lines) + sum(extras.values()), share >= 1
        # A month in which credits took away more than was done is billed with the next one.
        if billed > TODAY or total == previous or (total < previous and not final):
            continue
        totals = [order.total for order in approved]
        changes = sum(max(0, amount) for amount in totals), sum(min(0, amount) for amount in totals)
        retained = 0 if final else total * percent // 100
        number += 1
        status, pays = _state(draw, calendar, billed, median)
        if status in COUNTED:  # one after the other: what is in dispute holds up what comes after it
            last = pays = max(last, pays)
        paid = status in COUNTED and pays <= TODAY and context.project.index not in _NO_PAYMENTS
        yield Bill(
            number, period, start, end, billed, sum(amounts), *changes, *known, lines, extras, retained,
            previous, earned, final, status, pays if paid else None,
        )  # fmt: skip
        previous, earned, known = total, total - retained, changes


def _state(draw: random.Random, calendar: SiteCalendar, billed: date, median: float) -> tuple[str, date]:
    """Status of a bill, and when it is paid: most after a month or two; one in 80 is disputed."""
    age, words = (TODAY - billed).days, read_facts("money")["bill_words"]
    status = "draft" if age < 9 else draw.choices(list(words), list(words.values()))[0]
    if age > 30:
        status = draw.choice((*COUNTED[:1] * 6, *COUNTED))
    days = draw.lognormvariate(math.log(median), 0.4)
    if draw.random() < 0.0125:
        days += draw.randrange(60, 200)
    return status, calendar.next_workday(billed + timedelta(days=max(9, round(days))))


def _part(amount: int, share: float) -> int:
    """Share of an amount in whole units of the currency."""
    return amount if share >= 1 else int(amount * share) // 100 * 100


# Invoices to the owner know fewer statuses.
_OWNER_WORDS = {"approved_as_noted": "approved", "pending_owner_approval": "under_review"}


def _invoices(context: RequestContext) -> Iterator[tuple[int, Purchase, Bill]]:
    """Invoices of the firms, contract by contract, each with the number of its id."""
    for purchase in commitments(context):
        for bill in bills(context).get(purchase.index, ()):
            yield purchase.index * 100 + bill.number, purchase, bill


@table("requisitions", "requisitions_v1_0")
def requisitions(context: RequestContext) -> Rows:
    calendar, team = context.calendar, directory.site(context)
    for number, purchase, bill in _invoices(context):
        person = team[purchase.index % len(team)]
        sent = calendar.workday(min(bill.billed + timedelta(days=number % 5), TODAY))
        submitted = None if bill.status == "draft" else max(sent, bill.billed)
        yield render(
            "requisition", context, number=number, bill=bill, purchase=purchase, submitted=submitted,
            before=None if bill.number == 1 else context.id("requisition", number - 1),
            final=bill.final and bill == bills(context)[purchase.index][-1], sheet=_summary(context, bill),
            creator=contact(context, person), created=calendar.entered(bill.billed, number),
            updated=calendar.entered(bill.paid_on or submitted or bill.billed, number),
        )  # fmt: skip


@table("requisition_contract_items")
def requisition_contract_items(context: RequestContext) -> Rows:
    before: tuple[int, ...] = ()
    asked = context.number_of("requisition", context.ids["requisition_id"])
    for number, purchase, bill in _invoices(context):
        before = before if bill.number > 1 else (0,) * len(purchase.lines)
        items = enumerate(zip(purchase.lines, bill.lines, before, strict=True), 1)
        for position, (line, done, known) in items if number == asked else ():
            yield render(
                "requisition_item", context, number=bill.number * 20 + position - 1, line=line, bill=bill,
                line_kind=f"{purchase.kind}_line_item", position=position, known=known, done=done,
                percent=(done * 10_000 // line.amount if line.amount else 0) / 100,
                retained=retained_percent(context), wbs_code=wbs(context, line.code),
            )  # fmt: skip
        before = bill.lines


@table("payment_applications", "payment_applications_by_prime_contract")
def payment_applications(context: RequestContext) -> Rows:
    if context.number_of(PRIME, context.ids.get("prime_contract_id", context.id(PRIME, 0))) != 0:
        return
    entered = context.calendar.entered
    for bill in owner_bills(context):
        yield render(
            "payment_application", context, bill=bill, status=_OWNER_WORDS.get(bill.status, bill.status),
            paid=bill.due if bill.paid_on else 0, sheet=_summary(context, bill),
            made=entered(bill.billed, bill.number), updated=entered(bill.paid_on or bill.billed, bill.number),
        )  # fmt: skip


@table("billing_periods")
def billing_periods(context: RequestContext) -> Rows:
    for number, (start, end) in enumerate(periods(context)):
        yield render(
            "billing_period", context, number=number, start=start, end=end, position=number + 1,
            due=end + timedelta(days=5), status="open" if end >= TODAY else "closed",
            made=context.calendar.entered(start - timedelta(days=5), number),
        )  # fmt: skip


@table("contract_payments")
def contract_payments(context: RequestContext) -> Rows:
    for number, purchase, bill in _invoices(context):
        if bill.paid_on and str(context.id(purchase.kind, purchase.index)) == context.ids["contract_id"]:
            entered = context.calendar.entered(bill.paid_on, number)
            values = {"number": number, "purchase": purchase, "bill": bill, "check": 100_000 + number}
            yield render("contract_payment", context, **values, entered=entered)


def _summary(context: RequestContext, bill: Bill) -> Row:
    """The sheet in front of an invoice (AIA form G702)."""
    return render("g702", context, bill=bill, retained=0 if bill.final else retained_percent(context))


KINDS = {"L": "payroll", "E": "invoice", "O": "expense"}
_LEAST = 250_00  # cents of a US dollar, of a line
_PER_COST = 8  # lines of one direct cost, in the numbers of their ids
_TEXTS = {"payroll": "Wages of own staff", "invoice": "Hire of plant", "expense": "Site expenses"}


@dataclass(frozen=True)
class Spending:
    """One direct cost: an amount for each budget code."""

    index: int
    kind: str
    day: date
    lines: tuple[tuple[BudgetCode, int], ...]
    status: str
    created: datetime

    @property
    def total(self) -> int:
        return sum(amount for _code, amount in self.lines)


@per_project
@once_begun
def spendings(context: RequestContext, term: Works) -> Iterator[Spending]:
    codes, plan, calendar = codes_of(context), plan_of(context.project), context.calendar
    draw, spent, index = context.random("spendings"), Counter[BudgetCode](), 0
    factors = {letter: draw.randrange(92, 104) + (10 if term.late else 0) for letter in KINDS}
    least = int(_LEAST * context.project.rate)
    for month, (_start, end) in enumerate(periods(context)):
        if end > TODAY:
            break
        day = min(end, term.until)
        for letter, kind in KINDS.items():
            lines = list[tuple[BudgetCode, int]]()
            for code in (code for code in codes if code.kind.code == letter):
                whole = budget(context)[code.number] * factors[letter] // 100
                total = int(whole * plan[code.code].done(term.elapsed(day))) // 5 * 5
                if total > spent[code] + least:  # less waits for the next month
                    lines.append((code, total - spent[code]))
                    spent[code] = total
            if kind == "expense" and month % 5 == 3 and context.project.index % 4 == 1:
                lines.append((UNBUDGETED, draw.randrange(10, 120) * least // 50_00 * 10_00))
            if lines:
                status = "pending" if (TODAY - day) < timedelta(days=25) else "approved"
                day = calendar.workday(day)
                yield Spending(index, kind, day, tuple(lines), status, calendar.entered(day, index))
                index += 1


@table("direct_costs", "direct_costs_v1_0")
def direct_costs(context: RequestContext) -> Rows:
    office = directory.office(context)
    for spending in spendings(context):
        vendor = directory.firm_for(context, 16) if spending.kind == "invoice" else None
        paid = spending.day + timedelta(days=21 + spending.index % 30 if vendor else 0)
        yield render(
            "direct_cost", context, spending=spending, firm=vendor, text=_TEXTS[spending.kind],
            employee=None if vendor else directory.brief(office[spending.index % 3]),
            terms="Net 30" if vendor else None, number=f"INV-{spending.index + 1:04}" if vendor else None,
            paid_on=paid if spending.status == "approved" and paid <= TODAY else None,
        )  # fmt: skip


@table("direct_cost_line_items", "direct_cost_line_items_by_direct_cost")
def direct_cost_line_items(context: RequestContext) -> Rows:
    """Lines of all direct costs, or of one."""
    asked = context.ids.get("direct_cost_id")
    for spending in spendings(context):
        holder, times = ("direct_cost", context.id("direct_cost", spending.index)), (spending.created,) * 2
        for position, (code, amount) in enumerate(spending.lines if asked in (None, str(holder[1])) else ()):
            text = f"{_TEXTS[spending.kind]}: {code.name.partition('.')[0]}"
            number = spending.index * _PER_COST + position
            yield line_row(context, holder, number, position, code, text, amount, *times)
