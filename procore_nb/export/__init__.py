"""Frames as files that people open, and files as the frames they were.

In: frames. Out: CSV, Excel and Parquet files, whole or not there. Speaks to the file system only.
"""

from procore_nb.export.csv_files import read_csv, to_csv

__all__ = ["read_csv", "to_csv"]
