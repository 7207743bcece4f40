"""The browser is answered that the kernel is still there; what it shows when no answer comes is tested in a browser."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from procore_nb.maps import map_projects
from procore_nb.widgets import FrameTable, ProjectPicker
from procore_nb.widgets.components import StatusMessage

from .conftest import Wire

FRAME = pd.DataFrame({"id": [1], "name": ["Depot"], "latitude": [40.0], "longitude": [-100.0]})


@pytest.mark.parametrize("kind", ["form", "picker", "table", "map"])
def test_each_widget_that_watches_its_kernel_is_answered_once(kind: str) -> None:
    makers: dict[str, Any] = {
        "form": StatusMessage,
        "picker": lambda: ProjectPicker(FRAME),
        "table": lambda: FrameTable(FRAME),
        "map": lambda: map_projects(FRAME, color=None).widget,
    }
    wire = Wire(makers[kind]())
    wire.says(kind="still there?")
    assert [content for content, _ in wire.heard] == [{"kind": "still here"}]
