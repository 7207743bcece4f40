"""The static map: what is drawn, what is said, and what it does not touch."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PatchCollection, PathCollection
from matplotlib.figure import Figure

from procore_nb import maps
from procore_nb.errors import ArgumentError, ProcoreWarning
from procore_nb.maps import plot_projects

from .frames import projects

pytestmark = pytest.mark.slow

matplotlib.use("agg")


@pytest.fixture(autouse=True)
def _no_figure_is_left_open() -> Any:
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


def texts(ax: Any) -> list[str]:
    return [text.get_text() for text in ax.texts]


def said(ax: Any) -> str:
    return next(text for text in texts(ax) if "on the map" in text)


def legend_rows(ax: Any, number: int = 0) -> list[str]:
    from matplotlib.legend import Legend

    legends = [child for child in ax.get_children() if isinstance(child, Legend)]
    return [text.get_text() for text in legends[number].get_texts()]


def points_drawn(ax: Any) -> int:
    return sum(
        len(c.get_offsets()) for c in ax.collections if type(c) is PathCollection and c.get_zorder() == 3
    )


def test_every_row_is_drawn_or_accounted_for() -> None:
    frame = projects(40, "lower48", spread=3).drop(columns=["country_code", "state_code"])
    frame.loc[0, "latitude"] = np.nan
    frame.loc[1, ["latitude", "longitude"]] = 0.0
    ax = plot_projects(frame, cluster=False)

    assert points_drawn(ax) == 38
    assert "38 of 40 on the map" in said(ax)
    assert "1 no coordinates" in said(ax)
    assert "1 latitude and longitude are both zero" in said(ax)


def test_the_legend_counts_every_category_in_the_order_of_a_projects_life() -> None:
    frame = projects(60)
    rows = legend_rows(plot_projects(frame))

    counts = frame["project_stage.name"].value_counts()
    assert rows[0] == f"Pre-Construction  {counts['Pre-Construction']}"
    assert rows[1] == f"Course of Construction  {counts['Course of Construction']}"
    assert sum(int(row.rsplit("  ", 1)[1]) for row in rows) == 60


def test_a_tight_cut_as_notebooks_make_it_keeps_the_legends() -> None:
    ax = plot_projects(projects(200))
    figure: Any = ax.figure
    whole = figure.get_tightbbox().transformed(figure.dpi_scale_trans)
    for legend in [one for one in ax.get_children() if type(one).__name__ == "Legend"]:
        assert whole.x1 >= legend.get_window_extent().x1


@pytest.mark.slow
def test_stage_means_the_stage_column_of_either_version() -> None:
    frame = projects(12).rename(columns={"project_stage.name": "stage"})

    assert legend_rows(plot_projects(frame)) == legend_rows(plot_projects(projects(12)))


def test_points_that_cover_each_other_become_rings_with_their_number() -> None:
    frame = projects(300, "one city", spread=0.02)
    elsewhere = pd.concat([frame, projects(3, "lower48", spread=0.01, seed=4)], ignore_index=True)
    ax = plot_projects(elsewhere, region="lower48")

    assert "300" in texts(ax) or "301" in texts(ax)
    assert any(isinstance(c, PatchCollection) for c in ax.collections)


def test_without_crowding_every_row_keeps_its_own_mark() -> None:
    ax = plot_projects(projects(200, "lower48"), cluster=False)

    assert points_drawn(ax) == 200
    assert not any(isinstance(c, PatchCollection) for c in ax.collections)


def test_areas_follow_the_amount_and_rows_without_one_are_hollow_and_counted() -> None:
    frame = projects(6, "lower48", spread=3)
    frame["amount"] = [400.0, 100.0, np.nan, -5.0, 0.0, 1.0]
    frame["country_code"] = None
    frame["state_code"] = None
    ax = plot_projects(frame, size="amount", cluster=False)

    marks = next(c for c in ax.collections if type(c) is PathCollection and c.get_zorder() == 3)
    sizes = sorted(marks.get_sizes())
    assert sizes[-1] / sizes[-2] == pytest.approx(4)
    assert "3 without a positive amount" in said(ax)
    assert (marks.get_facecolor()[:, 3] == 0).sum() == 3


@pytest.mark.slow
def test_amounts_may_be_decimals_or_text() -> None:
    frame = projects(4, spread=3)
    decimals = plot_projects(frame, size="value", cluster=False)
    frame["total_value"] = frame["total_value"].astype(str)
    text = plot_projects(frame, size="value", cluster=False)

    def sizes(ax: Any) -> list[float]:
        return (
            next(c for c in ax.collections if type(c) is PathCollection and c.get_zorder() == 3)
            .get_sizes()
            .tolist()
        )

    assert sizes(decimals) == sizes(text)


def test_few_rows_are_all_named_and_text_is_never_markup() -> None:
    frame = projects(2, "lower48", spread=0.1)
    frame["name"] = ["$x^2$ Tower_1", "_Depot 50%"]

    assert {"$x^2$ Tower_1", "_Depot 50%"} <= set(texts(plot_projects(frame)))


@pytest.mark.filterwarnings("error")
def test_any_script_is_drawn_without_a_warning(tmp_path: Path) -> None:
    frame = projects(4, "lower48", spread=0.1)
    frame["name"] = ["مشروع", "医院 🏥 病院", "Überbau №5", "\x00tab\there\n"]
    frame["project_stage.name"] = ["工事中", "_x", "$a$", "🏗️"]

    plot_projects(frame, title="工事 $x").figure.savefig(tmp_path / "map.png")


@pytest.mark.slow
def test_it_is_saved_as_png_svg_and_pdf(tmp_path: Path) -> None:
    figure: Any = plot_projects(projects(20)).figure
    sizes = {}
    for kind in ("png", "svg", "pdf"):
        figure.savefig(tmp_path / f"map.{kind}")
        sizes[kind] = (tmp_path / f"map.{kind}").stat().st_size
    assert all(10_000 < size < 2_000_000 for size in sizes.values()), sizes


def test_odd_text_is_drawn_without_a_warning() -> None:
    odd = ["\ud83d", "\x00", "\x1b[31m é"]
    frame = projects(3)
    frame["name"] = frame["stage"] = pd.Series([f"a{one}b" for one in odd], dtype=object)
    frame.attrs["procore"] = {"environment": odd[0], "fetched_at": odd[1]}
    ax = plot_projects(frame, title=f"Map {''.join(odd)}")

    ax.figure.savefig(io.BytesIO(), format="svg")
    assert "a" in {text.get_text()[0] for text in ax.texts}


def test_the_source_line_names_environment_and_day() -> None:
    frame = projects(3)
    frame.attrs["procore"] = {"environment": "demo", "fetched_at": "2026-11-23T10:00:00Z"}

    assert "Source: Procore (demo), 2026-11-23. Borders: Natural Earth" in said(plot_projects(frame))


def test_given_axes_are_used_and_keep_their_place() -> None:
    figure = Figure(figsize=(9, 4))
    left, right = figure.subplots(1, 2)
    place = right.get_position().bounds

    assert plot_projects(projects(5), ax=right) is right
    assert right.get_position().bounds == place
    assert not left.collections


def test_without_pyplot_no_figure_is_registered_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("matplotlib.pyplot", "ipykernel"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    plot_projects(projects(1))
    assert "matplotlib.pyplot" not in sys.modules


def test_matplotlib_is_loaded_when_something_is_drawn() -> None:
    for path in Path(maps.__file__).parent.glob("*.py"):
        loads = re.search(
            r"^(import|from) (matplotlib|procore_nb.maps.canvas)",
            path.read_text("utf-8"),
            re.MULTILINE,
        )
        assert bool(loads) == (path.name == "canvas.py"), path


def test_the_callers_settings_and_frame_stay_as_they_were() -> None:
    before = dict(matplotlib.rcParams)
    frame = projects(10)
    copy = frame.copy(deep=True)
    plot_projects(frame, size="value")

    assert dict(matplotlib.rcParams) == before
    pd.testing.assert_frame_equal(frame, copy)


def test_a_frame_without_stages_is_drawn_in_one_colour() -> None:
    ax = plot_projects(pd.DataFrame({"latitude": [43.1], "longitude": [-77.6]}))

    assert points_drawn(ax) == 1


def test_a_thousand_categories_are_nine_and_the_rest() -> None:
    frame = projects(1000)
    frame["code"] = [f"code {n % 997}" for n in range(1000)]
    rows = legend_rows(plot_projects(frame, color="code"))

    assert len(rows) == 10
    assert rows[-1].startswith("other  ")


@pytest.mark.parametrize("region", ["europe", "US-TX", (170, -25, -170, -5)])
@pytest.mark.slow
def test_regions_by_name_code_or_box_are_drawn(region: Any) -> None:
    frame = projects(60, "lower48", "isles", "pacific")
    ax = plot_projects(frame, region=region)

    assert "outside this picture" in said(ax)


def test_a_region_without_any_row_is_refused_in_words() -> None:
    with pytest.raises(ArgumentError, match="No row lies in region='australia'"):
        plot_projects(projects(5), region="australia")


@pytest.mark.parametrize("region", ["eurpe", (1, 2, 3), (0, 50, 10, 40), 7, (0, 0, 400, 10)])
def test_an_unknown_region_is_refused(region: Any) -> None:
    with pytest.raises(ArgumentError, match="region="):
        plot_projects(projects(5), region=region)


def test_an_unknown_colour_column_names_near_matches() -> None:
    with pytest.raises(ArgumentError, match=r"color='project_stag'.*project_stage.name"):
        plot_projects(projects(5), color="project_stag")


def test_no_usable_row_is_refused_with_the_reasons() -> None:
    frame = projects(3)
    frame["latitude"] = np.nan
    with pytest.raises(ArgumentError, match="0 of 3 on the map; not: 3 no coordinates"):
        plot_projects(frame)


def test_an_empty_frame_is_refused_in_words() -> None:
    with pytest.raises(ArgumentError, match="no rows"):
        plot_projects(projects(5).head(0))


def test_an_unknown_cluster_word_is_refused() -> None:
    with pytest.raises(ArgumentError, match="cluster="):
        plot_projects(projects(5), cluster="maybe")


def legend_titles(ax: Any) -> list[str]:
    from matplotlib.legend import Legend

    return [child.get_title().get_text() for child in ax.get_children() if isinstance(child, Legend)]


@pytest.mark.slow
def test_amounts_of_several_currencies_are_not_added_and_the_note_names_them() -> None:
    frame = projects(60, "lower48", spread=0.01)
    frame["currency_code"] = ["USD", "CAD", None] * 20
    with pytest.warns(ProcoreWarning, match=r"3 currencies \(not stated, CAD, USD\)") as warned:
        ax = plot_projects(frame, size="value", cluster=True)

    assert len(warned) == 1
    assert "3 currencies (not stated, CAD, USD) are on one scale and not added" in said(ax).replace("\n", " ")
    assert legend_titles(ax)[1:] == ["Total value", "Rings: number of rows"]


def test_one_currency_is_named_where_sizes_are_explained() -> None:
    frame = projects(60, "lower48", spread=0.01).assign(currency_code="USD")
    ax = plot_projects(frame, size="value", cluster=True)

    assert legend_titles(ax)[1:] == ["Total value, USD", "Rings: total value, USD"]


@pytest.mark.slow
def test_amounts_of_several_countries_are_not_added_where_no_column_names_the_currency() -> None:
    frame = projects(60, "lower48", "isles", spread=0.01)
    ax = plot_projects(frame, size="value", cluster=True)
    assert "amounts of 3 countries, whose currencies are not stated" in said(ax).replace("\n", " ")
    assert "Rings: number of rows" in legend_titles(ax)

    frame["square_feet"] = 1000.0
    ax = plot_projects(frame, size="square_feet", cluster=True)
    assert "Rings: square feet" in legend_titles(ax)
    assert "currencies" not in said(ax)
