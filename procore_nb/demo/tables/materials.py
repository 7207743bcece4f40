"""Materials Management: what the purchase orders of a project order, what was shipped, and what came.

In: a context. Out: orders, shipments and receipts with their lines. An order here is a purchase order of the commitments:
the same number, firm, day and money, in quantities.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from procore_nb.demo.company import TODAY
from procore_nb.demo.facts import read_facts
from procore_nb.demo.tables.cache import per_project
from procore_nb.demo.tables.made_up_names import COST_CODES
from procore_nb.demo.tables.progress_curve import Works, works
from procore_nb.demo.tables.purchases import PURCHASE_ORDER, Purchase, purchases
from procore_nb.demo.tables.registry import table
from procore_nb.demo.tables.request_context import RequestContext, Row


@dataclass(frozen=True)
class Material:
    """One material: the cost code it is bought for, its percent of that order's money, and the dollars of one unit."""

    code: int
    name: str
    uom: str
    percent: int
    price: int


MATERIALS = tuple(Material(*one) for one in read_facts("money")["materials"])
# Share of a work's time at which a delivery is due, its percent of each line, and its days of delay by `late`.
_DELIVERIES = ((0.0, 30, (0, 4)), (0.35, 45, (2, 11)), (0.7, 25, (0, 7)))
_DAYS_ON_THE_ROAD = 4


@dataclass(frozen=True)
class Delivery:
    """One delivery of an order: number of it, when it was due, left and came, if it has, and its quantity of each line."""

    number: int
    due: date
    left: date
    came: date | None
    quantities: tuple[int, ...]


@dataclass(frozen=True)
class MaterialOrder:
    """One order: its lines are numbers of `MATERIALS`, with a quantity each; deliveries that left are listed, no others."""

    purchase: Purchase
    lines: tuple[int, ...]
    ordered: tuple[int, ...]
    due: date
    deliveries: tuple[Delivery, ...]

    def shipped(self, line: int) -> int:
        """Quantity of a line that has left the supplier."""
        return sum(one.quantities[line] for one in self.deliveries)

    def received(self, line: int) -> int:
        """Quantity of a line that has come."""
        return sum(one.quantities[line] for one in self.deliveries if one.came)

    @property
    def status(self) -> str:
        """As Procore words it."""
        shipped, received = (sum(map(read, range(len(self.lines)))) for read in (self.shipped, self.received))
        whole = sum(self.ordered)
        if received:
            return "FULLY_RECEIVED" if received == whole else "PARTIALLY_RECEIVED"
        if shipped:
            return "FULLY_SHIPPED" if shipped == whole else "PARTIALLY_SHIPPED"
        return "DELAYED" if self.due < TODAY else "ORDERED"


@per_project(keep=400)
def material_orders(context: RequestContext) -> tuple[MaterialOrder, ...]:
    """Orders of the purchase orders that both sides have signed."""
    term = works(context)
    if term is None:
        return ()
    bought = (one for one in purchases(context) if one.kind == PURCHASE_ORDER and one.executed)
    return tuple(_order(context, term, one) for one in bought)


def _order(context: RequestContext, term: Works, purchase: Purchase) -> MaterialOrder:
    code = purchase.lines[0].code.code
    lines = tuple(number for number, one in enumerate(MATERIALS) if one.code == code)
    ordered = tuple(
        max(
            1,
            int(purchase.total / context.here.rate * MATERIALS[number].percent)
            // (10_000 * MATERIALS[number].price),
        )
        for number in lines
    )
    deliveries: list[Delivery] = []
    left_over, due_days = list(ordered), []
    for number, (share, percent, delays) in enumerate(_DELIVERIES):
        due = context.here.calendar.workday(
            term.day_at(purchase.begin + share * (purchase.end - purchase.begin))
        )
        due_days.append(max(due, purchase.contract_date))
        came = min(due_days[-1] + timedelta(days=delays[term.late]), term.end)
        left = max(came - timedelta(days=_DAYS_ON_THE_ROAD), purchase.contract_date)
        last = number == len(_DELIVERIES) - 1
        quantities = [
            rest if last else min(rest, whole * percent // 100)
            for rest, whole in zip(left_over, ordered, strict=True)
        ]
        left_over = [rest - part for rest, part in zip(left_over, quantities, strict=True)]
        if left <= TODAY:
            arrived = came if came < TODAY else None
            deliveries.append(Delivery(number, due_days[-1], left, arrived, tuple(quantities)))
    return MaterialOrder(purchase, lines, ordered, due_days[-1], tuple(deliveries))


@table("material_items")
def material_items(context: RequestContext) -> Iterator[Row]:
    """Materials that the project orders."""
    for order in material_orders(context):
        for number in order.lines:
            yield {
                **_item(context, number),
                "labels": [COST_CODES[MATERIALS[number].code][1]],
                "properties": [
                    {
                        "key": "cost_code",
                        "value": COST_CODES[MATERIALS[number].code][0],
                        "property_type": "text",
                    }
                ],
                "stock_min": 0,
                "stock_max": order.ordered[order.lines.index(number)],
            }


@table("material_labels")
def material_labels(context: RequestContext) -> Iterator[Row]:
    """Labels of materials: the work they are for."""
    for code in dict.fromkeys(one.code for one in MATERIALS):
        yield {"label_id": _uuid(context, "material_label", code), "name": COST_CODES[code][1]}


@table("material_purchase_orders")
def material_purchase_orders(context: RequestContext) -> Iterator[Row]:
    """Orders; those that are wholly on their way or received only when `include_fully_shipped` is true."""
    for one in material_orders(context):
        whole = all(one.shipped(line) == quantity for line, quantity in enumerate(one.ordered))
        yield {
            **_order_ref(context, one),
            **_about(one, one.purchase.title, len(one.lines)),
            "status": one.status,
            "created_at": one.purchase.created,
            "original_contract_delivery_at": one.due,
            "forecasted_delivery_at": _last_day(one),
            "order_type": "PURCHASE_ORDER",
            "_hidden_unless": "include_fully_shipped" if whole else None,
        }


@table("material_purchase_order_vendors")
def material_purchase_order_vendors(context: RequestContext) -> Iterator[Row]:
    """Firms that the project orders from."""
    for name in dict.fromkeys(one.purchase.vendor.name for one in material_orders(context)):
        yield {"vendor": name}


@table(
    "material_purchase_order_line_items",
    "material_purchase_order_line_items_by_purchase_order",
    "material_shipment_purchase_order_lines",
)
def material_purchase_order_line_items(context: RequestContext) -> Iterator[Row]:
    """Lines of all orders, of one order, or of the order that a shipment belongs to."""
    of_order, of_shipment = context.ids.get("id"), context.ids.get("shipment_id")
    for one in material_orders(context):
        shipments = [_shipment_ref(context, one, delivery) for delivery in one.deliveries]
        receipts = [_receipt_ref(context, one, delivery) for delivery in one.deliveries if delivery.came]
        if of_order not in (None, _order_ref(context, one)["id"]):
            continue
        if of_shipment is not None and of_shipment not in [shipment["id"] for shipment in shipments]:
            continue
        for line, number in enumerate(one.lines):
            yield {
                "id": _uuid(context, "material_order_line", one.purchase.index * 10 + line),
                **_line(context, one, line),
                "status": one.status,
                "quantity_ordered": one.ordered[line],
                "quantity_shipped": one.shipped(line),
                "quantity_received": one.received(line),
                "quantity_outstanding": one.ordered[line] - one.received(line),
                "contract_delivery_at": one.due,
                "estimated_delivery_at": _last_day(one),
                "created_at": one.purchase.created,
                "updated_at": max(one.purchase.created, context.here.calendar.noon(_last_event(one))),
                "labels": [COST_CODES[MATERIALS[number].code][1]],
                "order_type": "PURCHASE_ORDER",
                "shipment": shipments,
                "receipt": receipts,
            }


@table("material_shipments")
def material_shipments(context: RequestContext) -> Iterator[Row]:
    """What has left the suppliers."""
    for one, delivery in _deliveries(context):
        yield {
            **_shipment_ref(context, one, delivery),
            **_about(one, f"Delivery {delivery.number + 1} of {one.purchase.title}", len(one.lines)),
            "status": "DELIVERED" if delivery.came else "IN_TRANSIT",
            "created_at": context.here.calendar.noon(delivery.left),
            "estimated_delivery_at": delivery.due,
            "order": _order_ref(context, one),
            "shipment_type": "SHIPMENT",
        }


@table("material_shipment_line_items", "material_shipment_line_items_by_shipment")
def material_shipment_line_items(context: RequestContext) -> Iterator[Row]:
    """Lines of all shipments, or of one."""
    for one, delivery in _deliveries(context):
        if context.ids.get("id") in (None, _shipment_ref(context, one, delivery)["id"]):
            for line, quantity in enumerate(delivery.quantities):
                yield {
                    "id": _uuid(context, "material_shipment_line", _number(one, delivery) * 10 + line),
                    **_line(context, one, line),
                    "status": "DELIVERED" if delivery.came else "IN_TRANSIT",
                    "estimated_delivery_at": delivery.due,
                    "quantity_shipped": quantity,
                    "quantity_received": quantity if delivery.came else 0,
                    "receipts": [_receipt_ref(context, one, delivery)] if delivery.came else [],
                }


@table("material_receipts")
def material_receipts(context: RequestContext) -> Iterator[Row]:
    """What has come."""
    for one, delivery in _deliveries(context):
        if delivery.came:
            yield {
                **_receipt_ref(context, one, delivery),
                **_about(one, f"Delivery {delivery.number + 1} of {one.purchase.title}", len(one.lines)),
                "status": "COMPLETE",
                "created_at": context.here.calendar.noon(delivery.came),
                "received_at": context.here.calendar.noon(delivery.came),
                "shipment": _shipment_ref(context, one, delivery),
                "order": _order_ref(context, one),
            }


@table("material_receipt_line_items", "material_receipt_line_items_by_receipt")
def material_receipt_line_items(context: RequestContext) -> Iterator[Row]:
    """Lines of all receipts, or of one."""
    for one, delivery in _deliveries(context):
        if delivery.came and context.ids.get("id") in (None, _receipt_ref(context, one, delivery)["id"]):
            for line, quantity in enumerate(delivery.quantities):
                yield {
                    "id": _uuid(context, "material_receipt_line", _number(one, delivery) * 10 + line),
                    **_line(context, one, line),
                    "receipt": _receipt_ref(context, one, delivery),
                    "shipment": _shipment_ref(context, one, delivery),
                    "received_at": context.here.calendar.noon(delivery.came),
                    "quantity_received": quantity,
                    "quantity_expected": quantity,
                    "quantity_shipped": quantity,
                    "status": "COMPLETE",
                    "line_status": "RECEIVED",
                    "state": "FINAL",
                    "created_at": context.here.calendar.noon(delivery.came),
                    "updated_at": context.here.calendar.noon(delivery.came),
                }


def _deliveries(context: RequestContext) -> Iterator[tuple[MaterialOrder, Delivery]]:
    for one in material_orders(context):
        for delivery in one.deliveries:
            yield one, delivery


def _number(one: MaterialOrder, delivery: Delivery) -> int:
    return one.purchase.index * len(_DELIVERIES) + delivery.number


def _last_day(one: MaterialOrder) -> date:
    """Day by which all of an order has come or is expected."""
    last = one.deliveries[-1] if len(one.deliveries) == len(_DELIVERIES) else None
    return last.came if last and last.came else max(one.due, TODAY)


def _last_event(one: MaterialOrder) -> date:
    return max([one.purchase.contract_date, *(delivery.came or delivery.left for delivery in one.deliveries)])


def _about(one: MaterialOrder, description: str, lines: int) -> Row:
    return {
        "description": description,
        "total_line_count": lines,
        "vendor": one.purchase.vendor.name,
        "state": "FINAL",
    }


def _line(context: RequestContext, one: MaterialOrder, line: int) -> Row:
    return {
        "item": _item(context, one.lines[line]),
        "line_number": str(line + 1),
        "unit_of_measure": MATERIALS[one.lines[line]].uom,
        "vendor": one.purchase.vendor.name,
        "purchase_order": _order_ref(context, one),
    }


def _item(context: RequestContext, number: int) -> Row:
    one = MATERIALS[number]
    work = COST_CODES[one.code][1]
    item_id = _uuid(context, "material_item", number)
    return {"id": item_id, "name": one.name, "description": f"{one.name}, for {work}", "uom": one.uom}


def _order_ref(context: RequestContext, one: MaterialOrder) -> Row:
    return {"id": _uuid(context, "material_order", one.purchase.index), "name": one.purchase.number}


def _shipment_ref(context: RequestContext, one: MaterialOrder, delivery: Delivery) -> Row:
    name = f"{one.purchase.number}-S{delivery.number + 1}"
    return {"id": _uuid(context, "material_shipment", _number(one, delivery)), "name": name}


def _receipt_ref(context: RequestContext, one: MaterialOrder, delivery: Delivery) -> Row:
    name = f"{one.purchase.number}-R{delivery.number + 1}"
    return {"id": _uuid(context, "material_receipt", _number(one, delivery)), "name": name}


def _uuid(context: RequestContext, kind: str, number: int) -> str:
    return str(UUID(int=context.id(kind, number), version=4))
