"""Group points that would cover each other, so that a picture can say how many there are.

In: positions on paper (points, 1/72 inch). Out: a group number per point. Speaks to no service.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from procore_nb.maps.borders import Floats

Groups = npt.NDArray[np.intp]
CELL = 3.0  # points closer than this look like one


def covered_share(x: Floats, y: Floats, *, size: float) -> float:
    """Share of points that lie on the mark of another one."""
    cells = np.unique(_cells(x, y, size), axis=1).shape[1]
    return float(1 - cells / max(len(x), 1))


def groups_of(x: Floats, y: Floats, *, reach: float) -> Groups:
    """Group points around the busiest spots: no point is further than `reach` from its group's first spot.

    Returns
    -------
    numpy array
        Group number per point, 0 for the busiest.
    """
    cells, spot, count = np.unique(_cells(x, y, CELL), axis=1, return_inverse=True, return_counts=True)
    spot = spot.ravel()
    middle = (cells + 0.5) * CELL
    # Busy spots first; the sum over the neighbourhood finds the heart of a city, not its busiest street.
    coarse, home = np.unique(np.floor(middle / reach), axis=1, return_inverse=True)
    around = np.bincount(home.ravel(), weights=count, minlength=coarse.shape[1])[home.ravel()]
    order = np.lexsort((-count, -around))
    group = np.full(len(count), -1, dtype=np.intp)
    number = 0
    for start in order:
        if group[start] >= 0:
            continue
        free = np.flatnonzero(group < 0)
        near = free[((middle[:, free] - middle[:, [start]]) ** 2).sum(axis=0) <= reach**2]
        centre = np.average(middle[:, near], axis=1, weights=count[near])
        near = free[((middle[:, free] - centre[:, None]) ** 2).sum(axis=0) <= reach**2]
        group[near] = number
        group[start] = number
        number += 1
    return _busiest_first(group[spot])


def _cells(x: Floats, y: Floats, size: float) -> npt.NDArray[np.int64]:
    return np.floor(np.stack([x, y]) / size).astype(np.int64)


def _busiest_first(group: Groups) -> Groups:
    rank = np.empty(group.max(initial=-1) + 1, dtype=np.intp)
    rank[np.argsort(-np.bincount(group), kind="stable")] = np.arange(len(rank))
    return rank[group]
