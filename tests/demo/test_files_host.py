"""Files of the demo: where they stand in records, what is in them, and the host that plays the cloud storage."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pypdf
import pytest
import requests
from PIL import Image

from procore_nb.demo import COMPANY_ID, Demo, DemoAdapter, DemoServer, Faults, read_faults, serve
from procore_nb.demo.file_bodies import body_of
from procore_nb.demo.stored_files import StoredFile

from .conftest import FORM, Clock
from .reading import READER

API = "https://api.procore-demo.invalid"
STORAGE = "https://storage.procore-demo.invalid"
ODD = "/rest/v1.1/projects/1204347/submittals?per_page=20"


class Analyst:
    """Somebody with plain requests, whose token goes along wherever a redirect leads on the same host."""

    def __init__(self, demo: Demo, url: str = API, session: requests.Session | None = None) -> None:
        self.demo, self.url, self.session = demo, url, session or requests.Session()
        if url == API:
            for scheme in ("https://", "http://"):
                self.session.mount(scheme, DemoAdapter(demo, sleep=lambda _seconds: None))
        token = self.session.post(f"{url}/oauth/token", data=FORM).json()["access_token"]
        self.headers = {"Authorization": f"Bearer {token}", "Procore-Company-Id": str(COMPANY_ID)}

    def rows(self, path: str) -> Any:
        response = self.session.get(self.url + path, headers=self.headers)
        assert response.status_code == 200, response.text
        return response.json()

    def photo(self) -> dict[str, Any]:
        row: dict[str, Any] = self.rows("/rest/v1.0/images?project_id=1204384")[3]
        return row

    def signed(self, address: str) -> str:
        """Where the API host sends somebody who asks for a file."""
        response = self.session.get(address, headers=self.headers, allow_redirects=False)
        assert response.status_code == 302, response.text
        return response.headers["Location"]

    def bytes(self, address: str, **headers: str) -> requests.Response:
        return self.session.get(self.signed(address), headers=headers)


@pytest.fixture
def analyst(clock: Clock) -> Analyst:
    return Analyst(Demo(clock=clock))


@pytest.fixture
def served() -> Iterator[DemoServer]:
    with serve(Demo()) as server:
        yield server


def _files(value: Any) -> Iterator[dict[str, Any]]:
    """Whatever in a record has an address of the demo."""
    if isinstance(value, list):
        for one in value:
            yield from _files(one)
    elif isinstance(value, dict):
        if str(value.get("url") or "").startswith(f"{API}/rest/v1.0/files/"):
            yield value
        for one in value.values():
            yield from _files(one)


def test_a_photo_comes_over_a_redirect_without_the_token(analyst: Analyst) -> None:
    photo = analyst.photo()
    response = analyst.session.get(photo["url"], headers=analyst.headers)
    assert [one.status_code for one in response.history] == [302]
    assert response.url.startswith(STORAGE)
    assert "Authorization" not in response.request.headers
    assert response.headers["Content-Type"] == "image/png"
    assert len(response.content) == photo["size"] == int(response.headers["Content-Length"])
    image = Image.open(io.BytesIO(response.content))
    image.load()
    assert image.size == (photo["width"], photo["height"])
    assert analyst.demo.storage.leaks == []
    assert (analyst.demo.storage.redirects, analyst.demo.storage.requests) == (1, 1)


def test_thumbnails_are_the_same_picture_made_small(analyst: Analyst) -> None:
    photo = analyst.photo()
    large, small = (
        np.asarray(Image.open(io.BytesIO(analyst.bytes(photo[key]).content)).convert("RGB"))
        for key in ("url", "thumbnail_url")
    )
    assert small.shape == (120, 160, 3)
    assert (large[2::4, 2::4] == small).all()


def test_a_file_has_the_same_bytes_in_every_demo() -> None:
    first, second = (Analyst(Demo()) for _ in range(2))
    for analyst in (first, second):
        analyst.url = API
    address = first.photo()["url"]
    assert first.bytes(address).content == second.bytes(address).content


@pytest.mark.slow
def test_photos_show_the_weather_and_the_progress_of_their_day() -> None:
    portfolio = READER.demo.portfolio
    photos = [
        np.asarray(
            Image.open(
                io.BytesIO(body_of(StoredFile(COMPANY_ID, 1_205_420, day, "photo", 5, "png", ""), portfolio))
            ).convert("RGB")
        )
        for day in ("2025-08-22", "2025-09-09", "2026-06-10")
    ]
    rain, clear, later = photos
    assert rain[2, 2, 2] < clear[2, 2, 2]  # the sky is less blue
    assert (clear[200:370] != later[200:370]).any()
    assert all(len(np.unique(one[::8, ::8].reshape(-1, 3), axis=0)) > 10 for one in photos)


def test_drawings_are_pdf_and_png_of_the_announced_size(analyst: Analyst) -> None:
    row = analyst.rows("/rest/v1.0/projects/1204384/drawing_revisions?per_page=300")[3]
    sheet = analyst.bytes(row["pdf_url"])
    assert sheet.headers["Content-Type"] == "application/pdf"
    assert len(sheet.content) == row["pdf_size"]
    text = _pdf_text(sheet.content)
    assert (row["number"] in text, row["title"] in text) == (True, True)
    assert "Harvard Avenue Apartments" in text
    picture = analyst.bytes(row["png_url"])
    assert len(picture.content) == row["png_size"]
    assert Image.open(io.BytesIO(picture.content)).size == (row["width"], row["height"])
    assert Image.open(io.BytesIO(analyst.bytes(row["thumbnail_url"]).content)).size == (298, 211)
    # The current revision of the drawing shows the same file.
    area = analyst.rows("/rest/v1.1/projects/1204384/drawing_areas")[0]["id"]
    drawings = analyst.rows(f"/rest/v1.1/drawing_areas/{area}/drawings")
    assert row["pdf_url"] in {one["current_revision"]["pdf_url"] for one in drawings}


def _pdf_text(body: bytes) -> str:
    reader = pypdf.PdfReader(io.BytesIO(body), strict=True)
    return str("\n".join(page.extract_text() for page in reader.pages))


def test_the_story_has_files_where_the_catalogue_declares_them(analyst: Analyst) -> None:
    addresses = {
        "submittals": "/rest/v1.1/projects/1204384/submittals?per_page=100",
        "punch items": "/rest/v1.1/punch_items?project_id=1205420&per_page=300",
        "change events": "/rest/v1.1/change_events?project_id=1205420&per_page=100",
        "documents": "/rest/v1.0/projects/1204384/documents?per_page=100",
        "manpower logs": "/rest/v1.0/projects/1205420/manpower_logs?start_date=2026-03-01&end_date=2026-06-18",
        "invented": "/rest/v1.0/projects/1205420/quantity_logs?start_date=2026-01-01&end_date=2026-06-18",
    }
    found = {name: list(_files(analyst.rows(path))) for name, path in addresses.items()}
    assert all(found.values()), {name: len(files) for name, files in found.items()}
    for files in found.values():
        one = files[0]
        response = analyst.bytes(one["url"])
        assert response.status_code == 200
        assert "size" not in one or one["size"] == len(response.content)
        assert "content_type" not in one or response.headers["Content-Type"].startswith(one["content_type"])


def test_single_records_show_the_files_of_the_lists(analyst: Analyst) -> None:
    """A question has attachments in its record only; those of its answers are those of the list of replies."""
    rfis = analyst.rows("/rest/v1.0/projects/1205420/rfis?per_page=40")
    wholes = [analyst.rows(f"/rest/v1.0/projects/1205420/rfis/{row['id']}") for row in rfis[:15]]
    questions = [one for whole in wholes for one in whole["questions"]]
    assert any(one["attachments"] for one in questions)
    answers = [one for question in questions for one in question["answers"]]
    assert any(one["attachments"] for one in answers)
    for row, whole in zip(rfis, wholes, strict=False):
        listed = analyst.rows(f"/rest/v1.0/projects/1205420/rfis/{row['id']}/replies")
        shown = [one for question in whole["questions"] for one in question["answers"]]
        assert [one["attachments"] for one in listed] == [one["attachments"] for one in shown]
    observation = analyst.rows("/rest/v1.0/observations/items?project_id=1205420&per_page=100")[4]
    again = [
        analyst.rows(f"/rest/v1.0/observations/items/{observation['id']}?project_id=1205420")
        for _ in range(2)
    ]
    assert again[0] == again[1]


def test_sheets_and_texts_open_in_real_readers(analyst: Analyst) -> None:
    seen: dict[str, dict[str, Any]] = {}
    for project in (1_204_384, 1_205_420):
        path = f"/rest/v1.1/projects/{project}/submittals?per_page=100"
        seen |= {str(one["filename"]).rpartition(".")[2]: one for one in _files(analyst.rows(path))}
        for row in analyst.rows(f"/rest/v1.0/projects/{project}/rfis?per_page=20"):
            whole = analyst.rows(f"/rest/v1.0/projects/{project}/rfis/{row['id']}")
            seen |= {str(one["filename"]).rpartition(".")[2]: one for one in _files(whole)}
    assert {"pdf", "png", "xlsx", "txt"} <= set(seen)
    book = analyst.bytes(seen["xlsx"]["url"]).content
    assert pd.read_excel(io.BytesIO(book), header=None).iloc[0, 0] == seen["xlsx"]["filename"].removesuffix(
        ".xlsx"
    )
    assert zipfile.ZipFile(io.BytesIO(book)).testzip() is None
    text = analyst.bytes(seen["txt"]["url"])
    assert text.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "Weather" in text.content.decode()
    assert "made-up portfolio" in _pdf_text(analyst.bytes(seen["pdf"]["url"]).content)


def test_every_size_that_is_announced_has_room_for_its_file() -> None:
    """Files are filled up to their size: one that were larger by itself would make a liar of its record."""
    portfolio = READER.demo.portfolio
    days = ("2026-01-14", "2026-02-03", "2026-06-17")
    for project in (1_204_384, 1_204_939, 1_205_420, 1_208_491, 9_007_199_254_740_993):
        for number, day in enumerate(days):
            for kind, suffix in (
                ("photo", "png"),
                ("sheet", "png"),
                ("sheet", "pdf"),
                ("page", "pdf"),
                ("page", "xlsx"),
                ("page", "txt"),
            ):
                name = "A-101 Ground floor plan, revision 4" if kind == "sheet" else "x" * 300
                file = StoredFile(COMPANY_ID, project, day, kind, number, suffix, f"{name}.{suffix}")
                assert len(body_of(file, portfolio)) == file.size, file


@pytest.mark.parametrize(
    ("wanted", "status", "part", "content_range"),
    [
        ("bytes=0-99", 206, slice(0, 100), "bytes 0-99/{size}"),
        ("bytes=100-", 206, slice(100, None), "bytes 100-{last}/{size}"),
        ("bytes=-7", 206, slice(-7, None), "bytes {tail}-{last}/{size}"),
        ("bytes=5-99999999", 206, slice(5, None), "bytes 5-{last}/{size}"),
        ("bytes=0-1,5-6", 200, slice(None), None),
        ("bytes=-", 200, slice(None), None),
        ("lines=1-2", 200, slice(None), None),
    ],
)
def test_parts_are_sent(
    analyst: Analyst, wanted: str, status: int, part: slice, content_range: str | None
) -> None:
    address = analyst.photo()["url"]
    whole = analyst.bytes(address).content
    response = analyst.bytes(address, Range=wanted)
    size = len(whole)
    expected = content_range and content_range.format(size=size, last=size - 1, tail=size - 7)
    assert (response.status_code, response.headers.get("Content-Range")) == (status, expected)
    assert response.content == whole[part]


def test_a_part_beyond_the_end_is_416(analyst: Analyst) -> None:
    photo = analyst.photo()
    response = analyst.bytes(photo["url"], Range=f"bytes={photo['size']}-")
    assert (response.status_code, response.headers["Content-Range"]) == (416, f"bytes */{photo['size']}")


def test_a_part_of_another_version_is_the_whole_file(analyst: Analyst) -> None:
    address = analyst.photo()["url"]
    first = analyst.bytes(address)
    same = analyst.bytes(address, Range="bytes=10-", **{"If-Range": first.headers["ETag"]})
    assert (same.status_code, same.content) == (206, first.content[10:])
    analyst.demo.faults = read_faults(["file_changed"])
    other = analyst.bytes(address, Range="bytes=10-", **{"If-Range": first.headers["ETag"]})
    assert other.status_code == 200
    assert other.content != first.content
    assert other.headers["ETag"] != first.headers["ETag"]


def _xml_code(response: requests.Response) -> str | None:
    assert response.headers["Content-Type"] == "application/xml"
    return ElementTree.fromstring(response.text).findtext("Code")


def test_a_signature_ends_after_five_minutes(analyst: Analyst, clock: Clock) -> None:
    address = analyst.signed(analyst.photo()["url"])
    clock.now += 299
    assert analyst.session.get(address).status_code == 200
    clock.now += 2
    late = analyst.session.get(address)
    assert (late.status_code, _xml_code(late)) == (403, "AccessDenied")


@pytest.mark.parametrize(
    "change",
    [("expires=", "expires=9"), ("name=", "name=x"), ("1204384", "1204385"), ("signature=", "signature=0")],
)
def test_a_signed_address_cannot_be_changed(analyst: Analyst, change: tuple[str, str]) -> None:
    response = analyst.session.get(analyst.signed(analyst.photo()["url"]).replace(*change))
    assert (response.status_code, _xml_code(response)) == (403, "SignatureDoesNotMatch")


def test_the_api_host_wants_the_token_and_an_address_of_its_own(analyst: Analyst) -> None:
    address = analyst.photo()["url"]
    assert analyst.session.get(address).status_code == 401
    for wrong in (
        address.replace("sig=", "sig=0"),
        address.partition("?")[0],
        f"{API}/rest/v1.0/files/1/nothing",
    ):
        assert analyst.session.get(wrong, headers=analyst.headers).status_code == 404
    assert analyst.demo.storage.requests == 0


def test_a_file_of_a_project_without_permission_is_forbidden(analyst: Analyst) -> None:
    portfolio = analyst.demo.portfolio
    hidden, open_ = (
        next(one for one in portfolio.projects(portfolio.company) if one.permitted is permitted)
        for permitted in (False, True)
    )
    for project, status in ((hidden, 403), (open_, 302)):
        file = StoredFile(COMPANY_ID, project.id, "2026-01-14", "page", 3, "txt", "note.txt")
        address = file.address.replace("procore-demo-file:/", f"{API}/rest/v1.0/files/1/")
        reply = analyst.session.get(address, headers=analyst.headers, allow_redirects=False)
        assert reply.status_code == status


def test_a_contractor_has_no_files_of_its_contract(analyst: Analyst) -> None:
    rows = analyst.rows("/rest/v1.0/prime_contracts?project_id=1204421")
    assert rows
    assert not any(row["contractor"]["attachments"] for row in rows if row["contractor"])


def test_addresses_that_expired_are_new_in_the_record(analyst: Analyst) -> None:
    address = analyst.photo()["url"]
    analyst.demo.expire_files()
    refused = analyst.session.get(address, headers=analyst.headers)
    assert (refused.status_code, _xml_code(refused)) == (403, "AccessDenied")
    assert analyst.photo()["url"] != address
    assert analyst.bytes(analyst.photo()["url"]).status_code == 200


def test_addresses_end_with_a_request(analyst: Analyst) -> None:
    address = analyst.photo()["url"]
    analyst.demo.faults = read_faults(["file_links_expired@2"])
    codes = [analyst.session.get(address, headers=analyst.headers).status_code for _ in range(3)]
    assert codes == [200, 403, 403]


@pytest.mark.parametrize("name", ["Authorization", "Cookie", "Proxy-Authorization"])
def test_a_secret_at_the_storage_is_refused_and_counted(analyst: Analyst, name: str) -> None:
    address = analyst.signed(analyst.photo()["url"])
    response = analyst.session.get(address, headers={name: "Basic Zm9v"})
    assert response.status_code == 400
    assert [one.partition(" at ")[0] for one in analyst.demo.storage.leaks] == [name.lower()]
    assert "Zm9v" not in str(analyst.demo.storage.leaks)


def test_a_token_in_any_header_or_in_the_address_is_found(analyst: Analyst) -> None:
    token = analyst.headers["Authorization"].removeprefix("Bearer ")
    address = analyst.signed(analyst.photo()["url"])
    assert analyst.session.get(address, headers={"X-Note": token}).status_code == 400
    assert analyst.session.get(f"{address}&access_token={token}").status_code == 400
    assert len(analyst.demo.storage.leaks) == 2
    assert token not in str(analyst.demo.storage.leaks)


def test_a_session_that_keeps_cookies_is_caught(analyst: Analyst) -> None:
    analyst.demo.faults = read_faults(["file_cookie@1"])
    assert analyst.bytes(analyst.photo()["url"]).status_code == 200
    assert analyst.bytes(analyst.photo()["url"]).status_code == 400
    assert analyst.demo.storage.leaks[0].startswith("cookie at ")


@pytest.mark.parametrize(
    ("kind", "start"),
    [
        ("file_elsewhere", "https://elsewhere.invalid/trap/"),
        ("file_loopback", "http://127.0.0.1:9/trap/"),
        ("file_private", "https://169.254.169.254/trap/"),
        ("file_plain_http", "http://storage.procore-demo.invalid/"),
        ("file_loop", f"{API}/rest/v1.0/files/"),
    ],
)
def test_redirects_that_lead_astray(analyst: Analyst, kind: str, start: str) -> None:
    address = analyst.photo()["url"]
    analyst.demo.faults = read_faults([f"{kind}@1"])
    wrong = analyst.signed(address)
    assert wrong.startswith(start)
    if kind != "file_loop":
        analyst.session.get(wrong)
        assert analyst.demo.storage.trapped == [wrong.partition("?")[0]]
    assert analyst.signed(address).startswith(STORAGE)  # the fault was for the first one


def test_a_token_in_a_trap_is_a_leak(analyst: Analyst) -> None:
    analyst.session.get("https://elsewhere.invalid/trap/file", headers=analyst.headers)
    assert analyst.demo.storage.leaks == ["authorization and token at elsewhere.invalid/trap/file"]


def test_faults_of_the_storage(analyst: Analyst) -> None:
    photo = analyst.photo()
    whole = analyst.bytes(photo["url"])

    def under(fault: str, **headers: str) -> requests.Response:
        analyst.demo.faults = read_faults([fault])
        return analyst.bytes(photo["url"], **headers)

    assert len(under("file_wrong_size=10").content) == photo["size"] + 10
    plain = under("file_no_range", Range="bytes=5-")
    assert (plain.status_code, plain.content) == (200, whole.content)
    assert {"ETag", "Accept-Ranges"}.isdisjoint(plain.headers)
    assert under("file_login_page").headers["Content-Type"] == "text/html"
    busy = under("file_unavailable")
    assert (busy.status_code, _xml_code(busy)) == (503, "SlowDown")
    late = under("file_expired")
    assert (late.status_code, _xml_code(late)) == (403, "AccessDenied")
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        under("file_cut")
    analyst.demo.faults = read_faults(["file_forbidden"])
    assert analyst.session.get(photo["url"], headers=analyst.headers).status_code == 403
    assert analyst.demo.storage.leaks == []


def test_slow_large_and_endless_bodies_take_no_memory(clock: Clock) -> None:
    demo, waited = Demo(clock=clock), []
    session = requests.Session()
    session.mount("https://", DemoAdapter(demo, sleep=waited.append))
    analyst = Analyst.__new__(Analyst)
    analyst.demo, analyst.url, analyst.session = demo, API, session
    token = session.post(f"{API}/oauth/token", data=FORM).json()["access_token"]
    analyst.headers = {"Authorization": f"Bearer {token}", "Procore-Company-Id": str(COMPANY_ID)}
    photo = analyst.photo()
    demo.faults = read_faults(["file_slow=0.5"])
    assert len(analyst.bytes(photo["url"]).content) == photo["size"]
    assert waited == [0.5] * -(-photo["size"] // 16_384)
    demo.faults = read_faults(["file_large=5000"])
    with session.get(analyst.signed(photo["url"]), stream=True) as large:
        assert int(large.headers["Content-Length"]) == photo["size"] + 5_000_000_000
        assert len(large.raw.read(200_000)) == 200_000
    end = analyst.bytes(photo["url"], Range="bytes=-10")
    assert (end.status_code, end.content) == (206, bytes(10))
    demo.faults = read_faults(["file_endless"])
    with session.get(analyst.signed(photo["url"]), stream=True) as endless:
        assert "Content-Length" not in endless.headers
        assert len(endless.raw.read(3_000_000)) == 3_000_000


def test_faults_of_files_leave_other_requests_alone(analyst: Analyst) -> None:
    analyst.demo.faults = Faults().always("file_cut").always("file_unavailable").always("file_elsewhere")
    assert analyst.rows("/rest/v1.0/me")


def test_plain_requests_download_from_a_served_demo(served: DemoServer) -> None:
    """Other clients: the port of the storage is another host to them, so that they leave the token behind."""
    with requests.Session() as session:
        analyst = Analyst(served.demo, served.url, session)
        photo = analyst.photo()
        assert photo["url"].startswith(f"{served.url}/rest/v1.0/files/")
        response = session.get(photo["url"], headers=analyst.headers)
        assert response.url.startswith(served.storage_url)
        assert len(response.content) == photo["size"]
        part = session.get(response.url, headers={"Range": "bytes=-9"})
        assert (part.status_code, part.content) == (206, response.content[-9:])
        head = session.head(response.url)
        assert (head.headers["Content-Length"], head.content) == (str(photo["size"]), b"")
        assert session.get(response.url, headers=analyst.headers).status_code == 400
        assert len(served.demo.storage.leaks) == 1
        served.demo.faults = read_faults(["file_cut"])
        with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
            session.get(response.url)
        served.demo.faults = read_faults(["file_endless"])
        with session.get(response.url, stream=True) as endless:
            assert len(endless.raw.read(1_000_000)) == 1_000_000
        served.demo.faults = read_faults(["file_plain_http"])
        assert analyst.signed(photo["url"]).startswith("http://elsewhere.invalid/trap/")


def test_odd_records_of_the_documentation(analyst: Analyst) -> None:
    rows = {row["id"] % 100: row["associated_attachments"] for row in analyst.rows(ODD)}
    assert rows[1][0]["url"].startswith("https://files.elsewhere.invalid/trap/")
    assert (rows[2][0]["file_unavailable"], rows[2][0]["url"]) == (True, None)
    assert len(rows[3][0]["filename"]) == 300
    assert any(".." in one["filename"] for one in rows[4])
    assert any("\0" in one["filename"] for one in rows[5])
    assert any(one["filename"] == "CON.pdf" for one in rows[6])
    assert len({one["filename"].casefold() for one in rows[7]}) == 3
    assert len({one["filename"] for one in rows[8]}) == 1
    assert len({analyst.bytes(one["url"]).content for one in rows[8]}) == 2
    for one in (one for number in range(3, 10) for one in rows[number]):
        response = analyst.bytes(one["url"])
        assert response.status_code == 200
        shown = response.headers["Content-Disposition"]
        assert re.fullmatch(r"attachment; filename=\"[ -~]*\"; filename\*=UTF-8''[\w.~%-]*", shown)
        assert parse_qs(f"n={shown.rpartition(chr(39) * 2)[2]}", keep_blank_values=True)["n"] == [
            one["filename"]
        ]


def test_signatures_are_of_the_file_and_its_time() -> None:
    file = StoredFile(1, 2, "2026-01-01", "page", 3, "pdf", "a.pdf")
    signs = {
        file.signature(),
        file.signature("5"),
        replace(file, name="b.pdf").signature(),
        replace(file, number=4).signature(),
    }
    assert len(signs) == 4
    assert urlsplit(file.address).path
