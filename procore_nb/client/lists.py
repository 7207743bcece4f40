"""Every list of Procore as a function of its own: `procore.lists.rfis(projects="all", status="open")`.

In: a connection. Out: functions that call `Procore.table`, each with the page of its list as docstring and with the list's own
arguments as signature, for Tab, `?` and `help`. Sends nothing by itself.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pandas as pd

from procore_nb.catalog import Catalogue, Endpoint
from procore_nb.catalog.everyday import OFTEN
from procore_nb.errors import CatalogError, NoAttributeError

if TYPE_CHECKING:
    from procore_nb.client.procore import Procore

_HELD_BACK = ("company_id", "project_id")  # options of every list, shown first and once


class Lists:
    """All lists by attribute: `procore.lists.rfis(…)` is `procore.table("rfis", …)`. Tab offers the most used first.

    Examples
    --------
    >>> import procore_nb as pnb
    >>> "subject" in pnb.connect("demo").lists.rfis(1204310).columns
    True
    """

    def __init__(self, procore: Procore) -> None:
        self._procore = procore

    def __getattr__(self, name: str) -> Callable[..., pd.DataFrame]:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self[name]
        except CatalogError as error:
            raise NoAttributeError(error.message, advice=error.advice) from None

    def __getitem__(self, name: str) -> Callable[..., pd.DataFrame]:
        procore, endpoint = self._procore, self._procore.endpoint(name)

        def fetch(*values: Any, **arguments: Any) -> pd.DataFrame:
            return procore.table(name, *values, **arguments)

        fetch.__name__ = fetch.__qualname__ = name
        fetch.__doc__ = repr(endpoint)
        fetch.__signature__ = signature_of(endpoint)  # type: ignore[attr-defined]
        return fetch

    def __dir__(self) -> list[str]:
        return list_names(self._procore.catalogue)

    def __repr__(self) -> str:
        return f"{len(self._procore.catalogue):,} lists: procore.lists.rfis(…), procore.lists.<Tab>"


def list_names(catalogue: Catalogue) -> list[str]:
    """Return the names of all lists, the most used first."""
    known = {name for one in catalogue.endpoints for name in (one.name, *one.aliases)}
    return list(
        dict.fromkeys(
            [*(name for name in OFTEN if name in known), *(one.name for one in catalogue.endpoints)]
        )
    )


def signature_of(endpoint: Endpoint) -> inspect.Signature:
    """Return the signature of one list: its target, then what it takes by name."""
    targets = [name for group in endpoint.needs for name in group]
    own = dict.fromkeys(one.name for one in endpoint.arguments if one.name not in _HELD_BACK)
    names = [
        *(["project_id", "projects"] if "project_id" in targets else []),
        *own,
        "company_id",
        "max_rows",
        "columns",
        "decimals",
    ]
    if endpoint.parents:
        names.insert(0, "parent")
    one = inspect.Parameter
    first = one("target", one.POSITIONAL_ONLY, default=None)
    rest = [one(name, one.KEYWORD_ONLY, default=None) for name in dict.fromkeys(names) if name.isidentifier()]
    return inspect.Signature([first, *rest], return_annotation=pd.DataFrame)
