from __future__ import annotations

import threading

import pytest

from procore_nb import progress as room
from procore_nb.progress import Progress


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Bar:
    """Stands for a tqdm bar, and keeps what it showed."""

    def __init__(self, what: str, places: int) -> None:
        self.what, self.places, self.shown, self.n, self.closed = what, places, "", 0, False
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

    def make(what: str, places: int) -> Bar:
        made.append(Bar(what, places))
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
    progress = Progress("rfis", places=5, clock=clock)
    progress.asked()
    progress.came(120)
    progress.place_done()
    progress.waiting(10, "Waiting for Procore's rate limit.")
    clock.now = 1.5
    progress.tick()
    (bar,) = bars
    assert (bar.what, bar.places, bar.n) == ("rfis", 5, 1)
    assert "120 rows, 1 requests" in bar.shown
    assert "rate limit" in bar.shown
    clock.now = 11
    progress.tick()
    assert "rate limit" not in bar.shown


def test_the_bar_goes_and_one_line_stays(bars: list[Bar], capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    progress = Progress("rfis", places=5, clock=clock)
    clock.now = 2
    progress.tick()
    progress.close(complete=False)
    progress.close()
    said = "".join(capsys.readouterr())
    assert bars[0].closed
    assert said.count("\n") == 1
    assert "rfis: 0 rows from 0 of 5 places" in said
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
            progress.asked()
            progress.came(1)
            progress.waiting(1, "why")

    crew = [threading.Thread(target=work) for _ in range(4)]
    for one in crew:
        one.start()
    for one in crew:
        one.join()
    assert bars == []
    progress.tick()
    assert bars[0].drawn_by == {threading.get_ident()}
    assert "400 rows, 400 requests" in bars[0].shown


def test_the_real_bar_leaves_nothing_behind(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    progress = Progress("rfis", places=2, clock=clock)
    clock.now = 5
    progress.tick()
    progress.close()
    assert "rfis: 0 rows from 0 of 2 places, 0 requests, 5.0 s" in "".join(capsys.readouterr())


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
    progress = Progress("rfis", places=2, clock=clock)
    clock.now = 2.0
    progress.came(5)
    progress.tick()
    progress.close()
    assert bars[0].closed
    assert shown == [{"text/plain": "rfis: 5 rows from 0 of 2 places, 0 requests, 2.0 s"}]
    assert capsys.readouterr() == ("", "")
