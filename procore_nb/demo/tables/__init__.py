"""The records of the made-up portfolio, list by list; see `registry` for how to add one."""

from procore_nb.demo.tables.registry import table, table_of
from procore_nb.demo.tables.request_context import RequestContext, Row

__all__ = ["RequestContext", "Row", "table", "table_of"]
