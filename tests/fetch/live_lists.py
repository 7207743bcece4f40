"""A list that changes while it is fetched: rows come and go at every request, wherever a script says."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from fetch.driving import given_parameter
from procore_nb.fetch.pages import PageRequest
from procore_nb.responses import Page


@dataclass
class LiveList:
    """Serves pages of a list in which, before each response, rows are inserted or deleted by chance.

    `rates` gives, for `insert_head`, `insert_middle`, `append`, `delete_head`, `delete_middle` and `move` (to the head),
    how likely each is before a response.
    """

    count: int
    size: int
    rates: dict[str, float]
    seed: int = 0
    total: bool = True
    link: bool = True
    quiet_after: int = 10**9
    requests: int = 0
    rows: list[int] = field(default_factory=list)
    gone: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.rows = list(range(1, self.count + 1))
        self.start = set(self.rows)
        self.draw = random.Random(self.seed)
        self.next_id = 10**6

    def stayed(self) -> set[int]:
        """The rows that were there from the first request to the last."""
        return self.start - self.gone

    def change(self) -> None:
        for kind, rate in self.rates.items():
            if self.draw.random() < rate:
                getattr(self, kind)()

    def __call__(self, page_request: PageRequest) -> Page:
        if 0 < self.requests < self.quiet_after:
            self.change()
        self.requests += 1
        number = int(given_parameter(page_request, "page", "1"))
        part: list[Any] = [{"id": each} for each in self.rows[(number - 1) * self.size : number * self.size]]
        last = max(1, -(-len(self.rows) // self.size))
        return Page(
            part,
            total=len(self.rows) if self.total else None,
            per_page=self.size if self.total or self.link else None,
            more=number < last if self.link else None,
            last=last if self.link and number < last else None,
        )

    def _new(self) -> int:
        self.next_id += 1
        return self.next_id

    def insert_head(self) -> None:
        self.rows.insert(0, self._new())

    def insert_middle(self) -> None:
        self.rows.insert(self.draw.randrange(len(self.rows) + 1), self._new())

    def append(self) -> None:
        self.rows.append(self._new())

    def delete_head(self) -> None:
        if self.rows:
            self.gone.add(self.rows.pop(0))

    def delete_middle(self) -> None:
        if self.rows:
            self.gone.add(self.rows.pop(self.draw.randrange(len(self.rows))))

    def move(self) -> None:
        if self.rows:
            self.rows.insert(0, self.rows.pop(self.draw.randrange(len(self.rows))))
