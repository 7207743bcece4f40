from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from procore_nb import cli

ON = ["--environment", "demo", "--project-id", "1204347"]


def test_files_are_listed(small_demo: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["files", "images", *ON, "--csv", "files.csv"]) == 0
    assert {"photo", "thumbnail"} <= set(pd.read_csv("files.csv")["kind"])
    assert "files.csv" in capsys.readouterr().out


@pytest.mark.slow
def test_files_are_downloaded_and_shown_as_a_page(
    small_demo: None, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["files", "images", *ON, "--since", "2026-04-01", "--download", "photos", "--kind", "photo"]
    assert cli.main([*words, "--gallery", "photos/index.html"]) == 0
    said = capsys.readouterr()
    assert "saved" in said.out
    assert "pictures" in said.err
    assert (Path("photos") / "manifest.jsonl").exists()
    assert "<figure>" in Path("photos/index.html").read_text(encoding="utf-8")
    assert cli.main(words) == 0
    assert "present" in capsys.readouterr().out


@pytest.mark.slow
def test_a_file_that_does_not_come_is_exit_code_1(
    small_demo: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["files", "submittals", *ON, "--download", "folder", "--hide-names"]) == 1
    assert "files.elsewhere.invalid" in capsys.readouterr().err


def test_a_kind_that_no_file_has_is_refused(small_demo: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["files", "images", *ON, "--download", "photos", "--kind", "photos"]) == 1
    assert "Did you mean photo? Kinds in this frame: photo, thumbnail." in capsys.readouterr().err
    assert not Path("photos").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--gallery", "a.html"], "Add --download"),
        (["--download", "x", "--gallery", "a.png"], "does not end with .html"),
    ],
)
def test_words_that_do_not_fit_are_said_before_anything_is_sent(
    capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert cli.main(["files", "images", *ON, *words]) == 1
    assert said in capsys.readouterr().err


def test_the_table_begins_with_what_a_file_is(small_demo: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["files", "images", *ON, "--rows", "1"]) == 0
    header = capsys.readouterr().out.splitlines()[0].split()
    wanted = ["list", "project_name", "kind", "name", "size", "created_at"]
    assert header == [name for name in wanted if name in header]
    assert {"list", "kind", "name"} <= set(header)
