"""Made-up names of people and firms, of the places the portfolio reaches; trades, cost codes and levels.

In: `data/names.json`. Out: lists of words; of a cost code its number, its name and the trade that does the work.
"""

from __future__ import annotations

from procore_nb.demo.facts import read_facts

_NAMES = read_facts("names")
FIRST_NAMES: list[str] = _NAMES["first_names"]
LAST_NAMES: list[str] = _NAMES["last_names"]
FIRMS: list[str] = _NAMES["firms"]
TRADES: list[str] = _NAMES["trades"]
LEVELS: list[str] = _NAMES["levels"]
COST_CODES: list[tuple[str, str, int]] = _NAMES["cost_codes"]
