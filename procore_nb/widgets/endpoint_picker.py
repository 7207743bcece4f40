"""Lists of Procore by tool, each with what it needs.

In: the catalogue. Out: `.value`, a name for `table`. Sends nothing.
"""

from __future__ import annotations

from typing import Any

import traitlets

from procore_nb import catalog
from procore_nb.catalog import Endpoint
from procore_nb.widgets.picker import Picker

OFTEN = (
    "projects", "rfis", "submittals", "punch_items", "observation_items", "inspections", "incidents", "change_events",
    "commitments", "prime_contracts", "budget_views", "manpower_logs", "daily_log_headers", "vendors", "users",
)  # fmt: skip
_ROWS = {"company_id", "project_id"}


class EndpointPicker(Picker):
    """Find a list of Procore by words and choose it; `value` is its name (empty before) and may be observed.

    Attributes
    ----------
    value
        The name, for `procore.table(name)`; may be set, also by alias.
    endpoint
        What is known of the chosen list; None before.

    Examples
    --------
    >>> picker = EndpointPicker()
    >>> picker.value = "rfis"
    >>> picker.endpoint.scope
    'project'
    """

    value = traitlets.Unicode("")

    def __init__(self) -> None:
        super().__init__(several=False, placeholder="what to look at: rfis, punch, budget …", noun="lists")
        often = [catalog.endpoint(name) for name in OFTEN]
        others = [one for one in catalog.endpoints() if one not in often and not one.deprecated]
        others.sort(key=lambda one: (one.category, one.module, one.kind != "data", one.name))
        self._offer([_row(one, "Often used") for one in often] + [_row(one, _tool(one)) for one in others])

    @property
    def endpoint(self) -> Endpoint | None:
        """What is known of the chosen list."""
        return catalog.endpoint(self.value) if self.value else None

    def __repr__(self) -> str:
        return f"EndpointPicker(value={self.value!r})"

    @traitlets.validate("value")
    def _checked(self, proposal: Any) -> str:
        name = proposal["value"]
        return catalog.endpoint(name).name if name else ""

    @traitlets.observe("value")
    def _value_changed(self, change: Any) -> None:
        self._tell([change["new"]] if change["new"] else [])

    def _taken(self, keys: list[str]) -> None:
        self.value = keys[0] if keys else ""


def needs_words(endpoint: Endpoint) -> str:
    """What a list needs beside the company, in a few words."""
    more = [" or ".join(group) for group in endpoint.needs if not _ROWS.intersection(group)]
    place = "each project" if any("project_id" in group for group in endpoint.needs) else "whole company"
    if any(set(group) >= _ROWS for group in endpoint.needs):
        place = "whole company or one project"
    return place + (f", needs {', '.join(more)}" if more else "")


def _row(one: Endpoint, group: str) -> list[str]:
    searched = " ".join((*one.aliases, one.path, one.category, one.module, one.tag))
    return [one.name, group, searched, one.name, needs_words(one)]


def _tool(one: Endpoint) -> str:
    return " › ".join(dict.fromkeys(part for part in (one.category, one.module) if part)) or "Other"
