"""Flat pictures of a round earth: three equal-area projections, a few lines each.

In: longitudes and latitudes in degrees WGS 84. Out: x and y in km on the map. Speaks to no service.
Formulas: J. P. Snyder, Map Projections: A Working Manual (USGS 1395), spherical form; Equal Earth by
Savric, Patterson and Jenny (2018).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from procore_nb.maps.borders import Floats
from procore_nb.maps.geometry import MEAN_RADIUS_KM, wrapped


@dataclass(frozen=True)
class Projection:
    """One projection, set up for one part of the earth.

    `kind` is "albers" (wide, in middle latitudes), "laea" (compact, anywhere) or "equal_earth" (the world).
    """

    kind: str
    longitude: float
    latitude: float = 0.0
    parallels: tuple[float, float] = (0.0, 0.0)

    def forward(self, longitude: Floats, latitude: Floats) -> tuple[Floats, Floats]:
        """Km east and north of the projection's centre."""
        lam = np.radians(wrapped(np.asarray(longitude, dtype=float) - self.longitude))
        phi = np.radians(np.asarray(latitude, dtype=float))
        x, y = {"albers": self._albers, "laea": self._laea, "equal_earth": self._equal_earth}[self.kind](
            lam, phi
        )
        return x * MEAN_RADIUS_KM, y * MEAN_RADIUS_KM

    def _albers(self, lam: Floats, phi: Floats) -> tuple[Floats, Floats]:
        one, two = np.radians(self.parallels)
        n = (np.sin(one) + np.sin(two)) / 2
        c = np.cos(one) ** 2 + 2 * n * np.sin(one)
        rho = np.sqrt(np.maximum(c - 2 * n * np.sin(phi), 0)) / n
        rho0 = np.sqrt(c - 2 * n * np.sin(np.radians(self.latitude))) / n
        return rho * np.sin(n * lam), rho0 - rho * np.cos(n * lam)

    def _laea(self, lam: Floats, phi: Floats) -> tuple[Floats, Floats]:
        sin0, cos0 = np.sin(np.radians(self.latitude)), np.cos(np.radians(self.latitude))
        cosine = sin0 * np.sin(phi) + cos0 * np.cos(phi) * np.cos(lam)
        k = np.sqrt(2 / np.maximum(1 + cosine, 1e-9))
        return k * np.cos(phi) * np.sin(lam), k * (cos0 * np.sin(phi) - sin0 * np.cos(phi) * np.cos(lam))

    def _equal_earth(self, lam: Floats, phi: Floats) -> tuple[Floats, Floats]:
        a1, a2, a3, a4 = 1.340264, -0.081106, 0.000893, 0.003796
        t = np.arcsin(np.sqrt(3) / 2 * np.sin(phi))
        t2 = t * t
        slope = 9 * a4 * t2**4 + 7 * a3 * t2**3 + 3 * a2 * t2 + a1
        return 2 * np.sqrt(3) * lam * np.cos(t) / (3 * slope), t * (a1 + a2 * t2 + t2**3 * (a3 + a4 * t2))
