"""What a list is fetched for: its targets (portfolio, chosen projects, further ids), and a row of fields for each filter.

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
from procore_nb.widgets.assets import close_all
from procore_nb.widgets.id_names import NameField, name_sources, typed
from procore_nb.widgets.pickers import ProjectPicker

Shape = Literal["range", "after", "date", "choice", "boolean", "ids", "words", "text"]
_TARGETS = {"project_id", "company_id", "sort"}
_DATE = re.compile(r"(^|_)(date|day)$|^(date|start_date|end_date)$|_at$")
_WORDS = re.compile(r"(^|_)(search|query|text|name|title|subject|description)($|_)|(Name|Title)$")
_YES_OR_NO = re.compile(
    r"^(is|has|include|includes|show|with|only|active|deleted|private|overdue)(_|$)|_only$"
)
_LABELS = {"description_width": "150px"}
_BESIDE_FILTERS = {"width": "calc(100% - 44px)", "max_width": "574px"}  # a filter ends with a button


@dataclass(frozen=True)
class Kind:
    """An argument, and the field it deserves."""

    name: str
    label: str
    shape: Shape
    choices: tuple[str, ...] = ()
    many: bool = False
    sources: tuple[str, ...] = ()
    """Lists that name its ids: one of the projects, one of the whole company."""


def kinds(endpoint: Endpoint, catalogue: Catalogue) -> dict[str, Kind]:
    """The arguments of a list that a form offers, by name: filters and options, not its targets."""
    fields = {one.name: one for one in endpoint.fields}
    hidden = _TARGETS | {name for group in endpoint.needs for name in group if not _DATE.search(name)}
    offered = [one for one in endpoint.arguments if one.place != "path" and one.name not in hidden]
    found = {}
    for argument, label in zip(offered, titles([one.name for one in offered]), strict=True):
        name, field = argument.name, fields.get(argument.name)
        known = argument.choices or (field.enum if field else ())
        # "closed=3" is written "closed".
        choices = tuple(choice.partition("=")[0] for choice in known if not choice.startswith("<"))
        shape = _shape(argument, choices, field.type if field else "")
        sources = name_sources(endpoint, name, catalogue) if shape == "ids" else ()
        found[name] = Kind(name, label, shape, choices, argument.many, sources)
    return found


def _shape(argument: Argument, choices: tuple[str, ...], kind: str) -> Shape:
    if argument.form == "range" or argument.form == "after":
        return argument.form
    if choices:
        return "choice"
    if kind == "boolean" or _YES_OR_NO.search(argument.name):
        return "boolean"
    if _DATE.search(argument.name):
        return "date"
    if argument.name == "id" or argument.name.endswith(("_id", "_ids")):
        return "ids"
    return "words" if not argument.many and _WORDS.search(argument.name) else "text"


class FilterPanel(ipywidgets.VBox):  # type: ignore[misc]
    """Rows of filters; `changed` counts the changes, so that it can be observed."""

    changed = traitlets.Int(0)

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._kinds: dict[str, Kind] = {}
        self._rows: dict[str, _FilterRow] = {}
        self._add = ipywidgets.Dropdown(description="Add a filter", style=_LABELS, layout=_BESIDE_FILTERS)
        self._add.observe(lambda change: self.add(change["new"]) if change["new"] else None, "value")
        super().__init__(children=[self._add])

    def offer(self, endpoint: Endpoint) -> None:
        """Offer the filters of another list, at first the required ones, and the dates without which few rows come."""
        gone, self._rows = list(self._rows.values()), {}
        self._kinds = kinds(endpoint, self._catalogue)
        first = [name for group in endpoint.needs for name in group]
        first += ["start_date", "end_date"] if endpoint.date_default else []
        for name in first:
            if name in self._kinds and name not in self._rows:
                self._rows[name] = self._row(name)
        self._draw()
        for row in gone:
            close_all(row)

    def add(self, name: str, value: Any = None) -> None:
        """Add the row of a filter, with a value in the form that `values` gives back."""
        row = self._rows.get(name) or self._row(name)
        self._rows[name] = row
        if value is not None:
            row.set(value)
        self._draw()

    @property
    def inputs(self) -> list[ipywidgets.Widget]:
        """The fields of all filters, from top to bottom."""
        return [field for row in self._rows.values() for field in row.fields]

    def values(self) -> dict[str, Any]:
        """What is set, as arguments for `table`."""
        found = {name: row.value() for name, row in self._rows.items()}
        return {name: value for name, value in found.items() if value is not None}

    def _row(self, name: str) -> _FilterRow:
        return _FilterRow(self._kinds[name], self._count_change, lambda: self._remove(name))

    def _remove(self, name: str) -> None:
        row = self._rows.pop(name, None)
        self._draw()
        if row is not None:
            close_all(row)

    def _count_change(self, _: object = None) -> None:
        self.changed += 1

    def _draw(self) -> None:
        left = [(kind.label, name) for name, kind in self._kinds.items() if name not in self._rows]
        self._add.options = [(f"{len(left)} to choose from", ""), *left]
        self._add.value = ""
        self._add.layout.display = None if left else "none"
        self.children = [*self._rows.values(), self._add]
        self._count_change()


class _FilterRow(ipywidgets.HBox):  # type: ignore[misc]
    """One filter: its fields, and a button that removes it."""

    def __init__(self, kind: Kind, on_change: Callable[..., object], on_remove: Callable[[], object]) -> None:
        self._kind = kind
        self.fields = _fields(kind)
        for field in self.fields:
            field.observe(on_change, "value")
        tip, narrow = f"Remove the filter {kind.label}", {"width": "34px", "flex": "none"}
        remove = ipywidgets.Button(description="✕", tooltip=tip, layout=narrow)
        remove.on_click(lambda _: on_remove())
        super().__init__([ipywidgets.HBox(self.fields), remove])
        self.add_class("pnw-filter")

    def value(self) -> Any:
        """What is set; None for nothing."""
        first = self.fields[0].value
        match self._kind.shape:
            case "range":
                days = tuple(field.value and field.value.isoformat() for field in self.fields)
                return days if any(days) else None
            case "date" | "after":
                return first and first.isoformat()
            case "choice":
                return (list(first) if self._kind.many else first) or None
            case "boolean":
                return None if first == "" else first
            case "words":  # a comma may be part of a name
                return first.strip() or None
            case "ids":
                return self.fields[0].chosen
        return typed(first)

    def set(self, value: Any) -> None:
        """Set the fields to a value in the form of `value()`."""
        if self._kind.shape == "range":
            values = [day and date.fromisoformat(day) for day in value]
        elif self._kind.shape in ("date", "after"):
            values = [date.fromisoformat(value)]
        elif self._kind.shape in ("choice", "boolean"):
            values = [value]
        else:
            values = [", ".join(map(str, value if isinstance(value, list) else [value]))]
        for field, each in zip(self.fields, values, strict=True):
            field.value = each


def _fields(kind: Kind) -> list[ipywidgets.Widget]:
    named = {"description": kind.label, "tooltip": kind.name, "style": _LABELS}
    any_value = ("any", "")
    match kind.shape:
        case "range":
            last = ipywidgets.DatePicker(description="to", style={"description_width": "20px"})
            last.add_class("pnw-until")
            return [ipywidgets.DatePicker(**named), last]
        case "date":
            return [ipywidgets.DatePicker(**named)]
        case "after":
            return [ipywidgets.DatePicker(**(named | {"description": f"{kind.label} after"}))]
        case "choice" if kind.many:
            return [ipywidgets.SelectMultiple(options=kind.choices, rows=min(6, len(kind.choices)), **named)]
        case "choice":
            return [
                ipywidgets.Dropdown(options=[any_value, *((each, each) for each in kind.choices)], **named)
            ]
        case "boolean":
            return [ipywidgets.Dropdown(options=[any_value, ("yes", True), ("no", False)], **named)]
        case "ids":
            hint = "a name or id, or ids with commas"
            return [NameField(kind.name, kind.sources, placeholder=hint, **named)]
    hint = "words to look for" if kind.shape == "words" else "one value, or several with commas"
    return [ipywidgets.Text(placeholder=hint, **named)]


_COMPANY, _ACTIVE, _ALL, _CHOSEN = "company", "active", "all", "chosen"
_WHERE = {
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


class TargetPanel(ipywidgets.VBox):  # type: ignore[misc]
    """Which projects, and which further ids; `changed` counts the changes, `on_projects_needed` is called for a list."""

    changed = traitlets.Int(0)

    def __init__(self, on_projects_needed: Callable[[], object]) -> None:
        self._on_projects_needed = on_projects_needed
        self._endpoint: Endpoint | None = None
        self.projects = ProjectPicker()
        self.projects.layout.display = "none"
        self._where = ipywidgets.ToggleButtons(
            options=[(_WHERE[_ACTIVE], _ACTIVE)], style={"button_width": "auto"}
        )
        self._where.observe(self._where_changed, "value")
        self.projects.observe(self._count_change, "value")
        self._ids: dict[str, NameField] = {}
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
        self._where.options = [(_WHERE[each], each) for each in options]
        self._where.value = before if before in options else options[0]
        gone, self._ids = self._ids, {}
        for group in endpoint.needs:
            if not _TARGETS & {*group} and not any(map(_DATE.search, group)):
                self._ids[" or ".join(group)] = self._id_field(endpoint, group)
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
            ids = list(self.chosen_projects)
            if not ids:
                raise ArgumentError(
                    "No project is chosen.", advice="Choose some, or take the whole portfolio."
                )
            found = {"project_id": ids[0]} if len(ids) == 1 else {"projects": ids}
        elif where in (_ACTIVE, _ALL):
            found = {"projects": where}
        for names, field in self._ids.items():
            value = field.chosen
            if field.name == VIEW_ID and (value is None or isinstance(value, str)):
                found |= {} if value is None else {"budget_view": field.value.strip()}
            elif value is not None:
                found[field.name] = value
            elif len(self._ids) == 1 and field.sources:
                found = {"parent": ParentList(field.sources[0], found)}
            else:
                needs = f"{self._endpoint.name if self._endpoint else 'This list'} needs {names}."
                raise ArgumentError(needs, advice=field.placeholder)
        return found

    @property
    def chosen_projects(self) -> tuple[int, ...]:
        """The ids of the projects that are chosen by name; none where all are meant."""
        return tuple(int(one) for one in self.projects.value) if self._where.value == _CHOSEN else ()

    def _id_field(self, endpoint: Endpoint, group: tuple[str, ...]) -> NameField:
        sources = next((endpoint.parents[name] for name in group if name in endpoint.parents), ())
        hint = "one id, or several with commas"
        if VIEW_ID in group:
            hint = "empty: Procore's standard view; or the name of a view in all projects"
        elif sources:
            hint = f"empty: all rows of {sources[0]}; or choose one"
        names = " or ".join(group)
        looks = {"description": title(names), "tooltip": names, "placeholder": hint, "style": _LABELS}
        field = NameField(group[0], sources[:1], layout=_BESIDE_FILTERS, **looks)
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
