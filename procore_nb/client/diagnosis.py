"""Why does nothing come? What works between here and the first project, step by step.

In: a session and a company id. Out: a frame of step, ok, detail, advice, and its small table in a notebook. Sends the
service a handful of requests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import urlsplit

import pandas as pd

from procore_nb import hints
from procore_nb.catalog import Catalogue
from procore_nb.client.parameters import list_request_for, own_or_shipped
from procore_nb.client.targets import Target
from procore_nb.errors import CredentialsError, NetworkError, ProcoreError
from procore_nb.fetch import RequestPolicy, fetch_first_page
from procore_nb.frame_info import describe
from procore_nb.http import Session
from procore_nb.responses import Page

_TOOLS = (
    "rfis",
    "submittals",
    "punch_items",
    "observation_items",
    "incidents",
    "daily_log_headers",
    "budget_views",
)
_TRIED = 5  # projects, until one has RFIs
_MARKS = {True: "✓", False: "✗", None: "–"}
_NOT_REACHED = "not tried, as an earlier step failed"


@dataclass
class Step:
    """One step: `ok` is None when it was not tried."""

    step: str
    ok: bool | None
    detail: str
    advice: str = ""


class DiagnosisFrame(pd.DataFrame):
    """The frame of a diagnosis; whatever is made from it is a plain frame."""

    @property
    def _constructor(self) -> type[pd.DataFrame]:
        return pd.DataFrame

    def _repr_html_(self) -> str:
        rows = "".join(map(_line, self.itertuples(index=False)))
        return f'<table style="text-align:left">{rows}</table>'


def diagnose(
    session: Session, company_id: int | None, *, catalogue: Catalogue, policy: RequestPolicy | None = None
) -> pd.DataFrame:
    """Return a frame with one row per step: `step`, `ok` (boolean, missing when not tried), `detail`, `advice`."""
    policy = policy or RequestPolicy(retries=1, max_wait_seconds=30.0)
    steps = list(_Diagnosis(session, company_id, catalogue, policy).steps())
    frame = pd.DataFrame([vars(step) for step in steps], columns=["step", "ok", "detail", "advice"])
    frame = frame.astype({"step": "string", "ok": "boolean", "detail": "string", "advice": "string"})
    shown = DiagnosisFrame(frame)
    describe(shown, endpoint="diagnosis", environment=session.environment.name)
    return shown


class _Diagnosis:
    def __init__(
        self,
        session: Session,
        company_id: int | None,
        catalogue: Catalogue,
        policy: RequestPolicy,
    ) -> None:
        self._session = session
        self._company_id = company_id
        self._catalogue = catalogue
        self._policy = policy
        self._candidates: list[tuple[int, str]] = []

    def steps(self) -> Iterator[Step]:
        """Try the steps; once one fails that the others depend on, the others are named as not tried."""
        plan: list[tuple[str, Callable[[], Iterator[Step]]]] = [
            ("login host reachable", self._login),
            ("company header accepted", self._header),
            ("company visible", self._company),
            ("projects visible", self._projects),
            ("tools of one project", self._tools),
        ]
        going = True
        for name, attempt in plan:
            if not going:
                yield Step(name, None, _NOT_REACHED)
                continue
            for step in attempt():
                yield step
                # An account that may not list companies may still see projects.
                going = going and (step.ok is not False or step.step == "company visible")

    def _login(self) -> Iterator[Step]:
        host = f"{urlsplit(self._session.environment.login_url).hostname} ({self._session.environment.name})"
        try:
            token = self._session.login()
        except NetworkError as error:
            yield Step("login host reachable", False, error.message, error.advice)
            return
        except CredentialsError as error:
            yield Step("login host reachable", True, host)
            yield Step("credentials accepted", False, error.message, error.advice)
            return
        except ProcoreError as error:
            yield Step("login host reachable", False, error.message, error.advice)
            return
        yield Step("login host reachable", True, host)
        yield Step("credentials accepted", True, f"a token was issued to client {self._session.client_id!r}")
        if token.expires_in is None:
            yield Step(
                "token lifetime", True, "the login host named none; the token is renewed when it is refused"
            )
        else:
            yield Step(
                "token lifetime", True, f"{token.expires_in:,.0f} seconds, renewed before that by itself"
            )

    def _header(self) -> Iterator[Step]:
        name = "company header accepted"
        if self._company_id is None:
            yield Step(name, False, "no company id is set", f"Connect with company_id=…. {hints.COMPANY_ID}")
            return
        try:
            rows = self._fetch("me").rows
        except ProcoreError as error:
            if hints.app_not_connected(error.reason):
                yield Step(name, True, f"company {self._company_id} is known")
                yield Step("app installed", False, error.message, error.advice)
            else:
                source = self._session.sources.get("company_id", "")
                found = f" The company id {self._company_id} comes from: {source}." if source else ""
                yield Step(name, False, error.message + found, _advice(error, hints.WRONG_COMPANY))
            return
        who = rows[0].get("login") or rows[0].get("name") if rows and isinstance(rows[0], dict) else None
        yield Step(name, True, f"company {self._company_id}" + (f", signed in as {who}" if who else ""))
        yield Step("app installed", True, f"the app is connected to company {self._company_id}")

    def _company(self) -> Iterator[Step]:
        try:
            rows = self._fetch("companies").rows
        except ProcoreError as error:
            yield Step("company visible", False, error.message, error.advice)
            return
        found = [row for row in rows if isinstance(row, dict) and row.get("id") == self._company_id]
        if found:
            yield Step("company visible", True, f"{found[0].get('name')} ({self._company_id})")
        else:
            seen = ", ".join(
                f"{row.get('name')} ({row.get('id')})" for row in rows[:5] if isinstance(row, dict)
            )
            yield Step(
                "company visible",
                False,
                f"not among the companies listed: {seen or 'none'}",
                hints.WRONG_COMPANY,
            )

    def _projects(self) -> Iterator[Step]:
        try:
            page = self._fetch("projects", parameters=(("filters[by_status]", "All"),), per_page=100)
        except ProcoreError as error:
            yield Step("projects visible", False, error.message, error.advice)
            return
        count = page.total if page.total is not None else len(page.rows)
        if not count or not page.rows:
            yield Step("projects visible", False, "none", hints.NO_PERMISSION)
            return
        yield Step("projects visible", True, f"{count:,} (all stages, active and inactive)")
        rows = [row for row in page.rows if isinstance(row, dict)]
        active = [row for row in rows if row.get("active")] or rows
        self._candidates = [(row["id"], str(row.get("name"))) for row in active[:_TRIED]]

    def _tools(self) -> Iterator[Step]:
        if not self._candidates:
            yield Step("tools of one project", None, _NOT_REACHED)
            return
        number, name = next((one for one in self._candidates if self._has_rows(one[0])), self._candidates[0])
        for tool in _TOOLS:
            step = f"tool {tool}"
            try:
                page = self._fetch(tool, ids={"project_id": str(number)}, per_page=1)
            except ProcoreError as error:
                # A tool that is switched off or not permitted is worth knowing, but stops nothing.
                yield Step(step, False, error.message, error.advice)
                continue
            count = page.total if page.total is not None else len(page.rows)
            empty = ": empty, or no permission on rows," if not count else ""
            yield Step(step, True, f"{count:,} records{empty} in project {name!r} ({number})")

    def _has_rows(self, number: int) -> bool:
        """Whether a project has an RFI that this account sees: an empty project would prove little."""
        try:
            return bool(self._fetch(_TOOLS[0], ids={"project_id": str(number)}, per_page=1).rows)
        except ProcoreError:
            return False

    def _fetch(
        self,
        name: str,
        *,
        ids: dict[str, str] | None = None,
        parameters: tuple[tuple[str, str], ...] = (),
        per_page: int = 100,
    ) -> Page:
        endpoint = own_or_shipped(self._catalogue, name)
        target = Target(self._company_id or 0, ids or {})
        size = min(per_page, endpoint.per_page_max or per_page)
        request = list_request_for(endpoint, target, parameters, per_page=size)
        return fetch_first_page(self._session, request, policy=self._policy)


def _advice(error: ProcoreError, otherwise: str) -> str:
    return otherwise if error.status in (400, 403, 404) else error.advice


def _line(row: Any) -> str:
    ok = None if pd.isna(row.ok) else bool(row.ok)
    advice = f"<br><em>{escape(row.advice)}</em>" if row.advice else ""
    left = 'style="text-align:left;vertical-align:top;white-space:normal"'
    return (
        f"<tr><td {left}>{_MARKS[ok]}</td><td {left}>{escape(row.step)}</td>"
        f"<td {left}>{escape(row.detail)}{advice}</td></tr>"
    )
