"""Procore lists as typed pandas DataFrames: on a map, in a plot, in a CSV."""

__version__ = "0.1.0"
