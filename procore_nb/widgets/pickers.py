"""Choose a company, projects, or a list of Procore by typing.

In: a connection, a frame, or the catalogue. Out: `.value`, for `connect` and `table`. The rows travel once, as a message,
and are filtered in the browser; they are never widget state.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ipywidgets
import pandas as pd
import traitlets

from procore_nb import catalog
from procore_nb.call_errors import explain_calls
from procore_nb.catalog import Catalogue, Endpoint, search
from procore_nb.catalog.everyday import OFTEN
from procore_nb.client import Procore
from procore_nb.errors import ArgumentError
from procore_nb.scalars import is_missing
from procore_nb.static_view import StaticView
from procore_nb.widgets.assets import MessageWidget, script, sendable, style


class Picker(MessageWidget, ipywidgets.ValueWidget):  # type: ignore[misc]
    """What the pickers share; each keeps its own `value`, so that `interact` and `link` take them as any other field."""

    _esm = script("picker.js")
    _css = style("table.css", "picker.css")

    def __init__(self, *, several: bool, placeholder: str, noun: str, ranked: bool = False) -> None:
        super().__init__()
        self._looks = {"several": several, "placeholder": placeholder, "noun": noun, "ranked": ranked}
        self._rows: list[list[str]] = []
        self._keys: list[str] = []
        self._empty = "The list is empty."
        self.on_msg(self._receive)

    def _offer(self, rows: Sequence[Sequence[str]]) -> None:
        """Offer rows of key, group, text that is only searched, and texts that are shown."""
        self._rows, self._empty = [list(row) for row in rows], "The list is empty."
        self._send_rows()

    def explain(self, words: str) -> None:
        """Show why there is nothing to choose from yet."""
        self._empty = words
        self._send_rows()

    def _receive_chosen(self, keys: list[str]) -> None:
        """Take what the browser chose."""
        raise NotImplementedError

    def _send_chosen(self, keys: Sequence[str]) -> None:
        """Send what is chosen now to the browser."""
        self._keys = list(keys)
        self.send({"kind": "chosen", "chosen": self._keys})

    def _receive(self, _: object, content: dict[str, Any], buffers: object) -> None:
        if content.get("kind") == "ready":
            self._send_rows(content.get("from"))
        elif content.get("kind") == "choose":
            known = {row[0] for row in self._rows}
            self._receive_chosen([key for key in content.get("keys", []) if key in known])
        elif content.get("kind") == "search":
            words = str(content.get("words", ""))
            self.send({"kind": "found", "words": words, "keys": self._search(words)})

    def _search(self, words: str) -> list[str]:
        """Return the keys of the rows for words, best first, where the browser does not search by itself (`ranked`)."""
        raise NotImplementedError

    def _send_rows(self, to: object = None) -> None:
        rows = {"kind": "rows", "to": to, "rows": self._rows, "chosen": self._keys}
        self.send(rows | self._looks | {"empty": self._empty})


class CompanyPicker(StaticView, ipywidgets.Dropdown):  # type: ignore[misc]
    """Choose a company by name; `value` is its id (None before), and may be observed.

    Parameters
    ----------
    source
        A connection, whose companies are fetched, or a frame with `id` and `name`.

    Examples
    --------
    >>> CompanyPicker(pnb.connect("demo")).value
    24816
    """

    @explain_calls()
    def __init__(self, source: Procore | pd.DataFrame | None = None, **values: Any) -> None:
        style = {"description_width": "110px"}
        super().__init__(**({"description": "Company", "style": style, "layout": {"width": "auto"}} | values))
        self._frame = pd.DataFrame({"id": pd.array([], dtype="Int64"), "name": pd.array([], dtype="string")})
        if isinstance(source, Procore):
            self.offer(source.companies(), source.company_id)
        elif source is not None:
            self.offer(source)

    @property
    def frame(self) -> pd.DataFrame:
        """The row of the chosen company; no row when none is chosen."""
        return self._frame[self._frame["id"].isin([self.value]).fillna(False)]

    def offer(self, companies: pd.DataFrame, chosen: int | None = None) -> None:
        """Offer these companies, by name, and choose one."""
        self._frame = companies
        rows = companies[["name", "id"]].dropna(subset=["id"]).sort_values("name", kind="stable")
        options: list[tuple[str, int | None]] = [
            (sendable(f"{'no name' if pd.isna(name) else name} ({number})"), int(number))
            for name, number in zip(rows["name"], rows["id"], strict=True)
        ]
        known = {number for _, number in options}
        if chosen not in known:
            options.insert(0, ("choose one …" if chosen is None else f"({chosen})", chosen))
        self.options = options
        self.value = chosen

    def __repr__(self) -> str:
        return f"CompanyPicker({len(self._frame)} companies, value={self.value})"


_SHOWN = (("name", "display_name"), ("project_number", "number"), ("city",), ("project_stage.name", "stage"))


class ProjectPicker(Picker):
    """Find projects by typing and choose some; `value` is a tuple of their ids and may be observed.

    Parameters
    ----------
    source
        A connection, whose projects of all stages are fetched, or a frame with `id` and `name`.

    Attributes
    ----------
    value
        Ids in the order of the list; may be set.
    frame
        The rows of the chosen projects.

    Examples
    --------
    >>> picker = ProjectPicker(pnb.connect("demo"))
    >>> picker.value = (1204310,)
    >>> len(picker.frame)
    1
    """

    value = traitlets.Tuple()

    @explain_calls()
    def __init__(self, source: Procore | pd.DataFrame | None = None) -> None:
        super().__init__(several=True, placeholder="project name, number, city or stage", noun="projects")
        self._projects = pd.DataFrame({"id": pd.array([], dtype="Int64")})
        if isinstance(source, Procore):
            self.offer(source.projects(status="All"))
        elif source is not None:
            self.offer(source)

    @property
    def frame(self) -> pd.DataFrame:
        """The rows of the chosen projects."""
        return self._projects[self._projects["id"].isin(list(self.value)).fillna(False)]

    @property
    def offered(self) -> bool:
        """Whether there is a list to choose from yet."""
        return bool(self._rows)

    def offer(self, projects: pd.DataFrame) -> None:
        """Offer these projects; what was chosen before and is still among them stays chosen."""
        if "id" not in projects.columns:
            raise ArgumentError(
                "A frame of projects needs an id column.", advice="procore.projects() gives one."
            )
        self._projects = projects[projects["id"].notna()]
        keys = self._projects["id"].astype("string").tolist()
        texts = []
        for names in _SHOWN:
            column = next((self._projects[name] for name in names if name in self._projects.columns), None)
            cells = [None] * len(keys) if column is None else column.tolist()
            texts.append(["" if is_missing(value) else str(value) for value in cells])
        self._offer([[key, "", key, *cells] for key, *cells in zip(keys, *texts, strict=True)])
        self.value = tuple(number for number in self.value if str(number) in set(keys))

    def __repr__(self) -> str:
        return f"ProjectPicker({len(self._projects):,} projects, {len(self.value):,} chosen)"

    @traitlets.validate("value")
    def _checked(self, proposal: Any) -> tuple[int, ...]:
        chosen = {int(number) for number in proposal["value"]}
        known = [int(number) for number in self._projects["id"]]
        unknown = chosen - set(known)
        if unknown:
            raise ArgumentError(f"Project {min(unknown)} is not in this list.")
        return tuple(number for number in known if number in chosen)

    @traitlets.observe("value")
    def _value_changed(self, change: Any) -> None:
        self._send_chosen([str(number) for number in change["new"]])

    def _receive_chosen(self, keys: list[str]) -> None:
        self.value = tuple(int(key) for key in keys)


_TARGET_IDS = {"company_id", "project_id"}


class EndpointPicker(Picker):
    """Find a list of Procore by words and choose it; `value` is its name (empty before) and may be observed.

    Parameters
    ----------
    catalogue
        Which lists there are; None takes the catalogue that comes with this package.

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

    @explain_calls()
    def __init__(self, catalogue: Catalogue | None = None) -> None:
        words = "what to look at: rfis, punch, budget …"
        super().__init__(several=False, placeholder=words, noun="lists", ranked=True)
        self._catalogue = catalog.load() if catalogue is None else catalogue
        lists = self._catalogue.endpoints
        by_name = {name: one for one in lists for name in (*one.aliases, one.name)}
        often = {by_name[name].name: by_name[name] for name in OFTEN if name in by_name}
        others = [one for one in lists if one.name not in often]
        others.sort(key=lambda one: (one.going_away, one.category, one.module, one.kind != "data", one.name))
        rows = [(one, "Often used") for one in often.values()] + [(one, _tool_of(one)) for one in others]
        self._offer([_endpoint_row(one, group) for one, group in rows])

    @property
    def endpoint(self) -> Endpoint | None:
        """What is known of the chosen list."""
        return self._catalogue.endpoint(self.value) if self.value else None

    def __repr__(self) -> str:
        return f"EndpointPicker(value={self.value!r})"

    @traitlets.validate("value")
    def _checked(self, proposal: Any) -> str:
        name = proposal["value"]
        return self._catalogue.endpoint(name).name if name else ""

    @traitlets.observe("value")
    def _value_changed(self, change: Any) -> None:
        self._send_chosen([change["new"]] if change["new"] else [])

    def _receive_chosen(self, keys: list[str]) -> None:
        self.value = keys[0] if keys else ""

    def _search(self, words: str) -> list[str]:
        return [one.name for one in search.ranked(self._catalogue.endpoints, words)[0]]


def needs_words(endpoint: Endpoint) -> str:
    """What a list needs beside the company, in a few words."""
    more = [" or ".join(group) for group in endpoint.needs if not _TARGET_IDS.intersection(group)]
    scope = "each project" if any("project_id" in group for group in endpoint.needs) else "whole company"
    if any(set(group) >= _TARGET_IDS for group in endpoint.needs):
        scope = "whole company or one project"
    return scope + (f", needs {', '.join(more)}" if more else "")


def _endpoint_row(one: Endpoint, group: str) -> list[str]:
    searched = " ".join((*one.aliases, one.path, one.category, one.module, one.tag))
    return [one.name, group, searched, one.name, needs_words(one)]


def _tool_of(one: Endpoint) -> str:
    if one.going_away:
        return "Will be removed by Procore"
    return " › ".join(dict.fromkeys(part for part in (one.category, one.module) if part)) or "Other"
