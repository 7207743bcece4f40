from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest


@pytest.mark.slow
def test_connecting_loads_no_widget_library_and_a_form_without_it_says_what_to_install() -> None:
    code = """
    import sys
    import procore_nb as pnb
    procore = pnb.connect("demo")
    print([name for name in ("ipywidgets", "anywidget", "traitlets", "matplotlib") if name in sys.modules])
    sys.modules["anywidget"] = None
    try:
        procore.explore()
    except pnb.MissingExtraError as error:
        print(error)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=120, check=True
    )
    loaded, _, message = done.stdout.partition("\n")

    assert loaded == "[]"
    assert 'pip install "procore-nb[notebook]"' in message
    assert "anywidget" in message
