"""The whole way on the demo: its records, its storage host, its faults; the token never leaves the API host."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from every_case import every_case

import procore_nb as pnb
from procore_nb.demo import CLIENT_ID, CLIENT_SECRET, COMPANY_ID, Demo, Faults, read_faults, serve

PROJECT = 1204347
pytestmark = pytest.mark.filterwarnings("ignore::procore_nb.ProcoreWarning")


@pytest.fixture
def procore(small_demo: None) -> Iterator[pnb.Procore]:
    one = pnb.connect("demo", progress=False, retries=2)
    one.policy = replace(one.policy, sleep=lambda seconds: None)
    yield one
    demo = demo_of(one)
    assert demo.storage.leaks == []


def demo_of(procore: pnb.Procore) -> Demo:
    demo: Demo = procore.session._transport._demo  # type: ignore[union-attr]
    return demo


def photos(procore: pnb.Procore, count: int = 2) -> pd.DataFrame:
    files = procore.files("images", PROJECT)
    return files[files["kind"] == "photo"].head(count)


def outcome(done: pd.DataFrame) -> list[Any]:
    return done["status"].tolist()


@pytest.mark.slow
@every_case(
    ("name", "kind"),
    [
        ("images", "photo"),
        ("drawing_revisions", "pdf"),
        ("submittals", "attachment"),
        ("punch_items", "attachment"),
        ("documents_v1_0", "document"),
        ("rfis", "attachment"),
    ],
)
def test_files_of_the_demo_are_saved_as_they_are(
    procore: pnb.Procore, tmp_path: Path, name: str, kind: str
) -> None:
    files = procore.files(name, PROJECT, max_rows=40 if name == "rfis" else None)
    some = files[(files["kind"] == kind) & ~files["address"].str.contains("elsewhere", na=True)].head(5)
    done = procore.download(some, tmp_path)
    assert outcome(done) == ["saved"] * 5
    known = done[done["size"].notna()]
    assert known["size"].tolist() == known["bytes"].tolist()
    assert outcome(procore.download(some, tmp_path)) == ["present"] * 5


def test_answers_of_rfis_have_files_that_the_list_leaves_out(procore: pnb.Procore) -> None:
    rfis = procore.table("rfis", PROJECT).head(40)
    files = procore.files(rfis, records=True)
    assert files["key"].str.contains("answers").any()
    assert set(files["record_id"]) <= set(rfis["id"])
    assert set(files["project_id"]) == {PROJECT}
    with pytest.raises(pnb.ArgumentError, match="rfis has no files"):
        procore.files(rfis)


def test_files_of_several_projects_are_named_by_project(procore: pnb.Procore) -> None:
    projects = procore.projects().head(3)
    files = procore.files("images", projects=projects, since="2026-01-01")
    assert files["project_name"].notna().all()
    assert (files["created_at"] >= pd.Timestamp("2026-01-01", tz="UTC")).all()


def test_files_take_a_frame_or_the_arguments_of_a_list(procore: pnb.Procore) -> None:
    with pytest.raises(pnb.ArgumentError, match="A frame was given"):
        procore.files(procore.table("images", PROJECT), status="open")
    with pytest.raises(pnb.CatalogError):
        procore.files("imagess", PROJECT)


def test_every_odd_record_has_a_status_and_a_reason(procore: pnb.Procore, tmp_path: Path) -> None:
    submittals = procore.table("submittals", PROJECT).head(12)
    files = procore.files(submittals)
    done = procore.download(files, tmp_path)
    assert set(done["status"]) == {"saved", "failed"}
    failed = done[done["status"] == "failed"]
    assert failed["reason"].str.contains("files.elsewhere.invalid|file_unavailable").all()
    assert len(failed) == 2
    saved = done[done["status"] == "saved"]
    assert saved["path"].is_unique
    assert all(Path(one).resolve().is_relative_to(tmp_path) for one in saved["path"])
    assert demo_of(procore).storage.trapped == []


def test_addresses_that_expired_are_looked_up(procore: pnb.Procore, tmp_path: Path) -> None:
    files = photos(procore)
    demo_of(procore).expire_files()
    assert outcome(procore.download(files, tmp_path)) == ["saved", "saved"]


@every_case(
    ("fault", "status", "reason"),
    [
        ("file_forbidden", "failed", "403"),
        ("file_expired@1", "saved", ""),
        ("file_loopback", "failed", "nothing was sent"),
        ("file_private", "failed", "nothing was sent"),
        ("file_plain_http", "failed", "not https"),
        ("file_loop", "failed", "again and again"),
        ("file_login_page", "failed", "web page"),
        ("file_wrong_size", "saved", "The record says"),
        ("file_cut@1", "saved", ""),
        ("file_cut", "failed", "broke off"),
        ("file_no_range", "saved", ""),
        ("file_unavailable@1", "saved", ""),
        ("file_unavailable", "failed", "503"),
        ("file_cookie", "saved", ""),
        ("busy=1@2", "saved", ""),
        ("revoked@2", "saved", ""),
    ],
)
def test_each_fault_ends_in_a_status_and_nothing_half_written(
    procore: pnb.Procore, tmp_path: Path, fault: str, status: str, reason: str
) -> None:
    demo_of(procore).faults = Faults()
    files = photos(procore, 1).assign(project_name="Here")
    folder = tmp_path / f"{fault.replace('@', ' at ')} {status}"
    demo_of(procore).faults = read_faults([fault])
    done = procore.download(files, folder)
    assert outcome(done) == [status]
    assert reason in (done["reason"].fillna("")[0])
    saved = [path for path in folder.rglob("*.png") if path.is_file()]
    assert [path.stat().st_size for path in saved] == (done["bytes"].tolist() if status == "saved" else [])
    assert demo_of(procore).storage.trapped == []


def test_a_redirect_elsewhere_carries_no_token(procore: pnb.Procore, tmp_path: Path) -> None:
    files = photos(procore, 1)
    demo_of(procore).faults = read_faults(["file_elsewhere"])
    procore.download(files, tmp_path)
    assert demo_of(procore).storage.leaks == []


def test_a_served_demo_works_alike(small_demo: None, tmp_path: Path) -> None:
    with serve(Demo()) as server:
        place = pnb.Environment("served", server.url, server.url)
        credentials = pnb.Credentials(CLIENT_ID, CLIENT_SECRET)
        with pnb.connect(place, credentials=credentials, company_id=COMPANY_ID, progress=False) as procore:
            files = photos(procore, 6)
            server.demo.faults = read_faults(["file_cut@1"])
            procore.policy = replace(procore.policy, sleep=lambda seconds: None)
            assert outcome(procore.download(files, tmp_path)) == ["saved"] * 6
        assert server.demo.storage.leaks == []


def test_files_of_one_project_have_its_name(procore: pnb.Procore) -> None:
    projects = procore.projects(status="All")
    own = projects.loc[projects["id"] == PROJECT, "name"].tolist()
    assert procore.files("images", PROJECT)["project_name"].unique().tolist() == own
    assert procore.files(procore.table("images", PROJECT))["project_name"].unique().tolist() == own


def test_a_kind_that_these_files_do_not_have_is_no_mistake(procore: pnb.Procore, tmp_path: Path) -> None:
    assert outcome(procore.download(photos(procore), tmp_path, kind="pdf")) == ["skipped"] * 2
    with pytest.raises(pnb.ArgumentError, match=r"Did you mean photo\? Kinds in this frame: photo\."):
        procore.download(photos(procore), tmp_path, kind=["pdf", "photos"])
