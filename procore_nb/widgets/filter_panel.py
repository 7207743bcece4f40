"""The filters that a list really has, one row for each that is added.

In: an endpoint. Out: `values()`, the arguments for `table`. Sends nothing.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import ipywidgets
import traitlets

from procore_nb.catalog import Endpoint
from procore_nb.widgets.dispose import close_all
from procore_nb.widgets.filter_kinds import Kind, first_kinds, kinds, typed

LABELS = {"description_width": "150px"}
BESIDE_FILTERS = {"width": "calc(100% - 44px)", "max_width": "574px"}  # a filter ends with a button
_ANY = ("any", "")
_HINTS = {
    "ids": "one id, or several with commas",
    "text": "one value, or several with commas",
    "words": "words to look for",
}


class FilterPanel(ipywidgets.VBox):  # type: ignore[misc]
    """Rows of filters; `changed` counts the changes, so that it can be observed."""

    changed = traitlets.Int(0)

    def __init__(self) -> None:
        self._kinds: dict[str, Kind] = {}
        self._rows: dict[str, _Row] = {}
        self._add = ipywidgets.Dropdown(description="Add a filter", style=LABELS, layout=BESIDE_FILTERS)
        self._add.observe(self._added, "value")
        super().__init__(children=[self._add])

    def offer(self, endpoint: Endpoint) -> None:
        """Offer the filters of another list; rows of the last one go."""
        gone = list(self._rows.values())
        self._kinds, self._rows = kinds(endpoint), {}
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

    def values(self) -> dict[str, Any]:
        """What is set, as arguments for `table`."""
        found = {name: row.value() for name, row in self._rows.items()}
        return {name: value for name, value in found.items() if value is not None}

    def _row(self, kind: Kind) -> _Row:
        return _Row(kind, self._noted, self._removed)

    def _added(self, change: dict[str, Any]) -> None:
        if change["new"]:
            self.add(change["new"])

    def _removed(self, name: str) -> None:
        row = self._rows.pop(name, None)
        self._draw()
        if row is not None:
            close_all(row.box)

    def _noted(self, _: object = None) -> None:
        self.changed += 1

    def _draw(self) -> None:
        left = [name for name in self._kinds if name not in self._rows]
        options = [(f"{len(left)} to choose from", ""), *((name, name) for name in left)]
        self._add.options = options
        self._add.value = ""
        self._add.layout.display = None if left else "none"
        self.children = [*(row.box for row in self._rows.values()), self._add]
        self._noted()


class _Row:
    """One filter: its fields, and a button that removes it."""

    def __init__(self, kind: Kind, noted: Any, removed: Any) -> None:
        self._kind = kind
        self._fields = _fields(kind)
        for field in self._fields:
            field.observe(noted, "value")
        remove = ipywidgets.Button(
            description="✕",
            tooltip=f"Remove the filter {kind.name}",
            layout={"width": "34px", "flex": "none"},
        )
        remove.on_click(lambda _: removed(kind.name))
        self.box = ipywidgets.HBox([ipywidgets.HBox(self._fields), remove])
        self.box.add_class("pnw-filter")

    def value(self) -> Any:
        values = [field.value for field in self._fields]
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
        return typed(values[0], ids=shape == "ids")

    def set(self, value: Any) -> None:
        shape = self._kind.shape
        if shape == "range":
            for field, each in zip(self._fields, value, strict=True):
                field.value = None if each is None else date.fromisoformat(each)
        elif shape in ("date", "after"):
            self._fields[0].value = date.fromisoformat(value)
        elif shape in ("choice", "boolean"):
            self._fields[0].value = value
        else:
            many = value if isinstance(value, list) else [value]
            self._fields[0].value = ", ".join(str(each) for each in many)


def _fields(kind: Kind) -> list[ipywidgets.Widget]:
    named = {"description": kind.name, "tooltip": kind.name, "style": LABELS}
    if kind.shape == "range":
        last = ipywidgets.DatePicker(description="to", style={"description_width": "20px"})
        last.add_class("pnw-until")
        return [ipywidgets.DatePicker(**named), last]
    if kind.shape in ("date", "after"):
        said = kind.name if kind.shape == "date" else f"{kind.name} after"
        return [ipywidgets.DatePicker(**(named | {"description": said}))]
    if kind.shape == "choice" and kind.many:
        return [ipywidgets.SelectMultiple(options=kind.choices, rows=min(6, len(kind.choices)), **named)]
    if kind.shape == "choice":
        return [ipywidgets.Dropdown(options=[_ANY, *((each, each) for each in kind.choices)], **named)]
    if kind.shape == "boolean":
        return [ipywidgets.Dropdown(options=[_ANY, ("yes", True), ("no", False)], **named)]
    return [ipywidgets.Text(placeholder=_HINTS[kind.shape], **named)]
