"""Erasing one person: nothing of them is left in any file, nothing else is touched, and a kill in the middle loses nothing."""

from __future__ import annotations

import random
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson
import pandas as pd
import pyarrow as pa
import pytest

from procore_nb.errors import ArgumentError, StoreError
from procore_nb.store import Store
from procore_nb.store.erase import Person, _Erasure
from procore_nb.store.files import locked
from procore_nb.store.manifest import Manifest
from store.killing import Fate, Killed, MortalFiles, contents, same, sync
from store.living import LivingDemo, World, connection

LISTS = ("rfis", "change_events", "vendors")
KIM = {"id": 7, "login": "kim@example.com", "name": "Kim"}
LEE = {"id": 8, "login": "lee@example.com", "name": "Lee"}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with history and deleted rows, in which Kim and Lee stand, and an unfinished sync."""
    world, folder = World(projects=3, rows=3), tmp_path_factory.mktemp("kept") / "portfolio"
    place = str(world.projects[0])
    theirs = {"created_by": LEE, "assignees": [KIM, LEE]}
    rows = [world.add("rfis", place, **theirs) for _ in range(2)]
    world.add("rfis", place, created_by=KIM, assignees=[KIM])
    world.add("vendors", "", email_address="Kim@Example.com ", name="Kim")
    world.add("change_events", place, title="Kim")
    sync(world, folder, lists=LISTS, history=True)
    world.pass_time(hours=1)
    world.change("rfis", place, rows[0]["id"], **theirs)
    world.delete("rfis", place, rows[1]["id"])
    sync(world, folder, lists=LISTS)
    world.pass_time(hours=1)
    world.add("rfis", place, **theirs)
    for last in range(14, 40):
        with suppress(Killed):
            sync(world, folder, Fate(last), lists=["rfis"])
        if list((folder / "_work" / "rfis").rglob("*.arrow")):
            return folder
    raise AssertionError("nothing was staged")


@pytest.fixture
def folder(kept: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(kept, tmp_path / "portfolio"))


def everything(folder: Path) -> str:
    """All that any file of a store holds, as text."""
    import pyarrow.parquet as pq

    found = [str(pq.read_table(one).to_pylist()) for one in folder.rglob("*.parquet")]
    found += [one.read_bytes().decode("utf-8", "replace") for one in folder.rglob("*") if one.is_file()]
    return "\n".join(found)


@pytest.mark.slow
def test_nothing_of_a_person_is_left_in_any_file_and_everybody_else_is_as_before(folder: Path) -> None:
    before, text = contents(folder, LISTS), everything(folder)
    assert "kim@example.com" in text
    account = Store(folder).erase(user_id=7).set_index("table")
    after, text = contents(folder, LISTS), everything(folder)
    assert "kim@example.com" not in text.casefold()
    assert not list(folder.rglob("*.arrow"))
    rfis, old = after["rfis"], before["rfis"]
    assert rfis["id"].tolist() == old["id"].tolist()
    mine = old["created_by.id"].eq(7)
    assert rfis.loc[mine, ["created_by.id", "created_by.login", "created_by.name"]].isna().all(axis=None)
    kept = rfis.drop(columns=["assignees"])[~mine]
    pd.testing.assert_frame_equal(kept, old.drop(columns=["assignees"])[~mine])
    assert all(one["id"] == 8 for people in rfis["assignees"] for one in people)
    assert sum(map(len, rfis["assignees"])) == sum(
        one["id"] == 8 for people in old["assignees"] for one in people
    )
    pd.testing.assert_frame_equal(after["change_events"], before["change_events"])
    vendors, was = after["vendors"], before["vendors"]
    assert vendors["name"].equals(was["name"]), "a firm may be called like a person"
    assert vendors["email_address"].isna().sum() == was["email_address"].isna().sum() + 1
    row = account.loc["rfis"]
    assert (row["rows"], row["versions"]) == (0, 0)
    assert row["cells"] + row["version_cells"] == 3 * mine.sum() + sum(
        any(one["id"] == 7 for one in people) for people in old["assignees"]
    )
    assert row["version_cells"] > 0
    assert row["staged"] > 0
    assert row["columns"] == "assignees, created_by.id, created_by.login, created_by.name"
    assert account.loc["change_events", ["cells", "files"]].tolist() == [0, 0]


@pytest.mark.slow
def test_a_store_is_synced_and_erased_again_after_an_erasure(folder: Path) -> None:
    Store(folder).erase(user_id=7)
    again = Store(folder).erase(user_id=7)
    assert again[["rows", "cells", "version_cells", "files"]].sum().sum() == 0
    world = World(projects=3, rows=3)
    world.pass_time(days=1)
    row = world.add("rfis", str(world.projects[0]), created_by=LEE, assignees=[])
    sync(world, folder, lists=LISTS, history=True)
    assert row["id"] in Store(folder).table("rfis")["id"].tolist()


@pytest.mark.slow
def test_staged_rows_of_a_table_that_is_not_there_yet_are_removed(tmp_path: Path) -> None:
    world, folder = World(projects=3, rows=3), tmp_path / "portfolio"
    for last in range(14, 40):
        with suppress(Killed):
            sync(world, folder, Fate(last), lists=["rfis"])
        if "kim@example.com" in everything(folder):
            break
    assert "kim@example.com" in everything(folder)
    account = Store(folder).erase(user_id=7)
    assert "kim@example.com" not in everything(folder)
    assert account[["table", "rows", "cells"]].to_numpy().tolist() == [["rfis", 0, 0]]
    assert account["staged"].iloc[0] > 0


def test_a_person_of_a_list_of_people_is_gone_with_the_row(world: World, tmp_path: Path) -> None:
    with connection(LivingDemo(world)) as procore:
        store = Store(tmp_path, clock=lambda: world.now)
        store.sync(procore, ["users"])
        before = store.table("users")
        gone = before.iloc[2]
        account = store.erase(user_id=int(gone["id"]))
        after = store.table("users")
    pd.testing.assert_frame_equal(after, before.drop(index=2).reset_index(drop=True))
    assert account[["table", "rows"]].to_numpy().tolist() == [["users", 1]]
    assert store.tables()["rows"].tolist() == [len(before) - 1]
    assert str(gone["login"] if "login" in gone else gone["email_address"]) not in everything(tmp_path)


def erased(
    columns: dict[str, Any], types: dict[str, str], targets: tuple[str, ...] = (), **known: Any
) -> list[Any]:
    manifest = Manifest("things", "/things", columns=types, target_columns=targets, key=(*targets, "id"))  # type: ignore[arg-type]
    return _Erasure(pa.table(columns), manifest, Person("7", **known), "").rows.to_pylist()  # type: ignore[no-any-return]


def test_ids_of_a_person_and_what_stands_beside_them_are_cleared_and_no_other_id() -> None:
    columns = {"id": [7, 8], "assignee_id": [7, 8], "assignee_name": ["Kim", "Lee"], "vendor_id": [7, 7]}
    types = {"id": "integer", "assignee_id": "integer", "assignee_name": "text", "vendor_id": "integer"}
    assert erased(columns, types) == [
        {"id": 7, "assignee_id": None, "assignee_name": None, "vendor_id": 7},
        {"id": 8, "assignee_id": 8, "assignee_name": "Lee", "vendor_id": 7},
    ]


def test_an_object_that_names_a_user_by_user_id_is_cleared_by_that_id() -> None:
    columns = {"id": [1, 2], "party.id": [7, 9], "party.user_id": ["9", "7"], "party.name": ["Lee", "Kim"]}
    types = {"id": "integer", "party.id": "integer", "party.user_id": "text", "party.name": "text"}
    assert erased(columns, types) == [
        {"id": 1, "party.id": 7, "party.user_id": "9", "party.name": "Lee"},
        {"id": 2, "party.id": None, "party.user_id": None, "party.name": None},
    ]


def test_a_person_inside_lists_is_gone_at_any_depth() -> None:
    value = [
        {
            "id": 7,
            "created_by": KIM,
            "members": [KIM, LEE],
            "assignee_ids": [7, 8],
            "note": "7",
            "vendor": {"id": 7},
        }
    ]
    columns = {
        "id": [1],
        "steps": [orjson.dumps(value).decode()],
        "assignee_ids": ["[7,8]"],
        "numbers": ["[7,8]"],
    }
    types = {"id": "integer", "steps": "list", "assignee_ids": "list", "numbers": "list"}
    (row,) = erased(columns, types)
    assert orjson.loads(row["steps"]) == [
        {"id": 7, "created_by": None, "members": [LEE], "assignee_ids": [8], "note": "7", "vendor": {"id": 7}}
    ]
    assert (row["assignee_ids"], row["numbers"]) == ("[8]", "[7,8]")


def test_addresses_and_names_are_learned_from_rows_and_objects_that_are_the_person() -> None:
    columns = {
        "id": [7, 8],
        "email_address": [" Kim@Example.com", "lee@example.com"],
        "first_name": ["Kim", "Lee"],
        "last_name": ["Ode", "Poe"],
        "created_by.id": [8, 7],
        "created_by.login": ["lee", "kim"],
        "created_by.company.name": ["Firm", "Firm"],
    }
    types = {name: "integer" if name.endswith("id") else "text" for name in columns}
    person = Person("7")
    _Erasure(pa.table(columns), Manifest("users", "/users", columns=types, key=("id",)), person, "id")  # type: ignore[arg-type]
    assert person.addresses == {"kim@example.com", "kim"}
    assert person.names == {"kim ode", "ode, kim"}


def test_rows_that_were_fetched_for_the_person_are_gone() -> None:
    columns = {"user_id": [7, 8], "id": [1, 1]}
    assert erased(columns, {"user_id": "integer", "id": "integer"}, targets=("user_id",)) == [
        {"user_id": 8, "id": 1}
    ]


def test_texts_that_are_an_address_go_everywhere_and_names_only_where_they_are_personal() -> None:
    columns = {
        "id": [1],
        "created_by_name": ["KIM"],
        "title": ["Kim"],
        "sender": ["kim@example.com"],
        "note": ["ask Kim"],
    }
    types = {"id": "integer", **dict.fromkeys(("created_by_name", "title", "sender", "note"), "text")}
    assert erased(columns, types, addresses={"kim@example.com"}, names={"kim"}) == [
        {"id": 1, "created_by_name": None, "title": "Kim", "sender": None, "note": "ask Kim"}
    ]


def mortal(folder: Path, fate: Fate) -> Store:
    store = Store(folder)
    store._files = MortalFiles(folder, fate)
    return store


@pytest.mark.slow
@pytest.mark.parametrize("points", [3, pytest.param(60, marks=pytest.mark.stress)])
def test_an_erasure_that_is_killed_anywhere_is_completed_when_the_store_is_opened(
    kept: Path, tmp_path: Path, points: int
) -> None:
    counting = Fate()
    clean = Path(shutil.copytree(kept, tmp_path / "clean"))
    mortal(clean, counting).erase(user_id=7)
    before, due = contents(kept, LISTS), contents(clean, LISTS)
    begun = 0
    for point in random.Random(points).sample(range(1, counting.count + 1), points):
        folder = Path(shutil.copytree(kept, tmp_path / f"at-{point}"))
        with suppress(Killed):
            mortal(folder, Fate(point)).erase(user_id=7)
        pending = (folder / "_work" / "_erase.json").exists()
        found = contents(folder, LISTS)  # opening it completes what was begun
        assert same(found, due if pending or not same(found, before) else before), point
        assert not (folder / "_work" / "_erase.json").exists()
        assert ("kim@example.com" in everything(folder).casefold()) == same(found, before), point
        begun += pending
    assert begun


@pytest.mark.slow
def test_a_sync_completes_an_erasure_whose_people_are_gone_already(kept: Path, tmp_path: Path) -> None:
    """The table that says who Kim is was erased first: the note says what to look for in the others."""
    from procore_nb.store.manifest import encode_with_digest

    folder = Path(shutil.copytree(kept, tmp_path / "portfolio"))
    noted = {"user_id": "7", "addresses": ["x@example.com"], "names": []}
    (folder / "_work" / "_erase.json").write_bytes(encode_with_digest(noted))
    world = World(projects=3, rows=3)
    world.pass_time(days=1)
    sync(world, folder, lists=["change_events"])
    assert Store(folder).table("vendors")["email_address"].isna().all()
    assert not (folder / "_work" / "_erase.json").exists()


def test_a_damaged_file_stops_an_erasure_before_anything_is_changed(folder: Path) -> None:
    part = next((folder / "vendors" / "_history").parent.glob("part-*"))
    part.write_bytes(part.read_bytes()[:-9])
    before = {one: one.read_bytes() for one in folder.rglob("*.parquet")}
    with pytest.raises(StoreError, match="damaged"):
        Store(folder).erase(user_id=7)
    assert before == {one: one.read_bytes() for one in folder.rglob("*.parquet")}


@pytest.mark.parametrize("wrong", [None, True, "", 7.0, [7]])
def test_an_erasure_takes_one_id(folder: Path, wrong: Any) -> None:
    with pytest.raises(ArgumentError, match="user_id"):
        Store(folder).erase(user_id=wrong)


def test_an_erasure_waits_for_no_sync(folder: Path) -> None:
    with locked(Store(folder)._files), pytest.raises(StoreError, match="is being synced by"):
        Store(folder).erase(user_id=7)


@pytest.mark.slow
def test_a_person_is_erased_at_a_url_too(kept: Path, tmp_path: Path) -> None:
    import fsspec

    memory = fsspec.filesystem("memory")
    memory.put(str(kept), f"{tmp_path}/", recursive=True)
    store = Store(f"memory://{tmp_path}/portfolio")
    store.erase(user_id=7)
    left = b"".join(memory.cat(one) for one in memory.find(str(tmp_path)))
    assert b"kim@example.com" not in left.lower()
    assert store.table("rfis", history=True)["created_by.id"].dropna().eq(8).all()
    memory.rm(str(tmp_path), recursive=True)
