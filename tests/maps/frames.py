"""Made-up projects frames for the map tests."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd

STAGES = [
    "Course of Construction",
    "Pre-Construction",
    "Post-Construction",
    "Completed",
    "Not Awarded",
    "Canceled",
]
TOWNS = {
    "lower48": [
        ("New York", "NY", "US", 40.71, -74.01), ("Chicago", "IL", "US", 41.88, -87.63),
        ("Houston", "TX", "US", 29.76, -95.37), ("Phoenix", "AZ", "US", 33.45, -112.07),
        ("Seattle", "WA", "US", 47.61, -122.33), ("Denver", "CO", "US", 39.74, -104.99),
        ("Atlanta", "GA", "US", 33.75, -84.39), ("Boston", "MA", "US", 42.36, -71.06),
        ("Miami", "FL", "US", 25.79, -80.25), ("Los Angeles", "CA", "US", 34.05, -118.24),
        ("Minneapolis", "MN", "US", 44.98, -93.27), ("Austin", "TX", "US", 30.27, -97.74),
    ],
    "isles": [
        ("London", None, "GB", 51.51, -0.13), ("Manchester", None, "GB", 53.48, -2.24),
        ("Dublin", None, "IE", 53.35, -6.26), ("Cork", None, "IE", 51.90, -8.47),
        ("Glasgow", None, "GB", 55.86, -4.25), ("Belfast", None, "GB", 54.60, -5.93),
    ],
    "gulf": [("Dubai", None, "AE", 25.15, 55.30), ("Doha", None, "QA", 25.29, 51.50), ("Riyadh", None, "SA", 24.71, 46.68)],
    "australia": [("Sydney", "NSW", "AU", -33.85, 151.05), ("Perth", "WA", "AU", -31.95, 115.95), ("Melbourne", "VIC", "AU", -37.75, 145.05)],
    "canada": [("Toronto", "ON", "CA", 43.72, -79.40), ("Calgary", "AB", "CA", 51.05, -114.07), ("Vancouver", "BC", "CA", 49.22, -122.95)],
    "pacific": [("Suva", None, "FJ", -18.05, 178.40), ("Labasa", None, "FJ", -16.45, 179.40), ("Taveuni", None, "FJ", -16.85, -179.95), ("Auckland", None, "NZ", -36.9, 174.8), ("Apia", None, "WS", -13.85, -171.75)],
    "one city": [("Boston", "MA", "US", 42.36, -71.08)],
}  # fmt: skip


def projects(count: int, *towns: str, spread: float = 0.4, seed: int = 1) -> pd.DataFrame:
    """A projects frame of v1.1 shape around the named groups of towns."""
    draw = np.random.default_rng(seed)
    places = [town for group in (towns or ("lower48",)) for town in TOWNS[group]]
    weights = 1 / (1 + np.arange(len(places)))
    picks = draw.choice(len(places), size=count, p=weights / weights.sum())
    stages = draw.choice(STAGES, size=count, p=[0.45, 0.2, 0.12, 0.13, 0.06, 0.04]).astype(object)
    stages[draw.random(count) < 0.03] = None
    values = [Decimal(f"{amount:.2f}") for amount in draw.lognormal(16, 1.2, count)]
    lat = np.array([places[i][3] for i in picks]) + draw.normal(0, spread / 2, count)
    lon = np.array([places[i][4] for i in picks]) + draw.normal(0, spread / 1.5, count)
    return pd.DataFrame(
        {
            "id": pd.array(562949953421312 + np.arange(count), dtype="Int64"),
            "name": [f"{places[i][0]} {kind}" for i, kind in zip(picks, _kinds(draw, count), strict=True)],
            "project_number": [f"P-{n:05d}" for n in range(count)],
            "city": [places[i][0] for i in picks],
            "state_code": [places[i][1] for i in picks],
            "country_code": [places[i][2] for i in picks],
            "latitude": lat,
            "longitude": (lon + 180) % 360 - 180,
            "project_stage.name": stages,
            "project_type.name": draw.choice(["Healthcare", "Residential", "Civil", "Education"], size=count),
            "total_value": values,
            "active": pd.array(draw.random(count) < 0.8, dtype="boolean"),
            "company.id": pd.array([4021] * count, dtype="Int64"),
        }
    )


def _kinds(draw: np.random.Generator, count: int) -> list[str]:
    kinds = ["Clinic", "Tower", "Depot", "School", "Bridge", "Data Centre", "Library", "Water Works"]
    return [f"{kinds[k]} {n}" for n, k in enumerate(draw.integers(0, len(kinds), count))]
