"""Without any extra the whole job on the demo works, and what needs an extra says which."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from .declared import requirements

_REFUSE = """
import sys
for name in {names}:
    sys.modules[name] = None  # the import then fails as if it were not installed
"""


def _run(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    absent = sorted(set(requirements("all")) - set(requirements()))
    refused = _REFUSE.format(names=json.dumps([name.replace("-", "_") for name in absent]))
    return subprocess.run([sys.executable, "-c", refused + code], cwd=folder, capture_output=True, text=True)


_FEW = """
from procore_nb.cli import main
from procore_nb.demo import Portfolio, app
app.usual_portfolio = lambda: Portfolio(5)
sys.exit(main(['demo']))
"""


@pytest.mark.slow
def test_the_demo_job_needs_no_extra(tmp_path: Path) -> None:
    done = _run(_FEW, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    written = {path.name for path in (tmp_path / "procore-demo").iterdir()}
    assert {"projects.csv", "companies.csv", "projects-map.png", "projects-map.html"} <= written


WANTING = {
    "pnb.ConnectForm()": "notebook",
    "pnb.to_excel(frame, 'rows.xlsx')": "keep",
    "pnb.to_geodataframe(frame)": "maps",
    "pnb.connect('demo', cache='1h')": "cache",
}
_TRY_EACH = """
import procore_nb as pnb
frame = pnb.to_frame([{{"id": 1, "latitude": 40.7, "longitude": -74.0}}])
for code in {codes}:
    try:
        eval(code)
    except pnb.MissingExtraError as error:
        print(error)
"""


@pytest.mark.slow
def test_what_needs_an_extra_names_it(tmp_path: Path) -> None:
    done = _run(_TRY_EACH.format(codes=list(WANTING)), tmp_path)
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    assert len(said) == len(WANTING)
    for line, extra in zip(said, WANTING.values(), strict=True):
        assert f'pip install "procore-nb[{extra}]"' in line
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_parquet_and_a_store_need_no_extra(tmp_path: Path) -> None:
    code = (
        "import procore_nb as pnb\n"
        "path = pnb.to_parquet(pnb.to_frame([{'id': 1}]), 'rows.parquet')\n"
        "store = pnb.Store('folder')\n"
        "store.sync(pnb.connect('demo'), ['offices'])\n"
        "print(len(pnb.read_parquet(path)), len(store.table('offices')) > 0)\n"
    )
    done = _run(code, tmp_path)
    assert done.stdout.splitlines()[-1:] == ["1 True"], done.stderr
