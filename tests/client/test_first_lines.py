"""What people type before they read: each line works, or one sentence says what to type instead."""

from __future__ import annotations

import contextlib
import io
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


CHUNKS = 4  # tests, each of every fourth line
TRAINING, PROJECT = 24_977, 1_390_057  # a company of three projects, so that "all" is quick


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    mpl.use("agg")
    procore = pnb.connect("demo", company_id=TRAINING, progress=False)
    return {
        "pnb": pnb,
        "pd": pd,
        "procore": procore,
        "projects": procore.projects(status="All"),
        "one": PROJECT,
        "rfis": procore.table("rfis", project_id=PROJECT),
        "folder": tmp_path_factory.mktemp("first_lines"),
    }


@pytest.mark.filterwarnings("ignore::procore_nb.ProcoreWarning")
@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_a_first_line_works_or_one_sentence_says_what_to_type(
    chunk: int, names: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PROCORE_CLIENT_ID", "PROCORE_CLIENT_SECRET", "PROCORE_ENVIRONMENT", "PROCORE_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(names["folder"])
    failures = []
    for line in LINES[chunk::CHUNKS]:
        code, _, advice = line.partition("  ## ")
        message = ""
        with contextlib.redirect_stdout(io.StringIO()):
            try:
                eval(code, dict(names))
            except Exception as error:  # what pandas refuses is pandas' own
                message = f"{type(error).__name__}: {error}"
        if bool(message) != bool(advice) or advice not in message or len(message) >= 900:
            failures.append(f"{code}: {message or 'no error'}")
    assert not failures, "\n".join(failures)


def test_no_public_call_that_does_not_fit_ends_in_a_bare_type_error(
    names: dict[str, Any], tmp_path: Path
) -> None:
    procore, store = names["procore"], pnb.Store(tmp_path)
    public = [getattr(pnb, name) for name in pnb.__all__]
    calls = [
        one for one in public if callable(one) and one not in (pnb.Procore, pnb.Environment, pnb.Profiles)
    ]
    calls = [one for one in calls if not (isinstance(one, type) and issubclass(one, Exception))]
    calls += [getattr(procore, name) for name in dir(procore)]
    calls += [getattr(store, name) for name in dir(store) if not name.startswith("_")]
    calls += [pnb.reports.rfis, pnb.reports.pack, pnb.reports.view]
    for call in filter(callable, calls):
        with pytest.raises(pnb.ProcoreError):
            call(*[object()] * 25)
