"""Walks a question against a made-up list, in one thread, its pages coming in an order drawn by chance."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from procore_nb.fetch import ListRequest
from procore_nb.fetch.pages import PageRequest
from procore_nb.fetch.paginator import Paginator
from procore_nb.responses import Page

Serve = Callable[[PageRequest], Page]
LIMIT = 500  # requests; a walk that needs more goes round in circles


def drive(question: ListRequest, serve: Serve, *, seed: int = 0) -> tuple[list[Any], Paginator, int]:
    """Walk a question in one thread, its pages coming in an order drawn by chance."""
    draw, one, rows, sent = random.Random(seed), Paginator(question), [], 0
    asks = [one.first()]
    while asks:
        sent += 1
        assert sent < LIMIT, "the walk never ends"
        page_request = asks.pop(draw.randrange(len(asks)))
        asks += one.receive(page_request, serve(page_request))
        if one.restarted:
            one.restarted, rows = False, []
        rows += [row for page in one.buffer.ready() for row in page]
    assert one.done
    return rows, one, sent


def given_parameter(page_request: PageRequest, name: str, default: str = "") -> str:
    return dict(page_request.parameters).get(name, default)


def listing(
    rows: list[Any],
    *,
    clamp: int = 10**6,
    total: bool = True,
    per_page: bool = True,
    link: bool = True,
    start: int = 1,
) -> Serve:
    def serve(page_request: PageRequest) -> Page:
        size = min(int(given_parameter(page_request, "per_page", "10")), clamp)
        number = int(given_parameter(page_request, "page", str(start))) - start
        last = max(1, -(-len(rows) // size))
        return Page(
            rows[number * size : (number + 1) * size],
            total=len(rows) if total else None,
            per_page=size if per_page else None,
            more=number + 1 < last if link else None,
            last=last if link and number + 1 < last else None,
        )

    return serve


def numbered(count: int) -> list[dict[str, int]]:
    return [{"id": number, "value": number * number} for number in range(1, count + 1)]
