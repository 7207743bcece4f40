"""What the tests of forms and tables do in JupyterLab, each as a sentence."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .chromium import OPEN_AND_RUN, PROJECT, Lab, write_notebook

SAVE = """
async () => {
  await window.jupyterapp.commands.execute("docmanager:save");
  await window.bookOfTest.context.ready;
}
"""
SWITCH_STATE_SAVING = (
    "() => jupyterapp.commands.execute('@jupyter-widgets/jupyterlab-manager:saveWidgetState')"
)
RESTART = "() => window.bookOfTest.sessionContext.session.kernel.restart()"
THEME = "(theme) => window.jupyterapp.commands.execute('apputils:change-theme', { theme })"
LEFT_AREA = "(open) => open ? window.jupyterapp.shell.expandLeft() : window.jupyterapp.shell.collapseLeft()"
CLOSE = """
async () => {
  await window.bookOfTest?.sessionContext.shutdown();
  window.bookOfTest?.dispose();
}
"""


@contextlib.contextmanager
def open_desk(browser: Any, lab: Lab) -> Iterator[Any]:
    """JupyterLab in a page of its own, for one notebook after the other."""
    context = browser.new_context(accept_downloads=True)
    page = context.new_page()
    page.said, page.asked = [], []
    page.on("console", lambda message: page.said.append(_told(message)) if _is_trouble(message) else None)
    page.on("pageerror", lambda error: page.said.append(str(error)))
    page.on("request", lambda request: page.asked.append(request.url))
    page.goto(f"{lab.url}/lab?token={lab.token}&reset")
    page.wait_for_function("() => window.jupyterapp !== undefined", timeout=60_000)
    yield page
    context.close()


def _is_trouble(message: Any) -> bool:
    """Whether a word in the console is an error; JupyterLab asks once for a language server, which is not there."""
    return message.type == "error" and "/lsp/status" not in message.location["url"]


def _told(message: Any) -> str:
    return f"{message.text} {message.location['url']}"


@contextlib.contextmanager
def notebook(desk: Any, lab: Lab, name: str, cells: list[str], **look: Any) -> Iterator[Any]:
    """A notebook written, opened and run; shut down and closed at the end."""
    desk.set_viewport_size({"width": look.get("width", 1200), "height": look.get("height", 1000)})
    write_notebook(lab, name, cells)
    desk.said.clear()
    try:
        desk.evaluate(OPEN_AND_RUN, name)
        desk.evaluate(THEME, "JupyterLab Dark" if look.get("dark") else "JupyterLab Light")
        desk.evaluate(LEFT_AREA, look.get("width", 1200) >= 1000)
        yield desk
    finally:
        desk.evaluate(CLOSE)


@contextlib.contextmanager
def busy_kernel(page: Any, flag: Path) -> Iterator[None]:
    """The kernel runs a cell for as long as the block does, as it does after Run All."""
    code = f"from pathlib import Path\nwhile not Path({str(flag)!r}).exists():\n    pass"
    page.evaluate(
        "(code) => { window.bookOfTest.sessionContext.session.kernel.requestExecute({ code }) }", code
    )
    page.wait_for_function("() => window.bookOfTest.sessionContext.session.kernel.status === 'busy'")
    try:
        yield
    finally:
        flag.touch()


def foreign(page: Any) -> list[str]:
    """Addresses the page asked for beyond this machine."""
    own = ("http://127.0.0.1", "ws://127.0.0.1", "data:", "blob:http://127.0.0.1")
    return [address for address in page.asked if not address.startswith(own)]


def picture(page: Any, name: str) -> None:
    """Keep a picture of the page for people to look at."""
    folder = PROJECT / "test-artifacts"
    folder.mkdir(exist_ok=True)
    page.screenshot(path=folder / f"{name}.png")


def note_figure(name: str, value: float, unit: str) -> None:
    """Keep a measured figure beside the pictures."""
    folder = PROJECT / "test-artifacts"
    folder.mkdir(exist_ok=True)
    with (folder / "figures.txt").open("a", encoding="utf-8") as file:
        file.write(f"{name}: {value:.0f} {unit}\n")


def saved_files(lab: Lab, name: str) -> list[Path]:
    """The notebook's file and its checkpoint."""
    return [lab.folder / name, lab.folder / ".ipynb_checkpoints" / f"{Path(name).stem}-checkpoint.ipynb"]
