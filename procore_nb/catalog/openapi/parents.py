"""Which list the further ids of an endpoint come from: rfi_id from rfis, contract_id from the contracts.

In: an endpoint and its neighbours. Out: names of endpoints for each id. Speaks to no service.
The path says most of it: the id in `…/rfis/{rfi_id}/replies` comes from `…/rfis`. The rest is known by name, in `data/parents.json`.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import replace
from functools import cache
from importlib import resources

import orjson

from procore_nb.catalog.arguments import path_name
from procore_nb.catalog.endpoint import Endpoint

_GIVEN = frozenset({"company_id", "project_id"})


@cache
def _known() -> dict[str, dict[str, list[str]]]:
    """Where the path does not say it: lists by the id's name, and by list and id, as RFQs are about commitments only."""
    file = resources.files("procore_nb.catalog") / "data" / "parents.json"
    found: dict[str, dict[str, list[str]]] = orjson.loads(file.read_bytes())
    return found


def linked(endpoints: Iterable[Endpoint]) -> tuple[Endpoint, ...]:
    """The endpoints, each with the lists its further ids come from; what is known already stays."""
    whole = tuple(endpoints)
    by_path: dict[str, list[Endpoint]] = {}
    for one in whole:
        by_path.setdefault(bare(one.path), []).append(one)
    known = {one.name for one in whole}
    return tuple(
        one if one.parent_pairs else replace(one, parent_pairs=_pairs(one, by_path, known)) for one in whole
    )


def _pairs(
    endpoint: Endpoint, by_path: Mapping[str, list[Endpoint]], known: Container[str]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """For each further id an endpoint needs, the lists whose rows hold such ids, where that is known."""
    pairs = []
    keys = {path_name(endpoint, key): key for key in endpoint.path_params}
    for name in (name for group in endpoint.needs for name in group if name not in _GIVEN):
        sources = (
            _known()["by_list"].get(f"{endpoint.name}.{name}")
            or _before(endpoint.path, keys.get(name, name), by_path)
            or _known()["by_name"].get(name)
            or ()
        )
        if there := tuple(source for source in sources if source in known):
            pairs.append((name, there))
    return tuple(pairs)


def _before(path: str, name: str, by_path: Mapping[str, list[Endpoint]]) -> tuple[str, ...]:
    """The list at the path that ends where this id begins; its plain name when there are versions."""
    head, found, _ = path.partition("/{" + name + "}")
    fitting = [one for one in by_path.get(bare(head), ()) if not one.going_away] if found else []
    return (min(fitting, key=lambda one: len(one.name)).name,) if fitting else ()


def bare(path: str) -> str:
    """A path without its version and without the names of its placeholders."""
    return re.sub(r"\{\w+\}", "{}", re.sub(r"^/rest/v\d+\.\d+", "", path))
