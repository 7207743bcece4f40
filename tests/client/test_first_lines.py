"""What people type before they read: each line works, or one sentence says what to type instead."""

from __future__ import annotations

import contextlib
import io
import warnings
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd
import pytest

import procore_nb as pnb

LINES = [
    line
    for line in (Path(__file__).parent / "first_lines.txt").read_text(encoding="utf-8").splitlines()
    if line.strip() and not line.startswith("# ")
]


def _project_with_every_tool(procore: pnb.Procore) -> int:
    often = procore.table("rfis", projects="active")["project_id"].value_counts()
    for number in often.index:
        with contextlib.suppress(pnb.StatusError):
            for name in ("punch_items", "incidents", "change_events", "drawing_revisions"):
                procore.table(name, project_id=number, max_rows=1)
            return int(number)
    raise AssertionError("no project has every tool")


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    mpl.use("agg")
    procore = pnb.connect("demo", progress=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pnb.ProcoreWarning)
        projects, one = procore.projects(status="All"), _project_with_every_tool(procore)
    return {
        "pnb": pnb,
        "pd": pd,
        "procore": procore,
        "projects": projects,
        "one": one,
        "rfis": procore.table("rfis", project_id=one),
        "folder": tmp_path_factory.mktemp("first_lines"),
    }


@pytest.mark.filterwarnings("ignore::procore_nb.ProcoreWarning")
@pytest.mark.parametrize("line", LINES)
def test_a_first_line_works_or_one_sentence_says_what_to_type(
    line: str, names: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, _, answer = line.partition("  ## ")
    for name in ("PROCORE_CLIENT_ID", "PROCORE_CLIENT_SECRET", "PROCORE_ENVIRONMENT", "PROCORE_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(names["folder"])
    if not answer:
        with contextlib.redirect_stdout(io.StringIO()):
            eval(code, dict(names))
        return
    with pytest.raises(Exception) as caught:  # noqa: PT011  # what pandas refuses is pandas' own
        eval(code, dict(names))
    assert answer in str(caught.value)
    assert len(str(caught.value)) < 900
