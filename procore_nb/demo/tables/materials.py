"""Materials Management: what the purchase orders of a project order, what was shipped, and what came.

In: a context. Out: orders, shipments and receipts with their lines. An order here is a purchase order of the commitments:
the same number, firm, day and money, in quantities.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from procore_nb.demo.company import TODAY, read_facts
from procore_nb.demo.tables.directory import COST_CODES
from procore_nb.demo.tables.plan import works
from procore_nb.demo.tables.purchases import PURCHASE_ORDER, Purchase, purchases
from procore_nb.demo.tables.registry import RequestContext, Row, Rows, per_project, table
from procore_nb.demo.tables.templates import render


@dataclass(frozen=True)
class Material:
    """One material: the cost code it is bought for, its percent of that order's money, and the dollars of one unit."""

    code: int
    name: str
    uom: str
    percent: int
    price: int


MATERIALS = tuple(Material(*one) for one in read_facts("money")["materials"])
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

    def shipped(self, line: int) -> int:
        return sum(one.quantities[line] for one in self.deliveries)

    def received(self, line: int) -> int:
        return sum(one.quantities[line] for one in self.deliveries if one.came)

    @property
    def whole(self) -> bool:
        """Whether nothing is left at the supplier's."""
        return all(self.shipped(line) == quantity for line, quantity in enumerate(self.ordered))

    @property
    def status(self) -> str:
        if any(self.received(line) for line in range(len(self.lines))):
            came = all(self.received(line) == quantity for line, quantity in enumerate(self.ordered))
            return "FULLY_RECEIVED" if came else "PARTIALLY_RECEIVED"
        if any(self.shipped(line) for line in range(len(self.lines))):
            return "FULLY_SHIPPED" if self.whole else "PARTIALLY_SHIPPED"
        return "DELAYED" if self.due < TODAY else "ORDERED"

    @property
    def expected(self) -> date:
        """Day by which all of it has come or is expected."""
        came = self.deliveries[-1].came if len(self.deliveries) == len(_DELIVERIES) else None
        return came or max(self.due, TODAY)

    @property
    def last_event(self) -> date:
        return max([self.purchase.contract_date, *(one.came or one.left for one in self.deliveries)])


@per_project
def material_orders(context: RequestContext) -> tuple[MaterialOrder, ...]:
    """Of the purchase orders that both sides have signed."""
    bought = (one for one in purchases(context) if one.kind == PURCHASE_ORDER and one.executed)
    return tuple(_order(context, one) for one in bought)


def _order(context: RequestContext, purchase: Purchase) -> MaterialOrder:
    code, worth = purchase.lines[0].code.code, purchase.total / context.project.rate
    lines = tuple(number for number, one in enumerate(MATERIALS) if one.code == code)
    ordered = tuple(
        max(1, int(worth * one.percent) // (10_000 * one.price)) for one in MATERIALS if one.code == code
    )
    deliveries, left_over, due, term = list[Delivery](), ordered, TODAY, works(context)
    for number, (share, percent, delays) in enumerate(_DELIVERIES if term else (), 1):
        if term is None:
            break
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
    return MaterialOrder(purchase, lines, ordered, due, tuple(deliveries))


@table("material_items")
def material_items(context: RequestContext) -> Rows:
    for order in material_orders(context):
        for number, ordered in zip(order.lines, order.ordered, strict=True):
            code, work, _trade = COST_CODES[MATERIALS[number].code]
            properties = [{"key": "cost_code", "value": code, "property_type": "text"}]
            more = {"labels": [work], "properties": properties, "stock_min": 0, "stock_max": ordered}
            yield {**_item(context, number), **more}


@table("material_labels")
def material_labels(context: RequestContext) -> Rows:
    for code in dict.fromkeys(one.code for one in MATERIALS):
        yield render("material_label", context, code=code, work=COST_CODES[code][1])


@table("material_purchase_orders")
def material_purchase_orders(context: RequestContext) -> Rows:
    """Those wholly on their way only when `include_fully_shipped` is true."""
    for order in material_orders(context):
        row = render("material_order", context, order=order, count=len(order.lines))
        hidden = "include_fully_shipped=true" if order.whole else None
        yield {**row, **_ref(context, _ORDER, order), "_hidden_unless": hidden}


@table("material_purchase_order_vendors")
def material_purchase_order_vendors(context: RequestContext) -> Rows:
    for name in dict.fromkeys(one.vendor for one in material_orders(context)):
        yield {"vendor": name}


@table("material_purchase_order_line_items", "material_purchase_order_line_items_by_purchase_order")
@table("material_shipment_purchase_order_lines")
def material_purchase_order_line_items(context: RequestContext) -> Rows:
    """Of all orders, of one, or of the order that a shipment belongs to."""
    wanted = context.ids.get("id") or context.ids.get("shipment_id")
    for order in material_orders(context):
        shipments = [_ref(context, _SHIPMENT, order, one) for one in order.deliveries]
        receipts = [_ref(context, _RECEIPT, order, one) for one in order.deliveries if one.came]
        holders = [_ref(context, _ORDER, order)] if "id" in context.ids else shipments
        if wanted is not None and wanted not in [one["id"] for one in holders]:
            continue
        index, made = order.purchase.index, order.purchase.created
        updated = max(made, context.calendar.entered(order.last_event, index))
        for line, ordered in enumerate(order.ordered):
            received, work = order.received(line), COST_CODES[MATERIALS[order.lines[line]].code][1]
            yield _line(context, order, line) | render(
                "material_order_line", context, order=order, labels=[work], ordered=ordered,
                shipped=order.shipped(line), received=received, outstanding=ordered - received,
                number=index * 10 + line, shipments=shipments, receipts=receipts, updated=updated,
            )  # fmt: skip


@table("material_shipments", "material_receipts")
def material_deliveries(context: RequestContext) -> Rows:
    for kind, order, one in _deliveries(context):
        day = one.came if one.came and kind == _RECEIPT else one.left
        about = {"order": order, "one": one, "count": len(order.lines)}
        row = render(kind, context, **about, entered=context.calendar.entered(day, one.index))
        if kind == _RECEIPT:
            row["shipment"] = _ref(context, _SHIPMENT, order, one)
        yield {**row, "order": _ref(context, _ORDER, order), **_ref(context, kind, order, one)}


@table("material_shipment_line_items", "material_shipment_line_items_by_shipment")
@table("material_receipt_line_items", "material_receipt_line_items_by_receipt")
def material_delivery_line_items(context: RequestContext) -> Rows:
    for kind, order, one in _deliveries(context):
        shipment, receipt = (_ref(context, name, order, one) for name in (_SHIPMENT, _RECEIPT))
        if context.ids.get("id") in (None, (shipment if kind == _SHIPMENT else receipt)["id"]):
            for line, quantity in enumerate(one.quantities):
                yield _line(context, order, line) | render(
                    f"{kind}_line", context, one=one, shipment=shipment, receipt=receipt, quantity=quantity,
                    entered=one.came and context.calendar.entered(one.came, one.index),
                    receipts=[receipt] if one.came else [], came=quantity if one.came else 0,
                    number=one.index * 10 + line,
                )  # fmt: skip


def _deliveries(context: RequestContext) -> Iterator[tuple[str, MaterialOrder, Delivery]]:
    """Deliveries a list is about, each with their kind: all that left, or those that have come."""
    kind = _RECEIPT if "receipt" in context.endpoint.name else _SHIPMENT
    for order in material_orders(context):
        for one in order.deliveries:
            if one.came or kind == _SHIPMENT:
                yield kind, order, one


def _line(context: RequestContext, order: MaterialOrder, line: int) -> Row:
    about = {"order": order, "position": line + 1, "item": _item(context, order.lines[line])}
    about |= {"uom": MATERIALS[order.lines[line]].uom, "ref": _ref(context, _ORDER, order)}
    return render("material_line", context, **about)


def _item(context: RequestContext, number: int) -> Row:
    one = MATERIALS[number]
    return render("material_item", context, number=number, one=one, work=COST_CODES[one.code][1])


def _ref(context: RequestContext, kind: str, order: MaterialOrder, one: Delivery | None = None) -> Row:
    number = order.purchase.index if one is None else one.index
    mark = f"-{kind[9].upper()}{one.number}" if one else ""
    return render("material_ref", context, kind=kind, number=number, name=order.purchase.number + mark)
