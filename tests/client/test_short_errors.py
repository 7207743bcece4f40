"""What a notebook shows of an error and of a warning: message, advice and the line that was run, not our frames."""

from __future__ import annotations

import contextlib
import io
import warnings
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

import procore_nb as pnb
from procore_nb.errors import warn

CONNECT = "import procore_nb as pnb\nprocore = pnb.connect('demo', progress=False)"
STOP = """
from procore_nb.fetch import scheduler
def stop(*_, **__): raise KeyboardInterrupt
procore.table("companies")
procore.session.get = stop
procore.table("rfis", 1204310)
"""


def shown(*cells: str) -> list[str]:
    """What a fresh IPython prints for each cell."""
    shell = InteractiveShell.instance(colors="nocolor")
    printed = []
    for cell in (CONNECT, *cells):
        with contextlib.redirect_stdout(io.StringIO()) as out:
            shell.run_cell(cell)
        printed.append(out.getvalue().strip())
    InteractiveShell.clear_instance()
    return printed[1:]


@pytest.fixture(scope="module")
def printed() -> list[str]:
    return shown(
        "x = 1\nprocore.table('rfis', stauts='open')",
        "procore.rfis",
        STOP,
        "import sys; print(type(sys.last_value.partial).__name__)",
        "%xmode Verbose\nprocore.rfis",
        "%xmode Context\nprocore.rfis",
        "1 / 0",
        "pnb.rfis()",
    )


@pytest.mark.slow
def test_an_error_is_message_advice_and_the_line_of_the_cell(printed: list[str]) -> None:
    first, advice, line = printed[0].splitlines()
    assert first == "CatalogError: rfis knows no argument 'stauts'."
    assert advice.startswith("Did you mean status=?")
    assert line == "line 2: procore.table('rfis', stauts='open')"
    assert len(printed[1].splitlines()) == 3
    assert printed[7].splitlines()[1:] == [
        'Write procore = pnb.connect("demo"), then procore.lists.rfis(…).',
        "line 1: pnb.rfis()",
    ]


@pytest.mark.slow
def test_a_stopped_fetch_is_one_line_and_what_had_come_can_be_had(printed: list[str]) -> None:
    assert printed[2].startswith("Stopped: rfis was stopped after 0 rows")
    assert len(printed[2].splitlines()) == 1
    assert "sys.last_value.partial" in printed[2]
    assert printed[3] == "DataFrame"


@pytest.mark.slow
def test_the_whole_traceback_is_one_switch_of_ipython_away(printed: list[str]) -> None:
    assert "connection.py" in printed[4]
    assert printed[5].splitlines()[-1] == "line 2: procore.rfis"
    assert "connection.py" not in printed[5]
    assert "ZeroDivisionError" in printed[6]
    assert "Traceback" in printed[6]


def test_a_warning_of_ours_has_no_path_and_others_keep_theirs(capsys: pytest.CaptureFixture[str]) -> None:
    told: Any = pnb.ProcoreWarning("3 of 172 projects skipped")
    assert warnings.formatwarning(told, pnb.ProcoreWarning, "/somewhere/rfis.py", 7) == (
        "Note: 3 of 172 projects skipped\n"
    )
    assert "/somewhere/rfis.py:7" in warnings.formatwarning(
        "old", DeprecationWarning, "/somewhere/rfis.py", 7
    )
    with pytest.warns(pnb.ProcoreWarning) as caught:
        warn("here")
    assert caught[0].filename == __file__
