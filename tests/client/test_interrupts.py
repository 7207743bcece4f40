"""Ctrl-C at any moment: control comes back at once, and what had come is a whole frame."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from another_procore import CLIENT_ID, COMPANY, SECRET, Asked, Said

import procore_nb as pnb
from procore_nb.client.collect import FrameAssembler, ListFetch
from procore_nb.fetch import DeferredInterrupt, Event, RequestDone
from procore_nb.frames import FrameBuilder
from procore_nb.frames.record_columns import ColumnBuilder

RFIS = "/rest/v1.0/projects/{}/rfis"
PROGRAM = """
import json, sys, time
import procore_nb as pnb
url, client_id, secret, company, *several = sys.argv[1:]
procore = pnb.connect(pnb.Environment("another", url, url), credentials=pnb.Credentials(client_id, secret),
                      company_id=int(company), progress=False)
for number, what in enumerate(several):
    projects = range(50 * number + 1, 50 * number + 51)
    print("ready", flush=True)
    try:
        if what == "table":
            procore.table("rfis", projects=projects)
        else:
            for frame in procore.frames("rfis", projects=projects):
                pass
    except pnb.IncompleteError as stopped:
        rows = stopped.partial
        whole = bool((rows["id"] // 1000 == rows["project_id"]).all() and rows["id"].is_unique)
        print(json.dumps({"rows": len(rows), "whole": whole}), flush=True)
    except KeyboardInterrupt:  # in the loop of the caller, whose frames are whole
        print(json.dumps({"rows": 0, "whole": what == "frames"}), flush=True)
"""


def interrupted(procore: pnb.Procore, **settings: Any) -> pnb.IncompleteError:
    with pytest.raises(pnb.IncompleteError, match="was stopped after") as caught:
        procore.table("rfis", **settings)
    return caught.value


@pytest.fixture
def interrupting(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Ctrl-C comes in the middle of taking the third page apart, when one column of two has its rows."""
    pages: list[str] = []
    add_chunk, add = FrameBuilder._add_chunk, ColumnBuilder.add

    def begin_page(self: FrameBuilder, *arguments: Any) -> None:
        pages.append("begun")
        add_chunk(self, *arguments)

    def add_column(self: ColumnBuilder, *arguments: Any) -> None:
        add(self, *arguments)
        if len(pages) == 3:
            pages.append("interrupted")
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(FrameBuilder, "_add_chunk", begin_page)
    monkeypatch.setattr(ColumnBuilder, "add", add_column)
    return pages


def test_a_page_half_taken_apart_when_ctrl_c_comes_is_whole_in_what_is_kept(
    another, connected, interrupting: list[str]
) -> None:  # type: ignore[no-untyped-def]
    lists = {RFIS.format(1): [{"id": number, "subject": f"s{number}"} for number in range(60)]}
    partial = interrupted(connected(another(lists, clamp=10), workers=1), project_id=1).partial
    assert "interrupted" in interrupting
    assert len(partial) >= 30
    assert partial["subject"].tolist() == [f"s{number}" for number in partial["id"]]


def test_ctrl_c_while_labels_are_asked_for_keeps_every_row(another, connected) -> None:  # type: ignore[no-untyped-def]
    rows = [
        {"id": n, "custom_fields": {"custom_field_5": {"data_type": "string", "value": "x"}}}
        for n in range(9)
    ]

    def stop(asked: Asked) -> Said | None:
        if "custom_field_definitions" in asked.path:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(2)
        return None

    began = time.perf_counter()
    stopped = interrupted(connected(another({RFIS.format(1): rows}, twist=stop)), project_id=1)
    assert time.perf_counter() - began < 1.5
    assert stopped.partial["id"].tolist() == list(range(9))


def test_frames_that_are_stopped_say_what_had_come_of_places_that_were_not_done(another, connected) -> None:  # type: ignore[no-untyped-def]
    def stop(asked: Asked) -> Said | None:
        if asked.path == RFIS.format(2) and asked.one("page") == "3":
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(1)
        return None

    lists = {RFIS.format(p): [{"id": p * 100 + n} for n in range(30)] for p in (1, 2, 3)}
    procore = connected(another(lists, twist=stop, clamp=10), workers=1)
    got: list[pd.DataFrame] = []
    with pytest.raises(pnb.IncompleteError, match="was stopped after") as caught:
        got.extend(procore.frames("rfis", projects=[1, 2, 3]))
    kept = [number for frame in (*got, caught.value.partial) for number in frame["id"]]
    assert len(kept) == len(set(kept))
    assert {*range(100, 110), *range(200, 220)} <= set(kept)


def test_ctrl_c_while_a_frame_is_described_keeps_the_rows_of_later_places(
    another, connected, monkeypatch: pytest.MonkeyPatch
) -> None:  # type: ignore[no-untyped-def]
    described = ListFetch._described
    once: list[bool] = []
    later = threading.Event()

    def interrupted(self: ListFetch, *arguments: Any, **named: Any) -> pd.DataFrame:
        if not once:
            once.append(later.wait(5))
            signal.raise_signal(signal.SIGINT)
        return described(self, *arguments, **named)

    def seen(asked: Asked) -> Said | None:
        if asked.path == RFIS.format(3):
            later.set()
        return None

    monkeypatch.setattr(ListFetch, "_described", interrupted)
    lists = {RFIS.format(p): [{"id": p * 100 + n} for n in range(9)] for p in (1, 2, 3)}
    procore = connected(another(lists, twist=seen), workers=1)
    with pytest.raises(pnb.IncompleteError, match="was stopped after") as caught:
        list(procore.frames("rfis", projects=[1, 2, 3]))
    assert once == [True]
    assert {*range(100, 109), *range(200, 209)} <= set(caught.value.partial["id"])


def test_ctrl_c_while_the_one_frame_is_built_keeps_every_row(
    another, connected, monkeypatch: pytest.MonkeyPatch
) -> None:  # type: ignore[no-untyped-def]
    build = FrameBuilder.build

    def interrupted_build(self: FrameBuilder) -> pd.DataFrame:
        frame = build(self)  # the builder gave its pages away
        monkeypatch.setattr(FrameBuilder, "build", build)  # once
        signal.raise_signal(signal.SIGINT)
        return frame

    monkeypatch.setattr(FrameBuilder, "build", interrupted_build)
    procore = connected(another({RFIS.format(1): [{"id": number} for number in range(9)]}))
    assert interrupted(procore, project_id=1).partial["id"].tolist() == list(range(9))


@pytest.fixture
def _interrupted_as_a_list_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    receive = FrameAssembler.receive

    def interrupted_receive(self: FrameAssembler, event: Event) -> None:
        receive(self, event)
        if isinstance(event, RequestDone):
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(FrameAssembler, "receive", interrupted_receive)


@pytest.mark.usefixtures("_interrupted_as_a_list_is_done")
def test_ctrl_c_as_the_last_list_is_done_ends_frames_and_asks_for_no_labels(another, connected) -> None:  # type: ignore[no-untyped-def]
    fields = {"custom_field_5": {"data_type": "string", "value": "x"}}
    server = another({RFIS.format(1): [{"id": number, "custom_fields": fields} for number in range(9)]})
    got: list[pd.DataFrame] = []
    with pytest.raises(pnb.IncompleteError, match="was stopped after") as caught:
        got.extend(connected(server).frames("rfis", projects=[1]))
    assert got == []
    assert caught.value.partial["id"].tolist() == list(range(9))
    assert not [asked for asked in server.calls if "custom_field_definitions" in asked.path]


def test_frames_that_fail_say_what_had_come_too(another, connected) -> None:  # type: ignore[no-untyped-def]
    def refuse(asked: Asked) -> Said | None:
        bad = asked.path == RFIS.format(2) and asked.one("page") == "3"
        return Said(422, {"message": "bad"}) if bad else None

    lists = {RFIS.format(p): [{"id": p * 100 + n} for n in range(30)] for p in (1, 2)}
    procore = connected(another(lists, twist=refuse, clamp=10), workers=1)
    with pytest.raises(pnb.RequestError) as caught:
        list(procore.frames("rfis", projects=[1, 2]))
    assert set(caught.value.partial["id"]) >= set(range(200, 220))
    assert "rows had come" in str(caught.value)


@pytest.mark.slow
def test_frames_that_fail_never_mix_two_places(another, connected) -> None:  # type: ignore[no-untyped-def]
    stay = threading.Event()

    def twist(asked: Asked) -> Said | None:
        if asked.path == RFIS.format(1) and asked.one("page") == "3":
            stay.wait(5)  # the first place is not done, so that the second, which is, waits for it
        if asked.path == RFIS.format(3):
            time.sleep(0.5)
            return Said(422, {"message": "bad"})
        return None

    lists = {RFIS.format(p): [{"id": p * 100 + n} for n in range(30)] for p in (1, 2, 3)}
    procore = connected(another(lists, twist=twist, clamp=10), workers=4)
    got: list[pd.DataFrame] = []
    try:
        with pytest.raises(pnb.RequestError) as caught:
            got.extend(procore.frames("rfis", projects=[1, 2, 3]))
    finally:
        stay.set()
    assert all(frame["project_id"].nunique() <= 1 for frame in got)
    partial = caught.value.partial
    assert set(partial["id"]) == {*range(100, 120), *range(200, 230)}
    assert partial.attrs["procore"]["unfinished"] == [{"project_id": 1}, {"project_id": 3}]


@pytest.fixture
def ours() -> Iterator[list[int]]:
    heard: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: heard.append(number))
    yield heard
    signal.signal(signal.SIGINT, before)


def test_a_held_ctrl_c_waits_until_it_is_let_through() -> None:
    with DeferredInterrupt() as held:
        signal.raise_signal(signal.SIGINT)
        assert held.pending()
    with pytest.raises(KeyboardInterrupt):
        held.raise_pending()
    held.raise_pending()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_programs_own_way_with_ctrl_c_is_left_to_it(ours: list[int]) -> None:
    with DeferredInterrupt() as held:
        signal.raise_signal(signal.SIGINT)
        assert ours == [signal.SIGINT]
    held.raise_pending()
    assert not held.pending()


def test_a_second_ctrl_c_does_not_wait() -> None:
    def hear_twice() -> None:
        with DeferredInterrupt():
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
            pytest.fail("still here")

    with pytest.raises(KeyboardInterrupt):
        hear_twice()


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT to another process")
@pytest.mark.slow
def test_a_real_process_gets_control_back_within_a_second(another, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    def slow(asked: Asked) -> Said | None:
        time.sleep(0.05)
        return None

    lists = {RFIS.format(p): [{"id": p * 1000 + n} for n in range(300)] for p in range(1, 201)}
    server = another(lists, twist=slow)
    cases = [("table", 40), ("frames", 9)]
    whats = [what for what, _calls in cases]
    command = [sys.executable, "-c", PROGRAM, server.url, CLIENT_ID, SECRET, str(COMPANY), *whats]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tmp_path) as program:
        assert program.stdout is not None
        for number, case in enumerate(cases):
            own = {
                RFIS.format(p) for p in range(50 * number + 1, 50 * number + 51)
            }  # late calls of the last do not count
            assert program.stdout.readline() == "ready\n"
            for _ in range(3000):
                if sum(asked.path in own for asked in list(server.calls)) >= case[1]:
                    break
                time.sleep(0.01)
            sent = time.perf_counter()
            program.send_signal(signal.SIGINT)
            said = json.loads(program.stdout.readline())
            assert time.perf_counter() - sent < 1, case
            assert said["whole"], case
