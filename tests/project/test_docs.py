"""The pages in docs/ hold what they show: Python runs on the demo, commands work, links lead somewhere."""

from __future__ import annotations

import importlib
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pytest

import procore_nb as pnb
from procore_nb import cli
from procore_nb.cli.parser import parser

from .declared import ROOT, fenced

PAGES = sorted((ROOT / "docs").glob("*.md"))
NAMES = [page.stem for page in PAGES]
MAINTAINERS = sorted((ROOT / "docs" / "maintainers").glob("*.md"))
SHOWN = sorted((ROOT / "docs" / "notebooks").glob("*.md"))
COMMANDS = [
    shlex.split(line)[1:]
    for page in PAGES
    for block in fenced(page, "sh")
    for line in block.splitlines()
    if line.startswith("procore-nb ")
]


def list_pages() -> Any:
    """The module that writes the pages of the most used lists."""
    sys.path.insert(0, str(ROOT / "docs" / "_ext"))
    try:
        return importlib.import_module("list_pages")
    finally:
        sys.path.pop(0)


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


@pytest.mark.docs
def test_the_python_of_all_pages_passes_a_type_checker(tmp_path: Path) -> None:
    for page in [*PAGES, ROOT / "README.md"]:
        name = f"page_{page.stem.lower().replace('-', '_')}.py"
        (tmp_path / name).write_text("\n".join(fenced(page, "python")), encoding="utf-8")
    files = sorted(tmp_path.glob("page_*.py"))
    # With the settings of the package, so that what its own check found out is used again.
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *map(str, files)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert len(files) > 8
    assert done.stdout.splitlines()[-1].startswith("Success"), done.stdout


def test_python_for_an_account_of_ones_own_is_well_formed() -> None:
    for page in PAGES:
        for number, block in enumerate(fenced(page, "py"), start=1):
            compile(block, f"{page.name}, block {number}", "exec")


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
@pytest.mark.slow
def test_a_command_is_understood_and_works_on_the_demo(words: list[str]) -> None:
    parser().parse_args(words)
    if _runs_here(words):
        assert cli.main(words) == 0


def test_links_and_pictures_of_the_pages_exist() -> None:
    targets = [
        (page, target)
        for page in [*PAGES, *SHOWN]
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
        if "://" not in target
    ]
    assert len(targets) > 100
    assert [(page.name, target) for page, target in targets if not (page.parent / target).exists()] == []


def test_every_page_stands_in_a_table_of_contents() -> None:
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    listed = {
        re.sub(r".*<(.+)>", r"\1", line)
        for block in re.findall(r"```\{toctree\}\n(.*?)```", text, re.DOTALL)
        for line in block.splitlines()
        if line and not line.startswith(":")
    }
    pages = {path.relative_to(ROOT / "docs").with_suffix("").as_posix() for path in [*PAGES, *MAINTAINERS]}
    assert pages - {"index"} == listed - {"notebooks/README", "lists/index"}


def test_every_public_name_is_in_the_reference() -> None:
    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    names = {*pnb.__all__, *(f"reports.{name}" for name in pnb.reports.__all__)}
    names -= {"__version__", "reports", "reports.REPORTS", "reports.ReportFunction"}
    assert names == set(re.findall(r"^   ([\w.]+)$", text, re.MULTILINE))


@pytest.mark.filterwarnings("ignore::procore_nb.ProcoreWarning")
@pytest.mark.slow
def test_the_example_on_the_page_of_every_list_runs() -> None:
    pages = list_pages()
    for name in pages.LISTS:
        names: dict[str, object] = {}
        exec(compile(pages.example(name), name, "exec"), names)
        missing = set(pages.LISTS[name]["columns"]) - set(names["frame"])
        assert not missing, f"{name}: {missing}"


def test_every_column_on_the_page_of_a_list_has_a_meaning() -> None:
    pages = list_pages()
    assert len(pages.LISTS) >= 60
    for name, facts in pages.LISTS.items():
        text = pages.page(name)
        assert all(f"| `{column}` | " in text for column in facts["columns"])
        assert set(facts.get("means", {})) <= set(facts["columns"])


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
