"""The small widgets that every form is made of: a button, a secret field, the status message, the line of Python.

In: names of files in `static`, what a person types and clicks. Out: a masked `Secret`, fields of the kernel that hold what the
browser showed, HTML. There is no build step: the files are what runs. A secret is sent when its field is left or Enter is pressed;
it is never widget state, so neither JupyterLab's saved state nor a checkpoint has it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

import anywidget
import ipywidgets
import traitlets

from procore_nb.credentials import Secret
from procore_nb.environments import DEMO, KNOWN, Environment
from procore_nb.errors import ProcoreError
from procore_nb.static_view import KernelAnswers, StaticView, kernel_watch


@cache
def script(*names: str) -> str:
    """The shared script followed by the named ones, as one module."""
    return "\n".join((kernel_watch(), *map(_static_text, ("shared.js", *names))))


@cache
def style(*names: str) -> str:
    """The shared style sheet followed by the named ones; colours are those of the page around it."""
    return "\n".join(map(_static_text, ("forms.css", *names)))


def _static_text(name: str) -> str:
    return (files("procore_nb.widgets") / "static" / name).read_text(encoding="utf-8")


def replace_surrogates(value: Any) -> Any:
    """A message without lone surrogates, which are no characters: a kernel cannot encode them, and the message is lost."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {replace_surrogates(key): replace_surrogates(item) for key, item in value.items()}
    return [replace_surrogates(item) for item in value] if isinstance(value, list | tuple) else value


def variable_name(form: object, default: str) -> str:
    """The variable of the notebook that holds a form; `default` where none does, or there is no notebook."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    variables = list(getattr(shell, "user_ns", {}).items())
    return next((name for name, value in variables if value is form and not name.startswith("_")), default)


class MessageWidget(StaticView, KernelAnswers, anywidget.AnyWidget):
    """A widget whose rows travel as messages, and are never widget state."""

    def send(self, content: Any, buffers: Any = None) -> None:
        """Send a message, and buffers, to the browser."""
        super().send(replace_surrogates(content), buffers)


def dispose(widget: ipywidgets.Widget) -> None:
    """Close a widget with its children, layouts and styles: ipywidgets keeps every widget until it is closed."""
    parts = [*getattr(widget, "children", ()), *(getattr(widget, name, None) for name in ("layout", "style"))]
    for part in parts:
        if isinstance(part, ipywidgets.Widget):
            dispose(part)
    ipywidgets.Widget.close(widget)


_DATA_OF = {
    "production": "live data",
    "federal": "live data",
    "sandbox": "test data",
    "monthly-sandbox": "test data",
    "demo": "made-up data, inside this kernel",
}


def environment_badge(environment: Environment, html: str) -> str:
    """HTML in the colours of an environment."""
    name = environment.name if environment.name in _DATA_OF else "other"
    return f"<div class='pnw-environment pnw-environment-{name}'>{html}</div>"


def environment_html(environment: Environment | None) -> str:
    """An environment's name, whether its data are live, and its hosts."""
    if environment is None:
        hint = "Production and sandbox have keys and data of their own."
        return f"<div class='pnw-hint pnw-indent'>{hint}</div>"
    data = f" &middot; {_DATA_OF[environment.name]}" if environment.name in _DATA_OF else ""
    login, api = escape(environment.login_url), escape(environment.api_url)
    hosts = "" if environment == DEMO else f"<br>login <code>{login}</code> &middot; API <code>{api}</code>"
    return environment_badge(environment, f"<b>{escape(environment.name)}</b>{data}{hosts}")


class SubmitButton(anywidget.AnyWidget):
    """A button whose click first sets `fields` to what they hold in the browser, then calls `submit`.

    ipywidgets holds back what is typed while the kernel is busy, but not clicks: a click alone would act on half a value.
    Where the page showed other fields or choices than the form has now, `status` says so and nothing is done.
    """

    _esm = script("submit_button.js")
    _css = style()
    description = traitlets.Unicode("").tag(sync=True)
    tooltip = traitlets.Unicode("").tag(sync=True)
    primary = traitlets.Bool(False).tag(sync=True)
    disabled = traitlets.Bool(False).tag(sync=True)
    on_enter = traitlets.Bool(False).tag(sync=True)  # also submits on Enter in a field of class pnw-enter
    fields: Any = traitlets.List().tag(sync=True, **ipywidgets.widget_serialization)

    def __init__(
        self, description: str, submit: Callable[[], object], status: StatusMessage, **traits: Any
    ) -> None:
        super().__init__(description=description, **traits)
        self._submit, self._status = submit, status
        self.on_msg(self._receive)

    def click(self) -> None:
        """Do what a click does, with the values that the fields have in the kernel."""
        self._submit()

    def _receive(self, _: object, content: dict[str, Any], buffers: object) -> None:
        if content.get("kind") != "click" or self.disabled:
            return
        values, fields = content.get("values"), {field.model_id: field for field in self.fields}
        if isinstance(values, dict) and set(values) == set(fields) and _set_values(fields, values):
            self._submit()
        else:
            older = "The page showed an older state of the form. Check the fields and press again."
            self._status.show(older, level="warning")


def _set_values(fields: dict[str, Any], values: dict[str, Any]) -> bool:
    """Set fields to what the browser showed, except those that the form does not use now; False where one refuses its value."""
    try:
        for model_id, field in fields.items():
            value = values[model_id]
            if field.disabled or field.layout.display == "none":
                continue
            if not hasattr(field, "_options_labels"):
                field.set_state({"value": value})
                continue
            # A choice travels as its label: options may have changed since, and their positions with them.
            positions = {None: None} | {label: index for index, label in enumerate(field._options_labels)}
            chosen = (
                tuple(positions[label] for label in value) if isinstance(value, list) else positions[value]
            )
            field.index = chosen
    except (traitlets.TraitError, KeyError, TypeError, ValueError):
        return False
    return True


class SecretInput(anywidget.AnyWidget):
    """A masked field; `secret` is what was typed last (None before), `forget()` drops it.

    Parameters
    ----------
    label
        Stands before the field.
    placeholder
        Shown while nothing is held.

    Examples
    --------
    >>> SecretInput(label="Client secret").secret is None
    True
    """

    _esm = script("secret_input.js")
    _css = style()
    label = traitlets.Unicode("Client secret").tag(sync=True)
    placeholder = traitlets.Unicode("").tag(sync=True)
    disabled = traitlets.Bool(False).tag(sync=True)
    held = traitlets.Bool(False).tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self._secret: Secret | None = None
        self._on_enter: list[Callable[[], object]] = []
        self.on_msg(self._receive)

    @property
    def secret(self) -> Secret | None:
        """What was typed last, masked."""
        return self._secret

    def forget(self) -> None:
        """Drop the secret."""
        self._secret = None
        self.held = False

    def on_enter(self, callback: Callable[[], object]) -> None:
        """Call `callback` when Enter is pressed in the field."""
        self._on_enter.append(callback)

    def _receive(self, _: object, content: dict[str, Any], buffers: object) -> None:
        if content.get("kind") != "secret":
            return
        text = content.pop("text", "")  # not read: a traceback or a log of the message would show it
        if isinstance(text, str) and text.strip():
            self._secret = Secret(text.strip())
            self.held = True
        del text
        if content.get("submit"):
            for callback in self._on_enter:
                callback()


class StatusMessage(KernelAnswers, anywidget.AnyWidget):
    """One message at a time: busy, done, warning or error, with advice and perhaps steps.

    It also shows when the kernel behind the form is gone, and disables the form then.
    """

    _esm = script("status.js")
    _css = style()
    message = traitlets.Dict({"level": "info", "text": ""}).tag(sync=True)

    @property
    def level(self) -> str:
        """`info`, `busy`, `done`, `warning` or `error`."""
        return str(self.message["level"])

    @property
    def text(self) -> str:
        """The message; empty when there is none."""
        return str(self.message["text"])

    def show(
        self,
        text: str,
        *,
        level: str = "info",
        advice: str = "",
        steps: Sequence[Mapping[Any, Any]] = (),
        share: float | None = None,
    ) -> None:
        """Show a message in place of the last one; `share` (0 to 1) draws how much is done."""
        message: dict[str, Any] = {"level": level, "text": text, "advice": advice, "share": share}
        self.message = replace_surrogates(message | {"steps": [dict(step) for step in steps]})

    def show_error(self, error: BaseException) -> None:
        """Show an error in words: ours as they are, others by their type."""
        if isinstance(error, ProcoreError):
            self.show(error.message, level="error", advice=error.advice)
        else:
            text = f"Something unexpected went wrong: {type(error).__name__}: {error}"
            advice = "The form's .error holds it. Please report it with these words."
            self.show(text, level="error", advice=advice)


class Snippet(anywidget.AnyWidget):
    """A line of Python with a button that copies it; empty shows nothing."""

    _esm = script("snippet.js")
    _css = style()
    code = traitlets.Unicode("").tag(sync=True)


class Code(str):
    """An expression, written into a line as it is."""


_LONGEST = 90  # characters; a longer call has each argument on a line of its own


def call_line(function: str, *values: Any, **options: Any) -> str:
    """A call as a person would write it; options that are None are not written."""
    texts = [_literal(value) for value in values]
    texts += [f"{name}={_literal(value)}" for name, value in options.items() if value is not None]
    line = f"{function}({', '.join(texts)})"
    return line if len(line) <= _LONGEST else f"{function}(\n    " + ",\n    ".join(texts) + ",\n)"


def _literal(value: Any) -> str:
    """A value as Python source, strings in double quotes where they need no escape."""
    if isinstance(value, Code):
        return str(value)
    if isinstance(value, Environment):
        return _literal(value.name) if value in KNOWN else f"pnb.{value!r}"
    if isinstance(value, date):
        return _literal(value.isoformat())
    if isinstance(value, str):
        escaped = '"' in value or "\\" in value or not value.isprintable()
        return repr(value) if escaped else f'"{value}"'
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_literal(key)}: {_literal(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_literal, value)) + "]"
    if isinstance(value, tuple):
        return "(" + ", ".join(map(_literal, value)) + ("," if len(value) == 1 else "") + ")"
    return repr(value)
