"""Kill tests of the store, as many as you like: `python tests/benchmarks/store_kill.py [points] [signals]`.

Points are steps (changes to files, requests, replies) of a sync of six lists of a demo that also fails by itself; half of
the trials begin with an empty folder, half with a store that has to be brought up to date. After each the store is opened
and compared, the sync is gone on with, and every table must equal a clean sync's. Signals are ended by SIGKILL from outside
Python's sight, in a process of their own.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from store.killing import Trial

from procore_nb.demo import Faults

FAULTS = Faults().sometimes(0.04, "broken").sometimes(0.02, "cut").sometimes(0.02, "dropped")


def main(points: int = 200, signals: int = 20) -> None:
    warnings.simplefilter("ignore")
    draw, good, began = random.Random(2026), 0, time.perf_counter()
    for fresh in (True, False):
        with tempfile.TemporaryDirectory() as folder:
            trial = Trial(Path(folder), fresh=fresh, history=True, faults=FAULTS)
            chosen = sorted(draw.sample(range(1, trial.events + 1), min(points // 2, trial.events)))
            for number, point in enumerate(chosen):
                trial.run(point)
                good += 1
                if number % 10 == 9:
                    print(
                        f"fresh={fresh}: {number + 1} of {len(chosen)} ({trial.events} steps in all)",
                        flush=True,
                    )
    print(
        f"killed within the process: {good} of {good} equal a clean sync, {time.perf_counter() - began:.0f} s",
        flush=True,
    )
    good = 0
    for fresh in (True, False):
        with tempfile.TemporaryDirectory() as folder:
            trial = Trial(Path(folder), fresh=fresh, seed=2, history=True)
            for number in range(signals // 2):
                trial.signal(draw.randrange(1, trial.events), Path(folder) / f"signal-{number}")
                good += 1
    print(f"killed by SIGKILL: {good} of {good} equal a clean sync, {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
