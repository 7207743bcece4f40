"""Which lists a sync is about, and with which arguments.

In: names, or a dict of name to arguments. Out: canonical names and plain arguments, checked. Speaks to no service.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from procore_nb import catalog
from procore_nb.errors import ArgumentError


def wanted_lists(tables: str | Iterable[str] | Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Canonical name of each list, and its arguments as they are kept."""
    if isinstance(tables, str):
        tables = [tables]
    pairs: Iterable[tuple[str, Mapping[str, Any]]] = (
        tables.items() if isinstance(tables, Mapping) else [(name, {}) for name in tables]
    )
    found = {_canonical(name): _plain(name, arguments) for name, arguments in pairs}
    if not found:
        raise ArgumentError(
            "No table is named.", advice='For example store.sync(procore, ["projects", "rfis"]).'
        )
    return found


def _plain(name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of a list as JSON keeps them, so that the next sync can tell whether they are the same."""
    try:
        return dict(orjson.loads(orjson.dumps(dict(arguments))))
    except (TypeError, ValueError) as error:
        raise ArgumentError(
            f"The arguments of {name} cannot be kept: {error}.",
            advice="Use text, numbers, dates, and lists of them.",
        ) from error


def _canonical(name: str) -> str:
    return catalog.endpoint(name).name
