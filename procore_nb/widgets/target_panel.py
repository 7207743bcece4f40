"""Where a list is asked: the whole portfolio, chosen projects, and the further ids a list may need.

In: an endpoint. Out: `values()`, the arguments for `table`. Asks for the projects when they are first wanted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets
import traitlets

from procore_nb.catalog import Endpoint
from procore_nb.errors import ArgumentError
from procore_nb.widgets.dispose import close_all
from procore_nb.widgets.filter_kinds import needed_ids, typed
from procore_nb.widgets.filter_panel import BESIDE_FILTERS, LABELS
from procore_nb.widgets.project_picker import ProjectPicker

_COMPANY, _ACTIVE, _ALL, _CHOSEN = "company", "active", "all", "chosen"
_WORDS = {
    _COMPANY: "Whole company",
    _ACTIVE: "Active projects",
    _ALL: "Whole portfolio",
    _CHOSEN: "Chosen projects",
}


class TargetPanel(ipywidgets.VBox):  # type: ignore[misc]
    """Which projects, and which further ids; `changed` counts the changes.

    Parameters
    ----------
    wanted
        Called when the list of projects is wanted and not there yet.
    """

    changed = traitlets.Int(0)

    def __init__(self, wanted: Callable[[], object]) -> None:
        self._wanted = wanted
        self._endpoint: Endpoint | None = None
        self.projects = ProjectPicker()
        self.projects.layout.display = "none"
        self._where = ipywidgets.ToggleButtons(
            options=[(_WORDS[_ACTIVE], _ACTIVE)], style={"button_width": "auto"}
        )
        self._where.observe(self._chosen, "value")
        self.projects.observe(self._noted, "value")
        self._ids: dict[str, ipywidgets.Text] = {}
        super().__init__(children=[self._where, self.projects])

    def offer(self, endpoint: Endpoint) -> None:
        """Offer the places of another list."""
        self._endpoint = endpoint
        groups = [group for group in endpoint.needs if "project_id" in group]
        optional = not groups and any(one.name == "project_id" for one in endpoint.arguments)
        options = [_ACTIVE, _ALL, _CHOSEN] if groups else []
        if not groups or any("company_id" in group for group in groups):
            options = [_COMPANY, *(options or ([_CHOSEN] if optional else []))]
        before = self._where.value
        self._where.options = [(_WORDS[each], each) for each in options]
        self._where.value = before if before in options else options[0]
        gone, self._ids = self._ids, {name: self._id_field(name) for name in needed_ids(endpoint)}
        self.children = [self._where, self.projects, *self._ids.values()]
        for field in gone.values():
            close_all(field)
        self._chosen()

    def choose(self, project_ids: tuple[int, ...]) -> None:
        """Choose these projects."""
        self._where.value = _CHOSEN
        self.projects.value = project_ids

    def give_up_choosing(self) -> None:
        """Go back to the first place: there are no projects to choose from."""
        self._where.value = next(value for _, value in self._where.options if value != _CHOSEN)

    def values(self) -> dict[str, Any]:
        """Where to ask, as arguments for `table`; an error says what is missing."""
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
        field.observe(self._noted, "value")
        return field

    def _chosen(self, _: object = None) -> None:
        picking = self._where.value == _CHOSEN
        self.projects.layout.display = None if picking else "none"
        if picking:
            self._wanted()
        self._noted()

    def _noted(self, _: object = None) -> None:
        self.changed += 1
