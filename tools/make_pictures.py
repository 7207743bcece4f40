"""Make the pictures of README.md and the docs from the demo: `python tools/make_pictures.py`, with the test extra and Chromium.

In: nothing. Out: PNG files in `docs/images`, each below 150 kB.
"""

from __future__ import annotations

import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib as mpl
from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from browser.chromium import ARGUMENTS, find_chromium, running_lab  # noqa: E402
from browser.widgets_in_lab import notebook, open_desk  # noqa: E402

import procore_nb as pnb  # noqa: E402

IMAGES = ROOT / "docs" / "images"
LARGEST_KILOBYTES = 150


def main() -> None:
    """Make all pictures."""
    mpl.use("agg")
    warnings.simplefilter("ignore", pnb.ProcoreWarning)
    IMAGES.mkdir(parents=True, exist_ok=True)
    projects = pnb.connect("demo", progress=False).projects(status="All")
    static_map(projects)
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        map_page(projects, browser, Path(folder))
        with running_lab(Path(folder) / "lab") as lab, open_desk(browser, lab) as desk:
            explorer(desk, lab)
            connect_form(desk, lab, "connect-form", "sandbox")
            connect_form(desk, lab, "connect-form-demo", "demo")


def static_map(projects: Any) -> None:
    """Projects of the United States by stage, areas by value."""
    home = projects[projects["country_code"] == "US"]
    axes: Any = pnb.plot_projects(
        home, size="total_value", title="Projects by stage and value", region="lower48"
    )
    drawn = BytesIO()
    axes.figure.savefig(drawn, dpi=110, bbox_inches="tight")
    keep("map-static", drawn.getvalue())


def map_page(projects: Any, browser: Any, folder: Path) -> None:
    """The interactive map as a page of its own."""
    shown = ["project_number", "city", "total_value"]
    page_file = pnb.map_projects(projects, popup=shown).save(folder / "map.html", title="Projects")
    page = browser.new_page(viewport={"width": 1100, "height": 620})
    page.goto(page_file.as_uri())
    page.wait_for_timeout(2500)
    keep("map-page", page.screenshot())
    page.close()


def explorer(desk: Any, lab: Any) -> None:
    """The explorer after a fetch."""
    cells = [
        "import procore_nb as pnb\nprocore = pnb.connect('demo', progress=False)",
        "explorer = procore.explore()\nexplorer",
    ]
    with notebook(desk, lab, "explorer.ipynb", cells, width=990, height=1500) as page:
        page.locator(".pnw-picker[data-ready=true]").first.wait_for()
        page.get_by_label("Add a filter").select_option("status")
        page.get_by_label("status", exact=True).select_option("open")
        page.get_by_role("button", name="Fetch").click()
        page.get_by_text("The frame is explorer.frame").wait_for()
        page.wait_for_timeout(500)
        keep("explorer", page.locator(".jp-OutputArea-output").last.screenshot())


def connect_form(desk: Any, lab: Any, picture: str, environment: str) -> None:
    """The form before anything is typed."""
    cells = ["import procore_nb as pnb", f"form = pnb.ConnectForm({environment!r})\nform"]
    with notebook(desk, lab, f"{picture}.ipynb", cells, width=990, height=900) as page:
        page.get_by_role("button", name="Connect").first.wait_for()
        page.wait_for_timeout(500)
        keep(picture, page.locator(".jp-OutputArea-output").last.screenshot())


@contextmanager
def chromium() -> Iterator[Any]:
    """The browser of the tests."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        yield browser
        browser.close()


def keep(name: str, picture: bytes) -> None:
    """Write a PNG with at most 200 colours: small, and nobody sees the difference."""
    path = IMAGES / f"{name}.png"
    Image.open(BytesIO(picture)).convert("RGB").quantize(200, method=Image.Quantize.MAXCOVERAGE).save(
        path, optimize=True
    )
    kilobytes = path.stat().st_size / 1024
    print(f"{path.relative_to(ROOT)}: {kilobytes:.0f} kB")
    if kilobytes > LARGEST_KILOBYTES:
        sys.exit(f"{path.name} is larger than {LARGEST_KILOBYTES} kB")


if __name__ == "__main__":
    main()
