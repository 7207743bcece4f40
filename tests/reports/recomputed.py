"""The figures of reports worked out a second time: from raw records, in plain Python, without pandas and without our own code.

In: records as Procore sends them, by list, each with its `project_id`. Out: figures by name, for tests that compare.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from statistics import median
from typing import Any

Record = dict[str, Any]
Lists = dict[str, list[Record]]
Day = Callable[[Record, Any], date | None]
PENDING = {"pending", "pricing", "not_pricing", "revised", "proceeding", "not_proceeding", "pending_billable"}
FRIDAY = {"SA", "QA", "KW", "OM", "BH"}


def number(value: Any) -> Decimal:
    return Decimal(str(value)) if value not in (None, "") else Decimal()


def cents(value: Decimal) -> float:
    return float(value.quantize(Decimal("0.01"), ROUND_HALF_UP))


def currency(row: Record) -> str | None:
    return (row.get("currency_configuration") or {}).get("currency_iso_code")


def sums(pairs: Iterable[tuple[Any, Decimal]]) -> dict[Any, float]:
    found: dict[Any, Decimal] = defaultdict(Decimal)
    for key, value in pairs:
        found[key] += value
    return {key: cents(value) for key, value in found.items()}


def rfis(lists: Lists, today: date, day: Day) -> dict[str, Any]:
    rows = [
        one
        for one in lists["rfis"]
        if one["status"] in ("open", "closed") and one.get("current_revision") is not False
    ]
    opened = [one for one in rows if one["status"] == "open"]
    closed = [one for one in rows if one["status"] == "closed" and one["time_resolved"]]
    took = [
        (day(one, one["time_resolved"]) - day(one, one["initiated_at"] or one["created_at"])).days
        for one in closed
    ]
    dated = [one for one in closed if one["due_date"]]
    return {
        "open": len(opened),
        "overdue": sum(1 for one in opened if one["due_date"] and one["due_date"] < today.isoformat()),
        "median_days": median(took),
        "on_time_of": len(dated),
        "on_time": sum(1 for one in dated if day(one, one["time_resolved"]).isoformat() <= one["due_date"]),
    }


def quality(lists: Lists, today: date, day: Day) -> dict[str, Any]:
    good = sum(one["conforming_item_count"] or 0 for one in lists["checklists"])
    bad = sum(one["deficient_item_count"] or 0 for one in lists["checklists"])
    left = [one for one in lists["observation_items"] if one["status"] != "closed"]
    took = [
        (day(one, one["closed_at"]) - day(one, one["created_at"])).days
        for one in lists["observation_items"]
        if one["closed_at"]
    ]
    return {
        "conformance_percent": round(100 * good / (good + bad), 2),
        "not_closed": len(left),
        "overdue": sum(1 for one in left if one["due_date"] and one["due_date"] < today.isoformat()),
        "median_days_to_close": median(took),
    }


def punch(lists: Lists, today: date, day: Day) -> dict[str, Any]:
    left = [
        one
        for one in lists["punch_items"]
        if one["status"] in ("Open", "Overdue", "Pending") and one.get("workflow_status") != "draft"
    ]
    return {
        "not_closed": len(left),
        "overdue": sum(1 for one in left if one["due_date"] and one["due_date"] < today.isoformat()),
    }


def submittals(lists: Lists, today: date, day: Day) -> dict[str, Any]:
    rows = [one for one in lists["submittals"] if one["current_revision"] and one["status"]["name"] != "Void"]
    opened = [one for one in rows if one["status"]["status"] == "Open"]
    late = 0
    for one in rows:
        refused = any(
            (each.get("response") or {}).get("considered") in ("rejected", "revise_and_resubmit")
            for each in one["approvers"]
        )
        if one["status"]["status"] == "Closed" and not refused:
            continue
        if one["required_on_site_date"] and one["lead_time"] is not None:
            latest = date.fromisoformat(one["required_on_site_date"][:10]) - timedelta(days=one["lead_time"])
            late += latest < today
    overdue = sum(1 for one in opened if one["due_date"] and one["due_date"][:10] < today.isoformat())
    return {"open": len(opened), "overdue": overdue, "at_risk": late}


def changes(lists: Lists, today: date, day: Day) -> dict[str, Any]:
    cost, revenue = {}, {}
    for event in lists["change_events"]:
        items = event["change_items"]
        cost[event["id"]] = sum(
            (number((one["latest_cost_values"] or {}).get("amount")) for one in items), Decimal()
        )
        revenue[event["id"]] = sum(
            (number((one["latest_revenue_values"] or {}).get("amount")) for one in items), Decimal()
        )
    scope = {event["id"]: event["scope"] for event in lists["change_events"]}
    asked: dict[int, set[str]] = defaultdict(set)
    for order in lists["prime_change_orders"]:
        state = "pending" if order["status"] in PENDING else order["status"]
        for event in order["change_events"]:
            asked[event["id"]].add(state)
    parts: list[tuple[tuple[str | None, str], Decimal]] = []
    approved = [one for one in lists["commitment_change_orders"] if one["status"] == "approved"]
    for order in approved:
        events = [one["id"] for one in order["change_events"]]
        weights = [abs(cost.get(one, Decimal())) for one in events]
        for event, weight in zip(events, weights, strict=True):
            share = number(order["grand_total"]) * (
                weight / sum(weights) if sum(weights) else Decimal(1) / len(events)
            )
            said = asked[event]
            if "approved" in said:
                part = "owner_approved"
            elif scope.get(event) != "out_of_scope":
                part = "in_scope"
            else:
                part = next(
                    (f"owner_{one}" for one in ("pending", "rejected") if one in said), "owner_not_asked"
                )
            parts.append(((currency(order), part), share))
    return {
        "approved_cost": sums((currency(one), number(one["grand_total"])) for one in approved),
        "parts": sums(parts),
    }


def manpower(lists: Lists, today: date, day: Day) -> dict[str, Any]:
    country = {one["id"]: one["country_code"] for one in lists["projects"]}
    start = today - timedelta(days=today.weekday() + 7)
    people: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    hours = Decimal()
    for one in lists["manpower_logs"]:
        when = date.fromisoformat(one["date"][:10])
        if not start <= when < start + timedelta(days=7):
            continue
        hours += (
            number(one["man_hours"])
            if one["man_hours"] is not None
            else one["num_workers"] * number(one["num_hours"])
        )
        if when.weekday() not in ((4, 5) if country[one["project_id"]] in FRIDAY else (5, 6)):
            people[one["project_id"]][one["date"][:10]] += one["num_workers"]
    return {"people": sum(sum(one.values()) / len(one) for one in people.values()), "hours": float(hours)}


def safety(lists: Lists, today: date, day: Day) -> dict[str, Any]:
    first = today.replace(year=today.year - 1)
    when = {one["id"]: day(one, one["event_date"]) for one in lists["incidents"]}
    hurt = [one for one in lists["injuries"] if first < when[one["incident_id"]] <= today]
    logged: dict[int, Decimal] = defaultdict(Decimal)
    for one in lists["manpower_logs"]:
        if first < date.fromisoformat(one["date"][:10]) <= today:
            logged[one["project_id"]] += (
                number(one["man_hours"])
                if one["man_hours"] is not None
                else one["num_workers"] * number(one["num_hours"])
            )
    rated = [one for one in hurt if one["recordable"] and logged[one["project_id"]] > 0]
    worked = sum(logged.values())
    return {
        "injuries": len(hurt),
        "hours": float(worked),
        "trir": round(len(rated) * 200_000 / float(worked), 2) if worked else None,
    }


def billing(lists: Lists, today: date, day: Day) -> dict[str, Any]:
    last: dict[int, Record] = {}
    unpaid: list[tuple[Any, Decimal]] = []
    paying = {
        one["project_id"]
        for one in lists["requisitions"]
        if one["payment_date"] and one["status"].startswith("approved")
    }
    for name in ("work_order_contracts", "purchase_order_contracts"):
        paying |= {one["project_id"] for one in lists[name] if number(one["total_payments"])}
    for one in sorted(lists["requisitions"], key=lambda row: row["number"]):
        if one["status"] in ("approved", "approved_as_noted"):
            last[one["commitment_id"]] = one
            if not one["payment_date"] and one["project_id"] in paying:
                unpaid.append((currency(one), number(one["summary"]["current_payment_due"])))
    billed = sums(
        (currency(one), number(one["summary"]["total_completed_and_stored_to_date"])) for one in last.values()
    )
    held = sums((currency(one), number(one["summary"]["total_retainage"])) for one in last.values())
    return {"billed": billed, "retainage_held": held, "unpaid": sums(unpaid)}


def cost(lists: Lists, today: date, day: Day) -> dict[str, Any]:
    estimates, overs = [], []
    for one in lists["budget_view_detail_rows"]:
        revised = (
            number(one["original_budget_amount"])
            + number(one["budget_modifications"])
            + number(one["Approved COs"])
        )
        projected = revised + number(one["Pending Budget Changes"])
        costs = (
            number(one["Committed Costs"]) + number(one["Direct Costs"]) + number(one["Pending Cost Changes"])
        )
        forecast = one["budget_forecast"] or {"calculation_strategy": "automatic"}
        left = max(Decimal(), projected - costs)
        if forecast["calculation_strategy"] != "automatic":
            left = number(forecast["amount"])
        estimates.append((currency(one), costs + left))
        overs.append((currency(one), projected - costs - left))
    return {"estimate_at_completion": sums(estimates), "over_under": sums(overs)}


def schedule(lists: Lists, today: date, day: Day) -> dict[str, Any]:
    leaves = [one for one in lists["schedule_tasks"] if not one["has_children"]]
    slipping = 0
    for one in leaves:
        if one["actual_finish"] or (one["percentage"] or 0) >= 100 or not one["baseline_finish"]:
            continue
        finish = max(datetime.fromisoformat(one["finish_datetime"]).date(), today)
        slipping += finish > datetime.fromisoformat(one["baseline_finish"]).date()
    return {"tasks": len(leaves), "slipping": slipping}


def compliance(lists: Lists, today: date, day: Day) -> dict[str, Any]:
    live = [
        one
        for name in ("work_order_contracts", "purchase_order_contracts")
        for one in lists[name]
        if one["executed"]
        and one["status"] not in ("Complete", "Closed", "Terminated", "Void")
        and one["vendor"]
    ]
    newest: dict[tuple[int, str], Record] = {}
    for one in lists["insurances"]:
        key = (one["vendor_id"], one["insurance_type"])
        if key not in newest or one["expiration_date"] > newest[key]["expiration_date"]:
            newest[key] = one
    expired = {
        vendor
        for (vendor, _), one in newest.items()
        if one["expiration_date"] < today.isoformat() and not one.get("exempt")
    }
    vendors = {one["vendor"]["id"] for one in live}
    return {
        "vendors": len(vendors),
        "expired": len(vendors & expired),
        "none_on_file": len(vendors - {vendor for vendor, _ in newest}),
    }


def signed(row: Record) -> bool:
    return bool(row["executed"]) and row["status"].lower() != "void"


def forecasts(lists: Lists) -> dict[tuple[Any, Any], tuple[Decimal, Decimal, Decimal]]:
    """Projected budget, estimate at completion and job to date by project and currency."""
    found: dict[tuple[Any, Any], tuple[Decimal, Decimal, Decimal]] = {}
    for one in lists["budget_view_detail_rows"]:
        budget = number(one["original_budget_amount"]) + number(one["budget_modifications"])
        budget += number(one["Approved COs"]) + number(one["Pending Budget Changes"])
        costs = (
            number(one["Committed Costs"]) + number(one["Direct Costs"]) + number(one["Pending Cost Changes"])
        )
        forecast = one["budget_forecast"] or {"calculation_strategy": "automatic"}
        automatic = forecast["calculation_strategy"] == "automatic"
        left = max(Decimal(), budget - costs) if automatic else number(forecast["amount"])
        key = (one["project_id"], currency(one))
        before = found.get(key, (Decimal(), Decimal(), Decimal()))
        more = (budget, costs + left, number(one["Job to Date Costs"]))
        found[key] = (before[0] + more[0], before[1] + more[1], before[2] + more[2])
    return found


def wip(lists: Lists, today: date, day: Day) -> dict[str, Any]:
    contracts: dict[tuple[Any, Any], Decimal] = defaultdict(Decimal)
    for one in lists["prime_contracts"]:
        if signed(one):
            contracts[one["project_id"], currency(one)] += number(one["grand_total"]) + number(one["approved_change_orders"])  # fmt: skip
    last: dict[Any, Record] = {}
    for one in sorted(lists["payment_applications"], key=lambda row: row["number"]):
        if one["status"] in ("approved", "approved_as_noted"):
            last[one["project_id"], one["contract"]["id"]] = one
    billed: dict[tuple[Any, Any], Decimal] = defaultdict(Decimal)
    for one in last.values():
        billed[one["project_id"], currency(one)] += number(one["g702"]["total_completed_and_stored_to_date"])
    parts: dict[str, list[tuple[Any, Decimal]]] = defaultdict(list)
    for key, (_, estimate, done) in forecasts(lists).items():
        if key not in contracts or estimate <= 0:
            continue
        share = min(done / estimate, Decimal(1))
        earned = contracts[key] * share
        parts["earned"].append((key[1], earned))
        parts["profit"].append((key[1], contracts[key] - max(estimate, done)))
        parts["loss_provision"].append((key[1], max(estimate - contracts[key], Decimal()) * (1 - share)))
        if key in billed:
            parts["overbilled"].append((key[1], max(billed[key] - earned, Decimal())))
            parts["underbilled"].append((key[1], max(earned - billed[key], Decimal())))
    parts["contract"] = [(key[1], value) for key, value in contracts.items()]
    parts["billed"] = [(key[1], value) for key, value in billed.items()]
    return {name: sums(pairs) for name, pairs in parts.items()}


def buyout(lists: Lists, today: date, day: Day) -> dict[str, Any]:
    budget: dict[tuple[Any, Any, str], Decimal] = defaultdict(Decimal)
    for one in lists["budget_view_detail_rows"]:
        key = (one["project_id"], currency(one), (one["cost_code"] or "").partition(" - ")[0])
        budget[key] += number(one["original_budget_amount"]) + number(one["budget_modifications"]) + number(one["Approved COs"])  # fmt: skip
    amounts: dict[str, dict[tuple[Any, Any, str], Decimal]] = {"committed": defaultdict(Decimal), "in_signature": defaultdict(Decimal)}  # fmt: skip
    for kind in ("work_order_contract", "purchase_order_contract"):
        contracts = {one["id"]: one for one in lists[f"{kind}s"]}
        whole: dict[Any, Decimal] = defaultdict(Decimal)
        for line in lists[f"{kind}_line_items"]:
            whole[line["contract"]] += number(line["amount"])
        for line in lists[f"{kind}_line_items"]:
            contract = contracts[line["contract"]]
            status = contract["status"].lower().replace(" ", "_")
            bought = signed(contract)
            if not bought and status in ("draft", "out_for_bid", "terminated", "void"):
                continue
            amount = number(line["amount"])
            amount += number(contract["approved_change_orders"]) * amount / whole[line["contract"]]
            place = (contract["project_id"], currency(contract), line["cost_code"]["full_code"])
            amounts["committed" if bought else "in_signature"][place] += amount
    saved, done, to_buy = [], [], []
    for key in {*budget, *amounts["committed"], *amounts["in_signature"]}:
        had, spent = budget.get(key, Decimal()), amounts["committed"].get(key, Decimal())
        if spent > 0 and spent >= had * Decimal("0.8"):
            saved.append((key[1], had - spent))
            done.append((key[1], had))
        else:
            to_buy.append((key[1], had))
    found = {name: sums((key[1], value) for key, value in values.items()) for name, values in amounts.items()}
    return found | {
        "saving_so_far": sums(saved),
        "to_buy_budget": sums(to_buy),
        "budget": sums([*done, *to_buy]),
    }


def portfolio_health(lists: Lists, today: date, day: Day) -> dict[str, Any]:
    """How many projects are red and yellow by gauge."""
    happened = {one["id"]: day(one, one["event_date"]) for one in lists["incidents"]}
    colours: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for project in lists["projects"]:
        own = {
            name: [one for one in rows if one.get("project_id") == project["id"]]
            for name, rows in lists.items()
        }

        def late(one: Record) -> bool:
            return bool(one["due_date"]) and one["due_date"][:10] < today.isoformat()

        recent = {
            name: sum(
                1
                for one in own[name]
                if 0 <= (today - (day(one, one["created_at"]) or happened[one["incident_id"]])).days < 30
            )
            for name in ("injuries", "near_misses")
        }
        entered = sum(
            1 for one in own["manpower_logs"] if 0 <= (today - day(one, one["created_at"])).days < 7
        )  # type: ignore[operator]
        left = [
            one
            for one in own["punch_items"]
            if one["status"] != "Closed" and one.get("workflow_status") != "draft"
        ]
        over = sum(1 for one in left if late(one))
        soon = sum(1 for one in left if one["due_date"] and 0 <= (date.fromisoformat(one["due_date"][:10]) - today).days <= 7)  # fmt: skip
        asked = rfis({"rfis": own["rfis"] + [_closed_rfi()]}, today, lambda row, text: text and today)[
            "overdue"
        ]
        sent = submittals(own, today, day)["at_risk"]
        spent = [
            (estimate - budget) / budget
            for (number_, _), (budget, estimate, _) in forecasts(lists).items()
            if number_ == project["id"] and budget > 0
        ]
        near, hurt = recent["near_misses"], recent["injuries"]
        for gauge, red, yellow in (
            ("incidents", near >= 3 or hurt, near),
            ("daily_logs", entered in (1, 2), entered in (3, 4)),
            ("punch", over >= 3 or soon >= 10 or (over and soon >= 5), over or soon >= 5),
            ("rfis", asked >= 5, asked),
            ("submittals", sent >= 5, sent),
            ("cost", spent and max(spent) > Decimal("0.02"), spent and max(spent) > 0),
        ):
            colours[gauge]["red" if red else "yellow" if yellow else "other"] += 1
    return {gauge: (found["red"], found["yellow"]) for gauge, found in colours.items()}


def _closed_rfi() -> Record:
    """A closed RFI, as `rfis` takes medians of some."""
    moment = "2026-01-01T00:00:00Z"
    return {
        "status": "closed",
        "time_resolved": moment,
        "initiated_at": moment,
        "created_at": moment,
        "due_date": None,
    }
