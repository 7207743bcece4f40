"""One response in; a `Page` of records, or the error it stands for, out.

In: status, headers and body as they came. Out: `Page`, or an error of our tree with reason and advice. Pure: speaks to
no service.
"""

from procore_nb.responses.page import Page, flatten_groups, group_of, read_json, read_page
from procore_nb.responses.response import Response, error_from, retry_after_seconds, server_time

__all__ = [
    "Page",
    "Response",
    "error_from",
    "flatten_groups",
    "group_of",
    "read_json",
    "read_page",
    "retry_after_seconds",
    "server_time",
]
