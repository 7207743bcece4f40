"""What a wheel holds is what an analyst gets."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

import procore_nb as pnb

from .declared import EXTRAS, ROOT

SHIPPED = {".py", ".gz", ".js", ".css", ".csv", ".md", ".typed", ".json", ".txt"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return zipfile.ZipFile(built)


@pytest.mark.slow
def test_the_wheel_holds_every_file_of_the_package(wheel: zipfile.ZipFile) -> None:
    kept = {name for name in wheel.namelist() if name.startswith("procore_nb/")}
    here = [
        path
        for path in (ROOT / "procore_nb").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    ]
    assert kept == {path.relative_to(ROOT).as_posix() for path in here}
    assert {Path(name).suffix for name in kept} <= SHIPPED


@pytest.mark.parametrize("folder", ["catalog/data", "maps/data", "maps/static", "widgets/static"])
@pytest.mark.slow
def test_the_wheel_holds_data_of_each_room_that_has_some(wheel: zipfile.ZipFile, folder: str) -> None:
    assert [name for name in wheel.namelist() if name.startswith(f"procore_nb/{folder}/")]


def test_the_wheel_says_that_it_is_typed_and_licensed(wheel: zipfile.ZipFile) -> None:
    names = wheel.namelist()
    assert "procore_nb/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_metadata_of_the_wheel_tell_version_python_and_extras(wheel: zipfile.ZipFile) -> None:
    (path,) = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
    said = Parser().parsestr(wheel.read(path).decode())
    assert said["Version"] == pnb.__version__
    assert said["Requires-Python"] == ">=3.11"
    assert set(said.get_all("Provides-Extra", [])) == set(EXTRAS)


def test_the_text_for_a_package_index_has_no_link_into_the_repository(wheel: zipfile.ZipFile) -> None:
    (path,) = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
    text = str(Parser().parsestr(wheel.read(path).decode()).get_payload())
    assert "# procore_nb" in text
    assert "Read on: getting started, the notebooks, executed," in text
    assert re.findall(r"\]\((?!https?://)[^)]*\)", text) == []


def test_the_wheel_installs_the_command(wheel: zipfile.ZipFile) -> None:
    (path,) = [name for name in wheel.namelist() if name.endswith("entry_points.txt")]
    assert "procore-nb = procore_nb.cli:main" in wheel.read(path).decode()
