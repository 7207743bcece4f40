"""Ids as people give them: one, several, a column, a frame, or a word for all projects.

In: the value of `projects=`, `parent=` or an id. Out: ids as text, checked. The only room that reads them: `table`,
`Store.sync`, the command line and the forms give the same answer, or the same error. Speaks to no service.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from procore_nb.errors import ArgumentError
from procore_nb.scalars import is_many, is_missing, shown

Status = Literal["Active", "Inactive", "All"]
STATUS_WORDS: Mapping[str, Status] = {"all": "All", "active": "Active", "inactive": "Inactive"}
_ADVICE = (
    'projects is "all", "active", "inactive", ids (positive whole numbers), or a frame with a column "id" or "project_id", '
    "such as procore.projects()."
)


@dataclass(frozen=True)
class ProjectSelection:
    """The projects that `projects=` names: a status, for which the list of projects has to be fetched, or ids."""

    status: Status | None = None
    names: Mapping[str, str | None] | None = None
    """Name (or None) of each project by its id, in the order given; None where a status is given instead."""
    named: bool = False
    """Whether the projects came with a column of names."""

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids, in the order given."""
        return tuple(self.names or ())


def select_projects(projects: Any, *, where: str) -> ProjectSelection:
    """Return which projects are meant by a word, one id, ids (also text with commas), or a frame."""
    if isinstance(projects, pd.DataFrame):
        return _of_frame(projects, where)
    if isinstance(projects, str):
        status = STATUS_WORDS.get(projects.strip().lower())
        if status is not None:
            return ProjectSelection(status)
        projects = projects.split(",")
    return ProjectSelection(names={project_id(one, where): None for one in _several(projects)})


def project_id(value: Any, where: str) -> str:
    """Return one project id as text."""
    text = id_text(value, "projects")
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 2**63):
        raise ArgumentError(
            f"A project id is a positive whole number, not {text!r} ({where}).", advice=_ADVICE
        )
    return str(int(text))


def id_text(value: Any, where: str) -> str:
    """Return an id as text: whole numbers, and words without white space or slashes."""
    if isinstance(value, str):
        text = value.strip()
        if text.strip(".") and not any(mark in text for mark in "/?#& \0"):
            return text
    elif not isinstance(value, bool | np.bool_) and not is_missing(value):
        try:
            number = operator.index(value)
        except TypeError:
            # A float holds whole numbers up to 2**53; beyond, it may be the neighbour's id.
            number = int(value) if isinstance(value, float) and value.is_integer() and value < 2**53 else 0
        if 0 < number < 2**63:
            return str(number)
    raise ArgumentError(
        f"{where} has an id that cannot be used: {shown(value)}.",
        advice=_ADVICE if where == "projects" else "Ids are positive whole numbers.",
    )


def _several(values: Any) -> list[Any]:
    many = values.tolist() if hasattr(values, "tolist") else values
    return list(many) if is_many(many) else [many]


def id_texts(values: Any, where: str) -> list[str]:
    """Return one id or several as text, each once."""
    return list(dict.fromkeys(id_text(one, where) for one in _several(values)))


def _of_frame(projects: pd.DataFrame, where: str) -> ProjectSelection:
    column = next((each for each in ("project_id", "id") if each in projects.columns), None)
    if column is None:
        raise ArgumentError(f"projects for {where} is a frame without an id column.", advice=_ADVICE)
    label = "project_name" if column == "project_id" else "name"
    named = label in projects.columns
    labels = projects[label].tolist() if named else [None] * len(projects)
    names = {
        project_id(number, where): None if is_missing(name) else str(name)
        for number, name in zip(projects[column].tolist(), labels, strict=True)
    }
    return ProjectSelection(names=names, named=named)
