"""Materials Management: what the purchase orders of a project order, what was shipped, and what came; equipment on a project and
in the company's fleet; assets: the plant of a building that its owner takes over, from planned to commissioned.

In: a context. Out: orders, shipments and receipts with their lines. An order in this module is a purchase order of the commitments:
the same number, firm, day and money, in quantities.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from procore_nb.demo.company import NOW, TODAY, read_facts
from procore_nb.demo.tables import directory
from procore_nb.demo.tables.directory import COST_CODES
from procore_nb.demo.tables.plan import Works, once_begun, plan_of, works
from procore_nb.demo.tables.purchases import PURCHASE_ORDER, Purchase, commitments
from procore_nb.demo.tables.registry import RequestContext, Row, Rows, per_project, table
from procore_nb.demo.tables.templates import common, fixed_columns, fixed_entry, names_of, render


@dataclass(frozen=True)
class Material:
    """One material: the cost code it is bought for, its percent of that order's money, and the dollars of one unit."""

    code: int
    name: str
    uom: str
    percent: int
    price: int

    @property
    def work(self) -> str:
        return COST_CODES[self.code][1]


MATERIALS = tuple(Material(*facts) for facts in read_facts("money")["materials"])
_ORDER, _SHIPMENT, _RECEIPT = "material_order", "material_shipment", "material_receipt"
# Share of a work's time at which a delivery is due, its percent of each line, and its days of delay by `late`.
_DELIVERIES = ((0.0, 30, (0, 4)), (0.35, 45, (2, 11)), (0.7, 25, (0, 7)))
_DAYS_ON_THE_ROAD = 4


@dataclass(frozen=True)
class Delivery:
    """One delivery of an order: when it was due, left and came, if it has, and its quantity of each line.

    `index` numbers it among those of the project, `number` among those of its order, from 1.
    """

    index: int
    number: int
    due: date
    left: date
    came: date | None
    quantities: tuple[int, ...]

    @property
    def status(self) -> str:
        return "DELIVERED" if self.came else "IN_TRANSIT"


@dataclass(frozen=True)
class MaterialOrder:
    """One order: its lines are numbers of `MATERIALS`, with a quantity each; deliveries that left are listed, no others."""

    purchase: Purchase
    lines: tuple[int, ...]
    ordered: tuple[int, ...]
    due: date
    deliveries: tuple[Delivery, ...]

    @property
    def vendor(self) -> str:
        return self.purchase.vendor.name

    @property
    def shipped(self) -> tuple[int, ...]:
        return self._sums(self.deliveries)

    @property
    def received(self) -> tuple[int, ...]:
        return self._sums(tuple(delivery for delivery in self.deliveries if delivery.came))

    def _sums(self, deliveries: tuple[Delivery, ...]) -> tuple[int, ...]:
        return tuple(
            sum(delivery.quantities[line] for delivery in deliveries) for line in range(len(self.lines))
        )

    @property
    def status(self) -> str:
        for quantities, word in ((self.received, "RECEIVED"), (self.shipped, "SHIPPED")):
            if any(quantities):
                return f"{'FULLY' if quantities == self.ordered else 'PARTIALLY'}_{word}"
        return "DELAYED" if self.due < TODAY else "ORDERED"

    @property
    def expected(self) -> date:
        """Day by which all of it has come or is expected."""
        came = self.deliveries[-1].came if len(self.deliveries) == len(_DELIVERIES) else None
        return came or max(self.due, TODAY)

    @property
    def last_event(self) -> date:
        return max(
            [self.purchase.contract_date, *(delivery.came or delivery.left for delivery in self.deliveries)]
        )


@per_project
@once_begun
def material_orders(context: RequestContext, term: Works) -> Iterator[MaterialOrder]:
    """Of the purchase orders that both sides have signed."""
    for purchase in commitments(context):
        if purchase.kind == PURCHASE_ORDER and purchase.executed:
            yield _order(context, term, purchase)


def _order(context: RequestContext, term: Works, purchase: Purchase) -> MaterialOrder:
    code, worth = purchase.lines[0].code.code, purchase.total / context.project.rate
    materials = {number: material for number, material in enumerate(MATERIALS) if material.code == code}
    ordered = tuple(
        max(1, int(worth * material.percent) // (10_000 * material.price)) for material in materials.values()
    )
    deliveries, left_over, due = list[Delivery](), ordered, TODAY
    for number, (share, percent, delays) in enumerate(_DELIVERIES, 1):
        due = term.day_at(purchase.begin + share * (purchase.end - purchase.begin))
        due = max(context.calendar.workday(due), purchase.contract_date)
        came = min(due + timedelta(days=delays[term.late]), term.end)
        left = max(came - timedelta(days=_DAYS_ON_THE_ROAD), purchase.contract_date)
        quantities = left_over
        if number < len(_DELIVERIES):
            pairs = zip(left_over, ordered, strict=True)
            quantities = tuple(min(rest, whole * percent // 100) for rest, whole in pairs)
        left_over = tuple(rest - part for rest, part in zip(left_over, quantities, strict=True))
        if left <= TODAY:
            index = purchase.index * len(_DELIVERIES) + number - 1
            arrived = came if came < TODAY else None
            deliveries.append(Delivery(index, number, due, left, arrived, quantities))
    return MaterialOrder(purchase, tuple(materials), ordered, due, tuple(deliveries))


@table("material_items")
def material_items(context: RequestContext) -> Rows:
    for order in material_orders(context):
        for number, ordered in zip(order.lines, order.ordered, strict=True):
            material = MATERIALS[number]
            code = COST_CODES[material.code][0]
            properties = [{"key": "cost_code", "value": code, "property_type": "text"}]
            values = {"material": material, "labels": [material.work], "properties": properties}
            yield render("material_item", context, number=number, ordered=ordered, **values)


@table("material_labels")
def material_labels(context: RequestContext) -> Rows:
    for code in dict.fromkeys(material.code for material in MATERIALS):
        yield render("material_label", context, code=code, work=COST_CODES[code][1])


@table("material_purchase_orders")
def material_purchase_orders(context: RequestContext) -> Rows:
    """Those wholly on their way only when `include_fully_shipped` is true."""
    for order in material_orders(context):
        row = render(_ORDER, context, order=order, count=len(order.lines))
        hidden = "include_fully_shipped=true" if order.shipped == order.ordered else None
        yield {**row, **_ref(context, _ORDER, order), "_hidden_unless": hidden}


@table("material_purchase_order_vendors")
def material_purchase_order_vendors(context: RequestContext) -> Rows:
    names = dict.fromkeys(order.vendor for order in material_orders(context))
    yield from ({"vendor": name} for name in names)


@table("material_purchase_order_line_items", "material_purchase_order_line_items_by_purchase_order")
@table("material_shipment_purchase_order_lines")
def material_purchase_order_line_items(context: RequestContext) -> Rows:
    """Of all orders, of one, or of the order that a shipment belongs to."""
    holder_id = context.ids.get("id") or context.ids.get("shipment_id")
    for order in material_orders(context):
        shipments = [_ref(context, _SHIPMENT, order, delivery) for delivery in order.deliveries]
        receipts = [
            _ref(context, _RECEIPT, order, delivery) for delivery in order.deliveries if delivery.came
        ]
        holders = [_ref(context, _ORDER, order)] if "id" in context.ids else shipments
        if holder_id is not None and holder_id not in [holder["id"] for holder in holders]:
            continue
        index, created = order.purchase.index, order.purchase.created
        updated = max(created, context.calendar.entered(order.last_event, index))
        quantities = zip(order.ordered, order.shipped, order.received, strict=True)
        for line, (ordered, shipped, received) in enumerate(quantities):
            yield _line(context, order, line) | render(
                "material_order_line", context, order=order, labels=[MATERIALS[order.lines[line]].work],
                ordered=ordered, shipped=shipped, received=received, outstanding=ordered - received,
                number=index * 10 + line, shipments=shipments, receipts=receipts, updated=updated,
            )  # fmt: skip


@table("material_shipments", "material_receipts")
def material_deliveries(context: RequestContext) -> Rows:
    for kind, order, delivery in _deliveries(context):
        day = delivery.came if delivery.came and kind == _RECEIPT else delivery.left
        entered = context.calendar.entered(day, delivery.index)
        row = render(kind, context, order=order, delivery=delivery, count=len(order.lines), entered=entered)
        yield {**row, **_ref(context, kind, order, delivery)}


@table("material_shipment_line_items", "material_shipment_line_items_by_shipment")
@table("material_receipt_line_items", "material_receipt_line_items_by_receipt")
def material_delivery_line_items(context: RequestContext) -> Rows:
    for kind, order, delivery in _deliveries(context):
        shipment, receipt = (_ref(context, name, order, delivery) for name in (_SHIPMENT, _RECEIPT))
        if context.ids.get("id") in (None, (shipment if kind == _SHIPMENT else receipt)["id"]):
            for line, quantity in enumerate(delivery.quantities):
                yield _line(context, order, line) | render(
                    f"{kind}_line", context, delivery=delivery, shipment=shipment, receipt=receipt,
                    entered=delivery.came and context.calendar.entered(delivery.came, delivery.index),
                    receipts=[receipt] if delivery.came else [], number=delivery.index * 10 + line,
                    received=quantity if delivery.came else 0, quantity=quantity,
                )  # fmt: skip


def _deliveries(context: RequestContext) -> Iterator[tuple[str, MaterialOrder, Delivery]]:
    """Deliveries a list is about, each with their kind: all that left, or those that have come."""
    kind = _RECEIPT if "receipt" in context.endpoint.name else _SHIPMENT
    for order in material_orders(context):
        for delivery in order.deliveries:
            if delivery.came or kind == _SHIPMENT:
                yield kind, order, delivery


def _line(context: RequestContext, order: MaterialOrder, line: int) -> Row:
    number, material = order.lines[line], MATERIALS[order.lines[line]]
    return render("material_line", context, order=order, n=line + 1, number=number, material=material)


def _ref(context: RequestContext, kind: str, order: MaterialOrder, delivery: Delivery | None = None) -> Row:
    number, name = order.purchase.index, order.purchase.number
    if delivery is not None:
        number, name = delivery.index, f"{name}-{kind[9].upper()}{delivery.number}"
    return render("material_ref", context, kind=kind, number=number, name=name)


_MOST_PROJECTS = 2_000  # beyond, neither fleet nor assets of the whole company are listed


@table("managed_equipment")
def managed_equipment(context: RequestContext) -> Rows:
    term, project = works(context), context.project
    for number, name in enumerate(names_of("equipment_admin") if term else ()):
        kind_number = fixed_columns("equipment_admin", number)["kind"]
        kind = fixed_entry(context, "managed_equipment_types", kind_number)
        on_site = term is not None and not term.ended
        yield render(
            "equipment", context, number=number, kind=kind, kind_id=kind["id"], name=name,
            n=project.index + 1, project_now=project.id if on_site else None,
            year=2012 + (project.index + number) % 13, serial=context.id("serial", number) % 1_000_003,
            letters=name[:2].upper(), status="active" if on_site else "inactive",
            ownership="owned" if number % 2 else "rented",
            updated=max(project.created_at, NOW - timedelta(days=4 + number)),
        )  # fmt: skip


_TYPES: list[tuple[str, str]] = read_facts("lists")["asset_types"]
# Each asset: number of its type, its code, the cost code that installs it, numbers of its location and trade.
_ASSETS: list[tuple[int, str, int, int, int]] = read_facts("lists")["assets"]
_FIRST_TYPE = 82_101


@table("assets")
@once_begun
def assets(context: RequestContext, term: Works) -> Rows:
    plan, entered = plan_of(context.project), context.calendar.entered
    for number, (kind, code, cost_code, location, trade) in enumerate(_ASSETS):
        part = plan.get(cost_code)
        if part is None:
            continue
        days = term.begin, term.day_at((part.begin + part.end) / 2), term.day_at(part.end)
        status = sum(day <= TODAY for day in days[1:])
        yield render(
            "asset", context, id=context.id("asset", number), code=code, kind=_TYPES[kind][0], number=code[-1],
            place=directory.locations(context)[location], trade=directory.trades()[trade],
            type_id=_FIRST_TYPE + kind, status=fixed_entry(context, "asset_statuses", status),
            created=entered(term.begin, number), modified=entered(days[status], number),
        )  # fmt: skip


@table("company_managed_equipment", "company_assets")
def company_equipment(context: RequestContext) -> Rows:
    """The fleet, of projects under way only; the assets of every project."""
    fleet = context.endpoint.name == "company_managed_equipment"
    small = context.portfolio.size(context.company) <= _MOST_PROJECTS
    for inside in context.projects(_MOST_PROJECTS) if small else ():
        if not fleet or 0 < inside.project.progress < 1:
            rows = managed_equipment(inside) if fleet else assets(inside)
            yield from ({**common(inside), **row} for row in rows)


@table("asset_types", "company_asset_types")
def asset_types(context: RequestContext) -> Rows:
    begun = context.target is not None and works(context) is not None
    for number, (name, code) in enumerate(_TYPES):
        count, type_id = begun * sum(kind == number for kind, *_ in _ASSETS), _FIRST_TYPE + number
        yield render(
            "asset_type", context, id=type_id, n=number + 1, name=name, code=code, begun=begun, count=count
        )
