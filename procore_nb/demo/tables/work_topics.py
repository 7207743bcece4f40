"""What is asked, found and claimed about each kind of work.

In: `data/topics.json`. Out: `TOPICS`: subject, question and answer by the number of the cost code; `GRIDS`: where.
"""

from __future__ import annotations

from dataclasses import dataclass

from procore_nb.demo.facts import read_facts


@dataclass(frozen=True)
class Topic:
    """One thing people write about; `code` is the number of a cost code in the list of them."""

    code: int
    subject: str
    question: str
    answer: str


GRIDS = ("A2", "B5", "C4", "D1", "E7", "F3", "G6", "H2")
TOPICS = tuple(Topic(*row) for row in read_facts("topics"))
