"""The targets of a list: the whole portfolio, chosen projects, and the further ids that a list may need.

In: an endpoint. Out: `values()`, the arguments for `table`. Calls for the list of projects when it is first needed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets
import traitlets

from procore_nb.catalog import Endpoint
from procore_nb.errors import ArgumentError
from procore_nb.widgets.assets import close_all
from procore_nb.widgets.filters import BESIDE_FILTERS, LABELS, needed_ids, typed
from procore_nb.widgets.pickers import ProjectPicker

_COMPANY, _ACTIVE, _ALL, _CHOSEN = "company", "active", "all", "chosen"
_LABELS = {
    _COMPANY: "Whole company",
    _ACTIVE: "Active projects",
    _ALL: "Whole portfolio",
    _CHOSEN: "Chosen projects",
}


class TargetPanel(ipywidgets.VBox):  # type: ignore[misc]
    """Which projects, and which further ids; `changed` counts the changes, `on_projects_needed` is called for a list."""

    changed = traitlets.Int(0)

    def __init__(self, on_projects_needed: Callable[[], object]) -> None:
        self._on_projects_needed = on_projects_needed
        self._endpoint: Endpoint | None = None
        self.projects = ProjectPicker()
        self.projects.layout.display = "none"
        self._where = ipywidgets.ToggleButtons(
            options=[(_LABELS[_ACTIVE], _ACTIVE)], style={"button_width": "auto"}
        )
        self._where.observe(self._where_changed, "value")
        self.projects.observe(self._count_change, "value")
        self._ids: dict[str, ipywidgets.Text] = {}
        super().__init__(children=[self._where, self.projects])

    def offer(self, endpoint: Endpoint) -> None:
        """Offer the targets of another list."""
        self._endpoint = endpoint
        groups = [group for group in endpoint.needs if "project_id" in group]
        optional = not groups and any(one.name == "project_id" for one in endpoint.arguments)
        options = [_ACTIVE, _ALL, _CHOSEN] if groups else []
        if not groups or any("company_id" in group for group in groups):
            options = [_COMPANY, *(options or ([_CHOSEN] if optional else []))]
        before = self._where.value
        self._where.options = [(_LABELS[each], each) for each in options]
        self._where.value = before if before in options else options[0]
        gone, self._ids = self._ids, {name: self._id_field(name) for name in needed_ids(endpoint)}
        self.children = [self._where, self.projects, *self._ids.values()]
        for field in gone.values():
            close_all(field)
        self._where_changed()

    def choose(self, project_ids: tuple[int, ...]) -> None:
        """Choose these projects."""
        self._where.value = _CHOSEN
        self.projects.value = project_ids

    def reset(self) -> None:
        """Go back to the first choice: there are no projects to choose from."""
        self._where.value = next(value for _, value in self._where.options if value != _CHOSEN)

    @property
    def inputs(self) -> list[ipywidgets.Widget]:
        """The fields whose values a click carries; what the project picker holds is sent whenever it changes."""
        return [self._where, *self._ids.values()]

    def values(self) -> dict[str, Any]:
        """The targets, as arguments for `table`; an error names what is missing."""
        found: dict[str, Any] = {}
        where = self._where.value
        if where == _CHOSEN:
            ids = [int(number) for number in self.projects.value]
            if not ids:
                raise ArgumentError(
                    "No project is chosen.", advice="Choose some, or take the whole portfolio."
                )
            found = {"project_id": ids[0]} if len(ids) == 1 else {"projects": ids}
        elif where in (_ACTIVE, _ALL):
            found = {"projects": where}
        for names, field in self._ids.items():
            value = typed(field.value, ids=True)
            if value is None:
                raise ArgumentError(
                    f"{self._endpoint.name if self._endpoint else 'This list'} needs {names}.",
                    advice=field.placeholder,
                )
            found[names.split(" or ")[0]] = value
        return found

    def _id_field(self, names: str) -> ipywidgets.Text:
        parents = self._endpoint.parents if self._endpoint else {}
        sources = next((parents[name] for name in names.split(" or ") if name in parents), ())
        hint = f"ids from the list {' or '.join(sources)}" if sources else "one id, or several with commas"
        field = ipywidgets.Text(
            description=names,
            placeholder=hint,
            style=LABELS,
            layout=BESIDE_FILTERS,
        )
        field.observe(self._count_change, "value")
        return field

    def _where_changed(self, _: object = None) -> None:
        picking = self._where.value == _CHOSEN
        self.projects.layout.display = None if picking else "none"
        if picking:
            self._on_projects_needed()
        self._count_change()

    def _count_change(self, _: object = None) -> None:
        self.changed += 1
