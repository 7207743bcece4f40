"""A connection that answers with rows by the million, without a network: for engines and for what memory a sync takes."""

from __future__ import annotations

from collections.abc import Generator
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from procore_nb import catalog
from procore_nb.environments import DEMO
from procore_nb.frame_info import FetchedFrame, FetchInfo, describe
from procore_nb.frames import to_frame

WORDS = np.array(["concrete", "steel", "glass", "Größe", "渡し", "timber", "brick"], object)


class Plenty:
    """Budget modifications of many projects, the same every time: `amount` counts up, so that sums are known."""

    company_id = 1
    environment = DEMO
    seconds_behind = 0.0

    def __init__(self, *, projects: int = 100, rows: int = 10_000) -> None:
        self._count, self.rows = projects, rows
        self._template = to_frame([], "budget_modifications")

    catalogue = catalog.load()

    def today(self) -> date:
        return date(2026, 3, 2)

    def projects(self, **_: Any) -> pd.DataFrame:
        return to_frame([{"id": number, "name": f"Project {number}"} for number in range(1, self._count + 1)])

    def fetch_frames(
        self, name: str, /, *, projects: list[int], **_: Any
    ) -> Generator[FetchedFrame, None, int]:
        for project in projects:
            info = FetchInfo({"project_id": str(project)}, 1, done=True, requests=1, pages=1)
            yield FetchedFrame(describe(self._frame(project), rows=self.rows), info)
        return 0

    def _frame(self, project: int) -> pd.DataFrame:
        ids = np.arange(self.rows) + project * self.rows
        moments = pd.Timestamp("2024-01-01", tz="UTC") + pd.to_timedelta(ids % 1_000_000, unit="s")
        columns: dict[str, Any] = {"project_id": pd.array(np.full(self.rows, project), "Int64")}
        for name, column in self._template.items():
            columns[str(name)] = pd.array([None] * self.rows, dtype=column.dtype)
        columns["id"] = pd.array(ids, "Int64")
        columns["from_budget_line_item_id"] = pd.array(ids % 97, "Int64")
        columns["notes"] = pd.array(WORDS[ids % len(WORDS)], "string")
        columns["transfer_amount"] = pd.Series([_CENTS[one] for one in (ids % 1000).tolist()], dtype=object)
        columns["created_at"] = columns["updated_at"] = moments.as_unit("us")
        return pd.DataFrame(columns)

    @property
    def total(self) -> int:
        return self._count * self.rows


def _cents() -> list[Any]:
    from decimal import Decimal

    return [Decimal(one) / 100 for one in range(1000)]


_CENTS = _cents()
assert catalog.endpoint("budget_modifications").fields
