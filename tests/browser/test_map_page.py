"""The map as one HTML file, opened from disk in a browser that knows no host."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from PIL import Image

from procore_nb.maps import map_projects
from procore_nb.maps.interactive import script

pytestmark = pytest.mark.browser

NASTY = "<script>window.hit = 1</script> \"quotes\" & 'single' 🏗️"
ARABIC = "مشروع برج الخليج"
PIXELS = """() => {
  const canvas = document.querySelector(".pnb-canvas");
  const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  const colors = new Set();
  for (let i = 0; i < data.length; i += 4 * 7) colors.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
  return colors.size;
}"""


def sites() -> pd.DataFrame:
    """Six places far apart, two at one address, some without a place."""
    frame = pd.DataFrame(
        {
            "id": pd.array([1, 2, 562949953501377, 4, 5, 6, 7, 8], dtype="Int64"),
            "name": [
                NASTY,
                ARABIC,
                "Cork Library",
                "Boston Tower",
                "Denver Depot",
                "Same A",
                "Same B",
                "Nowhere",
            ],
            "project_number": [f"P-{n}" for n in range(8)],
            "latitude": [40.7, 25.2, 51.9, 42.36, 39.74, 29.76, 29.76, None],
            "longitude": [-74.0, 55.3, -8.47, -71.06, -104.99, -95.37, -95.37, None],
            "stage": [
                "Completed",
                "Completed",
                "Canceled",
                "Canceled",
                "Pre-Construction",
                "Completed",
                "Canceled",
                None,
            ],
            "secret_margin": ["41.7531"] * 8,
        }
    )
    frame.attrs["procore"] = {
        "environment": "demo",
        "web_url": "https://app.procore.com",
        "endpoint": "projects",
    }
    return frame


@pytest.fixture
def opened(page: Any, tmp_path: Path) -> Any:
    file = map_projects(sites(), popup=["project_number", "stage"]).save(tmp_path / "map.html")
    page.goto(file.as_uri())
    page.wait_for_selector('.pnb-map[data-ready="true"]')
    page.file = file
    return page


def middle(page: Any) -> tuple[float, float]:
    box = page.locator(".pnb-canvas").bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def search(page: Any, words: str) -> None:
    page.fill(".pnb-search input", words)
    page.press(".pnb-search input", "Enter")


def test_the_page_draws_borders_and_points_and_asks_no_host(
    opened: Any, keep_picture: Callable[[str], Path]
) -> None:
    keep_picture("map-page")

    assert opened.evaluate(PIXELS) > 12
    assert opened.said == []
    assert [address for address in opened.asked if not address.startswith("file:")] == []


def test_text_of_rows_stays_text_in_popups(opened: Any, keep_picture: Callable[[str], Path]) -> None:
    search(opened, "<script>")
    opened.wait_for_selector(".pnb-popup:not([hidden])")
    keep_picture("map-popup-nasty")

    assert opened.inner_text(".pnb-popup .pnb-title") == NASTY
    assert opened.evaluate("window.hit") is None
    assert opened.said == []


def test_names_written_from_right_to_left_are_shown_as_they_are(
    opened: Any, keep_picture: Callable[[str], Path]
) -> None:
    search(opened, "برج")
    opened.wait_for_selector(".pnb-popup:not([hidden])")
    keep_picture("map-popup-rtl")

    assert opened.inner_text(".pnb-popup .pnb-title") == ARABIC
    assert opened.get_attribute(".pnb-popup .pnb-title", "dir") == "auto"


def test_a_popup_links_to_the_project_in_procore_with_its_whole_id(opened: Any) -> None:
    search(opened, "Cork")

    link = opened.get_attribute(".pnb-popup a", "href")
    assert link == "https://app.procore.com/562949953501377/project/home"
    assert "noopener" in opened.get_attribute(".pnb-popup a", "rel")


def test_the_legend_counts_and_switches_categories_off(opened: Any) -> None:
    row = opened.locator(".pnb-row", has_text="Completed")
    before = opened.evaluate(PIXELS)
    groups = int(opened.get_attribute(".pnb-map", "data-groups"))
    assert row.locator(".pnb-count").inner_text() == "3"

    row.click()
    opened.wait_for_function(
        "before => document.querySelector('.pnb-map').dataset.groups != before", arg=str(groups)
    )

    assert row.get_attribute("aria-pressed") == "false"
    assert int(opened.get_attribute(".pnb-map", "data-groups")) < groups
    assert opened.evaluate(PIXELS) != before


def test_a_double_click_on_the_legend_shows_one_category_alone(opened: Any) -> None:
    opened.locator(".pnb-row", has_text="Canceled").dblclick()

    pressed = [row.get_attribute("aria-pressed") for row in opened.locator(".pnb-row").all()]
    names = [row.inner_text() for row in opened.locator(".pnb-row .pnb-name").all()]
    assert dict(zip(names, pressed, strict=True))["Canceled"] == "true"
    assert pressed.count("true") == 1


def test_the_wheel_scrolls_the_page_until_the_map_is_clicked_then_it_zooms(opened: Any) -> None:
    zoom = float(opened.get_attribute(".pnb-map", "data-zoom"))
    opened.mouse.move(600, 650)
    opened.mouse.wheel(0, 40)
    opened.wait_for_function("() => window.scrollY > 0")
    assert "Click the map first" in opened.inner_text(".pnb-hint")
    assert float(opened.get_attribute(".pnb-map", "data-zoom")) == zoom

    opened.mouse.click(600, 650)
    opened.mouse.wheel(0, -400)
    opened.wait_for_function("z => Number(document.querySelector('.pnb-map').dataset.zoom) > z", arg=zoom)
    middle = opened.get_attribute(".pnb-map", "data-middle")
    opened.mouse.down()
    opened.mouse.move(500, 600, steps=4)
    opened.mouse.up()
    opened.wait_for_function("m => document.querySelector('.pnb-map').dataset.middle !== m", arg=middle)


def test_a_double_click_zooms_once(opened: Any) -> None:
    zoom = float(opened.get_attribute(".pnb-map", "data-zoom"))
    opened.mouse.dblclick(600, 650)
    opened.wait_for_function("z => Number(document.querySelector('.pnb-map').dataset.zoom) > z", arg=zoom)
    opened.wait_for_timeout(150)

    assert float(opened.get_attribute(".pnb-map", "data-zoom")) == pytest.approx(zoom + 1, abs=0.02)


def test_the_keyboard_moves_zooms_and_shows_all(opened: Any) -> None:
    opened.focus(".pnb-canvas")
    start = opened.get_attribute(".pnb-map", "data-zoom")
    opened.keyboard.press("+")
    opened.wait_for_function("z => document.querySelector('.pnb-map').dataset.zoom !== z", arg=start)
    opened.keyboard.press("ArrowLeft")
    opened.keyboard.press("0")
    opened.wait_for_function("z => document.querySelector('.pnb-map').dataset.zoom === z", arg=start)


def test_a_box_selects_rows_and_says_how_many(opened: Any, keep_picture: Callable[[str], Path]) -> None:
    opened.click('button[aria-label^="Select by box"]')
    opened.mouse.move(50, 125)
    opened.mouse.down()
    opened.mouse.move(1150, 700, steps=5)
    opened.mouse.up()
    keep_picture("map-box")

    assert opened.inner_text(".pnb-selection") == "7 selected"
    rows = opened.locator("#tables section").first.locator("tbody tr")
    assert rows.count() == 7
    assert NASTY in opened.inner_text("#tables")

    opened.locator(".pnb-row", has_text="Canceled").click()  # what is hidden is not selected
    opened.wait_for_function("() => document.querySelector('.pnb-selection').textContent === '4 selected'")
    assert rows.count() == 4


def test_rows_at_one_address_are_listed_by_name(opened: Any, keep_picture: Callable[[str], Path]) -> None:
    search(opened, "Same A")
    opened.click(".pnb-close")
    opened.mouse.click(*middle(opened))
    opened.wait_for_selector(".pnb-members")
    keep_picture("map-same-place")

    assert [b.inner_text() for b in opened.locator(".pnb-members button").all()] == ["Same A", "Same B"]


def test_the_pointer_shows_a_tooltip_with_the_mix(opened: Any) -> None:
    search(opened, "Same A")
    opened.click(".pnb-close")
    x, y = middle(opened)
    opened.mouse.move(x, y + 1)
    opened.mouse.move(x, y)

    assert "2 rows" in opened.inner_text(".pnb-tooltip")
    opened.keyboard.press("Tab")
    opened.focus(".pnb-canvas")
    opened.keyboard.press("ArrowLeft")
    assert not opened.is_visible(".pnb-tooltip")  # it goes when the view moves


def test_the_page_lists_what_it_left_out_and_why(opened: Any) -> None:
    assert "7 of 8 on the map; not: 1 no coordinates" in opened.inner_text(".pnb-notes")
    last = opened.locator("#tables section").last
    assert last.locator("tbody td").all_inner_texts() == ["Nowhere", "no coordinates"]
    assert opened.inner_text("h1") == "Projects"


def test_everything_on_the_map_is_reached_by_key_and_announced(opened: Any) -> None:
    opened.focus(".pnb-canvas")
    opened.keyboard.press("l")
    texts = opened.locator(".pnb-panel button").all_inner_texts()
    assert texts[0] == "2 rows: 1 Completed, 1 Canceled"
    assert "Cork Library, Canceled" in texts

    opened.get_by_role("button", name="Cork Library, Canceled").focus()
    opened.keyboard.press("Enter")
    opened.wait_for_selector(".pnb-popup:not([hidden])")
    assert opened.inner_text(".pnb-spoken") == "Cork Library. Number: P-2. Stage: Canceled"
    assert opened.evaluate("document.activeElement.className") == "pnb-popup"
    opened.keyboard.press("Escape")
    assert opened.evaluate("document.activeElement.textContent") == "Cork Library, Canceled"
    opened.keyboard.press("Escape")
    assert opened.evaluate("document.activeElement.getAttribute('aria-label')") == "List what is in view"


@pytest.mark.parametrize("width", [390, 640, 816])
def test_all_rows_are_in_view_beside_the_controls_on_small_screens(
    page: Any, tmp_path: Path, width: int, keep_picture: Callable[[str], Path]
) -> None:
    page.set_viewport_size({"width": width, "height": 700})
    page.goto(map_projects(sites()).save(tmp_path / "map.html").as_uri())
    page.wait_for_selector('.pnb-map[data-ready="true"]')
    keep_picture(f"map-{width}")
    page.focus(".pnb-canvas")
    page.keyboard.press("l")

    texts = page.locator(".pnb-panel button").all_inner_texts()
    assert sum(int(text.split()[0]) if " rows: " in text else 1 for text in texts) == 7


def test_rings_never_lie_under_each_other(page: Any) -> None:
    covered = page.evaluate(
        """(source) => {
          const { Clusters, ringRadius, worldSize } = new Function(`${source}; return { Clusters, ringRadius, worldSize };`)();
          let seed = 7;
          const draw = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
          const count = 3000, x = Float64Array.from({ length: count }, () => 0.2 + 0.1 * draw() * draw());
          const y = Float64Array.from({ length: count }, () => 0.35 + 0.05 * draw());
          const clusters = new Clusters({ count, x, y, code: new Uint8Array(count), names: ["all"], cluster: "auto" });
          clusters.show([true]);
          let bad = 0, rings = 0;
          for (let zoom = 1; zoom < 10; zoom++) {
            const groups = clusters.at(zoom).filter((group) => group.count > 1), size = worldSize(zoom);
            rings += groups.length;
            for (const [i, a] of groups.entries()) for (const b of groups.slice(i + 1)) {
              if (Math.hypot(a.x - b.x, a.y - b.y) * size < ringRadius(a.count) + ringRadius(b.count)) bad += 1;
            }
          }
          return [bad, rings > 100];
        }""",
        script().replace("export default { render };", ""),
    )
    assert covered == [0, True]


def test_the_page_holds_only_the_columns_asked_for(opened: Any) -> None:
    held = opened.evaluate(
        """async () => {
          const bytes = Uint8Array.from(atob(document.getElementById("points").textContent), (c) => c.charCodeAt(0));
          const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
          return new TextDecoder().decode(await new Response(stream).arrayBuffer());
        }"""
    )
    assert "Cork Library" in held
    assert "margin" not in held
    assert "41.7531" not in held


def test_the_policy_lets_no_foreign_script_run(opened: Any) -> None:
    opened.evaluate(
        """() => {
          const script = document.createElement("script");
          script.textContent = "window.foreign = 1";
          document.body.append(script);
        }"""
    )
    assert opened.evaluate("window.foreign") is None
    assert "default-src 'none'" in opened.file.read_text(encoding="utf-8")


def test_the_map_follows_a_dark_system(
    page: Any, tmp_path: Path, keep_picture: Callable[[str], Path]
) -> None:
    page.emulate_media(color_scheme="dark")
    page.goto(map_projects(sites()).save(tmp_path / "dark.html").as_uri())
    page.wait_for_selector('.pnb-map.pnb-dark[data-ready="true"]')
    keep_picture("map-dark")

    color = page.evaluate(
        "() => [...document.querySelector('.pnb-canvas').getContext('2d').getImageData(600, 5, 1, 1).data]"
    )
    assert max(color[:3]) < 90


def test_tiles_come_only_from_the_server_chosen_and_are_credited_only_when_shown(
    page: Any, tmp_path: Path
) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (256, 256), "#88aa88").save(picture, "PNG")
    page.route("http://127.0.0.1:9/**", lambda route: route.abort())
    file = map_projects(sites(), basemap="http://127.0.0.1:9/{z}/{x}/{y}.png").save(tmp_path / "tiles.html")
    page.goto(file.as_uri())
    page.wait_for_function(
        "() => document.querySelector('.pnb-failed')?.textContent.includes('outlines are shown')"
    )
    assert not page.is_visible(".pnb-credit")

    tiles = [address for address in page.asked if not address.startswith("file:")]
    assert tiles
    assert all(re.match(r"http://127\.0\.0\.1:9/\d+/\d+/\d+\.png$", address) for address in tiles)

    page.unroute("http://127.0.0.1:9/**")
    page.route("http://127.0.0.1:9/**", lambda route: route.fulfill(body=picture.getvalue()))
    page.focus(".pnb-canvas")
    page.keyboard.press("+")
    page.keyboard.press("+")
    page.wait_for_selector(".pnb-credit:not([hidden])")
    assert "Tiles: 127.0.0.1" in page.inner_text(".pnb-notes")


def test_points_on_both_sides_of_the_date_line_are_fitted_together(
    page: Any, tmp_path: Path, keep_picture: Callable[[str], Path]
) -> None:
    frame = pd.DataFrame({"name": ["Suva", "Apia"], "latitude": [-18.1, -13.8], "longitude": [178.4, -171.8]})
    page.goto(map_projects(frame).save(tmp_path / "pacific.html").as_uri())
    page.wait_for_selector('.pnb-map[data-ready="true"]')
    keep_picture("map-date-line")

    assert float(page.get_attribute(".pnb-map", "data-zoom")) > 4
    assert page.get_attribute(".pnb-map", "data-groups") == "2"
