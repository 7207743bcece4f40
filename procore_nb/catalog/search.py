"""Search in the catalogue: words in, a frame of endpoints out.

In: words and endpoints. Out: one row per endpoint that has them all. Speaks to no service.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from operator import attrgetter

import pandas as pd

from procore_nb.catalog.catalogue import NO_NAMES, OFTEN_USED, names_for_synonym
from procore_nb.catalog.endpoint import Endpoint
from procore_nb.catalog.format import needs_text
from procore_nb.errors import CatalogError, warn
from procore_nb.near_match import near, slug, stem
from procore_nb.near_match import words as words_of

_COLUMNS = (
    "name", "path", "scope", "required_query", "paginated", "needs", "aliases", "module", "category",
    "filters", "paging", "version", "kind", "beta", "deprecated", "older_version", "gone", "removal", "successor",
    "as_of", "columns", "caveats",
)  # fmt: skip
_DTYPES = dict.fromkeys(("paginated", "beta", "deprecated", "older_version", "gone"), "boolean")
_DTYPES["columns"] = "Int64"  # all else is text
# What is not an attribute as it is.
_CELLS: dict[str, Callable[[Endpoint], object]] = {
    "required_query": lambda endpoint: ";".join(map("|".join, endpoint.required_query)),
    "needs": needs_text,
    "aliases": lambda endpoint: ", ".join(endpoint.aliases),
    "filters": lambda endpoint: ", ".join(endpoint.filters),
    "columns": lambda endpoint: sum(not line.endswith("\tgone") for line in endpoint.field_text.splitlines()),
    "caveats": lambda endpoint: " ".join(endpoint.caveats),
}
_SHORTEST = 4  # a shorter word is near to too many
_NEAR = 0.75


def find(endpoints: Iterable[Endpoint], words: str = "") -> pd.DataFrame:
    """The endpoints that have all the words, best match first; see `procore_nb.find_endpoints`."""
    if not isinstance(words, str):
        raise CatalogError(
            f"{words!r} are no words to search for.", advice='Give text, such as "punch list".'
        )
    matches, instead = ranked(tuple(endpoints), words)
    if not matches:
        warn(f"No list has all the words of {words!r}. Try one word, or the name of the tool in Procore.")
    elif instead:
        warn(f"Nothing in the catalogue has {words!r}. Shown is what has {instead!r}.")
    cells = {name: map(_CELLS.get(name, attrgetter(name)), matches) for name in _COLUMNS}
    return pd.DataFrame(
        {name: pd.Series(list(column), dtype=_DTYPES.get(name, "string")) for name, column in cells.items()}
    )


def ranked(endpoints: Sequence[Endpoint], words: str) -> tuple[list[Endpoint], str]:
    """Return the endpoints for words, best match first: the one order of `find_endpoints`, pickers and completion.

    First the lists that an everyday word means, then those that have all the words: of that name, often used, with the words
    early in their name. Where there is none, those that have the nearest words, with these words; else an empty text.
    """
    terms, index = words_of(words), _index(tuple(endpoints))
    meant = [index.by_name[name] for name in names_for_synonym(words) if name in index.by_name]
    meant += index.named(tuple(term for term in terms if term not in NO_NAMES))
    split = tuple(part for term in terms for part in index.split(term))
    unsplit = index.ranked(terms) if terms != split else []
    if matches := list(dict.fromkeys([*meant, *index.ranked(split), *unsplit])):
        return matches, ""
    nearest = tuple(part for term in terms for part in index.nearest(term))
    return index.ranked(nearest), " ".join(nearest)


class _Index:
    """The texts of a catalogue as they are searched, made once: a form searches at every key."""

    def __init__(self, endpoints: tuple[Endpoint, ...]) -> None:
        self._entries = [
            (
                endpoint,
                _texts(endpoint),
                [_stemmed(words_of(name)) for name in (endpoint.name, *endpoint.aliases)],
            )
            for endpoint in endpoints
        ]
        self.by_name = {name: each for each in reversed(endpoints) for name in (*each.aliases, each.name)}
        self._often_used = {id(self.by_name[name]) for name in OFTEN_USED if name in self.by_name}
        self._pairs: dict[str, tuple[str, ...]] = {}  # two words by how they are written as one
        self._words: set[str] = set()
        for endpoint in endpoints:
            for text in (endpoint.name, *endpoint.aliases, endpoint.module, endpoint.tag):
                parts = words_of(text)
                self._words.update(map(stem, parts))
                self._pairs.update({a + stem(b): (a, stem(b)) for a, b in pairwise(parts)})

    def named(self, terms: tuple[str, ...]) -> list[Endpoint]:
        """The endpoints that have just this name or alias, in singular or plural."""
        name = _stemmed(terms)
        return [endpoint for endpoint, _, stems in self._entries if name in stems and not endpoint.going_away]

    def split(self, term: str) -> tuple[str, ...]:
        """The words of the catalogue for one that it lacks: `punchlist`, `headcount`; else the word itself."""
        root = stem(term)
        if root in self._words:
            return (term,)
        return words_of(next(iter(names_for_synonym(term)), "")) or self._pairs.get(root, (term,))

    def nearest(self, term: str) -> tuple[str, ...]:
        """The word of the catalogue nearest to a misspelled one; the word itself where none is near."""
        root = stem(term)
        if root in self._words or len(root) < _SHORTEST:
            return (term,)
        known = {**{word: (word,) for word in self._words}, **self._pairs}
        close = near(root, sorted(known), count=1, cutoff=_NEAR)
        return known[close[0]] if close else (term,)

    def ranked(self, terms: tuple[str, ...]) -> list[Endpoint]:
        """The endpoints that have all the words, best match first."""
        ranks = [
            (rank, at)
            for at, (endpoint, texts, stems) in enumerate(self._entries)
            if (rank := _rank(endpoint, texts, stems, terms, often=id(endpoint) in self._often_used))
            is not None
        ]
        return [self._entries[at][0] for _rank, at in sorted(ranks)]


_index = lru_cache(maxsize=4)(_Index)


def _texts(endpoint: Endpoint) -> tuple[str, ...]:
    """What is searched of an endpoint: a word in an earlier text fits better."""
    return (
        slug(endpoint.name),
        " ".join(map(slug, endpoint.aliases)),
        slug(" ".join((endpoint.module, endpoint.category, endpoint.tag))),
        slug(endpoint.path),
        endpoint.field_text.casefold(),
        " ".join(endpoint.filters),
    )


def _rank(
    endpoint: Endpoint, texts: tuple[str, ...], stems: list[str], terms: tuple[str, ...], *, often: bool
) -> tuple[int, ...] | None:
    """How well an endpoint fits: the lower the better; None when one of the words is nowhere in it."""
    if not terms:
        return ()
    depths = [_depth(term, texts) for term in terms]
    if None in depths:
        return None
    name = _stemmed(terms)
    is_path = len(terms) > 2 and texts[3].endswith("_".join(terms))
    begins = any(known.startswith(name) for known in stems)
    start = 0 if name in stems or is_path else 1 if begins else 2
    early = sum(depth or 0 for depth in depths)
    obscure = int(endpoint.kind != "data") + 2 * int(endpoint.going_away)
    rare = int(not (often and early <= len(terms)))  # often used, and found by its name or alias
    return int(start > 0), obscure, rare, start, early, len(endpoint.name)


def _stemmed(parts: tuple[str, ...]) -> str:
    return "_".join(map(stem, parts))


def _depth(word: str, texts: tuple[str, ...]) -> int | None:
    """The first of the texts that has the word, in singular or plural."""
    forms = {word, stem(word)} | ({word[:-1] + "ies"} if word.endswith("y") else set())
    return next((depth for depth, text in enumerate(texts) if any(form in text for form in forms)), None)
