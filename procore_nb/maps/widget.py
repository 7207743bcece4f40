"""The map as a widget: the same script as the standalone page, with a kernel behind it.

In: packed points. Out: the numbers of the rows chosen in the browser. Needs anywidget; imported only when shown.
"""

from __future__ import annotations

from typing import Any

import anywidget
import traitlets

from procore_nb.maps.borders import borders_file
from procore_nb.maps.interactive import script, style


class MapWidget(anywidget.AnyWidget):
    """`points` and `borders` go to the browser, `chosen` (int32 numbers of drawn rows) comes back."""

    _esm = script()
    _css = style()
    points = traitlets.Bytes().tag(sync=True)
    borders = traitlets.Bytes().tag(sync=True)
    height = traitlets.Int(520).tag(sync=True)
    # The browser's buffer arrives as a memoryview, which the trait would refuse.
    chosen = traitlets.Bytes(b"").tag(sync=True, from_json=lambda value, _: bytes(value or b""))

    def __init__(self, **values: Any) -> None:
        super().__init__(borders=borders_file(), **values)

    @traitlets.validate("chosen")
    def _whole_numbers(self, proposal: Any) -> bytes:
        """Only whole 32-bit numbers are taken from the browser."""
        data = bytes(proposal["value"])
        return data if len(data) % 4 == 0 else b""
