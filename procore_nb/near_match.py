"""Names as people type them: a slug for comparing, and near matches for a name that is not known.

In: text. Out: text. Speaks to no service.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

_BREAKS = re.compile(r"[^0-9a-z]+")


def slug(name: str) -> str:
    """The form in which names are compared: `Punch Items` and `punch-items` are both `punch_items`."""
    return _BREAKS.sub("_", name.casefold()).strip("_")


def words(text: str) -> tuple[str, ...]:
    """The words of a name or a search, as in its slug."""
    return tuple(word for word in slug(text).split("_") if word)


def stem(word: str) -> str:
    """A word without its plural ending, so that `budgets` finds `budget`."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes", "tuses")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        return word[:-1]
    return word


def near(name: str, choices: Iterable[str], *, count: int = 3, cutoff: float = 0.6) -> tuple[str, ...]:
    """The choices with nearly the same letters (`cutoff`: the share that agrees) or the same words, best first."""
    name_words = {stem(word) for word in words(name)}
    scored = []
    for choice in dict.fromkeys(choices):
        same = difflib.SequenceMatcher(None, slug(name), slug(choice)).ratio()
        choice_words = {stem(word) for word in words(choice)}
        shared = len(name_words & choice_words)
        overlap = 2 * shared / (len(name_words) + len(choice_words)) if shared else 0.0
        score = max(same, overlap) + min(same, overlap) / 10
        if same >= cutoff or overlap >= 0.5:
            scored.append((-score, len(choice), choice))
    return tuple(choice for _, _, choice in sorted(scored)[:count])


def did_you_mean(name: str, choices: Iterable[str], *, count: int = 3) -> str:
    """`Did you mean rfis or rfqs? ` for the names that come near, to stand before an advice; empty when none does."""
    close = near(name, choices, count=count)
    return f"Did you mean {' or '.join(close)}? " if close else ""
