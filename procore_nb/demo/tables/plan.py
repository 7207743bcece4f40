"""How the work of any project is planned: what each cost code costs, and when its turn comes.

In: nothing. Out: `PLAN`, one `WorkPackage` for each cost code in the order of the list, and `work_done`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

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


PLAN = (
    WorkPackage(4, 0.0, 1.0),
    WorkPackage(2, 0.0, 0.1),
    WorkPackage(15, 0.06, 0.42),
    WorkPackage(5, 0.15, 0.45),
    WorkPackage(4, 0.3, 0.58),
    WorkPackage(11, 0.14, 0.45),
    WorkPackage(3, 0.4, 0.7),
    WorkPackage(4, 0.42, 0.62),
    WorkPackage(10, 0.4, 0.72),
    WorkPackage(6, 0.5, 0.84),
    WorkPackage(2, 0.68, 0.95),
    WorkPackage(3, 0.48, 0.8),
    WorkPackage(2, 0.45, 0.8),
    WorkPackage(5, 0.38, 0.82),
    WorkPackage(9, 0.38, 0.86),
    WorkPackage(9, 0.36, 0.9),
    WorkPackage(4, 0.02, 0.2),
    WorkPackage(2, 0.8, 1.0),
)
WEIGHTS = sum(part.weight for part in PLAN)


def work_done(term: Works, day: date) -> float:
    """Share of all the work done by a day, each part counted by its cost."""
    elapsed = term.elapsed(day)
    return sum(part.weight * part.done(elapsed) for part in PLAN) / WEIGHTS
