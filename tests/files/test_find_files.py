from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from every_case import every_case

import procore_nb as pnb
from procore_nb.files import find_files
from procore_nb.frame_info import describe


def _frame(records: list[dict], endpoint: str = "") -> pd.DataFrame:
    frame = pnb.to_frame(records, endpoint=endpoint) if endpoint else pnb.to_frame(records)
    return describe(frame, endpoint=endpoint, company_id=5, arguments={"project_id": 7})


def _attachment(number: int, name: str = "a.pdf") -> dict:
    return {"id": number, "name": name, "url": f"https://api.procore.com/f/{number}"}


def test_attachments_at_any_depth_are_found() -> None:
    record = {
        "id": 1, "number": "12", "subject": "Lights", "created_at": "2026-03-01T08:00:00Z",
        "questions": [{"id": 2, "attachments": [_attachment(10)], "answers": [{"attachments": [_attachment(11, "b.pdf")]}]}],
        "signature": {"attachment": _attachment(12, "sign.png")},
    }  # fmt: skip
    files = find_files(_frame([record], "rfis"))
    assert sorted(files["file_id"]) == [10, 11, 12]
    assert set(files["key"]) == {
        "questions[].attachments[].url", "questions[].answers[].attachments[].url", "signature.attachment.url",
    }  # fmt: skip
    assert set(files["record"]) == {"0012 Lights"}
    assert set(files["record_id"]) == {1}
    assert files["project_id"].tolist() == [7, 7, 7]
    assert files["company_id"].tolist() == [5, 5, 5]


def test_a_photo_says_who_when_and_where() -> None:
    record = {
        "id": 1, "url": "https://a/1", "thumbnail_url": "https://a/1t", "filename": "IMG.jpg", "size": 1234,
        "gps_lat": "40.81", "gps_long": "-73.94", "taken_at": "2026-03-01T10:00:00Z", "created_at": "2026-03-02T10:00:00Z",
        "uploader": {"id": 9, "name": "Jane"}, "location": {"id": 4, "name": "Level 2"},
    }  # fmt: skip
    files = find_files(_frame([record], "images")).set_index("kind")
    photo = files.loc["photo"]
    assert (photo["name"], photo["size"], photo["created_by"], photo["location"]) == (
        "IMG.jpg",
        1234,
        "Jane",
        "Level 2",
    )
    assert (photo["latitude"], photo["longitude"]) == (40.81, -73.94)
    assert photo["taken_at"] == pd.Timestamp("2026-03-01T10:00Z")
    assert files.loc["thumbnail"]["name"] == "IMG thumbnail"
    assert pd.isna(files.loc["thumbnail"]["size"])


def test_coordinates_off_the_globe_are_missing() -> None:
    record = {"id": 1, "url": "https://a/1", "filename": "x.jpg", "gps_lat": "91", "gps_long": "0"}
    assert pd.isna(find_files(_frame([record], "images"))["latitude"][0])


def test_a_drawing_is_named_by_number_title_and_revision() -> None:
    record = {
        "id": 1, "number": "A-101", "title": "Plan", "revision_number": "2", "pdf_url": "https://a/x", "pdf_size": 5,
        "png_url": "https://a/y.png", "large_thumbnail_url": "https://a/z.png", "zip_url": None,
    }  # fmt: skip
    files = find_files(_frame([record], "drawing_revisions")).set_index("kind")
    # The same order each time, so that paths are the same.
    assert files.index.tolist() == ["pdf", "png", "thumbnail"]
    assert files["name"].to_dict() == {
        "pdf": "A-101 Plan rev 2.pdf", "png": "A-101 Plan rev 2.png", "thumbnail": "A-101 Plan rev 2 large thumbnail.png",
    }  # fmt: skip
    assert files.loc["pdf", "content_type"] == "application/pdf"
    assert files.loc["pdf", "size"] == 5


def test_the_store_behind_a_document_version_is_the_same_file() -> None:
    version = {
        "id": 3,
        "url": "https://a/1",
        "size": 9,
        "prostore_file": {"id": 4, "url": "https://a/2", "filename": "x.docx"},
    }
    record = {"id": 1, "name": "Plan.docx", "file": {"current_version": version}}
    files = find_files(_frame([record], "documents_v1_0"))
    assert files[["kind", "name", "size", "address"]].values.tolist() == [
        ["document", "Plan.docx", 9, "https://a/1"]
    ]


def test_a_file_that_is_unavailable_has_no_address() -> None:
    gone = {"id": 2, "url": None, "filename": None, "file_unavailable": True}
    record = {"id": 1, "associated_attachments": [gone, {"id": 3, "url": None}]}
    files = find_files(_frame([record], "submittals"))
    assert files["file_id"].tolist() == [2]
    assert files["address"].isna().all()


def test_links_to_pages_are_no_files() -> None:
    record = {"id": 1, "link": "https://app/x", "web_url": "https://app/y", "linked_drawings": [{"id": 2, "url": "https://app/z"}],
              "attachments": [_attachment(3) | {"viewer_url": "https://app/v", "share_url": "https://app/s"}]}  # fmt: skip
    assert find_files(_frame([record]))["file_id"].tolist() == [3]


def test_the_same_address_counts_once_in_a_record() -> None:
    record = {"id": 1, "attachments": [_attachment(3), _attachment(3)]}
    assert len(find_files(_frame([record]))) == 1


def test_a_frame_without_files_says_which_lists_have_some() -> None:
    with pytest.raises(pnb.ArgumentError, match="drawing_revisions"):
        find_files(_frame([{"id": 1, "name": "x"}]))


def test_records_without_files_are_an_empty_frame_with_its_types() -> None:
    empty = find_files(_frame([{"id": 1, "attachments": []}]))
    full = find_files(_frame([{"id": 1, "attachments": [_attachment(3)]}]))
    assert empty.empty
    assert empty.dtypes.to_dict() == full.dtypes.to_dict()


def test_lists_read_from_parquet_are_arrays_and_ids_may_be_words() -> None:
    frame = pd.DataFrame(
        {"id": ["a-1"], "attachments": [np.array([{"id": "x", "url": "https://a/1", "name": "n.pdf"}])]}
    )
    files = find_files(frame)
    assert files[["record_id", "file_id"]].values.tolist() == [["a-1", "x"]]


def test_hostile_records_are_only_text() -> None:
    deep: dict = _attachment(7)
    for _ in range(60):
        deep = {"id": 1, "attachments": [deep]}
    odd = [
        {
            "id": 1,
            "attachments": [
                None,
                5,
                "x",
                {"url": 7},
                {"url": ""},
                {"url": ["https://a"]},
                _attachment(9),
                {"id": 8, "url": "https://[::1/x"},
            ],
        },
        deep,
    ]
    assert find_files(pd.DataFrame(odd))["file_id"].tolist() == [9, 8]


@pytest.mark.filterwarnings("ignore::procore_nb.ProcoreWarning")
@every_case("name", ["drawing_revisions", "submittals", "punch_items", "documents_v1_0", "images"])
def test_lists_of_the_demo_that_declare_files_have_them(name: str) -> None:
    files = pnb.connect("demo", progress=False).files(name, 1204347)
    assert set(files["list"]) <= {name}
