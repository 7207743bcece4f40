"""Frames as files that people open, and files as the frames they were.

In: frames. Out: CSV, Excel and Parquet files, whole or not there. Speaks to the file system only.
"""

from procore_nb.export.csv_files import read_csv, to_csv
from procore_nb.export.databases import to_sql
from procore_nb.export.excel import to_excel
from procore_nb.export.parquet import read_parquet, to_parquet

__all__ = ["read_csv", "read_parquet", "to_csv", "to_excel", "to_parquet", "to_sql"]
