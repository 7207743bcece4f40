"""Each of the catalogue's lists, asked of the demo by name."""

from __future__ import annotations

import warnings
from functools import lru_cache
from typing import Any

import pytest

import procore_nb as pnb
from procore_nb import catalog
from procore_nb.catalog import Endpoint

PROJECT = 1204458  # under construction, every tool is on


@lru_cache(maxsize=1)
def connection() -> pnb.Procore:
    return pnb.connect("demo", progress=False)


@lru_cache(maxsize=256)
def some_id(name: str, project_id: int | None) -> Any:
    """An id from the list that holds such ids; a made-up one where no list does."""
    place = {} if project_id is None else {"project_id": project_id}
    try:
        rows = list(connection().records(name, **place))
    except pnb.ProcoreError:
        return 1
    return next((row["id"] for row in rows if isinstance(row, dict) and row.get("id")), 1)


def arguments_for(endpoint: Endpoint) -> dict[str, Any]:
    """What the list needs: a project, and ids of parents."""
    needed: dict[str, Any] = {}
    for group in endpoint.needs:
        name = group[0]
        if "project_id" in group:
            needed["project_id"] = PROJECT
        elif name != "company_id":
            sources = endpoint.parents.get(name, ())
            project = PROJECT if any("project_id" in group for group in endpoint.needs) else None
            needed[name] = some_id(sources[0], project) if sources else 1
    return needed


@pytest.mark.parametrize("endpoint", catalog.endpoints(), ids=lambda endpoint: endpoint.name)
def test_a_list_comes_with_the_columns_and_dtypes_it_declares(endpoint: Endpoint) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pnb.ProcoreWarning)  # of date windows
        frame = connection().table(endpoint.name, **arguments_for(endpoint))
    promised = pnb.to_frame([], endpoint.name)
    assert {name: str(dtype) for name, dtype in promised.dtypes.items()}.items() <= {
        name: str(dtype) for name, dtype in frame.dtypes.items()
    }.items()
    about = frame.attrs["procore"]
    assert about["endpoint"] == endpoint.name
    assert about["unparsed"] == {}
    assert about["total"] in (None, len(frame))
