"""Choosing from a long list by typing; the list travels once, as a message, and is filtered in the browser.

In: rows of a key and a few texts. Out: the keys that were chosen. Nothing of the list is ever widget state.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import anywidget
import ipywidgets

from procore_nb.widgets.assets import script, style


class Picker(anywidget.AnyWidget, ipywidgets.ValueWidget):  # type: ignore[misc]
    """What the pickers share; each keeps its own `value`, so that `interact` and `link` take them as any other field.

    Parameters
    ----------
    several
        Whether more than one may be chosen.
    placeholder
        What the field says while it is empty.
    noun
        What the rows are, said after their number.
    """

    _esm = script("picker.js")
    _css = style("table.css", "picker.css")

    def __init__(self, *, several: bool, placeholder: str, noun: str) -> None:
        super().__init__()
        self._several, self._placeholder, self._noun = several, placeholder, noun
        self._rows: list[list[str]] = []
        self._keys: list[str] = []
        self._empty = "The list is empty."
        self.on_msg(self._receive)

    def _offer(self, rows: Sequence[Sequence[str]]) -> None:
        """Offer rows of key, group, text that is only searched, and texts that are shown."""
        self._rows, self._empty = [list(row) for row in rows], "The list is empty."
        self._announce()

    def explain(self, words: str) -> None:
        """Say why there is nothing to choose from yet."""
        self._empty = words
        self._announce()

    def _taken(self, keys: list[str]) -> None:
        """Take what the browser chose."""
        raise NotImplementedError

    def _tell(self, keys: Sequence[str]) -> None:
        """Tell the browser what is chosen now."""
        self._keys = list(keys)
        self.send({"kind": "chosen", "chosen": self._keys})

    def _receive(self, _: object, content: dict[str, Any], buffers: object) -> None:
        if content.get("kind") == "ready":
            self._announce(content.get("from"))
        elif content.get("kind") == "choose":
            known = {row[0] for row in self._rows}
            self._taken([key for key in content.get("keys", []) if key in known])

    def _announce(self, to: object = None) -> None:
        self.send(
            {
                "kind": "rows",
                "to": to,
                "rows": self._rows,
                "chosen": self._keys,
                "several": self._several,
                "placeholder": self._placeholder,
                "noun": self._noun,
                "empty": self._empty,
            }
        )
