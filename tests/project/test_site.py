"""The documentation site builds without a warning, is whole, and asks no host when it is read."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .declared import ROOT

pytestmark = pytest.mark.docs

KEPT = ROOT / "test-artifacts" / "site"  # to be looked at
READ = ["index", "gallery", "lists/rfis", "api/procore_nb.connect", "notebooks/00_start", "reports", "faq"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built from a copy of the pages: nothing that a former build left can help."""
    folder = tmp_path_factory.mktemp("site")
    left = shutil.ignore_patterns("_build", "made", "api")
    shutil.copytree(ROOT / "docs", folder / "docs", ignore=left)
    shutil.copytree(ROOT / "notebooks", folder / "notebooks")
    for name in ("CHANGELOG.md", "README.md", "SECURITY.md"):
        shutil.copy(ROOT / name, folder)
    command = [sys.executable, "-m", "sphinx", "--fail-on-warning", "--keep-going", "--quiet", "docs", "site"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "site"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from browser.chromium import ARGUMENTS, find_chromium
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        yield started
        started.close()


def test_no_page_loads_anything_from_another_host(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 150
    for page in pages:
        text = page.read_text(encoding="utf-8")
        loaded = re.findall(r'<(?:script|link|img|iframe)\b[^>]*?(?:src|href)="((?:https?:)?//[^"]+)"', text)
        assert loaded == [], page


def test_the_gallery_has_a_picture_for_every_block(site: Path) -> None:
    text = (site / "gallery.html").read_text(encoding="utf-8")
    pictures = set(re.findall(r'src="(_images/gallery-\d+\.png)"', text))
    blocks = (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8").count("```python")
    assert len(pictures) == blocks - 2  # the first connects, one is a map to move
    assert all((site / picture).stat().st_size > 5_000 for picture in pictures)
    assert 'src="_static/made/gallery-4.html"' in text


@pytest.mark.parametrize("width", [390, 1300])
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_pages_are_read_without_a_request_or_an_error(
    site: Path, browser: Any, width: int, colours: str
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=colours)
    page = context.new_page()
    asked: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    for name in READ:
        page.goto((site / f"{name}.html").as_uri())
        page.wait_for_load_state("load")
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 1, f"{name} is {wide} px too wide at {width}"
        page.screenshot(path=KEPT / f"{name.replace('/', '-')}-{width}-{colours}.png")
    context.close()
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert errors == []


def test_a_word_of_a_page_is_found_by_search(site: Path, browser: Any) -> None:
    page = browser.new_page()
    page.goto((site / "search.html").as_uri() + "?q=retainage")
    page.wait_for_selector("ul.search li a")
    found = page.locator("ul.search li a").all_inner_texts()
    page.close()
    assert any("Glossary" in title or "billing" in title for title in found)
