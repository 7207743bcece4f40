"""Times of a frame on the clocks of each row's project.

In: a frame with times in UTC, and the projects. Out: the same frame with local times beside them. Speaks to no service.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from procore_nb.call_errors import explain_calls
from procore_nb.errors import ArgumentError, warn
from procore_nb.scalars import wall_times, zone

_SUFFIX = "_local"


@explain_calls(
    projects='Write local_times(frame, procore.projects(status="All")): the projects\' time_zone is needed.'
)
def local_times(frame: pd.DataFrame, projects: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with each UTC time also as the clocks of its project show it.

    Parameters
    ----------
    frame
        A frame with `project_id` (`project.id`), or of the projects themselves. It is not changed.
    projects
        A frame with `id` and `time_zone`, such as `procore.projects(status="All")`.

    Returns
    -------
    DataFrame
        The same rows. After each column of times with a zone stands `<name>_local`: datetime64 without zone, since the zone
        differs from row to row. UTC, with a warning, where the project or its time zone is not known.

    Raises
    ------
    ArgumentError
        If no column names the project, `projects` has no `id` and `time_zone`, or a `<name>_local` is there already.

    Examples
    --------
    >>> projects = pnb.to_frame([{"id": 7, "time_zone": "Pacific Time (US & Canada)"}])
    >>> rfis = pnb.to_frame([{"project_id": 7, "created_at": "2026-07-01T05:30:00Z"}])
    >>> pnb.local_times(rfis, projects)["created_at_local"].tolist()
    [Timestamp('2026-06-30 22:30:00')]
    """
    for one, columns in ((frame, ()), (projects, ("id", "time_zone"))):
        if not isinstance(one, pd.DataFrame) or not {*columns} <= {*one.columns}:
            raise ArgumentError(
                "local_times takes a frame, and the projects with id and time_zone.",
                advice='local_times(frame, procore.projects(status="All"))',
            )
    key = next((name for name in ("project_id", "project.id") if name in frame.columns), None)
    if key is None and {"id", "time_zone"} <= {*frame.columns}:
        key = "id"
    if key is None:
        raise ArgumentError(
            "No column of the frame names the project.",
            advice="Fetch it with projects=…, which adds project_id, or join project_id to it.",
        )
    timed = [at for at, dtype in enumerate(frame.dtypes) if isinstance(dtype, pd.DatetimeTZDtype)]
    taken = [name for at in timed if (name := f"{frame.columns[at]}{_SUFFIX}") in frame.columns]
    if taken:
        raise ArgumentError(f"The frame has a column {taken[0]!r} already.", advice="Drop it first.")
    zones = _zones(frame[key], projects)
    local = frame.copy(deep=False)
    for at in reversed(timed):
        local.insert(at + 1, f"{frame.columns[at]}{_SUFFIX}", wall_times(frame.iloc[:, at], zones))
    return local


def _zones(ids: Any, projects: pd.DataFrame) -> Any:
    """The name of each row's time zone; a warning says of how many rows none is known, and why."""
    texts = _texts(ids)
    known = dict(zip(_texts(projects["id"]), projects["time_zone"], strict=True))
    zones = texts.map(known).astype("string")
    unread = zones.isin([name for name in zones.dropna().unique() if zone(name) is None])
    reasons = {
        "no such project was given": ~texts.isin(list(known)),
        "the project has no time zone": texts.isin(list(known)) & zones.isna(),
        f"nobody knows {', '.join(map(repr, zones[unread].unique()))}": unread,
    }
    said = [f"{int(rows.sum()):,} rows ({reason})" for reason, rows in reasons.items() if rows.any()]
    if said:
        warn(f"Local times are UTC where the time zone is not known: {', '.join(said)}.")
    return zones


def _texts(ids: Any) -> Any:
    """Ids as text; those that a merge or a file of another program made floats are whole numbers."""
    if pd.api.types.is_float_dtype(ids):
        ids = ids.where(ids.abs() < 2**53).round().astype("Int64")
    return ids.astype("string")
