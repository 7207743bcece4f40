from __future__ import annotations

import os
import stat
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from procore_nb.client import Procore
from procore_nb.environments import DEMO, Environment
from procore_nb.errors import ArgumentError, OutputError
from procore_nb.store import Store, log_lines, summary
from procore_nb.store.files import locked
from store.killing import Fate, Killed, sync
from store.living import LISTS, LivingDemo, World, connection

pytestmark = pytest.mark.slow


def test_a_table_has_the_dtypes_and_attrs_of_its_list(world: World, procore: Procore, store: Store) -> None:
    world.add("budget_modifications", str(world.projects[0]), transfer_amount="-0.10")
    store.sync(procore, LISTS)
    rfis = store.table("rfis")
    assert rfis["id"].dtype == "Int64"
    assert str(rfis["updated_at"].dtype) == "datetime64[us, UTC]"
    assert str(store.table("daily_logs_manpower")["date"].dtype) == "datetime64[us]"
    assert rfis["assignees"].iloc[0] == [{"id": 7, "login": "kim@example.com", "name": "Kim"}]
    assert -0.1 in store.table("budget_modifications")["transfer_amount"].tolist()
    exact = store.table("budget_modifications", decimals="exact")
    assert Decimal("-0.10") in exact["transfer_amount"].tolist()
    assert (exact.attrs["procore"]["decimals"], exact.attrs["procore"]["amounts"]) == (
        "exact",
        ["transfer_amount"],
    )
    about = rfis.attrs["procore"]
    assert (about["endpoint"], about["environment"], about["rows"]) == ("rfis", "demo", len(rfis))


def test_numbers_with_more_digits_than_the_file_has_come_back_exactly(
    world: World, procore: Procore, store: Store
) -> None:
    amounts = ["0.12345678901234567", "1e40", "-99999999999999999999999999999.5", "7.25"]
    for amount in amounts:
        world.add("budget_modifications", str(world.projects[0]), transfer_amount=amount)
    store.sync(procore, ["budget_modifications"])
    kept = store.table("budget_modifications", decimals="exact")["transfer_amount"].tolist()
    assert {Decimal(amount) for amount in amounts} <= set(kept)
    world.add("budget_modifications", str(world.projects[1]), transfer_amount="1e41")
    store.sync(procore, ["budget_modifications"])
    again = store.table("budget_modifications", decimals="exact")["transfer_amount"].tolist()
    assert {Decimal(amount) for amount in [*amounts, "1e41"]} <= set(again)


def test_an_empty_table_has_its_columns(world: World, procore: Procore, store: Store) -> None:
    world.rows.clear()
    store.sync(procore, LISTS)
    frame = store.table("rfis")
    assert len(frame) == 0
    assert frame["id"].dtype == "Int64"
    assert store.sql("select count(*) as n from rfis")["n"].tolist() == [0]


@pytest.mark.slow
def test_a_new_field_becomes_a_column_without_writing_other_parts_anew(
    world: World, procore: Procore, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("procore_nb.store.data_files.PART_ROWS", 4)
    monkeypatch.setattr("procore_nb.store.data_files.slices.__defaults__", (4,))
    for place in world.projects:
        for _ in range(6):
            world.add("rfis", str(place))
    store.sync(procore, ["rfis"])
    before = set(store.files("rfis"))
    world.pass_time(hours=1)
    place = str(world.projects[0])
    number = next(iter(world.rows["rfis", place]))
    world.change("rfis", place, number, novelty={"depth": 3})
    store.sync(procore, ["rfis"])
    after = set(store.files("rfis"))
    assert len(before & after) >= len(before) - 2
    frame = store.table("rfis").set_index("id")["novelty.depth"]
    assert (frame[number], frame.notna().sum()) == (3, 1)


def test_a_field_that_becomes_a_list_is_a_list_everywhere(
    world: World, procore: Procore, store: Store
) -> None:
    place = str(world.projects[0])
    one = world.add("rfis", place, oddity="word")
    store.sync(procore, ["rfis"])
    world.pass_time(hours=1)
    other = world.add("rfis", place, oddity=["a", "b"])
    store.sync(procore, ["rfis"])
    kept = store.table("rfis").set_index("id")["oddity"]
    assert kept[one["id"]] == ["word"]
    assert kept[other["id"]] == ["a", "b"]


def test_history_keeps_every_version(world: World, procore: Procore, store: Store) -> None:
    place = str(world.projects[0])
    row = world.add("rfis", place, subject="first")
    start = world.now
    store.sync(procore, ["rfis"], history=True)
    world.pass_time(hours=1)
    world.change("rfis", place, row["id"], subject="second")
    changed = world.now
    store.sync(procore, ["rfis"])
    world.pass_time(hours=1)
    world.delete("rfis", place, row["id"])
    store.sync(procore, ["rfis"])
    versions = store.table("rfis", history=True).set_index("id").loc[[row["id"]]]
    assert versions["subject"].tolist() == ["first", "second"]
    assert versions["valid_from"].tolist() == [pd.Timestamp(start), pd.Timestamp(changed)]
    assert versions["valid_to"].tolist() == [pd.Timestamp(changed), pd.Timestamp(world.now)]
    assert versions["deleted_at"].isna().tolist() == [True, False]


def test_changes_names_what_happened_since_a_moment(world: World, procore: Procore, store: Store) -> None:
    place = str(world.projects[0])
    rows = {word: world.add("rfis", place) for word in ("changed", "deleted", "same")}
    store.sync(procore, ["rfis"])
    seen = store.tables().set_index("table")["last_sync"]["rfis"]
    world.pass_time(hours=1)
    world.change("rfis", place, rows["changed"]["id"], subject="other")
    world.delete("rfis", place, rows["deleted"]["id"])
    rows["new"] = world.add("rfis", place)
    store.sync(procore, ["rfis"])
    found = store.changes("rfis", since=seen).set_index("id")["change"].to_dict()
    assert found == {rows[word]["id"]: word for word in ("changed", "deleted", "new")}
    assert store.changes("rfis", since=seen)["changed_at"].unique().tolist() == [pd.Timestamp(world.now)]
    assert store.changes("rfis", since=world.now).empty, "what was deleted before is not told again"
    with pytest.raises(ArgumentError):
        store.changes("rfis", since="yesterday-ish")


def test_tables_tells_rows_and_last_sync(world: World, procore: Procore, store: Store) -> None:
    assert store.tables().empty
    store.sync(procore, LISTS)
    told = store.tables().set_index("table")
    assert told.loc["rfis", "rows"] == len(store.table("rfis"))
    assert told.loc["rfis", "last_sync"] == pd.Timestamp(world.now)
    with pytest.raises(ArgumentError, match="has no table 'rfi'"):
        store.table("rfi")


def test_a_result_is_a_line_and_log_lines(world: World, procore: Procore, store: Store) -> None:
    result = store.sync(procore, ["vendors", "rfis"])
    assert summary(result).startswith("2 tables, ")
    assert [line[:18] for line in log_lines(result)] == ['{"event":"synced",'] * 2


@pytest.mark.parametrize("company_id", [None, 4711])
def test_another_company_is_refused(
    world: World, procore: Procore, store: Store, company_id: int | None
) -> None:
    store.sync(procore, ["vendors"])
    with (
        connection(LivingDemo(world), company_id=company_id) as other,
        pytest.raises(ArgumentError, match="company"),
    ):
        store.sync(other, ["vendors"])


def test_another_environment_is_refused(world: World, procore: Procore, store: Store) -> None:
    store.sync(procore, ["vendors"])
    procore.session.environment = Environment("sandbox", DEMO.login_url, DEMO.api_url)
    with pytest.raises(ArgumentError, match="holds tables of company"):
        store.sync(procore, ["vendors"])


@pytest.mark.skipif(os.name == "nt", reason="modes are of POSIX")
def test_files_are_their_owners_only(world: World, procore: Procore, store: Store, tmp_path: Path) -> None:
    store.sync(procore, ["rfis"], history=True)
    world.live_a_little(60)
    store.sync(procore, ["rfis"])
    places = [tmp_path / "portfolio", *(tmp_path / "portfolio").rglob("*")]
    assert {stat.S_IMODE(one.stat().st_mode) for one in places if one.is_file()} == {0o600}
    assert {stat.S_IMODE(one.stat().st_mode) for one in places if one.is_dir()} == {0o700}


def test_personal_columns_are_left_out_everywhere(
    world: World, procore: Procore, store: Store, tmp_path: Path
) -> None:
    store.sync(procore, ["rfis", "vendors"], drop_personal=True, history=True)
    rfis, vendors = store.table("rfis"), store.table("vendors")
    assert "created_by.id" in rfis.columns
    assert not {"created_by.name", "created_by.login"} & set(rfis.columns)
    assert all(set(person) == {"id"} for people in rfis["assignees"] for person in people)
    assert "name" in vendors.columns
    assert "email_address" not in vendors.columns
    for one in (tmp_path / "portfolio").rglob("*.parquet"):
        assert b"kim@example.com" not in one.read_bytes()
        assert "Kim" not in str(pq.read_table(one).to_pylist())


@pytest.mark.slow
def test_personal_columns_that_were_kept_go_when_they_are_no_longer_wanted(
    world: World, procore: Procore, store: Store, tmp_path: Path
) -> None:
    world.add("rfis", str(world.projects[0]))
    store.sync(procore, ["rfis"], history=True)
    world.live_a_little(60)
    store.sync(procore, ["rfis"])
    store.sync(procore, ["rfis"], drop_personal=True)
    for one in (tmp_path / "portfolio").rglob("*.parquet"):
        assert "kim@example.com" not in str(pq.read_table(one).to_pylist())
    store.sync(procore, ["rfis"], drop_personal=False)
    assert store.table("rfis")["created_by.name"].notna().all(), "all rows are read again"


def test_no_secret_is_kept(world: World, procore: Procore, store: Store, tmp_path: Path) -> None:
    store.sync(procore, LISTS)
    secrets = [b"demo-client", _token(procore)]
    for one in (tmp_path / "portfolio").rglob("*"):
        assert one.is_dir() or not any(secret in one.read_bytes() for secret in secrets)


def _token(procore: Procore) -> bytes:
    token = procore.session.shared.token
    assert token is not None
    return token.text.reveal().encode()


def test_a_second_process_is_refused_with_words(world: World, procore: Procore, store: Store) -> None:
    store.sync(procore, ["vendors"])
    with (
        locked(store._files),
        pytest.raises(OutputError, match=f"is being synced by process {os.getpid()} on"),
    ):
        store.sync(procore, ["vendors"])
    store.sync(procore, ["vendors"])


@pytest.mark.slow
@pytest.mark.parametrize(("scheme", "lists"), [("memory", LISTS), ("file", ["rfis"])])
def test_a_store_may_be_at_a_url(tmp_path: Path, scheme: str, lists: list[str]) -> None:
    world, url = World(projects=2, rows=3), f"{scheme}://{tmp_path}/portfolio"
    store = Store(url, clock=lambda: world.now)
    with connection(LivingDemo(world)) as procore:
        for _ in range(2):
            store.sync(procore, lists, window_days=60)
            world.live_a_little(30)
        store.sync(procore, lists, full=True)
    for name in lists:
        assert len(Store(url).table(name)) == sum(
            len(world.rows.get((name, place), {})) for place in world.places(name)
        )
    assert store.sql("select count(*) as n from rfis")["n"].tolist() == [len(store.table("rfis"))]
    assert store.files("rfis")[0].startswith("memory://" if scheme == "memory" else "/")


def test_a_full_disk_leaves_the_store_as_it_was(world: World, tmp_path: Path) -> None:
    sync(world, tmp_path / "portfolio", lists=["rfis"])
    before = Store(tmp_path / "portfolio").table("rfis")
    world.live_a_little(60)
    with pytest.raises(OutputError, match="No space left"):
        sync(world, tmp_path / "portfolio", FullDisk(30), lists=["rfis"])
    pd.testing.assert_frame_equal(Store(tmp_path / "portfolio").table("rfis"), before)
    sync(world, tmp_path / "portfolio", lists=["rfis"])
    assert len(Store(tmp_path / "portfolio").table("rfis")) == sum(
        len(rows) for (name, _), rows in world.rows.items() if name == "rfis"
    )


class FullDisk(Fate):
    def step(self) -> None:
        try:
            super().step()
        except Killed:
            self.dead = False
            raise OutputError("x cannot be written: No space left on device.") from None


@pytest.mark.slow
def test_sql_answers_with_typed_frames(world: World, procore: Procore, store: Store) -> None:
    world.add("budget_modifications", str(world.projects[0]), transfer_amount="10.50")
    store.sync(procore, LISTS)
    query = "select project_id, sum(transfer_amount) as total, max(updated_at) as at, count(*) as n from budget_modifications group by 1"
    frame = store.sql(query)
    assert frame["project_id"].dtype == "Int64"
    assert frame["total"].dtype == "float64"
    assert isinstance(store.sql(query, decimals="exact")["total"].iloc[0], Decimal)
    with pytest.raises(ArgumentError, match="decimals='money'"):
        store.sql(query, decimals="money")  # type: ignore[arg-type]
    assert str(frame["at"].dtype) == "datetime64[us, UTC]"
    assert set(store.sql("select * from rfis").columns) == set(store.table("rfis").columns) - {"project_name"}
    with pytest.raises(ArgumentError, match="Tables: budget_modifications"):
        store.sql("select nonsense from nowhere")


def test_sql_adds_up_to_the_cent_though_the_connection_shows_floats(
    world: World, procore: Procore, store: Store
) -> None:
    assert procore.decimals == "float"
    amounts = ["0.1", "0.2", "-0.3"] * 7
    for amount in amounts:
        world.add("budget_modifications", str(world.projects[0]), transfer_amount=amount, notes="cents")
    store.sync(procore, {"budget_modifications": {"decimals": "float"}})  # nor can a call undo it
    query = "select sum(transfer_amount) as total from budget_modifications where notes = 'cents'"
    assert store.sql(query)["total"].tolist() == [0]
    assert sum(map(float, amounts)) != 0


def test_sql_changes_nothing(world: World, procore: Procore, store: Store, tmp_path: Path) -> None:
    store.sync(procore, ["rfis"])
    part = store.files("rfis")[0]
    before = Path(part).read_bytes()
    for text in (
        "copy rfis to '{0}'",
        "create table x as select 1",
        "select 1; copy rfis to '{0}'",
        "explain analyze copy rfis to '{0}'",
    ):
        with pytest.raises(ArgumentError, match="one question"):
            store.sql(text.format(part))
        assert Path(part).read_bytes() == before


def test_columns_of_one_name_are_told_apart(world: World, procore: Procore, store: Store) -> None:
    store.sync(procore, ["rfis"])
    assert store.sql("select 1 as a, 2 as b, 3 as a, 4 as a").columns.tolist() == ["a", "b", "a (2)", "a (3)"]


def test_a_store_shows_its_tables_in_a_notebook(world: World, procore: Procore, tmp_path: Path) -> None:
    store = Store(tmp_path / "<b>portfolio", clock=lambda: world.now)
    store.sync(procore, ["rfis"])
    shown = store._repr_html_()
    assert "rfis" in shown
    assert "<b>portfolio" not in shown


def test_names_of_projects_follow_the_last_sync(world: World, procore: Procore, store: Store) -> None:
    store.sync(procore, ["rfis"])
    frame = store.table("rfis")
    assert frame.columns[:2].tolist() == ["project_id", "project_name"]
    names = procore.projects(status="All").set_index("id")["name"]
    assert frame["project_name"].tolist() == [names[number] for number in frame["project_id"]]
    store.sync(procore, ["rfis"], projects=world.projects[:1])
    assert store.table("rfis")["project_name"].notna().all(), "names that are known stay known"
