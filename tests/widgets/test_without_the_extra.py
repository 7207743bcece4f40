from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest


def run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=120, check=True
    )
    return done.stdout.strip()


@pytest.mark.slow
def test_importing_the_package_imports_no_widget_library() -> None:
    loaded = run(
        """
        import sys, procore_nb
        from procore_nb.client import Procore
        print([name for name in ("ipywidgets", "anywidget", "traitlets", "matplotlib") if name in sys.modules])
        """
    )
    assert loaded == "[]"


@pytest.mark.slow
def test_without_anywidget_a_form_says_what_to_install() -> None:
    said = run(
        """
        import sys
        sys.modules["anywidget"] = None
        import procore_nb as pnb
        try:
            pnb.connect("demo").explore()
        except pnb.MissingExtraError as error:
            print(error)
        """
    )
    assert 'pip install "procore-nb[notebook]"' in said
    assert "anywidget" in said
