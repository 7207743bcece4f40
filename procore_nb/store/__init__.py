"""A folder of tables that is kept up to date by asking only for what changed, and that any engine reads.

In: a connection (anything with `frames`, see `asking.Asks`) and names of lists. Out: Parquet datasets, and typed frames of
them. Speaks to the service through that connection only, and to the file system through `files`.
"""

from importlib.util import find_spec

from procore_nb.errors import MissingExtraError

if find_spec("pyarrow") is None:
    raise MissingExtraError("A store needs pyarrow.", advice='Install it: pip install "procore-nb[keep]"')

from procore_nb.store.store import Store

__all__ = ["Store"]
