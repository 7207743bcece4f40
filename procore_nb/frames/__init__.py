"""Records to typed frames: names, then types, then order, then rows.

In: lists of dicts as Procore sends them, and the fields their endpoint declares. Out: DataFrames whose columns
and dtypes depend on the question, never on the answer. Speaks to no service.
"""

from procore_nb.frames.builder import FrameBuilder, to_frame, unknown_column, with_categories
from procore_nb.frames.transform import explode, local_times

__all__ = ["FrameBuilder", "explode", "local_times", "to_frame", "unknown_column", "with_categories"]
