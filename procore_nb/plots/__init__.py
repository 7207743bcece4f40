"""Numbers of a table as a bar chart or as lines over time, in the look of the maps.

In: a Series or a frame of numbers. Out: matplotlib Axes. Speaks to no service.
"""

from procore_nb.plots.charts import plot_bars, plot_lines

__all__ = ["plot_bars", "plot_lines"]
