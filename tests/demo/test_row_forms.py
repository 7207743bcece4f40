"""Forms of rows: what each mark shows, and that no form is left that nobody writes."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest

from procore_nb.demo import tables
from procore_nb.demo.company import read_facts
from procore_nb.demo.tables.row_forms import _reader, money, total

_ABOUT = SimpleNamespace(
    bill=SimpleNamespace(done=120_050, previous=20_000, paid=None),
    kind="requisition",
    number=7,
    context=SimpleNamespace(id=lambda kind, number: {"requisition": 100, "order": 200}[kind] + number),
)


@pytest.mark.parametrize(
    ("form", "row"),
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
        ({"id": "=number", "inside": {"kind": "=kind"}}, {"id": 7, "inside": {"kind": "requisition"}}),
    ],
)
def test_a_form_shows_what_stands_there(form: object, row: object) -> None:
    assert _reader(form)(_ABOUT) == row


def test_amounts_are_written_with_one_decimal_or_two_and_added_exactly() -> None:
    assert [str(money(cents)) for cents in (0, 10, 12_345, -5)] == ["0.0", "0.1", "123.45", "-0.05"]
    assert total(_ABOUT, "bill.previous+bill.previous-bill.done") == -80_050


def test_every_form_is_written_by_some_table() -> None:
    assert tables.__file__ is not None
    source = "".join(path.read_text(encoding="utf-8") for path in Path(tables.__file__).parent.glob("*.py"))
    kinds = {f"{kind}_line" for kind in ("material_shipment", "material_receipt")}  # named by their kind
    assert not [name for name in read_facts("money_rows") if f'"{name}"' not in source and name not in kinds]
