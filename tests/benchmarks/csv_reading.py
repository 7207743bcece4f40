"""What it costs to read a CSV back: ours with types, beside pandas' reader that guesses them.

Run: `python tests/benchmarks/csv_reading.py [ROWS]` (100,000 by default). Seconds of one CPU, the best of three.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

import procore_nb as pnb


def frame(rows: int) -> pd.DataFrame:
    """A frame with what our frames hold: ids, texts, times, days, money, truth values, coordinates, lists."""
    return pnb.to_frame(
        {
            "id": 562949953421312 + row,
            "name": f'Project "{row}", North',
            "zip": f"{row % 99999:05}",
            "active": row % 3 > 0,
            "latitude": 40 + row / rows,
            "total_value": f"{row * 17 % 10000}.{row % 100:02}",
            "created_at": f"2026-05-{row % 28 + 1:02}T21:19:34Z",
            "start_date": f"2026-05-{row % 28 + 1:02}",
            "company": {"id": row % 7, "name": "Company" if row % 5 else None},
            "departments": [{"id": row % 7, "name": "Roads"}],
        }
        for row in range(rows)
    )


def seconds(call: Callable[[], Any]) -> float:
    """CPU seconds of the best of three calls."""
    times = []
    for _ in range(3):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return min(times)


def main() -> None:
    """Print a table."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    made = frame(rows)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.csv")
        written = seconds(lambda: pnb.to_csv(made, path))
        pandas_written = seconds(lambda: made.to_csv(Path(folder, "b.csv"), index=False))
        ours = seconds(lambda: pnb.read_csv(path))
        theirs = seconds(lambda: pd.read_csv(path))
        assert pnb.read_csv(path).equals(made)
    print(f"{rows:,} rows, {len(made.columns)} columns")
    print(f"write: ours {written:.2f} s, pandas {pandas_written:.2f} s, ratio {written / pandas_written:.1f}")
    print(f"read:  ours {ours:.2f} s, pandas {theirs:.2f} s, ratio {ours / theirs:.1f}")


if __name__ == "__main__":
    main()
