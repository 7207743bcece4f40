"""Every list of Procore as a typed frame: a connection with the public calls that fetch.

In: names of lists and arguments in Python terms. Out: typed frames. Speaks to the service through its session only.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from dataclasses import replace
from itertools import chain
from typing import Any, Literal

import pandas as pd

from procore_nb.call_errors import explain_calls
from procore_nb.catalog.catalogue import OftenUsed
from procore_nb.client.file_calls import FileCalls
from procore_nb.client.lists import Lists
from procore_nb.client.query import OPTIONS, OnError, positive
from procore_nb.errors import ArgumentError
from procore_nb.frame_info import FetchedFrame
from procore_nb.frames.codec import Decimals
from procore_nb.progress import ProgressMaker


class Procore(FileCalls):
    """A connection to one Procore environment, made by `connect`; also a context manager. Several threads may use it.

    Examples
    --------
    >>> with pnb.connect("demo") as procore:
    ...     int(procore.companies()["id"].notna().sum()) > 0
    True
    """

    @explain_calls()
    def me(self) -> pd.DataFrame:
        """Return who this connection is.

        Returns
        -------
        DataFrame
            One row: `id` (Int64), `login` (string), `name` (string).

        Raises
        ------
        ArgumentError
            If the connection has no company id; nothing was sent.
        AccessError, NotFoundError
            If the company id is wrong or this account has no permission there.

        Notes
        -----
        `GET /rest/v1.0/me`, with the company header, which a service account needs here too.

        Examples
        --------
        >>> len(pnb.connect("demo").me())
        1
        """
        return self._own("me").frame()

    @explain_calls()
    def companies(self, *, include_free_companies: bool | None = None) -> pd.DataFrame:
        """Return the companies this account can see.

        Parameters
        ----------
        include_free_companies
            Whether companies of free accounts come too. None: as Procore does by itself.

        Returns
        -------
        DataFrame
            One row each: `id` (Int64), `name` (string), `is_active` (boolean) and what else Procore sends. Empty: none.

        Raises
        ------
        ProcoreError
            As `table`.

        Examples
        --------
        >>> pnb.connect("demo").companies()["id"].dtype
        Int64Dtype()

        Notes
        -----
        `GET /rest/v1.0/companies`. A service account usually sees those in which its app is installed.
        """
        return self._own("companies", include_free_companies=include_free_companies).frame()

    @explain_calls(extra='Write procore.projects(status="All"), or filters by their names.')
    def projects(
        self,
        *,
        status: Literal["Active", "Inactive", "All"] = "Active",
        company_id: int | None = None,
        **filters: Any,
    ) -> pd.DataFrame:
        """Return the projects of a company, one row each, with place, stage, dates, value and custom fields.

        Parameters
        ----------
        status
            Active projects only (as Procore does by itself), inactive ones, or all.
        company_id
            Another company than the connection's.
        **filters
            Those that `procore.endpoint("projects")` names, `view` (`ids`, `compact`, `normal`, `extended`), and options of
            `table` such as `decimals` and `columns`.

        Returns
        -------
        DataFrame
            One row for each project this account may see, in Procore's order: `id` (Int64), `name` (string), `latitude` and
            `longitude` (float64, degrees WGS 84), dates (datetime64 without zone), times (UTC), `total_value` (float64). Empty: none.

        Raises
        ------
        ProcoreError
            As `table`.

        Notes
        -----
        `GET /rest/v1.1/projects`, the newest version, which carries coordinates.

        Examples
        --------
        >>> len(pnb.connect("demo", progress=False).projects(status="All"))
        172
        """
        return self.fetch_projects(company_id=company_id, status=status, **filters)

    @explain_calls(name='Write procore.table("rfis", …): pnb.find_endpoints("a word") finds the names.')
    def table(
        self,
        name: OftenUsed | str,
        target: Any = None,
        /,
        *,
        project_id: Any = None,
        projects: Any = None,
        company_id: Any = None,
        parent: Any = None,
        decimals: Decimals | None = None,
        categories: bool = False,
        on_error: OnError = "raise",
        progress: bool | ProgressMaker | None = None,
        max_rows: int | None = None,
        columns: Iterable[str] | None = None,
        budget_view: str | int | None = None,
        **arguments: Any,
    ) -> pd.DataFrame:
        """Return any list of Procore as a typed frame, from one project or from many.

        Parameters
        ----------
        name
            A name or alias of the catalogue (`find_endpoints`), or a path: `"/rest/v1.0/projects/{project_id}/rfis"`.
        target
            Where the list is fetched from: a project id, or what `projects` takes. For a list that needs a parent, a frame
            is taken as `parent`.
        project_id, projects
            One project; or several: `"all"`, `"active"`, `"inactive"`, ids, or a frame with an id column. They are fetched
            side by side; `project_id` and `project_name` lead the columns.
        company_id
            Another company than the connection's, or several.
        parent
            For lists that need one more id (`rfi_replies`, line items): the frame of parents, or their ids. A frame that
            names projects brings them along; its rows of other projects than `project_id` or `projects` are skipped.
        decimals
            `"float"` makes float64 columns of money, hours and percents, `"exact"` columns of `decimal.Decimal`. None: as
            the connection does (`connect`).
        categories
            True makes columns with a closed set of values, as far as Procore names it, categories.
        on_error
            Projects that answer 403 or 404 are skipped and named. With `"skip"` so is every other failure.
        progress
            False keeps quiet; True shows a line for fetches longer than a second. A function of the list's name and the
            number of projects gives a `Progress` of your own (forms do); warnings are then left to it too.
        max_rows
            At most so many rows in all, of the first targets, requested one after the other. `attrs["procore"]` has
            `limited` where there may be more. A list with an argument of that name keeps it, as with `columns`.
        columns
            Names of the columns to return, in this order; others are not made. `"status"` takes `status.id` and
            `status.name`. A name that is not known is an error; one in brackets (`"[new_key]"`) is not checked.
        budget_view
            For rows of budget views (`"budget"`): the view of each project, by its name or id. Left out: the only one, or
            the one called Procore Standard Budget. Projects without it are skipped; several are an error.
        **arguments
            Filters and options of this list in Python terms: `status="open"`, lists, booleans,
            `updated_at=(start, end)`, `since=`, `start=`, `end=`, `deleted=`, `sort=`, `view=`. A key in brackets is
            sent as it is, with a warning: `**{"filters[a_newer_one]": "true"}`.

        Returns
        -------
        DataFrame
            One row for each record, columns and dtypes as the catalogue says, also without rows: ids Int64, times UTC, dates
            without zone, money as `decimals` says. Empty: none. `attrs["procore"]` names the source and what was skipped.

        Raises
        ------
        CatalogError, ArgumentError
            Before anything is sent: no such list, a missing id, an unknown argument, a malformed date.
        IncompleteError, ProcoreError
            If fewer records came than announced, the fetch was stopped or failed; `partial` holds what had come.

        Examples
        --------
        >>> procore = pnb.connect("demo")
        >>> "subject" in procore.table("rfis", projects="all", progress=False).columns
        True
        """
        options = {name: value for name, value in locals().items() if name in OPTIONS}
        return self._query(name, arguments | options, target).prepare().frame()

    @explain_calls()
    def frames(
        self, name: str, target: Any = None, /, *, rows_at_once: int | None = None, **arguments: Any
    ) -> Iterator[pd.DataFrame]:
        """Yield one frame for each project (or parent, or company) as it comes, so that memory stays flat.

        Parameters
        ----------
        name, target, **arguments
            As for `table`.
        rows_at_once
            A long list comes in parts of about so many rows: `attrs["procore"]["done"]` marks the last part of a
            `target`. Should the list move and be fetched again, `attempt` is higher and its earlier parts no longer count.

        Returns
        -------
        iterator of DataFrame
            In the order of the projects. Those that are skipped give no frame; one warning names them at the end.

        Raises
        ------
        ProcoreError
            As `table`: wrong arguments at once, whatever a request failed with while frames are taken.

        Examples
        --------
        >>> procore = pnb.connect("demo", progress=False)
        >>> all("subject" in frame for frame in procore.frames("rfis", projects=procore.projects().head(2)))
        True
        """
        most = None if rows_at_once is None else positive(rows_at_once, "rows_at_once")
        fetched = self._query(name, arguments, target).prepare().frames(rows_at_once=most)
        return (one.frame for one in fetched)

    def fetch_frames(
        self, name: str, target: Any = None, /, *, rows_at_once: int | None = None, **arguments: Any
    ) -> Generator[FetchedFrame, None, int]:
        """Yield what `frames` yields, each with how it came to be, and nothing from the cache of `connect`; for the store.

        Returns how many requests no frame counts: those of targets that were skipped after the last one.
        """
        fetch = self._query(name, arguments, target).prepare()
        fetch.policy = replace(self.policy, cache=None)
        return fetch.frames(rows_at_once=rows_at_once)

    @explain_calls()
    def pages(self, name: str, target: Any = None, /, **arguments: Any) -> Iterator[list[Any]]:
        """Yield the records of a list page by page, as Procore sent them.

        Parameters
        ----------
        name, target, arguments
            As in `table`, without `columns`.

        Returns
        -------
        iterator of list
            One list of records (dicts, or bare ids in some views) for each page.

        Raises
        ------
        ProcoreError
            As `table`: wrong arguments at once, whatever a request failed with while pages are taken.

        Examples
        --------
        >>> len(next(pnb.connect("demo").pages("projects"))) > 0
        True
        """
        query = self._query(name, arguments, target)
        if query.columns is not None:
            problem = "Records come as Procore sent them, with all their keys."
            raise ArgumentError(problem, advice="Leave columns out.")
        return (rows for _, rows in query.prepare().pages())

    @explain_calls()
    def records(self, name: str, target: Any = None, /, **arguments: Any) -> Iterator[Any]:
        """Yield the records of a list one by one, as Procore sent them.

        Parameters
        ----------
        name, target, arguments
            As in `table`, without `columns`.

        Returns
        -------
        iterator
            Records: dicts, or bare ids in some views.

        Raises
        ------
        ProcoreError
            As `pages`.

        Examples
        --------
        >>> sorted(next(pnb.connect("demo").records("companies")))[:2]
        ['id', 'is_active']
        """
        return chain.from_iterable(self.pages(name, target, **arguments))

    @property
    def lists(self) -> Lists:
        """Every list by attribute: `procore.lists.rfis("all", status="open")` is `procore.table("rfis", …)`."""
        return Lists(self)

    @explain_calls()
    def explore(self, endpoint: str | None = None) -> Any:
        """Return the explorer for this connection: pick a list, projects and filters, fetch, look, keep.

        Parameters
        ----------
        endpoint
            The list to begin with, by name or alias; without one, RFIs.

        Returns
        -------
        Explorer
            A widget; after a fetch it has the table as `frame`, and as `line` the Python that makes it.

        Raises
        ------
        CatalogError
            If there is no list of that name.
        MissingExtraError
            If the notebook extra is not installed.

        Examples
        --------
        >>> pnb.connect("demo").explore("punch list")
        Explorer(demo, punch_items, nothing fetched yet)
        """
        # The one import that points up (`ignore_imports` in pyproject.toml): only who explores needs the libraries of widgets.
        from procore_nb.widgets import Explorer

        return Explorer(self, endpoint=endpoint)
