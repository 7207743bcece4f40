"""Frames as tables of a database.

In: a frame, a name and a connection. Out: a table with the types of the frame's columns, whole or not there. Speaks to the
database it is given. SQLAlchemy writes rows; ADBC and DuckDB take the columns as they lie in memory.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
import pyarrow as pa

from procore_nb.call_errors import explain_calls
from procore_nb.errors import ArgumentError, MissingExtraError, OutputError, warn
from procore_nb.export.frame_files import INDEX_ADVICE, WritableColumn, frames_of, library, writable
from procore_nb.export.parquet import encoded
from procore_nb.frames.codec import encode, json_value
from procore_nb.near_match import did_you_mean
from procore_nb.scalars import shown

IfExists = Literal["fail", "replace", "append"]
_BATCH_ROWS = 10_000
_STAGED = "procore_nb_rows"
_SQLITE_FILE = re.compile(r"[^\s=;@]+\.(db|sqlite|sqlite3)", re.IGNORECASE)
_MIN_PLACES = 10  # of a column of decimals, so that later rows fit too
_IN_TRANSACTION, _END_IT = "The connection is inside a transaction.", "Commit or roll back first."
_EXISTS = 'if_exists="replace" writes it anew, "append" adds rows.'


@dataclass(frozen=True)
class DatabaseTable:
    name: str
    schema: str | None
    if_exists: IfExists
    columns: dict[str, Any]  # Arrow arrays by name
    json: frozenset[str]  # which of them are JSON text
    key: Sequence[str]  # columns by which rows are upserted
    kept: Any  # with a key, which rows are inserted; the others are only deleted

    @property
    def quoted(self) -> str:
        return quoted(self.name) if self.schema is None else f"{quoted(self.schema)}.{quoted(self.name)}"


@explain_calls(index=INDEX_ADVICE, con="The connection is the third value: to_sql(frame, name, connection).")
def to_sql(
    frame: pd.DataFrame,
    name: str,
    connection: Any,
    *,
    schema: str | None = None,
    if_exists: IfExists = "fail",
    key: str | Sequence[str] = (),
) -> int:
    """Write a frame to a table of a database and return how many rows were written.

    Parameters
    ----------
    frame
        The frame. An index with a name becomes columns.
    name
        The table.
    connection
        An engine, connection or URL of SQLAlchemy (`"postgresql+psycopg://…"`), a connection of ADBC, of `duckdb` or of
        `sqlite3`.
    schema
        The schema the table is in. None: the database's own choice.
    if_exists
        What to do with a table of that name: refuse, replace it, or append rows to it, by the names of their
        columns.
    key
        Instead of `if_exists`: the columns that tell rows apart, to bring a table up to date. Rows take the place of those
        with their key, others stay; the table is made if there is none, and columns that it lacks are added. Of
        `Store.changes` rows that are deleted go, and `change` and `changed_at` are not written. Through SQLAlchemy or `sqlite3`.

    Returns
    -------
    int
        Rows written. Ids are 64-bit integers, money double or (`decimals="exact"`) decimal, times have their zone (UTC), dates
        are dates, lists are JSON (text, where ADBC writes). SQLite has neither decimals, zones nor JSON: doubles and text.
        All or nothing is written, in one transaction; inside a transaction of SQLAlchemy that is yours, you commit it. One that is open on a connection of
        `sqlite3` or `duckdb` is refused.

    Raises
    ------
    ArgumentError
        If the frame cannot be a table, or the connection is of another kind.
    OutputError
        If the table exists, or the database refuses; it is as it was.
    MissingExtraError
        For a URL without SQLAlchemy.

    Examples
    --------
    >>> import sqlite3
    >>> import procore_nb as pnb
    >>> pnb.to_sql(pnb.to_frame([{"id": 1, "departments": [{"id": 7}]}]), "projects", sqlite3.connect(":memory:"))
    1
    """
    if if_exists not in get_args(IfExists):
        raise ArgumentError(f'if_exists is "fail", "replace" or "append", not {if_exists!r}.')
    if not isinstance(name, str) or not name:
        raise ArgumentError(
            f"A table has a name, not {shown(name)}.", advice="Write to_sql(frame, name, connection)."
        )
    key = [key] if isinstance(key, str) else list(key)
    if key and if_exists != "fail":
        raise ArgumentError(
            "A table is brought up to date by its key, whether it exists or not.",
            advice="Leave out if_exists.",
        )
    rows = frames_of(frame).get(None)
    if rows is None:
        raise ArgumentError("to_sql writes one frame.", advice="Call it for each of them.")
    write = _writer_of(connection)
    kept = np.ones(len(rows), bool)
    if key and list(rows.columns[:2]) == ["change", "changed_at"]:
        kept, rows = rows["change"].ne("deleted").to_numpy(bool), rows.iloc[:, 2:]
    columns, json = _columns(rows)
    if key and write is not _write_by_sqlalchemy:
        raise ArgumentError(
            "This connection cannot bring a table up to date by a key.",
            advice="Give one of SQLAlchemy or sqlite3.",
        )
    for column in key:
        if column not in columns:
            advice = f"{did_you_mean(str(column), columns, count=1)}A key names columns of the frame."
            raise ArgumentError(f"key={shown(column)}: the frame has no such column.", advice=advice)
    write(connection, DatabaseTable(name, schema, if_exists, columns, json, key, pa.array(kept)))
    return int(kept.sum())


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _writer_of(connection: Any) -> Callable[[Any, DatabaseTable], None]:
    """What writes through such a connection."""
    packages = {cls.__module__.partition(".")[0].strip("_") for cls in type(connection).__mro__}
    if "duckdb" in packages:
        return _write_by_duckdb
    if "adbc_driver_manager" in packages:
        return _write_by_adbc
    if isinstance(connection, str) and "://" not in connection:
        # Shown only where it is the name of a file: other texts may hold a password.
        file = connection if _SQLITE_FILE.fullmatch(connection) else "projects.db"
        raise ArgumentError(
            "The connection is text, but no URL of a database.", advice=f'Write "sqlite:///{file}".'
        )
    if isinstance(connection, str | sqlite3.Connection) or "sqlalchemy" in packages:
        return _write_by_sqlalchemy
    raise ArgumentError(
        f"to_sql cannot write through {type(connection).__module__}.{type(connection).__qualname__}.",
        advice='Give an engine of SQLAlchemy: sqlalchemy.create_engine("postgresql+psycopg://user@host/database").',
    )


# -- columns -------------------------------------------------------------------------------------------------


def _columns(frame: pd.DataFrame) -> tuple[dict[str, Any], frozenset[str]]:
    """The columns as Arrow arrays of few types, and which of them are JSON text."""
    table = writable(frame, unique=True)
    if not table.columns:
        raise ArgumentError("The frame has no columns.", advice="A table has at least one.")
    lists = (column for column in table.columns if column.type.logical == "list")
    json = frozenset(column.name for column in lists if column.type.categories is None)
    return {column.name: _array(column) for column in table.columns}, json


def _array(column: WritableColumn) -> Any:
    if column.type.categories is None and column.type.logical != "list":
        array = encoded(column.values, column.type)[0]
        type_ = _target_type(array.type)
        with suppress(pa.ArrowInvalid):  # an integer past 64 bits, a decimal past 38 digits, a nanosecond
            if type_ is not None:
                return array.cast(type_)
    return encode(pd.Series(column.texts(), dtype=object), "text")


def _target_type(type_: Any) -> Any:
    """The one type that values of this Arrow type have in a database; None: as text."""
    if pa.types.is_decimal(type_):
        return pa.decimal128(38, max(_MIN_PLACES, type_.scale))
    if pa.types.is_timestamp(type_):
        return pa.timestamp("us", type_.tz and "UTC")
    if pa.types.is_integer(type_):
        return pa.int64()
    if pa.types.is_floating(type_):
        return pa.float64()
    return type_ if type_ in (pa.bool_(), pa.string(), pa.date32()) else None


def _without_decimals(target: DatabaseTable) -> DatabaseTable:
    """The same for SQLite, which knows no decimals: a warning names columns in which digits are lost."""
    columns, lost = dict(target.columns), []
    for name, array in target.columns.items():
        if pa.types.is_decimal(array.type):
            columns[name] = array.cast(pa.string()).cast(pa.float64())
            pairs = zip(array.to_pylist(), columns[name].to_pylist(), strict=True)
            if any(exact is not None and exact != Decimal(repr(double)) for exact, double in pairs):
                lost.append(name)
    if lost:
        warn(f"SQLite holds 15 digits of a number; some of {', '.join(lost)} have more and are rounded.")
    return replace(target, columns=columns)


# -- writers -------------------------------------------------------------------------------------------------


@contextmanager
def _refusals(target: DatabaseTable, *errors: type[Exception]) -> Iterator[None]:
    """Errors of a database as ours. SQLAlchemy's own text holds the rows that were sent: the driver's is enough."""
    try:
        yield
    except errors as problem:
        reason = str(getattr(problem, "orig", None) or problem).strip().partition("\n")[0].rstrip(".")
        raise OutputError(
            f"The table {target.name!r} cannot be written: {reason}.",
            advice=_EXISTS if "already exist" in reason and target.if_exists == "fail" else "",
        ) from problem


def _write_by_duckdb(connection: Any, target: DatabaseTable) -> None:
    duckdb = library("duckdb", "DuckDB")
    casts = ", ".join(
        f"{quoted(name)}::json as {quoted(name)}" for name in target.columns if name in target.json
    )
    rows = f"select * {f'replace ({casts})' if casts else ''} from {_STAGED}"  # noqa: S608 - names are quoted
    create = {"fail": "create table", "replace": "create or replace table"}.get(target.if_exists)
    with _refusals(target, duckdb.Error):
        # Inside a transaction of the caller's, each statement has the same number; they commit it.
        number = "select txid_current()"
        if connection.execute(number).fetchall() == connection.execute(number).fetchall():
            raise ArgumentError(_IN_TRANSACTION, advice=_END_IT)
        connection.register(_STAGED, pa.table(target.columns))
        try:
            connection.begin()
            for step in [f"{create} {target.quoted} as {rows}"] if create else _append_steps(target, rows):
                connection.execute(step)
            connection.commit()
        except BaseException:
            connection.rollback()
            raise
        finally:
            connection.unregister(_STAGED)


def _append_steps(target: DatabaseTable, rows: str) -> list[str]:
    """What DuckDB runs to add the rows of a query by the names of their columns."""
    return [
        f"create table if not exists {target.quoted} as {rows} limit 0",
        f"insert into {target.quoted} by name {rows}",
    ]


def _write_by_adbc(connection: Any, target: DatabaseTable) -> None:
    dbapi = library("adbc_driver_manager.dbapi", "ADBC")
    mode = {"fail": "create", "append": "create_append"}.get(target.if_exists, "replace")
    vendor = str(connection.adbc_get_info().get("vendor_name")).lower()
    rows = pa.table((_without_decimals(target) if "sqlite" in vendor else target).columns)
    with _refusals(target, dbapi.Error):
        try:
            with connection.cursor() as cursor:
                if "duckdb" in vendor and target.if_exists == "append":
                    # Its driver adds rows by the order of the columns, whatever their names are.
                    cursor.adbc_ingest(_STAGED, rows, mode="create", temporary=True)
                    query = f"select * from {_STAGED}"  # noqa: S608 - a name of ours
                    for step in [*_append_steps(target, query), f"drop table {_STAGED}"]:
                        cursor.execute(step)
                else:
                    cursor.adbc_ingest(target.name, rows, mode=mode, db_schema_name=target.schema)
            connection.commit()
        except BaseException:
            connection.rollback()
            raise


def _write_by_sqlalchemy(connection: Any, target: DatabaseTable) -> None:
    sa = library("sqlalchemy", "A database", extra="sql")
    with _refusals(target, sa.exc.SQLAlchemyError, sqlite3.Error), _transaction(connection, sa) as opened:
        target = _without_decimals(target) if opened.dialect.name == "sqlite" else target
        columns = [
            # The key is also the name of the bound value, and names of columns may hold anything.
            sa.Column(
                name,
                _sql_type(array.type, sa, is_json=name in target.json),
                key=f"c{at}",
                primary_key=name in target.key and not pa.types.is_string(array.type),
                autoincrement=False,
            )
            for at, (name, array) in enumerate(target.columns.items())
        ]
        table = sa.Table(target.name, sa.MetaData(), *columns, schema=target.schema)
        rows = pa.table(list(target.columns.values()), names=[column.key for column in columns])
        json = [column.key for column in columns if column.name in target.json]
        exists = sa.inspect(opened).has_table(target.name, schema=target.schema)
        if exists and target.key:
            _prepare_upsert(opened, target, table, _records(rows, json), sa)
        elif exists and target.if_exists == "fail":
            raise OutputError(f"The table {target.name!r} exists already.", advice=_EXISTS)
        if exists and target.if_exists == "replace":
            table.drop(opened)
        if not exists or target.if_exists == "replace":
            table.create(opened)
        for records in _records(rows.filter(target.kept), json):
            opened.execute(table.insert(), records)


def _prepare_upsert(
    opened: Any, target: DatabaseTable, table: Any, rows: Iterator[list[dict[str, Any]]], sa: Any
) -> None:
    """Add the columns that a table lacks, and delete the rows that are replaced or gone."""
    present = {column["name"] for column in sa.inspect(opened).get_columns(target.name, schema=target.schema)}
    name = opened.dialect.identifier_preparer.format_table(table)
    for column in table.columns:
        if column.name not in present:
            definition = sa.schema.CreateColumn(column).compile(dialect=opened.dialect)
            opened.exec_driver_sql(f"alter table {name} add {definition}")
    keys = [column for column in table.columns if column.name in target.key]
    delete = table.delete().where(*(column == sa.bindparam(f"old_{column.key}") for column in keys))
    for records in rows:
        opened.execute(
            delete, [{f"old_{column.key}": record[column.key] for column in keys} for record in records]
        )


def _records(rows: pa.Table, json: Sequence[str]) -> Iterator[list[dict[str, Any]]]:
    for batch in rows.to_batches(max_chunksize=_BATCH_ROWS):
        records = batch.to_pylist()
        for record in records:
            record |= {key: json_value(record[key]) for key in json if record[key] is not None}
        yield records


@contextmanager
def _transaction(connection: Any, sa: Any) -> Iterator[Any]:
    """A connection of SQLAlchemy with a transaction, which ends with the block; one of the caller's own goes on."""
    if isinstance(connection, sqlite3.Connection):
        sqlite = connection
        if sqlite.in_transaction:  # which SQLAlchemy would roll back
            raise ArgumentError(_IN_TRANSACTION, advice=_END_IT)
        connection = sa.create_engine("sqlite://", creator=lambda: sqlite, poolclass=sa.pool.StaticPool)
    if isinstance(connection, str):
        try:
            connection = sa.create_engine(connection, poolclass=sa.pool.NullPool)
        except ImportError as error:
            message = f"The driver of this database is not installed: {error.name}."
            raise MissingExtraError(message, advice=f"pip install {error.name}") from error
        except ValueError as error:  # of the port
            advice = '"postgresql+psycopg://user@host:5432/database"'
            raise ArgumentError("The URL of the database cannot be read.", advice=advice) from error
    if isinstance(connection, sa.Engine):
        with connection.begin() as opened:
            yield _begun(opened)
    else:
        within = connection.in_transaction()
        with _begun(connection).begin_nested() if within else connection.begin():
            yield connection if within else _begun(connection)


def _begun(opened: Any) -> Any:
    """The connection; Python's driver of SQLite begins no transaction by itself before `create table`."""
    if opened.dialect.name == "sqlite" and not opened.connection.dbapi_connection.in_transaction:
        opened.exec_driver_sql("begin")
    return opened


def _sql_type(type_: Any, sa: Any, *, is_json: bool) -> Any:
    if is_json:
        jsonb = library("sqlalchemy.dialects.postgresql", "PostgreSQL", extra="sql").JSONB
        return sa.JSON(none_as_null=True).with_variant(jsonb(none_as_null=True), "postgresql")
    if pa.types.is_decimal(type_):
        return sa.Numeric(type_.precision, type_.scale)
    if pa.types.is_timestamp(type_):
        return sa.DateTime(timezone=type_.tz is not None)
    names = {pa.int64(): sa.BigInteger, pa.float64(): sa.Double, pa.bool_(): sa.Boolean, pa.date32(): sa.Date}
    return names.get(type_, sa.Text)()
