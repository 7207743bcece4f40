"""Each notebook holds one question, no output, and runs top to bottom on the demo in a fresh kernel."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
NAMES = [path.stem for path in NOTEBOOKS]

pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning:jupyter_client", "ignore::ResourceWarning"
)


@pytest.fixture
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Kernels read and write nothing of this person's Jupyter, and see no credentials."""
    for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    for name in ("PROCORE_CLIENT_ID", "PROCORE_CLIENT_SECRET", "PROCORE_COMPANY_ID", "PROCORE_ENVIRONMENT"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "notebooks"
    folder.mkdir()
    return folder


def test_there_are_notebooks() -> None:
    assert "00_start" in NAMES


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_a_notebook_in_git_holds_no_output_and_no_widget_state(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.outputs for cell in code] == [[]] * len(code)
    assert {cell.execution_count for cell in code} == {None}
    assert "widgets" not in notebook.metadata


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_the_account_is_chosen_in_one_cell(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    assert [source for source in code if re.search(r"""connect\(["']demo["']""", source)] == code[:1]


@pytest.mark.notebook
@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_a_notebook_runs_top_to_bottom(path: Path, own_folders: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook, timeout=60, resources={"metadata": {"path": str(own_folders)}}, store_widget_state=False
    )
    client.execute()
    assert [words for cell in notebook.cells for words in _trouble(cell)] == []


def _trouble(cell: nbformat.NotebookNode) -> list[str]:
    """What a reader should not see: words on standard error, except what we say ourselves."""
    said = [output.text for output in cell.get("outputs", []) if output.get("name") == "stderr"]
    return [text for text in said if "ProcoreWarning" not in text]
