"""Search in the catalogue: words in, a frame of endpoints out.

In: words and endpoints. Out: one row per endpoint that has them all. Speaks to no service.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from operator import attrgetter

import pandas as pd

from procore_nb.catalog.endpoint import Endpoint
from procore_nb.catalog.everyday import NO_NAMES, OFTEN, meant_by
from procore_nb.catalog.format import needs_text
from procore_nb.errors import CatalogError, warn
from procore_nb.near_match import near, plain, stem
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
    "required_query": lambda one: ";".join("|".join(group) for group in one.required_query),
    "needs": needs_text,
    "aliases": lambda one: ", ".join(one.aliases),
    "filters": lambda one: ", ".join(one.filters),
    "columns": lambda one: sum(not line.endswith("\tgone") for line in one.field_text.splitlines()),
    "caveats": lambda one: " ".join(one.caveats),
}

_SHORTEST = 4  # a shorter word is near to too many
_NEAR = 0.75


def find(endpoints: Iterable[Endpoint], words: str = "") -> pd.DataFrame:
    """The endpoints that have all the words, best match first; see `procore_nb.find_endpoints`."""
    if not isinstance(words, str):
        raise CatalogError(
            f"{words!r} are no words to search for.", advice='Give text, such as "punch list".'
        )
    whole = tuple(endpoints)
    found, instead = ranked(whole, words)
    if found and instead:
        warn(f"Nothing in the catalogue has {words!r}. Shown is what has {instead!r}.")
    if not found:
        warn(f"No list has all the words of {words!r}. Try one word, or the name of the tool in Procore.")
    return _frame(found)


def ranked(endpoints: Sequence[Endpoint], words: str) -> tuple[list[Endpoint], str]:
    """Return the endpoints for words, best match first: the one order of `find_endpoints`, pickers and completion.

    First the lists that an everyday word means, then those that have all the words: of that name, often used, with the words
    early in their name. Where there is none, those that have the nearest words, with these words; else an empty text.
    """
    wanted, index = words_of(words), _index(tuple(endpoints))
    meant = [index.by_name[name] for name in meant_by(words) if name in index.by_name]
    meant += index.named(word for word in wanted if word not in NO_NAMES)
    apart = tuple(part for word in wanted for part in index.apart(word))
    by_words = index.ranked(wanted) if wanted != apart else []
    found = list(dict.fromkeys([*meant, *index.ranked(apart), *by_words]))
    if found:
        return found, ""
    close = tuple(part for word in wanted for part in index.nearest(word))
    return index.ranked(close), " ".join(close)


@lru_cache(maxsize=4)
def _index(endpoints: tuple[Endpoint, ...]) -> _Index:
    return _Index(endpoints)


class _Index:
    """The texts of a catalogue as they are searched, made once: a form searches at every key."""

    def __init__(self, endpoints: tuple[Endpoint, ...]) -> None:
        self._entries = [(one, _texts(one), _stems(one)) for one in endpoints]
        self.by_name = {name: one for one in reversed(endpoints) for name in (*one.aliases, one.name)}
        self._often = {id(self.by_name[name]) for name in OFTEN if name in self.by_name}
        self._together: dict[str, tuple[str, ...]] = {}
        self._words: set[str] = set()
        for one in endpoints:
            for text in (one.name, *one.aliases, one.module, one.tag):
                parts = words_of(text)
                self._words.update(map(stem, parts))
                self._together.update({a + stem(b): (a, stem(b)) for a, b in pairwise(parts)})

    def named(self, wanted: Iterable[str]) -> list[Endpoint]:
        """The endpoints that have just this name or alias, in singular or plural."""
        root = _stemmed(tuple(wanted))
        return [one for one, _, stems in self._entries if root in stems and not one.going_away]

    def apart(self, word: str) -> tuple[str, ...]:
        """The words of the catalogue for one that it lacks: `punchlist`, `headcount`; else the word itself."""
        root = stem(word)
        if root in self._words:
            return (word,)
        instead = words_of(next(iter(meant_by(word)), ""))
        return instead or self._together.get(root, (word,))

    def nearest(self, word: str) -> tuple[str, ...]:
        """The word of the catalogue nearest to a misspelled one; the word itself where none is near."""
        root = stem(word)
        if root in self._words or len(root) < _SHORTEST:
            return (word,)
        together = {**{one: (one,) for one in self._words}, **self._together}
        found = near(root, sorted(together), count=1, letters=_NEAR)
        return together[found[0]] if found else (word,)

    def ranked(self, wanted: tuple[str, ...]) -> list[Endpoint]:
        """The endpoints that have all the words, best match first."""
        ranks = [
            (_rank(one, texts, stems, wanted, often=id(one) in self._often), at)
            for at, (one, texts, stems) in enumerate(self._entries)
        ]
        return [self._entries[at][0] for rank, at in sorted(each for each in ranks if each[0] is not None)]


def _texts(endpoint: Endpoint) -> tuple[str, ...]:
    """What is searched of an endpoint: a word in an earlier text fits better."""
    return (
        plain(endpoint.name),
        " ".join(plain(alias) for alias in endpoint.aliases),
        plain(" ".join((endpoint.module, endpoint.category, endpoint.tag))),
        plain(endpoint.path),
        endpoint.field_text.casefold(),
        " ".join(endpoint.filters),
    )


def _stems(endpoint: Endpoint) -> list[str]:
    return [_stemmed(words_of(name)) for name in (endpoint.name, *endpoint.aliases)]


def _rank(
    endpoint: Endpoint, texts: tuple[str, ...], stems: list[str], wanted: tuple[str, ...], *, often: bool
) -> tuple[int, ...] | None:
    """How well an endpoint fits: the lower the better; None when one of the words is nowhere in it."""
    if not wanted:
        return ()
    depths = [_depth(word, texts) for word in wanted]
    if None in depths:
        return None
    root = _stemmed(wanted)
    begins = any(name.startswith(root) for name in stems)
    is_name = root in stems
    is_path = len(wanted) > 2 and texts[3].endswith("_".join(wanted))
    start = 0 if is_name or is_path else 1 if begins else 2
    early = sum(depth or 0 for depth in depths)
    obscure = int(endpoint.kind != "data") + 2 * int(endpoint.going_away)
    rare = int(not (often and early <= len(wanted)))  # often used, and found by its name or alias
    return int(start > 0), obscure, rare, start, early, len(endpoint.name)


def _stemmed(parts: tuple[str, ...]) -> str:
    return "_".join(stem(part) for part in parts)


def _depth(word: str, texts: tuple[str, ...]) -> int | None:
    """The first of the texts that has the word, in singular or plural."""
    forms = {word, stem(word)} | ({word[:-1] + "ies"} if word.endswith("y") else set())
    return next((depth for depth, text in enumerate(texts) if any(form in text for form in forms)), None)


def _frame(found: list[Endpoint]) -> pd.DataFrame:
    cells = {name: map(_CELLS.get(name, attrgetter(name)), found) for name in _COLUMNS}
    return pd.DataFrame(
        {name: pd.Series(list(each), dtype=_DTYPES.get(name, "string")) for name, each in cells.items()}
    )
