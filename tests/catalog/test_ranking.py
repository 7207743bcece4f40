"""What people type finds the list they mean first, in pickers, completion and `find_endpoints` alike."""

from __future__ import annotations

import pytest

import procore_nb as pnb
from procore_nb import catalog
from procore_nb.catalog import search


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("headcount", "daily_logs_manpower"),
        ("open rfis", "rfis"),
        ("overdue rfis", "rfis"),
        ("rfi", "rfis"),
        ("safety incidents", "incidents"),
        ("invoice", "requisitions"),
        ("contract", "prime_contracts"),
        ("inspection", "checklists"),
        ("late submittals", "submittals"),
        ("closed punch items", "punch_items"),
        ("subs", "vendors"),
        ("delay", "daily_logs_delay"),
        ("r", "rfis"),
        ("rf", "rfis"),
        ("su", "submittals"),
        ("pay", "payment_applications"),
        ("submittal types", "submittal_types"),
        ("rfi filter options", "rfi_filter_options"),
    ],
)
def test_the_list_that_people_mean_is_first(words: str, first: str) -> None:
    assert search.ranked(catalog.endpoints(), words)[0][0].name == first
    assert pnb.find_endpoints(words)["name"].iloc[0] == first


@pytest.mark.parametrize(
    "words", ["manpower", "users", "change", "budget", "drawings", "meeting", "documents", "log"]
)
def test_what_procore_will_remove_and_lists_of_choices_are_last(words: str) -> None:
    found = search.ranked(catalog.endpoints(), words)[0]
    exact = [one for one in found if words.rstrip("s") in (one.name.rstrip("s"), *one.aliases)]
    rest = [one for one in found if one not in exact]
    first_gone = next((at for at, one in enumerate(rest) if one.going_away), len(rest))
    assert all(one.going_away for one in rest[first_gone:])
