from __future__ import annotations

import errno
import json
import logging
import os
import shutil
import signal
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pytest
from another_procore import AnotherProcore, Said

import procore_nb as pnb
from files.file_host import Procore, Served
from procore_nb.atomic_write import one_writer
from procore_nb.files.download import PARTS
from procore_nb.files.download_folder import DownloadManifest, FileEntry, PartFile
from procore_nb.files.find_files import FileRecord

MANIFEST = "manifest.jsonl"
Patient = Callable[..., pnb.Procore]


def _tree(folder: Path) -> dict[str, bytes]:
    return {
        one.relative_to(folder).as_posix(): one.read_bytes()
        for one in sorted(folder.rglob("*"))
        if one.is_file()
    }


def _files_of(folder: Path) -> dict[str, bytes]:
    return {name: body for name, body in _tree(folder).items() if not name.startswith((MANIFEST, PARTS))}


def _manifest(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / MANIFEST).read_text(encoding="utf-8").splitlines()]


def test_files_are_saved_under_names_that_people_can_read(
    host: Procore, procore: pnb.Procore, tmp_path: Path
) -> None:
    host.photo(1, b"one" * 100)
    host.photo(2, b"two" * 100)
    files = procore.files("images", 7)
    done = procore.download(files, tmp_path / "photos")
    assert done["status"].tolist() == ["saved", "saved"]
    assert done["bytes"].tolist() == [300, 300]
    assert done["reason"].isna().all()
    assert done["sha256"][0] == sha256(b"one" * 100).hexdigest()
    first = tmp_path / "photos" / "Lenox Avenue" / "images" / "IMG_1.jpg"
    assert done["path"][0] == str(first)
    assert first.read_bytes() == b"one" * 100
    assert sorted(one.name for one in (tmp_path / "photos").iterdir()) == ["Lenox Avenue", MANIFEST]
    assert list(files.columns) == list(done.columns)[:-5]


def test_the_manifest_tells_the_record_of_each_file(
    host: Procore, procore: pnb.Procore, tmp_path: Path
) -> None:
    host.photo(2, b"two")
    host.photo(1, b"one")
    procore.download(procore.files("images", 7), tmp_path)
    rows = _manifest(tmp_path)
    assert [one["path"] for one in rows] == ["Lenox Avenue/images/IMG_1.jpg", "Lenox Avenue/images/IMG_2.jpg"]
    assert (rows[0]["list"], rows[0]["record_id"], rows[0]["project_id"], rows[0]["bytes"]) == (
        "images",
        1,
        7,
        3,
    )
    assert rows[0]["sha256"] == sha256(b"one").hexdigest()
    text = (tmp_path / MANIFEST).read_text(encoding="utf-8")
    assert "s3cret" not in text


def test_the_store_gets_no_token_no_cookie_and_no_company(
    host: Procore, procore: pnb.Procore, tmp_path: Path
) -> None:
    host.photo(1, b"one")
    host.photo(2, b"two")
    procore.download(procore.files("images", 7), tmp_path, workers=1)
    assert len(host.store.came) == 2
    for _, headers in host.store.came:
        assert not {"authorization", "cookie", "procore-company-id"} & headers.keys()


def test_what_is_there_is_not_fetched_again(host: Procore, procore: pnb.Procore, tmp_path: Path) -> None:
    host.photo(1, b"one")
    files = procore.files("images", 7)
    first = procore.download(files, tmp_path)
    before, came = _tree(tmp_path), len(host.store.came)
    done = procore.download(files, tmp_path)
    assert done["status"].tolist() == ["present"]
    assert done[["path", "bytes", "sha256"]].equals(first[["path", "bytes", "sha256"]])
    assert len(host.store.came) == came
    assert _tree(tmp_path) == before


def test_overwrite_fetches_again_under_the_same_name(
    host: Procore, procore: pnb.Procore, tmp_path: Path
) -> None:
    host.photo(1, b"one")
    files = procore.files("images", 7)
    procore.download(files, tmp_path)
    host.store.files["/1"].body = b"new"
    assert procore.download(files, tmp_path, overwrite=True)["status"].tolist() == ["saved"]
    assert _files_of(tmp_path) == {"Lenox Avenue/images/IMG_1.jpg": b"new"}


def test_a_broken_body_is_resumed_where_the_store_offers_it(
    host: Procore, patient: Patient, tmp_path: Path
) -> None:
    body = bytes(range(256)) * 40
    host.photo(1, body, cut_after=[5000, 3000])
    procore = patient()
    assert procore.download(procore.files("images", 7), tmp_path)["status"].tolist() == ["saved"]
    assert host.store.ranges("/1") == [None, "bytes=5000-", "bytes=8000-"]
    assert host.store.came[1][1]["if-range"] == '"one"'
    assert _files_of(tmp_path) == {"Lenox Avenue/images/IMG_1.jpg": body}


def test_retries_are_counted_anew_while_more_of_the_file_comes(
    host: Procore, patient: Patient, tmp_path: Path
) -> None:
    host.photo(1, b"abc" * 1000, cut_after=[500, 1000, 1500, 2000], ranges=False)
    procore = patient(retries=1)
    assert procore.download(procore.files("images", 7), tmp_path)["status"].tolist() == ["saved"]


def test_a_broken_body_begins_again_where_it_does_not(
    host: Procore, patient: Patient, tmp_path: Path
) -> None:
    host.photo(1, b"abc" * 1000, cut_after=[500], ranges=False)
    procore = patient()
    procore.download(procore.files("images", 7), tmp_path)
    assert host.store.ranges("/1") == [None, None]
    assert _files_of(tmp_path) == {"Lenox Avenue/images/IMG_1.jpg": b"abc" * 1000}


def test_a_file_that_changed_meanwhile_is_not_mixed(host: Procore, patient: Patient, tmp_path: Path) -> None:
    host.photo(1, b"old" * 1000, cut_after=[500])
    requests: list[str] = []

    def change(path: str) -> None:
        requests.append(path)
        if len(requests) == 2:
            host.store.files["/1"] = Served(b"new" * 900, etag='"two"')

    host.store.hook = change
    procore = patient()
    procore.download(procore.files("images", 7), tmp_path)
    assert _files_of(tmp_path) == {"Lenox Avenue/images/IMG_1.jpg": b"new" * 900}


class _Half(NamedTuple):
    files: pd.DataFrame
    body: bytes


@pytest.fixture
def half(host: Procore, patient: Patient, tmp_path: Path) -> _Half:
    """A download that broke after 5,000 bytes and gave up."""
    body = bytes(range(256)) * 40
    host.photo(1, body, cut_after=[5000])
    procore = patient(retries=0)
    files = procore.files("images", 7)
    with pytest.warns(pnb.ProcoreWarning, match="1 of 1 file did not come"):
        done = procore.download(files, tmp_path)
    assert done["status"].tolist() == ["failed"]
    assert not _files_of(tmp_path)
    return _Half(files, body)


def test_a_later_call_goes_on_with_a_half_file(
    half: _Half, host: Procore, procore: pnb.Procore, tmp_path: Path
) -> None:
    assert procore.download(half.files, tmp_path)["status"].tolist() == ["saved"]
    assert host.store.ranges("/1") == [None, "bytes=5000-"]
    assert _files_of(tmp_path) == {"Lenox Avenue/images/IMG_1.jpg": half.body}
    assert not (tmp_path / PARTS).exists()


def test_a_half_file_whose_bytes_were_lost_begins_again(
    half: _Half, host: Procore, procore: pnb.Procore, tmp_path: Path
) -> None:
    part = next((tmp_path / PARTS).glob("*.part"))
    part.write_bytes(b"\0" * 5000)
    procore.download(half.files, tmp_path)
    assert host.store.ranges("/1") == [None, None]
    assert _files_of(tmp_path) == {"Lenox Avenue/images/IMG_1.jpg": half.body}


@pytest.mark.parametrize(
    "said", ["bytes 1-2/3", "bytes 5001-10239/10240", "bytes 5000-6000/10240", "5000-", ""]
)
def test_a_rest_that_is_another_part_is_not_taken(
    half: _Half, host: Procore, patient: Patient, tmp_path: Path, said: str
) -> None:
    host.store.files["/1"].odd_ranges = [said]
    assert patient().download(half.files, tmp_path)["status"].tolist() == ["saved"]
    assert host.store.ranges("/1") == [None, "bytes=5000-", None]
    assert _files_of(tmp_path) == {"Lenox Avenue/images/IMG_1.jpg": half.body}


def test_a_shorter_file_than_the_half_begins_again(
    half: _Half, host: Procore, patient: Patient, tmp_path: Path
) -> None:
    host.store.files["/1"].body = b"short"
    assert patient().download(half.files, tmp_path)["bytes"].tolist() == [5]


def test_an_address_that_expired_is_read_again_once_for_its_record(
    host: Procore, procore: pnb.Procore, tmp_path: Path
) -> None:
    for number in (1, 2):
        host.photo(number, b"one")
    files = procore.files("images", 7)
    host.generation = 2
    assert procore.download(files, tmp_path)["status"].tolist() == ["saved", "saved"]
    assert host.records_read == 2


def test_an_address_that_expired_at_the_store_is_read_again_too(
    host: Procore, procore: pnb.Procore, tmp_path: Path
) -> None:
    host.photo(1, b"one", status=[403])
    assert procore.download(procore.files("images", 7), tmp_path)["status"].tolist() == ["saved"]
    assert host.records_read == 1


def test_a_file_without_permission_is_named_with_what_procore_said(
    host: Procore, procore: pnb.Procore, tmp_path: Path
) -> None:
    host.photo(1, b"one")
    host.photo(2, b"two")
    host.forbidden = {"2"}
    with pytest.warns(pnb.ProcoreWarning, match="1 of 2 files did not come") as seen:
        done = procore.download(procore.files("images", 7), tmp_path)
    assert len(seen) == 1
    assert done["status"].tolist() == ["saved", "failed"]
    assert "403: You do not have permission" in done["reason"][1]
    assert "s3cret" not in done["reason"][1]
    assert host.records_read == 1
    assert list(_files_of(tmp_path)) == ["Lenox Avenue/images/IMG_1.jpg"]


def test_a_record_that_cannot_be_read_again_leaves_what_the_host_of_the_file_said(
    host: Procore, procore: pnb.Procore, tmp_path: Path
) -> None:
    host.photo(1, b"one")
    files = procore.files("images", 7)
    host.generation = -1
    with pytest.warns(pnb.ProcoreWarning, match="403: Request has expired"):
        procore.download(files, tmp_path)
    assert host.records_read == 1


@pytest.mark.parametrize(
    "served", [{"content_type": "text/html; charset=utf-8"}, {"content_type": "image/jpeg"}]
)
def test_a_login_page_is_no_photo(
    host: Procore, procore: pnb.Procore, tmp_path: Path, served: dict[str, str]
) -> None:
    host.photo(1, b"<!DOCTYPE html><title>Log in</title>", **served)
    with pytest.warns(pnb.ProcoreWarning, match=r"web page \(HTML\)"):
        done = procore.download(procore.files("images", 7), tmp_path)
    assert done["status"].tolist() == ["failed"]
    assert not _files_of(tmp_path)


def test_a_web_page_that_was_attached_is_a_file(host: Procore, procore: pnb.Procore, tmp_path: Path) -> None:
    host.photo(1, b"<html>report</html>", name="report.html", content_type="text/html")
    assert procore.download(procore.files("images", 7), tmp_path)["status"].tolist() == ["saved"]


def test_files_larger_than_max_bytes_are_skipped(host: Procore, procore: pnb.Procore, tmp_path: Path) -> None:
    host.photo(1, b"x" * 2000)
    host.photo(2, b"", endless=True)
    host.photo(3, b"x" * 1000)
    with pytest.warns(pnb.ProcoreWarning, match="2 of 3 files did not come"):
        done = procore.download(procore.files("images", 7), tmp_path, max_bytes=1000)
    assert done["status"].tolist() == ["skipped", "skipped", "saved"]
    assert done["reason"].str.contains("more than max_bytes", na=False).tolist() == [True, True, False]
    assert not (tmp_path / PARTS).exists()


def test_a_body_that_never_ends_is_given_up(host: Procore, patient: Patient, tmp_path: Path) -> None:
    host.photo(1, b"", endless=True)
    procore = patient(max_response_bytes=1_000_000)
    with pytest.warns(pnb.ProcoreWarning, match="without an end"):
        done = procore.download(procore.files("images", 7), tmp_path)
    assert done["status"].tolist() == ["failed"]


def test_a_file_has_one_time_in_all(host: Procore, patient: Patient, tmp_path: Path) -> None:
    host.photo(1, b"one", pause=0.5)
    procore = patient()
    with pytest.warns(pnb.ProcoreWarning, match="whole response within 0.2 seconds"):
        procore.download(procore.files("images", 7), tmp_path, file_timeout_seconds=0.2)


def test_a_disk_without_room_is_said_before_anything_is_sent(
    host: Procore, procore: pnb.Procore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.photo(1, b"one")
    files = procore.files("images", 7)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(10**9, 10**9, 1000))  # type: ignore[attr-defined]
    with pytest.raises(pnb.OutputError, match=r"has 1\.0 kB of room"):
        procore.download(files, tmp_path)
    assert not host.store.came


def test_a_disk_that_fills_up_ends_all_further_files(
    host: Procore, procore: pnb.Procore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(1, 9):
        host.photo(number, b"one")
    files = procore.files("images", 7)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(PartFile, "write", full)
    with pytest.warns(pnb.ProcoreWarning, match="disk is full"):
        done = procore.download(files, tmp_path, workers=1)
    assert set(done["status"]) == {"failed"}
    assert set(done["reason"]) == {"The disk is full."}
    assert len(host.store.came) == 1
    assert not _files_of(tmp_path)


def test_a_disk_is_looked_at_before_each_file(
    host: Procore, procore: pnb.Procore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.photo(1, b"x" * 5000).pop("size")
    free = [10**9, (64 << 20) + 100]
    monkeypatch.setattr(
        shutil,
        "disk_usage",
        lambda folder: shutil._ntuple_diskusage(1, 1, free.pop(0) if len(free) > 1 else free[0]),  # type: ignore[attr-defined]
    )
    with pytest.warns(pnb.ProcoreWarning, match=r"It has 5\.0 kB, and the disk has"):
        procore.download(procore.files("images", 7), tmp_path)


def test_a_disk_that_others_fill_meanwhile_ends_all_further_files(
    host: Procore, procore: pnb.Procore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(1, 5):
        host.photo(number, b"one")
    free = [10**9, 1000]
    monkeypatch.setattr(
        shutil,
        "disk_usage",
        lambda folder: shutil._ntuple_diskusage(1, 1, free.pop(0) if len(free) > 1 else free[0]),  # type: ignore[attr-defined]
    )
    with pytest.warns(pnb.ProcoreWarning, match="disk is full"):
        done = procore.download(procore.files("images", 7), tmp_path, workers=1)
    assert set(done["reason"]) == {"The disk is full."}
    assert len(host.store.came) == 1


def test_a_folder_that_cannot_be_written_is_said_before_anything_is_sent(
    host: Procore, procore: pnb.Procore, tmp_path: Path
) -> None:
    host.photo(1, b"one")
    files = procore.files("images", 7)
    (tmp_path / "file").write_text("x")
    with pytest.raises(pnb.OutputError, match="cannot be written"):
        procore.download(files, tmp_path / "file" / "folder")
    assert not host.store.came


HOSTILE = [
    "../../evil.txt", "/etc/passwd", "C:\\evil.txt", "..", "\0", "", "a\nb\u202e.pdf", "CON.pdf", "x" * 300 + ".pdf", "ü" * 300,
    "manifest.jsonl", "a.pdf. ", "A.PDF", "=HYPERLINK(1).pdf", "<img onerror=1>.pdf",
]  # fmt: skip


def test_no_name_leads_out_of_the_folder(host: Procore, procore: pnb.Procore, tmp_path: Path) -> None:
    for number, name in enumerate(HOSTILE):
        host.photo(
            number,
            b"body %d" % number,
            name=name,
            headers={"Content-Disposition": 'attachment; filename="../../x"'},
        )
    folder = tmp_path / "a" / "b"
    done = procore.download(procore.files("images", 7), folder)
    assert set(done["status"]) == {"saved"}
    assert sorted(_files_of(folder).values()) == sorted(b"body %d" % number for number in range(len(HOSTILE)))
    assert [one.name for one in (tmp_path / "a").iterdir()] == ["b"]
    assert set(_tree(folder)) - set(_files_of(folder)) == {MANIFEST}


def test_an_address_on_another_host_is_refused(host: Procore, procore: pnb.Procore, tmp_path: Path) -> None:
    host.photo(1, b"one")["url"] = f"{host.store.url}/1"
    host.photo(2, b"two")["url"] = "https://files.elsewhere.invalid/x"
    files = procore.files("images", 7)
    with pytest.warns(pnb.ProcoreWarning, match="2 of 2 files did not come"):
        done = procore.download(files, tmp_path)
    assert done["status"].tolist() == ["failed", "failed"]
    assert 'allow_hosts=["files.elsewhere.invalid"]' in done["reason"][1]
    assert not host.store.came


def test_an_allowed_host_is_fetched_from_without_token(
    host: Procore, procore: pnb.Procore, tmp_path: Path
) -> None:
    host.photo(1, b"one")["url"] = f"{host.store.url}/1"
    done = procore.download(
        procore.files("images", 7), tmp_path, allow_hosts=host.store.url.removeprefix("http://")
    )
    assert done["status"].tolist() == ["saved"]
    assert "authorization" not in host.store.came[0][1]


@pytest.mark.parametrize(
    "location", ["https://10.0.0.1/x", "http://elsewhere.invalid/x", "https://[::ffff:10.0.0.1]/"]
)
def test_a_redirect_to_a_private_or_open_address_is_refused(
    host: Procore, procore: pnb.Procore, tmp_path: Path, location: str
) -> None:
    host.photo(1, b"one")
    host.redirect_to = {"1": location}
    with pytest.warns(pnb.ProcoreWarning, match="nothing was sent there"):
        procore.download(procore.files("images", 7), tmp_path)


def test_redirects_without_end_are_given_up(host: Procore, procore: pnb.Procore, tmp_path: Path) -> None:
    host.photo(1, b"one")
    host.redirect_to = {"1": "/files/1/1"}
    with pytest.warns(pnb.ProcoreWarning, match="redirects again and again"):
        procore.download(procore.files("images", 7), tmp_path)


def test_no_more_files_are_under_way_than_workers(
    host: Procore, procore: pnb.Procore, tmp_path: Path
) -> None:
    for number in range(1, 13):
        host.photo(number, b"one", pause=0.02)
    procore.download(procore.files("images", 7), tmp_path, workers=3)
    assert 1 < host.store.most_at_once <= 3


def test_files_of_the_api_host_count_towards_its_limit_and_those_of_the_store_do_not(
    host: Procore, procore: pnb.Procore, tmp_path: Path
) -> None:
    host.photo(1, b"one")
    files = procore.files("images", 7).assign(project_name="Here")
    before = procore.session.shared.rate_limiter.requests
    procore.download(files, tmp_path)
    assert procore.session.shared.rate_limiter.requests == before + 1


def test_a_refused_token_is_renewed_once(
    host: Procore, server: AnotherProcore, procore: pnb.Procore, tmp_path: Path
) -> None:
    host.photo(1, b"one")
    files = procore.files("images", 7).assign(project_name="Here")
    server.revoke_all()
    assert procore.download(files, tmp_path)["status"].tolist() == ["saved"]
    assert len(server.tokens) == 2


def test_a_store_in_trouble_is_tried_again_and_then_given_up(
    host: Procore, patient: Patient, tmp_path: Path
) -> None:
    host.photo(1, b"one", status=[503, 503])
    host.photo(2, b"two", status=[503] * 9)
    procore = patient(retries=3)
    with pytest.warns(pnb.ProcoreWarning, match="answered 503"):
        done = procore.download(procore.files("images", 7), tmp_path)
    assert done["status"].tolist() == ["saved", "failed"]
    assert len(host.store.ranges("/2")) == 4


def test_a_file_that_procore_calls_unavailable_is_failed_with_its_reason(
    host: Procore, procore: pnb.Procore, tmp_path: Path
) -> None:
    host.photo(1, b"one")
    files = procore.files("images", 7)
    files["address"] = pd.Series([None], dtype="string")
    with pytest.warns(pnb.ProcoreWarning, match="file_unavailable"):
        assert procore.download(files, tmp_path)["status"].tolist() == ["failed"]


def test_kinds_that_were_not_asked_for_are_skipped_without_a_warning(
    host: Procore, procore: pnb.Procore, tmp_path: Path
) -> None:
    host.photo(1, b"one")["thumbnail_url"] = f"{host.url}/files/1/1?thumbnail"
    files = procore.files("images", 7)
    done = procore.download(files, tmp_path, kind="photo").set_index("kind")
    assert done["status"].to_dict() == {"photo": "saved", "thumbnail": "skipped"}
    assert done["reason"]["thumbnail"] == "Its kind is thumbnail."


def test_stopping_keeps_what_is_whole_and_a_second_call_goes_on(
    host: Procore, procore: pnb.Procore, tmp_path: Path
) -> None:
    for number in range(1, 7):
        host.photo(number, b"body %d" % number)

    def stop(path: str) -> None:
        if path == "/4":
            os.kill(os.getpid(), signal.SIGINT)

    host.store.hook = stop
    files = procore.files("images", 7)
    with pytest.raises(pnb.IncompleteError, match="was stopped") as stopped:
        procore.download(files, tmp_path, workers=1)
    assert isinstance(stopped.value.__cause__, KeyboardInterrupt)
    partial = stopped.value.partial
    assert isinstance(partial, pd.DataFrame)
    assert partial["status"].tolist()[:3] == ["saved"] * 3
    assert partial["status"].tolist()[5] == "failed"
    host.store.hook = lambda path: None
    done = procore.download(files, tmp_path)
    assert done["status"].tolist()[:3] == ["present"] * 3
    assert set(done["status"]) == {"present", "saved"}
    assert len(_files_of(tmp_path)) == 6


def test_a_refused_login_ends_the_download(
    host: Procore, server: AnotherProcore, procore: pnb.Procore, tmp_path: Path
) -> None:
    host.photo(1, b"one")
    host.photo(2, b"two")
    files = procore.files("images", 7).assign(project_name="Here")
    server.revoke_all()
    server.login = lambda asked: Said(401, {"error": "invalid_client"})  # type: ignore[method-assign]
    with pytest.raises(pnb.CredentialsError) as refused:
        procore.download(files, tmp_path)
    assert isinstance(refused.value.partial, pd.DataFrame)
    assert set(refused.value.partial["status"]) == {"failed"}


def test_files_that_are_not_of_a_download_are_not_replaced(
    host: Procore, procore: pnb.Procore, tmp_path: Path
) -> None:
    place = tmp_path / "Lenox Avenue" / "images"
    place.mkdir(parents=True)
    (place / "IMG_1.jpg").write_bytes(b"mine")
    (place / "IMG_2.jpg").write_bytes(b"two")
    host.photo(1, b"one")
    host.photo(2, b"two")
    procore.download(procore.files("images", 7), tmp_path, overwrite=True)
    assert _files_of(tmp_path) == {
        "Lenox Avenue/images/IMG_1 (2).jpg": b"one",
        "Lenox Avenue/images/IMG_1.jpg": b"mine",
        "Lenox Avenue/images/IMG_2.jpg": b"two",
    }


def test_a_file_that_somebody_changed_is_kept_beside_the_new_one(
    host: Procore, procore: pnb.Procore, tmp_path: Path
) -> None:
    host.photo(1, b"one")
    files = procore.files("images", 7)
    place = Path(procore.download(files, tmp_path)["path"][0])
    place.write_bytes(b"with my notes")
    assert procore.download(files, tmp_path)["path"][0].endswith("IMG_1 (2).jpg")
    assert place.read_bytes() == b"with my notes"
    assert procore.download(files, tmp_path)["status"].tolist() == ["present"]


def test_a_file_whose_writer_was_killed_before_its_name_gets_it_without_a_request(
    host: Procore, procore: pnb.Procore, tmp_path: Path
) -> None:
    host.photo(1, b"one")
    files = procore.files("images", 7)
    place = Path(procore.download(files, tmp_path)["path"][0])
    (tmp_path / PARTS).mkdir()
    place.rename(tmp_path / PARTS / f"{_manifest(tmp_path)[0]['identity']}.part")
    came = len(host.store.came)
    assert procore.download(files, tmp_path)["status"].tolist() == ["saved"]
    assert len(host.store.came) == came
    assert place.read_bytes() == b"one"


def test_a_part_that_lacks_its_last_bytes_is_not_whole(
    half: _Half, host: Procore, patient: Patient, tmp_path: Path
) -> None:
    host.store.files["/1"].lacking = [5]
    assert patient().download(half.files, tmp_path)["status"].tolist() == ["saved"]
    assert host.store.ranges("/1") == [None, "bytes=5000-", f"bytes={len(half.body) - 5}-"]
    assert _files_of(tmp_path) == {"Lenox Avenue/images/IMG_1.jpg": half.body}


def test_a_process_killed_at_the_rename_leaves_no_state_behind(
    half: _Half, host: Procore, procore: pnb.Procore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def end(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", lambda self, target: end() if self.suffix == ".part" else None)
        with pytest.raises(Killed):
            procore.download(half.files, tmp_path)
    assert not list((tmp_path / PARTS).glob("*.json"))
    assert procore.download(half.files, tmp_path)["status"].tolist() == ["saved"]
    assert not (tmp_path / PARTS).exists()


def test_drafts_of_a_killed_process_are_cleared_away(
    half: _Half, host: Procore, procore: pnb.Procore, tmp_path: Path
) -> None:
    state = next((tmp_path / PARTS).glob("*.json"))
    state.with_suffix(".new").write_text("{")
    (tmp_path / f".{MANIFEST}.0badc0de.part").mkdir()
    procore.download(half.files, tmp_path)
    (tmp_path / f".{MANIFEST}.0badc0de.part").mkdir()
    procore.download(half.files, tmp_path)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["Lenox Avenue", MANIFEST]


def test_lines_of_a_manifest_that_lead_out_or_were_cut_off_are_ignored(
    host: Procore, procore: pnb.Procore, tmp_path: Path
) -> None:
    host.photo(1, b"one")
    files = procore.files("images", 7)
    folder = tmp_path / "folder"
    procore.download(files, folder)
    row = _manifest(folder)[0]
    evil = row | {"path": "../evil.jpg", "sha256": sha256(b"evil").hexdigest(), "bytes": 4}
    (tmp_path / "evil.jpg").write_bytes(b"evil")
    (folder / MANIFEST).write_text(
        json.dumps(evil) + "\n[]\n{}\nnull\n" + json.dumps(row)[:40], encoding="utf-8"
    )
    done = procore.download(files, folder)
    assert done["path"][0] == str(folder / "Lenox Avenue/images/IMG_1.jpg")
    assert [one["path"] for one in _manifest(folder)] == ["Lenox Avenue/images/IMG_1.jpg"]


def test_a_link_in_the_folder_does_not_lead_out_of_it(
    host: Procore, procore: pnb.Procore, tmp_path: Path
) -> None:
    host.photo(1, b"one")
    (tmp_path / "outside").mkdir()
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "Lenox Avenue").symlink_to(tmp_path / "outside")
    with pytest.warns(pnb.ProcoreWarning, match="a link leads out of the folder"):
        procore.download(procore.files("images", 7), tmp_path / "folder")
    assert not list((tmp_path / "outside").iterdir())


def test_hidden_names_are_nowhere_in_the_folder(host: Procore, procore: pnb.Procore, tmp_path: Path) -> None:
    host.photo(1, b"one", name="Jane Doe.jpg")
    done = procore.download(procore.files("images", 7), tmp_path, names="hide")
    assert done["status"].tolist() == ["saved"]
    assert not any("Jane" in name or "Lenox" in name for name in _tree(tmp_path))
    text = (tmp_path / MANIFEST).read_text(encoding="utf-8")
    assert "Jane" not in text
    assert "Lenox" not in text
    assert procore.download(procore.files("images", 7), tmp_path, names="hide")["status"].tolist() == [
        "present"
    ]


def test_files_of_another_environment_are_refused(
    host: Procore, procore: pnb.Procore, tmp_path: Path
) -> None:
    host.photo(1, b"one")
    files = procore.files("images", 7)
    files.attrs["procore"]["environment"] = "production"
    with pytest.raises(pnb.ArgumentError, match="of production, and this connection is to another"):
        procore.download(files, tmp_path)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"names": "no"}, "names is"),
        ({"workers": 0}, "workers"),
        ({"max_bytes": -1}, "max_bytes"),
        ({"allow_hosts": ["https://a.example/"]}, "allow_hosts"),
    ],
)
def test_arguments_are_checked(
    host: Procore, procore: pnb.Procore, tmp_path: Path, arguments: Any, words: str
) -> None:
    host.photo(1, b"one")
    with pytest.raises(pnb.ArgumentError, match=words):
        procore.download(procore.files("images", 7), tmp_path, **arguments)


def test_download_takes_a_frame_of_files(procore: pnb.Procore, tmp_path: Path) -> None:
    with pytest.raises(pnb.ArgumentError, match="a frame of files"):
        procore.download(pd.DataFrame({"url": ["https://a"]}), tmp_path)


def test_two_downloads_do_not_write_one_folder(host: Procore, procore: pnb.Procore, tmp_path: Path) -> None:
    host.photo(1, b"one")
    (tmp_path / PARTS).mkdir()
    with one_writer(tmp_path / PARTS), pytest.raises(pnb.OutputError, match="another download"):
        procore.download(procore.files("images", 7), tmp_path)


def test_a_size_other_than_in_the_record_is_noted(
    host: Procore, procore: pnb.Procore, tmp_path: Path
) -> None:
    host.photo(1, b"one")["size"] = 99
    done = procore.download(procore.files("images", 7), tmp_path)
    assert done[["status", "reason"]].values.tolist() == [["saved", "The record says 99 bytes."]]


def test_signatures_of_addresses_are_in_no_log(
    host: Procore, procore: pnb.Procore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    host.photo(1, b"one")
    files = procore.files("images", 7)
    caplog.set_level(logging.DEBUG)
    procore.download(files, tmp_path)
    assert "/files/1/1" in caplog.text
    assert "s3cret" not in caplog.text


def test_the_callers_frame_is_not_changed(host: Procore, procore: pnb.Procore, tmp_path: Path) -> None:
    host.photo(1, b"one")
    files = procore.files("images", 7)
    before = files.copy()
    procore.download(files, tmp_path)
    pd.testing.assert_frame_equal(files, before)


def test_an_empty_frame_downloads_nothing(procore: pnb.Procore, tmp_path: Path) -> None:
    done = procore.download(procore.files("images", 7), tmp_path / "none")
    assert done.empty
    assert "status" in done.columns


def test_a_part_that_is_shorter_than_was_written_down_is_begun_again_and_not_filled_up(
    tmp_path: Path,
) -> None:
    part = tmp_path / "a.part"
    part.write_bytes(b"abc")
    state = {"size": 10, "sha256": sha256(b"abc").hexdigest(), "total": None, "validator": '"one"'}
    (tmp_path / "a.json").write_text(json.dumps(state))
    with PartFile(part) as resumed:
        resumed.resume()
        assert (resumed.size, resumed.headers()) == (0, {})
    assert part.read_bytes() == b"abc"


def test_a_line_that_a_crash_cut_off_does_not_swallow_the_next_one(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_bytes(b'{"path": "a.jp')
    DownloadManifest(tmp_path, hide=False).add(FileEntry("1", "b.jpg", FileRecord(name="b.jpg"), 3, "00"))
    assert list(DownloadManifest(tmp_path, hide=False).entries) == ["1"]


def test_a_line_that_a_full_disk_cut_off_does_not_spoil_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = DownloadManifest(tmp_path, hide=False)
    cut, whole = (
        FileEntry(name, f"{name}.jpg", FileRecord(list="images"), 1, "0" * 64) for name in ("a", "b")
    )
    real = Path.open

    def full(path: Path, mode: str = "r") -> Any:
        file = real(path, mode)
        file.write(b'{"path": "a.j')
        file.close()
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "open", full)
        with pytest.raises(OSError, match="No space"):
            manifest.add(cut)
    manifest.add(whole)
    assert list(DownloadManifest(tmp_path, hide=False).entries) == ["b"]
