"""Why does nothing come? What works between here and the first project, step by step.

In: a session and a company id. Out: a frame of step, ok, detail, advice, and its small table in a notebook. Sends the
service a handful of requests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pandas as pd

from procore_nb import hints
from procore_nb.client.targets import Target, list_request_for
from procore_nb.errors import CredentialsError, ProcoreError
from procore_nb.fetch import RequestPolicy, fetch_first_page
from procore_nb.frame_info import describe
from procore_nb.responses import Page

if TYPE_CHECKING:
    from procore_nb.client.connection import Connection

_TOOLS = (
    "rfis",
    "submittals",
    "punch_items",
    "observation_items",
    "incidents",
    "daily_log_headers",
    "budget_views",
)
_POLICY = RequestPolicy(retries=1, max_wait_seconds=30.0)
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


def diagnose(procore: Connection) -> pd.DataFrame:
    steps = list(_Diagnosis(procore).steps())
    frame = pd.DataFrame([vars(step) for step in steps], columns=["step", "ok", "detail", "advice"])
    frame = frame.astype({"step": "string", "ok": "boolean", "detail": "string", "advice": "string"})
    shown = DiagnosisFrame(frame)
    describe(shown, endpoint="diagnosis", environment=procore.environment.name)
    return shown


@dataclass
class _Diagnosis:
    procore: Connection
    candidates: list[tuple[int, str]] = field(default_factory=list)
    """Projects to try the tools of, by id and name."""

    def steps(self) -> Iterator[Step]:
        """Try the steps; once one fails that the others depend on, the others are named as not tried."""
        plan: dict[str, Callable[[], Iterable[Step]]] = {
            "login host reachable": self._login,
            "company header accepted": self._header,
            "company visible": self._company,
            "projects visible": self._projects,
            "tools of one project": self._tools,
        }
        going = True
        for name, attempt in plan.items():
            try:
                found = list(attempt()) if going else [Step(name, None, _NOT_REACHED)]
            except ProcoreError as error:
                found = [Step(name, False, error.message, error.advice)]
            yield from found
            # An account that may not list companies may still see projects.
            going = going and (name == "company visible" or all(step.ok is not False for step in found))

    def _login(self) -> Iterator[Step]:
        environment = self.procore.session.environment
        try:
            token = self.procore.session.login()
            issued = f"a token was issued to client {self.procore.session.client_id!r}"
            accepted = Step("credentials accepted", True, issued)
        except CredentialsError as error:
            token, accepted = None, Step("credentials accepted", False, error.message, error.advice)
        host = f"{urlsplit(environment.login_url).hostname} ({environment.name})"
        yield Step("login host reachable", True, host)
        yield accepted
        if token is not None:
            lifetime = "the login host named none; the token is renewed when it is refused"
            if token.expires_in is not None:
                lifetime = f"{token.expires_in:,.0f} seconds, renewed before that by itself"
            yield Step("token lifetime", True, lifetime)

    def _header(self) -> Iterator[Step]:
        name, company = "company header accepted", f"company {self.procore.company_id}"
        if self.procore.company_id is None:
            yield Step(name, False, "no company id is set", f"Connect with company_id=…. {hints.COMPANY_ID}")
            return
        try:
            rows = self._fetch("me").rows
        except ProcoreError as error:
            if hints.app_not_connected(error.reason):
                yield Step(name, True, f"{company} is known")
                yield Step("app installed", False, error.message, error.advice)
                return
            source = self.procore.session.sources.get("company_id", "")
            found = f" The company id {self.procore.company_id} comes from: {source}." if source else ""
            advice = hints.WRONG_COMPANY if error.status in (400, 403, 404) else error.advice
            yield Step(name, False, error.message + found, advice)
            return
        who = rows[0].get("login") or rows[0].get("name") if rows and isinstance(rows[0], dict) else None
        yield Step(name, True, company + (f", signed in as {who}" if who else ""))
        yield Step("app installed", True, f"the app is connected to {company}")

    def _company(self) -> Iterator[Step]:
        rows = [row for row in self._fetch("companies").rows if isinstance(row, dict)]
        found = [row for row in rows if row.get("id") == self.procore.company_id]
        if found:
            yield Step("company visible", True, f"{found[0].get('name')} ({self.procore.company_id})")
            return
        seen = ", ".join(f"{row.get('name')} ({row.get('id')})" for row in rows[:5]) or "none"
        yield Step("company visible", False, f"not among the companies listed: {seen}", hints.WRONG_COMPANY)

    def _projects(self) -> Iterator[Step]:
        page = self._fetch("projects", parameters=(("filters[by_status]", "All"),))
        count = page.total if page.total is not None else len(page.rows)
        if not count or not page.rows:
            yield Step("projects visible", False, "none", hints.NO_PERMISSION)
            return
        yield Step("projects visible", True, f"{count:,} (all stages, active and inactive)")
        rows = [row for row in page.rows if isinstance(row, dict)]
        active = [row for row in rows if row.get("active")] or rows
        self.candidates = [(row["id"], str(row.get("name"))) for row in active[:_TRIED]]

    def _tools(self) -> Iterator[Step]:
        if not self.candidates:
            yield Step("tools of one project", None, _NOT_REACHED)
            return
        number, name = next((one for one in self.candidates if self._has_rows(one[0])), self.candidates[0])
        for tool in _TOOLS:
            try:
                page = self._fetch(tool, ids={"project_id": str(number)}, per_page=1)
            except ProcoreError as error:
                # A tool that is switched off or not permitted is worth knowing, but stops nothing.
                yield Step(f"tool {tool}", False, error.message, error.advice)
                continue
            count = page.total if page.total is not None else len(page.rows)
            empty = ": empty, or no permission on rows," if not count else ""
            yield Step(f"tool {tool}", True, f"{count:,} records{empty} in project {name!r} ({number})")

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
        endpoint = self.procore.endpoint_or_shipped(name)
        target = Target(self.procore.company_id or 0, ids or {})
        size = min(per_page, endpoint.per_page_max or per_page)
        request = list_request_for(endpoint, target, parameters, per_page=size)
        return fetch_first_page(self.procore.session, request, policy=_POLICY)


def _line(row: Any) -> str:
    ok = None if pd.isna(row.ok) else bool(row.ok)
    advice = f"<br><em>{escape(row.advice)}</em>" if row.advice else ""
    left = 'style="text-align:left;vertical-align:top;white-space:normal"'
    return (
        f"<tr><td {left}>{_MARKS[ok]}</td><td {left}>{escape(row.step)}</td>"
        f"<td {left}>{escape(row.detail)}{advice}</td></tr>"
    )
