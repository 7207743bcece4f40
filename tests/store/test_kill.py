from __future__ import annotations

import random
from pathlib import Path

import pytest

from store.killing import Trial

pytestmark = pytest.mark.filterwarnings("ignore::procore_nb.errors.ProcoreWarning")


@pytest.mark.parametrize("fresh", [True, False])
def test_a_sync_that_is_killed_anywhere_leaves_a_whole_state_and_is_gone_on_with(
    tmp_path: Path, fresh: bool
) -> None:
    trial = Trial(tmp_path, fresh=fresh, history=True)
    points = random.Random(7).sample(range(1, trial.events + 1), 6)
    for point in points:
        trial.run(point)
