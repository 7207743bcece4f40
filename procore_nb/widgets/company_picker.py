"""A company by name.

In: a connection, or a frame of companies. Out: `.value`, the id. One request, when it is made from a connection.
"""

from __future__ import annotations

from typing import Any

import ipywidgets
import pandas as pd

from procore_nb.client import Procore


class CompanyPicker(ipywidgets.Dropdown):  # type: ignore[misc]
    """Choose a company by name; `value` is its id (None before), and may be observed.

    Parameters
    ----------
    source
        A connection, whose companies are asked for, or a frame with `id` and `name`.

    Examples
    --------
    >>> import procore_nb as pnb
    >>> CompanyPicker(pnb.connect("demo")).value
    24816
    """

    def __init__(self, source: Procore | pd.DataFrame | None = None, **values: Any) -> None:
        style = {"description_width": "110px"}
        super().__init__(**({"description": "Company", "style": style, "layout": {"width": "auto"}} | values))
        self._frame = pd.DataFrame({"id": pd.array([], dtype="Int64"), "name": pd.array([], dtype="string")})
        if isinstance(source, Procore):
            self.offer(source.companies(), source.company_id)
        elif source is not None:
            self.offer(source)

    @property
    def frame(self) -> pd.DataFrame:
        """The row of the chosen company; no row when none is chosen."""
        return self._frame[self._frame["id"].eq(self.value).fillna(False)] if self.value else self._frame[:0]

    def offer(self, companies: pd.DataFrame, chosen: int | None = None) -> None:
        """Offer these companies, by name, and choose one."""
        self._frame = companies
        rows = companies[["name", "id"]].dropna(subset=["id"]).sort_values("name", kind="stable")
        options: list[tuple[str, int | None]] = [
            (f"{'no name' if pd.isna(name) else name} ({number})", int(number))
            for name, number in zip(rows["name"], rows["id"], strict=True)
        ]
        known = {number for _, number in options}
        if chosen not in known:
            options.insert(0, ("choose one …" if chosen is None else f"({chosen})", chosen))
        self.options = options
        self.value = chosen

    def __repr__(self) -> str:
        return f"CompanyPicker({len(self._frame)} companies, value={self.value})"
