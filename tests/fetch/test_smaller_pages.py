"""A page size that is refused is asked again in a smaller one; nothing else is."""

from __future__ import annotations

import pytest

import procore_nb as pnb
from tests.another_procore import CLIENT_ID, COMPANY, SECRET, AnotherProcore, Asked, Said

ROWS = [{"id": number, "name": f"Row {number}"} for number in range(1, 251)]
PATH = "/rest/v1.0/projects/7/rfis"


def ask(server: AnotherProcore) -> pnb.Procore:
    place = pnb.Environment("another", login_url=server.url, api_url=server.url)
    return pnb.connect(
        place, credentials=pnb.Credentials(CLIENT_ID, SECRET), company_id=COMPANY, retries=0, progress=False
    )


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (
            400,
            {
                "error": {
                    "code": "BAD_REQUEST",
                    "details": [{"message": "per_page must not be greater than 100"}],
                }
            },
        ),
        (422, {"errors": {"per_page": ["is too large"]}}),
        (408, {"message": "The request took too long"}),
    ],
)
def test_a_page_size_that_is_refused_is_asked_smaller(status: int, body: object) -> None:
    def twist(asked: Asked) -> Said | None:
        return Said(status, body) if int(asked.one("per_page", "0")) > 100 else None

    with AnotherProcore({PATH: ROWS}, twist=twist) as server:
        frame = ask(server).table("rfis", project_id=7)
    assert frame["id"].tolist() == [row["id"] for row in ROWS]
    sizes = [int(asked.one("per_page")) for asked in server.calls]
    assert sizes[-3:] == [100, 100, 100]


def test_another_refusal_is_not_asked_again() -> None:
    def twist(asked: Asked) -> Said | None:
        return Said(400, {"message": "no such view"}) if asked.path == PATH else None

    with AnotherProcore({PATH: ROWS}, twist=twist) as server:
        with pytest.raises(pnb.RequestError, match="no such view"):
            ask(server).table("rfis", project_id=7)
        assert len(server.calls) == 1


def test_a_size_that_is_refused_however_small_ends_in_the_error() -> None:
    with AnotherProcore(
        {PATH: ROWS}, twist=lambda asked: Said(408) if asked.path == PATH else None
    ) as server:
        with pytest.raises(pnb.RequestError) as caught:
            ask(server).table("rfis", project_id=7)
        assert caught.value.status == 408
        assert [int(asked.one("per_page")) for asked in server.calls] == [2000, 500, 125, 100]
