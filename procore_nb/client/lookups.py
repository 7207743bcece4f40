"""Requests for less than a whole list: one record, a count, an estimate, the JSON of one address.

In: names of lists and ids. Out: frames, or JSON as it came. Speaks to the service through its session only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

import pandas as pd

from procore_nb.catalog import Argument, paths
from procore_nb.catalog.endpoint import RECORD_ID
from procore_nb.client import counting
from procore_nb.client.access import AccessRequest, access_request
from procore_nb.client.connection import Connection
from procore_nb.client.encode_query import pairs_for
from procore_nb.client.query import ListQuery, list_query
from procore_nb.errors import AccessError, ArgumentError, IncompleteError, NotFoundError
from procore_nb.fetch import ListRequest, fetch_json
from procore_nb.ids import id_text

if TYPE_CHECKING:
    from procore_nb.client.procore import Procore

_MANY = frozenset({"projects", "parent", "max_rows", "on_error"})


class Lookups(Connection):
    """What a connection answers beside whole lists."""

    def record(self, name: str, record_id: Any, target: Any = None, /, **arguments: Any) -> pd.DataFrame:
        """Return one record of a list, with what only the single record has, such as the answers of an RFI.

        Parameters
        ----------
        name
            The list's name, alias or path. `procore.endpoint(name)` shows where its records are: the path stands there
            where Procore's reference has it; else it is by pattern, the list's path and the id.
        record_id
            The id of the record.
        target
            The project, as for `table`: `record("rfis", 123, 7)`.
        **arguments
            What the list needs (`project_id=7`, `contract_id=…`), and `company_id`, `view`, `columns`, `decimals`,
            `categories`, `progress` as for `table`.

        Returns
        -------
        DataFrame
            One row; the columns of the list, then those that only the single record has. Lists stay lists.

        Raises
        ------
        NotFoundError, AccessError
            If it does not exist, or this account may not see it.
        CatalogError, ArgumentError
            Before anything is sent, as `table`.
        IncompleteError
            If something else than this one record came.

        Examples
        --------
        >>> import procore_nb as pnb
        >>> procore = pnb.connect("demo", progress=False)
        >>> rfi = procore.table("rfis", projects="all", max_rows=1).iloc[0]
        >>> procore.record("rfis", rfi["id"], project_id=rfi["project_id"])["subject"].iloc[0] == rfi["subject"]
        True
        """
        several = _MANY & arguments.keys()
        if several:
            raise ArgumentError(f"record returns one record and takes no {min(several)}.")
        number = id_text(record_id, f"record of {name}")
        query = self._query(name, {**arguments, RECORD_ID: number}, target, record=True)
        try:
            frame = query.collection().frame()
        except (AccessError, NotFoundError) as error:
            if error.status == 404 and not self.catalogue.endpoint(name).record_path:
                error.advice += (
                    " Procore's reference shows no single records of this list: the path is by pattern."
                )
            raise
        ids = frame["id"].dropna().astype("string").tolist() if "id" in frame.columns else []
        if len(frame) != 1 or ids not in ([], [number]):
            came = f"the record {ids[0]}" if len(ids) == len(frame) == 1 else f"{len(frame):,} records"
            raise IncompleteError(
                f"GET {query.endpoint.path} answered {came}, not the one record {number}.", partial=frame
            )
        return frame

    def get(self, path: str, /, *, company_id: int | None = None, **query: Any) -> Any:
        """Return the JSON of one address as it came, through the same session, limits and checks as lists.

        Parameters
        ----------
        path
            The path from `/rest/` on, ids filled in; the host is the environment's.
        company_id
            Another company than the connection's. Given here, it is sent in the query too.
        **query
            Query parameters as Procore spells them: `page=2`, `**{"filters[status]": "open"}`. A list becomes `key[]`.

        Returns
        -------
        dict, list or value
            The parsed body: one response, not further pages. None for an empty one.

        Raises
        ------
        ArgumentError, CatalogError
            If path or value cannot be sent; nothing was.
        ProcoreError
            Whatever the response says, as `table`.

        Examples
        --------
        >>> import procore_nb as pnb
        >>> sorted(pnb.connect("demo").get("/rest/v1.0/me"))
        ['id', 'login', 'name']
        """
        version, parts = paths.split(path if isinstance(path, str) else "")
        where = "/rest/" + "/".join((version, *parts))
        if not version or "{" in path or "}" in path:
            raise ArgumentError(
                f"{path!r} is no address to get.",
                advice='Write it from /rest/ on, with ids: "/rest/v1.0/me".',
            )
        number = self.company_or_own(company_id)
        pairs: Mapping[str, Any] = query if company_id is None else {"company_id": number, **query}
        sent = [
            pair
            for key, value in pairs.items()
            for pair in pairs_for(Argument(key, key), value, endpoint=where)
        ]
        return fetch_json(self.session, ListRequest(where, tuple(sent), number), policy=self.policy)

    def count(self, name: str, target: Any = None, /, **arguments: Any) -> pd.DataFrame:
        """Return how many rows a list has, one row for each target (project, parent, company).

        Parameters
        ----------
        name, target, **arguments
            As for `table`: `projects="all"`, filters, `parent=`.

        Returns
        -------
        DataFrame
            The ids of the target (Int64) and `project_name`; `rows` (Int64; missing where the target was skipped);
            `counted` (string): `total` where Procore announced the number, one request a target; `rows` where it
            announces none, so that the rows themselves were fetched and counted; `reason` (string) of a skipped target.

        Raises
        ------
        ProcoreError
            As `table`.

        Examples
        --------
        >>> import procore_nb as pnb
        >>> procore = pnb.connect("demo", progress=False)
        >>> int(procore.count("rfis", projects=procore.projects().head(3))["rows"].sum()) > 0
        True
        """
        return counting.count(self._query(name, arguments, target))

    def estimate(self, name: str, target: Any = None, /, **arguments: Any) -> pd.DataFrame:
        """Return what `table` with these arguments would take at least; sends only what names the targets.

        That is the list of projects for `projects="all"`, and nothing otherwise.

        Parameters
        ----------
        name, target, **arguments
            As for `table`.

        Returns
        -------
        DataFrame
            One row: `targets` and `requests` (Int64; at least one for each target, more for lists of several pages) and
            `seconds` (float64): how long the rate limit makes them wait at least; missing before the first response has
            shown the limit.

        Raises
        ------
        CatalogError, ArgumentError
            As `table`.

        Examples
        --------
        >>> import procore_nb as pnb
        >>> int(pnb.connect("demo", progress=False).estimate("rfis", projects="all")["targets"].iloc[0]) > 100
        True
        """
        return counting.estimate(self._query(name, arguments, target))

    def access_request(self, names: str | Iterable[str]) -> AccessRequest:
        """Return what an administrator has to grant so that these lists can be read: a frame, and a text to send.

        Parameters
        ----------
        names
            Names of lists: `["rfis", "budget", "incidents"]`.

        Returns
        -------
        AccessRequest
            `.frame`: one row for each tool (all string): `level` (company or project), `tool`, `permission`, `lists` that need
            it, and `basis`: what of it Procore's reference says, and what is a rule. `.text`: the same as a letter.

        Raises
        ------
        CatalogError, ArgumentError
            If a list is not known, or none is named.

        Examples
        --------
        >>> import procore_nb as pnb
        >>> frame, text = pnb.connect("demo").access_request(["rfis", "budget"])
        >>> frame["level"].tolist()
        ['company', 'company', 'project', 'project']
        """
        return access_request(self, names)

    def clear_cache(self) -> int:
        """Remove what `connect(cache=…)` keeps on disk for that length of time, of all accounts; return how many files.

        Returns
        -------
        int
            0 where nothing is kept.

        Examples
        --------
        >>> import procore_nb as pnb
        >>> pnb.connect("demo").clear_cache()
        0
        """
        return 0 if self.policy.cache is None else self.policy.cache.clear()

    def _query(
        self, name: str, arguments: Mapping[str, Any], target: Any, *, record: bool = False
    ) -> ListQuery:
        return list_query(cast("Procore", self), name, arguments, target, record=record)
