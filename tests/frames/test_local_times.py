"""Times in UTC are shown as the clocks of each row's project show them."""

from __future__ import annotations

import pandas as pd
import pytest
from every_case import every_case

import procore_nb as pnb
from procore_nb.errors import ArgumentError, ProcoreWarning
from procore_nb.frames import local_times, to_frame
from procore_nb.scalars import rails_names, zone

PROJECTS = to_frame(
    [
        {"id": 1, "time_zone": "Pacific Time (US & Canada)"},
        {"id": 2, "time_zone": "Australia/Sydney"},
        {"id": 3, "time_zone": "Mars/Base"},
        {"id": 4},
    ],
    "projects",
)


def rows(*projects: object, at: str | None = "2026-03-08T09:59:59Z") -> pd.DataFrame:
    return to_frame([{"id": 9, "project_id": project, "created_at": at} for project in projects], "rfis")


def test_each_row_has_the_time_of_its_own_project_summer_and_winter() -> None:
    frame = rows(1, 2, 1)
    local = local_times(frame, PROJECTS)
    later = local_times(rows(1, at="2026-03-08T10:00:00Z"), PROJECTS)
    assert [str(one) for one in local["created_at_local"]] == [
        "2026-03-08 01:59:59",
        "2026-03-08 20:59:59",
        "2026-03-08 01:59:59",
    ]
    assert str(later["created_at_local"][0]) == "2026-03-08 03:00:00"  # clocks were put forward
    at = list(local.columns).index("created_at")
    assert local.columns[at + 1] == "created_at_local"
    assert local["created_at_local"].dtype == "datetime64[us]"
    assert "created_at_local" not in frame.columns
    assert local.attrs == frame.attrs


def test_a_missing_time_and_a_frame_without_rows_stay_what_they_are() -> None:
    assert local_times(rows(1, at=None), PROJECTS)["created_at_local"].isna().all()
    last = local_times(rows(2, at="9999-12-31T23:30:00Z"), PROJECTS)
    assert str(last["created_at_local"][0]) == "9999-12-31 23:30:00"  # tomorrow there, which no calendar has
    assert local_times(to_frame([], "rfis").assign(project_id=1), PROJECTS)["created_at_local"].empty


@every_case(
    ("project", "reason"),
    [(3, "'Mars/Base'"), (4, "no time zone"), (5, "no such project"), (None, "no such")],
)
def test_an_unknown_zone_is_utc_and_said(project: object, reason: str) -> None:
    with pytest.warns(ProcoreWarning, match=rf"UTC.*1 rows \(.*{reason}"):
        local = local_times(rows(1, project), PROJECTS)
    assert str(local["created_at_local"][1]) == "2026-03-08 09:59:59"


def test_projects_have_their_own_zones_and_every_one_of_the_demo_is_known() -> None:
    projects = pnb.connect("demo", progress=False).projects(status="All")
    known = projects[projects["time_zone"].notna()]
    local = pnb.local_times(known, known)
    behind = local["created_at"].dt.tz_localize(None) - local["created_at_local"]
    assert (behind.abs() <= pd.Timedelta(hours=14)).all()
    assert behind.nunique() > 5


@every_case(
    ("frame", "projects", "said"),
    [
        (pd.DataFrame({"id": [1]}), PROJECTS, "names the project"),
        (rows(1), PROJECTS.drop(columns="time_zone"), "id and time_zone"),
        (rows(1), 7, "id and time_zone"),
        (rows(1).assign(created_at_local=1), PROJECTS, "'created_at_local' already"),
    ],
)
def test_what_is_needed_is_said_in_a_sentence(frame: pd.DataFrame, projects: object, said: str) -> None:
    with pytest.raises(ArgumentError, match=said):
        local_times(frame, projects)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match=r"projects\(status"):
        local_times(frame)  # type: ignore[call-arg]


def test_every_name_of_rails_leads_to_a_zone() -> None:
    assert len(rails_names()) > 140
    assert [name for name in rails_names() if zone(name) is None] == []
    assert [zone(name) for name in ("Mars/Base", "", "../etc/passwd", "/etc/passwd")] == [None] * 4


def test_ids_that_a_merge_made_floats_or_text_are_the_same_ids() -> None:
    frame = rows(1, 2)
    wanted = local_times(frame, PROJECTS)["created_at_local"].tolist()
    for kind in ("float64", "Float64", "string", "int64"):
        given = frame.astype({"project_id": kind})
        assert local_times(given, PROJECTS)["created_at_local"].tolist() == wanted
        assert local_times(frame, PROJECTS.astype({"id": kind}))["created_at_local"].tolist() == wanted


def test_an_id_that_a_float_cannot_hold_is_not_known() -> None:
    projects = PROJECTS.head(1).assign(id=2**60)
    frame = rows(1).assign(project_id=float(2**60))
    with pytest.warns(ProcoreWarning, match="no such project was given"):
        local = local_times(frame, projects)
    assert local["created_at_local"].tolist() == frame["created_at"].dt.tz_localize(None).tolist()
