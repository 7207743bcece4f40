"""One resolver of `projects=`: table, Store.sync and the command line give the same answer, or the same error."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import procore_nb as pnb
from procore_nb.cli import main
from procore_nb.scalars import select_projects

ONE, TWO = 1204384, 1204458

GOOD: list[tuple[Any, list[int]]] = [
    (ONE, [ONE]),
    (str(ONE), [ONE]),
    (f" {TWO}, {ONE} ", [TWO, ONE]),
    ([ONE, str(TWO)], [ONE, TWO]),
    ((ONE, ONE), [ONE]),
    (float(ONE), [ONE]),
    (np.int64(ONE), [ONE]),
    (np.array([ONE, TWO]), [ONE, TWO]),
    (pd.Series([ONE, TWO], dtype="Int64"), [ONE, TWO]),
    (pd.Index([ONE]), [ONE]),
    (pd.DataFrame({"id": [ONE], "name": ["Library"]}), [ONE]),
    (pd.DataFrame({"project_id": [ONE, ONE], "id": [5, 6]}), [ONE]),
    ((number for number in (ONE, TWO)), [ONE, TWO]),
]
BAD: list[Any] = [
    [ONE + 0.9],
    [True],
    True,
    [np.bool_(True)],
    "Harbour",
    "",
    f"{ONE},",
    [None],
    [pd.NA],
    [float("nan")],
    0,
    -ONE,
    2**63,
    {"id": ONE},
    [[ONE]],
    pd.DataFrame({"id": [ONE, None]}),
    pd.DataFrame({"name": ["Library"]}),
    pd.Series([ONE, None]),
]


def test_ids_are_read_however_they_are_written() -> None:
    read = [[int(one) for one in select_projects(value, where="rfis").ids] for value, _ in GOOD]
    assert read == [ids for _, ids in GOOD]


@pytest.mark.parametrize(
    ("word", "status"), [("all", "All"), (" Active ", "Active"), ("INACTIVE", "Inactive")]
)
def test_a_word_stands_for_a_status(word: str, status: str) -> None:
    chosen = select_projects(word, where="rfis")
    assert (chosen.status, chosen.ids) == (status, ())


def test_what_is_no_id_is_the_same_error_in_table_and_in_a_store(
    to_demo: Callable[..., pnb.Procore], tmp_path: Path
) -> None:
    procore, store = to_demo(), pnb.Store(tmp_path / "kept")
    for value in BAD:
        with pytest.raises(pnb.ArgumentError) as of_table:
            procore.table("rfis", projects=value)
        with pytest.raises(pnb.ArgumentError) as of_store:
            store.sync(procore, ["rfis"], projects=value)
        assert str(of_table.value).replace("rfis", "Store.sync") == str(of_store.value), repr(value)
    assert procore.seen == []  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "value",
    [str(ONE), [np.int64(ONE)], pd.DataFrame({"id": [ONE], "name": ["Library"]}), float(ONE)],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.slow
def test_what_is_an_id_is_the_same_project_in_table_and_in_a_store(
    value: Any, to_demo: Callable[..., pnb.Procore], tmp_path: Path
) -> None:
    procore = to_demo()
    fetched = procore.table("rfis", projects=value)
    store = pnb.Store(tmp_path / "kept")
    store.sync(procore, ["rfis"], projects=value)
    assert len(fetched) > 0
    assert sorted(store.table("rfis")["id"]) == sorted(fetched["id"])
    assert set(store.table("rfis")["project_id"]) == {ONE}


@pytest.mark.parametrize("words", ["1204384.9", "True", "Harbour", "1204384,"])
@pytest.mark.parametrize("command", [["table", "rfis"], ["sync", "kept", "--tables", "rfis"]])
def test_the_command_line_refuses_the_same(
    words: str,
    command: list[str],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([*command, "--environment", "demo", "--projects", words]) == 1
    assert "whole number" in capsys.readouterr().err


def test_a_project_id_is_one_project_and_no_word(to_demo: Callable[..., pnb.Procore]) -> None:
    procore = to_demo()
    for value in ("all", f"{ONE},{TWO}"):
        with pytest.raises(pnb.ArgumentError, match="positive whole number"):
            procore.table("rfis", project_id=value)
    assert procore.seen == []  # type: ignore[attr-defined]


@pytest.mark.parametrize("target", [999, "999", [999]])
def test_a_project_that_is_not_among_those_seen_is_named(target: Any) -> None:
    with pnb.connect("demo", company_id=24_977, progress=False) as procore:  # a company of three projects
        with pytest.raises(pnb.NotFoundError, match=r'procore.projects\(status="All"\) shows the projects'):
            procore.table("rfis", target)
        procore.projects()  # active ones are not all
        with pytest.raises(pnb.NotFoundError, match="shows the projects"):
            procore.table("rfis", target)
        procore.projects(status="All")
        with pytest.raises(pnb.NotFoundError, match="No project 999 among the 3 projects") as caught:
            procore.table("rfis", target)
    assert "None of the 1" not in str(caught.value)


@pytest.mark.parametrize(
    "fetch",
    [
        lambda procore: procore.table("rfis", "all"),
        lambda procore: procore.projects(status="All", view="compact"),
    ],
)
def test_projects_are_seen_as_well_when_a_list_is_fetched_from_all(fetch: Callable[..., Any]) -> None:
    with pnb.connect("demo", company_id=24_977, progress=False) as procore:
        fetch(procore)
        with pytest.raises(pnb.NotFoundError, match="No project 999 among the 3 projects"):
            procore.table("rfis", 999)


def test_the_demo_says_which_day_it_has() -> None:
    with pnb.connect("demo") as procore:
        assert "today is 2026-06-18" in repr(procore)
        assert "today is 2026-06-18" in procore._repr_html_()
