"""Beside every widget stand a picture and a text, which converters and code hosts show where the widget cannot run."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import procore_nb as pnb
from procore_nb.widgets import CompanyPicker, ConnectForm, EndpointPicker, Explorer, FrameTable, ProjectPicker
from procore_nb.widgets.report_view import ReportView

WIDGET = "application/vnd.jupyter.widget-view+json"
RFIS = {"rfis": [{"id": 1, "status": "open", "due_date": "2026-05-01", "project_id": 7}]}
PROJECTS = pd.DataFrame(
    {
        "name": ["A", "B", "C"],
        "project_stage.name": ["Canceled", "Completed", "Course of Construction"],
        "latitude": [40.0, 45.0, 50.0],
        "longitude": [-100.0, -95.0, -90.0],
    }
)


def bundle_of(shown: Any) -> dict[str, Any]:
    found = shown._repr_mimebundle_()
    bundle: dict[str, Any] = found[0] if isinstance(found, tuple) else found
    return bundle


def picture_of(bundle: dict[str, Any]) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(bundle["image/png"]))).convert("RGB")


@pytest.fixture(scope="module")
def procore() -> Any:
    with pnb.connect("demo", company_id=24_977, progress=False) as connection:
        yield connection


MADE: dict[str, Callable[[pnb.Procore], Any]] = {
    "ConnectForm": lambda _: ConnectForm("demo"),
    "Explorer": lambda procore: procore.explore(),
    "FrameTable": lambda _: FrameTable(PROJECTS),
    "CompanyPicker": lambda procore: CompanyPicker(procore.companies()),
    "ProjectPicker": lambda procore: ProjectPicker(procore.projects()),
    "EndpointPicker": lambda procore: EndpointPicker(procore.catalogue),
    "ReportView": lambda _: ReportView(RFIS, "rfis"),
    "<ProjectMap": lambda _: pnb.map_projects(PROJECTS),
}


@pytest.mark.parametrize("name", MADE)
def test_every_widget_has_a_small_picture_and_a_text_beside_its_view(name: str, procore: pnb.Procore) -> None:
    bundle = bundle_of(MADE[name](procore))
    assert set(bundle) == {WIDGET, "text/plain", "image/png"}
    assert bundle["text/plain"].startswith(name)
    assert len(bundle["image/png"]) < 60_000
    assert picture_of(bundle).width > 100


def test_a_style_behind_the_view_shows_the_picture_where_jupyterlab_finds_no_widget(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    displayed: list[dict[str, Any]] = []
    monkeypatch.setattr("IPython.display.display", lambda bundle, **_: displayed.append(bundle))
    table = FrameTable(PROJECTS)
    table._ipython_display_()
    view, style = displayed
    width, height = picture_of(view).size
    assert set(style) == {"text/html", "text/plain"}
    assert view[WIDGET]["model_id"] in style["text/html"]
    assert f"width: {width}px; max-width: 100%; height: {height}px" in style["text/html"]
    assert f"url(data:image/png;base64,{view['image/png']})" in style["text/html"]


def test_the_text_of_a_table_holds_its_first_rows_in_the_order_they_are_drawn_in() -> None:
    table = FrameTable(pd.DataFrame({"number": range(30), "subject": [f"Subject {at}" for at in range(30)]}))
    table.choose_columns(["subject"])
    lines = bundle_of(table)["text/plain"].splitlines()
    assert lines[3].split() == ["Subject", "0"]
    assert lines[-1] == "The first 10 of 30 rows."
    assert len(lines) == 14
    assert "number" not in "\n".join(lines[1:])


@pytest.mark.slow
def test_the_text_of_a_form_shows_what_it_has_fetched_or_made(procore: pnb.Procore) -> None:
    view = ReportView(RFIS, "rfis")
    assert "Run this cell to use it." in bundle_of(view)["text/plain"]
    view.show()
    assert "1 RFI open" in bundle_of(view)["text/plain"]
    explorer = Explorer(procore, endpoint="rfis")
    assert "Run this cell to use it." in bundle_of(explorer)["text/plain"]
    frame = explorer.fetch()
    assert str(frame["subject"].iloc[0])[:20] in bundle_of(explorer)["text/plain"]


def test_a_secret_that_was_typed_is_not_in_what_stays(procore: pnb.Procore) -> None:
    form = ConnectForm("sandbox")
    form._fields.secret._handle_custom_msg({"kind": "secret", "text": "hush-hush"}, [])
    assert form._fields.secret.held
    assert "hush-hush" not in str(bundle_of(form))


def test_the_picture_of_a_map_has_the_colour_of_each_category() -> None:
    pixels = np.asarray(picture_of(bundle_of(pnb.map_projects(PROJECTS)))).reshape(-1, 3).astype(int)
    for wanted in [(0x9A, 0x34, 0x00), (0x03, 0x41, 0x76), (0x04, 0x74, 0x46)]:
        assert (abs(pixels - wanted).max(axis=1) < 12).any(), wanted


@pytest.mark.parametrize("longitudes", [[-100.0], [-179.0, 179.0]], ids=["one point", "across the date line"])
def test_the_picture_of_a_map_of_odd_extent_shows_its_points(longitudes: list[float]) -> None:
    points = pd.DataFrame({"name": "A", "latitude": 40.0, "longitude": longitudes})
    pixels = np.asarray(picture_of(bundle_of(pnb.map_projects(points))))[:, 100:].reshape(-1, 3).astype(int)
    assert (abs(pixels - (0x00, 0x72, 0xB2)).max(axis=1) < 12).any()


def test_the_picture_of_a_map_shows_its_region() -> None:
    whole, part = (picture_of(bundle_of(pnb.map_projects(PROJECTS, region=one))) for one in (None, "US-NE"))
    assert whole.tobytes() != part.tobytes()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_page_made_by_nbconvert_shows_the_picture_where_the_widget_stood() -> None:
    from nbconvert import HTMLExporter
    from nbformat import v4

    bundle = bundle_of(FrameTable(PROJECTS))
    output = v4.new_output("display_data", bundle)
    page, _ = HTMLExporter().from_notebook_node(
        v4.new_notebook(cells=[v4.new_code_cell("table", outputs=[output])])
    )
    assert f"data:image/png;base64,{bundle['image/png'][:60]}" in page
    assert bundle[WIDGET]["model_id"] not in page
