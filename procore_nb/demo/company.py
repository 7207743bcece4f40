"""The made-up companies, and the short lists each keeps: stages, types, programs, offices, regions, custom fields.

In: nothing. Out: constants. None of these companies exists. The demo's day never changes: `TODAY` is a Thursday.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

TODAY = date(2026, 6, 18)
NOW = datetime(2026, 6, 18, 14, 30, tzinfo=UTC)

CLIENT_ID = "demo-client-id"
CLIENT_SECRET = "demo-client-secret"  # noqa: S105 - plainly made up; it opens the demo and nothing else
COMPANY_ID = 24816


@dataclass(frozen=True)
class Company:
    """One company: `projects` says how many it has by default; `connected` whether the app is installed in it."""

    id: int
    name: str
    prefix: str
    projects: int
    first_project_id: int
    connected: bool = True


@dataclass(frozen=True)
class Choice:
    """One entry of a short list: a program, an office, a choice of a custom field."""

    id: int
    name: str


@dataclass(frozen=True)
class Stage:
    """One project stage; `weight` is its share of the projects in percent."""

    id: int
    name: str
    category: str
    weight: int


@dataclass(frozen=True)
class CustomField:
    """Definition of one custom field; `modules` are the tools that show it, none for those of projects."""

    id: int
    label: str
    data_type: str
    choices: tuple[Choice, ...] = ()
    description: str | None = None
    modules: tuple[str, ...] = ()


COMPANIES = (
    Company(COMPANY_ID, "Harbour & Vale Construction", "HV", 172, 1_204_310),
    Company(562_949_953_430_517, "Kestrel & Fold Civil Works", "KF", 24, 562_949_953_600_400),
    Company(24_977, "Harbour & Vale – Training", "TR", 3, 1_390_020),
    Company(31_002, "Orchard Row Homes", "OR", 9, 1_455_700, connected=False),
)
SERVICE_ACCOUNT_ID = 1_079_431
SERVICE_ACCOUNT: dict[str, int | str] = {
    "id": SERVICE_ACCOUNT_ID,
    "login": "portfolio-analytics-dmsa@harbourandvale.example",
    "name": "Portfolio Analytics (service account)",
}

# The third is called otherwise than Procore calls it: companies rename their stages, the category stays.
STAGES = (
    Stage(6101, "Pre-Construction", "pre_construction", 17),
    Stage(6102, "Course of Construction", "course_of_construction", 44),
    Stage(6103, "Close-Out & Snagging", "post_construction", 10),
    Stage(6104, "Completed", "completed", 17),
    Stage(6105, "Not Awarded", "not_awarded", 7),
    Stage(6106, "Canceled", "canceled", 5),
)


def _choices(first_id: int, names: str) -> tuple[Choice, ...]:
    return tuple(Choice(first_id + number, name) for number, name in enumerate(names.split(", ")))


TYPES = _choices(
    6201,
    "Healthcare, Education, Residential, Commercial, Industrial, Infrastructure, Hospitality, Civic, Data Centre, Retail",
)
PROGRAMS = _choices(
    6301,
    "Schools for 2030, Net-Zero Retrofit, Clinics Close to Home, Waterfront Renewal, National Depot Roll-out",
)
OFFICES = _choices(6401, "Columbus, Denver, Toronto, Manchester, Dublin, Melbourne, Dubai")
REGIONS = _choices(6501, "United States, Canada, British Isles, Australia & New Zealand, Gulf")
DEPARTMENTS = _choices(6601, "Building, Civil, Interiors, Special Projects")
OWNER_TYPES = _choices(6701, "Public, Private, Public-Private Partnership")
BID_TYPES = _choices(6801, "Negotiated, Competitive Bid, Design-Build")

# Two fields share a label, as happens in old accounts.
CUSTOM_FIELDS = (
    CustomField(71001, "Client Sector", "string"),
    CustomField(71002, "Site Area (ha)", "decimal", description="Hectares, fence to fence"),
    CustomField(71003, "Listed Building", "boolean"),
    CustomField(
        71004,
        "Delivery Route",
        "lov_entry",
        _choices(7401, "Design & Build, Traditional, Construction Management, Framework"),
    ),
    CustomField(
        71005, "Certifications", "lov_entries", _choices(7501, "LEED Gold, BREEAM Excellent, NABERS 5★, WELL")
    ),
    CustomField(71006, "Board Approval", "datetime"),
    CustomField(71007, "Board Approval", "string", description="Reference of the minutes"),
)
_QUALITY = ("Punch List", "Observations", "Incidents")
RECORD_FIELDS = (
    CustomField(
        71011,
        "Root Cause",
        "lov_entry",
        _choices(7601, "Design, Workmanship, Weather, Supply, Client Change"),
        modules=("RFI", "Change Events", *_QUALITY),
    ),
    CustomField(71012, "Programme Critical", "boolean", modules=("RFI", "Submittals", "Change Events")),
    CustomField(71013, "Hours Lost", "decimal", modules=("RFI", "Change Events", *_QUALITY)),
    CustomField(71014, "Zone", "string", modules=("RFI", "Submittals", *_QUALITY)),
    CustomField(71015, "Reviewed On", "datetime", modules=("Submittals", "RFI")),
    CustomField(
        71016,
        "Disciplines",
        "lov_entries",
        _choices(7701, "Architecture, Structure, Services, Landscape"),
        modules=("RFI", "Submittals"),
    ),
)


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
