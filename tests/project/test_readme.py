"""README.md promises commands and lines; here they stand where they should and the lines run."""

from __future__ import annotations

import re
from pathlib import Path

import matplotlib as mpl
import pytest

from .declared import ROOT, fenced

README = ROOT / "README.md"


def test_the_first_two_blocks_set_up_everything_in_one_line_each() -> None:
    first, second, third = fenced(README, "sh")[:3]
    assert first.endswith("procore-nb demo\n")
    assert second.endswith("-m pytest\n")
    assert third == 'pip install "procore-nb[all]"\n'
    assert [len(block.splitlines()) for block in (first, second, third)] == [1, 1, 1]


def test_set_up_installs_tested_versions_and_nothing_outside_its_folder() -> None:
    for block in fenced(README, "sh")[:2]:
        assert block.startswith("python3 -c 'import sys; sys.version_info >= (3, 11) or sys.exit(")
        assert "' && python3 -m venv .venv && .venv/bin/python -m pip install " in block
        assert "--constraint constraints.txt" in block
        assert not re.search(r"(^|&& )(pip|sudo|python3 -m pip)", block)


@pytest.mark.slow
def test_the_first_notebook_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    mpl.use("agg")
    block = fenced(README, "python")[0]
    assert len([line for line in block.splitlines() if line.strip()]) == 5
    exec(compile(block, "README.md", "exec"), {})
    assert (tmp_path / "projects.csv").stat().st_size > 0


def test_links_and_pictures_of_the_readme_exist() -> None:
    text = README.read_text(encoding="utf-8")
    targets = re.findall(r"\]\((?!https?://)([^)#]+)\)", text)
    named = re.findall(r"`((?:docs|notebooks)[\w/.-]*|[A-Z]+\.md)`", text)
    assert len(targets) > 5
    assert [name for name in [*targets, *named] if not (ROOT / name).exists()] == []
    assert text.index('pip install ".[all]"') < text.index('pip install "procore-nb[all]"')
