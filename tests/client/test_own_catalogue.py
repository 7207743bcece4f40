"""A catalogue of one's own goes with the connection, and may be handed on: table, frames, CSV, store, forms, command line."""

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


@pytest.mark.slow
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


@pytest.mark.slow
def test_a_store_knows_the_other_names_of_its_lists_by_the_catalogue_handed_on(
    own: Path, tmp_path: Path
) -> None:
    store = pnb.Store(tmp_path / "kept")
    with pnb.connect("demo", catalogue=own, progress=False) as procore:
        store.sync(procore, ["qoo"], projects=[PROJECT])
        assert len(store.table("qoo")) > 0, "by the catalogue of the connection of the last sync"
        known = pnb.Store(tmp_path / "kept", catalogue=procore.catalogue)
        assert known.table("qoo").equals(store.table("questions_of_ours"))
    with pytest.raises(pnb.ArgumentError, match="no table 'qoo'"):
        pnb.Store(tmp_path / "kept").table("qoo")
    with pnb.connect("demo", progress=False) as procore:
        known.sync(procore, ["projects"])
    assert len(known.table("qoo")) > 0, "a catalogue of the store's own stays"


def test_a_list_of_people_of_ones_own_is_known_when_a_person_is_erased(tmp_path: Path) -> None:
    people = replace(catalog.endpoint("users"), name="crew", aliases=("everybody",))
    store = pnb.Store(tmp_path / "kept")
    with pnb.connect(
        "demo", catalogue=Catalogue([catalog.endpoint("projects"), people]), progress=False
    ) as procore:
        store.sync(procore, ["everybody"], projects=[PROJECT])
    one = int(store.table("crew")["id"].iloc[0])
    erased = store.erase(user_id=one).set_index("table")
    assert erased.at["crew", "rows"] == 1
    assert one not in store.table("everybody")["id"].tolist()


def test_frames_and_files_of_a_list_of_ones_own_have_its_types(tmp_path: Path) -> None:
    ours = Catalogue([replace(catalog.endpoint("rfis"), name="questions_of_ours", aliases=("qoo",))])
    record = {"id": 7, "due_date": "2026-03-01", "questions": [{"id": 8, "body": "When?"}]}
    frame = pnb.to_frame([record], "qoo", catalogue=ours)
    assert frame.dtypes.equals(pnb.to_frame([record], "rfis").dtypes)
    assert frame.attrs["procore"]["endpoint"] == "questions_of_ours"
    inner = pnb.explode(frame, "questions", catalogue=ours)
    assert inner.dtypes.to_dict() == {
        name.replace("rfi_id", "questions_of_our_id"): dtype
        for name, dtype in pnb.explode(pnb.to_frame([record], "rfis"), "questions").dtypes.items()
    }
    assert len(inner.columns) > len(pnb.explode(frame, "questions").columns), "declared columns are there too"
    path = tmp_path / "bare.csv"
    path.write_text("id,assignees\n7,\n", encoding="utf-8")
    read = pnb.read_csv(path, endpoint="qoo", catalogue=ours)
    assert read.dtypes.equals(pnb.read_csv(path, endpoint="rfis").dtypes)
    assert read["assignees"].dtype == object != pnb.read_csv(path)["assignees"].dtype
    for fails in (
        lambda: pnb.to_frame([record], "qoo"),
        lambda: pnb.read_csv(path, endpoint="qoo"),
        lambda: pnb.to_frame([record], "submittals", catalogue=ours),
    ):
        with pytest.raises(pnb.CatalogError, match="No endpoint"):
            fails()


def test_the_explorer_offers_the_lists_of_the_connections_catalogue(own: Path) -> None:
    with pnb.connect("demo", catalogue=own, progress=False) as procore:
        explorer = procore.explore()
        explorer.endpoints.value = "qoo"
        assert explorer.endpoints.value == "questions_of_ours"
        with pytest.raises(pnb.CatalogError):
            explorer.endpoints.value = "submittals"


@pytest.mark.slow
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
