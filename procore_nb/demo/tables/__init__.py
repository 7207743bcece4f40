"""The records of the made-up portfolio, list by list; see `registry` for how to add one."""

from procore_nb.demo.tables.registry import RequestContext, Row, table, table_of

__all__ = ["RequestContext", "Row", "table", "table_of"]
