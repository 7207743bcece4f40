"""The words of a search as the catalogue spells them: slips, words run together, and words that analysts say instead.

In: a word and the endpoints. Out: the words to look for. Speaks to no service.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from itertools import pairwise

from procore_nb.catalog.models import Endpoint
from procore_nb.catalog.near_match import stem
from procore_nb.catalog.near_match import words as words_of

_SAID_INSTEAD = {
    "cco": "commitment change orders",
    "contractor": "vendors",
    "defect": "punch",
    "gantt": "schedule",
    "headcount": "manpower",
    "labor": "manpower",
    "labour": "manpower",
    "pcco": "prime change orders",
    "picture": "photos",
    "snag": "punch",
    "sov": "schedule of values",
    "staffing": "workforce",
    "supplier": "vendors",
}
_SHORTEST = 4  # a shorter word is near to too many
_NEAR = 0.75


class Synonyms:
    """How the names, aliases and tools of a catalogue are spelled.

    Parameters
    ----------
    endpoints
        The endpoints that are searched.
    """

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        self._together: dict[str, tuple[str, ...]] = {}
        self._words: set[str] = set()
        for one in endpoints:
            for text in (one.name, *one.aliases, one.module, one.tag):
                parts = words_of(text)
                self._words.update(map(stem, parts))
                self._together.update({a + stem(b): (a, stem(b)) for a, b in pairwise(parts)})

    def meant(self, word: str) -> tuple[str, ...]:
        """The words that stand in names for one that does not: `headcount`, `punchlist`; else the word itself."""
        root = stem(word)
        if root in self._words:
            return (word,)
        said = words_of(_SAID_INSTEAD.get(root, ""))
        return said or self._together.get(root, (word,))

    def near(self, word: str) -> tuple[str, ...]:
        """The word of a name that comes nearest to one that is nowhere; the word itself where none is near."""
        root = stem(word)
        if root in self._words or len(root) < _SHORTEST:
            return (word,)
        together = {**{one: (one,) for one in self._words}, **self._together}
        found = difflib.get_close_matches(root, sorted(together), 1, _NEAR)
        return together[found[0]] if found else (word,)
