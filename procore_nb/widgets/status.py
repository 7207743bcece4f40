"""The message of a form: what it is doing, what it did, what went wrong.

In: text, errors, steps. Out: a widget that shows them as text, whatever the text holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import anywidget
import traitlets

from procore_nb.errors import ProcoreError
from procore_nb.widgets.assets import script, sendable, style


class StatusMessage(anywidget.AnyWidget):
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
        message: dict[str, Any] = {
            "level": level,
            "text": text,
            "advice": advice,
            "share": share,
            "steps": [dict(step) for step in steps],
        }
        self.message = sendable(message)

    def show_again(self, message: Mapping[str, Any]) -> None:
        """Show a message that was shown before."""
        self.message = dict(message)

    def clear(self) -> None:
        """Show nothing."""
        self.show("")

    def show_error(self, error: BaseException) -> None:
        """Show an error in words: ours as they are, others by their kind."""
        if isinstance(error, ProcoreError):
            self.show(error.message, level="error", advice=error.advice)
        else:
            self.show(
                f"Something unexpected went wrong: {type(error).__name__}: {error}",
                level="error",
                advice="The form's .error holds it. Please report it with these words.",
            )
