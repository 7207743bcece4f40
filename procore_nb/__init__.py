"""Procore lists as typed pandas DataFrames: on a map, in a plot, in a CSV.

In: the name of an environment. Out: the public names, each loaded when it is first used.

>>> import procore_nb as pnb
>>> projects = pnb.connect("demo").projects()
>>> "latitude" in projects.columns
True
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from procore_nb import reports as reports
    from procore_nb.catalog import find_endpoints as find_endpoints
    from procore_nb.client import Procore as Procore
    from procore_nb.client import connect as connect
    from procore_nb.client import show_configuration as show_configuration
    from procore_nb.credentials import Credentials as Credentials
    from procore_nb.credentials import Profiles as Profiles
    from procore_nb.environments import Environment as Environment
    from procore_nb.errors import AccessError as AccessError
    from procore_nb.errors import ArgumentError as ArgumentError
    from procore_nb.errors import CatalogError as CatalogError
    from procore_nb.errors import CredentialsError as CredentialsError
    from procore_nb.errors import IncompleteError as IncompleteError
    from procore_nb.errors import MissingExtraError as MissingExtraError
    from procore_nb.errors import NetworkError as NetworkError
    from procore_nb.errors import NotFoundError as NotFoundError
    from procore_nb.errors import OutputError as OutputError
    from procore_nb.errors import ProcoreError as ProcoreError
    from procore_nb.errors import ProcoreWarning as ProcoreWarning
    from procore_nb.errors import RateLimitError as RateLimitError
    from procore_nb.errors import RequestError as RequestError
    from procore_nb.errors import ServerError as ServerError
    from procore_nb.errors import StatusError as StatusError
    from procore_nb.errors import StoreError as StoreError
    from procore_nb.export import read_csv as read_csv
    from procore_nb.export import read_parquet as read_parquet
    from procore_nb.export import to_csv as to_csv
    from procore_nb.export import to_excel as to_excel
    from procore_nb.export import to_parquet as to_parquet
    from procore_nb.export import to_sql as to_sql
    from procore_nb.files import gallery as gallery
    from procore_nb.frames import explode as explode
    from procore_nb.frames import local_times as local_times
    from procore_nb.frames import to_frame as to_frame
    from procore_nb.maps import check_coordinates as check_coordinates
    from procore_nb.maps import distance_to as distance_to
    from procore_nb.maps import map_projects as map_projects
    from procore_nb.maps import nearest as nearest
    from procore_nb.maps import plot_projects as plot_projects
    from procore_nb.maps import to_geodataframe as to_geodataframe
    from procore_nb.maps import to_geojson as to_geojson
    from procore_nb.maps import with_location as with_location
    from procore_nb.plots import plot_bars as plot_bars
    from procore_nb.plots import plot_lines as plot_lines
    from procore_nb.store import Store as Store
    from procore_nb.store import to_duckdb as to_duckdb
    from procore_nb.widgets import CompanyPicker as CompanyPicker
    from procore_nb.widgets import ConnectForm as ConnectForm
    from procore_nb.widgets import EndpointPicker as EndpointPicker
    from procore_nb.widgets import Explorer as Explorer
    from procore_nb.widgets import FrameTable as FrameTable
    from procore_nb.widgets import ProjectPicker as ProjectPicker

_ROOMS = {
    "catalog": "find_endpoints",
    "client": "Procore connect show_configuration",
    "credentials": "Credentials Profiles",
    "environments": "Environment",
    "errors": "AccessError ArgumentError CatalogError CredentialsError IncompleteError MissingExtraError NetworkError "
    "NotFoundError OutputError ProcoreError ProcoreWarning RateLimitError RequestError ServerError StatusError StoreError",
    "export": "read_csv read_parquet to_csv to_excel to_parquet to_sql",
    "files": "gallery",
    "frames": "explode local_times to_frame",
    "maps": "check_coordinates distance_to map_projects nearest plot_projects to_geodataframe to_geojson with_location",
    "plots": "plot_bars plot_lines",
    "store": "Store to_duckdb",
    "widgets": "CompanyPicker ConnectForm EndpointPicker Explorer FrameTable ProjectPicker",
}
_HOMES = {name: room for room, names in _ROOMS.items() for name in names.split()}
_CONNECT = ("api", "auth", "authenticate", "client", "connection", "login", "session")
__all__ = [*sorted([*_HOMES, "reports"]), "__version__"]


def __getattr__(name: str) -> Any:
    if name == "reports":  # a room that is public as it is
        return import_module("procore_nb.reports")
    room = _HOMES.get(name)
    if room is None:
        if name.startswith("_") or find_spec(f"procore_nb.{name}"):  # imports ask here first
            raise AttributeError(f"module 'procore_nb' has no attribute {name!r}")
        from procore_nb.catalog import load
        from procore_nb.client.connection import FOR_PEOPLE
        from procore_nb.errors import NoAttributeError
        from procore_nb.near_match import near

        suggestions = ("connect",) if name.lower() in _CONNECT else near(name, _HOMES, cutoff=0.75)
        hint = f"Did you mean {' or '.join(f'pnb.{one}' for one in suggestions)}?" if suggestions else ""
        if name in FOR_PEOPLE or any(
            name in (endpoint.name, *endpoint.aliases) for endpoint in load().endpoints
        ):
            call = name if name in FOR_PEOPLE else f"lists.{name}"
            hint = f'Write procore = pnb.connect("demo"), then procore.{call}(…).'
        raise NoAttributeError(f"module 'procore_nb' has no attribute {name!r}.", advice=hint)
    value = globals()[name] = getattr(import_module(f"procore_nb.{room}"), name)
    return value


def __dir__() -> list[str]:
    return list(__all__)
