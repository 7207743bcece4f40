"""Without any extra the whole job on the demo works, and what needs an extra says which."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from .declared import requirements

pytestmark = pytest.mark.slow

WANTING = {
    "pnb.ConnectForm()": "notebook",
    "pnb.to_excel(frame, 'rows.xlsx')": "keep",
    "pnb.to_geodataframe(frame)": "maps",
    "pnb.connect('demo', cache='1h')": "cache",
}
_PROGRAM = """
import procore_nb as pnb
from procore_nb.cli import main
from procore_nb.demo import Portfolio, app

app.usual_portfolio = lambda: Portfolio(5)
frame = pnb.to_frame([{"id": 1, "latitude": 40.7, "longitude": -74.0}])
wanting = {}
for code in CODES:
    try:
        eval(code)
    except pnb.MissingExtraError as error:
        wanting[code] = str(error)
left = os.listdir()
path = pnb.to_parquet(frame, "rows.parquet")
store = pnb.Store("folder")
store.sync(pnb.connect("demo", progress=False), ["offices"])
kept = [len(pnb.read_parquet(path)), len(store.table("offices"))]
with contextlib.redirect_stdout(io.StringIO()):
    exit_code = main(["demo"])
print(json.dumps({"wanting": wanting, "left": left, "kept": kept, "demo": exit_code}))
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    """What one process said in which no extra can be imported, and the folder it ran in."""
    folder = tmp_path_factory.mktemp("core")
    absent = sorted(set(requirements("all")) - set(requirements()))
    head = "import contextlib, io, json, os, sys\n" + "".join(
        f"sys.modules[{name.replace('-', '_')!r}] = None  # its import fails as if it were not installed\n"
        for name in absent
    )
    code = f"{head}CODES = {list(WANTING)!r}\n{_PROGRAM}"
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout), folder


def test_the_demo_job_needs_no_extra(ran: tuple[dict[str, Any], Path]) -> None:
    said, folder = ran
    assert said["demo"] == 0
    written = {path.name for path in (folder / "procore-demo").iterdir()}
    assert {"projects.csv", "companies.csv", "projects-map.png", "projects-map.html"} <= written


def test_what_needs_an_extra_names_it_and_leaves_nothing(ran: tuple[dict[str, Any], Path]) -> None:
    said, _ = ran
    assert said["left"] == []
    assert said["wanting"].keys() == WANTING.keys()
    for code, extra in WANTING.items():
        assert f'pip install "procore-nb[{extra}]"' in said["wanting"][code]


def test_parquet_and_a_store_need_no_extra(ran: tuple[dict[str, Any], Path]) -> None:
    rows, offices = ran[0]["kept"]
    assert rows == 1
    assert offices > 0
