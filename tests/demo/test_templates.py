"""Row templates: what each mark shows, and that no template is left that no table renders."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest

from procore_nb.catalog import endpoint
from procore_nb.demo import Portfolio, tables
from procore_nb.demo.company import read_facts
from procore_nb.demo.tables import RequestContext
from procore_nb.demo.tables.templates import _reader, common, fixed_entry, fixed_lists, money, total

_ABOUT = SimpleNamespace(
    bill=SimpleNamespace(done=120_050, previous=20_000, paid=None),
    kind="requisition",
    number=7,
    context=SimpleNamespace(id=lambda kind, number: {"requisition": 100, "order": 200}[kind] + number),
)


@pytest.mark.parametrize(
    ("template", "row"),
    [
        ("plain", "plain"),
        (True, True),
        ("=bill.done", 120_050),
        ("?bill.paid.day", None),
        ("?bill.done", 120_050),
        ("$bill.done", Decimal("1200.5")),
        ("$bill.done-bill.previous", Decimal("1000.5")),
        ("#order:number", 207),
        ("#=kind:number", 107),
        ("@order:number", "00000000-0000-4000-8000-0000000000cf"),
        ("~No. {number:03} of {kind}", "No. 007 of requisition"),
        ({"=bill.": "done paid", "=": "kind"}, {"done": 120_050, "paid": None, "kind": "requisition"}),
        ({"number count": "=number", "=bill.": "done"}, {"number": 7, "count": 7, "done": 120_050}),
        ({"id": "=number", "inside": {"kind": "=kind"}}, {"id": 7, "inside": {"kind": "requisition"}}),
    ],
)
def test_a_template_shows_the_values_it_names(template: object, row: object) -> None:
    assert _reader(template)(_ABOUT) == row


def test_amounts_are_written_with_one_decimal_or_two_and_added_exactly() -> None:
    assert [str(money(cents)) for cents in (0, 10, 12_345, -5)] == ["0.0", "0.1", "123.45", "-0.05"]
    assert total(_ABOUT, "bill.previous+bill.previous-bill.done") == -80_050


def test_every_template_is_rendered_by_some_table() -> None:
    assert tables.__file__ is not None
    source = "".join(path.read_text(encoding="utf-8") for path in Path(tables.__file__).parent.glob("*.py"))
    kinds = {f"{kind}_line" for kind in ("material_shipment", "material_receipt")}  # named by their kind
    templates = read_facts("money_rows") | read_facts("site_rows")
    assert not [name for name in templates if f'"{name}"' not in source and name not in kinds]


def test_fixed_lists_are_lists_of_the_catalogue_and_any_number_is_an_entry() -> None:
    portfolio = Portfolio()
    for names, about in read_facts("fixed_lists").items():
        for name in names.split():
            project = portfolio.project(portfolio.company, 1) if endpoint(name).scope == "project" else None
            context = RequestContext(endpoint(name), portfolio, portfolio.company, project)
            rows = list(fixed_lists(context))
            assert len(rows) == len(about["entries"]) == len({row["id"] for row in rows}), name
            assert fixed_entry(context, name, len(rows) + 1) == rows[1]


def test_rows_say_whose_they_are_where_their_list_declares_it() -> None:
    portfolio = Portfolio()
    project = portfolio.project(portfolio.company, 1)
    context = RequestContext(endpoint("punch_items"), portfolio, portfolio.company, project)
    assert common(context)["project_id"] == project.id
    assert common(context)["currency_configuration"]["currency_iso_code"] == project.currency
    assert set(common(replace(context, target=None))) == {"company_id", "custom_fields"}
