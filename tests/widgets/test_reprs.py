from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

import procore_nb as pnb
from procore_nb import catalog
from procore_nb.environments import KNOWN


def shown(procore: pnb.Procore) -> dict[str, str]:
    return {
        "connection": procore._repr_html_(),
        "environment": KNOWN[0]._repr_html_(),
        "credentials": pnb.Credentials("id<b>", "the secret")._repr_html_(),
        "endpoint": catalog.endpoint("rfis")._repr_html_(),
        "diagnosis": procore.diagnose()._repr_html_(),  # type: ignore[operator]
    }


def test_no_repr_sets_a_colour_so_that_a_dark_theme_can_be_read(procore: pnb.Procore) -> None:
    for text in shown(procore).values():
        assert "color" not in text
        assert "background" not in text


def test_a_connection_names_its_environment_and_what_the_limit_leaves(procore: pnb.Procore) -> None:
    procore.me()
    assert "<b>demo</b>" in procore._repr_html_()
    assert "requests left" in procore._repr_html_()
    assert "requests left" in repr(procore)


def test_a_store_names_its_company_and_its_tables(procore: pnb.Procore, tmp_path: Path) -> None:
    store = pnb.Store(tmp_path / "<kept>")
    assert "no tables yet" in store._repr_html_()
    store.sync(procore, ["companies"])

    shown = store._repr_html_()
    assert "<b>demo</b> environment" in shown
    assert f"company <b>{procore.company_id}</b>" in shown
    assert re.search(r"companies \(\d+ rows\)", shown)
    assert "&lt;kept&gt;" in shown
    assert "color" not in shown


def test_credentials_show_neither_secret_nor_markup(procore: pnb.Procore) -> None:
    text = shown(procore)["credentials"]
    assert "the secret" not in text
    assert "<b>" not in text


def test_a_diagnosis_shows_whole_sentences_and_stays_a_frame(procore: pnb.Procore) -> None:
    steps = procore.diagnose()

    assert isinstance(steps, pd.DataFrame)
    assert type(steps[steps["ok"].fillna(False)]) is pd.DataFrame
    assert "✓" in steps._repr_html_()  # type: ignore[operator]
    assert steps["detail"].iloc[3] in steps._repr_html_()  # type: ignore[operator]


@pytest.mark.parametrize(
    "name", ["Explorer", "FrameTable", "ProjectPicker", "EndpointPicker", "CompanyPicker", "ConnectForm"]
)
def test_the_text_form_of_a_widget_is_one_short_line(procore: pnb.Procore, name: str) -> None:
    widgets = {
        "Explorer": lambda: pnb.Explorer(procore),
        "FrameTable": lambda: pnb.FrameTable(pd.DataFrame({"id": [1]})),
        "ProjectPicker": lambda: pnb.ProjectPicker(procore),
        "EndpointPicker": pnb.EndpointPicker,
        "CompanyPicker": lambda: pnb.CompanyPicker(procore),
        "ConnectForm": lambda: pnb.ConnectForm("demo"),
    }
    text = repr(widgets[name]())

    assert text.startswith(name)
    assert len(text) < 100
