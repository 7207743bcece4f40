from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from procore_nb.demo import COMPANY_ID, Demo, DemoAdapter, Faults

from .conftest import FORM

_HOST = "https://procore.test"


@pytest.fixture
def session_of() -> Callable[[Demo, list[float]], requests.Session]:
    def build(demo: Demo, slept: list[float]) -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        session.mount(_HOST, DemoAdapter(demo, sleep=slept.append))
        token = session.post(f"{_HOST}/oauth/token", data=FORM).json()["access_token"]
        session.headers.update({"Authorization": f"Bearer {token}", "Procore-Company-Id": str(COMPANY_ID)})
        return session

    return build


Build = Callable[[Demo, list[float]], requests.Session]


def test_a_response_is_what_requests_gives(session_of: Build) -> None:
    response = session_of(Demo(), []).get(f"{_HOST}/rest/v1.0/projects", params={"company_id": COMPANY_ID})
    assert response.ok
    assert response.reason == "OK"
    assert response.headers["total"] == "129"
    assert response.headers["Content-Length"] == str(len(response.content))
    assert response.json()[0]["company"]["name"] == "Harbour & Vale Construction"
    assert response.url == f"{_HOST}/rest/v1.0/projects?company_id=24816"
    assert response.links["next"]["url"].startswith(f"{_HOST}/rest/v1.0/projects?page=2")
    assert response.elapsed.total_seconds() >= 0


def test_a_response_can_be_streamed(session_of: Build) -> None:
    with session_of(Demo(), []).get(f"{_HOST}/rest/v1.0/me", stream=True) as response:
        assert response.raw.read().startswith(b'{"id":')


def test_filters_arrive_as_requests_encodes_them(session_of: Build) -> None:
    wanted: dict[str, Any] = {
        "company_id": COMPANY_ID,
        "filters[by_status]": "All",
        "filters[id][]": [1204310, 1204347],
    }
    rows = session_of(Demo(), []).get(f"{_HOST}/rest/v1.1/projects", params=wanted).json()
    assert [row["id"] for row in rows] == [1204310, 1204347]


def test_a_json_body_arrives(session_of: Build) -> None:
    session = session_of(Demo(), [])
    assert session.post(f"{_HOST}/oauth/token", json=FORM).status_code == 200
    assert (
        session.post(f"{_HOST}/oauth/token", files={k: (None, v) for k, v in FORM.items()}).status_code == 200
    )


def test_a_late_reply_waits_with_the_given_sleep(session_of: Build) -> None:
    slept: list[float] = []
    session = session_of(Demo(faults=Faults().always("slow", 0.15)), slept)
    assert session.get(f"{_HOST}/rest/v1.0/me").status_code == 200
    assert slept == [0.15]


@pytest.mark.parametrize("timeout", [3.0, (1.0, 3.0)])
def test_a_reply_later_than_the_patience_is_a_timeout(
    session_of: Build, timeout: float | tuple[float, float]
) -> None:
    slept: list[float] = []
    session = session_of(Demo(faults=Faults().always("slow", 60)), slept)
    with pytest.raises(requests.exceptions.ReadTimeout):
        session.get(f"{_HOST}/rest/v1.0/me", timeout=timeout)
    assert slept == [3.0]


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("dropped", requests.exceptions.ChunkedEncodingError),
        ("silent", requests.exceptions.ConnectionError),
    ],
)
def test_a_dropped_connection_is_an_error_of_requests(
    session_of: Build, kind: str, error: type[requests.exceptions.RequestException]
) -> None:
    """The same errors as those of a socket."""
    session = session_of(Demo(faults=Faults().on(1, kind)), [])
    with pytest.raises(error):
        session.get(f"{_HOST}/rest/v1.0/me")
    assert session.get(f"{_HOST}/rest/v1.0/me").status_code == 200
