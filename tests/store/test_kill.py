from __future__ import annotations

import os
import random
from contextlib import suppress
from pathlib import Path

import pytest

from store.killing import Fate, Killed, Trial, contents, same, sync
from store.living import World

LISTS = ("rfis", "daily_log_counts")

pytestmark = pytest.mark.filterwarnings("ignore::procore_nb.errors.ProcoreWarning")


MANY = pytest.param(60, marks=pytest.mark.stress)


@pytest.mark.parametrize("kills", [2, MANY])
@pytest.mark.parametrize("fresh", [True, False])
@pytest.mark.slow
def test_a_sync_that_is_killed_anywhere_leaves_a_whole_state_and_is_gone_on_with(
    tmp_path: Path, fresh: bool, kills: int
) -> None:
    trial = Trial(tmp_path, fresh=fresh, history=True, lists=("change_events", "rfis", "daily_log_counts"))
    points = random.Random(7).sample(range(1, trial.events + 1), kills)
    for point in points:
        trial.run(point)


@pytest.mark.parametrize("kills", [1, MANY])
@pytest.mark.parametrize("fresh", [True, False])
@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_process_that_is_killed_leaves_what_the_next_one_goes_on_with(
    tmp_path: Path, fresh: bool, kills: int
) -> None:
    trial = Trial(tmp_path, fresh=fresh, seed=2, history=True)
    for number, point in enumerate(random.Random(3).sample(range(1, trial.events), kills)):
        trial.signal(point, tmp_path / f"signal-{number}")


@pytest.mark.parametrize("kills", [2, MANY])
@pytest.mark.slow
def test_at_a_url_too_a_sync_that_is_killed_is_gone_on_with(tmp_path: Path, kills: int) -> None:
    def one_step_behind(name: str) -> tuple[World, str]:
        world, url = World(seed=3, projects=2, rows=3), f"memory://{tmp_path}/{name}"
        sync(world, url, lists=LISTS, history=True)
        world.live_a_little(30)
        return world, url

    world, clean = one_step_behind("clean")
    before, counting = contents(clean), Fate()
    sync(world, clean, counting, lists=LISTS, history=True)
    due = contents(clean)
    for point in random.Random(5).sample(range(1, counting.count + 1), kills):
        world, url = one_step_behind(f"at-{point}")
        with suppress(Killed):
            sync(world, url, Fate(point), lists=LISTS, history=True)
        found = contents(url)
        assert all(
            any(frame.equals(state[name]) for state in (before, due)) for name, frame in found.items()
        ), point
        sync(world, url, lists=LISTS, history=True)
        assert same(contents(url), due), point
