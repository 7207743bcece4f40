"""Words for text fields, by the field's name.

In: a field's name, a generator and the number of the row. Out: text. Numbers in text are decimals ("4500.00") where
Procore sends money, hours and percents that way.
"""

from __future__ import annotations

import random
import re

_DECIMAL = re.compile(
    r"(.*_)?(amount|cost|price|rate|hours|quantity|percent|percentage|payments?|total|value|retainage|outstanding|"
    r"moved|materials|budget|contract|due|delivered|used|rom)(_\w*(application|period|retained|progress|date|idle|"
    r"operating|utilization|work|retainage|change_orders|orders))?|hours_\w+|work_completed_\w+|materials_\w+|"
    r"total_\w+|net_\w+|(approved|pending)_change_orders|balance_to_finish\w*|billed_to_date|budget_mod\w+|"
    r"(un)?approved_\w+_amount|percentage_paid|pending_revised_contract|previously_\w+|less_previous_\w+|"
    r"(positive|negative)_\w+_total"
)
_NOT_DECIMAL = re.compile(
    r"(old|new|filter|default|field|payload|column|min|max)?_?value|.*_(contract|due|rate)|due|total_label"
)
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
    "currency_iso_code": "USD",
    "base_currency_iso_code": "USD",
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


def text_for(name: str, draw: random.Random, number: int) -> str:
    """Text that fits a field's name."""
    if name in _FIXED:
        return _FIXED[name]
    if _DECIMAL.fullmatch(name) and not _NOT_DECIMAL.fullmatch(name):
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
