"""One reply in; a `Page` of records, or the error it stands for, out.

In: status, headers and body as they came. Out: `Page`, or an error of our tree with words and advice. Pure: speaks to
no service.
"""

from procore_nb.responses.groups import group_of
from procore_nb.responses.page import Page, read_json, read_page
from procore_nb.responses.response import Response, retry_after_seconds, server_time, utc_text
from procore_nb.responses.status_errors import error_from

__all__ = [
    "Page",
    "Response",
    "error_from",
    "group_of",
    "read_json",
    "read_page",
    "retry_after_seconds",
    "server_time",
    "utc_text",
]
