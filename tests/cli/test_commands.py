"""The command line, as a person in a terminal meets it."""

from __future__ import annotations

import csv
import json
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from procore_nb import demo
from procore_nb.cli import main


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The demo on a port, credentials in the environment; gives the words that lead there."""
    monkeypatch.setenv("PROCORE_CLIENT_ID", demo.CLIENT_ID)
    monkeypatch.setenv("PROCORE_CLIENT_SECRET", demo.CLIENT_SECRET)
    with demo.serve(demo.Demo(demo.Portfolio(40)), 0) as served:
        yield [
            *("--environment", "mine", "--login-url", served.url, "--api-url", served.url),
            *("--company-id", str(demo.COMPANY_ID)),
        ]


@pytest.mark.slow
def test_the_demo_writes_its_files_and_says_where(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["demo", "--folder", "out"]) == 0
    said = capsys.readouterr().out
    for name in ("projects.csv", "companies.csv", "projects-map.png", "projects-map.html"):
        assert (tmp_path / "out" / name).stat().st_size > 100
        assert name in said
    assert re.search(r"companies\.csv  \(\d+ bytes\)", said)
    assert "Course of Construction" in said
    assert "swapped" in said
    by_stage, _, by_country = said.partition("By country")
    assert "total value" not in by_stage  # stages hold projects of ten currencies
    assert re.search(r"Ireland +4 +[1-9][\d.]+ M", by_country)
    with (tmp_path / "out" / "projects.csv").open(encoding="utf-8", newline="") as file:
        assert sum(1 for _ in csv.DictReader(file)) == 172
    assert (tmp_path / "out" / "projects-map.png").read_bytes().startswith(b"\x89PNG")


def test_a_folder_that_cannot_be_made_is_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file", encoding="utf-8")
    assert main(["demo", "--folder", "taken"]) == 1
    said = capsys.readouterr()
    assert "cannot be made" in said.err
    assert said.err.count("\n") == 1
    assert (tmp_path / "taken").read_text(encoding="utf-8") == "a file"


def test_projects_of_any_server_go_to_a_csv_file(
    server: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["projects", *server, "--status", "all", "--csv", "p.csv"]) == 0
    assert "40 rows" in capsys.readouterr().out
    with (tmp_path / "p.csv").open(encoding="utf-8", newline="") as file:
        assert sum(1 for _ in csv.DictReader(file)) == 40


def test_csv_to_standard_output_is_only_the_csv(
    server: list[str], capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main(["projects", *server, "--csv", "-"]) == 0
    assert capfdbinary.readouterr().out.startswith(b"id,name,")


@pytest.mark.slow
def test_a_map_goes_to_a_picture(server: list[str], tmp_path: Path) -> None:
    assert main(["projects", *server, "--map", "m.svg"]) == 0
    assert b"<svg" in (tmp_path / "m.svg").read_bytes()[:2000]


def test_any_list_is_shown_with_its_arguments(server: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    first = demo.Portfolio().company_of(demo.COMPANY_ID)
    assert first is not None
    assert main(["table", "rfis", *server, "--project-id", str(first.first_project_id), "--rows", "2"]) == 0
    assert "rfis of company" in capsys.readouterr().out


@pytest.mark.slow
def test_a_list_across_projects_names_what_was_left_out(
    server: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["table", "punch_items", *server, "--projects", "all"]) == 0
    said = capsys.readouterr()
    assert "skipped" in said.err
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["projects", "--environment", "prodction", "--company-id", "1"], "Did you mean production"),
        (["projects", "--environment", "sandbox", "--company-id", "1"], "No credentials for sandbox"),
        (["projects"], "No environment was named"),
        (["projects", "--environment", "demo", "--company-id", "zero"], "positive whole number"),
        (["projects", "--environment", "demo", "--company-id", "0"], "positive whole number"),
        (["projects", "--environment", "demo", "--csv", "absent/p.csv"], "no folder"),
        (["table", "rfi", "--environment", "demo"], "Did you mean rfis"),
        (
            ["table", "rfis", "--environment", "demo", "--project-id", "1204310", "--set", "statu=open"],
            "status",
        ),
        (["table", "rfis", "--environment", "demo", "--set", "open"], "NAME=VALUE"),
        (["table", "rfis", "--environment", "demo", "--set", "=open"], "NAME=VALUE"),
    ],
)
def test_what_cannot_work_is_one_line_and_code_1(
    words: list[str], part: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 1
    said = capsys.readouterr().err
    assert part in said
    assert said.count("\n") == 1


def test_words_that_make_no_sense_are_code_2() -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["projets"])
    assert stopped.value.code == 2


def test_a_wrong_secret_is_not_shown(
    server: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PROCORE_CLIENT_SECRET", "a-very-wrong-secret")
    assert main(["projects", *server]) == 1
    said = capsys.readouterr()
    assert "refused the credentials" in said.err
    assert "a-very-wrong-secret" not in said.out + said.err


def test_diagnose_is_0_when_all_is_well_and_1_when_not(
    server: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diagnose", *server]) == 0
    assert "ok  credentials accepted" in capsys.readouterr().out
    monkeypatch.setenv("PROCORE_CLIENT_SECRET", "wrong")
    assert main(["diagnose", *server]) == 1
    assert "NO  credentials accepted" in capsys.readouterr().out


@pytest.mark.slow
def test_endpoints_are_found_and_one_is_shown_whole(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["endpoints", "punch"]) == 0
    assert "punch_items" in capsys.readouterr().out
    assert main(["endpoints", "rfis"]) == 0
    assert "/rest/v1.0/projects/{project_id}/rfis" in capsys.readouterr().out
    assert main(["endpoints", "no-such-thing-anywhere"]) == 0
    assert "Nothing" in capsys.readouterr().out


def test_serve_demo_says_what_clients_need_meets_its_faults_and_stops_cleanly(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    found: list[requests.Response] = []

    def use_and_stop(_: float) -> None:
        said.append(capsys.readouterr().out)
        address = re.search(r"http://127\.0\.0\.1:\d+", said[0])
        assert address
        keys = {"client_id": demo.CLIENT_ID, "client_secret": demo.CLIENT_SECRET}
        form = {"grant_type": "client_credentials", **keys}
        token = requests.post(f"{address[0]}/oauth/token", data=form, timeout=20).json()["access_token"]
        bearer = {"Authorization": f"Bearer {token}"}
        found.extend(requests.get(f"{address[0]}/rest/v1.0/me", headers=bearer, timeout=20) for _ in range(3))
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("procore_nb.cli.demo_commands.time.sleep", use_and_stop)
    options = ["--port", "0", "--fault", "broken@1", "--fault", "busy=7@2", "--missing-company", "allow"]
    assert main(["serve-demo", *options]) == 0
    for value in (demo.CLIENT_ID, demo.CLIENT_SECRET, str(demo.COMPANY_ID)):
        assert value in said[0]
    assert [one.status_code for one in found] == [500, 429, 200]
    assert found[1].headers["Retry-After"] == "7"
    rest = capsys.readouterr()
    assert "stopped" in rest.out
    assert rest.err == ""


def test_all_faults_are_listed_and_an_unknown_one_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve-demo", "--fault", "list"]) == 0
    said = capsys.readouterr().out
    assert [line.split()[0] for line in said.splitlines()] == list(demo.FAULT_KINDS)
    assert main(["serve-demo", "--fault", "fire@2"]) == 1
    assert "unavailable" in capsys.readouterr().err


def test_a_taken_port_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with demo.serve(demo.Demo(), 0) as served:
        assert main(["serve-demo", "--port", str(served.port)]) == 1
    assert str(served.port) in capsys.readouterr().err


@pytest.mark.slow
def test_sync_keeps_a_folder_up_to_date_in_one_line(
    server: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    words = ["sync", "kept", "--tables", "projects,programs", *server]
    assert main([*words, "--log"]) == 0
    said = capsys.readouterr()
    assert said.out.count("\n") == 1
    assert "2 tables" in said.out
    assert [json.loads(line)["table"] for line in said.err.splitlines()] == ["projects", "programs"]
    assert main(words) == 0
    assert " 0 new" in capsys.readouterr().out


@pytest.mark.parametrize("time", ["soon", "0h", "5", "-1h"])
def test_a_time_to_sync_again_that_is_none_is_one_line(time: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sync", "kept", "--tables", "projects", "--environment", "demo", f"--every={time}"]) == 1
    assert "30m" in capsys.readouterr().err


def test_less_than_a_whole_list_in_a_terminal(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    where = ["--environment", "demo", "--project-id", "1204347"]
    assert (
        main(["table", "rfis", *where, "--max-rows", "2", "--columns", "id, subject", "--csv", "two.csv"])
        == 0
    )
    with (tmp_path / "two.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert (len(rows), list(rows[0])) == (2, ["id", "subject"])
    assert main(["record", "rfis", rows[0]["id"], *where, "--columns", "subject"]) == 0
    assert rows[0]["subject"] in capsys.readouterr().out
    assert (
        main(["count", "rfis", "--environment", "demo", "--projects", "1204347,1204384", "--csv", "-"]) == 0
    )
    assert len(capsys.readouterr().out.splitlines()) == 3
    assert main(["estimate", "rfis", "--environment", "demo", "--projects", "all"]) == 0
    assert "172" in capsys.readouterr().out
    assert main(["access-request", "rfis", "budget", "--environment", "demo"]) == 0
    assert "RFI: Read Only" in capsys.readouterr().out
    assert main(["table", "rfis", *where, "--max-rows", "0"]) == 1
    assert "from 1 up" in capsys.readouterr().err
