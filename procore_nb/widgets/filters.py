"""The filters of a list as fields, one control for each kind of argument, and its targets: projects and further ids.

In: an endpoint of the catalogue. Out: `values()`, the arguments for `table`. Calls for the list of projects when it is needed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import ipywidgets
import traitlets

from procore_nb.catalog import Argument, Catalogue, Endpoint
from procore_nb.client.budget import VIEW_ID
from procore_nb.errors import ArgumentError
from procore_nb.export.column_text import title, titles
from procore_nb.widgets.components import dispose
from procore_nb.widgets.pickers import NameField, ProjectPicker, name_sources, parse_values

Control = Literal["range", "after", "date", "choice", "boolean", "ids", "search", "text"]
_TARGETS = {"project_id", "company_id", "sort"}
_DATE = re.compile(r"(^|_)(date|day)$|^(date|start_date|end_date)$|_at$")
_SEARCH = re.compile(r"(^|_)(search|query|text|name|title|subject|description)($|_)|(Name|Title)$")
_YES_OR_NO = re.compile(
    r"^(is|has|include|includes|show|with|only|active|deleted|private|overdue)(_|$)|_only$"
)
_LABELS = {"description_width": "150px"}
_BESIDE_FILTERS = {"width": "calc(100% - 44px)", "max_width": "574px"}  # a filter ends with a button


@dataclass(frozen=True)
class FilterSpec:
    """An argument, and the control that sets it."""

    name: str
    label: str
    control: Control
    choices: tuple[str, ...] = ()
    many: bool = False
    sources: tuple[str, ...] = ()
    """Lists that name its ids: one of the projects, one of the whole company."""


def filter_specs(endpoint: Endpoint, catalogue: Catalogue) -> dict[str, FilterSpec]:
    """The arguments of a list that a form offers, by name: filters and options, not its targets."""
    fields = {field.name: field for field in endpoint.fields}
    hidden = _TARGETS | {name for group in endpoint.needs for name in group if not _DATE.search(name)}
    offered = [
        argument
        for argument in endpoint.arguments
        if argument.location != "path" and argument.name not in hidden
    ]
    specs = {}
    for argument, label in zip(offered, titles([argument.name for argument in offered]), strict=True):
        name, field = argument.name, fields.get(argument.name)
        values = argument.choices or (field.enum if field else ())
        # "closed=3" is written "closed".
        choices = tuple(value.partition("=")[0] for value in values if not value.startswith("<"))
        control = _control(argument, choices, field.type if field else "")
        sources = name_sources(endpoint, name, catalogue) if control == "ids" else ()
        specs[name] = FilterSpec(name, label, control, choices, argument.many, sources)
    return specs


def _control(argument: Argument, choices: tuple[str, ...], field_type: str) -> Control:
    if argument.form == "range" or argument.form == "after":
        return argument.form
    if choices:
        return "choice"
    if field_type == "boolean" or _YES_OR_NO.search(argument.name):
        return "boolean"
    if _DATE.search(argument.name):
        return "date"
    if argument.name == "id" or argument.name.endswith(("_id", "_ids")):
        return "ids"
    return "search" if not argument.many and _SEARCH.search(argument.name) else "text"


class ChangingPanel(ipywidgets.VBox):  # type: ignore[misc]
    """A panel of fields; `changed` counts the changes, so that all of them can be observed as one."""

    changed = traitlets.Int(0)

    def _count_change(self, _: object = None) -> None:
        self.changed += 1


class FilterPanel(ChangingPanel):
    """Rows of filters, and a choice of more."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._specs: dict[str, FilterSpec] = {}
        self._rows: dict[str, _FilterRow] = {}
        self._add = ipywidgets.Dropdown(description="Add a filter", style=_LABELS, layout=_BESIDE_FILTERS)
        self._add.observe(lambda change: self.add(change["new"]) if change["new"] else None, "value")
        super().__init__(children=[self._add])

    def offer(self, endpoint: Endpoint) -> None:
        """Offer the filters of another list, at first the required ones, and the dates without which few rows come."""
        previous, self._rows = list(self._rows.values()), {}
        self._specs = filter_specs(endpoint, self._catalogue)
        names = [name for group in endpoint.needs for name in group]
        names += ["start_date", "end_date"] if endpoint.date_default else []
        self._rows = {name: self._row(name) for name in dict.fromkeys(names) if name in self._specs}
        self._draw()
        for row in previous:
            dispose(row)

    def add(self, name: str, value: Any = None) -> None:
        """Add the row of a filter, with a value in the form that `values` gives back."""
        if name not in self._rows:
            self._rows[name] = self._row(name)
        if value is not None:
            self._rows[name].set(value)
        self._draw()

    @property
    def inputs(self) -> list[ipywidgets.Widget]:
        """The fields of all filters, from top to bottom."""
        return [field for row in self._rows.values() for field in row.fields]

    def values(self) -> dict[str, Any]:
        """What is set, as arguments for `table`."""
        values = {name: row.value() for name, row in self._rows.items()}
        return {name: value for name, value in values.items() if value is not None}

    def _row(self, name: str) -> _FilterRow:
        return _FilterRow(self._specs[name], self._count_change, lambda: self._remove(name))

    def _remove(self, name: str) -> None:
        row = self._rows.pop(name)
        self._draw()
        dispose(row)

    def _draw(self) -> None:
        left = [(spec.label, name) for name, spec in self._specs.items() if name not in self._rows]
        self._add.options = [(f"{len(left)} to choose from", ""), *left]
        self._add.value = ""
        self._add.layout.display = None if left else "none"
        self.children = [*self._rows.values(), self._add]
        self._count_change()


class _FilterRow(ipywidgets.HBox):  # type: ignore[misc]
    """One filter: its field (two for a range), and a button that removes it."""

    def __init__(
        self, spec: FilterSpec, on_change: Callable[..., object], on_remove: Callable[[], object]
    ) -> None:
        self._control = spec.control
        self.fields = _fields(spec)
        for field in self.fields:
            field.observe(on_change, "value")
        tip, narrow = f"Remove the filter {spec.label}", {"width": "34px", "flex": "none"}
        remove = ipywidgets.Button(description="✕", tooltip=tip, layout=narrow)
        remove.on_click(lambda _: on_remove())
        super().__init__([ipywidgets.HBox(self.fields), remove])
        self.add_class("pnw-filter")

    def value(self) -> Any:
        """What is set; None for nothing."""
        values = tuple(map(self._field_value, self.fields))
        return (values if any(values) else None) if self._control == "range" else values[0]

    def _field_value(self, field: ipywidgets.Widget) -> Any:
        value = field.value
        if isinstance(field, NameField):
            return field.chosen
        if isinstance(field, ipywidgets.DatePicker):
            return value and value.isoformat()
        if isinstance(field, ipywidgets.Text):  # a comma may be part of a name that is searched
            return (value.strip() or None) if self._control == "search" else parse_values(value)
        if isinstance(value, tuple):
            return list(value) or None
        return None if value == "" else value

    def set(self, value: Any) -> None:
        """Set the fields to a value in the form of `value()`."""
        for field, part in zip(self.fields, value if self._control == "range" else [value], strict=True):
            if isinstance(field, ipywidgets.DatePicker):
                field.value = part and date.fromisoformat(part)
            elif isinstance(field, ipywidgets.Text):
                field.value = ", ".join(map(str, part if isinstance(part, list) else [part]))
            else:
                field.value = part


def _fields(spec: FilterSpec) -> list[ipywidgets.Widget]:
    common = {"description": spec.label, "tooltip": spec.name, "style": _LABELS}
    match spec.control:
        case "range":
            last = ipywidgets.DatePicker(description="to", style={"description_width": "20px"})
            last.add_class("pnw-until")
            return [ipywidgets.DatePicker(**common), last]
        case "date":
            return [ipywidgets.DatePicker(**common)]
        case "after":
            return [ipywidgets.DatePicker(**common | {"description": f"{spec.label} after"})]
        case "choice" if spec.many:
            rows = min(6, len(spec.choices))
            return [ipywidgets.SelectMultiple(options=spec.choices, rows=rows, **common)]
        case "choice" | "boolean":
            values: list[tuple[str, Any]] = [(choice, choice) for choice in spec.choices]
            options = [("any", ""), *(values or [("yes", True), ("no", False)])]
            return [ipywidgets.Dropdown(options=options, **common)]
        case "ids":
            hint = "a name or id, or ids with commas"
            return [NameField(spec.name, spec.sources, placeholder=hint, **common)]
    hint = "words to look for" if spec.control == "search" else "one value, or several with commas"
    return [ipywidgets.Text(placeholder=hint, **common)]


_COMPANY, _ACTIVE, _ALL, _CHOSEN = "company", "active", "all", "chosen"
_SCOPES = {
    _COMPANY: "Whole company",
    _ACTIVE: "Active projects",
    _ALL: "Whole portfolio",
    _CHOSEN: "Chosen projects",
}


@dataclass(frozen=True)
class ParentList:
    """All rows of another list as the parents of a list: its name, and its targets."""

    name: str
    targets: dict[str, Any]


class TargetPanel(ChangingPanel):
    """Which projects, and which further ids; `on_projects_needed` is called when projects are to be chosen."""

    def __init__(self, on_projects_needed: Callable[[], object]) -> None:
        self._on_projects_needed = on_projects_needed
        self._endpoint: Endpoint | None = None
        self.projects = ProjectPicker()
        self.projects.layout.display = "none"
        first = [(_SCOPES[_ACTIVE], _ACTIVE)]
        self._where = ipywidgets.ToggleButtons(options=first, style={"button_width": "auto"})
        self._where.observe(self._scope_changed, "value")
        self.projects.observe(self._count_change, "value")
        self._ids: dict[str, NameField] = {}
        super().__init__(children=[self._where, self.projects])

    def offer(self, endpoint: Endpoint) -> None:
        """Offer the targets of another list."""
        self._endpoint = endpoint
        groups = [group for group in endpoint.needs if "project_id" in group]
        optional = not groups and any(argument.name == "project_id" for argument in endpoint.arguments)
        scopes = [_ACTIVE, _ALL, _CHOSEN] if groups else [_CHOSEN] if optional else []
        if not groups or any("company_id" in group for group in groups):
            scopes = [_COMPANY, *scopes]
        previous = self._where.value
        self._where.options = [(_SCOPES[scope], scope) for scope in scopes]
        self._where.value = previous if previous in scopes else scopes[0]
        fields, self._ids = self._ids, {}
        for group in endpoint.needs:
            if not _TARGETS & {*group} and not any(map(_DATE.search, group)):
                self._ids[" or ".join(group)] = self._id_field(endpoint, group)
        self.children = [self._where, self.projects, *self._ids.values()]
        for field in fields.values():
            dispose(field)
        self._scope_changed()

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

    @property
    def chosen_projects(self) -> tuple[int, ...]:
        """The ids of the projects that are chosen by name; none where all are meant."""
        return tuple(map(int, self.projects.value)) if self._where.value == _CHOSEN else ()

    def values(self) -> dict[str, Any]:
        """The targets, as arguments for `table`; an error names what is missing."""
        scope, project_ids = self._where.value, list(self.chosen_projects)
        targets: dict[str, Any] = {"projects": scope} if scope in (_ACTIVE, _ALL) else {}
        if scope == _CHOSEN:
            if not project_ids:
                advice = "Choose some, or take the whole portfolio."
                raise ArgumentError("No project is chosen.", advice=advice)
            targets = {"project_id": project_ids[0]} if len(project_ids) == 1 else {"projects": project_ids}
        for names, field in self._ids.items():
            value = field.chosen
            if field.name == VIEW_ID and (value is None or isinstance(value, str)):
                targets |= {} if value is None else {"budget_view": field.value.strip()}
            elif value is not None:
                targets[field.name] = value
            elif len(self._ids) == 1 and field.sources:
                targets = {"parent": ParentList(field.sources[0], targets)}
            else:
                needs = f"{self._endpoint.name if self._endpoint else 'This list'} needs {names}."
                raise ArgumentError(needs, advice=field.placeholder)
        return targets

    def _id_field(self, endpoint: Endpoint, group: tuple[str, ...]) -> NameField:
        sources = next((endpoint.parents[name] for name in group if name in endpoint.parents), ())
        hint = "one id, or several with commas"
        if VIEW_ID in group:
            hint = "empty: Procore's standard view; or the name of a view in all projects"
        elif sources:
            hint = f"empty: all rows of {sources[0]}; or choose one"
        names = " or ".join(group)
        labels = {"description": title(names), "tooltip": names, "placeholder": hint}
        field = NameField(group[0], sources[:1], style=_LABELS, layout=_BESIDE_FILTERS, **labels)
        field.observe(self._count_change, "value")
        return field

    def _scope_changed(self, _: object = None) -> None:
        choosing = self._where.value == _CHOSEN
        self.projects.layout.display = None if choosing else "none"
        if choosing:
            self._on_projects_needed()
        self._count_change()
