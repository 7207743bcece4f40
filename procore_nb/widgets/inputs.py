"""Inputs whose content is sent in one message: a field for a secret, and a button that carries the values of its fields.

In: what a person types and clicks. Out: a masked `Secret`; fields of the kernel that hold what stood in the browser. A secret
is sent when its field is left or Enter is pressed. It is never widget state, so neither JupyterLab's saved state nor a
checkpoint has it, not even when it was typed and never sent.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anywidget
import ipywidgets
import traitlets

from procore_nb.credentials import Secret
from procore_nb.widgets.assets import script, style

OUTDATED = "The page showed an older state of the form. Check the fields and press again."


class SubmitButton(anywidget.AnyWidget):
    """A button whose click first sets `fields` to what they hold in the browser, then calls `act`.

    ipywidgets holds back what is typed while the kernel is busy, but not clicks: a click alone would act on half a value.
    `outdated` is called instead when the page showed other fields or choices than the form has now.
    """

    _esm = script("submit_button.js")
    _css = style()
    description = traitlets.Unicode("").tag(sync=True)
    tooltip = traitlets.Unicode("").tag(sync=True)
    primary = traitlets.Bool(False).tag(sync=True)
    disabled = traitlets.Bool(False).tag(sync=True)
    on_enter = traitlets.Bool(False).tag(sync=True)  # also acts on Enter in a field of class pnw-enter
    fields: Any = traitlets.List().tag(sync=True, **ipywidgets.widget_serialization)

    def __init__(
        self, description: str, act: Callable[[], object], *, outdated: Callable[[], object], **values: Any
    ) -> None:
        super().__init__(description=description, **values)
        self._act, self._outdated = act, outdated
        self.on_msg(self._receive)

    def click(self) -> None:
        """Do what a click does, with the values that the fields have in the kernel."""
        self._act()

    def _receive(self, _: object, content: dict[str, Any], buffers: object) -> None:
        if content.get("kind") != "click" or self.disabled:
            return
        sent = content.get("values")
        known = {field.model_id: field for field in self.fields}
        if not isinstance(sent, dict) or set(sent) != set(known):
            self._outdated()
            return
        try:
            for name, field in known.items():
                _set_value(field, sent[name])
        except (traitlets.TraitError, KeyError, TypeError, ValueError):
            self._outdated()
            return
        self._act()


def _set_value(field: ipywidgets.Widget, value: Any) -> None:
    """Set a field to what the browser showed, unless the form does not use the field now."""
    if field.disabled or field.layout.display == "none":
        return
    if not hasattr(field, "_options_labels"):
        field.set_state({"value": value})
        return
    positions = {None: None} | {label: at for at, label in enumerate(field._options_labels)}
    field.index = tuple(positions[each] for each in value) if isinstance(value, list) else positions[value]


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

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
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

    def on_enter(self, act: Callable[[], object]) -> None:
        """Call `act` when Enter is pressed in the field."""
        self._on_enter.append(act)

    def _receive(self, _: object, content: dict[str, Any], buffers: object) -> None:
        if content.get("kind") != "secret":
            return
        text = content.pop("text", "")
        if isinstance(text, str) and text.strip():
            self._secret = Secret(text.strip())
            self.held = True
        del text
        if content.get("submit"):
            for act in self._on_enter:
                act()
