"""Choose a company, projects, a list of Procore, or an id by its name.

In: a connection, a frame, or the catalogue. Out: `.value`, for `connect` and `table`. The rows of a picker travel once, as a
message, and are filtered in the browser; they are never widget state.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets
import pandas as pd
import traitlets

from procore_nb import catalog
from procore_nb.call_errors import explain_calls
from procore_nb.catalog import Catalogue, Endpoint, search
from procore_nb.catalog.catalogue import OFTEN_USED
from procore_nb.client import Procore
from procore_nb.client.budget import VIEW_ID
from procore_nb.errors import ArgumentError, ProcoreError
from procore_nb.near_match import stem
from procore_nb.progress import Progress
from procore_nb.scalars import is_missing
from procore_nb.static_view import StaticView
from procore_nb.widgets.components import MessageWidget, replace_surrogates, script, style

_NONE = pd.DataFrame({"id": pd.array([], dtype="Int64"), "name": pd.array([], dtype="string")})


class Picker(MessageWidget, ipywidgets.ValueWidget):  # type: ignore[misc]
    """What the pickers share; each keeps its own `value`, so that `interact` and `link` take them as any other field."""

    _esm = script("picker.js")
    _css = style("table.css", "picker.css")

    def __init__(
        self, *, several: bool, placeholder: str, noun: str, search: Callable[[str], list[str]] | None = None
    ) -> None:
        super().__init__()
        self._search = search  # keys for words, best first; None where the browser searches by itself
        self._settings = {
            "several": several,
            "placeholder": placeholder,
            "noun": noun,
            "ranked": bool(search),
        }
        self._rows: list[list[str]] = []
        self._empty_text = ""
        self.on_msg(self._receive)

    def _offer(self, rows: Sequence[Sequence[str]]) -> None:
        """Offer rows of key, group, text that is only searched, and texts that are shown."""
        self._rows = [list(row) for row in rows]
        self.explain("The list is empty.")

    def explain(self, text: str) -> None:
        """Show why there is nothing to choose from yet."""
        self._empty_text = text
        self._send_rows()

    def _choose(self, keys: list[str]) -> None:
        """Set `value` to what was chosen in the browser."""
        raise NotImplementedError

    @property
    def _keys(self) -> list[str]:
        chosen = self.value if isinstance(self.value, tuple) else (self.value,)
        return [str(item) for item in chosen if item != ""]

    @traitlets.observe("value")
    def _value_changed(self, _: Any) -> None:
        self.send({"kind": "chosen", "chosen": self._keys})

    def _receive(self, _: object, content: dict[str, Any], buffers: object) -> None:
        match content.get("kind"):
            case "ready":
                self._send_rows(content.get("from"))
            case "choose":
                known = {row[0] for row in self._rows}
                self._choose([key for key in content.get("keys", []) if key in known])
            case "search" if self._search:
                words = str(content.get("words", ""))
                self.send({"kind": "found", "words": words, "keys": self._search(words)})

    def _send_rows(self, to: object = None) -> None:
        message = {"kind": "rows", "to": to, "rows": self._rows, "chosen": self._keys}
        self.send(message | self._settings | {"empty": self._empty_text})


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
    def __init__(self, source: Procore | pd.DataFrame | None = None, **traits: Any) -> None:
        style = {"description_width": "110px"}
        super().__init__(**({"description": "Company", "style": style, "layout": {"width": "auto"}} | traits))
        self._frame = _NONE
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
            (replace_surrogates(f"{'no name' if pd.isna(name) else name} ({company_id})"), int(company_id))
            for name, company_id in zip(rows["name"], rows["id"], strict=True)
        ]
        if chosen not in {company_id for _, company_id in options}:
            options.insert(0, ("choose one …" if chosen is None else f"({chosen})", chosen))
        self.options = options
        self.value = chosen

    def __repr__(self) -> str:
        return f"CompanyPicker({len(self._frame)} companies, value={self.value})"


# The columns that are shown, and what other lists of projects call them.
_CELLS = {"name": "display_name", "project_number": "number", "city": "city", "project_stage.name": "stage"}


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
        self._projects = _NONE
        if source is not None:
            self.offer(source.projects(status="All") if isinstance(source, Procore) else source)

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
            advice = "procore.projects() gives one."
            raise ArgumentError("A frame of projects needs an id column.", advice=advice)
        self._projects = projects[projects["id"].notna()]
        # Keys travel as text: an id past 2**53 is no number of JavaScript.
        keys = self._projects["id"].astype("string").tolist()
        columns = []
        for names in _CELLS.items():
            name = next((name for name in names if name in self._projects.columns), None)
            values = [None] * len(keys) if name is None else self._projects[name].tolist()
            columns.append(["" if is_missing(value) else str(value) for value in values])
        self._offer([[key, "", key, *cells] for key, *cells in zip(keys, *columns, strict=True)])
        self.value = tuple(project_id for project_id in self.value if str(project_id) in set(keys))

    def __repr__(self) -> str:
        return f"ProjectPicker({len(self._projects):,} projects, {len(self.value):,} chosen)"

    @traitlets.validate("value")
    def _checked(self, proposal: Any) -> tuple[int, ...]:
        chosen = {int(project_id) for project_id in proposal["value"]}
        offered = [int(project_id) for project_id in self._projects["id"]]
        unknown = chosen - set(offered)
        if unknown:
            raise ArgumentError(f"Project {min(unknown)} is not in this list.")
        return tuple(project_id for project_id in offered if project_id in chosen)

    def _choose(self, keys: list[str]) -> None:
        self.value = tuple(map(int, keys))


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
        placeholder = "what to look at: rfis, punch, budget …"
        super().__init__(several=False, placeholder=placeholder, noun="lists", search=self._ranked)
        self._catalogue = catalog.load() if catalogue is None else catalogue
        endpoints = self._catalogue.endpoints
        by_name = {name: endpoint for endpoint in endpoints for name in (*endpoint.aliases, endpoint.name)}
        often = dict.fromkeys(by_name[name].name for name in OFTEN_USED if name in by_name)
        others = [endpoint for endpoint in endpoints if endpoint.name not in often]
        others.sort(key=lambda e: (e.going_away, e.category, e.module, e.kind != "data", e.name))
        self._offer(
            [_endpoint_row(by_name[name], "Often used") for name in often]
            + [_endpoint_row(endpoint) for endpoint in others]
        )

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

    def _choose(self, keys: list[str]) -> None:
        self.value = keys[0] if keys else ""

    def _ranked(self, words: str) -> list[str]:
        return [endpoint.name for endpoint in search.ranked(self._catalogue.endpoints, words)[0]]


def _endpoint_row(endpoint: Endpoint, group: str = "") -> list[str]:
    """Key, group, searched text, name, and what the list needs beside the company."""
    if not group:
        group = " › ".join(dict.fromkeys(filter(None, (endpoint.category, endpoint.module)))) or "Other"
        group = "Will be removed by Procore" if endpoint.going_away else group
    searched = (*endpoint.aliases, endpoint.path, endpoint.category, endpoint.module, endpoint.tag)
    targets = {"company_id", "project_id"}
    scope = "each project" if any("project_id" in group for group in endpoint.needs) else "whole company"
    if any(targets.issubset(group) for group in endpoint.needs):
        scope = "whole company or one project"
    needs = ", ".join(" or ".join(names) for names in endpoint.needs if targets.isdisjoint(names))
    scope += f", needs {needs}" if needs else ""
    return [endpoint.name, group, " ".join(searched), endpoint.name, scope]


_MOST_NAMES = 2000
_USERS = ("project_users", "users")
# Lists that name ids where a list has no filter options of its own: those of a project, those of the company.
_NAMED_BY = {
    "vendor|contractor|company": ("project_vendors", "vendors"),
    "location": ("locations",),
    "trade": ("trades",),
    "cost_code": ("cost_codes",),
    "spec.*section": ("specification_sections",),
    "assign|manager|approver|_by|received|ball_in|login|user|inspector|contact|reviewer": _USERS,
}


def name_sources(endpoint: Endpoint, argument: str, catalogue: Catalogue) -> tuple[str, ...]:
    """Lists whose rows name the ids of a filter: Procore's filter options of the list, then people, vendors and the like."""
    prefix, root = f"{endpoint.name.removesuffix('s')}_filter_options_", _root(argument)
    options = [
        known.name
        for known in catalogue.endpoints
        if known.name.startswith(prefix) and _root(known.name.removeprefix(prefix)) == root
    ]
    general = next((names for pattern, names in _NAMED_BY.items() if re.search(pattern, argument)), ())
    return (*options[:1], *general)


def _root(name: str) -> str:
    return stem(re.sub(r"_ids?$", "", name))


class NameField(ipywidgets.Combobox):  # type: ignore[misc]
    """A field for the ids of one argument that offers names; `chosen` is the id or ids, None for none."""

    def __init__(self, name: str, sources: tuple[str, ...], **traits: Any) -> None:
        super().__init__(**traits)
        self.name, self.sources = name, sources
        self.names_of: object = None  # the projects whose names are offered
        self.names: dict[str, int | str] = {}

    @property
    def chosen(self) -> Any:
        """The id of the name, or the ids that were typed."""
        text = self.value.strip()
        matches = [key for name, key in self.names.items() if text.casefold() == _without_id(name).casefold()]
        if text in self.names or len(matches) == 1:
            return self.names.get(text, *matches)
        earlier = re.fullmatch(r".* \((\w+)\)", text)  # chosen from names that are not offered any more
        return parse_values(earlier[1] if earlier else text, ids=True)


def _without_id(name: str) -> str:
    return name.rpartition(" (")[0]


def parse_values(text: str, *, ids: bool = False) -> Any:
    """A typed text as a value: several where commas divide it, whole numbers where ids are meant, None for nothing."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    values = [int(part) if ids and part.isascii() and part.isdigit() else part for part in parts]
    return None if not values else values[0] if len(values) == 1 else values


class NameLookup:
    """Names for ids, fetched once for each list and choice of projects; where none can be fetched, ids are typed."""

    def __init__(self, procore: Procore) -> None:
        self._procore = procore
        self._names: dict[tuple[str, tuple[int, ...]], dict[str, int | str]] = {}

    def offer(self, field: NameField, projects: tuple[int, ...]) -> None:
        """Offer in a field the names of these projects; without projects, those of the company."""
        fetched = (self._fetch(source, projects) for source in field.sources)
        names: dict[str, Any] = next(filter(None, fetched), {})
        if field.name == VIEW_ID:  # a view is meant by its name, in all projects
            names = {name: name for name in map(_without_id, names)}
        field.names, field.names_of = names, projects
        field.options = tuple(names)

    def _fetch(self, source: str, projects: tuple[int, ...]) -> dict[str, int | str]:
        of_projects = any("project_id" in group for group in self._procore.catalogue.endpoint(source).needs)
        projects = projects if of_projects else ()
        if (source, projects) not in self._names:
            targets: dict[str, Any] = {"projects": list(projects)} if of_projects else {}
            try:
                rows = self._procore.table(source, progress=_silent, max_rows=_MOST_NAMES, **targets)
            except ProcoreError:
                rows = _NONE
            self._names[source, projects] = names_in(rows)
        return self._names[source, projects]


def names_in(frame: pd.DataFrame) -> dict[str, int | str]:
    """What people choose from in place of ids: `Name (id)`, in the order of names."""
    labels = ("name", "subject", "title", "value", "label", "number")
    names = (("id", "key", "filter_value"), labels)
    key, label = (next((name for name in group if name in frame.columns), None) for group in names)
    if key is None or label is None:
        return {}
    rows = frame[[key, label]].dropna().drop_duplicates().astype("string")
    return {
        replace_surrogates(f"{name} ({value})"): int(value) if value.isdigit() else value
        for value, name in rows.sort_values(label, kind="stable").itertuples(index=False)
    }


def _silent(name: str, targets: int) -> Progress:  # neither lines nor warnings: a form has no place for them
    return Progress(name, targets=targets, show=False)
