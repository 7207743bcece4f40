"""Where credentials are looked for, in order, with the source of every value named.

In: the arguments of `connect`, environment variables, a `.env` file beside the notebook, saved profiles.
Out: `FoundCredentials`. Speaks to the system keyring only, through `profiles`.
"""

from __future__ import annotations

import operator
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from procore_nb.credentials.masked import Credentials, Secret
from procore_nb.credentials.profiles import Profile, Profiles
from procore_nb.environments import Environment, environment
from procore_nb.errors import ArgumentError, CredentialsError

VARIABLES = (
    "PROCORE_CLIENT_ID",
    "PROCORE_CLIENT_SECRET",
    "PROCORE_COMPANY_ID",
    "PROCORE_ENVIRONMENT",
    "PROCORE_PROFILE",
)
# The environment that the file names for its own credentials, whatever the process environment says.
_OF_THE_PAIR = "PROCORE_ENVIRONMENT of the .env file"
WHERE_TO_READ_THE_COMPANY_ID = (
    "It is the first number in the address bar of Procore's web application: "
    "…/<company id>/company/home/list, or …/companies/<company id>/…"
)


# Values with their sources. The secret is masked here already: some tracebacks show variables.
Variables = Mapping[str, tuple[Any, str]]


def _masked(name: str, values: Mapping[str, str | None]) -> str | Secret:
    return Secret(values[name] or "") if name == "PROCORE_CLIENT_SECRET" else values[name] or ""


@dataclass(frozen=True)
class CredentialSources:
    """The places outside the arguments: process environment, `.env` file, saved profiles."""

    environ: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    folder: Path = field(default_factory=Path.cwd)
    profiles: Profiles = field(default_factory=Profiles)

    @property
    def env_file(self) -> Path:
        """The `.env` file beside the notebook; a set environment variable always wins over it."""
        return self.folder / ".env"

    def variables(self) -> Variables:
        """Return each of our variables that is set, as (value, source); the client secret as a `Secret`."""
        from dotenv import dotenv_values

        found: dict[str, tuple[Any, str]] = {}
        in_file: dict[str, tuple[Any, str]] = {}
        if self.env_file.is_file():
            try:
                kept = dotenv_values(self.env_file, interpolate=False, encoding="utf-8")
            except (OSError, UnicodeDecodeError):
                kept = None
            if kept is None:  # raised out here: what could not be decoded may hold a secret
                raise CredentialsError(
                    f"{self.env_file} cannot be read.", advice="It must be a readable file in UTF-8."
                )
            in_file = {
                name: (_masked(name, kept), f"{self.env_file}") for name in VARIABLES if kept.get(name)
            }
        found |= in_file
        for name in VARIABLES:
            if self.environ.get(name):
                found[name] = (_masked(name, self.environ), f"environment variable {name}")
        if "PROCORE_ENVIRONMENT" in in_file and found.get("PROCORE_CLIENT_SECRET") == in_file.get(
            "PROCORE_CLIENT_SECRET"
        ):
            found[_OF_THE_PAIR] = in_file["PROCORE_ENVIRONMENT"]
        return found


@dataclass(frozen=True)
class FoundCredentials:
    """What `connect` works with, and where each value came from."""

    environment: Environment
    credentials: Credentials
    company_id: int | None
    sources: Mapping[str, str]


def look_up(
    wanted: Environment | str | None,
    *,
    credentials: Credentials | None = None,
    company_id: object = None,
    profile: str | None = None,
    places: CredentialSources | None = None,
) -> FoundCredentials:
    """Find credentials for an environment: the arguments, then the variables, then a saved profile.

    A rejected or incomplete answer never falls through to the next place, and a profile is used with the
    environment it was saved for or not at all.

    Raises
    ------
    ArgumentError
        If no environment is named anywhere, or the company id is not a positive whole number.
    CredentialsError
        If no place holds credentials (each place is listed), or those found belong to another environment.
    """
    check_credentials(credentials)
    places = places or CredentialSources()
    variables = places.variables()
    named = places.profiles.get(profile) if profile else None
    place, place_source = _which_environment(wanted, named, variables)
    sources = {"environment": place_source}
    if credentials is not None:
        sources["credentials"] = "argument"
        saved = None
    elif named is not None:
        saved = _of_this_environment(named, place)
    else:
        credentials = _from_variables(variables, place)
        saved = None if credentials else _fitting_profile(places.profiles, variables, place)
        if credentials is not None:
            sources["credentials"] = variables["PROCORE_CLIENT_ID"][1]
    if saved is not None:
        credentials = places.profiles.credentials(saved)
        sources["credentials"] = f"profile {saved.name!r}, secret from the system keyring"
    if credentials is None:
        raise _nothing_found(place, places, variables)
    company, sources["company_id"] = _which_company(company_id, saved, variables, place)
    return FoundCredentials(place, credentials, company, sources)


def check_credentials(credentials: object) -> None:
    """Refuse what is neither None nor `Credentials`, without showing it."""
    if credentials is not None and not isinstance(credentials, Credentials):
        raise ArgumentError(
            f"credentials must be pnb.Credentials(client_id, client_secret), not {type(credentials).__name__}."
        )


def company_number(company_id: object, source: str = "argument") -> int:
    """Return a company id as a positive whole number, or say where to read it."""
    number: int | None = None
    if isinstance(company_id, str) and company_id.strip().isascii() and company_id.strip().isdigit():
        number = int(company_id)
    elif not isinstance(company_id, bool | str):
        try:
            number = operator.index(company_id)  # type: ignore[arg-type]
        except TypeError:
            number = None
    if number is None or not 0 < number < 2**63:
        raise ArgumentError(
            f"A company id is a positive whole number, not {company_id!r} ({source}).",
            advice=WHERE_TO_READ_THE_COMPANY_ID,
        )
    return number


def _which_environment(
    wanted: Environment | str | None, named: Profile | None, variables: Variables
) -> tuple[Environment, str]:
    if wanted is not None:
        return environment(wanted), "argument"
    if named is not None:
        return named.environment, f"profile {named.name!r}"
    if "PROCORE_ENVIRONMENT" in variables:
        name, source = variables["PROCORE_ENVIRONMENT"]
        return environment(name), source
    raise ArgumentError(
        "No environment was named, and there is no default.",
        advice='Say which one: pnb.connect("demo"), "sandbox", "production", "monthly-sandbox" or "federal".',
    )


def _of_this_environment(profile: Profile, place: Environment) -> Profile:
    theirs = profile.environment
    if (theirs.login_url, theirs.api_url) == (place.login_url, place.api_url):
        return profile
    raise CredentialsError(
        f"Profile {profile.name!r} was saved for {theirs.name} ({theirs.login_url}) and is not sent to "
        f"{place.name} ({place.login_url}).",
        advice=f"Connect to {theirs.name}, or save a profile for {place.name}.",
    )


def _from_variables(variables: Variables, place: Environment) -> Credentials | None:
    pair = [variables.get(name) for name in ("PROCORE_CLIENT_ID", "PROCORE_CLIENT_SECRET")]
    if pair == [None, None]:
        return None
    if pair[0] is None or pair[1] is None:
        absent = "PROCORE_CLIENT_ID" if pair[0] is None else "PROCORE_CLIENT_SECRET"
        other = pair[0] or pair[1]
        raise CredentialsError(
            f"{absent} is not set, although its counterpart is ({other[1] if other else ''}).",
            advice="Set both.",
        )
    _refuse_foreign_variables(variables, place)
    return Credentials(pair[0][0], pair[1][0])


def _refuse_foreign_variables(variables: Variables, place: Environment) -> None:
    meant = variables.get(_OF_THE_PAIR) or variables.get("PROCORE_ENVIRONMENT")
    if meant is None:
        return
    name, source = meant
    theirs = environment(name) if name != place.name else place
    if theirs.login_url != place.login_url:
        raise CredentialsError(
            f"The credentials in PROCORE_CLIENT_ID are for {theirs.name} ({source}) and are not sent to {place.name}.",
            advice=f"Connect to {theirs.name}, or pass credentials=pnb.Credentials(…) made for {place.name}.",
        )


def _fitting_profile(profiles: Profiles, variables: Variables, place: Environment) -> Profile | None:
    if "PROCORE_PROFILE" in variables:
        return _of_this_environment(profiles.get(variables["PROCORE_PROFILE"][0]), place)
    fitting = [profile for profile in profiles.all() if profile.environment.login_url == place.login_url]
    if len(fitting) > 1:
        names = ", ".join(repr(profile.name) for profile in fitting)
        raise CredentialsError(
            f"Several saved profiles are for {place.name}: {names}.", advice='Choose one with profile="…".'
        )
    return _of_this_environment(fitting[0], place) if fitting else None


def _which_company(
    company_id: object, saved: Profile | None, variables: Variables, place: Environment
) -> tuple[int | None, str]:
    if company_id is not None:
        return company_number(company_id), "argument"
    if saved is not None and saved.company_id is not None:
        return saved.company_id, f"profile {saved.name!r}"
    meant = variables.get("PROCORE_ENVIRONMENT", (place.name, ""))[0]
    if "PROCORE_COMPANY_ID" in variables and _plain(meant) == _plain(place.name):
        value, source = variables["PROCORE_COMPANY_ID"]
        return company_number(value, source), source
    return None, "not set"


def _plain(name: str) -> str:
    return name.strip().lower().replace("_", "-").replace(" ", "-")


def _nothing_found(place: Environment, places: CredentialSources, variables: Variables) -> CredentialsError:
    env_file = "read" if places.env_file.is_file() else "no such file"
    saved = ", ".join(f"{p.name!r} ({p.environment.name})" for p in places.profiles.all()) or "none"
    return CredentialsError(
        f"No credentials for {place.name}. Looked at: the credentials argument (not given); "
        "PROCORE_CLIENT_ID and PROCORE_CLIENT_SECRET in the environment (not set); "
        f"{places.env_file} ({env_file}); saved profiles ({saved}).",
        advice="Pass credentials=pnb.Credentials(client_id, client_secret), set both variables, save a profile, "
        'or try pnb.connect("demo"), which needs none.',
    )
