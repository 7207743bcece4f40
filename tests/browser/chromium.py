"""Start Chromium without internet, and a JupyterLab of our own, for the browser tests."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]  # fmt: skip
PROJECT = Path(__file__).resolve().parents[2]


def find_chromium() -> str | None:
    """The browser on this machine: PNB_CHROMIUM, or the usual names."""
    names = [os.environ.get("PNB_CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome"]
    return next((path for name in names if name and (path := shutil.which(name))), None)


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab: its address, its folder of notebooks, its token."""

    url: str
    folder: Path
    token: str


@contextlib.contextmanager
def running_lab(home: Path) -> Iterator[Lab]:
    """JupyterLab on a free loopback port, with settings, data and kernels of its own."""
    folder = home / "notebooks"
    environment = _isolated(home)
    folder.mkdir(parents=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    token = "browser-tests"
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", f"--port={port}",
        f"--ServerApp.root_dir={folder}", f"--IdentityProvider.token={token}",
        "--LabApp.expose_app_in_browser=True", "--LabApp.news_url=None", "--ServerApp.allow_root=True",
        "--ServerApp.port_retries=0",
    ]  # fmt: skip
    with (home / "lab.log").open("wb") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=folder)
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_until_up(url, token, server, home / "lab.log")
            yield Lab(url, folder, token)
        finally:
            server.terminate()
            try:
                server.wait(15)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait(5)


def _isolated(home: Path) -> dict[str, str]:
    names = {
        "HOME": "home", "JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings", "JUPYTERLAB_WORKSPACES_DIR": "workspaces", "IPYTHONDIR": "ipython",
        "MPLCONFIGDIR": "matplotlib", "XDG_CONFIG_HOME": "home/config",
    }  # fmt: skip
    for name in names.values():
        (home / name).mkdir(parents=True, exist_ok=True)
    news = home / "settings" / "@jupyterlab" / "apputils-extension"
    news.mkdir(parents=True)
    (news / "notification.jupyterlab-settings").write_text(
        json.dumps({"fetchNews": "false", "checkForUpdates": False})
    )
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("JUPYTER", "PROCORE_"))}
    path = os.pathsep.join(filter(None, [str(PROJECT), os.environ.get("PYTHONPATH", "")]))
    return {**kept, **{key: str(home / name) for key, name in names.items()}, "PYTHONPATH": path}


def _wait_until_up(url: str, token: str, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if server.poll() is not None:
            raise RuntimeError(f"JupyterLab ended: {log.read_text(errors='replace')[-2000:]}")
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/api?token={token}", timeout=2):
            return
        time.sleep(0.2)
    raise RuntimeError(f"JupyterLab did not answer: {log.read_text(errors='replace')[-2000:]}")


def write_notebook(lab: Lab, name: str, cells: list[str]) -> None:
    """A notebook of code cells, ready to be opened."""
    import nbformat

    book = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in cells],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )
    nbformat.write(book, lab.folder / name)


OPEN_AND_RUN = """
async (name) => {
  const app = window.jupyterapp;
  await app.started;
  await app.restored;
  const widget = await app.commands.execute("docmanager:open", { path: name, factory: "Notebook" });
  await widget.context.ready;
  await widget.sessionContext.ready;
  const kernel = () => widget.sessionContext.session?.kernel;
  for (let i = 0; i < 600 && kernel()?.connectionStatus !== "connected"; i++) await new Promise((r) => setTimeout(r, 100));
  await kernel().info;
  app.shell.activateById(widget.id);
  await app.commands.execute("notebook:run-all-cells");
  window.bookOfTest = widget;
}
"""
RUN_CODE = """
async (code) => {
  const kernel = window.bookOfTest.sessionContext.session.kernel;
  const future = kernel.requestExecute({ code });
  let text = "";
  future.onIOPub = (message) => {
    if (message.header.msg_type === "stream") text += message.content.text;
    if (message.header.msg_type === "error") text += message.content.traceback.join("\\n");
  };
  await future.done;
  return text;
}
"""


def open_and_run(page: Any, lab: Lab, name: str) -> None:
    """Open a notebook in JupyterLab and run all its cells, once the kernel really listens."""
    page.goto(f"{lab.url}/lab?token={lab.token}&reset")
    page.wait_for_function("() => window.jupyterapp !== undefined", timeout=60_000)
    page.evaluate(OPEN_AND_RUN, name)


def in_kernel(page: Any, code: str) -> str:
    """Run code in the notebook's kernel and give back what it printed."""
    return str(page.evaluate(RUN_CODE, code))


def eventually(page: Any, code: str, expected: str) -> None:
    """Ask the kernel until it prints what is expected (JupyterLab sends widget messages beside the cells)."""
    said = ""
    for _ in range(50):
        said = in_kernel(page, code).strip()
        if said == expected:
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"the kernel says {said!r}, not {expected!r}")
