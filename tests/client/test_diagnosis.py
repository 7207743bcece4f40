from __future__ import annotations

import socket
from typing import Any

import pandas as pd
import pytest
from another_procore import CLIENT_ID, COMPANY, SECRET, Asked, Said

import procore_nb as pnb
from procore_nb.demo import COMPANY_ID

ALL = "/rest/v1.1/projects"
GOOD: dict[str, list[Any]] = {
    "/rest/v1.0/companies": [{"id": COMPANY, "name": "Ours"}],
    ALL: [{"id": 7, "name": "Seven", "active": True}],
    "/rest/v1.0/projects/7/rfis": [{"id": 1}, {"id": 2}],
}


def verdict(frame: pd.DataFrame) -> dict[str, Any]:
    """Each step with its outcome: True, False, or None for not tried."""
    return {
        step: None if pd.isna(ok) else bool(ok) for step, ok in zip(frame["step"], frame["ok"], strict=True)
    }


def row(frame: pd.DataFrame, step: str) -> pd.Series[Any]:
    return frame.loc[frame["step"] == step].iloc[0]


def answering(path: str, said: Said):  # type: ignore[no-untyped-def]
    return lambda asked: said if asked.path == path else None


def test_the_frame_has_its_four_columns_and_dtypes(to_demo) -> None:  # type: ignore[no-untyped-def]
    frame = to_demo().diagnose()
    assert {name: str(kind) for name, kind in frame.dtypes.items()} == {
        "step": "string", "ok": "boolean", "detail": "string", "advice": "string",
    }  # fmt: skip


def test_when_all_is_well_every_step_on_the_way_says_so(to_demo) -> None:  # type: ignore[no-untyped-def]
    procore = to_demo()
    frame = procore.diagnose()
    steps = verdict(frame)
    for step in (
        "login host reachable",
        "credentials accepted",
        "token lifetime",
        "company header accepted",
        "app installed",
        "company visible",
        "projects visible",
        "tool rfis",
    ):
        assert steps[step] is True
    assert "5,400 seconds" in row(frame, "token lifetime")["detail"]
    assert str(COMPANY_ID) in row(frame, "company visible")["detail"]
    assert len(procore.seen) < 15


def test_without_a_network_only_the_first_step_fails_and_the_rest_is_not_tried(places) -> None:  # type: ignore[no-untyped-def]
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        place = pnb.Environment("gone", url, url)
        procore = pnb.connect(place, credentials=pnb.Credentials("x", SECRET), company_id=1, sources=places())
        frame = procore.diagnose()
    steps = verdict(frame)
    assert steps.pop("login host reachable") is False
    assert set(steps.values()) == {None}
    assert "refused the connection" in frame["detail"].iloc[0]
    assert "VPN" in frame["advice"].iloc[0]


def test_a_wrong_secret_is_told_apart_from_a_host_that_is_away(another, connected) -> None:  # type: ignore[no-untyped-def]
    frame = connected(another(), credentials=pnb.Credentials(CLIENT_ID, "wrong")).diagnose()
    steps = verdict(frame)
    assert (steps["login host reachable"], steps["credentials accepted"]) == (True, False)
    assert steps["projects visible"] is None
    assert "another environment" in row(frame, "credentials accepted")["advice"]
    assert "wrong" not in row(frame, "credentials accepted")["detail"]


def test_a_login_host_in_trouble_is_the_first_step_that_fails(another, connected) -> None:  # type: ignore[no-untyped-def]
    frame = connected(another(twist=answering("/oauth/token", Said(503, b"<html>")))).diagnose()
    assert verdict(frame)["login host reachable"] is False
    assert "503" in frame["detail"].iloc[0]


def test_without_a_company_id_the_reader_is_told_where_to_find_it(to_demo) -> None:  # type: ignore[no-untyped-def]
    frame = to_demo(company_id=None).diagnose()
    assert verdict(frame)["company header accepted"] is False
    assert "address bar" in row(frame, "company header accepted")["advice"]
    assert verdict(frame)["projects visible"] is None


def test_a_wrong_company_is_refused_with_its_header(to_demo) -> None:  # type: ignore[no-untyped-def]
    frame = to_demo(company_id=999).diagnose()
    failed = row(frame, "company header accepted")
    assert not failed["ok"]
    assert "another environment or account" in failed["advice"]


def test_an_app_that_is_not_installed_in_the_company_is_named_as_that(to_demo) -> None:  # type: ignore[no-untyped-def]
    frame = to_demo(company_id=31_002).diagnose()  # the demo's company without the app
    steps = verdict(frame)
    assert (steps["company header accepted"], steps["app installed"]) == (True, False)
    assert "install the app" in row(frame, "app installed")["advice"]
    assert steps["projects visible"] is None


def test_a_company_that_is_not_listed_is_said_beside_those_that_are(another, connected) -> None:  # type: ignore[no-untyped-def]
    lists = {**GOOD, "/rest/v1.0/companies": [{"id": 5, "name": "Theirs"}]}
    failed = row(connected(another(lists)).diagnose(), "company visible")
    assert not failed["ok"]
    assert "Theirs (5)" in failed["detail"]


@pytest.mark.parametrize("said", [Said(200, [], [("total", "0")]), Said(403, {"message": "No"})])
def test_no_projects_point_to_the_permissions_a_new_account_lacks(another, connected, said: Said) -> None:  # type: ignore[no-untyped-def]
    frame = connected(another(GOOD, twist=answering(ALL, said))).diagnose()
    failed = row(frame, "projects visible")
    assert not failed["ok"]
    assert "no permissions" in failed["advice"]
    assert "permitted projects" in failed["advice"]
    assert verdict(frame)["tools of one project"] is None


def test_a_tool_that_is_refused_stops_no_other(another, connected) -> None:  # type: ignore[no-untyped-def]
    refused = Said(403, {"message": "You do not have permission"})
    frame = connected(
        another(GOOD, twist=lambda asked: refused if "submittals" in asked.path else None)
    ).diagnose()
    steps = verdict(frame)
    assert steps["tool rfis"] is True
    assert steps["tool submittals"] is False
    assert "2 records in project 'Seven' (7)" in row(frame, "tool rfis")["detail"]
    assert "Read Only" in row(frame, "tool submittals")["advice"]
    assert "budget_views" in "".join(steps)


def test_the_tools_are_tried_in_a_project_that_has_data(to_demo) -> None:  # type: ignore[no-untyped-def]
    frame = to_demo().diagnose()
    found = row(frame, "tool rfis")["detail"]
    assert not found.startswith("0 records")
    empty = [text for text in frame["detail"] if text.startswith("0 records")]
    assert all(text.startswith("0 records: empty, or no permission on rows, in project") for text in empty)


def test_an_empty_tool_is_said_to_be_empty_or_not_permitted(another, connected) -> None:  # type: ignore[no-untyped-def]
    nothing = Said(200, [], [("total", "0")])
    frame = connected(
        another(GOOD, twist=lambda asked: nothing if "/rfis" in asked.path else None)
    ).diagnose()
    assert row(frame, "tool rfis")["detail"].startswith(
        "0 records: empty, or no permission on rows, in project 'Seven'"
    )


def test_the_diagnosis_spends_one_row_per_question_where_it_can(another, connected) -> None:  # type: ignore[no-untyped-def]
    server = another(GOOD)
    connected(server).diagnose()
    tools = [asked for asked in server.calls if asked.path.startswith("/rest/v1.0/projects/7/")]
    assert {asked.one("per_page") for asked in tools} <= {"1", ""}
    assert all(asked.headers["procore-company-id"] == str(COMPANY) for asked in server.calls)


def test_the_same_words_are_the_advice_on_the_errors(another, connected) -> None:  # type: ignore[no-untyped-def]
    def refuse(asked: Asked) -> Said | None:
        return Said(403, {"message": "No"}) if asked.path == "/rest/v1.0/projects/7/rfis" else None

    procore = connected(another(GOOD, twist=refuse))
    with pytest.raises(pnb.AccessError) as caught:
        procore.table("rfis", project_id=7)
    assert caught.value.advice == row(procore.diagnose(), "tool rfis")["advice"]
