"""Paths of Procore's API: which endpoint a path belongs to, and the ids written into it.

In: paths, with placeholders or with ids. Out: names and values. Speaks to no service.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from procore_nb.catalog.models import Endpoint
from procore_nb.errors import CatalogError

PLACEHOLDER = re.compile(r"^\{(\w+)\}$")
_PREFIX = re.compile(r"^(?:rest/)?(v\d+\.\d+)/(.+)$")
_UNSAFE = re.compile(r"[\s\\?#@%:]|//|(^|/)\.\.?(/|$)")


def split(path: str) -> tuple[str, tuple[str, ...]]:
    """A path as its version (empty when it names none) and its parts after that.

    Raises
    ------
    CatalogError
        When the text is not a plain path: a whole URL, a query, an escape, a step upwards.
    """
    if "://" in path:
        raise CatalogError(
            f"{path!r} is a whole URL.",
            advice="Give the path alone, from /rest/ on; the host comes from the environment.",
        )
    if _UNSAFE.search(path):
        raise CatalogError(
            f"{path!r} is not a plain path.",
            advice="Give the path alone, from /rest/ on; query parameters are given as arguments.",
        )
    bare = path.strip("/")
    prefixed = _PREFIX.match(bare)
    if prefixed is None:
        return "", tuple(bare.split("/"))
    return prefixed.group(1), tuple(prefixed.group(2).split("/"))


class PathIndex:
    """All paths of a catalogue, sorted by their number of parts.

    Parameters
    ----------
    endpoints
        The endpoints to be found by their paths.
    """

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        self._by_length: dict[int, list[tuple[tuple[str, ...], str, Endpoint]]] = {}
        for one in endpoints:
            version, parts = split(one.path)
            self._by_length.setdefault(len(parts), []).append((parts, version, one))

    def find(self, path: str) -> Endpoint | None:
        """The endpoint a path belongs to; without a version in the path, the one with the plain name."""
        version, parts = split(path)
        fitting = [
            (sum(part.startswith("{") for part in own), len(one.name), one.name, one)
            for own, own_version, one in self._by_length.get(len(parts), ())
            if version in ("", own_version) and _values(own, parts) is not None
        ]
        return min(fitting, key=lambda item: item[:3])[3] if fitting else None


def values_in(template: str, path: str) -> dict[str, str]:
    """The values a path has where its template has placeholders; placeholders left open are left out."""
    found = _values(split(template)[1], split(path)[1])
    return {name: value for name, value in (found or {}).items() if not PLACEHOLDER.match(value)}


def unknown(path: str) -> Endpoint:
    """An endpoint for a path outside the catalogue: its placeholders are needed, nothing else is known."""
    version, parts = split(path)
    if not version:
        raise CatalogError(
            f"No endpoint has the path {path!r}.",
            advice='Write a path outside the catalogue in full, as "/rest/v1.0/…", '
            "or look for it with find_endpoints().",
        )
    params = tuple(match.group(1) for part in parts if (match := PLACEHOLDER.match(part)))
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


def _values(template: tuple[str, ...], parts: tuple[str, ...]) -> dict[str, str] | None:
    """What stands for each placeholder, or None when the path is another one."""
    if len(template) != len(parts):
        return None
    values = {}
    for own, part in zip(template, parts, strict=True):
        open_part = PLACEHOLDER.match(own)
        if open_part is None:
            if own != part:
                return None
        elif PLACEHOLDER.match(part) or _may_be(open_part.group(1), part):
            values[open_part.group(1)] = part
        else:
            return None
    return values


def _may_be(name: str, part: str) -> bool:
    """Whether a part of a path can be the value of a placeholder: an id has a digit in it."""
    return not name.endswith("id") or any(letter.isdigit() for letter in part)
