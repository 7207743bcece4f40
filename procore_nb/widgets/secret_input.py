"""A field for a secret that no notebook file can hold.

In: what a person types. Out: a masked `Secret`. The text travels from the browser as one message when the field is
left or Enter is pressed; it is never widget state, so neither JupyterLab's saved state nor a checkpoint has it,
not even when it was typed and never sent.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anywidget
import traitlets

from procore_nb.credentials import Secret
from procore_nb.widgets.assets import script, style


class SecretInput(anywidget.AnyWidget):
    """A masked field; `secret` is what was typed last (None before), `forget()` lets go of it.

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

    _esm = script("secret.js")
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
        """Let go of the secret."""
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
