from __future__ import annotations

import math
from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import orjson
import pytest

from procore_nb.demo import COMPANY_ID, NOW, TODAY, Portfolio
from procore_nb.demo.company import CUSTOM_FIELDS, STAGES
from procore_nb.demo.portfolio import STREETS, Project
from procore_nb.demo.projectlists import row_show

_PORTFOLIO = Portfolio()
_PROJECTS = _PORTFOLIO.projects(_PORTFOLIO.company)
# Boxes of latitude and longitude, degrees: coarse, but enough to see a swapped sign.
_BOXES = {
    "US": (18, 72, -160, -66),
    "CA": (42, 60, -130, -52),
    "GB": (49, 59, -8, 2),
    "IE": (51, 56, -11, -5),
    "AU": (-39, -12, 113, 154),
    "NZ": (-47, -34, 166, 179),
    "AE": (22, 26.5, 51, 57),
    "QA": (24, 26.5, 50.5, 52),
    "SA": (16, 32, 34, 56),
    "OM": (16, 26.5, 52, 60),
}


def _written(portfolio: Portfolio) -> bytes:
    return orjson.dumps([row_show(project) for project in portfolio.projects(portfolio.company)])


def test_the_portfolio_is_the_same_every_time() -> None:
    assert _written(Portfolio()) == _written(Portfolio())


def test_a_larger_portfolio_begins_with_the_same_projects() -> None:
    larger = Portfolio(10_000)
    assert larger.project(larger.company, 30) == _PROJECTS[30]
    assert larger.size(larger.company) == 10_000


def test_every_project_is_found_by_its_id() -> None:
    assert len({project.id for project in _PROJECTS}) == len(_PROJECTS) == 172
    for project in _PROJECTS:
        assert _PORTFOLIO.find(_PORTFOLIO.company, project.id) == project


@pytest.mark.parametrize(
    "project_id", [0, -1, 1, 1_204_311, 1_204_310 + 37 * 172, 1_204_310 + 37 * 8, 10**25]
)
def test_no_other_id_is_found(project_id: int) -> None:
    assert _PORTFOLIO.find(_PORTFOLIO.company, project_id) is None


def test_ids_are_beyond_what_a_float_can_hold() -> None:
    beyond = sorted(project.id for project in _PROJECTS if project.id >= 2**53)
    assert len(beyond) >= 3
    assert float(beyond[0]) == float(beyond[1])
    assert max(beyond) < 2**63


def test_every_street_lies_in_its_country() -> None:
    for street in STREETS:
        south, north, west, east = _BOXES[street.country_code]
        assert south < street.latitude < north, street
        assert west < street.longitude < east, street
        ZoneInfo(street.tz_name)


def _odd(project: Project) -> bool:
    if project.latitude is None or project.longitude is None:
        return True
    distance = math.hypot(
        project.latitude - project.street.latitude, project.longitude - project.street.longitude
    )
    return distance > 0.006


def test_projects_stand_on_their_streets_but_for_a_few() -> None:
    odd = [project for project in _PROJECTS if _odd(project)]
    missing = [project for project in odd if project.latitude is None]
    nowhere = [project for project in odd if project.latitude == 0 == project.longitude]
    assert (len(odd), len(missing), len(nowhere)) == (9, 6, 1)
    for project in odd:
        if project.latitude:
            assert (project.latitude, project.longitude) != (0, 0)
            assert abs(project.longitude - project.street.latitude) < 0.01  # type: ignore[operator]


def test_every_stage_and_both_activities_are_there() -> None:
    assert {project.stage for project in _PROJECTS} == set(STAGES)
    assert {project.active for project in _PROJECTS} == {True, False}
    assert {project.street.country_code for project in _PROJECTS} == set(_BOXES)


def _dates_fit(project: Project) -> bool:
    category, start, finish = project.stage.category, project.start, project.finish
    fits = project.created_at < project.updated_at <= NOW
    if category == "course_of_construction":
        assert start is not None
        assert project.projected is not None
        fits &= start <= TODAY <= project.projected and 0 < project.progress < 1
    elif category in ("post_construction", "completed"):
        assert project.actual_finish is not None
        fits &= project.actual_finish < TODAY and project.progress == 1
    else:
        fits &= (project.actual_start, project.progress) == (None, 0)
    if finish and project.projected:
        fits &= project.projected - finish == timedelta(days=project.slip_days)
    return fits and (category != "pre_construction" or start is None or start > TODAY)


def test_dates_fit_the_stage() -> None:
    assert not [project.index for project in _PROJECTS if not _dates_fit(project)]


def test_amounts_are_exact_decimals() -> None:
    amounts = [project.total_value for project in _PROJECTS if project.total_value is not None]
    assert len(amounts) > 140
    assert all(isinstance(amount, Decimal) and amount > 0 for amount in amounts)
    assert {str(amount).partition(".")[2] for amount in amounts} > {"0"}


def test_names_hold_what_real_names_hold() -> None:
    names = [project.name for project in _PROJECTS]
    assert any("<script>" in name for name in names)
    assert any(name.startswith("=") for name in names)
    assert any("\u0600" <= letter <= "\u06ff" for name in names for letter in name)
    for text in ("École", "Ōtāhuhu", "Tŷ", "🍁", "東"):
        assert any(text in name for name in names), text


def test_custom_fields_have_every_type_and_gaps() -> None:
    kinds = {field.data_type for field in CUSTOM_FIELDS}
    assert kinds == {"string", "decimal", "boolean", "datetime", "lov_entry", "lov_entries"}
    for field in CUSTOM_FIELDS:
        values = [project.custom_fields[f"custom_field_{field.id}"]["value"] for project in _PROJECTS]
        assert any(value in (None, []) for value in values)
        assert any(value not in (None, []) for value in values)


def test_exactly_one_project_is_without_permission() -> None:
    assert [project.stage.name for project in _PROJECTS if not project.permitted] == [
        "Course of Construction"
    ]


def test_a_company_is_found_by_its_id() -> None:
    assert _PORTFOLIO.company_of(COMPANY_ID) == _PORTFOLIO.company
    assert _PORTFOLIO.company_of(1) is None
    assert [company.connected for company in _PORTFOLIO.companies] == [True, True, True, False]
