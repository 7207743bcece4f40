"""SQL over the tables of a store, through DuckDB.

In: a query and where the tables' files are. Out: a typed frame. Speaks to the file system.
"""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa

from procore_nb.atomic_write import output_path, replace_atomically
from procore_nb.call_errors import explain_calls
from procore_nb.errors import ArgumentError, MissingExtraError
from procore_nb.frame_info import describe
from procore_nb.frames.codec import Decimals, checked_decimals, from_any_arrow
from procore_nb.store.data_files import open_verified
from procore_nb.store.files import Files, RemoteFiles
from procore_nb.store.manifest import Manifest
from procore_nb.store.scan import addresses

if TYPE_CHECKING:
    from procore_nb.store.store import Store

Tables = Mapping[str, tuple[str, Manifest]]


def answer_query(text: str, tables: Tables, files: Files, *, decimals: Decimals) -> pd.DataFrame:
    """Run one query; each table of the store that it names is a view."""
    with _opened(":memory:", files) as connection, _failing(tables):
        _check(text, connection)
        named = {
            name: table for name, table in tables.items() if re.search(rf"\b{re.escape(name)}\b", text, re.I)
        }
        _define(connection, "view", named, files)
        return _typed(connection.sql(text).to_arrow_table(), checked_decimals(decimals))


def write_database(path: str | os.PathLike[str], tables: Tables, files: Files) -> Path:
    """Write tables into one file of DuckDB, which takes the place of an earlier one when it is complete."""
    target = output_path(path)
    with (
        replace_atomically(target, private=True) as draft,
        _failing(tables),
        _opened(str(draft), files) as connection,
    ):
        _define(connection, "table", tables, files)
    return target


@explain_calls()
def to_duckdb(store: Store, path: str | os.PathLike[str]) -> Path:
    """Write all tables of a store into one file of DuckDB, for programs that open such files.

    It is written beside the file and takes its place in one step: programs that read the former file go on reading it.

    Parameters
    ----------
    store
        The store; each of its tables is a table of that name, as in `store.sql`.
    path
        The file, `.duckdb` by custom; readable by its owner only.

    Returns
    -------
    Path
        Where it is.

    Raises
    ------
    MissingExtraError
        If DuckDB is not installed.
    StoreError, OutputError
        If a table is damaged, or the file cannot be written: an earlier one is as it was.

    Examples
    --------
    >>> store = pnb.Store("portfolio")
    >>> _ = store.sync(pnb.connect("demo"), ["vendors"], progress=False)
    >>> pnb.to_duckdb(store, "portfolio.duckdb").name
    'portfolio.duckdb'
    """
    return store.to_duckdb(path)


@contextmanager
def _opened(path: str, files: Files) -> Iterator[Any]:
    try:
        import duckdb
    except ImportError as error:
        raise MissingExtraError(
            "SQL needs DuckDB.", advice='Install it: pip install "procore-nb[keep]"'
        ) from error
    with duckdb.connect(path) as connection:
        connection.execute("set TimeZone = 'UTC'")
        if isinstance(files, RemoteFiles):
            connection.register_filesystem(files.system)
        yield connection


@contextmanager
def _failing(tables: Tables) -> Iterator[None]:
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        known = ", ".join(sorted(tables)) or "none yet"
        raise ArgumentError(f"The query cannot be answered: {error}", advice=f"Tables: {known}.") from error


def _define(connection: Any, relation: str, tables: Tables, files: Files) -> None:
    for name, (folder, manifest) in tables.items():
        for part in manifest.files:  # DuckDB opens them itself
            open_verified(files, f"{folder}/{part.file}", part.digest).close()
        paths = ", ".join(_quoted(path, "'") for path in addresses(files, manifest))
        hidden = ", ".join(_quoted(manifest.aliases.get(column, column)) for column in manifest.extra)
        connection.execute(
            f"create {relation} {_quoted(name)} as select * exclude ({hidden}) "  # noqa: S608 - names are quoted
            f"from read_parquet([{paths}], union_by_name = true)"
        )


def _check(text: str, connection: Any) -> None:
    """Refuse what is not one question: anything else could write, also over the store's own files."""
    import duckdb

    types = [statement.type for statement in connection.extract_statements(text)]
    if types != [duckdb.StatementType.SELECT]:
        raise ArgumentError(
            "store.sql answers one question, and this is none, or several, or something else.",
            advice="Write one select …. A store is changed by sync only; files are written by to_parquet, to_csv, to_excel.",
        )


def _typed(table: pa.Table, decimals: Decimals) -> pd.DataFrame:
    """The answer as a frame with our dtypes, no two columns named alike."""
    names: list[str] = []
    for title in table.column_names:
        numbered = (f"{title} ({number})" for number in itertools.count(2))
        names.append(next(name for name in itertools.chain([title], numbered) if name not in names))
    table = table.rename_columns(names)
    amounts = [field.name for field in table.schema if pa.types.is_decimal(field.type) and field.type.scale]
    frame = from_any_arrow(table, decimals=decimals)
    return describe(frame, amounts=amounts) if amounts else frame


def _quoted(name: str, mark: str = '"') -> str:
    return mark + name.replace(mark, mark * 2) + mark
