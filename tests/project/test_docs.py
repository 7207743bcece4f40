"""The pages in docs/ hold what they show: Python runs on the demo, commands work, links lead somewhere."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import pytest

from procore_nb import cli
from procore_nb.cli.parser import parser

from .declared import ROOT, fenced

PAGES = sorted((ROOT / "docs").glob("*.md"))
NAMES = [page.stem for page in PAGES]
SHOWN = sorted((ROOT / "docs" / "notebooks").glob("*.md"))
COMMANDS = [
    shlex.split(line)[1:]
    for page in PAGES
    for block in fenced(page, "sh")
    for line in block.splitlines()
    if line.startswith("procore-nb ")
]


def _runs_here(words: list[str]) -> bool:
    return words[0] in ("demo", "endpoints") or "--environment demo" in " ".join(words)


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_demo: None) -> None:
    monkeypatch.chdir(tmp_path)
    mpl.use("agg")


@pytest.mark.filterwarnings("ignore::procore_nb.ProcoreWarning")  # the demo has projects without permission
@pytest.mark.parametrize("page", PAGES, ids=NAMES)
@pytest.mark.slow
def test_the_python_of_a_page_runs_from_top_to_bottom(page: Path) -> None:
    names: dict[str, object] = {}
    for number, block in enumerate(fenced(page, "python"), start=1):
        exec(compile(block, f"{page.name}, block {number}", "exec"), names)
    import matplotlib.pyplot as plt

    plt.close("all")


@pytest.mark.slow
def test_the_python_of_all_pages_passes_a_type_checker(tmp_path: Path) -> None:
    for page in [*PAGES, ROOT / "README.md"]:
        name = f"page_{page.stem.lower().replace('-', '_')}.py"
        (tmp_path / name).write_text("\n".join(fenced(page, "python")), encoding="utf-8")
    files = sorted(tmp_path.glob("page_*.py"))
    words = [
        "--ignore-missing-imports",
        "--cache-dir",
        str(ROOT / ".mypy_cache"),
        "--config-file",
        os.devnull,
    ]
    place = {**os.environ, "MYPYPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--follow-imports=silent", *words, *map(str, files)],
        capture_output=True, text=True, env=place, check=False,
    )  # fmt: skip
    assert len(files) > 8
    assert done.stdout.splitlines()[-1].startswith("Success"), done.stdout


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_python_for_an_account_of_ones_own_is_well_formed(page: Path) -> None:
    for number, block in enumerate(fenced(page, "py"), start=1):
        compile(block, f"{page.name}, block {number}", "exec")


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
@pytest.mark.slow
def test_a_command_is_understood_and_works_on_the_demo(words: list[str]) -> None:
    parser().parse_args(words)
    if _runs_here(words):
        assert cli.main(words) == 0


@pytest.mark.parametrize("page", [*PAGES, *SHOWN], ids=lambda page: page.stem)
def test_links_and_pictures_of_a_page_exist(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if "://" not in target and not (page.parent / target).exists()] == []


def test_every_page_is_listed() -> None:
    listed = re.findall(r"\]\(([\w-]+\.md)\)", (ROOT / "docs" / "README.md").read_text(encoding="utf-8"))
    assert sorted(listed) == [page.name for page in PAGES if page.name != "README.md"]


def test_every_picture_is_small_and_shown() -> None:
    pages = [*PAGES, *SHOWN, ROOT / "README.md"]
    shown = {
        name
        for page in pages
        for name in re.findall(r"images/([\w-]+\.png)", page.read_text(encoding="utf-8"))
    }
    kept = {path.name: path.stat().st_size for path in (ROOT / "docs" / "images").glob("*.png")}
    assert set(kept) == shown
    assert max(kept.values()) < 150_000
