"""The words people use for lists: the sixty names asked most, and everyday words with the lists that are meant.

In: words. Out: names of lists. Speaks to no service. A name here that a catalogue lacks is simply not offered.
"""

from __future__ import annotations

from typing import Literal, get_args

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

_DAILY_LOGS = (
    "manpower_logs | notes_logs | weather_logs | work_logs | delay_logs | equipment_logs | delivery_logs | visitor_logs | "
    "quantity_logs | productivity_logs | inspection_logs | accident_logs | safety_violation_logs | daily_log_headers"
)
# Names with commas: the first is meant, the others are near. With bars: any may be meant, and whoever fetches has to choose.
_MEANT = {
    "budget": "budget_view_detail_rows, budget_views, budget_line_items, budget_changes",
    "cco": "commitment_change_orders",
    "change orders": "prime_change_orders | commitment_change_orders | change_order_packages | potential_change_orders",
    "construction photo": "images",
    "contractors": "vendors | project_vendors",
    "contracts": "prime_contracts | commitment_contracts | purchase_order_contracts | work_order_contracts",
    "cor": "change_order_requests",
    "correspondence": "correspondence_type_items",
    "daily logs": _DAILY_LOGS,
    "daily report": _DAILY_LOGS,
    "defects": "punch_items",
    "directory": "project_users | users | vendors | people",
    "drawings": "drawing_revisions, drawings, drawing_sets",
    "employees": "users | people",
    "gantt": "schedule_tasks, schedules",
    "headcount": "manpower_logs",
    "hours": "timecard_entries | manpower_logs",
    "inspections": "checklists",
    "invoices": "requisitions | payment_applications",
    "labor hours": "timecard_entries | manpower_logs",
    "labor": "manpower_logs | timecard_entries",
    "labour": "manpower_logs | timecard_entries",
    "milestones": "schedule_tasks | project_dates",
    "observations": "observation_items",
    "pcco": "prime_change_orders",
    "pco": "potential_change_orders",
    "photos": "images",
    "pictures": "images",
    "pos": "purchase_order_contracts",
    "punch": "punch_items",
    "punch list": "punch_items",
    "purchase orders": "purchase_order_contracts",
    "rfi responses": "rfi_replies",
    "safety": "incidents | observation_items | safety_violation_logs",
    "safety incidents": "incidents",
    "schedule": "schedule_tasks, schedules",
    "snags": "punch_items",
    "sov": "prime_contract_line_items | commitment_contract_line_items",
    "specifications": "specification_sections, specification_section_revisions",
    "specs": "specification_sections, specification_section_revisions",
    "subcontractors": "vendors | project_vendors",
    "subcontracts": "work_order_contracts",
    "suppliers": "vendors | project_vendors",
    "tasks": "schedule_tasks | task_items",
    "timecards": "timecard_entries, timesheets",
    "timesheet": "timesheets, timecard_entries",
    "weather": "weather_logs",
}
# What "open rfis" means is said by a filter; the list is found by the rest of the words.
_NO_NAMES = frozenset(
    {"open", "closed", "overdue", "late", "current", "all", "my", "the", "of", "list", "log"}
)


def _key(words: str) -> tuple[str, ...]:
    return tuple(stem(word) for word in words_of(words))


_BY_KEY = {_key(phrase): names for phrase, names in _MEANT.items()}


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
    names = _BY_KEY.get(key) or _BY_KEY.get(tuple(word for word in key if word not in _NO_NAMES), "")
    return (
        tuple((names.split(", ")[0] if likeliest else names.replace(", ", " | ")).split(" | "))
        if names
        else ()
    )
