from __future__ import annotations

from typing import Any

import pytest
from another_procore import COMPANY, Said

import procore_nb as pnb

VIEWS, COLUMNS, ROWS = "/rest/v1.0/budget_views", "{}/{}/budget_detail_columns", "{}/{}/detail_rows"
STANDARD = {"id": 1, "name": "Procore Standard Budget"}
OWN = {"id": 2, "name": "Our Report"}


def server(
    another: Any, views: dict[int, list[dict[str, Any]]], rows: list[dict[str, Any]] | None = None
) -> Any:
    """Projects by id with their views, which are the company's: one view has one id in all projects."""
    titles = {1: ["Revised Budget", "Approved COs"], 2: ["Let to Trades", "Remark"]}

    def twist(asked: Any) -> Any:
        if asked.path == VIEWS:
            held = views[int(asked.one("project_id"))]
            return Said(200, held, [("total", str(len(held)))])
        return None

    lists: dict[str, list[Any]] = {"/rest/v1.1/projects": [{"id": one, "name": f"P{one}"} for one in views]}
    for view, names in titles.items():
        lists[COLUMNS.format(VIEWS, view)] = [
            {"id": str(view * 100 + place), "name": name, "position": place, "aggregatable": name != "Remark"}
            for place, name in enumerate(names)
        ]
        made = [{"id": view * 10 + 1, "cost_code": "01"} | dict.fromkeys(names, "12.50")]
        lists[ROWS.format(VIEWS, view)] = made if rows is None else rows
    return another(lists, twist=twist)


def test_the_budget_of_all_projects_is_one_call(another, connected) -> None:  # type: ignore[no-untyped-def]
    ours = server(another, {7: [OWN, STANDARD], 8: [STANDARD], 9: []})
    with pytest.warns(pnb.ProcoreWarning, match="1 of 3"):
        frame = connected(ours).table("budget", projects="all", decimals="float")
    assert frame[["project_id", "budget_view"]].to_numpy().tolist() == [
        [7, "Procore Standard Budget"],
        [8, "Procore Standard Budget"],
    ]
    assert frame["Revised Budget"].tolist() == [12.5, 12.5]
    assert "Let to Trades" not in frame.columns
    assert [one["project_id"] for one in frame.attrs["procore"]["skipped"]] == [9]
    assert "it has: none" in frame.attrs["procore"]["skipped"][0]["reason"]
    # The projects, their views, the columns of the one view, and the rows of two projects.
    assert len(ours.calls) == 1 + 3 + 1 + 2


def test_a_view_is_chosen_by_name_and_its_columns_are_typed_without_rows(another, connected) -> None:  # type: ignore[no-untyped-def]
    ours = server(another, {7: [OWN, STANDARD], 8: [STANDARD]}, rows=[])
    procore = connected(ours)
    with pytest.warns(
        pnb.ProcoreWarning, match="no budget view 'our report'; it has: Procore Standard Budget"
    ):
        frame = procore.table("budget", projects=[7, 8], budget_view="our report", decimals="float")
    assert frame.empty
    assert frame["Let to Trades"].dtype == "float64"
    assert (
        procore.table("budget", project_id=8, budget_view=1).attrs["procore"]["arguments"]["budget_view"] == 1
    )


def test_rows_keyed_by_the_ids_of_columns_get_their_titles(another, connected) -> None:  # type: ignore[no-untyped-def]
    ours = server(another, {7: [STANDARD]}, rows=[{"id": 1, "100": "7.25", "101": None}])
    frame = connected(ours).table(
        "budget", project_id=7, decimals="float", columns=["Revised Budget", "budget_view"]
    )
    assert frame.to_dict("list") == {"Revised Budget": [7.25], "budget_view": ["Procore Standard Budget"]}


def test_several_views_never_double_rows_in_silence(another, connected) -> None:  # type: ignore[no-untyped-def]
    procore = connected(
        server(another, {7: [OWN, {"id": 3, "name": "Another"}], 8: [OWN, {"id": 4, "name": "OUR report"}]})
    )
    with pytest.raises(pnb.ArgumentError, match="2 budget views: 'Our Report' \\(2\\), 'Another' \\(3\\)"):
        procore.table("budget", projects="all")
    with pytest.raises(pnb.ArgumentError, match="2 budget views"):
        procore.table("budget", project_id=8, budget_view="Our Report")
    assert len(procore.table("budget", project_id=8, budget_view_id=2)) == 1


def test_a_view_that_no_project_has_names_near_ones(another, connected) -> None:  # type: ignore[no-untyped-def]
    procore = connected(server(another, {7: [STANDARD, OWN], 9: []}))
    with pytest.raises(pnb.CatalogError, match="Did you mean 'Procore Standard Budget'"):
        procore.table("budget", projects="all", budget_view="Procore Standrd Budget")
    with pytest.raises(pnb.CatalogError, match="No project has a budget view that this account may see"):
        procore.table("budget", project_id=9)


@pytest.mark.parametrize(
    "given", [{"name": "rfis"}, {"name": "budget", "budget_view_id": 1}, {"name": "budget", "parent": [1]}]
)
def test_a_view_is_given_once_and_to_budgets_only(to_demo, given) -> None:  # type: ignore[no-untyped-def]
    procore, name = to_demo(), given.pop("name")
    with pytest.raises(pnb.ArgumentError, match="budget"):
        procore.table(name, project_id=7, budget_view="x", **given)
    assert not procore.seen


def test_one_company_at_a_time(another, connected) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(pnb.ArgumentError, match="one company at a time"):
        connected(server(another, {7: [STANDARD]})).table("budget", projects=[7], company_id=[COMPANY, 5])


def test_estimate_and_count_of_budgets(another, connected) -> None:  # type: ignore[no-untyped-def]
    ours = server(another, {7: [STANDARD], 8: [STANDARD]})
    procore = connected(ours)
    assert procore.estimate("budget", projects="all")[["targets", "requests"]].iloc[0].tolist() == [2, 5]
    assert len(ours.calls) == 1
    assert procore.count("budget", projects="all")["rows"].tolist() == [1, 1]


def test_a_project_that_refuses_its_views_is_named_once(another, connected) -> None:  # type: ignore[no-untyped-def]
    ours = server(another, {7: [STANDARD], 8: [STANDARD]})
    answer = ours.twist

    def refuse(asked: Any) -> Any:
        refused = asked.path == VIEWS and asked.one("project_id") == "8"
        return Said(403, {"message": "No."}) if refused else answer(asked)

    ours.twist = refuse
    with pytest.warns(pnb.ProcoreWarning, match="1 of 2") as caught:
        frame = connected(ours).table("budget", projects=[7, 8])
    assert len(caught) == 1
    assert [(row["project_id"], row["reason"]) for row in frame.attrs["procore"]["skipped"]] == [
        (8, "403: No.")
    ]
