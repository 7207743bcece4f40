from __future__ import annotations

import unicodedata
from dataclasses import replace

from every_case import every_case
from hypothesis import given
from hypothesis import strategies as st

from procore_nb.files.download_folder import FileEntry, FolderNames, folded, is_inside, safe_name
from procore_nb.files.find_files import FileRecord

ONE = FileRecord(
    list="rfis", record_id=12, record="0012 Emergency lighting", project_id=7, project_name="Lenox Avenue",
    file_id=1, kind="attachment", name="spec.pdf", key="questions[].attachments[].url",
)  # fmt: skip


@every_case(
    ("text", "name"),
    [
        ("spec.pdf", "spec.pdf"),
        ("..", "file"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("C:\\Windows\\x.dll", "C__Windows_x.dll"),
        ("/etc/passwd", "_etc_passwd"),
        ("a\x00b\nc.pdf", "a b c.pdf"),
        ("CON", "_CON"),
        ("con.pdf", "_con.pdf"),
        ("Lpt1 .txt", "_Lpt1.txt"),
        ("COM¹", "_COM¹"),
        ("conference.pdf", "conference.pdf"),
        ("name. . ", "name"),
        (".hidden", "hidden"),
        ("", "file"),
        ("exe\u202efdp.exe", "exefdp.exe"),
        ("half\ud800.pdf", "half.pdf"),
        ("e\u0301.pdf", "é.pdf"),
        ('a:b?*<>|".pdf', "a_b______.pdf"),
    ],
)
def test_names_are_safe_on_every_system(text: str, name: str) -> None:
    assert safe_name(text) == name


@given(st.text(max_size=400))
def test_any_text_becomes_a_name_that_every_system_can_have(text: str) -> None:
    name = safe_name(text)
    assert 0 < len(name.encode()) <= 80
    assert is_inside(name)
    assert name == name.strip()
    assert not name.endswith(".")
    assert not set(name) & set('<>:"/\\|?*')
    assert unicodedata.is_normalized("NFC", name)
    assert not any(unicodedata.category(one) in ("Cc", "Cf", "Cs") for one in name)
    assert safe_name(name) == name


def test_a_long_name_keeps_its_ending() -> None:
    name = safe_name("ü" * 300 + ".pdf")
    assert name.endswith("ü.pdf")
    assert len(name.encode()) <= 80


def test_the_path_tells_project_list_record_and_file() -> None:
    assert FolderNames().path(ONE, "a") == "Lenox Avenue/rfis/0012 Emergency lighting/spec.pdf"


def test_a_file_that_is_its_record_has_no_folder_of_its_own() -> None:
    photo = replace(ONE, list="images", record=None, name="IMG_1.jpg", key="url")
    assert FolderNames().path(photo, "a") == "Lenox Avenue/images/IMG_1.jpg"


def test_files_without_a_project_belong_to_the_company() -> None:
    assert (
        FolderNames().path(replace(ONE, project_id=None, project_name=None), "a").startswith("Company/rfis/")
    )
    assert FolderNames().path(replace(ONE, project_name=None), "a").startswith("Project 7/rfis/")


@every_case(
    ("first", "second", "then"),
    [
        ("spec.pdf", "spec.pdf", "spec (2).pdf"),
        ("A.PDF", "a.pdf", "a (2).pdf"),
        ("é.pdf", "e\u0301.pdf", "é (2).pdf"),
        ("Straße.pdf", "STRASSE.pdf", "STRASSE (2).pdf"),
    ],
)
def test_two_files_of_one_name_are_both_kept(first: str, second: str, then: str) -> None:
    names = FolderNames()
    names.path(replace(ONE, name=first), "a")
    assert names.path(replace(ONE, name=second), "b").endswith("/" + then)


def test_records_and_projects_of_one_name_have_folders_of_their_own() -> None:
    names = FolderNames()
    names.path(ONE, "a")
    assert (
        names.path(replace(ONE, record_id=13), "b")
        == "Lenox Avenue/rfis/0012 Emergency lighting (2)/spec.pdf"
    )
    other = replace(ONE, project_id=8, project_name="LENOX AVENUE")
    assert names.path(other, "c") == "LENOX AVENUE (2)/rfis/0012 Emergency lighting/spec.pdf"


def test_a_later_download_gives_the_same_paths_in_any_order() -> None:
    second = replace(ONE, file_id=2)
    first_run = FolderNames()
    paths = {"a": first_run.path(ONE, "a"), "b": first_run.path(second, "b")}
    again = FolderNames([FileEntry("a", paths["a"], ONE), FileEntry("b", paths["b"], second)])
    assert {"b": again.path(second, "b"), "a": again.path(ONE, "a")} == paths
    third = again.path(replace(ONE, file_id=3), "c")
    assert third == "Lenox Avenue/rfis/0012 Emergency lighting/spec (3).pdf"


def test_a_project_cannot_take_the_name_of_the_manifest() -> None:
    path = FolderNames().path(replace(ONE, project_name="Manifest.jsonl"), "a")
    assert folded(path.split("/")[0]) != "manifest.jsonl"


def test_hidden_names_are_ids() -> None:
    one = replace(ONE, name="Jane Doe.PDF", record="Complaint of Jane Doe", project_name="Doe House")
    path = FolderNames(hide=True).path(one, "0123456789abcdef0123")
    assert path == "7/rfis/attachment-0123456789abcdef.pdf"


@every_case("path", ["..", "a/../b", "/a", "a//b", "a\\b", "C:x", "a/ /b", "", "a\x00b", "..."])
def test_paths_that_lead_out_are_recognised(path: str) -> None:
    assert not is_inside(path)
