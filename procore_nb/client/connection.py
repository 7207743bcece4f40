"""A connection itself: its environment, company and catalogue, what the rate limit leaves, and its end.

In: a session and a company. Out: what `Procore` builds its lists on. Speaks to the service through its session only.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Collection, Mapping
from datetime import date
from html import escape
from typing import Any, NoReturn, Self

import pandas as pd

from procore_nb import hints
from procore_nb.call_errors import explain_calls
from procore_nb.catalog import Catalogue, Endpoint, load
from procore_nb.catalog.catalogue import names_for_synonym
from procore_nb.client.collect import ListFetch
from procore_nb.client.diagnosis import diagnose
from procore_nb.client.query import ListQuery, list_query
from procore_nb.credentials import company_number
from procore_nb.environments import DEMO, Environment
from procore_nb.errors import ArgumentError, CatalogError, NoAttributeError, ProcoreError, warn
from procore_nb.fetch import RequestPolicy
from procore_nb.frames.codec import DEFAULT_DECIMALS, Decimals, checked_decimals
from procore_nb.http import Session
from procore_nb.near_match import near
from procore_nb.scalars import utc_text

# What Tab offers; other attributes are for stores, forms and the command line.
FOR_PEOPLE = (
    "access_request", "catalogue", "clear_cache", "close", "companies", "company_id", "count", "diagnose", "download", "endpoint", "environment", "estimate",
    "explore", "files", "frames", "get", "lists", "me", "pages", "projects", "rate_limit", "record", "records", "table", "token_info",
)  # fmt: skip
_VALUES = ("catalogue", "company_id", "environment")
_READS_ONLY = "to Procore with its own application: this package only reads"
_MEANT = {
    "search": 'pnb.find_endpoints("a word")',
    "request": 'procore.get("/rest/v1.0/…")',
    **dict.fromkeys(("fetch", "list", "query", "read"), 'procore.table("rfis", …)'),
    **dict.fromkeys(("delete", "patch", "post", "put"), _READS_ONLY),
}
_BY_CONNECT = 'Write procore = pnb.connect("demo"), or another environment with client_id=…, client_secret=…, company_id=….'
_VERB = re.compile(r"^(get|list|fetch|read|load)_")


class Connection:
    """A session with a company and policy; nothing is sent until the first call that fetches."""

    @explain_calls(extra=_BY_CONNECT, session=_BY_CONNECT, client_id=_BY_CONNECT)
    def __init__(
        self,
        session: Session,
        company_id: int | None = None,
        *,
        policy: RequestPolicy | None = None,
        progress: bool = True,
        decimals: Decimals = DEFAULT_DECIMALS,
        revoke_on_close: bool = False,
        today: Callable[[], date] = date.today,
        catalogue: Catalogue | None = None,
    ) -> None:
        if not isinstance(session, Session):
            raise ArgumentError("A connection is made by pnb.connect.", advice=_BY_CONNECT)
        self.session = session
        self.policy = policy or RequestPolicy()
        self.progress = progress
        self.decimals = checked_decimals(decimals)
        self.catalogue = load() if catalogue is None else catalogue
        self._revoke_on_close = revoke_on_close
        self.today = today
        self._known_custom_fields: dict[int, dict[int, tuple[str, str]]] = {}  # by company, once fetched
        self.known_projects: dict[int | None, set[int]] = {}  # by company, once all were fetched
        self.company_id = company_id

    @property
    def environment(self) -> Environment:
        """Where the responses come from."""
        return self.session.environment

    @property
    def seconds_behind(self) -> float:
        """How far the server's clock was behind this machine's at its last response; 0 where it is ahead or not known."""
        return self.session.seconds_behind

    @explain_calls()
    def endpoint(self, name: str) -> Endpoint:
        """Return what is known of a list: its path, what it needs, its filters, caveats and columns.

        Parameters
        ----------
        name
            A name or alias of the catalogue, or a path.

        Returns
        -------
        Endpoint
            Shown as a page; `needs`, `filters`, `caveats`, `columns` and more as attributes.

        Raises
        ------
        CatalogError
            If there is none; near matches are named.

        Examples
        --------
        >>> pnb.connect("demo").endpoint("rfis").needs
        (('project_id',),)
        """
        return self.catalogue.endpoint(name)

    @explain_calls()
    def diagnose(self) -> pd.DataFrame:
        """Return, step by step, what works between here and the first project.

        Returns
        -------
        DataFrame
            `step` (string), `ok` (boolean, missing when it was not tried), `detail` and `advice` (string). Never empty.

        Examples
        --------
        >>> bool(pnb.connect("demo").diagnose()["ok"].iloc[0])
        True
        """
        return diagnose(self)

    @explain_calls()
    def token_info(self) -> dict[str, Any]:
        """Return what the login host says about the current token.

        Returns
        -------
        dict
            `resource_owner_id`, `application`, `expires_in_seconds` and whatever else the login host sends.

        Raises
        ------
        CredentialsError, NetworkError
            If no token is issued, or the login host does not answer.

        Examples
        --------
        >>> pnb.connect("demo").token_info()["expires_in_seconds"] > 0
        True
        """
        return self.session.token_info()

    @explain_calls()
    def rate_limit(self) -> pd.DataFrame:
        """Return what the rate limit leaves, one row per counting window known so far.

        Returns
        -------
        DataFrame
            `window` (string: `hour` or `spike`), `limit` and `remaining` (Int64, requests), `resets_at` (datetime64, UTC).
            Empty before the first response.

        Examples
        --------
        >>> pnb.connect("demo").rate_limit().empty
        True
        """
        windows = self.session.shared.rate_limiter.windows(self.policy.clock())
        rows = [
            (each.kind, each.limit, each.remaining, pd.Timestamp(utc_text(each.reset))) for each in windows
        ]
        frame = pd.DataFrame(rows, columns=["window", "limit", "remaining", "resets_at"])
        frame["resets_at"] = frame["resets_at"].astype("datetime64[us, UTC]")
        return frame.astype({"window": "string", "limit": "Int64", "remaining": "Int64"})

    @explain_calls()
    def close(self, *, revoke: bool | None = None) -> None:
        """Close the connections.

        Parameters
        ----------
        revoke
            Whether Procore is to forget the token too. None: as `revoke_on_close` of `connect`.

        Raises
        ------
        NetworkError, StatusError
            If the token could not be revoked; the connections are closed all the same.

        Examples
        --------
        >>> pnb.connect("demo").close()
        """
        try:
            if self._revoke_on_close if revoke is None else revoke:
                self.session.revoke()
        finally:
            self.session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError(
            "A connection is not written to a file, copied or sent to another process: it holds a secret. "
            "Connect again there."
        )

    def __dir__(self) -> list[str]:
        return [*FOR_PEOPLE]

    def __getattr__(self, name: str) -> NoReturn:
        # Python asks for hooks (`_repr_png_`, `__array__`), and before `__init__` has set anything: no advice for those.
        if name.startswith("_") or "catalogue" not in self.__dict__:
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
        bare, choice = _VERB.sub("", name), ""
        members = [bare] if bare in FOR_PEOPLE else near(bare, FOR_PEOPLE, cutoff=0.8)
        calls = [f"procore.{member}{'' if member in _VALUES else '(…)'}" for member in members]
        try:
            endpoint = self.catalogue.endpoint(bare).name
            calls += [f"procore.lists.{endpoint}(…)", f'procore.table("{endpoint}", …)']
        except CatalogError as error:
            choice = f"{error.advice} " if names_for_synonym(bare) else ""
        if name in _MEANT or name in sys.modules["procore_nb"].__all__:
            calls = [_MEANT.get(name, f"pnb.{name}(…)")]
        hint = choice or (f"Write {' or '.join(calls)}. " if calls else "")
        raise NoAttributeError(
            f"A connection has no {name!r}.",
            advice=hint + 'procore.lists.<Tab> has every list; pnb.find_endpoints("a word") searches them.',
        )

    def __getitem__(self, name: object) -> NoReturn:
        name = name if isinstance(name, str) else "rfis"
        raise ArgumentError("A connection is no table.", advice=f'Write procore.table("{name}", …).')

    def __call__(self, name: object = "", *_: object, **__: object) -> NoReturn:
        self.__getitem__(name or None)

    def __repr__(self) -> str:
        company = "no company" if self.company_id is None else f"company {self.company_id}"
        day = [f"today is {self.today()}"] if self.environment == DEMO else []
        client = f"client {self.session.client_id!r}"
        parts = (self.environment.name, company, *day, client, *self._remaining())
        return f"{type(self).__name__}({', '.join(parts)})"

    def _repr_html_(self) -> str:
        company = "no company yet" if self.company_id is None else f"company <b>{self.company_id}</b>"
        source = f"<code>{escape(self.environment.api_url)}</code>"
        if self.environment == DEMO:
            source = f"made-up data, today is {self.today()}"
        name = f"<b>{escape(self.environment.name)}</b> environment ({source})"
        return " &middot; ".join(["Procore", name, company, *self._remaining()])

    def _remaining(self) -> list[str]:
        windows = self.session.shared.rate_limiter.windows(self.policy.clock())
        limits = {"hour": "hourly limit", "spike": "burst limit"}
        return [
            f"{each.remaining:,} of {each.limit:,} requests left ({limits[each.kind]})" for each in windows
        ]

    def endpoint_or_shipped(self, name: str) -> Endpoint:
        """Return a list that this package fetches by itself; a catalogue of one's own need not have it."""
        for catalogue in (self.catalogue, load()):
            try:
                return catalogue.single(name) if name == "me" else catalogue.endpoint(name)
            except CatalogError as error:
                missing = error
        raise missing

    def company_or_own(self, company_id: Any) -> int:
        """Return a company id, the connection's own for None, checked."""
        if company_id is None and self.company_id is None:
            raise ArgumentError(
                "Procore wants a company id with every call, and none is set.",
                advice="Pass company_id=… to connect, or set PROCORE_COMPANY_ID. " + hints.COMPANY_ID,
            )
        return company_number(self.company_id if company_id is None else company_id)

    def custom_fields(self, company_ids: Collection[int]) -> dict[int, tuple[str, str]]:
        """Return label and data type of each custom field of companies by its definition id; fetched once a connection.

        None, and a warning, where they cannot be read: columns then keep `custom_field_<id>`.
        `GET /rest/v2.0/companies/{company_id}/custom_field_definitions`
        """
        for number in {*company_ids} - self._known_custom_fields.keys():
            try:
                pages = self._own("custom_field_definitions", company_id=number, progress=False).pages()
                rows = [row for _, page in pages for row in page if isinstance(row, dict)]
            except ProcoreError as error:
                rows, reason = [], f"as their labels could not be read: {error.message}"
                warn(f"Custom fields keep their ids as names, {reason}")
            self._known_custom_fields[number] = {
                int(row["id"]): (str(row["label"]), str(row.get("data_type") or ""))
                for row in rows
                if row.get("label") and str(row.get("id")).isdecimal()
            }
        return {key: one for number in company_ids for key, one in self._known_custom_fields[number].items()}

    def fetch_projects(self, **arguments: Any) -> pd.DataFrame:
        """Return the list of projects; that of all is remembered, so that an error can say whether a project is among them."""
        frame = self._own("projects", **arguments).frame()
        chosen = arguments.keys() - {"status", "company_id", "progress", "view", "decimals"}
        if arguments.get("status") == "All" and not chosen and "id" in frame.columns:
            self.known_projects[arguments.get("company_id") or self.company_id] = set(
                frame["id"].dropna().tolist()
            )
        return frame

    def _own(self, name: str, /, **arguments: Any) -> ListFetch:
        """Return the fetch of a list that this package needs by itself."""
        return self._query(self.endpoint_or_shipped(name), arguments).prepare()

    def _query(
        self, name: str | Endpoint, arguments: Mapping[str, Any], target: Any = None, *, record: bool = False
    ) -> ListQuery:
        return list_query(self, name, arguments, target, record=record)
