"""Fetches the pages of one or many lists side by side: sends, waits, retries, and hands out rows in order.

In: a session and list requests. Out: events: rows, a restart, a request done or skipped. The only room that waits.
"""

from procore_nb.fetch.list_request import ListRequest, PageStats, notes_of
from procore_nb.fetch.page_buffer import content_of
from procore_nb.fetch.response_cache import ResponseCache, seconds_of
from procore_nb.fetch.scheduler import (
    Event,
    PageRows,
    RequestDone,
    RequestRestarted,
    fetch_first_page,
    fetch_json,
    fetch_lists,
)
from procore_nb.fetch.workers import Observer, RequestPolicy

__all__ = [
    "Event",
    "ListRequest",
    "Observer",
    "PageRows",
    "PageStats",
    "RequestDone",
    "RequestPolicy",
    "RequestRestarted",
    "ResponseCache",
    "content_of",
    "fetch_first_page",
    "fetch_json",
    "fetch_lists",
    "notes_of",
    "seconds_of",
]
