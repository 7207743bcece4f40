from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
import pytest

import procore_nb as pnb
from procore_nb import demo
from procore_nb.environments import DEMO
from procore_nb.http import Session


class Wire:
    """Listens to what a widget sends to the browser, and speaks as the browser."""

    def __init__(self, widget: Any) -> None:
        self.widget = widget
        self.heard: list[tuple[dict[str, Any], Any]] = []
        widget.send = lambda content, buffers=None: self.heard.append((content, buffers))
        if hasattr(widget, "_downloads"):
            widget._downloads._send = widget.send

    def says(self, **content: Any) -> None:
        self.widget._handle_custom_msg(content, None)

    def last(self, kind: str) -> dict[str, Any]:
        return [content for content, _ in self.heard if content["kind"] == kind][-1]


def shown(field: Any) -> Any:
    """What the browser sends for a field: a label of a choice, or the value as it travels."""
    if not hasattr(field, "_options_labels"):
        return field.get_state("value")["value"]
    labels, index = field._options_labels, field.index
    return (
        [labels[at] for at in index] if isinstance(index, tuple) else None if index is None else labels[index]
    )


def click_in_browser(button: Any, values: dict[Any, Any] | None = None) -> None:
    """Click with these values in the browser, whatever of them the kernel has received."""
    sent = {field.model_id: shown(field) for field in button.fields}
    sent |= {field.model_id: value for field, value in (values or {}).items()}
    button._handle_custom_msg({"kind": "click", "values": sent}, None)


@pytest.fixture
def wire() -> Callable[[Any], Wire]:
    return Wire


@pytest.fixture(scope="session")
def procore() -> Iterator[pnb.Procore]:
    """A demo of sixteen projects: whole portfolios of the usual one take seconds."""
    small = demo.DemoAdapter(demo.Demo(demo.Portfolio(16)))
    session = Session(DEMO, pnb.Credentials(demo.CLIENT_ID, demo.CLIENT_SECRET), transport=small)
    with pnb.Procore(session, demo.COMPANY_ID, progress=False, today=lambda: demo.TODAY) as connection:
        yield connection


@pytest.fixture
def server() -> Iterator[demo.DemoServer]:
    with demo.serve(demo.Demo()) as running:
        yield running


@pytest.fixture
def place(server: demo.DemoServer) -> pnb.Environment:
    return pnb.Environment("mine", server.url, server.url)


def projects(count: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": pd.array(range(1, count + 1), dtype="Int64"),
            "name": pd.array([f"Site {number}" for number in range(count)], dtype="string"),
            "project_number": pd.array([f"P-{number}" for number in range(count)], dtype="string"),
            "city": pd.array(["Cork", "Ōtāhuhu"] * (count // 2) + ["Cork"] * (count % 2), dtype="string"),
            "project_stage.name": pd.array(["Bidding"] * count, dtype="string"),
        }
    )
