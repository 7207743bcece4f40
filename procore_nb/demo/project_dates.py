"""When a made-up project begins, ends and was last touched.

In: a generator, the stage, the value and the calendar of the place. Out: working days and office hours that fit the stage,
seen from the demo's unchanging day.
"""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from procore_nb.demo.company import NOW, TODAY, Stage
from procore_nb.demo.site_calendar import SiteCalendar


def draw_timing(draw: random.Random, stage: Stage, value: Decimal, calendar: SiteCalendar) -> dict[str, Any]:
    """Dates that fit the stage, and what follows from them."""
    days = int(200 + min(float(value) / 120_000, 900) * draw.uniform(0.8, 1.2))
    slip = int(days * draw.uniform(0.04, 0.3)) if draw.random() < 0.35 else 0
    category = stage.category
    progress = 0.0
    if category == "course_of_construction":
        progress = draw.uniform(0.04, 0.96)
        start = TODAY - timedelta(days=int((days + slip) * progress))
    elif category in ("post_construction", "completed"):
        progress = 1.0
        since = draw.randrange(12, 200) if category == "post_construction" else draw.randrange(200, 1500)
        start = TODAY - timedelta(days=days + slip + since)
    else:
        slip = 0
        start = TODAY + timedelta(days=draw.randrange(25, 380))
        if category != "pre_construction":
            start -= timedelta(days=draw.randrange(200, 900))
    start = calendar.next_workday(start)
    finish = calendar.workday(start + timedelta(days=days))
    projected = calendar.workday(finish + timedelta(days=slip))
    begun, done = progress > 0, progress == 1.0
    created = datetime.combine(min(start, TODAY), time(draw.randrange(7, 22), draw.randrange(60)), UTC)
    created -= timedelta(days=draw.randrange(40, 400), seconds=draw.randrange(60))
    created = calendar.office(created)
    dated = begun or draw.random() > 0.25
    first_day = calendar.next_workday(start + timedelta(days=draw.randrange(0, 15))) if begun else start
    return {
        "start": start if dated else None,
        "finish": finish if dated else None,
        "projected": projected if dated else None,
        "actual_start": calendar.workday(min(first_day, TODAY)) if begun else None,
        "actual_finish": projected if done else None,
        "slip_days": (projected - finish).days,
        "progress": round(progress, 4),
        "created_at": created,
        "updated_at": _updated(draw, category, created, projected, calendar),
    }


def _updated(
    draw: random.Random, category: str, created: datetime, projected: date, calendar: SiteCalendar
) -> datetime:
    quiet = {"completed": 90, "not_awarded": 30, "canceled": 30}
    latest = NOW - timedelta(minutes=draw.randrange(5, 40_000))
    if category in quiet:
        calm = datetime.combine(projected, time(9, 12), UTC) + timedelta(days=quiet[category])
        latest = min(latest, calm)
    return calendar.by_now(calendar.office(max(latest, created + timedelta(hours=1))))
