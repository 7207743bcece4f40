"""Every leaf of recorded payloads comes out of a store with its value, and its columns with the dtypes of `to_frame`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from procore_nb import catalog
from procore_nb.catalog import Catalogue, Endpoint
from procore_nb.demo import Demo, DemoRequest, Portfolio
from procore_nb.demo.http_messages import ApiCall, DemoReply, Query
from procore_nb.demo.tables.listing import list_reply
from procore_nb.frames import to_frame
from procore_nb.store import Store
from store.living import connection
from tests.payloads import RECORDED, leaves, same

# The reference does not have this list; a catalogue of one's own does, at a path that nothing else has.
FILTER = Endpoint(
    name="submittal_filter",
    path="/rest/v1.0/companies/{company_id}/submittal_filter",
    scope="company",
    path_params=("company_id",),
)
CATALOGUE = Catalogue([*catalog.endpoints(), FILTER])


class RecordedDemo(Demo):
    """The demo, with recorded rows for one list and for the list above it."""

    def __init__(self, *names: str) -> None:
        super().__init__(Portfolio(projects=2))
        self._recorded = [(CATALOGUE.endpoint(name), RECORDED[name]) for name in names]

    def _look_up(self, request: DemoRequest, faults: Any) -> DemoReply:
        for endpoint, rows in self._recorded:
            found = re.fullmatch(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", endpoint.path), request.path)
            if found:
                company = self._company(request)
                call = ApiCall(
                    request, Query(request.query), self.portfolio, company, found.groupdict(), faults
                )
                return list_reply(call, endpoint, rows)
        return super()._look_up(request, faults)


@pytest.mark.parametrize("name", RECORDED)
@pytest.mark.slow
def test_every_leaf_comes_out_of_the_store_with_its_value_and_dtype(tmp_path: Path, name: str) -> None:
    endpoint = CATALOGUE.endpoint(name)
    above = ["budget_views"] if ("budget_view_id",) in endpoint.needs else []
    demo = RecordedDemo(name, *above)
    project = next(one.id for one in demo.portfolio.projects(demo.portfolio.company) if one.permitted)
    with connection(demo) as procore:
        procore.catalogue = CATALOGUE
        # Procore wants the project beside the budget view, and a store goes by one list above: see its error's advice.
        own = {name: {"project_id": project} if above else {}}
        Store(tmp_path).sync(procore, {one: {} for one in above} | own, projects=[project])
    kept = Store(tmp_path, catalogue=CATALOGUE).table(name)
    records = RECORDED[name]
    assert len(kept) == len(records) * (len({one["id"] for one in RECORDED["budget_views"]}) if above else 1)
    sent, key = to_frame(records, endpoint), "id" if "id" in records[0] else "key"
    known = {str(one): row for row, one in reversed(list(enumerate(kept[key].tolist())))}
    different: list[tuple[str, Any, Any]] = []
    for record in records:
        for column, value in leaves(record):
            if value is None and column not in kept:  # an object that is null, and has declared columns
                continue
            cell = kept[column].tolist()[known[str(record[key])]]
            if not (same(value, cell) or str(value) == cell):
                different.append((column, value, cell))
    assert different == []
    dtypes = kept.dtypes.astype(str).to_dict()
    assert {name: dtypes[name] for name in sent} == sent.dtypes.astype(str).to_dict()
