"""`procore-nb sync` as a service manager sees it: exit codes, lines, and the end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from procore_nb.cli import main
from procore_nb.store import Store, log_lines, summary
from store.killing import contents, same
from store.living import LivingDemo, World, connection

_SYNC = [sys.executable, "-c", "import sys; from procore_nb.cli import main; sys.exit(main())", "sync"]


@pytest.fixture
def no_sleep(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Lengths of the pauses between two syncs; the second ends the command as Ctrl-C does."""
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr("procore_nb.cli.sync_command.time.sleep", pause)
    return pauses


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows ends processes without a signal")
def test_sigterm_ends_a_sync_in_order_and_the_next_one_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    words = [str(folder), "--environment", "demo", "--tables", "projects,programs", "--every", "1h"]
    process = subprocess.Popen(
        [*_SYNC, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path
    )
    assert process.stdout is not None
    assert "2 tables" in process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    rest, complaints = process.communicate(timeout=20)
    assert (process.returncode, rest) == (143, "")
    assert complaints.splitlines()[-1] == "procore-nb: stopped."
    assert "Traceback" not in complaints
    assert (folder / "_lock").read_bytes() == b"", "the lock was let go of in order"
    assert Store(folder).tables()["table"].tolist() == ["programs", "projects"]


def test_again_and_again_means_until_it_is_stopped(no_sleep: list[float], tmp_path: Path) -> None:
    words = ["sync", str(tmp_path / "kept"), "--environment", "demo", "--tables", "programs", "--every=1h"]
    assert main(words) == 130
    assert all(3500 < pause <= 3600 for pause in no_sleep)


def test_what_can_never_work_ends_the_repetition(
    no_sleep: list[float], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [
        "sync",
        str(tmp_path / "kept"),
        "--environment",
        "demo",
        "--tables",
        "no_such_list",
        "--every=1h",
    ]
    assert main([*words, "--log"]) == 1
    assert not no_sleep
    told = json.loads(capsys.readouterr().err.splitlines()[0])
    assert (told["event"], "no_such_list" in told["error"]) == ("failed", True)


def test_a_table_that_failed_says_so_in_its_log_line(world: World, tmp_path: Path) -> None:
    from procore_nb.demo import Faults

    broken = Faults().when(lambda _, request: "/rfis" in request.path, "broken")
    with connection(LivingDemo(world, faults=broken)) as procore:
        result = Store(tmp_path / "kept").sync(procore, ["rfis", "vendors"], on_error="skip")
    assert [json.loads(line)["event"] for line in log_lines(result)] == ["failed", "synced"]
    assert summary(result).endswith("1 FAILED")


@pytest.mark.slow
def test_a_store_of_before_is_read_the_same_after_its_folder_was_moved(world: World, tmp_path: Path) -> None:
    with connection(LivingDemo(world)) as procore:
        Store(tmp_path / "kept").sync(procore, ["rfis"])
    before = contents(tmp_path / "kept", ["rfis"])
    (tmp_path / "kept").rename(tmp_path / "moved")
    assert same(contents(tmp_path / "moved", ["rfis"]), before)
