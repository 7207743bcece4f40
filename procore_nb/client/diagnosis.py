"""Why does nothing come? What works between here and the first project, step by step.

In: a session and a company id. Out: a frame of step, ok, detail, advice, and its small table in a notebook. Sends the
service a handful of requests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from html import escape
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple
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

_TOOLS = ("submittals", "punch_items", "observation_items", "incidents", "daily_log_headers", "budget_views")
_POLICY = RequestPolicy(retries=1, max_wait_seconds=30.0)
_TRIED = 5  # projects, until one has RFIs
_MARKS = {True: "✓", False: "✗", None: "–"}
_NOT_REACHED = "not tried, as an earlier step failed"
_COLUMNS = {"step": "string", "ok": "boolean", "detail": "string", "advice": "string"}
_CELL = 'style="text-align:left;vertical-align:top;white-space:normal"'

Projects = list[tuple[int, str]]  # to try the tools of, by id and name


class Step(NamedTuple):
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
        rows = []
        for step, ok, detail, advice in self.itertuples(index=False):
            mark = _MARKS[None if pd.isna(ok) else bool(ok)]
            detail = escape(detail) + (f"<br><em>{escape(advice)}</em>" if advice else "")
            cells = "".join(f"<td {_CELL}>{cell}</td>" for cell in (mark, escape(step), detail))
            rows.append(f"<tr>{cells}</tr>")
        return f'<table style="text-align:left">{"".join(rows)}</table>'


def diagnose(procore: Connection) -> pd.DataFrame:
    frame = DiagnosisFrame(list(_steps(procore)), columns=list(_COLUMNS)).astype(_COLUMNS)
    frame = DiagnosisFrame(frame)
    describe(frame, endpoint="diagnosis", environment=procore.environment.name)
    return frame


def _steps(procore: Connection) -> Iterator[Step]:
    """Try the steps; once one fails that the others depend on, the others are named as not tried."""
    going, projects = True, Projects()
    for name, attempt in _PLAN.items():
        try:
            steps = list(attempt(procore, projects)) if going else [Step(name, None, _NOT_REACHED)]
        except ProcoreError as error:
            steps = [Step(name, False, error.message, error.advice)]
        yield from steps
        # An account that may not list companies may still see projects.
        going = going and (name == "company visible" or all(step.ok is not False for step in steps))


def _login(procore: Connection, _: Projects) -> Iterator[Step]:
    environment = procore.environment
    try:
        token = procore.session.login()
        accepted = Step(
            "credentials accepted", True, f"a token was issued to client {procore.session.client_id!r}"
        )
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


def _header(procore: Connection, _: Projects) -> Iterator[Step]:
    name, company = "company header accepted", f"company {procore.company_id}"
    if procore.company_id is None:
        yield Step(name, False, "no company id is set", f"Connect with company_id=…. {hints.COMPANY_ID}")
        return
    try:
        rows = _fetch(procore, "me").rows
    except ProcoreError as error:
        if hints.app_not_connected(error.reason):
            yield Step(name, True, f"{company} is known")
            yield Step("app installed", False, error.message, error.advice)
            return
        source = procore.session.sources.get("company_id", "")
        origin = f" The company id {procore.company_id} comes from: {source}." if source else ""
        advice = hints.WRONG_COMPANY if error.status in (400, 403, 404) else error.advice
        yield Step(name, False, error.message + origin, advice)
        return
    who = rows[0].get("login") or rows[0].get("name") if rows and isinstance(rows[0], dict) else None
    yield Step(name, True, company + (f", signed in as {who}" if who else ""))
    yield Step("app installed", True, f"the app is connected to {company}")


def _company(procore: Connection, _: Projects) -> Iterator[Step]:
    rows = _fetch(procore, "companies").rows
    names = {row.get("id"): row.get("name") for row in rows if isinstance(row, dict)}
    if procore.company_id in names:
        yield Step("company visible", True, f"{names[procore.company_id]} ({procore.company_id})")
        return
    seen = ", ".join(f"{name} ({number})" for number, name in islice(names.items(), 5)) or "none"
    yield Step("company visible", False, f"not among the companies listed: {seen}", hints.WRONG_COMPANY)


def _projects(procore: Connection, projects: Projects) -> Iterator[Step]:
    page = _fetch(procore, "projects", parameters=(("filters[by_status]", "All"),))
    if not _count(page) or not page.rows:
        yield Step("projects visible", False, "none", hints.NO_PERMISSION)
        return
    yield Step("projects visible", True, f"{_count(page):,} (all stages, active and inactive)")
    rows = [row for row in page.rows if isinstance(row, dict)]
    active = [row for row in rows if row.get("active")] or rows
    projects += [(row["id"], str(row.get("name"))) for row in active[:_TRIED]]


def _tools(procore: Connection, projects: Projects) -> Iterator[Step]:
    if not projects:
        yield Step("tools of one project", None, _NOT_REACHED)
        return
    # An empty project would prove little.
    number, name = next((project for project in projects if _has_rfis(procore, project[0])), projects[0])
    for tool in ("rfis", *_TOOLS):
        try:
            count = _count(_fetch(procore, tool, project_id=number, per_page=1))
        except ProcoreError as error:
            # A tool that is switched off or not permitted is worth knowing, but stops nothing.
            yield Step(f"tool {tool}", False, error.message, error.advice)
            continue
        empty = ": empty, or no permission on rows," if not count else ""
        yield Step(f"tool {tool}", True, f"{count:,} records{empty} in project {name!r} ({number})")


def _has_rfis(procore: Connection, number: int) -> bool:
    try:
        return bool(_fetch(procore, "rfis", project_id=number, per_page=1).rows)
    except ProcoreError:
        return False


_PLAN: dict[str, Callable[[Connection, Projects], Iterator[Step]]] = {
    "login host reachable": _login,
    "company header accepted": _header,
    "company visible": _company,
    "projects visible": _projects,
    "tools of one project": _tools,
}


def _fetch(
    procore: Connection,
    name: str,
    *,
    project_id: int | None = None,
    parameters: tuple[tuple[str, str], ...] = (),
    per_page: int = 100,
) -> Page:
    endpoint = procore.endpoint_or_shipped(name)
    target = Target(procore.company_id or 0, {} if project_id is None else {"project_id": str(project_id)})
    size = min(per_page, endpoint.per_page_max or per_page)
    request = list_request_for(endpoint, target, parameters, per_page=size)
    return fetch_first_page(procore.session, request, policy=_POLICY)


def _count(page: Page) -> int:
    return page.total if page.total is not None else len(page.rows)
