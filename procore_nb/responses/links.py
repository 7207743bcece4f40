"""Where a page says the next one is: the Link header, or the body where there is none. Pure.

In: a `Response` and its parsed body. Out: whether there is more, the last page's number, the next cursor. The next request
is never built from a link: https://developers.procore.com/documentation/pagination
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

from procore_nb.environments import USUAL_PORTS
from procore_nb.errors import IncompleteError
from procore_nb.responses.response import Response, whole_number

# Where the next cursor is returned is not documented; these are the usual places and names.
_HOLDERS = ("meta", "pagination", "paging", "cursor", "cursors", "links", "page_info", "pageInfo")
_CURSOR_KEYS = ("next_cursor", "nextCursor", "end_cursor", "endCursor", "next", "cursor")
_MORE_KEYS = ("has_more", "hasMore", "has_next", "has_next_page", "hasNextPage")


def links_of(response: Response) -> dict[str, str] | None:
    """Return the Link header by rel; None without one. An empty header means that everything is on this page."""
    header = response.headers.get("link")
    if header is None:
        return None
    found = {}
    # `[^<>]`: a header of nothing but "<" would else be searched to its end from each of them.
    for address, parameters in re.findall(r"<([^<>]*)>([^<]*)", header):
        rel = re.search(r"""\brel\s*=\s*(?:"([^"]*)"|'([^']*)'|([\w-]+))""", parameters, re.IGNORECASE)
        for name in (rel[1] or rel[2] or rel[3] or "").split() if rel else ():
            found[name.lower()] = address
    return found


def has_next(response: Response, links: dict[str, str] | None, body: Any) -> bool | None:
    """Return whether there is a next page; None when nothing says so."""
    if links is None:
        left = _possible_pages_left(body)
        return _says_more(body) if left is None else left
    if "next" not in links:
        return False
    if not _same_host(links["next"], response.url):
        raise IncompleteError(
            f"The next page of {response.where} is said to be on another host ({links['next'][:200]}), where the token "
            "must not go.",
            advice="Check the API host of the environment; a proxy may be rewriting addresses.",
        )
    return True


def last_page(links: dict[str, str] | None) -> int | None:
    """Return the number of the last page, where a link names it."""
    return whole_number(_parameter((links or {}).get("last", ""), "page"))


def next_cursor(response: Response, links: dict[str, str] | None, body: Any) -> str | None:
    """Return the cursor of the next page, from the next link, a header or the body; None where there is no more."""
    found = _parameter((links or {}).get("next", ""), "cursor") or response.headers.get("x-next-cursor")
    if found or _says_more(body) is False:
        return found or None
    cursors = (_cursor_of(holder.get(key)) for holder in _holders(body) for key in _CURSOR_KEYS)
    return next(filter(None, cursors), None)


def _cursor_of(value: Any) -> str | None:
    """Return a cursor that stands alone, or inside an address."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        return None
    return _parameter(value, "cursor") if re.match(r"https?://|/?[\w./-]*\?", value) else value


def _says_more(body: Any) -> bool | None:
    """Return whether a body says that there is more; None when it does not say."""
    flags = (holder.get(key) for holder in _holders(body) for key in _MORE_KEYS)
    return next((one for one in flags if isinstance(one, bool)), None)


def _holders(body: Any) -> list[dict[str, Any]]:
    """Return the body and those of its parts that may hold the paging."""
    if not isinstance(body, dict):
        return []
    return [one for one in (body, *(body.get(key) for key in _HOLDERS)) if isinstance(one, dict)]


def _parameter(address: str, name: str) -> str | None:
    try:
        return parse_qs(urlsplit(address).query).get(name, [None])[0]
    except ValueError:
        return None


def _same_host(link: str, own: str) -> bool:
    """Return whether a link stays on its host; the scheme may differ behind a gateway, and is not followed anyway."""
    try:
        theirs, ours = (
            (one.hostname, None if one.port == USUAL_PORTS.get(one.scheme) else one.port)
            for one in (urlsplit(urljoin(own, link)), urlsplit(own))
        )
    except ValueError:
        return False
    return theirs == ours


def _possible_pages_left(body: Any) -> bool | None:
    # Resource Planning counts its pages inside the body: {possible_pages, current_page, data}, pages from 0.
    inner = body[0] if isinstance(body, list) and len(body) == 1 else body
    if not isinstance(inner, dict):
        return None
    possible, current = inner.get("possible_pages"), inner.get("current_page")
    return current + 1 < possible if isinstance(possible, int) and isinstance(current, int) else None
