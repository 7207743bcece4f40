from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from store.killing import Fate, Killed, KilledBySignal, Trial, contents, same, sync
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
@pytest.mark.parametrize("fresh", [pytest.param(True, marks=pytest.mark.stress), False])
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


def die(url: str, step: int, seconds: float) -> None:
    """In a process of its own: the second sync of a store at a URL, ended some moments after a step."""
    world = at_url()
    world.live_a_little(30)
    sync(world, url, KilledBySignal(step, seconds), lists=LISTS, history=True)
    signal.pause()


def at_url() -> World:
    return World(seed=3, projects=2, rows=3)


@pytest.mark.s3
@pytest.mark.stress
@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_hundred_processes_that_are_killed_at_a_bucket_leave_it_whole(
    bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    deltalake, s3fs = pytest.importorskip("deltalake"), pytest.importorskip("s3fs")
    began, world, system = time.monotonic(), at_url(), s3fs.S3FileSystem()
    sync(world, f"{bucket}/before", lists=LISTS, history=True)
    world.live_a_little(30)
    system.copy(f"{bucket}/before", f"{bucket}/clean", recursive=True)
    counting = Fate()
    sync(world, f"{bucket}/clean", counting, lists=LISTS, history=True)
    before, due = contents(f"{bucket}/before"), contents(f"{bucket}/clean")
    workers = multiprocessing.get_context(
        "forkserver"
    )  # imports once; each process has connections of its own
    workers.set_forkserver_preload(["store.killing", "s3fs"])
    draw, seen = random.Random(11), Counter[str]()
    for number in range(100):
        url, step = f"{bucket}/at-{number}", draw.randrange(1, counting.count + 1)
        system.copy(f"{bucket}/before", url, recursive=True)
        process = workers.Process(target=die, args=(url, step, draw.choice([0, draw.uniform(0, 0.02)])))
        process.start()
        process.join(60)
        assert process.exitcode == -signal.SIGKILL, (number, step)
        found = contents(url)
        for name, frame in found.items():
            states = {"before": before[name], "due": due[name]}
            state = next((one for one, known in states.items() if frame.equals(known)), "")
            assert state, (number, step, name)
            seen[state] += 1
            live = frame[frame["valid_to"].isna()]
            rows = deltalake.DeltaTable(f"{url}/{name}").to_pyarrow_table()
            assert rows.num_rows == len(live), (number, step, name)
        sync(world, url, lists=LISTS, history=True)
        assert same(contents(url), due), (number, step)
        system.rm(url, recursive=True)
    with capsys.disabled():
        print(f"\n100 kills at {counting.count} steps: {dict(seen)}, {time.monotonic() - began:,.0f} s")
