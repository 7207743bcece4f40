"""When a project's work goes on, and how far it has come on any day.

In: a context. Out: `Works`, None before the work begins.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from procore_nb.demo.company import TODAY
from procore_nb.demo.site_calendar import SiteCalendar
from procore_nb.demo.tables.request_context import RequestContext


@dataclass(frozen=True)
class Works:
    """The time on site: from `begin` to `end`, which is `slip_days` after `planned_end`; `until` is the last day so far."""

    begin: date
    end: date
    planned_end: date
    until: date
    slip_days: int
    calendar: SiteCalendar

    @property
    def late(self) -> bool:
        """Whether the work takes longer than planned."""
        return self.slip_days > 0

    @property
    def ended(self) -> bool:
        """Whether the work is over."""
        return self.end < TODAY

    def elapsed(self, day: date) -> float:
        """Share of the time that has passed by a day, 0 to 1."""
        return min(1.0, max(0.0, (day - self.begin).days / (self.end - self.begin).days))

    def done(self, day: date) -> float:
        """Share of the work done by a day, 0 to 1: slow at first and at the end, fast between."""
        return s_curve(self.elapsed(day))

    def day_at(self, share: float) -> date:
        """Day by which a share of the time has passed."""
        return self.begin + timedelta(days=round(share * (self.end - self.begin).days))


def works(context: RequestContext) -> Works | None:
    """Works of a project, None if they have not begun."""
    project = context.here
    if project.progress <= 0 or project.actual_start is None or project.projected is None:
        return None
    begin, end = project.actual_start, project.actual_finish or project.projected
    planned, slip = end - timedelta(days=project.slip_days), project.slip_days
    return Works(
        begin, max(end, begin + timedelta(days=30)), planned, min(end, TODAY), slip, project.calendar
    )


def s_curve(share: float) -> float:
    """Smooth step from 0 to 1."""
    share = min(1.0, max(0.0, share))
    return share * share * (3 - 2 * share)
