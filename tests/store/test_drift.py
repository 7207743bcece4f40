"""What drifts between two syncs beside the rows: which projects are wanted, clocks, the names of custom fields."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from procore_nb.demo import COMPANY_ID, Demo, DemoAdapter, Faults
from procore_nb.errors import ProcoreError
from procore_nb.store import Store
from store.living import LivingDemo, World, connection
from store.test_modes import account, asked

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("way", ["refused", "broken"])
def test_an_unfinished_sync_of_some_projects_does_not_stand_for_all(
    world: World, tmp_path: Path, way: str
) -> None:
    store = Store(tmp_path, clock=lambda: world.now)
    first, second = world.projects[:2]
    for place in world.projects:
        world.add("rfis", str(place))
    if way == "refused":
        world.refused.add(("rfis", str(second)))
    broken = Faults().when(lambda _, request: way == "broken" and str(second) in request.path, "broken")
    some = [second] if way == "refused" else [first, second]
    with connection(LivingDemo(world, faults=broken), workers=1) as procore, pytest.raises(ProcoreError):
        store.sync(procore, ["rfis"], projects=some)
    world.refused.clear()
    world.asked.clear()
    with connection(LivingDemo(world)) as procore:
        store.sync(procore, ["rfis"])
        again = [place for name, place, _ in world.asked if name == "rfis"]
        pd.testing.assert_frame_equal(store.table("rfis"), asked(procore, "rfis"), check_like=True)
    assert (str(first) in again) == (way == "refused"), "what had landed was not asked again"


@pytest.mark.parametrize("behind", [timedelta(hours=5), timedelta(hours=-5)])
def test_no_change_is_lost_where_the_clocks_differ(world: World, tmp_path: Path, behind: timedelta) -> None:
    """The world's clock is the server's; ours is `behind` ahead of it."""

    class Dated(DemoAdapter):
        def send(self, *arguments: Any, **named: Any) -> Any:
            reply = super().send(*arguments, **named)
            reply.headers["Date"] = format_datetime(world.now, usegmt=True)
            return reply

    def ours() -> datetime:
        return world.now + behind

    store = Store(tmp_path, clock=ours)

    def dated(demo: Demo) -> DemoAdapter:
        return Dated(demo, sleep=lambda seconds: None)

    with connection(LivingDemo(world), adapter=dated, clock=lambda: ours().timestamp()) as procore:
        store.sync(procore, ["rfis"])
        world.pass_time(minutes=20)
        row = world.add("rfis", str(world.projects[0]))
        world.pass_time(minutes=20)
        result = store.sync(procore, ["rfis"])
    assert account(result, "rfis")["mode"] == "incremental"
    assert row["id"] in store.table("rfis")["id"].tolist()


@pytest.mark.slow
def test_a_custom_field_that_is_renamed_stays_one_column(world: World, tmp_path: Path) -> None:
    store = Store(tmp_path, clock=lambda: world.now)
    place = str(world.projects[0])
    value = {"custom_fields": {"custom_field_7": {"data_type": "string", "value": "high"}}}
    world.rows = {("rfis", place): {}}
    rows = [world.add("rfis", place, **value)["id"] for _ in range(2)]
    steps = [({7: "Risk"}, "Risk"), ({7: "Danger"}, "Danger"), ({7: "Danger", 8: "Danger"}, "Danger (7)")]
    for labels, due in [*steps, ({}, "Danger (7)"), ({7: "Risk"}, "Risk")]:
        with connection(LivingDemo(world)) as procore:
            procore._known_custom_fields[COMPANY_ID] = {
                one: (label, "string") for one, label in labels.items()
            }
            store.sync(procore, ["rfis"], history=True)
        frame = store.table("rfis").set_index("id")
        found = [column for column in frame.columns if column.startswith("custom_fields.")]
        assert (found, frame[found[0]].tolist()) == ([f"custom_fields.{due}"], ["high", "high"])
        world.pass_time(hours=1)
        world.change("rfis", place, rows[0], **value)
    assert store.table("rfis", history=True)["custom_fields.Risk"].eq("high").all()
