"""What is asked, found and claimed about each kind of work.

In: `data/topics.json`. Out: `TOPICS`: subject, question and answer by the number of the cost code; `GRIDS`: where; `topics_of` a project.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from procore_nb.demo.facts import read_facts
from procore_nb.demo.project import Project
from procore_nb.demo.tables.plan import plan_of


@dataclass(frozen=True)
class Topic:
    """One thing people write about; `code` is the number of a cost code in the list of them."""

    code: int
    subject: str
    question: str
    answer: str


@cache
def _topics_of(codes: frozenset[int]) -> tuple[Topic, ...]:
    return tuple(one for one in TOPICS if one.code in codes)


def topics_of(project: Project) -> tuple[Topic, ...]:
    """Topics of the work a project is made of."""
    return _topics_of(frozenset(plan_of(project)))


GRIDS = ("A2", "B5", "C4", "D1", "E7", "F3", "G6", "H2")
TOPICS = tuple(Topic(*row) for row in read_facts("topics"))
