"""The list endpoints of Procore and their fields, as data: look one up, or search them all.

In: a name, an alias, a path, or words. Out: `Endpoint` rows, or a frame of them. Speaks to no service.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from procore_nb.call_errors import explain_calls
from procore_nb.catalog.catalogue import Catalogue, dump, load
from procore_nb.catalog.endpoint import Endpoint
from procore_nb.catalog.endpoint_schema import Argument, Field

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Argument",
    "Catalogue",
    "Endpoint",
    "Field",
    "dump",
    "endpoint",
    "endpoints",
    "find_endpoints",
    "load",
]


def endpoint(name: str, *, catalogue: Catalogue | None = None) -> Endpoint:
    """The endpoint of that name, alias or path.

    Parameters
    ----------
    name
        `"rfis"`, `"Punch Items"`, `"inspections"`, or a path, with placeholders or with ids.
    catalogue
        Where to look; without one, in the catalogue that comes with this package.

    Raises
    ------
    CatalogError
        When there is none; near matches are named.

    Examples
    --------
    >>> endpoint("Punch Items").path
    '/rest/v1.1/punch_items'
    """
    return (load() if catalogue is None else catalogue).endpoint(name)


def endpoints(*, catalogue: Catalogue | None = None) -> tuple[Endpoint, ...]:
    """All list endpoints of the catalogue, in its order."""
    return (load() if catalogue is None else catalogue).endpoints


@explain_calls()
def find_endpoints(words: str = "", *, catalogue: Catalogue | None = None) -> pd.DataFrame:
    """The endpoints that have all the given words, best match first.

    Parameters
    ----------
    words
        Looked for in names, aliases, tools, paths and field names; all of them have to be there.
        Without words, the whole catalogue.
    catalogue
        Where to look; without one, in the catalogue that comes with this package.

    Returns
    -------
    pandas.DataFrame
        One row per endpoint: `name`, `path`, `scope`, `required_query`, `paginated`, `needs`, `aliases`,
        `module`, `category`, `filters`, `paging`, `version`, `kind`, `beta`, `deprecated`, `older_version`, `gone`
        (in Procore's newest reference it is no more), `removal` (the day, where Procore names one), `successor`, `as_of`
        (the day of the reference in which the list was read last), `columns` (how many keys Procore describes) and
        `caveats`. No rows when nothing has all the words. `attrs["procore"]` has `catalogue`, the day of the newest
        copy of Procore's reference that was read, and `lists`, how many there are.

    Examples
    --------
    >>> find_endpoints("punch")["name"].iloc[0]
    'punch_items'
    """
    from procore_nb.catalog.search import find
    from procore_nb.frame_info import describe

    searched = load() if catalogue is None else catalogue
    return describe(find(searched.endpoints, words), catalogue=searched.as_of, lists=len(searched))
