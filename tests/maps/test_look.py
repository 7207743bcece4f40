"""How pictures look: all of a map is in its figure, themes, shapes, marks at one address, what a notebook shows."""

from __future__ import annotations

import base64
import io
import pickle
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection
from matplotlib.colors import to_hex
from matplotlib.legend import Legend
from PIL import Image

import procore_nb as pnb
from procore_nb.maps import plot_projects
from procore_nb.maps.borders import load_borders

from .frames import projects

mpl.use("agg")
pytestmark = pytest.mark.usefixtures("_close")


@pytest.fixture
def _close() -> Any:
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


def marks_of(ax: Any) -> list[Any]:
    return [each for each in ax.collections if type(each) is PathCollection and each.get_zorder() == 3]


def test_the_figure_holds_its_legends_title_and_notes_whatever_their_length() -> None:
    frame = projects(150)
    frame["office"] = [f"Office of the North-Western Region {n % 14} WWWWWWWWWWWW" for n in range(150)]
    frame.loc[0, "latitude"] = None
    ax: Any = plot_projects(frame, color="office", size="value", cluster=True, title="Long " * 12)
    ax.figure.draw_without_rendering()
    legends = [each for each in ax.get_children() if isinstance(each, Legend)]
    handles = [mark for legend in legends for mark in legend.legend_handles]

    whole = ax.figure.bbox
    for artist in [*legends, *handles, ax.title, ax._left_title, *ax.texts]:
        box = artist.get_window_extent()
        assert min(box.x0, box.y0, whole.x1 - box.x1, whole.y1 - box.y1) >= 0, artist
    assert len(legends) >= 2


def test_a_dark_theme_is_dark_and_its_words_are_light() -> None:
    ax: Any = plot_projects(projects(30), theme="dark", title="Dark")

    assert to_hex(ax.figure.get_facecolor()) == "#15181b"
    assert max(mpl.colors.to_rgb(ax.get_facecolor())) < 0.2
    assert min(mpl.colors.to_rgb(ax._left_title.get_color())) > 0.8
    lines = pnb.plot_bars(pd.Series({"a": 1}), theme="dark")
    assert min(mpl.colors.to_rgb(lines.get_yticklabels()[0].get_color())) > 0.8


def test_auto_is_dark_where_matplotlibs_style_is_and_light_elsewhere() -> None:
    with mpl.rc_context({"figure.facecolor": "black"}):
        dark: Any = plot_projects(projects(3))
        light: Any = plot_projects(projects(3), theme="light")
    assert to_hex(dark.figure.get_facecolor()) == "#15181b"
    assert to_hex(light.figure.get_facecolor()) == "#ffffff"


@pytest.mark.slow
def test_a_notebook_gets_one_picture_that_turns_dark_with_its_page() -> None:
    ax: Any = plot_projects(projects(3), title='Three "projects" & more')
    html = ax.figure._repr_html_()

    assert '[data-jp-theme-light="false"] .pnb-figure' in html
    assert 'alt="Three &quot;projects&quot; &amp; more"' in html
    assert html.count("data:image/png") == 1
    assert plot_projects(projects(3), theme="light").figure._repr_html_() is None  # type: ignore[union-attr]


@pytest.mark.slow
def test_the_picture_of_a_notebook_is_small_and_keeps_the_colours_of_small_marks() -> None:
    ax: Any = plot_projects(projects(40), size="value", title="Colours")
    html, whole = ax.figure._repr_html_(), io.BytesIO()
    ax.figure.savefig(whole, format="png", dpi=1.5 * ax.figure.dpi, bbox_inches="tight")
    small = base64.b64decode(html.partition("base64,")[2].partition('"')[0])

    pictures = [
        np.asarray(Image.open(data).convert("RGB")).astype(int) for data in (whole, io.BytesIO(small))
    ]
    assert np.abs(pictures[0] - pictures[1]).max() < 20
    assert len(small) < len(whole.getvalue()) / 2


def test_no_line_with_the_axes_stands_above_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    import IPython.display
    import matplotlib.pyplot as plt

    shown: list[Any] = []
    monkeypatch.setattr(IPython.display, "display", shown.append)
    for ax in (plot_projects(projects(3)), pnb.plot_bars(pd.Series({"a": 1}))):
        ax._ipython_display_()  # type: ignore[attr-defined]
        assert shown == []  # the notebook shows the open figure at the end of the cell
        plt.close(ax.figure)  # type: ignore[arg-type]
        ax._ipython_display_()  # type: ignore[attr-defined]
        assert shown.pop() is ax.figure


def test_an_unknown_theme_is_refused() -> None:
    with pytest.raises(pnb.ArgumentError, match="theme='night'"):
        plot_projects(projects(3), theme="night")  # type: ignore[arg-type]


def test_a_figure_can_be_pickled() -> None:
    ax: Any = plot_projects(projects(3))
    again = pickle.loads(pickle.dumps(ax.figure))
    again.savefig(io.BytesIO(), format="png")


def test_marks_at_one_address_stand_side_by_side_and_the_note_says_so() -> None:
    frame = pd.DataFrame({"latitude": [40.7, 40.7, 41.0], "longitude": [-74.0, -74.0, -74.2]})
    ax: Any = plot_projects(frame)

    (marks,) = marks_of(ax)
    many: Any = plot_projects(pd.concat([frame.head(1)] * 7), cluster=False)
    assert len({tuple(pair) for pair in marks_of(many)[0].get_offsets().tolist()}) == 7
    offsets = {tuple(pair) for pair in ax.transData.transform(marks.get_offsets()).round(1).tolist()}
    assert len(offsets) == 3
    assert "2 moved aside so that each can be seen" in "".join(text.get_text() for text in ax.texts)


def test_categories_have_shapes_of_their_own_for_grey_print() -> None:
    frame = pd.DataFrame({"latitude": range(33, 41), "longitude": range(-90, -82), "stage": list("abcdefgh")})
    (marks,) = marks_of(plot_projects(frame))

    assert len({path.vertices.tobytes() for path in marks.get_paths()}) == 8


def test_dates_on_axes_name_month_and_year() -> None:
    days = pd.date_range("2025-11-01", periods=200)
    ax: Any = pnb.plot_lines(pd.Series(range(200), index=days))
    ax.figure.canvas.draw()
    assert [label.get_text() for label in ax.get_xticklabels()][2:4] == ["Jan\n2026", "Feb"]

    one: Any = pnb.plot_lines(pd.Series([3], index=days[:1]))
    assert [label.get_text() for label in one.get_xticklabels()] == ["01 Nov 2025"]
    bars: Any = pnb.plot_bars(pd.Series([1, 2], index=days[:2]))
    assert bars.get_yticklabels()[0].get_text() == "2025-11-01"


def test_a_city_of_the_united_states_has_counties_with_names_and_a_wide_map_has_none() -> None:
    frame = pd.DataFrame({"name": ["Clinic"], "latitude": [40.85], "longitude": [-73.9]})
    near = {text.get_text() for text in plot_projects(frame).texts}
    wide = {text.get_text() for text in plot_projects(frame, region="US").texts}

    assert {"Westchester", "Bergen"} <= near
    assert {"Westchester", "Bergen"}.isdisjoint(wide)


def test_lines_of_counties_are_whole_and_meet_the_states() -> None:
    borders = load_borders()
    assert len(borders.counties) == 3231
    assert sum(map(len, borders.layers["county_lines"])) > 20_000
    steps = np.concatenate(
        [np.abs(np.diff(line, axis=0)).max(axis=1) for line in borders.layers["county_lines"]]
    )
    assert steps.max() < 10  # degrees: boroughs of Alaska have long straight lines


@pytest.mark.parametrize("options", [{}, {"size": "total_value"}, {"cluster": True}])
def test_no_name_lies_on_a_mark(options: dict[str, Any]) -> None:
    frame = projects(40, "isles")
    frame.loc[1:3, ["latitude", "longitude"]] = (
        53.35,
        -6.26,
    )  # in the middle of Dublin, so they are moved aside
    ax: Any = plot_projects(frame, **options)
    ax.figure.draw_without_rendering()
    names = [text for text in ax.texts if text.get_fontsize() in (6.5, 7.5) and "km" not in text.get_text()]
    marks, points = marks_of(ax)[0], 72 / ax.figure.dpi
    where = ax.transData.transform(marks.get_offsets()) * points
    radius = np.broadcast_to(np.sqrt(marks.get_sizes()) / 2, len(where))
    assert len(names) > 10
    for name in names:
        box = name.get_window_extent().get_points() * points
        away = np.maximum(np.maximum(box[0] - where, where - box[1]), 0)
        assert (np.hypot(*away.T) >= radius - 0.5).all(), name
