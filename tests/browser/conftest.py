"""One browser and one JupyterLab for all browser tests; pictures are kept in `test-artifacts/`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .chromium import ARGUMENTS, PROJECT, Lab, find_chromium, running_lab
from .widgets_in_lab import open_desk


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium in which every host but loopback is unknown."""
    from playwright.sync_api import sync_playwright

    path = find_chromium()
    if path is None:
        pytest.skip("no Chromium on this machine; PNB_CHROMIUM names one")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A JupyterLab server with folders of its own."""
    with running_lab(tmp_path_factory.mktemp("lab")) as running:
        yield running


@pytest.fixture(scope="session")
def desk(browser: Any, lab: Lab) -> Iterator[Any]:
    """One page with JupyterLab for many notebooks, which saves loading it for each."""
    with open_desk(browser, lab) as page:
        yield page


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A fresh page; `page.said` holds console errors, `page.asked` every address requested."""
    context = browser.new_context(viewport={"width": 1200, "height": 800})
    fresh = context.new_page()
    fresh.said, fresh.asked = [], []
    fresh.on("console", lambda message: fresh.said.append(message.text) if message.type == "error" else None)
    fresh.on("pageerror", lambda error: fresh.said.append(str(error)))
    fresh.on("request", lambda request: fresh.asked.append(request.url))
    yield fresh
    context.close()


@pytest.fixture
def keep_picture(page: Any) -> Callable[[str], Path]:
    """Keep a picture of the page for people to look at."""

    def keep(name: str) -> Path:
        folder = PROJECT / "test-artifacts"
        folder.mkdir(exist_ok=True)
        page.screenshot(path=folder / f"{name}.png")
        return folder / f"{name}.png"

    return keep
