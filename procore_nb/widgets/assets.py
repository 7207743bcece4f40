"""What every widget is made of: scripts, the style sheet, the badge of an environment; and how it is closed.

In: names of files in `static`, an environment, a widget. Out: text of a script or style, HTML. There is no build step: the
files are what runs.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

import anywidget
import ipywidgets

from procore_nb.environments import DEMO, Environment
from procore_nb.static_view import KernelAnswers, StaticView, kernel_watch


@cache
def script(*names: str) -> str:
    """The shared part followed by the named scripts, as one module."""
    return "\n".join((kernel_watch(), *(_text(name) for name in ("shared.js", *names))))


@cache
def style(*names: str) -> str:
    """The shared style sheet followed by the named ones; colours are those of the page around it."""
    return "\n".join(_text(name) for name in ("forms.css", *names))


def _text(name: str) -> str:
    return (files("procore_nb.widgets") / "static" / name).read_text(encoding="utf-8")


def sendable(value: Any) -> Any:
    """A message without half surrogates, which are no characters: a kernel cannot encode them, and the message is lost."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {sendable(key): sendable(each) for key, each in value.items()}
    return [sendable(each) for each in value] if isinstance(value, list | tuple) else value


def variable_of(form: object, otherwise: str) -> str:
    """The variable of the notebook that holds a form; `otherwise` where none does, or there is no notebook."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    names = list(getattr(shell, "user_ns", {}).items())
    return next((name for name, value in names if value is form and not name.startswith("_")), otherwise)


class MessageWidget(StaticView, KernelAnswers, anywidget.AnyWidget):
    """A widget whose rows travel as messages, and are never widget state."""

    def send(self, content: Any, buffers: Any = None) -> None:
        """Send a message, and buffers, to the browser."""
        super().send(sendable(content), buffers)


def close_all(widget: ipywidgets.Widget) -> None:
    """Close a widget, what is in it, and their layouts and styles."""
    for each in getattr(widget, "children", ()):
        close_all(each)
    for name in ("layout", "style"):
        part = getattr(widget, name, None)
        if isinstance(part, ipywidgets.Widget):
            part.close()
    ipywidgets.Widget.close(widget)


_NATURE = {
    "production": "live data",
    "federal": "live data",
    "sandbox": "test data",
    "monthly-sandbox": "test data",
    "demo": "made-up data, inside this kernel",
}


def environment_badge(environment: Environment, html: str) -> str:
    """HTML in the dress of an environment."""
    kind = environment.name if environment.name in _NATURE else "other"
    return f"<div class='pnw-environment pnw-environment-{kind}'>{html}</div>"


def environment_html(environment: Environment | None) -> str:
    """An environment's name, whether its data are live, and its hosts."""
    if environment is None:
        return (
            "<div class='pnw-hint pnw-indent'>Production and sandbox have keys and data of their own.</div>"
        )
    nature = f" &middot; {_NATURE[environment.name]}" if environment.name in _NATURE else ""
    login, api = escape(environment.login_url), escape(environment.api_url)
    hosts = "" if environment == DEMO else f"<br>login <code>{login}</code> &middot; API <code>{api}</code>"
    return environment_badge(environment, f"<b>{escape(environment.name)}</b>{nature}{hosts}")
