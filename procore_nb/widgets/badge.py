"""How an environment looks in a form, so that nobody takes live data for test data.

In: an environment. Out: HTML with a class of its own for each known environment; the style sheet gives it its colour.
"""

from __future__ import annotations

from html import escape

from procore_nb.environments import DEMO, Environment

_NATURE = {
    "production": "live data",
    "federal": "live data",
    "sandbox": "test data",
    "monthly-sandbox": "test data",
    "demo": "made-up data, inside this kernel",
}


def dressed(place: Environment, html: str) -> str:
    """HTML in the dress of an environment."""
    kind = place.name if place.name in _NATURE else "other"
    return f"<div class='pnw-place pnw-place-{kind}'>{html}</div>"


def hosts_shown(place: Environment | None) -> str:
    """An environment's name, whether its data are live, and its hosts."""
    if place is None:
        return (
            "<div class='pnw-hint pnw-indent'>Production and sandbox have keys and data of their own.</div>"
        )
    nature = f" &middot; {_NATURE[place.name]}" if place.name in _NATURE else ""
    login, api = escape(place.login_url), escape(place.api_url)
    hosts = "" if place == DEMO else f"<br>login <code>{login}</code> &middot; API <code>{api}</code>"
    return dressed(place, f"<b>{escape(place.name)}</b>{nature}{hosts}")
