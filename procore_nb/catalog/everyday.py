"""The words people use for lists: the sixty names asked most, and everyday words with the lists that are meant.

In: words. Out: names of lists. Speaks to no service. A name here that a catalogue lacks is simply not offered.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Literal, get_args

import orjson

from procore_nb.near_match import stem
from procore_nb.near_match import words as words_of

OftenUsed = Literal[
    "projects", "rfis", "submittals", "punch_items", "observation_items", "inspections", "incidents", "meetings",
    "manpower_logs", "daily_log_headers", "notes_logs", "weather_logs", "delay_logs", "work_logs", "equipment_logs",
    "productivity_logs", "quantity_logs", "visitor_logs", "safety_violation_logs", "timecard_entries",
    "prime_contracts", "commitments", "purchase_order_contracts", "work_order_contracts", "change_events",
    "prime_change_orders", "commitment_change_orders", "change_order_packages", "potential_change_orders",
    "budget_views", "budget_view_detail_rows", "budget_line_items", "budget_changes", "budget_modifications",
    "direct_costs", "requisitions", "payment_applications", "cost_codes", "wbs_codes", "schedule_tasks", "task_items",
    "drawing_revisions", "drawing_sets", "drawing_areas", "specification_sections", "documents", "images",
    "coordination_issues", "forms", "action_plans", "bid_packages", "rfi_replies", "companies", "vendors", "users",
    "project_users", "project_vendors", "project_dates", "locations", "programs", "offices", "project_stages",
]  # fmt: skip
OFTEN: tuple[str, ...] = get_args(OftenUsed)

# What "open rfis" means is said by a filter; the list is found by the rest of the words.
NO_NAMES = frozenset({
    "open", "closed", "overdue", "late", "unpaid", "outstanding", "current", "all", "my", "the", "of", "list", "log",
})  # fmt: skip


def _key(words: str) -> tuple[str, ...]:
    return tuple(stem(word) for word in words_of(words))


@cache
def _by_key() -> dict[tuple[str, ...], str]:
    """Return the names by the stems of each phrase. With commas the first is meant and the others are near; with bars any may be."""
    file = resources.files("procore_nb.catalog") / "data" / "everyday.json"
    return {_key(phrase): names for phrase, names in orjson.loads(file.read_bytes()).items()}


def meant_by(words: str, *, likeliest: bool = False) -> tuple[str, ...]:
    """Return the names of the lists that an everyday word means; none where it is none.

    Parameters
    ----------
    words
        Such as `daily logs`, `headcount`, `open punch list`.
    likeliest
        Leave out those that are only near: one name is the answer, several are a choice.
    """
    key = _key(words)
    known = _by_key()
    names = known.get(key) or known.get(tuple(word for word in key if word not in NO_NAMES), "")
    names = names.split(", ")[0] if likeliest else names.replace(", ", " | ")
    return tuple(names.split(" | ")) if names else ()
