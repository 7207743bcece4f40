"""What a newer reference changes: lists that are new, changed or gone beside an older catalogue.

In: two catalogues. Out: names, and for a changed list a few words each. Speaks to no service.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from procore_nb.catalog.catalogue import Catalogue
from procore_nb.catalog.endpoint import Endpoint
from procore_nb.catalog.format import flags


@dataclass(frozen=True, slots=True)
class Differences:
    """Lists by name: those that are new, those that changed (with what), those that are gone, those not read."""

    new: tuple[str, ...] = ()
    changed: tuple[tuple[str, str], ...] = ()
    gone: tuple[str, ...] = ()
    unread: int = 0
    """How many lists of the older catalogue are in none of the documents: nothing is known of them."""

    def __str__(self) -> str:
        lines = [f"new      {name}" for name in self.new]
        lines += [f"changed  {name}: {what}" for name, what in self.changed]
        lines += [f"gone     {name}" for name in self.gone]
        counts = f"{len(self.new)} new, {len(self.changed)} changed, {len(self.gone)} gone"
        return "\n".join(
            [*lines, counts + (f", {self.unread:,} not in these documents" if self.unread else "")]
        )


def compare(before: Catalogue, after: Catalogue, read: set[str]) -> Differences:
    """What is new, changed and gone in `after`; `read` are the paths that the documents have."""
    old = {one.path: one for one in before.endpoints}
    new = {one.path: one for one in after.endpoints}
    changed = (
        (one, "; ".join(_changes(old[path], one)))
        for path, one in new.items()
        if path in old and not one.gone
    )
    return Differences(
        tuple(one.name for path, one in new.items() if path not in old),
        tuple((one.name, what) for one, what in changed if what),
        tuple(one.name for path, one in new.items() if one.gone and path in old and not old[path].gone),
        sum(1 for path in old if path not in read),
    )


def _changes(old: Endpoint, new: Endpoint) -> Iterator[str]:
    yield from _both("fields", (one.name for one in old.all_fields), (one.name for one in new.all_fields))
    types = {one.name: one.type for one in old.all_fields}
    for one in new.all_fields:
        if types.get(one.name, one.type) not in (one.type, "unknown"):
            yield f"{one.name} is {one.type}, was {types[one.name]}"
    yield from _both("arguments", (one.name for one in old.arguments), (one.name for one in new.arguments))
    values = {one.name: one.choices for one in old.arguments}
    for argument in new.arguments:
        yield from _both(f"values of {argument.name}", values.get(argument.name, ()), argument.choices)
    if flags(old) != flags(new):
        yield f"marked {', '.join(flags(new)) or 'as nothing'}, before {', '.join(flags(old)) or 'as nothing'}"
    if old.removal != new.removal:
        yield f"removed on {new.removal}"


def _both(what: str, old: Iterable[str], new: Iterable[str]) -> Iterator[str]:
    before, after = list(old), list(new)
    added = [one for one in after if one not in before]
    lost = [one for one in before if one not in after]
    if added:
        yield f"{what} + {', '.join(added)}"
    if lost:
        yield f"{what} - {', '.join(lost)}"
