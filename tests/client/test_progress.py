from __future__ import annotations

import re
import sys
import threading
from io import StringIO
from typing import Any

import pytest

from procore_nb import progress as room
from procore_nb.progress import Progress


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Bar:
    """Stands for a tqdm bar, and keeps what it showed."""

    def __init__(self, what: str, targets: int, noun: str) -> None:
        self.noun, self.fp = noun, StringIO()
        self.what, self.targets, self.shown, self.n, self.closed = what, targets, "", 0, False
        self.start_t = 0.0
        self.drawn_by: set[int] = set()

    def set_postfix_str(self, text: str, refresh: bool = True) -> None:
        self.shown = text
        self.drawn_by.add(threading.get_ident())

    def refresh(self) -> None:
        self.drawn_by.add(threading.get_ident())

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def bars(monkeypatch: pytest.MonkeyPatch) -> list[Bar]:
    made: list[Bar] = []

    def make(what: str, targets: int, noun: str) -> Bar:
        made.append(Bar(what, targets, noun))
        return made[-1]

    monkeypatch.setattr(room, "_bar", make)
    return made


def test_a_short_walk_shows_nothing(bars: list[Bar], capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    progress = Progress("rfis", clock=clock)
    clock.now = 0.9
    progress.tick()
    progress.close()
    assert bars == []
    assert capsys.readouterr() == ("", "")


def test_a_walk_of_more_than_a_second_shows_rows_requests_and_why_it_waits(bars: list[Bar]) -> None:
    clock = Clock()
    progress = Progress("rfis", targets=5, clock=clock)
    progress.request_sent()
    progress.page_received(120)
    progress.target_done()
    progress.waiting(10, "rate limit")
    clock.now = 1.5
    progress.tick()
    (bar,) = bars
    assert (bar.what, bar.targets, bar.n) == ("rfis", 5, 1)
    assert re.fullmatch(
        r"120 rows, waiting until \d\d:\d\d:\d\d: rate limit, 1 request", bar.shown
    )  # a narrow terminal cuts the end
    clock.now = 11
    progress.tick()
    assert "rate limit" not in bar.shown


def test_the_bar_goes_and_one_line_stays(bars: list[Bar], capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    progress = Progress("rfis", targets=5, clock=clock)
    clock.now = 2
    progress.tick()
    progress.close(complete=False)
    progress.close()
    said = "".join(capsys.readouterr())
    assert bars[0].closed
    assert said.count("\n") == 1
    assert "rfis: 0 rows from 0 of 5 targets, 0 requests" in said
    assert "before it was stopped" in said


def test_nothing_is_shown_when_told_so(bars: list[Bar], capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    progress = Progress("rfis", show=False, clock=clock)
    clock.now = 100
    progress.tick()
    progress.close()
    assert bars == []
    assert capsys.readouterr() == ("", "")


def test_only_the_walking_thread_draws(bars: list[Bar]) -> None:
    clock = Clock()
    progress = Progress("rfis", clock=clock)
    clock.now = 5

    def work() -> None:
        for _ in range(100):
            progress.request_sent()
            progress.page_received(1)
            progress.waiting(1, "why")

    crew = [threading.Thread(target=work) for _ in range(4)]
    for one in crew:
        one.start()
    for one in crew:
        one.join()
    assert bars == []
    progress.tick()
    assert bars[0].drawn_by == {threading.get_ident()}
    assert bars[0].shown.startswith("400 rows, ")
    assert bars[0].shown.endswith(", 400 requests")


@pytest.mark.parametrize("done", [0, 1, 2])
def test_the_bar_of_a_notebook_goes_however_far_it_came(done: int, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = pytest.importorskip("tqdm.notebook")
    made = []

    class Bar(notebook.tqdm):  # type: ignore[name-defined, misc]
        def __init__(self, *values: Any, **options: Any) -> None:
            super().__init__(*values, **(options | {"display": False}))
            made.append(self)

    monkeypatch.setattr("tqdm.auto.tqdm", Bar)
    clock = Clock()
    progress = Progress("rfis", targets=2, clock=clock)
    clock.now = 5
    progress.tick()
    assert made[0].container.comm is not None
    for _ in range(done):
        progress.target_done()
    progress.close(complete=done == 2)

    assert made[0].container.comm is None  # closed: not in the page, and not in the saved notebook


def test_the_real_bar_leaves_nothing_behind(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    progress = Progress("rfis", targets=2, clock=clock)
    clock.now = 5
    progress.tick()
    progress.close()
    assert "rfis: 0 rows from 0 of 2 targets, 0 requests, 5.0 s" in "".join(capsys.readouterr())


def test_in_a_notebook_the_closing_line_takes_the_place_of_the_bar(
    bars: list[Bar], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # A second output would leave the bar of the first, as "0/172", in the saved notebook.
    shown: list[dict[str, str]] = []

    class Output:
        def update(self, data: dict[str, str], *, raw: bool) -> None:
            assert raw
            shown.append(data)

    monkeypatch.setattr(room, "_show", lambda bar: Output())
    clock = Clock()
    progress = Progress("rfis", targets=2, clock=clock)
    clock.now = 2.0
    progress.page_received(5)
    progress.tick()
    progress.close()
    assert bars[0].closed
    assert shown == [{"text/plain": "rfis: 5 rows from 0 of 2 targets, 0 requests, 2.0 s"}]
    assert capsys.readouterr() == ("", "")


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("where", "drawings"), [(Terminal(), 90), (StringIO(), 2)])
def test_a_file_gets_a_line_now_and_then_where_a_terminal_is_redrawn(
    bars: list[Bar], monkeypatch: pytest.MonkeyPatch, where: StringIO, drawings: int
) -> None:
    clock, drawn = Clock(), []
    monkeypatch.setattr(Bar, "refresh", lambda bar: drawn.append(clock.now))
    progress = Progress("rfis", clock=clock)
    clock.now = 1.0
    monkeypatch.setattr(room, "_bar", lambda *about: setattr(made := Bar(*about), "fp", where) or made)
    for tenth in range(90):
        clock.now = 1.05 + tenth / 10
        progress.tick()
    assert abs(len(drawn) - drawings) <= drawings / 5


def test_outside_notebooks_the_last_line_leaves_stdout_to_the_data(
    bars: list[Bar], capsys: pytest.CaptureFixture[str]
) -> None:
    clock = Clock()
    progress = Progress("rfis", targets=3, noun="projects", clock=clock)
    clock.now += 5
    progress.tick()
    for _ in range(3):
        progress.target_done()
    progress.close()
    out, err = capsys.readouterr()
    assert "rfis: 0 rows from 3 projects, 0 requests, 5.0 s" in err
    assert out == ""


def test_the_real_bar_names_projects_and_fits_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, terminal = Clock(), Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("COLUMNS", "80")
    progress = Progress("rfis", targets=1200, noun="projects", clock=clock)
    progress.page_received(12_345)
    progress.waiting(60, "rate limit")
    clock.now = 2
    progress.tick()
    shown = terminal.getvalue().split("\r")[-1]
    assert shown.startswith("rfis: 0/1200 projects |")
    assert "12,345 rows, waiting until" in shown
    progress.close()


def test_a_line_about_what_begins_is_not_red_in_a_notebook(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    room.announce("14 reports need 5,373 requests")
    assert capsys.readouterr().err == "14 reports need 5,373 requests\n"
    monkeypatch.setattr(room, "_in_notebook", lambda: True)
    room.announce("14 reports need 5,373 requests")
    assert capsys.readouterr().out == "14 reports need 5,373 requests\n"
