"""One reply in; a `Page` of records, or the error it stands for, out.

In: status, headers and body as they came. Out: `Page`, or an error of our tree with words and advice. Pure: speaks to
no service.
"""

from procore_nb.replies.groups import group_of
from procore_nb.replies.page import Page, read_json, read_page
from procore_nb.replies.refusal import error_of
from procore_nb.replies.reply import Reply, retry_after_seconds, server_time, utc_text

__all__ = [
    "Page",
    "Reply",
    "error_of",
    "group_of",
    "read_json",
    "read_page",
    "retry_after_seconds",
    "server_time",
    "utc_text",
]
