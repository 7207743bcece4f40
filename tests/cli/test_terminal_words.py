"""The command line speaks its own language, completes its words, and can be called as a module."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import sys
from pathlib import Path

import argcomplete
import pytest

from procore_nb import hints
from procore_nb.cli import main
from procore_nb.cli.output import terminal_words
from procore_nb.cli.parser import parser, with_completers

FIRST = "1204384"
DEMO = ("--environment", "demo")
PYTHON = re.compile(r"\w\(|[a-z_]+=…|pnb\.|\bprocore\.(?!com)|frame\.|error\.partial")


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["table", "rfis", *DEMO], "--project-id N for one project, or --projects all"),
        (["projects"], "--environment "),
        (["projects", *DEMO, "--company-id", "99"], "24816"),
        (["table", "rfi_replies", *DEMO, "--project-id", FIRST], "--parent rfis"),
        (["table", "rfis", *DEMO, "--project-id", FIRST, "--set", "stauts=open"], "--set status=VALUE"),
        (["table", "projects", *DEMO, "--set", "city=Austin"], "filter the file"),
        (["table", "rfis", *DEMO, "--project-id", FIRST, "--set", "limit=3"], "--max-rows N"),
        (["table", "daily logs", *DEMO, "--project-id", FIRST], "manpower_logs"),
        (["table", "zzz", *DEMO], "procore-nb endpoints WORD"),
        (["projects", "--environment", "sandbox"], "PROCORE_CLIENT_ID"),
        (
            ["projects", "--environment", "dmeo"],
            "add --login-url URL and --api-url URL to a name of your own",
        ),
        (["projects"], "Name one, such as --environment production: production, sandbox"),
        (["projects", "--environment", "prod"], "Did you mean production?"),
        (
            ["table", "rfis", *DEMO, "--projects", "Nostrand Avenue Hotel"],
            "procore-nb projects shows the ids",
        ),
        (["table", "rfis", *DEMO, "--project-id", "999"], "procore-nb projects --status All shows"),
    ],
)
def test_an_error_says_what_to_type_in_a_terminal(
    words: list[str], part: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PROCORE_CLIENT_ID", "PROCORE_CLIENT_SECRET", "PROCORE_ENVIRONMENT"):
        monkeypatch.delenv(name, raising=False)
    assert main(words) == 1
    said = capsys.readouterr().err
    assert part in said
    assert PYTHON.findall(said.replace("procore-nb", "")) == []


def test_no_advice_shows_python_in_a_terminal() -> None:
    names = [name for name in dir(hints) if name.isupper() and not name.startswith("_")]
    assert len(names) > 20
    assert [name for name in names if PYTHON.findall(terminal_words(getattr(hints, name)))] == []


def test_a_warning_of_superseded_rows_names_no_frame() -> None:
    said = terminal_words(
        'so that questions count twice. Pass current_revision=True, or keep frame[frame["current_revision"]].'
    )
    assert said == "so that questions count twice. Pass --set current_revision=True."
    said = terminal_words('so that drawings count twice. Keep frame[frame["current"]].')
    assert said.endswith("Write them with --csv and keep those that are current.")


@pytest.mark.parametrize("typed", [["--status", "open"], ["--status=open"]])
def test_a_filter_typed_as_an_option_is_told_how_it_is_written(
    typed: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["table", "rfis", *DEMO, *typed])
    assert "Filters are written --set status=open" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["diagnose", *DEMO, *typed])  # takes no filters
    assert "--set" not in capsys.readouterr().err


def test_what_is_no_python_stays_as_it_is() -> None:
    for text in (
        "Set HTTPS_PROXY (http://user:password@proxy.example:8080).",
        "filters[status]=open is sent unchecked",
        "rfis: 3 of 172 projects skipped: Town Hall, project_id 7 (403: Forbidden)",
    ):
        assert terminal_words(text) == text


def test_a_parent_is_a_list_or_ids(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["table", "rfi_replies", *DEMO, "--project-id", FIRST, "--parent", "rfis"]) == 0
    by_list = re.search(r"([\d,]+) rows", capsys.readouterr().out)
    assert main(["table", "rfis", *DEMO, "--project-id", FIRST, "--csv", "-", "--columns", "id"]) == 0
    ids = capsys.readouterr().out.split()[1:]
    assert main(["table", "rfi_replies", *DEMO, "--project-id", FIRST, "--parent", ",".join(ids)]) == 0
    by_ids = re.search(r"([\d,]+) rows", capsys.readouterr().out)
    assert by_list is not None
    assert by_ids is not None
    assert by_list[1] == by_ids[1] != "0"


def test_the_name_of_a_list_shows_its_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["endpoints", "manpower_logs"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("daily_logs_manpower: GET ")
    assert "columns" in said
    assert "See also: manpower_log_vendor_options" in said


@pytest.mark.slow
def test_the_package_runs_as_a_module_and_gives_a_shell_its_completions(tmp_path: Path) -> None:
    out, line = tmp_path / "completions", "procore-nb ta"
    asked = {
        "_ARGCOMPLETE": "1",
        "_ARGCOMPLETE_IFS": "\n",
        "_ARGCOMPLETE_STDOUT_FILENAME": str(out),
        "COMP_LINE": line,
        "COMP_POINT": str(len(line)),
    }
    done = subprocess.run(
        [sys.executable, "-m", "procore_nb"], env=os.environ | asked, capture_output=True, check=False
    )
    assert done.stdout == b""
    assert out.read_text(encoding="utf-8").split() == ["table"]


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("table rfi_rep", {"rfi_replies"}),
        ("endpoints punch_i", {"punch_items", "punch_item_types"}),
        ("table rfis --environment s", {"sandbox"}),
        ("table rfis --set status=o", {"status=open"}),
        ("sync store --tables projects,rfi_rep", {"projects,rfi_replies"}),
        ("table rfis --pare", {"--parent"}),
    ],
)
def test_the_tab_key_offers_lists_and_values(line: str, offered: set[str]) -> None:
    finder = argcomplete.CompletionFinder(with_completers(parser()), always_complete_options=False)
    found = itertools.takewhile(bool, (finder.rl_complete(line, at) for at in itertools.count()))
    words = {one.strip().rpartition(" ")[2] for one in found if one}
    assert offered <= words


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_lines_of_its_own(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    assert "procore-nb" in capsys.readouterr().out


def test_the_version_names_package_and_catalogue(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    assert re.match(
        r"procore-nb \d\S*, 1,008 lists of Procore's reference of \d{4}-", capsys.readouterr().out
    )


def test_a_network_error_is_not_an_output_that_cannot_be_written(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr("procore_nb.cli.commands.connect", refuse)
    assert main(["projects", *DEMO]) == 1
    said = capsys.readouterr().err
    assert "Connection refused" in said
    assert "output" not in said


@pytest.mark.parametrize("port", ["65536", "-1", "80.0", "٨٠"])
def test_what_is_no_port_is_refused_before_anything_is_served(capsys, port: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(SystemExit) as stopped:
        main(["serve-demo", f"--port={port}"])
    assert stopped.value.code == 2
    assert "is no port: a number from 0 to 65535" in capsys.readouterr().err
