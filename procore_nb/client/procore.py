"""The corridor: a connection to one environment and company, which opens the doors of the other rooms in order.

In: questions in Python terms. Out: typed frames. Speaks to the service through its session only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, Literal

import pandas as pd

from procore_nb import catalog
from procore_nb.catalog import Endpoint
from procore_nb.client.collect import Collection, OnError
from procore_nb.client.connection import Connection
from procore_nb.client.query import ListQuery, take_ids_of_path
from procore_nb.errors import ArgumentError
from procore_nb.frames.codec import Decimals
from procore_nb.progress import ProgressMaker


class Procore(Connection):
    """A connection to one Procore environment; `connect` makes one. May be used from several threads.

    Nothing is sent until the first question. As a context manager it closes its connections at the end, and lets
    Procore forget the token if `revoke_on_close` was asked for.

    Examples
    --------
    >>> import procore_nb as pnb
    >>> with pnb.connect("demo") as procore:
    ...     int(procore.companies()["id"].notna().sum()) > 0
    True
    """

    def me(self) -> pd.DataFrame:
        """Return who this connection is: one row.

        Returns
        -------
        DataFrame
            `id` (Int64), `login` (string), `name` (string).

        Raises
        ------
        AccessError, NotFoundError
            If the company id is wrong or this account has no permission there.

        Notes
        -----
        `GET /rest/v1.0/me`, with the company header, which a service account needs here too.
        """
        return self._inquiry(catalog.single("me")).frame()

    def companies(self, *, include_free_companies: bool | None = None) -> pd.DataFrame:
        """Return the companies this account can see, one row each.

        Returns
        -------
        DataFrame
            `id` (Int64), `name` (string), `is_active` (boolean), and whatever else Procore sends. Empty: none.

        Notes
        -----
        `GET /rest/v1.0/companies`. A service account usually sees those in which its app is installed.
        """
        return self.table("companies", include_free_companies=include_free_companies)

    def projects(
        self,
        *,
        status: Literal["Active", "Inactive", "All"] = "Active",
        company_id: int | None = None,
        view: str | None = None,
        decimals: Decimals = "exact",
        **filters: Any,
    ) -> pd.DataFrame:
        """Return the projects of a company, one row each, with place, stage, dates, value and custom fields.

        Parameters
        ----------
        status
            Active projects only (as Procore does by itself), inactive ones, or all.
        company_id
            Another company than the connection's.
        view
            Which attributes come back: `ids`, `compact`, `normal`, `extended`.
        decimals
            `"exact"` keeps money as `decimal.Decimal`; `"float"` makes float64 columns of it.
        **filters
            Whatever else the list knows: `procore.endpoint("projects")` names it. An unknown one is an error.

        Returns
        -------
        DataFrame
            One row per project this account may see, in Procore's order: `id` (Int64), `name` (string),
            `latitude` and `longitude` (float64, degrees WGS 84), dates (datetime64 without zone), times (UTC),
            `total_value` (Decimal), `company.id`, `project_stage.name` and so on. Empty: there are none.

        Raises
        ------
        ArgumentError, CatalogError
            If an argument cannot be used; nothing was sent.
        IncompleteError
            If fewer projects came than Procore announced.

        Notes
        -----
        `GET /rest/v1.1/projects`, the newest version, which carries coordinates.
        """
        return self.table(
            "projects", company_id=company_id, status=status, view=view, decimals=decimals, **filters
        )

    def table(
        self,
        name: str,
        /,
        *,
        project_id: Any = None,
        projects: Any = None,
        company_id: Any = None,
        parent: Any = None,
        decimals: Decimals = "exact",
        categories: bool = False,
        on_error: OnError = "raise",
        progress: bool | ProgressMaker | None = None,
        **arguments: Any,
    ) -> pd.DataFrame:
        """Return any list of Procore as a typed frame, from one place or from many.

        Parameters
        ----------
        name
            A name or alias of the catalogue (`find_endpoints`), or a path such as
            `"/rest/v1.0/projects/{project_id}/rfis"`.
        project_id
            The project to ask.
        projects
            Several projects instead: `"all"`, `"active"`, ids, or a frame with an id column. They are asked side by side;
            `project_id` and `project_name` lead the columns.
        company_id
            Another company than the connection's, or several.
        parent
            For lists that need one more id (`rfi_replies`, line items): the frame of parents, or their ids.
        decimals
            `"exact"` keeps money as `decimal.Decimal`; `"float"` makes float64 columns of it.
        categories
            True makes columns with a closed set of values, as far as Procore names it, categories.
        on_error
            Projects that answer 403 or 404 are left out and named. With `"skip"` so is every other failure.
        progress
            False keeps quiet; True shows a line for attempts longer than a second. A function of the list's name and the
            number of places gives a `Progress` of your own (forms do); warnings are then left to it too.
        **arguments
            Filters and options of this list in Python terms: `status="open"`, lists, booleans,
            `updated_at=(start, end)`, `since=`, `start=`, `end=`, `deleted=`, `sort=`, `view=`.

        Returns
        -------
        DataFrame
            One row per record, columns and dtypes as the catalogue says, also without rows.
            `attrs["procore"]` tells where it came from and what was left out (`skipped`).

        Raises
        ------
        CatalogError, ArgumentError
            Before anything is sent: no such list, a missing id, an unknown argument, a malformed date.
        IncompleteError
            If fewer records came than announced, or the walk was stopped; `partial` holds what had come.
        ProcoreError
            Whatever else a request failed with; `partial` holds what had come.

        Examples
        --------
        >>> import procore_nb as pnb
        >>> procore = pnb.connect("demo")
        >>> "subject" in procore.table("rfis", projects="all", progress=False).columns
        True
        """
        places = {"project_id": project_id, "projects": projects, "company_id": company_id, "parent": parent}
        return self._inquiry(
            name,
            places,
            arguments,
            decimals=decimals,
            categories=categories,
            on_error=on_error,
            progress=progress,
        ).frame()

    def frames(
        self,
        name: str,
        /,
        *,
        project_id: Any = None,
        projects: Any = None,
        company_id: Any = None,
        parent: Any = None,
        decimals: Decimals = "exact",
        categories: bool = False,
        on_error: OnError = "raise",
        progress: bool | ProgressMaker | None = None,
        rows_at_once: int | None = None,
        **arguments: Any,
    ) -> Iterator[pd.DataFrame]:
        """Yield one frame for each project (or parent, or company) as it comes, so that memory stays flat.

        Takes the arguments of `table`. Places that are left out give no frame; one warning names them at the end.
        With `rows_at_once` a long list comes in parts of about so many rows: `attrs["procore"]["done"]` tells the last
        part of a `place`. Should the list move and be walked again, `walk` is higher and its earlier parts no longer count.
        """
        if rows_at_once is not None and (
            isinstance(rows_at_once, bool) or not isinstance(rows_at_once, int) or rows_at_once < 1
        ):
            raise ArgumentError(f"rows_at_once is a whole number from 1 up, not {rows_at_once!r}.")
        places = {"project_id": project_id, "projects": projects, "company_id": company_id, "parent": parent}
        return self._inquiry(
            name,
            places,
            arguments,
            decimals=decimals,
            categories=categories,
            on_error=on_error,
            progress=progress,
        ).frames(rows_at_once=rows_at_once)

    def pages(self, name: str, /, **arguments: Any) -> Iterator[list[Any]]:
        """Yield the records of a list page by page, as Procore sent them; takes the arguments of `table`."""
        pages = self._loose(name, arguments).pages()  # what is asked is checked now, not at the first page
        return (rows for _, rows in pages)

    def records(self, name: str, /, **arguments: Any) -> Iterator[Any]:
        """Yield the records of a list one by one, as Procore sent them; takes the arguments of `table`."""
        return chain.from_iterable(self.pages(name, **arguments))

    def endpoint(self, name: str) -> Endpoint:
        """Return what is known of a list: its path, what it needs, its filters, caveats and columns."""
        return catalog.endpoint(name, catalogue=self._catalogue)

    def explore(self) -> Any:
        """Return the explorer for this connection: pick a list, projects and filters, fetch, look, keep.

        Raises
        ------
        MissingExtraError
            If the notebook extra is not installed.
        """
        # The one import that points up (`ignore_imports` in pyproject.toml): the explorer is built on this package,
        # and only whoever asks for it needs the libraries it is drawn with.
        from procore_nb.widgets import Explorer

        return Explorer(self)

    def _loose(self, name: str, arguments: dict[str, Any]) -> Collection:
        reserved = ("project_id", "projects", "company_id", "parent")
        places = {key: arguments.pop(key, None) for key in reserved}
        options = {key: arguments.pop(key) for key in ("on_error", "progress") if key in arguments}
        return self._inquiry(name, places, arguments, **options)

    def _inquiry(
        self,
        name: str | Endpoint,
        places: Mapping[str, Any] | None = None,
        arguments: Mapping[str, Any] | None = None,
        *,
        decimals: Decimals = "exact",
        categories: bool = False,
        on_error: OnError = "raise",
        progress: bool | ProgressMaker | None = None,
    ) -> Collection:
        given = {key: value for key, value in (arguments or {}).items() if value is not None}
        at = dict(places or {})
        endpoint = name if isinstance(name, Endpoint) else self.endpoint(name)
        if isinstance(name, str):
            take_ids_of_path(endpoint, name, places=at, arguments=given)
        return ListQuery(
            procore=self,
            endpoint=endpoint,
            places=at,
            arguments=given,
            decimals=decimals,
            categories=categories,
            on_error=on_error,
            progress=self._progress if progress is None else progress,
        ).collection()
