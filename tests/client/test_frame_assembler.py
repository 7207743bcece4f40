"""Rows of several places on their way into one frame, when a walk ends early."""

from __future__ import annotations

from functools import partial

import procore_nb as pnb
from procore_nb.client.collect import FrameAssembler
from procore_nb.client.targets import Target
from procore_nb.fetch import ListRequest, PageRows, PageStats, RequestDone, RequestRestarted
from procore_nb.frames import FrameBuilder


def question(number: int) -> ListRequest:
    return ListRequest(
        f"/rest/v1.0/projects/{number}/rfis", key=Target(1, {"project_id": str(number)}, leading=(number,))
    )


def rows(of: ListRequest, *ids: int) -> PageRows:
    return PageRows(of, [{"id": number} for number in ids])


def test_a_place_left_out_or_walked_again_takes_no_others_rows_with_it() -> None:
    slow, undone, refused, moved, whole = (question(number) for number in range(5))
    building = FrameAssembler(partial(FrameBuilder, leading=("project_id",)), dict)
    for event in (
        rows(slow, 1),
        rows(undone, 10, 11),
        rows(refused, 20),
        RequestDone(refused, PageStats(), skipped=pnb.AccessError("No.", status=403)),
        rows(moved, 30),
        RequestRestarted(moved),
        rows(moved, 31),
        rows(whole, 40),
        RequestDone(whole, PageStats()),
    ):
        building.receive(event)
    frame = building.frame(unfinished=True)
    assert frame["id"].tolist() == [1, 10, 11, 31, 40]
    assert frame["project_id"].tolist() == [0, 1, 1, 3, 4]


def test_the_first_place_may_be_left_out_or_walked_again_too() -> None:
    first, second = question(0), question(1)
    building = FrameAssembler(partial(FrameBuilder, leading=("project_id",)), dict)
    for event in (
        rows(first, 1),
        RequestRestarted(first),
        rows(first, 2),
        RequestDone(first, PageStats(), skipped=pnb.NotFoundError("No.")),
    ):
        building.receive(event)
    for event in (rows(second, 5), RequestDone(second, PageStats())):
        building.receive(event)
    assert building.frame()["id"].tolist() == [5]
