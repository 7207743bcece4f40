"""The records of the made-up portfolio, list by list; see `registry` for how to add one."""

from procore_nb.demo.tables.registry import table, table_of
from procore_nb.demo.tables.scene import Row, Scene

__all__ = ["Row", "Scene", "table", "table_of"]
