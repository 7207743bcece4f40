"""Words for text fields, by the field's name.

In: a field's name, a generator and the number of the row. Out: text. Numbers in text are decimals ("4500.00") where
Procore sends money, hours and percents that way.
"""

from __future__ import annotations

import random
import re

_DECIMAL = re.compile(
    r"(.*_)?(amount|cost|price|hours|quantity|percent|percentage|payments?|retainage|outstanding|delivered|used)"
    r"|(.*_)?(total|total_value|exchange_rate|revised_contract|change_orders|payment_due|contract_sum)"
    r"|(work_completed|materials|total_completed|total_amount|stored_materials|new_materials|total_retainage|net_change)_.*"
    r"|.*_(retainage|total|hours|percent)_.*|.*_contract_sum.*|contract_sum_to_date|billed_to_date|new_materials"
    r"|(scheduled|estimated|original|g702)_(value|.*price)|balance_to_finish.*|budget_modifications|less_previous_.*"
    r"|tax_applicable_.*|hours_(idle|operating|utilization)|previously_(delivered|used)|quantity_(?!unit).*|estimated_cost_impact|stored_materials"
    r"|materials_moved|retainage_percent|percent_complete|percentage_paid|(cost|revenue)_rom"
)
_WHERE = {"latitude": "39.96", "gps_lat": "39.96", "longitude": "-83.00", "gps_long": "-83.00"}
_WHERE |= {"altitude": "231.0", "horizontal_accuracy": "4.5", "vertical_accuracy": "6.0"}
_THINGS = (
    "Curtain wall bracket",
    "Slab edge",
    "Door schedule",
    "Fire damper",
    "Anchor bolts",
    "Lift pit waterproofing",
    "Roof drain",
    "Ceiling grid",
    "Façade mock-up",
    "Pile cap",
    "Riser cupboard",
    "Handrail finish",
)
_PLACES = ("at grid C4", "on Level 2", "by the north stair", "in the plant room", "along the east elevation")
_FIXED = {
    "quote_currency_iso_code": "CAD",
    "locale": "en",
    "content_type": "application/pdf",
    "country_code": "US",
    "state_code": "OH",
    "city": "Columbus",
    "zip": "04301",
    "uom": "ea",
    "color": "#2f6f4f",
    "data_type": "string",
    "timezone": "America/New_York",
}


def is_decimal(name: str) -> bool:
    """Whether a text field of that name holds a decimal: money, hours, quantities, percents."""
    return _DECIMAL.fullmatch(name) is not None


def text_for(name: str, draw: random.Random, number: int) -> str:
    """Text that fits a field's name."""
    if name in _FIXED:
        return _FIXED[name]
    if name in _WHERE:
        return _WHERE[name]
    if is_decimal(name):
        return f"{draw.uniform(0, 90_000):.2f}"
    if name.endswith("url") or name in ("link", "logo"):
        return f"https://files.procore.example/{draw.getrandbits(40):x}"
    if "email" in name or name == "login":
        return f"person{draw.randrange(0, 90):03}@site.example"
    if "phone" in name or "fax" in name:
        return f"+1 555-0{draw.randrange(100, 200)}"
    if name.endswith(("number", "code", "revision", "position")):
        return f"{number + 1:03}"
    if name.endswith(("_id", "_key")) or name in ("id", "key", "value"):
        return str(draw.randrange(1_000, 99_999))
    if name.endswith(("filename", "file_name")):
        return f"sheet-{number + 1:02}.pdf"
    if name in ("status", "state"):
        return draw.choice(("open", "closed", "draft"))
    if name.endswith(("time", "_day")):
        return f"{draw.randrange(7, 18):02}:{draw.choice(('00', '30'))}"
    if name in ("description", "body", "comment", "comments", "notes", "message", "details"):
        return f"{draw.choice(_THINGS)} {draw.choice(_PLACES)}: please review."
    return f"{draw.choice(_THINGS)} {number + 1}"
