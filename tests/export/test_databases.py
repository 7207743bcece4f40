"""A frame becomes a table with types, whole or not there, in SQLite, DuckDB and PostgreSQL."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import adbc_driver_duckdb.dbapi
import adbc_driver_sqlite.dbapi
import duckdb
import pandas as pd
import pytest
import sqlalchemy as sa
from every_case import every_case

import procore_nb as pnb
from procore_nb.errors import ArgumentError, MissingExtraError, OutputError, ProcoreWarning
from procore_nb.export import to_sql
from procore_nb.frames import to_frame

RECORDS = [
    {
        "id": 2**53 + 1,
        "name": 'Zürich, O\'Hara "Nord" 100% :x',
        "active": True,
        "latitude": 43.1566,
        "total_value": "18450000.10",
        "created_at": "2026-05-28T21:19:34.5Z",
        "start_date": "2026-05-28",
        "departments": [{"id": 7, "name": "Straße"}],
        "company": {"id": 5},
        "% (done): x": "a",
    },
    {"id": 2},
]
Opened = Callable[[str], list[Any]]


def frame_of(decimals: Any = "exact") -> pd.DataFrame:
    return to_frame(RECORDS, decimals=decimals)


def by_sqlite(path: Path, stack: ExitStack) -> tuple[Any, Opened]:
    connection = sqlite3.connect(path / "a.db")
    stack.callback(connection.close)
    return connection, lambda query: connection.execute(query).fetchall()


def by_engine(path: Path, stack: ExitStack) -> tuple[Any, Opened]:
    engine = sa.create_engine(f"sqlite:///{path / 'b.db'}")
    stack.callback(engine.dispose)
    return engine, lambda query: [tuple(row) for row in engine.connect().exec_driver_sql(query)]


def by_url(path: Path, stack: ExitStack) -> tuple[Any, Opened]:
    _, read = by_engine(path, stack)
    return f"sqlite:///{path / 'b.db'}", read


def by_adbc_sqlite(path: Path, stack: ExitStack) -> tuple[Any, Opened]:
    connection = stack.enter_context(adbc_driver_sqlite.dbapi.connect(str(path / "c.db")))
    return connection, read_by_cursor(connection)


def by_duckdb(path: Path, stack: ExitStack) -> tuple[Any, Opened]:
    connection = stack.enter_context(duckdb.connect(path / "d.db"))
    return connection, lambda query: connection.sql(query).fetchall()


def by_adbc_duckdb(path: Path, stack: ExitStack) -> tuple[Any, Opened]:
    connection = stack.enter_context(adbc_driver_duckdb.dbapi.connect(str(path / "e.db")))
    return connection, read_by_cursor(connection)


def read_by_cursor(connection: Any) -> Opened:
    def read(query: str) -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(query)
            return [tuple(row) for row in cursor.fetchall()]

    return read


EVERYWHERE = [by_sqlite, by_engine, by_url, by_adbc_sqlite, by_duckdb, by_adbc_duckdb]


@pytest.fixture(params=EVERYWHERE, ids=lambda one: one.__name__)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Any, Opened]]:
    with ExitStack() as stack:
        yield request.param(tmp_path, stack)


def test_a_table_holds_the_values_of_its_frame(database: tuple[Any, Opened]) -> None:
    connection, read = database
    assert to_sql(frame_of(), "projects", connection) == 2
    columns = 'id, name, active, latitude, total_value, departments, "company.id", "% (done): x"'
    row, gap = read(f"select {columns} from projects order by id desc")
    assert row[:4] == (2**53 + 1, RECORDS[0]["name"], 1, 43.1566)
    assert float(row[4]) == 18450000.1
    assert json.loads(row[5]) == RECORDS[0]["departments"]
    assert row[6:] == (5, "a")
    assert gap == (2, *[None] * 7)
    days, moment = read("select cast(start_date as text), cast(created_at as text) from projects")[0]
    assert days == "2026-05-28"
    assert moment.replace("T", " ").startswith("2026-05-28 21:19:34.5")


def test_a_table_that_exists_is_kept_replaced_or_appended_to(
    database: tuple[Any, Opened], request: pytest.FixtureRequest
) -> None:
    if "by_adbc_duckdb" in request.node.name and duckdb.__version__.startswith("1.1."):
        pytest.skip("ADBC of DuckDB 1.1 cannot replace a table")
    connection, read = database
    frame = frame_of("float")
    to_sql(frame, "projects", connection)
    with pytest.raises(OutputError, match=r'exists.*if_exists="replace"'):
        to_sql(frame, "projects", connection)
    assert read("select count(*) from projects") == [(2,)]
    to_sql(frame, "projects", connection, if_exists="append")
    assert read("select count(*), sum(total_value) from projects") == [(4, 36900000.2)]
    assert to_sql(frame[["id"]].head(0), "projects", connection, if_exists="replace") == 0
    assert read("select * from projects") == []
    to_sql(frame[["id"]], "others", connection, if_exists="append")
    assert read("select count(*) from others") == [(2,)]


def test_a_refused_write_leaves_the_table_as_it_was(database: tuple[Any, Opened]) -> None:
    connection, read = database
    to_sql(frame_of()[["id"]], "projects", connection)
    with pytest.raises(OutputError, match="'projects' cannot be written"):
        to_sql(frame_of()[["id", "name"]], "projects", connection, if_exists="append")
    assert read("select count(*) from projects") == [(2,)]


@pytest.mark.parametrize("open_database", [by_sqlite, by_engine])
def test_a_failure_between_rows_brings_the_former_table_back(
    open_database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("procore_nb.export.databases._BATCH_ROWS", 1)
    with ExitStack() as stack:
        connection, read = open_database(tmp_path, stack)
        to_sql(frame_of()[["id"]], "projects", connection)
        cell = pd.DataFrame({"id": [1, 2], "name": pd.Series(["a", "b"], dtype="string")})
        monkeypatch.setattr("procore_nb.export.databases.json_value", lambda text: float(text))
        broken = cell.assign(bad=pd.Series([[1], ["x"]], dtype=object))
        with pytest.raises(ValueError, match="could not convert"):
            to_sql(broken, "projects", connection, if_exists="replace")
        assert read("select count(id) from projects") == [(2,)]


class Failing:
    """A connection of DuckDB that breaks while rows are added."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self.connection, name)

    def execute(self, query: str) -> Any:
        if query.startswith("insert"):
            raise duckdb.IOException("disk full")
        return self.connection.execute(query)


def test_rows_are_added_by_the_names_of_their_columns(database: tuple[Any, Opened]) -> None:
    connection, read = database
    frame = frame_of()[["id", "name"]]
    to_sql(frame, "projects", connection)
    to_sql(frame[["name", "id"]].head(1), "projects", connection, if_exists="append")
    assert [row[0] for row in read("select name from projects where id > 2")] == [RECORDS[0]["name"]] * 2


def test_rows_that_duckdb_refuses_leave_no_table() -> None:
    Failing.__module__ = "duckdb"
    with duckdb.connect() as connection:
        with pytest.raises(OutputError, match="disk full"):
            to_sql(frame_of()[["id"]], "projects", Failing(connection), if_exists="append")
        assert connection.execute("show tables").fetchall() == []


def test_duckdb_has_decimals_zones_days_and_json(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        to_sql(frame_of(), "projects", connection)
        found = dict(
            connection.sql("select column_name, data_type from information_schema.columns").fetchall()
        )
        assert found["total_value"] == "DECIMAL(38,10)"
        assert found["created_at"] == "TIMESTAMP WITH TIME ZONE"
        assert (found["start_date"], found["departments"]) == ("DATE", "JSON")
        assert (found["id"], found["active"], found["name"]) == ("BIGINT", "BOOLEAN", "VARCHAR")


def test_sqlite_says_where_it_has_not_enough_digits() -> None:
    frame = to_frame([{"total_value": "12345678901234567.89"}], decimals="exact")
    with (
        sqlite3.connect(":memory:") as connection,
        pytest.warns(ProcoreWarning, match=r"15 digits.*total_value"),
    ):
        to_sql(frame, "a", connection)
    connection.close()


def test_dtypes_of_other_frames_and_a_named_index_are_written(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "small": pd.array([1, None], "Int8"),
            "huge": pd.Series([2**64 - 1, 1], dtype="uint64"),
            "stage": pd.Categorical(["a", None]),
            "span": pd.to_timedelta([1, 2], unit="s"),
            "moment": pd.to_datetime(["2026-01-01T10:00", None]),
            "mixed": pd.Series([{"a": 1}, "x"], dtype=object),
        }
    ).set_index(pd.Index(["x", "y"], name="key"))
    with duckdb.connect() as connection:
        to_sql(frame, "a", connection)
        row = connection.sql("select * from a").fetchall()[0]
    assert row == ("x", 1, str(2**64 - 1), "a", "0 days 00:00:01", datetime(2026, 1, 1, 10), '{"a":1}')


def test_a_transaction_of_the_caller_goes_on(tmp_path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'a.db'}")
    with engine.connect() as connection, connection.begin() as transaction:
        to_sql(frame_of()[["id"]], "projects", connection)
        transaction.rollback()
    assert not sa.inspect(engine).has_table("projects")
    with engine.connect() as connection:
        to_sql(frame_of()[["id"]], "projects", connection)
    assert sa.inspect(engine).has_table("projects")
    engine.dispose()


@pytest.mark.parametrize("open_database", [by_sqlite, by_url])
def test_a_key_brings_a_table_up_to_date(open_database: Any, tmp_path: Path) -> None:
    with ExitStack() as stack:
        connection, read = open_database(tmp_path, stack)
        assert to_sql(frame_of()[["id", "name"]], "projects", connection, key="id") == 2
        fresh = pd.DataFrame({"id": [2, 7], "% (new): x": ["b", "c"]})
        assert to_sql(fresh, "projects", connection, key="id") == 2
        assert read('select id, "% (new): x" from projects order by 1') == [
            (2, "b"),
            (7, "c"),
            (2**53 + 1, None),
        ]
        gone = fresh.assign(change=["deleted", "changed"], changed_at=pd.Timestamp("2026-05-01", tz="UTC"))
        assert to_sql(gone[["change", "changed_at", "id"]], "projects", connection, key="id") == 1
        assert read("select id from projects order by 1") == [(7,), (2**53 + 1,)]
        with pytest.raises(OutputError, match="cannot be written"):
            to_sql(fresh.assign(id=7), "projects", connection, key="id")
        assert read("select id from projects order by 1") == [(7,), (2**53 + 1,)]


@every_case(
    ("given", "said"),
    [
        ({"if_exists": "upsert"}, 'if_exists is "fail", "replace" or "append"'),
        ({"name": ""}, "A table has a name"),
        ({"connection": 7}, "create_engine"),
        ({"frame": {"a": pd.DataFrame()}}, "writes one frame"),
        ({"frame": pd.DataFrame()}, "no columns"),
        ({"frame": pd.DataFrame([[1, 2]], columns=["a", "a"])}, "same name, 'a'"),
        ({"index": False}, "row numbers are not"),
        ({"key": "nothing"}, "key='nothing': the frame has no such column"),
        ({"key": "ID"}, r"no such column.*Did you mean id\?"),
        ({"connection": "p2.db"}, 'Write "sqlite:///p2.db"'),
        ({"connection": "host=a password=secret.db"}, 'Write "sqlite:///projects.db"'),
        (
            {"key": "id", "connection": type("Other", (), {"__module__": "duckdb"})()},
            "one of SQLAlchemy or sqlite3",
        ),
        ({"key": "id", "if_exists": "append"}, "Leave out if_exists"),
        ({"connection": "sqlite:////nowhere/at/all.db"}, "cannot be written"),
    ],
)
def test_what_cannot_be_written_is_said_in_a_sentence(given: dict[str, Any], said: str) -> None:
    with sqlite3.connect(":memory:") as connection:
        values = {"frame": frame_of(), "name": "a", "connection": connection} | given
        with pytest.raises((ArgumentError, OutputError), match=said):
            pnb.to_sql(values.pop("frame"), values.pop("name"), values.pop("connection"), **values)
    connection.close()


def test_an_open_transaction_of_the_callers_is_left_as_it_is() -> None:
    with ExitStack() as stack:
        for connection in (
            stack.enter_context(contextlib.closing(sqlite3.connect(":memory:", isolation_level="DEFERRED"))),
            stack.enter_context(duckdb.connect()),
        ):
            connection.execute("create table mine (a integer)")
            connection.execute("begin")
            connection.execute("insert into mine values (1)")
            with pytest.raises(ArgumentError, match="Commit or roll back first"):
                to_sql(frame_of()[["id"]], "projects", connection)
            connection.commit()
            assert connection.execute("select a from mine").fetchall() == [(1,)]
            assert to_sql(frame_of()[["id"]], "projects", connection) == 2


@every_case(
    ("given", "error", "said"),
    [
        ("postgresql+psycopg://me:5ecret@host:port/db", ArgumentError, "cannot be read"),
        ("mssql+pymssql://me:5ecret@host/db", MissingExtraError, "pip install pymssql"),
        ("nothing", ArgumentError, "no URL of a database"),
    ],
)
def test_a_url_that_leads_nowhere_is_an_error_without_its_password(
    given: str, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said) as caught:
        to_sql(frame_of(), "a", given)
    assert "5ecret" not in str(caught.value)


def test_a_closed_connection_or_no_schema_is_said_by_the_database() -> None:
    closed = sqlite3.connect(":memory:")
    closed.close()
    with pytest.raises(OutputError, match="closed database"):
        to_sql(frame_of(), "a", closed)
    with duckdb.connect() as connection, pytest.raises(OutputError, match="nope") as caught:
        to_sql(frame_of(), "a", connection, schema="nope")
    assert not caught.value.advice


# -- PostgreSQL ----------------------------------------------------------------------------------------------


def command(name: str) -> str:
    found = shutil.which(name) or next(map(str, Path("/usr/lib/postgresql").glob(f"*/bin/{name}")), None)
    assert found, f"{name} is not installed: apt-get install postgresql"
    return found


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """The folder of the socket of a server of our own, which listens on no network."""
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    as_user = []
    if os.getuid() == 0:  # the server does not run as root
        shutil.chown(folder, "postgres")
        as_user = ["runuser", "-u", "postgres", "--"]

    def run(*words: str) -> None:
        subprocess.run([*as_user, *words], check=True, cwd=folder, capture_output=True, timeout=60)

    try:
        run(command("initdb"), "--auth=trust", "--username=postgres", "--no-sync", str(folder / "data"))
        options = f"-F -k {folder} -c listen_addresses="
        log = str(folder / "log")
        run(command("pg_ctl"), "-D", str(folder / "data"), "-l", log, "-o", options, "-w", "start")
        yield str(folder)
        run(command("pg_ctl"), "-D", str(folder / "data"), "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def by_psycopg(folder: str, stack: ExitStack) -> Any:
    engine = sa.create_engine(f"postgresql+psycopg://postgres@/postgres?host={folder}")
    stack.callback(engine.dispose)
    return engine


def by_adbc_postgres(folder: str, stack: ExitStack) -> Any:
    from adbc_driver_postgresql import dbapi

    return stack.enter_context(dbapi.connect(f"postgresql:///postgres?host={folder}&user=postgres"))


@pytest.mark.postgres
@pytest.mark.parametrize("open_database", [by_psycopg, by_adbc_postgres])
def test_postgresql_has_all_types_and_all_or_nothing(postgres: str, open_database: Any) -> None:
    table = open_database.__name__
    with ExitStack() as stack:
        engine, connection = by_psycopg(postgres, stack), open_database(postgres, stack)

        def read(query: str) -> list[Any]:
            with engine.connect() as opened:
                return [tuple(row) for row in opened.exec_driver_sql(query)]

        assert to_sql(frame_of(), table, connection) == 2
        kinds = f"select column_name, data_type from information_schema.columns where table_name = '{table}'"
        found = dict(read(kinds))
        assert found["total_value"] == "numeric"
        assert (found["created_at"], found["start_date"]) == ("timestamp with time zone", "date")
        assert found["departments"] == ("jsonb" if open_database is by_psycopg else "text")
        assert (found["id"], found["active"], found["latitude"]) == ("bigint", "boolean", "double precision")
        row = read(f"select id, total_value, created_at, start_date from {table} order by id desc")[0]
        assert row == (
            2**53 + 1,
            Decimal("18450000.10"),
            datetime(2026, 5, 28, 21, 19, 34, 500_000, UTC),
            date(2026, 5, 28),
        )
        assert read(f"select departments::json -> 0 ->> 'name' from {table} where id <> 2") == [("Straße",)]
        broken = to_frame([{"id": 3, "name": "a"}, {"id": 4, "name": "\0"}])
        if open_database is by_psycopg:  # ADBC hands the byte over, and PostgreSQL takes it apart
            with pytest.raises(OutputError, match="NUL"):
                to_sql(broken, table, connection, if_exists="replace")
        with pytest.raises(OutputError, match="exists"):
            to_sql(frame_of(), table, connection)
        assert read(f"select count(total_value), count(*) from {table}") == [(1, 2)]
        to_sql(frame_of(), table, connection, if_exists="append")
        to_sql(to_frame([{"id": 9}]), table, connection, if_exists="replace", schema="public")
        assert read(f"select * from {table}") == [(9,)]
