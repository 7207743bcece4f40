"""The interactive map in Python: what is packed, what is promised, what is refused."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from procore_nb.errors import ArgumentError, MissingExtraError, OutputError, ProcoreWarning
from procore_nb.maps import interactive, map_projects
from procore_nb.maps.basemap import choose_tiles
from procore_nb.maps.payload import text_of

from .frames import projects


def header_of(made: Any) -> dict[str, Any]:
    raw = gzip.decompress(made._points)
    return json.loads(raw[4 : 4 + int.from_bytes(raw[:4], "little")])


def column(header: dict[str, Any], title: str) -> dict[str, Any]:
    return next(c for c in header["columns"] if c["title"] == title)


def test_only_the_columns_asked_for_are_packed() -> None:
    header = header_of(map_projects(projects(5), tooltip=["name"], popup=["city"]))

    assert [c["title"] for c in header["columns"]] == ["Name", "City"]


def test_the_usual_popup_shows_what_a_project_has() -> None:
    titles = [c["title"] for c in header_of(map_projects(projects(5)))["columns"]]

    assert {"Name", "Stage", "Number", "Type", "City", "Total value"} <= set(titles)
    assert "Latitude" not in titles


def test_ids_beyond_two_to_the_53_keep_every_digit_in_links() -> None:
    frame = projects(3)
    frame["id"] = pd.array([2**53 + 1, 5, None], dtype="Int64")
    frame.attrs["procore"] = {"web_url": "https://app.procore.com/", "endpoint": "projects"}
    header = header_of(map_projects(frame))

    assert column(header, "Id")["values"] == ["9007199254740993", "5", ""]
    assert header["link"]["address"] == "https://app.procore.com/{id}/project/home"


@pytest.mark.parametrize(
    "web_url", ["http://app.procore.com", "javascript:alert(1)", "https://", "", None, 7]
)
def test_only_https_addresses_become_links(web_url: Any) -> None:
    frame = projects(3)
    frame.attrs["procore"] = {"web_url": web_url}

    assert header_of(map_projects(frame))["link"] is None


def test_rows_of_other_lists_link_to_their_project() -> None:
    frame = pd.DataFrame({"id": [1], "project_id": [77], "latitude": [43.1], "longitude": [-77.6]})
    frame.attrs["procore"] = {"web_url": "https://app.procore.com", "endpoint": "rfis"}
    header = header_of(map_projects(frame))

    assert header["columns"][header["link"]["column"]]["values"] == ["77"]


def test_chosen_rows_come_back_as_rows_of_the_callers_frame() -> None:
    frame = projects(5).set_index("project_number")
    frame.iloc[1, frame.columns.get_loc("latitude")] = np.nan
    made = map_projects(frame)
    changes = []
    made.observe(changes.append)
    made.widget.chosen = np.array([1, 3], dtype="<i4").tobytes()

    assert made.selected.index.tolist() == ["P-00002", "P-00004"]
    assert changes[0].new.index.tolist() == ["P-00002", "P-00004"]
    assert len(changes[0].old) == 0
    made.unobserve(changes.append)


def test_an_observer_that_was_taken_away_is_not_called() -> None:
    made = map_projects(projects(3))
    changes: list[Any] = []
    made.observe(changes.append)
    made.unobserve(changes.append)
    made.widget.chosen = np.array([1], dtype="<i4").tobytes()

    assert changes == []


@pytest.mark.parametrize("chosen", [b"\x01", b"\xff\xff\xff\xff", np.array([9999], dtype="<i4").tobytes()])
def test_what_the_browser_must_not_send_selects_nothing(chosen: bytes) -> None:
    made = map_projects(projects(3))
    made.widget.chosen = chosen

    assert len(made.selected) == 0
    assert list(made.selected.columns) == list(projects(3).columns)


def test_nothing_but_the_selection_can_be_observed() -> None:
    with pytest.raises(ArgumentError, match="cannot be observed"):
        map_projects(projects(3)).observe(print, names="zoom")


def test_the_rows_left_out_are_offered_with_their_verdicts() -> None:
    frame = projects(4)
    frame.loc[2, ["latitude", "longitude"]] = 0.0
    made = map_projects(frame)

    assert made.skipped["verdict"].tolist() == ["zero"]
    assert made.note == "3 of 4 on the map; not: 1 latitude and longitude are both zero"
    assert "3 of 4" in repr(made)


def test_a_notebook_gets_a_widget_and_words() -> None:
    bundle, _ = map_projects(projects(3))._repr_mimebundle_()

    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert bundle["text/plain"].startswith("<ProjectMap: 3 of 3")


def test_without_anywidget_the_page_is_shown_and_the_selection_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "anywidget", None)
    interactive._widget_class.cache_clear()
    made = map_projects(projects(3))

    assert made.save(tmp_path / "map.html").exists()
    shown = made._repr_mimebundle_()["text/html"]
    assert "<iframe sandbox=" in shown
    assert re.findall(r"[<>]", shown.partition('srcdoc="')[2].partition('"')[0]) == []
    assert re.findall(r"<(\w+)", shown) == ["iframe", "p"]  # the page is one attribute, whatever is in it
    with pytest.raises(MissingExtraError, match=r'pip install "procore-nb\[maps\]"'):
        _ = made.selected


def sha256_of(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def policy_of(text: str) -> dict[str, str]:
    """The content-security policy of a page, by directive."""
    (policy,) = re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]+)">', text)
    parts = [part.strip().partition(" ") for part in policy.split(";")]
    assert len({name for name, _, _ in parts}) == len(parts)
    return {name: value for name, _, value in parts}


@pytest.mark.parametrize(
    ("basemap", "images"),
    [
        ("auto", "'none'"),
        ("https://tiles.example.com/{z}/{x}/{y}.png", "https://tiles.example.com"),
        ("http://127.0.0.1:9/{z}/{x}/{y}.png", "http://127.0.0.1:9"),
    ],
)
def test_the_whole_policy_allows_the_pages_own_script_and_style_and_nothing_else(
    tmp_path: Path, basemap: str, images: str
) -> None:
    text = map_projects(projects(3), basemap=basemap).save(tmp_path / "m.html").read_text(encoding="utf-8")
    (script,) = re.findall(r'<script type="module">(.*?)</script>', text, re.DOTALL)
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)

    assert policy_of(text) == {
        "default-src": "'none'",
        "script-src": f"'{sha256_of(script)}'",
        "style-src": f"'{sha256_of(style)}'",
        "img-src": images,
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    # A policy only covers what follows it, so no script or style may stand before it.
    assert not re.search(r"<(script|style|link|img|base)\b", text[: text.index("Content-Security-Policy")])
    assert re.findall(r"<script type=\"([^\"]+)\"", text) == ["application/octet-stream"] * 2 + ["module"]
    assert re.findall(r"\s(?:src|href|on\w+)=\"", text) == []


def test_the_page_holds_no_text_of_rows_in_the_clear(tmp_path: Path) -> None:
    frame = projects(3)
    frame["name"] = "</script><script>alert(1)</script>"
    text = map_projects(frame).save(tmp_path / "m.html", title="<b>Maps</b>").read_text(encoding="utf-8")

    assert "alert(1)" not in text
    assert "<title>&lt;b&gt;Maps&lt;/b&gt;</title>" in text
    assert "<header><h1>&lt;b&gt;Maps&lt;/b&gt;</h1>" in text
    assert "<main>" in text


@pytest.mark.parametrize("odd", ["\ud83d", "a\udc80b", "\x00", "\x1b[31m", "\u2028"])
def test_text_that_no_encoding_holds_still_gives_a_page(tmp_path: Path, odd: str) -> None:
    frame = projects(3)
    frame["name"] = pd.Series([f"Site {odd}!", "b", "c"], dtype=object)
    frame.attrs["procore"] = {"environment": f"demo{odd}"}
    made = map_projects(frame)
    text = made.save(tmp_path / "m.html", title=f"Map {odd}!").read_bytes().decode("utf-8")

    (title,) = re.findall("<title>(.*)</title>", text)
    assert (title[:4], title[-1]) == ("Map ", "!")
    assert not re.search("[\x00-\x08\x0b-\x1f]", text)
    name = column(header_of(made), "Name")["values"][0]
    assert (name[:5], name[-1]) == ("Site ", "!")


def test_saving_replaces_a_file_whole_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    target = tmp_path / "m.html"
    target.write_text("old")
    map_projects(projects(3)).save(target)

    assert target.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert [path.name for path in tmp_path.iterdir()] == ["m.html"]


def test_a_folder_that_is_not_there_is_an_error_with_advice(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="Make the folder first"):
        map_projects(projects(3)).save(tmp_path / "no" / "m.html")


def test_a_page_of_a_thousand_projects_stays_below_two_and_a_half_megabytes(tmp_path: Path) -> None:
    assert map_projects(projects(1000)).save(tmp_path / "m.html").stat().st_size < 2.5e6


def test_points_travel_in_the_order_of_the_frame() -> None:
    frame = projects(4)
    made = map_projects(frame)
    raw, header = gzip.decompress(made._points), header_of(made)
    start = 4 + int.from_bytes(raw[:4], "little")
    lengths = {array["name"]: array["length"] for array in header["arrays"]}

    longitude = np.frombuffer(raw, "<f4", lengths["longitude"], start)
    assert longitude.tolist() == pytest.approx(frame["longitude"].tolist(), abs=1e-4)


def test_amounts_that_are_none_negative_or_text_have_no_size() -> None:
    frame = projects(4, spread=0.1)
    frame["amount"] = pd.Series([100, -5, None, "n/a"], dtype=object)
    made = map_projects(frame, size="amount")
    raw, header = gzip.decompress(made._points), header_of(made)
    at = 4 + int.from_bytes(raw[:4], "little") + 4 * 4 + 4 * 4 + 4

    assert [array["name"] for array in header["arrays"]][:4] == ["longitude", "latitude", "code", "size"]
    assert np.frombuffer(raw, "<f4", 4, at).tolist() == [1.0, 0.0, 0.0, 0.0]


@pytest.mark.parametrize("word", ["auto", "none"])
def test_no_host_is_asked_unless_one_is_chosen(word: str) -> None:
    assert choose_tiles(word) is None


@pytest.mark.parametrize("word", ["osm", "carto"])
def test_known_tiles_carry_their_credit(word: str) -> None:
    chosen = choose_tiles(word)
    assert chosen is not None
    assert "OpenStreetMap" in chosen.attribution
    assert chosen.origin.startswith("https://")


def test_unusable_tile_servers_are_refused() -> None:
    servers: list[Any] = [
        "google", "http://tiles.example.com/{z}/{x}/{y}.png", "https://tiles.example.com/{z}/{x}.png",
        "https://a.example.com; script-src *;/{z}/{x}/{y}", "javascript://x/{z}/{x}/{y}", "file:///{z}/{x}/{y}", 3,
    ]  # fmt: skip
    for basemap in servers:
        with pytest.raises(ArgumentError, match="basemap="):
            choose_tiles(basemap)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"color": "stge"}, "color='stge'"),
        ({"popup": ["nme"]}, r"popup='nme'.*name"),
        ({"tooltip": "citty"}, r"tooltip='citty'.*city"),
        ({"size": "valu"}, r"size='valu'.*value"),
        ({"cluster": "maybe"}, "cluster="),
        ({"height": 3}, "height="),
        ({"fix": "all"}, "fix="),
        ({"color": 5}, "color must be the name"),
    ],
)
def test_bad_arguments_are_refused_with_near_matches(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        map_projects(projects(3), **options)


def test_the_callers_frame_is_not_changed() -> None:
    frame = projects(5)
    copy = frame.copy(deep=True)
    map_projects(frame, size="value")

    pd.testing.assert_frame_equal(frame, copy)


def test_values_are_written_as_people_write_them() -> None:
    cases = [
        (None, ""), (float("nan"), ""), (True, "yes"), (1234567, "1,234,567"), (Decimal("18450000.0"), "18,450,000.0"),
        (pd.Timestamp("2026-03-01"), "2026-03-01"), (pd.Timestamp("2026-03-01 10:00", tz="UTC"), "2026-03-01 10:00 UTC"),
        ([1, "a"], "1, a"), (2.5, "2.5"), (1e6, "1,000,000"), (2_500_000.5, "2,500,000.5"), (Decimal("NaN"), ""), ("<b>", "<b>"),
    ]  # fmt: skip
    failures = [(value, text_of(value)) for value, text in cases if text_of(value) != text]
    assert not failures


@given(st.lists(st.text(), min_size=1, max_size=30))
@pytest.mark.slow
def test_any_text_travels_unchanged(names: list[str]) -> None:
    frame = pd.DataFrame({"name": names, "latitude": 43.1, "longitude": -77.6})
    header = header_of(map_projects(frame))

    written = [name.encode("utf-8", "replace").decode() for name in names]
    values = column(header, "Name")["values"]
    assert set(values) == set(written)


@pytest.mark.parametrize(("region", "west"), [("Texas", -106.6), ((170, -25, -170, -5), 170), (None, None)])
def test_the_region_is_what_is_shown_first(region: Any, west: float | None) -> None:
    view = header_of(map_projects(projects(5), region=region))["view"]

    assert (view and view[0]) == (west and pytest.approx(west, abs=0.1))


def test_rows_left_off_are_named_with_their_reason() -> None:
    frame = projects(700)
    frame.loc[:599, "latitude"] = None
    frame.loc[1, "name"] = None
    header = header_of(map_projects(frame))

    assert header["left_off"][0] == [frame["name"][0], "no coordinates"]
    assert header["left_off"][1] == ["(no name)", "no coordinates"]
    assert (len(header["left_off"]), header["left_off_count"]) == (500, 600)


def test_the_note_says_which_currencies_the_sizes_have() -> None:
    frame = projects(20, "lower48").assign(currency_code="USD")
    assert map_projects(frame, size="value").note.endswith("areas show total value, USD")

    frame["currency_code"] = ["USD", "CAD"] * 10
    with pytest.warns(ProcoreWarning, match="2 currencies"):
        made = map_projects(frame, size="value")
    assert "2 currencies (CAD, USD) are on one scale" in header_of(made)["note"]
