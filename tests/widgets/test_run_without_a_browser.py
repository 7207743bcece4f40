"""A notebook run by nbclient, as nbconvert and papermill run theirs: widget state is kept, and what it then holds."""

from __future__ import annotations

from pathlib import Path

import pytest

import procore_nb as pnb
from procore_nb import demo

pytestmark = pytest.mark.slow

SECRET = "typed-and-never-kept-40277"  # a wrong one: the right one stands in a variable of the kernel
CELLS = [
    "%xmode Verbose\nimport os, procore_nb as pnb\nfrom procore_nb.credentials import CredentialSources\n"
    "place = pnb.Environment('mine', os.environ['PLACE'], os.environ['PLACE'])",
    "form = pnb.ConnectForm(place, company_id=int(os.environ['PROCORE_COMPANY_ID']))\n"
    "form._fields.profile.value = ('found', '')\nform.connect()\nform",
    "form.procore",
    "explorer = form.procore.explore()\nexplorer.targets._where.value = 'active'\nexplorer.fetch()\nexplorer",
    # Such a row is fetched; its words are not in one piece here, where the file keeps the source.
    "print('fetched' * any(explorer.frame['subject'].str.contains('Emergency lighting' + ' circuit')))",
    "wrong = pnb.ConnectForm(place, company_id=1)\nwrong._fields.client_id.value = 'someone'\n"
    "wrong._fields.secret._handle_custom_msg({'kind': 'secret', 'text': os.environ['TYPED']}, None)\nwrong",
    "wrong.connect()",
    "form.procore.session.get('/rest/v1.0/no/such/list')",
    "%history",
    "open('token.txt', 'w').write(form.procore.session.login().text.reveal()); None",
]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """The saved notebook, and the token that was used."""
    import nbformat  # two seconds, which every process that only collects tests would pay
    from nbclient import NotebookClient

    folder = tmp_path_factory.mktemp("run")
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS])
    with pytest.MonkeyPatch.context() as patch, demo.serve(demo.Demo(demo.Portfolio(12))) as server:
        patch.setenv("PLACE", server.url)
        patch.setenv("TYPED", SECRET)
        patch.setenv("PROCORE_CLIENT_ID", demo.CLIENT_ID)
        patch.setenv("PROCORE_CLIENT_SECRET", demo.CLIENT_SECRET)
        patch.setenv("PROCORE_COMPANY_ID", str(demo.COMPANY_ID))
        patch.setenv("IPYTHONDIR", str(folder / "ipython"))
        patch.setenv("PYTHONPATH", str(Path(pnb.__file__).parents[1]))
        client = NotebookClient(
            book,
            timeout=120,
            allow_errors=True,
            store_widget_state=True,
            resources={"metadata": {"path": str(folder)}},
        )
        client.execute()
    nbformat.write(book, folder / "run.ipynb")
    return (folder / "run.ipynb").read_text(encoding="utf-8"), (folder / "token.txt").read_text()


@pytest.mark.slow
def test_the_notebook_ran_and_its_widget_state_is_in_the_file(run: tuple[str, str]) -> None:
    text, token = run
    assert "application/vnd.jupyter.widget-state+json" in text
    assert "Connected to mine" in text  # what the form says is widget state
    assert "refused the credentials" in text
    assert "Traceback" in text
    assert '"fetched\\n"' in text
    assert len(token) > 10


def test_neither_secrets_nor_the_token_are_in_state_tracebacks_or_history(run: tuple[str, str]) -> None:
    text, token = run
    assert [each for each in (SECRET, demo.CLIENT_SECRET, token) if each in text] == []


def test_no_rows_of_a_fetch_are_in_the_file(run: tuple[str, str]) -> None:
    assert "Emergency lighting circuit" not in run[0]
