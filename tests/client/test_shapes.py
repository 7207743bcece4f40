"""Columns follow the shape asked for, and frames of RFIs that hold superseded revisions are warned of."""

import warnings
from collections.abc import Iterator

import pytest
from another_procore import CLIENT_ID, COMPANY, SECRET, AnotherProcore

import procore_nb as pnb

RFIS = "/rest/v1.0/projects/7/rfis"


@pytest.fixture
def server() -> Iterator[AnotherProcore]:
    with AnotherProcore() as one:
        yield one


@pytest.fixture
def procore(server: AnotherProcore) -> pnb.Procore:
    place = pnb.Environment(name="another", login_url=server.url, api_url=server.url)
    return pnb.connect(
        place, credentials=pnb.Credentials(CLIENT_ID, SECRET), company_id=COMPANY, progress=False
    )


def test_a_frame_with_superseded_revisions_is_warned_of_and_counted(
    server: AnotherProcore, procore: pnb.Procore
) -> None:
    rows = [{"id": n, "source_rfi_header_id": 1, "current_revision": n == 3} for n in (1, 2, 3)]
    server.lists[RFIS] = rows

    with pytest.warns(
        pnb.ProcoreWarning, match=r"2 of 3 rows of rfis are superseded .*current_revision=True"
    ):
        frame = procore.table("rfis", project_id=7)
    assert frame.attrs["procore"]["superseded"] == 2

    server.lists[RFIS] = rows[2:]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        once = procore.table("rfis", project_id=7, current_revision=True)
    assert "superseded" not in once.attrs["procore"]
    assert list(once["id"]) == [3]


def test_columns_are_those_of_the_view_asked_for(server: AnotherProcore, procore: pnb.Procore) -> None:
    server.lists[RFIS] = []
    server.lists["/rest/v1.1/vendors"] = []

    usual, wide = procore.table("rfis", project_id=7), procore.table("rfis", project_id=7, view="web_index")
    assert "priority.name" not in usual.columns
    assert {"id", "subject", "priority.name", "proposed_solution"} <= set(wide.columns)
    assert list(procore.table("rfis", project_id=7, view="ids_only").columns) == ["project_id", "id"]
    narrow = procore.table("vendors_v1_1", view="minimal")
    assert set(narrow.columns) == {"id", "name", "is_active", "logo"}


def test_rows_of_a_list_by_id_name_their_parent(server: AnotherProcore, procore: pnb.Procore) -> None:
    path = f"/rest/v2.0/companies/{COMPANY}/projects/7/materials_mgmt/receipts/9/line_items"
    server.lists[path] = [{"id": "a"}, {"id": "b"}]

    for name in ("receipt_id", "id"):
        frame = procore.table("material_receipt_line_items_by_receipt", project_id=7, **{name: ["9"]})
        assert list(frame["id"]) == ["a", "b"]
        assert [str(value) for value in frame["receipt_id"]] == ["9", "9"]
