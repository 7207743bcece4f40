"""What a form says: a notice, where the eye is, and the line of Python that does the same.

In: words, errors, steps. Out: two small widgets that show them as text, whatever the text is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import anywidget
import traitlets

from procore_nb.errors import ProcoreError
from procore_nb.widgets.assets import script, style


class StatusMessage(anywidget.AnyWidget):
    """One message at a time: busy, done, warning or error, with advice and perhaps steps.

    It also says so when the kernel behind the form is gone, and closes the form then.
    """

    _esm = script("notice.js")
    _css = style()
    said = traitlets.Dict({"level": "info", "text": ""}).tag(sync=True)

    @property
    def level(self) -> str:
        """`info`, `busy`, `done`, `warning` or `error`."""
        return str(self.said["level"])

    @property
    def text(self) -> str:
        """The message; empty when nothing is said."""
        return str(self.said["text"])

    def say(
        self,
        text: str,
        *,
        level: str = "info",
        advice: str = "",
        steps: Sequence[Mapping[Any, Any]] = (),
        share: float | None = None,
    ) -> None:
        """Show a message in place of the last one; `share` (0 to 1) draws how much is done."""
        said: dict[str, Any] = {
            "level": level,
            "text": text,
            "advice": advice,
            "share": share,
            "steps": [dict(step) for step in steps],
        }
        self.said = said

    def repeat(self, said: Mapping[str, Any]) -> None:
        """Say again what was said before."""
        self.said = dict(said)

    def clear(self) -> None:
        """Say nothing."""
        self.say("")

    def fail(self, error: BaseException) -> None:
        """Show an error in words: ours as they are, others by their kind."""
        if isinstance(error, ProcoreError):
            self.say(error.message, level="error", advice=error.advice)
        else:
            self.say(
                f"Something unexpected went wrong: {type(error).__name__}: {error}",
                level="error",
                advice="The form's .error holds it. Please report it with these words.",
            )


class PythonLine(anywidget.AnyWidget):
    """A line of Python with a button that copies it; empty shows nothing."""

    _esm = script("line.js")
    _css = style()
    code = traitlets.Unicode("").tag(sync=True)
