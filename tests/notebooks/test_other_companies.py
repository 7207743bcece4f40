"""The same notebooks, one cell changed: a small company, one without anything, one whose projects say next to nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pytest
from another_procore import COMPANY, Asked, Said

import procore_nb as pnb
from procore_nb import demo

from .reading import NAMES, NOTEBOOKS, run_on

pytestmark = pytest.mark.slow

TRAINING = 24_977  # a company of the demo with three projects
BARE = [{"id": 7, "name": "Seven"}, {"id": 8, "name": "Eight"}]


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    mpl.use("agg")
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


@pytest.fixture(scope="module")
def served() -> Iterator[pnb.Procore]:
    """The small company, over HTTP with typed credentials, as `procore-nb serve-demo` serves it."""
    with demo.serve(demo.Demo(), 0) as server:
        place = pnb.Environment("local", login_url=server.url, api_url=server.url)
        keys = pnb.Credentials(demo.CLIENT_ID, demo.CLIENT_SECRET)
        with pnb.connect(place, credentials=keys, company_id=TRAINING, progress=False) as procore:
            yield procore


def company(projects: list[dict[str, Any]]) -> tuple[dict[str, list[Any]], Callable[[Asked], Said | None]]:
    """A company whose projects have no row in any list."""
    lists = {"/rest/v1.1/projects": projects, "/rest/v1.0/companies": [{"id": COMPANY, "name": "Bare"}]}

    def nothing(asked: Asked) -> Said | None:
        known = asked.path in lists or asked.path.startswith("/oauth") or asked.path.endswith("/me")
        return None if known else Said(200, [], [("total", "0"), ("per-page", "100")])

    return lists, nothing


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_a_notebook_runs_on_a_served_company_with_typed_credentials(path: Path, served: pnb.Procore) -> None:
    assert run_on(path, served)["procore"] is served


@pytest.mark.parametrize("projects", [[], BARE], ids=["no projects", "bare projects"])
@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
@pytest.mark.slow
def test_a_notebook_runs_where_there_is_nothing(
    path: Path,
    projects: list[dict[str, Any]],
    another: Any,
    connected: Any,
    capsys: pytest.CaptureFixture[str],
) -> None:
    lists, nothing = company(projects)
    run_on(path, connected(another(lists, twist=nothing)))
    said = capsys.readouterr().out
    assert "NaT" not in said
    assert "nan" not in said
