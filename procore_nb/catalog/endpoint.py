"""One list endpoint of Procore: its facts with everything that follows from them, and its line in a catalogue file.

In: a decoded line of the catalogue file, or a path. Out: `Endpoint` values. Speaks to no service.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from procore_nb.catalog import arguments as of_arguments
from procore_nb.catalog import caveats as of_caveats
from procore_nb.catalog import format, paths
from procore_nb.catalog.models import Argument, EndpointFacts, encode
from procore_nb.errors import CatalogError

RECORD_ID = "record_id"
"""The placeholder of one record's id in the path of a single record."""


@dataclass(frozen=True, slots=True, repr=False)
class Endpoint(EndpointFacts):
    """One list endpoint of Procore: where it is, what it needs, what it takes, what its rows hold."""

    @property
    def needs(self) -> tuple[tuple[str, ...], ...]:
        """What has to be given, as groups of alternatives in Python names; paging is not among them."""
        return of_arguments.needs(self)

    @property
    def arguments(self) -> tuple[Argument, ...]:
        """Everything a caller may give this endpoint, each with how it is sent."""
        return of_arguments.arguments(self)

    @property
    def caveats(self) -> tuple[str, ...]:
        """What is easily overlooked when asking this list, one sentence each."""
        return of_caveats.caveats(self)

    @property
    def path_of_record(self) -> str:
        """Address of one record of this list; cheap, unlike `record`, which reads all fields."""
        return self.record_path or f"{self.path}/{{{RECORD_ID}}}"

    @property
    def record(self) -> Endpoint:
        """One record of this list, as an endpoint that answers one object; `record_path` says whether it is by pattern."""
        path = self.path_of_record
        view = next((name for name in ("view", "serializer_view") if self.record_views), "")
        return Endpoint(
            name=self.name,
            path=path,
            version=paths.split(path)[0],
            scope=self.scope,
            path_params=tuple(re.findall(r"{(\w+)}", path)),
            required_query=self.record_query if self.record_path else self.required_query,
            view_param=view,
            views=self.record_views,
            envelope=".",
            id_type=self.id_type,
            module=self.module,
            tag=self.tag,
            kind="unknown" if self.kind == "unknown" else "single",
            field_text="\n".join(filter(None, (encode(self.fields), self.record_text))),
        )

    def values_in(self, path: str) -> dict[str, str]:
        """The ids written into a path of this endpoint: `{"project_id": "7"}`; none for placeholders."""
        found = paths.values_in(self.path, path)
        return {of_arguments.path_name(self, key): value for key, value in found.items()}

    def __repr__(self) -> str:
        return format.as_text(self)

    def _repr_html_(self) -> str:
        return format.as_html(self)


def unknown(path: str) -> Endpoint:
    """An endpoint for a path outside the catalogue: its placeholders are needed, nothing else is known."""
    version, parts = paths.split(path)
    if not version:
        raise CatalogError(
            f"No endpoint has the path {path!r}.",
            advice='Write a path outside the catalogue in full, as "/rest/v1.0/…", '
            "or look for it with find_endpoints().",
        )
    params = tuple(found.group(1) for part in parts if (found := paths.PLACEHOLDER.match(part)))
    whole = "/rest/" + "/".join((version, *parts))
    newer = version.startswith("v2")
    return Endpoint(
        name=whole,
        path=whole,
        version=version,
        scope="project" if "project_id" in params else "company" if "company_id" in params else "other",
        path_params=params,
        paging="page",
        # The general rule of version 2: 10 rows a page, 100 at most.
        per_page_default=10 if newer else None,
        per_page_max=100 if newer else None,
        kind="unknown",
    )


_DEFAULTS = {one.name: one.default for one in fields(Endpoint)}


def from_row(row: Mapping[str, Any]) -> Endpoint:
    """An endpoint from one decoded line of a catalogue file; absent keys have their defaults."""
    return Endpoint(**{key: _frozen(value) for key, value in row.items() if key in _DEFAULTS})


def to_row(endpoint: Endpoint) -> dict[str, Any]:
    """The line of a catalogue file for an endpoint, without what is at its default."""
    return {key: value for key, default in _DEFAULTS.items() if (value := getattr(endpoint, key)) != default}


def _frozen(value: Any) -> Any:
    return tuple(_frozen(one) for one in value) if isinstance(value, list) else value
