"""RFIs count once: superseded revisions are counted, and a frame that holds both is warned of."""

import procore_nb as pnb
from procore_nb import catalog
from procore_nb.client.collect import superseded_rows

KEEP = 'questions count twice. Pass current_revision=True, or keep frame[frame["current_revision"]].'


def _rfis(*current: bool | None) -> list[dict[str, object]]:
    return [
        {"id": number, "source_rfi_header_id": 1, "current_revision": value}
        for number, value in enumerate(current)
    ]


def test_superseded_revisions_are_counted() -> None:
    assert superseded_rows(pnb.to_frame(_rfis(True, False, False, None), "rfis"))[0] == 2
    assert superseded_rows(pnb.to_frame(_rfis(True, None), "rfis")) == (0, KEEP)
    assert superseded_rows(pnb.to_frame([], "rfis"))[0] == 0


def test_revisions_of_submittals_are_no_double_counts() -> None:
    rows = [{"id": 1, "current_revision": True}, {"id": 2, "current_revision": False}]
    assert superseded_rows(pnb.to_frame(rows, "submittals")) == (0, "")


def test_the_filter_that_counts_each_question_once_is_known() -> None:
    one = catalog.endpoint("rfis")
    assert {argument.name: argument.key for argument in one.arguments}["current_revision"] == (
        "filters[current_revision]"
    )
    assert any("current_revision=True" in caveat for caveat in one.caveats)
