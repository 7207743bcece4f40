"""Fetches the pages of one or many lists side by side: sends, waits, retries, and hands out rows in order.

In: a session and list requests. Out: events: rows, a restart, a request done or skipped. The only room that waits for Procore.
"""

from procore_nb.fetch.pages import ListRequest as ListRequest
from procore_nb.fetch.pages import PageStats as PageStats
from procore_nb.fetch.pages import content_of as content_of
from procore_nb.fetch.pages import notes_of as notes_of
from procore_nb.fetch.response_cache import ResponseCache as ResponseCache
from procore_nb.fetch.response_cache import seconds_of as seconds_of
from procore_nb.fetch.scheduler import Event as Event
from procore_nb.fetch.scheduler import PageRows as PageRows
from procore_nb.fetch.scheduler import RequestDone as RequestDone
from procore_nb.fetch.scheduler import RequestRestarted as RequestRestarted
from procore_nb.fetch.scheduler import fetch_first_page as fetch_first_page
from procore_nb.fetch.scheduler import fetch_json as fetch_json
from procore_nb.fetch.scheduler import fetch_lists as fetch_lists
from procore_nb.fetch.workers import Cancelled as Cancelled
from procore_nb.fetch.workers import DeferredInterrupt as DeferredInterrupt
from procore_nb.fetch.workers import Observer as Observer
from procore_nb.fetch.workers import RequestPolicy as RequestPolicy
