"""SQL over the tables of a store, through DuckDB.

In: a query and where the tables' files are. Out: a typed frame. Speaks to the file system.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd
import pyarrow as pa

from procore_nb.errors import ArgumentError, MissingExtraError
from procore_nb.frame_info import describe
from procore_nb.frames.codec import DEFAULT_DECIMALS, EXACT, Decimals, checked_decimals, from_any_arrow
from procore_nb.store.files import Files, RemoteFiles
from procore_nb.store.manifest import FIRST_SEEN, VALID_FROM, Manifest


def query(
    text: str,
    tables: Mapping[str, tuple[Manifest, Sequence[str]]],
    files: Files,
    *,
    check: Callable[[str], None],
    decimals: Decimals = DEFAULT_DECIMALS,
) -> pd.DataFrame:
    """Run one query; each table of the store that it names is a view, once `check(name)` has let it pass."""
    try:
        import duckdb
    except ImportError as error:
        raise MissingExtraError(
            "SQL needs DuckDB.", advice='Install it: pip install "procore-nb[keep]"'
        ) from error
    with duckdb.connect() as connection:
        _check(text, connection)
        connection.execute("set TimeZone = 'UTC'")
        if isinstance(files, RemoteFiles):
            connection.register_filesystem(files.system)
        try:
            for name, (manifest, paths) in tables.items():
                if re.search(rf"\b{re.escape(name)}\b", text, re.IGNORECASE):
                    check(name)
                    connection.execute(_view(name, manifest, paths))
            return typed(connection.sql(text).to_arrow_table(), decimals=checked_decimals(decimals))
        except duckdb.Error as error:
            known = ", ".join(sorted(tables)) or "none yet"
            raise ArgumentError(
                f"The query cannot be answered: {error}", advice=f"Tables: {known}."
            ) from error


def _check(text: str, connection: Any) -> None:
    """Refuse what is not one question: anything else could write, also over the store's own files."""
    import duckdb

    try:
        kinds = [statement.type for statement in connection.extract_statements(text)]
    except duckdb.Error as error:
        raise ArgumentError(f"The query cannot be read: {error}") from error
    if len(kinds) != 1 or kinds[0] != duckdb.StatementType.SELECT:
        raise ArgumentError(
            "store.sql answers one question, and this is none, or several, or something else.",
            advice="Write one select …. A store is changed by sync only; files are written by to_parquet, to_csv, to_excel.",
        )


def typed(table: pa.Table, *, decimals: Decimals = DEFAULT_DECIMALS) -> pd.DataFrame:
    """An Arrow table of any engine as a frame with our dtypes, no two columns named alike."""
    names: list[str] = []
    for title in table.column_names:
        name, count = title, 1
        while name in names:
            count += 1
            name = f"{title} ({count})"
        names.append(name)
    amounts = [
        name
        for name, column in zip(names, table.schema, strict=True)
        if pa.types.is_decimal(column.type) and column.type.scale
    ]
    frame = from_any_arrow(table.rename_columns(names), decimals=decimals)
    return describe(frame, amounts=amounts) if amounts else frame


def _view(name: str, manifest: Manifest, paths: Sequence[str]) -> str:
    files = ", ".join("'" + path.replace("'", "''") + "'" for path in paths)
    books = (FIRST_SEEN, VALID_FROM, *(EXACT + one for one in manifest.exact))
    hidden = ", ".join(_quoted(one) for one in books)
    return (
        f"create view {_quoted(name)} as select * exclude ({hidden}) "  # noqa: S608 - names are quoted
        f"from read_parquet([{files}], union_by_name = true)"
    )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
