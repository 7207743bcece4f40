"""The command line in terminals, pipes and jobs of every kind."""

from __future__ import annotations

import argparse
import csv
import io
import os
import subprocess
import sys
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
import requests

import procore_nb as pnb
from procore_nb.cli import main
from procore_nb.cli.output import as_text
from procore_nb.cli.parser import parser
from procore_nb.client import Procore

DEMO = ["--environment", "demo"]
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="shells and devices of POSIX")


def shell(line: str) -> subprocess.CompletedProcess[str]:
    """Run a line in which $nb is our program."""
    return subprocess.run(
        ["bash", "-c", line], capture_output=True, text=True, timeout=120, check=False,
        env=os.environ | {"nb_python": sys.executable},
    )  # fmt: skip


NB = "\"$nb_python\" -c 'import sys; from procore_nb.cli import main; sys.exit(main())'"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
@pytest.mark.slow
def test_a_terminal_that_lacks_letters_gets_question_marks(
    encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(shown, encoding=encoding, errors="strict"))
    assert main(["projects", *DEMO, "--status", "All", "--rows", "200"]) == 0
    sys.stdout.flush()
    assert b"?" in shown.getvalue()


@pytest.mark.slow
def test_a_csv_on_standard_output_is_utf_8_wherever_it_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(shown, encoding="ascii", errors="strict"))
    assert main(["projects", *DEMO, "--status", "All", "--csv", "-"]) == 0
    rows = list(csv.DictReader(io.StringIO(shown.getvalue().decode("utf-8"))))
    assert len(rows) == 172
    assert any(not row["name"].isascii() for row in rows)


@pytest.mark.slow
def test_nothing_but_the_csv_is_on_standard_output_however_long_the_fetch(
    small_demo: None, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job has no terminal: the line that ends a long fetch must not land among the rows."""
    monkeypatch.setattr("procore_nb.progress._QUIET_SECONDS", 0)
    assert main(["table", "rfis", *DEMO, "--projects", "all", "--csv", "-"]) == 0
    said = capfd.readouterr()
    rows = list(csv.reader(io.StringIO(said.out)))
    assert {len(row) for row in rows} == {len(rows[0])}
    assert "requests," not in said.out


@POSIX
@pytest.mark.slow
def test_a_reader_that_goes_early_is_no_error() -> None:
    done = shell(f"{NB} endpoints | head -1; echo ${{PIPESTATUS[0]}}")
    assert done.stdout.splitlines()[-1] == "0"
    assert done.stderr == ""


@POSIX
@pytest.mark.parametrize("words", [[], ["--csv", "-"]])
def test_an_output_that_is_full_is_one_line(
    words: list[str], small_demo: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no full device")
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert main(["projects", *DEMO, *words]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "cannot be written" in said


def test_a_closed_output_is_no_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdout", None)  # as Python starts where a shell has closed it
    assert main(["endpoints", "punch"]) == 0
    sys.stdout.close()
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("width", [40, 80, 120])
def test_a_table_is_as_wide_as_the_terminal(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    assert main(["projects", *DEMO]) == 0
    table = capsys.readouterr().out.split("\n\n")[0].splitlines()
    assert max(map(len, table)) <= width
    assert len(table) == 21
    assert main(["endpoints", "punch"]) == 0
    assert max(map(len, capsys.readouterr().out.split("\n\n")[0].splitlines())) <= width


def test_numbers_are_never_cut_and_days_have_no_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    frame = pnb.to_frame([{"id": 2**60, "name": "x" * 60, "due_date": "2026-01-31"}, {}])
    text = as_text(frame)
    assert str(2**60) in text
    assert "x…" in text
    monkeypatch.setenv("COLUMNS", "80")
    assert "2026-01-31" in as_text(frame)
    assert "00:00" not in as_text(frame)


def test_text_of_others_cannot_steer_the_terminal() -> None:
    assert "\x1b" not in as_text(pd.DataFrame({"a\x1b[2J": ["\x1b]0;x\x07"]}))


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["--csv", "absent/p.csv"], "no folder absent"),
        (["--csv", "."], "is a folder"),
        (["--excel", "absent/p.xlsx"], "no folder absent"),
        (["--csv", "s3://bucket/p.csv"], "is an address"),
        (["--map", "p.bmp"], "A map is written as"),
        (["--map", "absent/p.png"], "no folder absent"),
    ],
)
def test_a_file_that_cannot_be_is_said_before_anything_is_asked(
    words: list[str], part: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("procore_nb.cli.commands.connected", lambda *_, **__: pytest.fail("it has asked"))
    assert main(["projects", *DEMO, *words]) == 1
    said = capsys.readouterr()
    assert part in said.err
    assert said.out == ""


@pytest.mark.slow
def test_one_walk_gives_files_of_every_kind(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["projects", *DEMO, "--csv", "p.csv", "--excel", "p.xlsx", "--parquet", "p.parquet"]) == 0
    assert capsys.readouterr().out.count("129 rows") == 3
    assert pnb.read_csv("p.csv").equals(pnb.read_parquet("p.parquet"))
    assert openpyxl.load_workbook(tmp_path / "p.xlsx")["Data"].max_row == 130


@pytest.mark.parametrize("words", [["--rows", "-1"], ["--rows", "x"], ["--rows", "1.5"]])
def test_a_number_of_rows_that_is_none_is_code_2(words: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["projects", *DEMO, *words])
    assert stopped.value.code == 2


def test_no_rows_asked_for_is_only_the_count(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["projects", *DEMO, "--rows", "0"]) == 0
    assert capsys.readouterr().out.startswith("129 rows")


def test_an_argument_that_a_list_lacks_is_answered_by_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["table", "rfis", *DEMO, "--project-id", "1204384", "--set", "statuss=open"]
    assert main(words) == 1
    assert "Did you mean --set status=" in capsys.readouterr().err


def test_no_word_takes_a_secret() -> None:
    (verbs,) = (one for one in parser()._actions if isinstance(one, argparse._SubParsersAction))
    options = {
        word for verb in verbs.choices.values() for one in verb._actions for word in one.option_strings
    }
    assert len(options) > 20
    options.remove("--token-lifetime")  # a number of seconds
    assert not [word for word in options if any(part in word for part in ("secret", "token", "password"))]


def test_every_help_fits_eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    (verbs,) = (one for one in parser()._actions if isinstance(one, argparse._SubParsersAction))
    for one in (parser(), *verbs.choices.values()):
        assert max(map(len, one.format_help().splitlines())) <= 80


@pytest.mark.parametrize(
    "error",
    [
        requests.ConnectionError("the line is dead"),
        TimeoutError("no reply"),
        ConnectionResetError(104, "reset"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_network_error_is_not_an_output_that_cannot_be_written(
    error: OSError, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def leak(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(Procore, "projects", leak)
    assert main(["projects", *DEMO]) == 1
    shown = capsys.readouterr().err
    assert type(error).__name__ in shown
    assert "output" not in shown


def test_a_broken_pipe_of_the_network_is_not_a_reader_that_has_gone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def leak(*_: object, **__: object) -> None:
        os.write(_closed_pipe(), b"x")

    monkeypatch.setattr(Procore, "projects", leak)
    assert main(["projects", *DEMO]) == 1
    assert "BrokenPipeError" in capsys.readouterr().err


def _closed_pipe() -> int:
    reader, writer = os.pipe()
    os.close(reader)
    return writer


def test_an_argument_given_twice_is_the_one_of_its_own_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(["table", "rfis", *DEMO, "--project-id", "1204384", "--set", "project_id=1", "--rows", "0"]) == 0
    )
    assert "rows" in capsys.readouterr().out
