"""Colours and names: stable, few, honest."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from procore_nb.errors import ArgumentError
from procore_nb.maps.map_columns import (
    NONE,
    NONE_COLOR,
    ON_DARK,
    ONE_COLOR,
    OTHER,
    OTHER_COLOR,
    PALETTE,
    STAGE_COLORS,
    STEPS,
    amounts,
    categorize,
    colors_for,
    title_of,
)
from procore_nb.scalars import short_number


def of(values: list[Any], **options: Any) -> Any:
    return categorize(pd.DataFrame({"x": pd.Series(values, **options)}), "x")


def test_stages_have_their_colours_for_good() -> None:
    first = of(["Completed", "Canceled"])
    second = of(["Canceled", "Completed", "Course of Construction"])

    for made in (first, second):
        for name, color in zip(made.names, made.colors, strict=True):
            assert color == STAGE_COLORS[name]


@given(st.sets(st.text(min_size=1, max_size=8), min_size=1, max_size=10), st.randoms())
@pytest.mark.slow
def test_the_same_names_get_the_same_colours_in_any_order(names: set[str], draw: Any) -> None:
    one, other = sorted(names), sorted(names)
    draw.shuffle(other)
    first = dict(zip(one, colors_for(one), strict=True))

    assert dict(zip(other, colors_for(other), strict=True)) == first
    assert len(set(first.values())) == len(first)


def test_a_colour_given_for_a_name_is_used() -> None:
    assert colors_for(["Healthcare", "Civil"], {"Civil": "#123456"})[1] == "#123456"


@pytest.mark.parametrize("color", ["red", "#12345", "url(https://example.com)", None, 7])
def test_a_colour_that_is_none_is_refused(color: Any) -> None:
    with pytest.raises(ArgumentError, match="palette: "):
        categorize(pd.DataFrame({"x": ["a"]}), "x", {"a": color})


def test_missing_values_are_a_category_of_their_own_at_the_end() -> None:
    made = of(["b", None, "b", float("nan"), "a", "", pd.NA])

    assert made.names == ("b", "a", NONE)
    assert made.counts.tolist() == [2, 1, 4]


def test_more_than_ten_categories_end_in_other() -> None:
    made = of([f"c{i}" for i in range(1000) for _ in range(1 + (i < 9))])

    assert made.names[-1] == OTHER
    assert len(made.names) == 10
    assert made.counts.sum() == 1009


def test_amounts_become_five_classes_of_equal_size() -> None:
    made = of([Decimal(n) for n in range(1000, 101000, 1000)] + [None], dtype=object)

    assert len(made.names) == 6
    assert made.counts.tolist() == [20, 20, 20, 20, 20, 1]
    assert made.names[0].startswith("1k to ")


def test_amounts_are_read_from_text_with_a_currency() -> None:
    read = amounts(pd.Series(["$1,200", "€ 5", " £7.5 ", "1200 USD", None, float("inf")], dtype=object))
    assert np.isnan(read[3:]).all()
    assert read[:3].tolist() == [1200.0, 5.0, 7.5]


def test_one_and_the_same_amount_everywhere_is_one_class() -> None:
    made = of([Decimal(5)] * 20, dtype=object)

    assert made.counts.tolist() == [20]


def test_ids_and_booleans_are_names_not_amounts() -> None:
    ids = categorize(pd.DataFrame({"company.id": pd.array(range(5), dtype="Int64")}), "company.id")
    flags = of([True, False, None], dtype="boolean")

    assert set(ids.names) == {"0", "1", "2", "3", "4"}
    assert set(flags.names) == {"yes", "no", NONE}


def test_times_are_coloured_by_year() -> None:
    made = of(pd.to_datetime(["2024-05-01", "2026-01-01", None]).tolist())

    assert set(made.names) == {"2024", "2026", NONE}


def test_lists_are_read_as_their_words() -> None:
    assert of([["a", "b"], [], None]).names == ("a, b", NONE)


def test_headings_read_as_people_say() -> None:
    cases = [
        ("project_stage.name", "Stage"),
        ("stage", "Stage"),
        ("total_value", "Total value"),
        ("vendor.name", "Vendor"),
    ]
    failures = [(column, title_of(column)) for column, title in cases if title_of(column) != title]
    assert not failures


def test_large_numbers_are_shortened() -> None:
    cases = [
        (950, "950"),
        (12_345_678, "12.3M"),
        (999_999, "1M"),
        (2e9, "2B"),
        (0.5, "0.5"),
        (1500, "1.5k"),
        (999.6, "1k"),
        (1e6, "1M"),
    ]
    failures = [(value, short_number(value)) for value, text in cases if short_number(value) != text]
    assert not failures


def test_codes_point_at_the_right_names() -> None:
    words = ["x", "y", None, "x", "z"]
    made = of(words)

    assert [made.names[code] for code in made.codes] == ["x", "y", NONE, "x", "z"]
    assert made.codes.dtype == np.intp


def linear(colors: Any) -> Any:
    """Colours as linear red, green and blue, one row each."""
    parts = np.array([[int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)] for color in colors])
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def lab(rgb: Any) -> Any:
    """CIELAB, in which distances are what people see."""
    xyz = [[0.4125, 0.3576, 0.1804], [0.2127, 0.7152, 0.0722], [0.0193, 0.1192, 0.9503]]
    x, y, z = np.cbrt(np.clip(rgb, 1e-4, 1) @ np.transpose(xyz) / [0.9505, 1, 1.0888]).T
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=1)


def nearest(points: Any) -> float:
    """The distance of the two nearest."""
    apart = np.linalg.norm(points[:, None] - points[None], axis=2)
    return float(apart[np.triu_indices(len(points), 1)].min())


@pytest.mark.parametrize(("land", "dark"), [("#faf8f4", False), ("#2a2f35", True)])
def test_every_colour_is_seen_on_the_land_of_a_map(land: str, dark: bool) -> None:
    colors = {*STAGE_COLORS.values(), *PALETTE, *STEPS, ONE_COLOR, OTHER_COLOR, NONE_COLOR}
    for color in colors:
        shown = ON_DARK[color] if dark else color
        darker, lighter = sorted(linear([shown, land]) @ [0.2126, 0.7152, 0.0722])
        assert (lighter + 0.05) / (darker + 0.05) >= 3, color


# Machado, Oliveira and Fernandes (2009): what red, green and blue become with protanopia, deuteranopia, tritanopia.
EYES = {
    "usual": np.eye(3),
    "protanopia": np.array([[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]]),
    "deuteranopia": np.array([[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]]),
    "tritanopia": np.array([[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]]),
}


@pytest.mark.parametrize("eye", EYES)
def test_colours_are_told_apart_by_colour_blind_people(eye: str) -> None:
    assert nearest(lab(linear(STAGE_COLORS.values()) @ EYES[eye].T)) > 19
    assert nearest(lab(linear(PALETTE) @ EYES[eye].T)) > 10


def test_stages_and_steps_are_told_apart_in_grey_print() -> None:
    assert nearest(lab(linear(STAGE_COLORS.values()))[:, :1]) > 5
    assert nearest(lab(linear(STEPS))[:, :1]) > 8
