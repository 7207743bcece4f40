"""How the work of any project is planned: what each cost code costs, and when its turn comes.

In: a project. Out: `plan_of`, its `WorkPackage`s, and `work_done`; `PLAN` has one for every cost code in the order of the list.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import cache

from procore_nb.demo.facts import read_facts
from procore_nb.demo.project import Project
from procore_nb.demo.tables.progress_curve import Works, s_curve


@dataclass(frozen=True)
class WorkPackage:
    """One kind of work: its share of the cost in percent, and the shares of the time at which it begins and ends."""

    weight: int
    begin: float
    end: float

    def done(self, elapsed: float) -> float:
        """Share of this work done when a share of the project's time has passed."""
        return s_curve((elapsed - self.begin) / (self.end - self.begin))


PLAN = tuple(WorkPackage(*part) for part in read_facts("money")["plan"])


@cache
def packages(building: str) -> dict[int, WorkPackage]:
    """Work packages of a kind of building."""
    kind = next(one[-1] for one in read_facts("money")["buildings"] if one[1] == building)
    weights = read_facts("money")["weights"][kind]
    return {code: replace(part, weight=weights[code]) for code, part in enumerate(PLAN) if weights[code]}


def plan_of(project: Project) -> dict[int, WorkPackage]:
    """Work packages of what a project builds, by the number of their cost code; a bridge has no lifts."""
    return packages(project.building)


def work_done(project: Project, term: Works, day: date) -> float:
    """Share of all the work of a project done by a day, each part counted by its cost."""
    elapsed, parts = term.elapsed(day), plan_of(project).values()
    return sum(part.weight * part.done(elapsed) for part in parts) / sum(part.weight for part in parts)
