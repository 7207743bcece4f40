"""The Tab key in IPython: names of lists first by use, then their arguments; only what is meant for people."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

import procore_nb as pnb
from procore_nb.catalog.catalogue import OFTEN_USED
from procore_nb.client.lists import completions, register_completion

Tab = Callable[[str], list[str]]


# Jedi reads the sources of what it offers.
WITH_JEDI = pytest.param(True, id="with jedi", marks=pytest.mark.slow)


@pytest.fixture(scope="module", params=[WITH_JEDI, pytest.param(False, id="without jedi")])
def tab(request: pytest.FixtureRequest) -> Iterator[Tab]:
    shell = InteractiveShell.instance()
    shell.user_ns["procore"] = pnb.connect("demo", progress=False)
    register_completion()
    shell.Completer.use_jedi = request.param

    def press(line: str) -> list[str]:
        with provisionalcompleter():
            return [one.text.lstrip(".") for one in shell.Completer.completions(line, len(line))]

    yield press
    InteractiveShell.clear_instance()


def test_lists_are_offered_in_the_order_of_their_use(tab: Tab) -> None:
    assert tab("procore.lists.")[: len(OFTEN_USED)] == list(OFTEN_USED)
    assert tab("frame = procore.table('")[:2] == ["projects", "rfis"]
    assert tab("procore.table(")[:2] == ['"projects"', '"rfis"']
    assert tab('procore.count("punch_i')[0] == "punch_items"
    assert tab('procore.table("headcount')[0] == "daily_logs_manpower"


@pytest.mark.slow
def test_a_list_offers_its_own_arguments(tab: Tab) -> None:
    for line in ("procore.lists.rfis(1, sta", "procore.table('rfis', projects='all', sta"):
        assert "status=" in tab(line)
    assert "tree_view=" not in tab("procore.lists.rfis(")


def test_only_what_is_meant_for_people_is_offered(tab: Tab) -> None:
    assert sorted(tab("procore.")) == sorted(dir(pnb.connect("demo")))
    assert {"session", "fetch_frames", "company_or_own", "policy"}.isdisjoint(tab("procore."))


def test_dir_names_what_is_there_and_nothing_of_ours() -> None:
    procore = pnb.connect("demo")
    assert [name for name in dir(procore) if not hasattr(procore, name)] == []
    assert sorted(dir(pnb)) == sorted(pnb.__all__)
    assert "TYPE_CHECKING" not in dir(pnb)


def test_nothing_is_offered_for_what_is_no_connection() -> None:
    names = {"frame": object(), "procore": pnb.connect("demo")}
    for line in ("frame.table('", "frame.lists.", "unknown.lists.", "x = 1", "procore.table('nope', ", "'"):
        assert completions(line, names)[1] == []


def test_a_list_says_what_it_is_and_takes() -> None:
    rfis = pnb.connect("demo").lists.rfis
    assert rfis.__doc__ == repr(pnb.connect("demo").endpoint("rfis"))
    parameters = inspect.signature(rfis).parameters
    assert [*parameters][:3] == ["target", "project_id", "projects"]
    assert {"status", "company_id", "decimals"} <= set(parameters)
    assert "parent" in inspect.signature(pnb.connect("demo").lists.rfi_replies).parameters


def test_a_list_by_attribute_is_the_table_of_that_name() -> None:
    procore = pnb.connect("demo", company_id=24_977, progress=False)
    by_name = procore.table("rfis", projects="all", status="open")
    assert procore.lists.rfis("all", status="open").equals(by_name)
    assert procore.table("rfis", procore.projects(), status="open").equals(by_name)


def test_the_second_value_is_the_target() -> None:
    procore = pnb.connect("demo", company_id=24_977, progress=False)
    rfis = procore.table("rfis", project_id=1_390_057)
    assert procore.table("rfis", 1_390_057).equals(rfis)
    assert len(procore.table("rfis", [1_390_057])) == len(rfis)
    answered = procore.table("rfi_replies", rfis.head(3))
    assert answered.equals(procore.table("rfi_replies", parent=rfis.head(3)))
    assert set(answered["rfi_id"]) <= set(rfis["id"].head(3))
    with pytest.warns(pnb.ProcoreWarning, match=r'drawings count twice. Keep frame\[frame\["current"\]\]'):
        drawings = procore.table("drawings", 1_390_057)
    assert drawings.attrs["procore"]["endpoint"] == "drawing_revisions"
    assert drawings.loc[drawings["current"], "drawing_id"].is_unique
    area = procore.table("drawing_areas", 1_390_057)
    assert procore.table("drawings", area).attrs["procore"]["endpoint"] == "drawings"
