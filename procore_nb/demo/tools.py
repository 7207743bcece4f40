"""The tools of a project: which lists belong to which, and what Procore calls them.

In: nothing. Out: `TOOLS` and `PROJECT_MODULES`. Lists of a tool that is off in a project answer 404.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Tool:
    """One project tool: `module` is its name in the catalogue."""

    module: str
    title: str
    engine_name: str


TOOLS = (
    Tool("Project", "Home", "project_home"),
    Tool("Directory", "Directory", "directory"),
    Tool("Documents", "Documents", "documents"),
    Tool("Emails", "Emails", "communications"),
    Tool("RFI", "RFIs", "rfi"),
    Tool("Submittals", "Submittals", "submittal_log"),
    Tool("Schedule (Legacy)", "Schedule", "calendar"),
    Tool("Scheduling", "Scheduling", "scheduling"),
    Tool("Photos", "Photos", "images"),
    Tool("Drawings", "Drawings", "drawing_log"),
    Tool("Specifications", "Specifications", "specification_sections"),
    Tool("Punch List", "Punch List", "punch_list"),
    Tool("Inspections", "Inspections", "checklists"),
    Tool("Observations", "Observations", "observations"),
    Tool("Incidents", "Incidents", "incidents"),
    Tool("Meetings", "Meetings", "meetings"),
    Tool("Daily Log", "Daily Log", "daily_log"),
    Tool("Field Productivity", "Timesheets", "timesheets"),
    Tool("Equipment", "Equipment", "equipment"),
    Tool("Forms", "Forms", "form_templates"),
    Tool("Action Plans", "Action Plans", "action_plans"),
    Tool("Coordination Issues", "Coordination Issues", "coordination_issues"),
    Tool("BIM", "Models", "bim"),
    Tool("Tasks", "Tasks", "task_items"),
    Tool("Bid Management", "Bidding", "bidding"),
    Tool("Budget", "Budget", "budgeting"),
    Tool("Prime Contracts", "Prime Contracts", "prime_contracts"),
    Tool("Commitments", "Commitments", "commitments"),
    Tool("Change Events", "Change Events", "change_events"),
    Tool("Change Orders", "Change Orders", "change_orders"),
    Tool("Direct Costs", "Direct Costs", "direct_costs"),
    Tool("Invoices", "Invoicing", "invoicing"),
)
PROJECT_MODULES = frozenset(tool.module for tool in TOOLS[2:])
