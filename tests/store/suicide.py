"""A process that syncs a store and is ended by SIGKILL at a given step: `python suicide.py FOLDER STEP SEED`."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from store.killing import KilledBySignal, begun, lived, sync

if __name__ == "__main__":
    warnings.simplefilter("ignore")
    folder, step, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    world = begun(seed)
    if folder.exists():
        lived(world)
    sync(world, folder, KilledBySignal(step), history=True)
