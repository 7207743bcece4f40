from __future__ import annotations

import io
from base64 import b64decode
from pathlib import Path
from re import findall
from typing import Any

import pandas as pd
import pytest
from every_case import every_case
from PIL import Image

import procore_nb as pnb


def _row(folder: Path, number: int, **facts: Any) -> dict[str, Any]:
    place = folder / f"{number}.png"
    if not place.exists():
        Image.new("RGBA", (900, 600), (200, 30, 30, 128)).save(place)
    return {
        "list": "images", "record_id": number, "file_id": number, "record": None, "kind": "photo", "name": f"{number}.png",
        "project_id": 7, "project_name": "Lenox Avenue", "status": "saved", "path": str(place), "created_by": "Jane Doe",
        "location": "Level 2", "created_at": pd.Timestamp("2026-03-01T10:00Z"), "taken_at": pd.NaT,
        "latitude": float("nan"), "longitude": float("nan"),
    } | facts  # fmt: skip


def _page(rows: list[dict[str, Any]], folder: Path, **options: Any) -> str:
    return pnb.gallery(pd.DataFrame(rows), **options).save(folder / "page.html").read_text(encoding="utf-8")


def test_pictures_stand_by_project_and_day_with_who_and_where(tmp_path: Path) -> None:
    day = pd.Timestamp("2026-03-02T09:00Z")
    page = _page(
        [_row(tmp_path, 1), _row(tmp_path, 2, created_at=day), _row(tmp_path, 3, project_name="Annex")],
        tmp_path,
    )
    assert findall(r"<h2>(.*?)</h2>", page) == ["Annex", "Lenox Avenue"]
    assert findall(r"<h3>(.*?)</h3>", page) == ["2026-03-01", "2026-03-02", "2026-03-01"]
    assert "Jane Doe" in page
    assert "Level 2" in page
    assert "10:00 UTC" in page


def test_pictures_are_inside_and_small(tmp_path: Path) -> None:
    page = _page([_row(tmp_path, 1)], tmp_path, pixels=100)
    data = findall(r"data:image/jpeg;base64,([^']+)'", page)
    with Image.open(io.BytesIO(b64decode(data[0]))) as image:
        assert image.size == (100, 67)
    assert "http" not in page.replace("http-equiv", "")


def test_texts_of_others_are_escaped_and_the_page_runs_no_script(tmp_path: Path) -> None:
    evil = "<script>alert(1)</script><img src=x onerror='alert(1)'>\""
    named = dict.fromkeys(("name", "project_name", "created_by", "location", "record"), evil)
    page = _page([_row(tmp_path, 1, **named)], tmp_path, title=evil)
    assert "<script" not in page
    assert "<img src=x" not in page
    assert "default-src 'none'; style-src 'sha256-" in page
    assert "<script" not in pnb.gallery(pd.DataFrame([_row(tmp_path, 1, **named)]), title=evil)._repr_html_()


def test_the_thumbnail_stands_for_its_photo_under_the_photos_name(tmp_path: Path) -> None:
    small = _row(tmp_path, 9, record_id=1, file_id=1, kind="thumbnail", name="1 thumbnail.png")
    gallery = pnb.gallery(pd.DataFrame([_row(tmp_path, 1), small]))
    assert [(one.path.name, one.name) for one in gallery.pictures] == [("9.png", "1.png")]


def test_only_the_newest_pictures_are_shown_and_others_counted(tmp_path: Path) -> None:
    rows = [
        _row(tmp_path, number, created_at=pd.Timestamp(f"2026-03-0{number}T10:00Z")) for number in (1, 2, 3)
    ]
    rows.append(_row(tmp_path, 4, status="failed"))
    gallery = pnb.gallery(pd.DataFrame(rows), most=2)
    assert [one.day for one in gallery.pictures] == ["2026-03-03", "2026-03-02"]
    assert gallery.left_out == 2


def test_what_is_no_picture_has_a_sign_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "1.png").write_bytes(b"%PDF-1.4")
    assert "no picture</div>" in _page([_row(tmp_path, 1)], tmp_path)


def test_a_picture_too_large_to_be_one_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    row = _row(tmp_path, 1)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 400_000)  # Pillow itself only warns below twice as many
    assert "no picture</div>" in _page([row], tmp_path)


def test_pictures_below_the_page_are_links_and_others_are_not(tmp_path: Path) -> None:
    assert "href='./1.png'" in _page([_row(tmp_path, 1)], tmp_path)
    (tmp_path / "elsewhere").mkdir()
    assert "href" not in _page([_row(tmp_path, 1)], tmp_path / "elsewhere")


def test_hidden_names_are_not_on_the_page(tmp_path: Path) -> None:
    page = _page([_row(tmp_path, 1, name="Jane Doe.png")], tmp_path, names="hide")
    assert "Jane" not in page
    assert "Lenox" not in page
    assert "Project 7" in page


@pytest.mark.slow
def test_photos_with_coordinates_are_on_a_map_and_others_are_counted_beside_it(tmp_path: Path) -> None:
    located = _row(tmp_path, 1, latitude=40.8, longitude=-73.9)
    page = _page([located, _row(tmp_path, 2)], tmp_path)
    assert "Map of 1 picture'" in page
    assert "Not on the map: 1 picture without coordinates." in page
    assert "Map of" not in _page([_row(tmp_path, 2)], tmp_path)
    assert "Not on the map" not in _page([located], tmp_path)


@every_case("frame", [pd.DataFrame({"a": [1]}), None])
def test_gallery_takes_what_download_returned(frame: Any) -> None:
    with pytest.raises(pnb.ArgumentError, match="that download returned"):
        pnb.gallery(frame)
    with pytest.raises(pnb.ArgumentError, match="names is"):
        pnb.gallery(pd.DataFrame(columns=["path", "status", "kind", "record_id"]), names="no")  # type: ignore[arg-type]


def test_days_of_few_pictures_stand_side_by_side(tmp_path: Path) -> None:
    day = pd.Timestamp("2026-03-02T09:00Z")
    page = _page([_row(tmp_path, 1), _row(tmp_path, 2, created_at=day)], tmp_path)
    assert page.count("<div class='days'>") == 1
    assert ".procore-gallery .days,.procore-gallery .sheet{display:flex;flex-wrap:wrap" in page
    assert findall(r"<div><h3>(.*?)</h3>", page) == ["2026-03-02", "2026-03-01"]
