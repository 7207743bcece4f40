"""A catalogue of one's own goes with the connection: table, store, diagnose, command line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import procore_nb as pnb
from procore_nb import catalog
from procore_nb.catalog import Catalogue, dump
from procore_nb.cli import main

PROJECT = 1204384


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A file with two lists, one of them under a name that the shipped catalogue does not have."""
    rfis = replace(catalog.endpoint("rfis"), name="questions_of_ours", aliases=("qoo",))
    bin_of = replace(catalog.endpoint("rfis_recycled"), name="questions_of_ours_recycled", aliases=())
    path = tmp_path / "own.gz"
    path.write_bytes(dump(Catalogue([catalog.endpoint("projects"), rfis, bin_of])))
    return path


def test_a_list_of_ones_own_is_fetched_by_its_name_and_alias(own: Path) -> None:
    with pnb.connect("demo", catalogue=own, progress=False) as procore:
        frame = procore.table("qoo", project_id=PROJECT)
        assert frame.attrs["procore"]["endpoint"] == "questions_of_ours"
        assert len(frame) > 0
        assert len(procore.catalogue) == 3
        with pytest.raises(pnb.CatalogError, match="No endpoint is called 'submittals'"):
            procore.table("submittals", project_id=PROJECT)
        assert len(procore.me()) == 1


def test_a_list_of_ones_own_is_kept_and_brought_up_to_date_in_a_store(own: Path, tmp_path: Path) -> None:
    store = pnb.Store(tmp_path / "kept")
    with pnb.connect("demo", catalogue=own, progress=False) as procore:
        store.sync(procore, ["qoo"], projects=[PROJECT])
        assert len(store.table("questions_of_ours")) == len(procore.table("qoo", project_id=PROJECT)) > 0
        again = store.sync(procore, ["qoo"], projects=[PROJECT])
        assert again["mode"].tolist() == ["incremental"]
        assert again["requests"].iloc[0] >= 2, "changed rows, and the recycle bin of the same catalogue"
        with pytest.raises(pnb.CatalogError):
            store.sync(procore, ["submittals"])


def test_diagnose_works_with_a_catalogue_that_lacks_its_lists(own: Path) -> None:
    with pnb.connect("demo", catalogue=own, progress=False) as procore:
        assert procore.diagnose()["ok"].all()


def test_the_command_line_takes_a_catalogue(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [
        "--environment",
        "demo",
        "--project-id",
        str(PROJECT),
        "--catalogue",
        str(own),
        "--rows",
        "1",
    ]
    assert main(["table", "qoo", *arguments]) == 0
    assert "questions_of_ours of company" in capsys.readouterr().out
    assert main(["endpoints", "questions", "--catalogue", str(own)]) == 0
    assert "questions_of_ours" in capsys.readouterr().out
    assert main(["endpoints", "rfis", "--catalogue", str(own.with_name("none.gz"))]) == 1
    assert "cannot be read" in capsys.readouterr().err
