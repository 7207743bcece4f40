"""Letting go of widgets with everything in them: ipywidgets keeps each one until it is closed.

In: a widget. Out: nothing; its parts are gone from the kernel's list and from saved widget state.
"""

from __future__ import annotations

import ipywidgets


def close_all(widget: ipywidgets.Widget) -> None:
    """Close a widget, what is in it, and their layouts and styles."""
    for each in getattr(widget, "children", ()):
        close_all(each)
    for name in ("layout", "style"):
        part = getattr(widget, name, None)
        if isinstance(part, ipywidgets.Widget):
            part.close()
    ipywidgets.Widget.close(widget)
