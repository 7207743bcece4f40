"""A demo whose lists change between two syncs: rows appear, change, are deleted; fields appear; projects close a tool.

The rest (login, paging, headers, limits, faults) is the demo's own.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from requests.adapters import BaseAdapter

from procore_nb import catalog
from procore_nb.client import Procore
from procore_nb.credentials import Credentials
from procore_nb.demo import (
    CLIENT_ID,
    CLIENT_SECRET,
    COMPANY_ID,
    Demo,
    DemoAdapter,
    DemoRequest,
    Portfolio,
    RateLimits,
)
from procore_nb.demo.http_messages import ApiCall, DemoReply, Query, forbidden
from procore_nb.demo.tables.filtering import filtered
from procore_nb.demo.tables.listing import list_reply
from procore_nb.environments import DEMO
from procore_nb.fetch import RequestPolicy
from procore_nb.http import Session

BEGIN = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
TODAY = BEGIN.date()
PROJECT_LISTS = ("rfis", "change_events", "budget_modifications", "daily_logs_manpower", "daily_log_counts")
LISTS = ("vendors", *PROJECT_LISTS)
Row = dict[str, Any]


class World:
    """Rows of a few lists by project, and a clock of their own."""

    def __init__(self, *, projects: int = 6, rows: int = 5, seed: int = 1) -> None:
        self.draw = random.Random(seed)
        self.now = BEGIN
        self.portfolio = Portfolio(projects=projects)
        self.projects = sorted(
            one.id for one in self.portfolio.projects(self.portfolio.company) if one.permitted
        )
        self.rows: dict[tuple[str, str], dict[Any, Row]] = {}
        self.deleted: dict[tuple[str, str], dict[Any, Row]] = {}
        self.refused: set[tuple[str, str]] = set()
        self.asked: list[tuple[str, str, str]] = []
        self._next = 1000
        for name in LISTS:
            for place in self.places(name):
                for _ in range(self.draw.randrange(rows + 1)):
                    self.add(name, place)

    def places(self, name: str) -> list[str]:
        return [""] if name == "vendors" else [str(one) for one in self.projects]

    def pass_time(self, **spans: float) -> None:
        self.now += timedelta(**spans)

    def add(self, name: str, place: str, /, **values: Any) -> Row:
        self._next += 1
        row = {**self._made(name, self._next), **values}
        self.rows.setdefault((name, place), {})[self._next] = row
        return row

    def change(self, name: str, place: str, number: Any, /, **values: Any) -> None:
        row = self.rows[name, place][number]
        fresh = {
            **row,
            **{
                key: value
                for key, value in self._made(name, number).items()
                if key not in ("id", "created_at", "date")
            },
        }
        self.rows[name, place][number] = {**fresh, **values}

    def delete(self, name: str, place: str, number: Any) -> None:
        row = self.rows[name, place].pop(number)
        self.deleted.setdefault((name, place), {})[number] = {
            **row,
            "_deleted": True,
            "deleted_at": self.stamp(),
        }

    def live_a_little(self, times: int = 30, *, deletes: bool = True) -> None:
        """Let some rows come, change and go."""
        self.pass_time(hours=3)
        for _ in range(times):
            name = self.draw.choice(LISTS)
            place = self.draw.choice(self.places(name))
            known = list(self.rows.get((name, place), {}))
            what = self.draw.random()
            if what < 0.4 or not known:
                self.add(name, place)
            elif what < 0.8 or not deletes:
                self.change(name, place, self.draw.choice(known))
            else:
                self.delete(name, place, self.draw.choice(known))
            self.pass_time(seconds=7)
        self.pass_time(hours=3)

    def stamp(self) -> str:
        return self.now.strftime("%Y-%m-%dT%H:%M:%SZ")

    def _made(self, name: str, number: int) -> Row:
        word = self.draw.choice(["Größe", "渡し", "plain", "=1+1", "a\nb", "😀"])
        row: Row = {"id": number, "created_at": self.stamp(), "updated_at": self.stamp()}
        if name == "rfis":
            person = {"id": 7, "login": "kim@example.com", "name": "Kim"}
            row |= {
                "subject": f"{word} {number}",
                "created_by": person,
                "assignees": [person],
                "due_date": "2026-04-01",
            }
            row |= {
                "custom_fields": {f"custom_field_{9000 + number % 3}": {"data_type": "string", "value": word}}
            }
        elif name == "budget_modifications":
            row |= {
                "transfer_amount": f"{self.draw.randrange(10**9)}.{self.draw.randrange(100):02}",
                "notes": word,
            }
        elif name == "daily_logs_manpower":
            day = TODAY - timedelta(days=self.draw.randrange(30))
            row |= {
                "date": day.isoformat(),
                "num_workers": self.draw.randrange(9),
                "num_hours": "7.5",
                "notes": word,
            }
        elif name == "daily_log_counts":
            row = {
                "module_name": f"{word} {number % 3}",
                "count": self.draw.randrange(3),
                "position": number % 5,
            }
        elif name == "vendors":
            row |= {
                "name": f"{word} Ltd",
                "is_active": None if number % 3 else True,
                "email_address": "x@example.com",
            }
        else:
            row |= {
                "title": f"{word} {number}",
                "status": {"id": number % 3, "name": "Open"} if number % 2 else None,
            }
        return row


class LivingDemo(Demo):
    """The demo, with the lists of a world instead of its own."""

    def __init__(self, world: World, **settings: Any) -> None:
        super().__init__(world.portfolio, limits=RateLimits(hourly=10**7, spike=10**6), **settings)
        self.world = world
        self._answers: list[tuple[re.Pattern[str], str, bool]] = []
        for name in LISTS:
            self._answers.append((_pattern(catalog.endpoint(name).path), name, False))
        self._answers.insert(0, (_pattern(catalog.endpoint("rfis_recycled").path), "rfis", True))

    def _look_up(self, request: DemoRequest, faults: Any) -> DemoReply:
        for pattern, name, recycled in self._answers:
            found = pattern.fullmatch(request.path)
            if found:
                return self._rows_of(name, recycled, found.groupdict(), request, faults)
        return super()._look_up(request, faults)

    def _rows_of(self, name: str, recycled: bool, ids: Row, request: DemoRequest, faults: Any) -> DemoReply:
        endpoint, query = catalog.endpoint(name), Query(request.query)
        place = "" if name == "vendors" else ids.get("project_id") or query.one("project_id")
        self.world.asked.append((name + "_recycled" * recycled, place, request.query))
        if (name, place) in self.world.refused:
            raise forbidden()
        live, gone = (
            {n: dict(r) for n, r in each.get((name, place), {}).items()}
            for each in (self.world.rows, self.world.deleted)
        )
        rows = list(gone.values()) if recycled else list(live.values())
        if "include_deleted" in endpoint.filters and not recycled:
            rows += gone.values()
        if recycled:
            rows = [{**row, "_deleted": False} for row in rows]
        call = ApiCall(request, query, self.portfolio, self._company(request), ids, faults)
        return list_reply(call, endpoint, filtered(rows, query, endpoint))


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))


def connection(
    demo: Demo,
    *,
    adapter: Callable[[Demo], BaseAdapter] = DemoAdapter,
    company_id: int | None = COMPANY_ID,
    workers: int = 4,
    clock: Callable[[], float] = time.time,
) -> Procore:
    """A connection to a demo in this process."""
    session = Session(DEMO, Credentials(CLIENT_ID, CLIENT_SECRET), transport=adapter(demo), clock=clock)
    policy = RequestPolicy(workers=workers, retries=3, sleep=lambda seconds: None)
    return Procore(session, company_id, policy=policy, progress=False, today=lambda: TODAY)


def expected(world: World, name: str) -> dict[str, list[Row]]:
    """Rows of each place as they should be kept, by id where they have one."""
    return {place: list(world.rows.get((name, place), {}).values()) for place in world.places(name)}
