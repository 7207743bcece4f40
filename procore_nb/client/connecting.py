"""From a name to a connection: environment, credentials and company, found and checked; and where each value is from.

In: arguments and what is found in the environment, files and profiles. Out: a `Procore`, or a frame. Sends nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from os import PathLike
from pathlib import Path
from typing import Any

import pandas as pd

from procore_nb.call_errors import explain_calls
from procore_nb.catalog import Catalogue, load
from procore_nb.client.lists import register_completion
from procore_nb.client.procore import Procore
from procore_nb.credentials import (
    Credentials,
    CredentialsLike,
    CredentialSources,
    FoundCredentials,
    Secret,
    as_credentials,
    company_number,
    look_up,
)
from procore_nb.credentials.lookup import VARIABLES
from procore_nb.credentials.masked import MASK
from procore_nb.environments import DEMO, Environment, environment
from procore_nb.errors import ArgumentError
from procore_nb.fetch import RequestPolicy, ResponseCache
from procore_nb.frames.codec import DEFAULT_DECIMALS, Decimals
from procore_nb.http import Session, TransportLimits


@explain_calls(extra="Name the others: pnb.connect(environment, client_id=…, client_secret=…, company_id=…).")
def connect(
    environment: Environment | str | None = None,
    *,
    client_id: str | None = None,
    client_secret: str | Secret | None = None,
    company_id: int | str | None = None,
    credentials: CredentialsLike | tuple[str, str] | Mapping[str, str] | None = None,
    profile: str | None = None,
    workers: int = 8,
    max_wait_seconds: float = 600.0,
    retries: int = 5,
    connect_timeout_seconds: float = 10.0,
    read_timeout_seconds: float = 60.0,
    response_timeout_seconds: float = 300.0,
    max_response_bytes: int = 256 * 2**20,
    progress: bool = True,
    decimals: Decimals = DEFAULT_DECIMALS,
    revoke_on_close: bool = False,
    cache: str | float | timedelta | None = None,
    catalogue: Catalogue | str | PathLike[str] | None = None,
    sources: CredentialSources | None = None,
) -> Procore:
    """Return a connection to one Procore environment. Nothing is sent until the first call that fetches.

    Parameters
    ----------
    environment
        `"demo"`, `"production"`, `"sandbox"`, `"monthly-sandbox"`, `"federal"`, or an `Environment`. There is no default:
        left out, `PROCORE_ENVIRONMENT` or the profile must name it.
    client_id, client_secret
        Those of a service account. Left out, they are looked for in `PROCORE_CLIENT_ID` and `PROCORE_CLIENT_SECRET` (also in
        a `.env` file in the working folder), then in a saved profile of that environment. The demo brings its own.
    company_id
        Goes with every call. The first number in the address bar of Procore's web application.
    credentials
        The two in one: `pnb.Credentials(client_id, client_secret)`, a pair or a dict. Or a function without arguments that
        returns `Credentials`, such as one that reads a vault: it is called for each new token, also after a refused one,
        and its answer is not kept.
    profile
        A saved profile to use; it must be of this environment.
    workers, retries
        How many requests are under way at once; how often one is tried again after a lost connection, 429 or 5xx.
    max_wait_seconds
        How long one fetch may wait for Procore's rate limit or between tries; past it an error names the seconds left.
    connect_timeout_seconds, read_timeout_seconds, response_timeout_seconds
        Longest wait for a connection, between two pieces of a response, and for one whole response.
    max_response_bytes
        Largest response that is read, decompressed.
    progress
        Whether fetches that take longer than a second show a line.
    decimals
        How money, hours and percents come: `"float"` as float64, `"exact"` as `decimal.Decimal`. Each call may say otherwise.
    revoke_on_close
        Whether closing lets Procore forget the token.
    cache
        How long responses are kept on disk for equal requests: `"1h"`, `"30m"`, up to 30 days; needs the extra `cache`. Left
        out, nothing is kept. `attrs["procore"]["cached"]` says what came from there; `clear_cache` removes it. Stores fetch
        their rows anew all the same.
    catalogue
        A file made by `procore-nb catalog build`, in place of the shipped catalogue, also for stores and forms.
    sources
        Where credentials are looked for; for tests.

    Returns
    -------
    Procore
        The connection; also a context manager, which closes it at the end.

    Raises
    ------
    ArgumentError
        If no environment is named or known, a number is out of range, or the demo has no such company.
    CredentialsError
        If no source holds credentials (each is listed), or those found are of another environment.

    Examples
    --------
    >>> pnb.connect("demo").environment.name
    'demo'
    """
    secrets = [client_id, client_secret, credentials]
    client_secret = credentials = None  # tracebacks may show variables
    given = as_credentials(secrets)
    _check_numbers({name: value for name, value in locals().items() if name in _RANGES})
    register_completion()
    source = _demo_source(environment, profile, sources)
    if source is not None:
        account = _demo(given, company_id, source)
    else:
        account = look_up(
            environment, credentials=given, company_id=company_id, profile=profile, sources=sources
        )
    transport, today = None, date.today
    if account.environment == DEMO:
        from procore_nb import demo

        transport, today = demo.DemoAdapter(demo.Demo()), lambda: demo.TODAY
    session = Session(
        account.environment,
        account.credentials,
        connections=int(workers),
        limits=TransportLimits(
            connect_timeout_seconds, read_timeout_seconds, response_timeout_seconds, int(max_response_bytes)
        ),
        sources=account.sources,
        transport=transport,
    )
    policy = RequestPolicy(int(workers), int(retries), float(max_wait_seconds))
    if cache is not None:
        policy = replace(policy, cache=ResponseCache(cache, session, policy.clock))
    return Procore(
        session,
        account.company_id,
        policy=policy,
        progress=progress,
        decimals=decimals,
        revoke_on_close=revoke_on_close,
        today=today,
        catalogue=catalogue if isinstance(catalogue, Catalogue | None) else load(Path(catalogue)),
    )


@explain_calls()
def show_configuration(*, sources: CredentialSources | None = None) -> pd.DataFrame:
    """Return what `connect` would work with, one row for each value, with its source; sends nothing.

    Parameters
    ----------
    sources
        Where to look, for tests and unusual set-ups; this process and this folder by default.

    Returns
    -------
    DataFrame
        `name`, `value`, `source` (string): the variables, as set in the environment or the `.env` file, the saved profiles,
        the keyring. A secret is shown as `<set>`, an absent value as missing.

    Examples
    --------
    >>> list(pnb.show_configuration().columns)
    ['name', 'value', 'source']
    """
    sources = sources or CredentialSources()
    variables = sources.variables()
    rows = [(name, *variables.get(name, (None, "not set"))) for name in VARIABLES]
    rows = [
        (name, MASK if value and name.endswith("SECRET") else value, source) for name, value, source in rows
    ]
    profiles = sources.profiles
    for profile in profiles.all():
        company = "no company" if profile.company_id is None else f"company {profile.company_id}"
        words = f"{profile.environment.name}, client {profile.client_id}, {company}, secret in the keyring"
        rows.append((f"profile {profile.name!r}", words, str(profiles.path)))
    rows.append(("keyring", profiles.keyring_state(), "system"))
    return pd.DataFrame(rows, columns=["name", "value", "source"], dtype="string")


def _demo_source(
    named: Environment | str | None, profile: str | None, sources: CredentialSources | None
) -> str | None:
    """Return who named the demo as the environment; None if it is another one."""
    if named is not None:
        return "argument" if environment(named) == DEMO else None
    name, source = (sources or CredentialSources()).variables().get("PROCORE_ENVIRONMENT", ("", ""))
    return source if not profile and name.strip().lower() == DEMO.name else None


def _demo(credentials: CredentialsLike | None, company_id: object, source: str) -> FoundCredentials:
    """Return what the demo needs; variables and profiles are not for it."""
    from procore_nb import demo

    own = Credentials(demo.CLIENT_ID, demo.CLIENT_SECRET)
    number = demo.COMPANY_ID if company_id is None else company_number(company_id)
    if number not in [company.id for company in demo.COMPANIES]:
        known = ", ".join(f"{company.id} ({company.name})" for company in demo.COMPANIES)
        raise ArgumentError(f"The demo has no company {number}.", advice=f"It has {known}.")
    return FoundCredentials(DEMO, credentials or own, number, {"environment": source, "credentials": "demo"})


_RANGES: dict[str, tuple[float, float]] = {
    "workers": (1, 1000),
    "max_wait_seconds": (0, float("inf")),
    "retries": (0, 1000),
    "connect_timeout_seconds": (0.001, 3600),
    "read_timeout_seconds": (0.001, 3600),
    "response_timeout_seconds": (0.001, 86_400),
    "max_response_bytes": (1024, 2**40),
}


def _check_numbers(numbers: Mapping[str, Any]) -> None:
    for name, value in numbers.items():
        least, most = _RANGES[name]
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            upper = "up" if most == float("inf") else f"to {most}"
            raise ArgumentError(f"{name} must be a number from {least} {upper}, not {value!r}.")
