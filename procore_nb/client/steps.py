"""A diagnosis as a reader sees it: one line per step, with the advice beneath.

In: the frame of a diagnosis. Out: a small table in a notebook, on light and dark ground alike.
"""

from __future__ import annotations

from html import escape
from typing import Any

import pandas as pd

_MARKS = {True: "✓", False: "✗", None: "–"}


class DiagnosisFrame(pd.DataFrame):
    """The frame of a diagnosis; whatever is made from it is a plain frame."""

    @property
    def _constructor(self) -> type[pd.DataFrame]:
        return pd.DataFrame

    def _repr_html_(self) -> str:
        rows = "".join(map(_line, self.itertuples(index=False)))
        return f'<table style="text-align:left">{rows}</table>'


def _line(row: Any) -> str:
    ok = None if pd.isna(row.ok) else bool(row.ok)
    advice = f"<br><em>{escape(row.advice)}</em>" if row.advice else ""
    left = 'style="text-align:left;vertical-align:top;white-space:normal"'
    return (
        f"<tr><td {left}>{_MARKS[ok]}</td><td {left}>{escape(row.step)}</td>"
        f"<td {left}>{escape(row.detail)}{advice}</td></tr>"
    )
