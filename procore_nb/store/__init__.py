"""A folder of tables that is kept up to date by asking only for what changed, and that any engine reads.

In: a connection (anything with `frames`, see `strategy.Source`) and names of lists. Out: Parquet datasets, and typed frames of
them. Speaks to the service through that connection only, and to the file system through `files`.

`docs/maintainers/store-format.md` shows what lies where, `docs/store-readers.md` has the line for each engine.

Why so. A folder that holds exactly one state needs no reader of ours and no Delta reader either. Parts are never changed: an update writes those anew whose rows changed and takes over the others, so a new column costs nothing
(`0-columns` names it, older parts lack it, and engines fill it with nulls). Parts hold ranges of keys that do not overlap,
so their statistics lead an engine, and an update, to the one part a project or an id is in; folders by project would be
thousands of tiny files. Deleted rows lie apart, so that nobody counts them by accident. How one state follows another, and
what happens when the power goes in between, is in `snapshot`.
"""

from procore_nb.store.report import log_lines, summary
from procore_nb.store.scan import NotKeptYetError
from procore_nb.store.sql import to_duckdb
from procore_nb.store.store import Store

__all__ = ["NotKeptYetError", "Store", "log_lines", "summary", "to_duckdb"]
