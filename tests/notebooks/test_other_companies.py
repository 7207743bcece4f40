"""The same notebooks, one cell changed: a small company, one without anything, one whose projects say next to nothing; one of
other currencies and stages, one with three tiers of change orders, one that permits nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd
import pytest
from another_procore import COMPANY, Asked, Said

import procore_nb as pnb
from procore_nb import demo

from .reading import NAMES, NOTEBOOKS, code_cells, run_on

pytestmark = pytest.mark.notebook

TRAINING = 24_977  # a company of the demo with three projects
BARE = [{"id": 7, "name": "Seven"}, {"id": 8, "name": "Eight"}]


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    mpl.use("agg")
    yield
    import matplotlib.pyplot as plt

    plt.close("all")
    pd.reset_option("display.max_colwidth")
    pd.reset_option("display.float_format")


class Changed(demo.Demo):
    """The demo's first projects, with every reply changed."""

    def __init__(
        self, change: Callable[[demo.DemoRequest, demo.DemoReply], demo.DemoReply], projects: int
    ) -> None:
        super().__init__(demo.Portfolio(projects))
        self._change = change

    def respond(self, request: demo.DemoRequest) -> demo.DemoReply:
        return self._change(request, super().respond(request))


CURRENCIES = {b"USD": b"CHF", b"GBP": b"SEK", b"CAD": b"JPY", b"AUD": b"INR", b"AED": b"QAR"}
STAGES = {
    b"Course of Construction": b"Chantier",
    b"Pre-Construction": b"Etudes",
    b"Completed": b"Livr\\u00e9",
}


def with_projects(reply: demo.DemoReply, wanted: Callable[[int, int], bool]) -> demo.DemoReply:
    """A list of projects that has only those whose place and id are wanted."""
    kept = [one for number, one in enumerate(reply.json()) if wanted(number, one["id"])]
    return replace(
        reply,
        body=json.dumps(kept, separators=(",", ":")).encode(),
        headers=[("Content-Type", "application/json")],
    )


def other_words(request: demo.DemoRequest, reply: demo.DemoReply) -> demo.DemoReply:
    """Other currencies, other names of stages; of twelve projects the last five, in three currencies."""
    if request.path == "/rest/v1.1/projects":
        reply = with_projects(reply, lambda number, _: number >= 7)
    body = reply.body
    for old, new in CURRENCIES.items():
        body = body.replace(b'"currency_iso_code":"%b"' % old, b'"currency_iso_code":"%b"' % new)
    for old, new in STAGES.items():
        body = body.replace(b'"name":"%b"' % old, b'"name":"%b"' % new)
    return replace(reply, body=body)


def nothing_permitted(request: demo.DemoRequest, reply: demo.DemoReply) -> demo.DemoReply:
    """Projects are listed; no list of any project answers."""
    of_project = re.search(r"/projects/\d", request.path) or "project_id=" in request.query
    if not of_project:
        return reply
    refused = b'{"errors":"You do not have permission to do this"}'
    return replace(reply, status=403, headers=[("Content-Type", "application/json")], body=refused)


@pytest.fixture
def company_of(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., pnb.Procore]]:
    """Connects to the demo with its replies changed."""
    opened: list[pnb.Procore] = []

    def build(change: Any = lambda _, reply: reply, projects: int = 12) -> pnb.Procore:
        monkeypatch.setattr(demo, "Demo", lambda: Changed(change, projects))
        opened.append(pnb.connect("demo", progress=False))
        return opened[-1]

    yield build
    for procore in opened:
        procore.close()


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


@pytest.mark.filterwarnings("ignore::procore_nb.ProcoreWarning")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_a_notebook_knows_no_currency_and_no_stage_by_its_name(
    path: Path, company_of: Callable[..., pnb.Procore], capsys: pytest.CaptureFixture[str]
) -> None:
    run_on(path, company_of(other_words))
    said = capsys.readouterr().out
    for word in [*CURRENCIES, *STAGES]:
        assert word.decode() not in said


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_a_notebook_without_permission_says_so_and_shows_no_zero(
    path: Path, company_of: Callable[..., pnb.Procore], capsys: pytest.CaptureFixture[str]
) -> None:
    procore = company_of(nothing_permitted, 3)
    # What these are about is one fetch, and its refusal says what to do.
    if path.stem[:2] in ("03", "05", "12"):
        with pytest.raises(pnb.AccessError, match=r"None of the \d projects answered"):
            run_on(path, procore)
        return
    run_on(path, procore)
    said = capsys.readouterr().out
    assert not re.search(r"NaT|nan|<NA>", said)
    if "reports." in "".join(code_cells(path)):
        assert re.search(r"not answer|None of the 3 projects answered", said)
        assert not re.search(
            r"\b0 (RFI|submittal|punch|observation|of \d+ projects have)|: 0 in \d|unknown of", said
        )


def test_the_notebook_of_changes_says_where_three_tiers_hide_who_pays(
    company_of: Callable[..., pnb.Procore], capsys: pytest.CaptureFixture[str]
) -> None:
    rows = pnb.reports.changes(company_of(projects=36)).rows
    three = set(rows.loc[rows["three_tiers"].eq(True), "project_id"])

    def only_three(request: demo.DemoRequest, reply: demo.DemoReply) -> demo.DemoReply:
        if request.path != "/rest/v1.1/projects":
            return reply
        return with_projects(reply, lambda _, project: project in three)

    (path,) = (one for one in NOTEBOOKS if "changes" in one.stem)
    names = run_on(path, company_of(only_three, 36))
    said = capsys.readouterr().out
    assert re.search(r"projects? with three tiers", said)
    assert "approved by the owner" not in said
    total = names["report"].tables["total"]
    assert (total["payer_not_known"] == total["approved_cost"]).all()
    assert len(total) > 0
