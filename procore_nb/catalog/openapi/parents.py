"""Which list the further ids of an endpoint come from: rfi_id from rfis, contract_id from the contracts.

In: an endpoint and its neighbours. Out: names of endpoints for each id. Speaks to no service.
The path says most of it: the id in `…/rfis/{rfi_id}/replies` comes from `…/rfis`. The rest is known by name.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import replace

from procore_nb.catalog.arguments import needs, path_name
from procore_nb.catalog.endpoint import Endpoint

_COMMITMENTS = ("work_order_contracts", "purchase_order_contracts")
_CONTRACTS = ("prime_contracts", *_COMMITMENTS)
_GIVEN = frozenset({"company_id", "project_id"})

_BY_NAME: Mapping[str, tuple[str, ...]] = {
    "bid_package_id": ("company_bid_packages",),
    "budget_view_id": ("budget_views",),
    "budget_view_snapshot_id": ("budget_view_snapshots",),
    "change_event_id": ("change_events",),
    "column_id": ("budget_detail_columns",),
    "commitment_change_order_id": ("commitment_change_orders",),
    "commitment_id": _COMMITMENTS,
    "context_id": ("markup_contexts",),
    "contract_id": _CONTRACTS,
    "coordination_issue_id": ("coordination_issues",),
    "custom_field_definition_id": ("custom_field_definitions",),
    "drawing_area_id": ("drawing_areas",),
    "generic_tool_id": ("generic_tools",),
    "inspection_id": ("checklists",),
    "inspection_template_id": ("checklist_templates",),
    "invoice_id": ("requisitions",),
    "layer_id": ("markup_layers",),
    "list_template_id": ("company_checklist_templates",),
    "meeting_id": ("meetings",),
    "person_id": ("workforce_people",),
    "plan_id": ("action_plans",),
    "potential_change_order_id": ("potential_change_orders",),
    "prime_change_order_id": ("prime_change_orders",),
    "requisition_id": ("requisitions",),
    "rfi_id": ("rfis",),
    "schedule_id": ("schedules",),
    "segment_id": ("wbs_segments",),
    "specification_section_division_id": ("specification_section_divisions",),
    "standard_cost_code_list_id": ("standard_cost_code_lists",),
    "user_id": ("users",),
    "vendor_id": ("vendors",),
    "workflow_instance_id": ("company_workflow_instances_v1_0",),
}

# Where neither the path nor the name of the id says it: RFQs are about commitments, not prime contracts.
_BY_ENDPOINT: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("purchase_order_contract_compliance_documents", "contract_id"): ("purchase_order_contracts",),
    ("work_order_contract_compliance_documents", "contract_id"): ("work_order_contracts",),
    ("checklist_signature_requests", "list_id"): ("checklists",),
    ("rfqs", "contract_id"): _COMMITMENTS,
    ("rfq_quotes", "contract_id"): _COMMITMENTS,
    ("rfq_responses", "contract_id"): _COMMITMENTS,
    ("company_inspection_template_item_references", "inspection_template_id"): (
        "company_checklist_templates",
    ),
    ("inspection_template_items", "inspection_template_id"): ("company_checklist_templates",),
    ("inspection_item_evidence_configuration", "item_id"): ("checklist_items",),
    ("inspection_item_signature_requests", "item_id"): ("checklist_items",),
}


def linked(endpoints: Iterable[Endpoint]) -> tuple[Endpoint, ...]:
    """The endpoints, each with the lists its further ids come from; what is known already stays."""
    whole = tuple(endpoints)
    by_path: dict[str, list[Endpoint]] = {}
    for one in whole:
        by_path.setdefault(bare(one.path), []).append(one)
    known = {one.name for one in whole}
    return tuple(
        one if one.parent_pairs else replace(one, parent_pairs=_pairs(one, by_path, known)) for one in whole
    )


def _pairs(
    endpoint: Endpoint, by_path: Mapping[str, list[Endpoint]], known: Container[str]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """For each further id an endpoint needs, the lists whose rows hold such ids, where that is known."""
    pairs = []
    keys = {path_name(endpoint, key): key for key in endpoint.path_params}
    for name in (name for group in needs(endpoint) for name in group if name not in _GIVEN):
        sources = (
            _BY_ENDPOINT.get((endpoint.name, name))
            or _before(endpoint.path, keys.get(name, name), by_path)
            or _BY_NAME.get(name, ())
        )
        sources = tuple(source for source in sources if source in known)
        if sources:
            pairs.append((name, sources))
    return tuple(pairs)


def _before(path: str, name: str, by_path: Mapping[str, list[Endpoint]]) -> tuple[str, ...]:
    """The list at the path that ends where this id begins; its plain name when there are versions."""
    head, found, _ = path.partition("/{" + name + "}")
    fitting = [one for one in by_path.get(bare(head), ()) if not one.going_away] if found else []
    return (min(fitting, key=lambda one: len(one.name)).name,) if fitting else ()


def bare(path: str) -> str:
    """A path without its version and without the names of its placeholders."""
    return re.sub(r"\{\w+\}", "{}", re.sub(r"^/rest/v\d+\.\d+", "", path))
