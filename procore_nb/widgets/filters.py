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


@dataclass(frozen=True)
class Kind:
    """An argument, and the field it deserves."""

    name: str
    shape: Shape
    choices: tuple[str, ...] = ()
    many: bool = False
    sources: tuple[str, ...] = ()
    """Lists that name its ids: one of the projects, one of the whole company."""


def kinds(endpoint: Endpoint, catalogue: Catalogue | None = None) -> dict[str, Kind]:
    """The arguments of a list that a form offers, by name: filters and options, not its targets."""
    fields = {one.name: one for one in endpoint.fields}
    needed = {name for group in endpoint.needs for name in group}
    found = {}
    for argument in endpoint.arguments:
        if argument.place == "path" or argument.name in _TARGETS or argument.name in needed - _dates(needed):
            continue
        field = fields.get(argument.name)
        known = argument.choices or (field.enum if field else ())
        # "closed=3" is written "closed".
        choices = tuple(choice.partition("=")[0] for choice in known if not choice.startswith("<"))
        shape = _shape(argument, choices, field.type if field else "")
        sources = name_sources(endpoint, argument.name, catalogue) if shape == "ids" and catalogue else ()
        found[argument.name] = Kind(argument.name, shape, choices, argument.many, sources)
    return found


def needed_ids(endpoint: Endpoint) -> list[str]:
    """Names of the ids a list needs beside company and project."""
    return [
        " or ".join(group)
        for group in endpoint.needs
        if not {"company_id", "project_id"}.intersection(group) and not _dates(set(group))
    ]


def first_kinds(endpoint: Endpoint) -> list[str]:
    """Arguments shown from the start: dates without which Procore returns only today or this week, and what is required."""
    offered = kinds(endpoint)
    dates = [name for name in ("start_date", "end_date") if name in offered and endpoint.date_default]
    needed = [name for group in endpoint.needs for name in group if name in offered]
    return list(dict.fromkeys([*needed, *dates]))


def _dates(names: set[str]) -> set[str]:
    return {name for name in names if _DATE.search(name)}


def _shape(argument: Argument, choices: tuple[str, ...], kind: str) -> Shape:
    if argument.form == "range":
        return "range"
    if argument.form == "after":
        return "after"
    if choices:
        return "choice"
    if kind == "boolean" or _YES_OR_NO.search(argument.name):
        return "boolean"
    if _DATE.search(argument.name):
        return "date"
    if argument.name == "id" or argument.name.endswith(("_id", "_ids")):
        return "ids"
    return "words" if not argument.many and _WORDS.search(argument.name) else "text"


LABELS = {"description_width": "150px"}
BESIDE_FILTERS = {"width": "calc(100% - 44px)", "max_width": "574px"}  # a filter ends with a button
_ANY = ("any", "")
_HINTS = {
    "ids": "a name or id, or ids with commas",
    "text": "one value, or several with commas",
    "words": "words to look for",
}


class FilterPanel(ipywidgets.VBox):  # type: ignore[misc]
    """Rows of filters; `changed` counts the changes, so that it can be observed."""

    changed = traitlets.Int(0)

    def __init__(self, catalogue: Catalogue | None = None) -> None:
        self._catalogue = catalogue
        self._kinds: dict[str, Kind] = {}
        self._rows: dict[str, _FilterRow] = {}
        self._add = ipywidgets.Dropdown(description="Add a filter", style=LABELS, layout=BESIDE_FILTERS)
        self._add.observe(self._added, "value")
        super().__init__(children=[self._add])

    def offer(self, endpoint: Endpoint) -> None:
        """Offer the filters of another list; rows of the last one go."""
        gone = list(self._rows.values())
        self._kinds, self._rows = kinds(endpoint, self._catalogue), {}
        for name in first_kinds(endpoint):
            self._rows[name] = self._row(self._kinds[name])
        self._draw()
        for row in gone:
            close_all(row.box)

    def add(self, name: str, value: Any = None) -> None:
        """Add the row of a filter, with a value in the form that `values` gives back."""
        row = self._rows.get(name) or self._row(self._kinds[name])
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

    def _row(self, kind: Kind) -> _FilterRow:
        return _FilterRow(kind, self._count_change, self._removed)

    def _added(self, change: dict[str, Any]) -> None:
        if change["new"]:
            self.add(change["new"])

    def _removed(self, name: str) -> None:
        row = self._rows.pop(name, None)
        self._draw()
        if row is not None:
            close_all(row.box)

    def _count_change(self, _: object = None) -> None:
        self.changed += 1

    def _draw(self) -> None:
        left = [name for name in self._kinds if name not in self._rows]
        options = [(f"{len(left)} to choose from", ""), *((name, name) for name in left)]
        self._add.options = options
        self._add.value = ""
        self._add.layout.display = None if left else "none"
        self.children = [*(row.box for row in self._rows.values()), self._add]
        self._count_change()


class _FilterRow:
    """One filter: its fields, and a button that removes it."""

    def __init__(self, kind: Kind, on_change: Any, on_remove: Any) -> None:
        self._kind = kind
        self.fields = _fields(kind)
        for field in self.fields:
            field.observe(on_change, "value")
        tip, narrow = f"Remove the filter {kind.name}", {"width": "34px", "flex": "none"}
        remove = ipywidgets.Button(description="✕", tooltip=tip, layout=narrow)
        remove.on_click(lambda _: on_remove(kind.name))
        self.box = ipywidgets.HBox([ipywidgets.HBox(self.fields), remove])
        self.box.add_class("pnw-filter")

    def value(self) -> Any:
        values = [field.value for field in self.fields]
        shape = self._kind.shape
        if shape == "range":
            first, last = (None if each is None else each.isoformat() for each in values)
            return None if first is None and last is None else (first, last)
        if shape in ("date", "after"):
            return None if values[0] is None else values[0].isoformat()
        if shape == "choice":
            chosen = list(values[0]) if self._kind.many else values[0]
            return chosen or None
        if shape == "boolean":
            return None if values[0] == "" else values[0]
        if shape == "words":  # a comma may be part of a name
            return values[0].strip() or None
        return self.fields[0].chosen if shape == "ids" else typed(values[0])

    def set(self, value: Any) -> None:
        shape = self._kind.shape
        if shape == "range":
            for field, each in zip(self.fields, value, strict=True):
                field.value = None if each is None else date.fromisoformat(each)
        elif shape in ("date", "after"):
            self.fields[0].value = date.fromisoformat(value)
        elif shape in ("choice", "boolean"):
            self.fields[0].value = value
        else:
            many = value if isinstance(value, list) else [value]
            self.fields[0].value = ", ".join(str(each) for each in many)


def _fields(kind: Kind) -> list[ipywidgets.Widget]:
    named = {"description": kind.name, "tooltip": kind.name, "style": LABELS}
    if kind.shape == "range":
        last = ipywidgets.DatePicker(description="to", style={"description_width": "20px"})
        last.add_class("pnw-until")
        return [ipywidgets.DatePicker(**named), last]
    if kind.shape in ("date", "after"):
        label = kind.name if kind.shape == "date" else f"{kind.name} after"
        return [ipywidgets.DatePicker(**(named | {"description": label}))]
    if kind.shape == "choice" and kind.many:
        return [ipywidgets.SelectMultiple(options=kind.choices, rows=min(6, len(kind.choices)), **named)]
    if kind.shape == "choice":
        return [ipywidgets.Dropdown(options=[_ANY, *((each, each) for each in kind.choices)], **named)]
    if kind.shape == "boolean":
        return [ipywidgets.Dropdown(options=[_ANY, ("yes", True), ("no", False)], **named)]
    named["placeholder"] = _HINTS[kind.shape]
    return [NameField(kind.sources, **named) if kind.shape == "ids" else ipywidgets.Text(**named)]


_COMPANY, _ACTIVE, _ALL, _CHOSEN = "company", "active", "all", "chosen"
_LABELS = {_COMPANY: "Whole company", _ACTIVE: "Active projects"}
_LABELS |= {_ALL: "Whole portfolio", _CHOSEN: "Chosen projects"}


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
            options=[(_LABELS[_ACTIVE], _ACTIVE)], style={"button_width": "auto"}
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
            value, name = field.chosen, names.split(" or ")[0]
            if value is None and len(self._ids) == 1 and field.sources and name != VIEW_ID:
                found = {"parent": ParentList(field.sources[0], found)}
            elif value is not None and not (name == VIEW_ID and isinstance(value, str)):
                found[name] = value
            elif value is not None:
                found["budget_view"] = field.value.strip()
            elif name != VIEW_ID:
                needs = f"{self._endpoint.name if self._endpoint else 'This list'} needs {names}."
                raise ArgumentError(needs, advice=field.placeholder)
        return found

    @property
    def chosen_projects(self) -> tuple[int, ...]:
        """The ids of the projects that are chosen by name; none where all are meant."""
        return tuple(int(one) for one in self.projects.value) if self._where.value == _CHOSEN else ()

    def _id_field(self, names: str) -> NameField:
        parents = self._endpoint.parents if self._endpoint else {}
        sources = next((parents[name] for name in names.split(" or ") if name in parents), ())
        hint = (
            f"empty: all rows of {sources[0]}; or choose one" if sources else "one id, or several with commas"
        )
        hint = (
            "empty: Procore's standard view; or the name of a view in all projects"
            if names == VIEW_ID
            else hint
        )
        field = NameField(
            sources[:1], description=names, placeholder=hint, style=LABELS, layout=BESIDE_FILTERS
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
