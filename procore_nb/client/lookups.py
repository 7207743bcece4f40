"""Requests for less than a whole list: one record, a count, an estimate, the JSON of one address.

In: names of lists and ids. Out: frames, or JSON as it came. Speaks to the service through its session only.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from importlib import resources
from itertools import chain
from typing import Any, NamedTuple

import pandas as pd

from procore_nb.call_errors import explain_calls
from procore_nb.catalog import Argument, Endpoint
from procore_nb.catalog.endpoint import RECORD_ID, split_path
from procore_nb.client.budget import needs_views, views_of
from procore_nb.client.connection import Connection
from procore_nb.client.encode_query import encode
from procore_nb.errors import AccessError, ArgumentError, IncompleteError, NotFoundError
from procore_nb.fetch import ListRequest, fetch_json
from procore_nb.frame_info import describe
from procore_nb.scalars import id_text

_LEVEL = "Read Only"
_BY_RULE = "Tool: Procore's reference. Permission: by rule, the reference names none."
_NOT_SAID = "Procore's reference does not say which tool this belongs to."
_NO_RECORDS = " Procore's reference shows no single records of this list: the path is by pattern."


class AccessRequest(NamedTuple):
    """What to ask an administrator for: a frame of tools, and a text to send."""

    frame: pd.DataFrame
    text: str

    def __repr__(self) -> str:
        return self.text


class Lookups(Connection):
    """What a connection answers beside whole lists."""

    @explain_calls(record_id='Write procore.record("rfis", 123, project_id=7): the id comes second.')
    def record(self, name: str, record_id: Any, target: Any = None, /, **arguments: Any) -> pd.DataFrame:
        """Return one record of a list, with what only the single record has, such as the answers of an RFI.

        Parameters
        ----------
        name, target, **arguments
            As for `table`: what the list needs (`project_id=7`), `view`, `columns`, `decimals`.
        record_id
            The id of the record.

        Returns
        -------
        DataFrame
            One row: the columns of the list, then those that only the single record has.

        Raises
        ------
        NotFoundError, AccessError
            If it does not exist, or this account may not see it.
        IncompleteError
            If something else than this one record came.

        Notes
        -----
        `GET` of `procore.endpoint(name).record`; where Procore's reference shows none, of the list's path and the id.

        Examples
        --------
        >>> procore = pnb.connect("demo", progress=False)
        >>> rfi = procore.table("rfis", 1204347, max_rows=1).iloc[0]
        >>> procore.record("rfis", rfi["id"], 1204347)["subject"].iloc[0] == rfi["subject"]
        True
        """
        several = {"projects", "parent", "max_rows", "on_error"} & arguments.keys()
        if several:
            raise ArgumentError(f"record returns one record and takes no {min(several)}.")
        number = id_text(record_id, f"record of {name}")
        query = self._query(name, {**arguments, RECORD_ID: number}, target, record=True)
        by_pattern = not self.catalogue.endpoint(name).record_path
        same_path = self.catalogue.endpoint(query.endpoint.path)
        if by_pattern and same_path.kind != "unknown":
            problem = f"{name} has no single records: {same_path.path} is the list {same_path.name}."
            raise ArgumentError(problem, advice=f'Write procore.table("{same_path.name}", …).')
        try:
            frame = query.prepare().frame()
        except (AccessError, NotFoundError) as error:
            if error.status == 404 and by_pattern:
                error.advice += _NO_RECORDS
            raise
        ids = frame["id"].dropna().astype("string").tolist() if "id" in frame.columns else []
        if len(frame) != 1 or ids not in ([], [number]):
            answer = f"the record {ids[0]}" if len(ids) == len(frame) == 1 else f"{len(frame):,} records"
            problem = f"GET {query.endpoint.path} answered {answer}, not the one record {number}."
            raise IncompleteError(problem, partial=frame)
        return frame

    @explain_calls(path='Write it from /rest/ on, with ids: procore.get("/rest/v1.0/me").')
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
        ProcoreError
            Before anything is sent if path or value cannot be; then whatever the response says, as `table`.

        Examples
        --------
        >>> sorted(pnb.connect("demo").get("/rest/v1.0/me"))
        ['id', 'login', 'name']
        """
        version, parts = split_path(path if isinstance(path, str) else "")
        where = "/rest/" + "/".join((version, *parts))
        if not version or "{" in path or "}" in path:
            advice = 'Write it from /rest/ on, with ids: "/rest/v1.0/me".'
            raise ArgumentError(f"{path!r} is no address to get.", advice=advice)
        number = self.company_or_own(company_id)
        if company_id is not None:
            query = {"company_id": number, **query}
        pairs = [encode(Argument(key, key), value, endpoint=where) for key, value in query.items()]
        request = ListRequest(where, tuple(chain.from_iterable(pairs)), number)
        return fetch_json(self.session, request, policy=self.policy)

    @explain_calls()
    def count(self, name: str, target: Any = None, /, **arguments: Any) -> pd.DataFrame:
        """Return how many rows a list has for each target (project, parent, company).

        Parameters
        ----------
        name, target, arguments
            As in `table`, without `max_rows` and `columns`.

        Returns
        -------
        DataFrame
            The ids of the target (Int64) and `project_name`; `rows` (Int64; missing where the target was skipped); `counted`
            (string): `total` where Procore announced the number, one request a target, else `rows`: all were fetched and
            counted; `reason` (string) of a skipped target.

        Raises
        ------
        ProcoreError
            As `table`.

        Examples
        --------
        >>> int(pnb.connect("demo", progress=False).count("rfis", 1204347)["rows"].iloc[0]) > 0
        True
        """
        query = self._query(name, arguments, target)
        if query.max_rows is not None or query.columns is not None:
            advice = "It counts all rows of the list."
            raise ArgumentError("count takes no max_rows and no columns.", advice=advice)
        fetch = query.prepare()
        stats = fetch.count()
        reasons = {skipped["target"]: skipped["reason"] for skipped in fetch.skipped}
        accounts = [{"company_id": target.company_id, **target.identity} for target in fetch.targets]
        frame = pd.DataFrame(accounts, columns=None if accounts else ["company_id"])
        texts = {name for name in frame.columns if any(isinstance(value, str) for value in frame[name])}
        frame["rows"] = [
            None if stat is None else stat.rows if stat.total is None else stat.total for stat in stats
        ]
        frame["counted"] = [
            None if stat is None else "rows" if stat.total is None else "total" for stat in stats
        ]
        labels = [None if one else target.label for target, one in zip(fetch.targets, stats, strict=True)]
        frame["reason"] = [reasons.get(label) for label in labels]
        texts |= {"project_name", "counted", "reason"}
        frame = frame.astype({name: "string" if name in texts else "Int64" for name in frame.columns})
        fetch.warn_of_losses()
        facts = {"requests": fetch.requests_sent, "rows": len(frame), "skipped": list(fetch.skipped)}
        return describe(frame, **fetch.about, **facts)

    @explain_calls()
    def estimate(self, name: str, target: Any = None, /, **arguments: Any) -> pd.DataFrame:
        """Return what `table` with these arguments would take at least; sends only the list of projects, if that is needed.

        Parameters
        ----------
        name, target, arguments
            As in `table`.

        Returns
        -------
        DataFrame
            One row: `targets` and `requests` (Int64; at least one for each target, more for lists of several pages) and
            `seconds` (float64) that the rate limit makes them wait at least; missing before a first response has shown it.

        Raises
        ------
        CatalogError, ArgumentError
            As `table`.

        Examples
        --------
        >>> int(pnb.connect("demo", progress=False).estimate("rfis", projects="all")["targets"].iloc[0]) > 100
        True
        """
        query = self._query(name, arguments, target)
        by_view = needs_views(query)  # a budget: the views of each project, the columns of one view, the rows
        fetch = views_of(query) if by_view else query.prepare(check_wait=False)
        targets = len(fetch.requests)
        requests = min(targets, 1) if query.max_rows else 2 * targets + 1 if by_view else targets
        limiter, now = self.session.shared.rate_limiter, self.policy.clock()
        seconds = limiter.estimate(requests, now) if limiter.windows(now) else math.nan
        types = {"targets": "Int64", "requests": "Int64", "seconds": "float64"}
        frame = pd.DataFrame([(targets, requests, seconds)], columns=[*types]).astype(types)
        return describe(frame, **fetch.about)

    @explain_calls(extra='Several lists are one value: procore.access_request(["rfis", "budget"]).')
    def access_request(self, names: str | Iterable[str]) -> AccessRequest:
        """Return what an administrator has to grant so that these lists can be read: a frame, and a text to send.

        Parameters
        ----------
        names
            The lists, or one.

        Returns
        -------
        AccessRequest
            `.frame`: one row for each tool (all string): `level` (company or project), `tool`, `permission`, `lists` that need
            it, and `basis`: what of it Procore's reference says, and what is a rule. `.text`: the same as a letter.

        Raises
        ------
        CatalogError, ArgumentError
            If a list is not known, or none is named.

        Notes
        -----
        https://developers.procore.com/documentation/developer-managed-service-accounts,
        https://developers.procore.com/documentation/tutorial-user-permissions

        Examples
        --------
        >>> frame, text = pnb.connect("demo").access_request(["rfis", "budget"])
        >>> frame["level"].tolist()
        ['company', 'company', 'project', 'project']
        """
        endpoints = [self.catalogue.endpoint(name) for name in ([names] if isinstance(names, str) else names)]
        if not endpoints:
            advice = 'For example ["rfis", "incidents"].'
            raise ArgumentError("access_request needs the names of lists.", advice=advice)
        lists: dict[tuple[str, str], list[str]] = {}
        for endpoint in dict.fromkeys(each for one in endpoints for each in self._read_for(one)):
            level = "project" if endpoint.scope == "project" else "company"
            lists.setdefault((level, endpoint.module), []).append(endpoint.name)
        rows, lines = [], dict[str, None]()
        for (level, tool), list_names in sorted(lists.items(), key=lambda item: item[0][0]):
            known = (tool, _LEVEL) if tool else (None, None)
            rows.append((level, *known, ", ".join(list_names), _BY_RULE if tool else _NOT_SAID))
            permission = f"{tool}: {_LEVEL}" if tool else "a tool that Procore's reference does not name"
            lines[f"   {level.capitalize()} level:"] = None
            lines[f"   - {permission} (for {', '.join(list_names)})"] = None
        frame = pd.DataFrame(rows, columns=["level", "tool", "permission", "lists", "basis"], dtype="string")
        letter = resources.files("procore_nb.client") / "access_request.txt"
        text = letter.read_text("utf-8").format(
            client=self.session.client_id or "(see the app's page on developers.procore.com)",
            company="(its number)" if self.company_id is None else self.company_id,
            environment=self.environment.name,
            level=_LEVEL,
            tools="\n".join(lines),
        )
        about = {"environment": self.environment.name, "company_id": self.company_id, "rows": len(frame)}
        return AccessRequest(describe(frame, **about), text)

    def _read_for(self, endpoint: Endpoint) -> Iterable[Endpoint]:
        """Return what is read for a list: the projects, the lists of its further ids, labels of custom fields, itself."""
        names = ["projects"] if endpoint.scope == "project" else []
        names += [name for sources in endpoint.parents.values() for name in sources]
        if any(field.name.startswith("custom_fields") for field in endpoint.fields):
            names.append("custom_field_definitions")
        return (*map(self.endpoint_or_shipped, names), endpoint)

    @explain_calls()
    def clear_cache(self) -> int:
        """Remove what `connect(cache=…)` keeps on disk for that length of time, of all accounts.

        Returns
        -------
        int
            How many files were removed.

        Examples
        --------
        >>> pnb.connect("demo").clear_cache()
        0
        """
        return 0 if self.policy.cache is None else self.policy.cache.clear()
