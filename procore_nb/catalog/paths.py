"""Paths of Procore's API: their version and parts, and the ids written into them.

In: paths, with placeholders or with ids. Out: names and values. Speaks to no service.
"""

from __future__ import annotations

import re
from functools import lru_cache

from procore_nb.errors import CatalogError

PLACEHOLDER = re.compile(r"^\{(\w+)\}$")
_PREFIX = re.compile(r"^(?:rest/)?(v\d+\.\d+)/(.+)$")
_UNSAFE = re.compile(r"[\s\\?#@%:]|//|(^|/)\.\.?(/|$)")


@lru_cache(maxsize=4096)
def split(path: str) -> tuple[str, tuple[str, ...]]:
    """A path as its version (empty when it names none) and its parts after that."""
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


def values_in(template: str, path: str) -> dict[str, str]:
    """The values a path has where its template has placeholders; placeholders left open are left out."""
    found = match(split(template)[1], split(path)[1])
    return {name: value for name, value in (found or {}).items() if not PLACEHOLDER.match(value)}


def match(template: tuple[str, ...], parts: tuple[str, ...]) -> dict[str, str] | None:
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
