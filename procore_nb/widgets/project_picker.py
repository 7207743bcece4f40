"""Projects by name, number, city or stage, several at once.

In: a connection, or a frame of projects. Out: `.value`, their ids, and `.frame`, their rows.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import traitlets

from procore_nb.client import Procore
from procore_nb.errors import ArgumentError
from procore_nb.widgets.picker import Picker

_SHOWN = (("name", "display_name"), ("project_number", "number"), ("city",), ("project_stage.name", "stage"))


class ProjectPicker(Picker):
    """Find projects by typing and choose some; `value` is a tuple of their ids and may be observed.

    Parameters
    ----------
    source
        A connection, whose projects of all stages are asked for, or a frame with `id` and `name`.

    Attributes
    ----------
    value
        Ids in the order of the list; may be set.
    frame
        The rows of the chosen projects.

    Examples
    --------
    >>> import procore_nb as pnb
    >>> picker = ProjectPicker(pnb.connect("demo"))
    >>> picker.value = (1204310,)
    >>> len(picker.frame)
    1
    """

    value = traitlets.Tuple()

    def __init__(self, source: Procore | pd.DataFrame | None = None) -> None:
        super().__init__(several=True, placeholder="project name, number, city or stage", noun="projects")
        self._projects = pd.DataFrame({"id": pd.array([], dtype="Int64")})
        if isinstance(source, Procore):
            self.offer(source.projects(status="All"))
        elif source is not None:
            self.offer(source)

    @property
    def frame(self) -> pd.DataFrame:
        """The rows of the chosen projects, as they came."""
        return self._projects[self._projects["id"].isin(list(self.value)).fillna(False)]

    @property
    def offered(self) -> bool:
        """Whether there is a list to choose from yet."""
        return bool(self._rows)

    def offer(self, projects: pd.DataFrame) -> None:
        """Offer these projects; what was chosen before and is still among them stays chosen."""
        if "id" not in projects.columns:
            raise ArgumentError(
                "A frame of projects needs an id column.", advice="procore.projects() gives one."
            )
        self._projects = projects[projects["id"].notna()]
        texts = [_texts(self._projects, names) for names in _SHOWN]
        keys = self._projects["id"].astype("string").tolist()
        self._offer([[key, "", key, *cells] for key, *cells in zip(keys, *texts, strict=True)])
        self.value = tuple(number for number in self.value if str(number) in set(keys))

    def __repr__(self) -> str:
        return f"ProjectPicker({len(self._projects):,} projects, {len(self.value):,} chosen)"

    @traitlets.validate("value")
    def _checked(self, proposal: Any) -> tuple[int, ...]:
        wanted = {int(number) for number in proposal["value"]}
        known = [int(number) for number in self._projects["id"]]
        unknown = wanted - set(known)
        if unknown:
            raise ArgumentError(f"Project {min(unknown)} is not in this list.")
        return tuple(number for number in known if number in wanted)

    @traitlets.observe("value")
    def _value_changed(self, change: Any) -> None:
        self._tell([str(number) for number in change["new"]])

    def _taken(self, keys: list[str]) -> None:
        self.value = tuple(int(key) for key in keys)


def _texts(frame: pd.DataFrame, names: tuple[str, ...]) -> list[str]:
    found = next((name for name in names if name in frame.columns), None)
    return [""] * len(frame) if found is None else frame[found].astype("string").fillna("").tolist()
