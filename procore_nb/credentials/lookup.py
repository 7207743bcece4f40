"""Where credentials are looked for, in order, with the source of every value named.

In: the arguments of `connect`, environment variables, a `.env` file beside the notebook, saved profiles.
Out: `FoundCredentials`. Speaks to the system keyring only, through `profiles`.
"""

from __future__ import annotations

import io
import operator
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from procore_nb import hints
from procore_nb.credentials.masked import Credentials, CredentialsLike, Secret
from procore_nb.credentials.profiles import Profile, Profiles
from procore_nb.environments import Environment, environment, environment_names
from procore_nb.errors import ArgumentError, CredentialsError

_PAIR = ("PROCORE_CLIENT_ID", "PROCORE_CLIENT_SECRET")
# What a `.env` file may not add to credentials of the process: with these it would decide where their secret goes.
_NOT_FROM_ANOTHER_SOURCE = (*_PAIR, "PROCORE_ENVIRONMENT", "PROCORE_PROFILE")
VARIABLES = (*_NOT_FROM_ANOTHER_SOURCE, "PROCORE_COMPANY_ID")
# The environment that the file names for its own credentials, whatever the process environment says.
_OF_THE_PAIR = "PROCORE_ENVIRONMENT of the .env file"
_MOST_BYTES = 2**20  # a .env file is a few lines
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))

# Values with their sources. The secret is masked here already: some tracebacks show variables.
Variables = Mapping[str, tuple[Any, str]]


def _working_folder() -> Path | None:
    try:
        return Path.cwd()
    except OSError:  # it was removed meanwhile
        return None


@dataclass(frozen=True)
class CredentialSources:
    """Where values are looked for beside the arguments: process environment, `.env` file, saved profiles."""

    environ: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    folder: Path | None = field(default_factory=_working_folder)
    profiles: Profiles = field(default_factory=Profiles)

    @property
    def env_file(self) -> Path | None:
        """The `.env` file beside the notebook; a set environment variable always wins over it."""
        return self.folder / ".env" if self.folder else None

    def variables(self) -> Variables:
        """Return each of our variables that is set, as (value, source); the client secret as a `Secret`.

        A `.env` file lies in whatever folder one happens to work in, perhaps somebody else's. Its credentials are its own
        affair; to credentials of the process environment it adds a company at most, never an environment or half a pair.
        """
        in_file = self._in_file()
        found = {
            name: (_masked(name, self.environ[name]), f"environment variable {name}")
            for name in VARIABLES
            if self.environ.get(name)
        }
        pair = [found.get(name, ("",))[0] for name in _PAIR]
        # Whoever wrote the same pair into the file knows the secret already: the file may be trusted with it.
        if any(pair) and pair != [in_file.get(name, ("",))[0] for name in _PAIR]:
            for name in _NOT_FROM_ANOTHER_SOURCE:
                in_file.pop(name, None)
        if "PROCORE_CLIENT_SECRET" in in_file and "PROCORE_ENVIRONMENT" in in_file:
            found[_OF_THE_PAIR] = in_file["PROCORE_ENVIRONMENT"]
        return {**in_file, **found}

    def env_file_exists(self) -> bool:
        """Return whether there is a `.env` file."""
        try:
            return self.env_file is not None and self.env_file.is_file()
        except (OSError, ValueError):  # a folder that may not be entered, a name that no folder can have
            return False

    def _in_file(self) -> dict[str, tuple[Any, str]]:
        if self.env_file is None or not self.env_file_exists():
            return {}
        from dotenv import dotenv_values

        text = _env_text(self.env_file)
        if text is None:  # raised out here: what could not be decoded may hold a secret
            raise CredentialsError(
                f"{self.env_file} cannot be read.",
                advice="It must be a readable text file in UTF-8 (in Windows' Notepad: Save as, encoding UTF-8).",
            )
        values = dotenv_values(stream=io.StringIO(text.reveal()), interpolate=False)
        return {
            name: (_masked(name, values[name]), f"{self.env_file}") for name in VARIABLES if values.get(name)
        }


def _masked(name: str, value: str | None) -> str | Secret:
    return Secret(value or "") if name == "PROCORE_CLIENT_SECRET" else value or ""


def _env_text(path: Path) -> Secret | None:
    """Return the text of a `.env` file as editors save it: UTF-8 with or without a mark, or UTF-16 with one."""
    try:
        with path.open("rb") as file:
            kept = file.read(_MOST_BYTES)
        coding = next((coding for mark, coding in _MARKS if kept.startswith(mark)), "utf-8")
        return Secret(kept.decode(coding))
    except (OSError, ValueError):
        return None


@dataclass(frozen=True)
class FoundCredentials:
    """What `connect` works with, and where each value came from; the error of a refused login repeats it."""

    environment: Environment
    credentials: CredentialsLike
    company_id: int | None
    sources: Mapping[str, str]


def look_up(
    wanted: Environment | str | None,
    *,
    credentials: CredentialsLike | None = None,
    company_id: object = None,
    profile: str | None = None,
    sources: CredentialSources | None = None,
) -> FoundCredentials:
    """Find credentials for an environment: the arguments, then the variables, then a saved profile.

    A rejected or incomplete answer never falls through to the next source, and a profile is used with the
    environment it was saved for or not at all.
    """
    sources = sources or CredentialSources()
    variables = sources.variables()
    named = sources.profiles.get(profile) if profile else None
    target, origin = _which_environment(wanted, named, variables, sources)
    origins = {"environment": origin}
    saved = None
    if credentials is not None:
        fixed = isinstance(credentials, Credentials)
        origins["credentials"] = "argument" if fixed else "argument, a function"
    elif named is not None:
        saved = _of_this_environment(named, target)
    else:
        credentials = _from_variables(variables, target)
        saved = None if credentials else _fitting_profile(sources.profiles, variables, target)
        if credentials is not None:
            origins["credentials"] = variables["PROCORE_CLIENT_ID"][1]
    if saved is not None:
        credentials = sources.profiles.credentials(saved)
        origins["credentials"] = f"profile {saved.name!r}, secret from the system keyring"
    if credentials is None:
        raise _nothing_found(target, sources)
    company, origins["company_id"] = _which_company(company_id, saved, variables, target)
    return FoundCredentials(target, credentials, company, origins)


def company_number(company_id: object, source: str = "argument") -> int:
    """Return a company id as a positive whole number, or raise with where to read it."""
    number: int | None = None
    if isinstance(company_id, str) and company_id.strip().isascii() and company_id.strip().isdigit():
        number = int(company_id)
    elif (
        not isinstance(company_id, bool | str)
        and getattr(getattr(company_id, "dtype", None), "kind", "") != "b"
    ):
        try:
            number = operator.index(company_id)  # type: ignore[arg-type]
        except TypeError:
            number = None
    if number is None or not 0 < number < 2**63:
        raise ArgumentError(
            f"A company id is a positive whole number, not {company_id!r} ({source}).",
            advice=hints.COMPANY_ID,
        )
    return number


def _which_environment(
    wanted: Environment | str | None, named: Profile | None, variables: Variables, sources: CredentialSources
) -> tuple[Environment, str]:
    if wanted is not None:
        return environment(wanted), "argument"
    if named is not None:
        return named.environment, f"profile {named.name!r}"
    if "PROCORE_ENVIRONMENT" in variables:
        name, source = variables["PROCORE_ENVIRONMENT"]
        return environment(name), source
    own = "PROCORE_CLIENT_ID" in variables and sources.env_file_exists()
    raise ArgumentError(
        "No environment was named, and there is no default."
        + (f" {sources.env_file} does not decide where credentials of this process are sent." if own else "")
        + f" PROCORE_ENVIRONMENT is not set; saved profiles: {_saved(sources.profiles)}.",
        advice=f'Name one, such as pnb.connect("production"): {environment_names()}'
        + (', or profile="…".' if sources.profiles.all() else "."),
    )


def _of_this_environment(profile: Profile, target: Environment) -> Profile:
    theirs = profile.environment
    if (theirs.login_url, theirs.api_url) == (target.login_url, target.api_url):
        return profile
    raise CredentialsError(
        f"Profile {profile.name!r} was saved for {theirs.name} ({theirs.login_url}) and is not sent to "
        f"{target.name} ({target.login_url}).",
        advice=f"Connect to {theirs.name}, or save a profile for {target.name}.",
    )


def _from_variables(variables: Variables, target: Environment) -> Credentials | None:
    pair = [variables.get(name) for name in _PAIR]
    if pair == [None, None]:
        return None
    if pair[0] is None or pair[1] is None:
        absent = "PROCORE_CLIENT_ID" if pair[0] is None else "PROCORE_CLIENT_SECRET"
        other = pair[0] or pair[1]
        raise CredentialsError(
            f"{absent} is not set, although its counterpart is ({other[1] if other else ''}).",
            advice="Set both in the same source; the two are never taken from different ones.",
        )
    _refuse_foreign_variables(variables, target)
    return Credentials(pair[0][0], pair[1][0])


def _refuse_foreign_variables(variables: Variables, target: Environment) -> None:
    meant = variables.get(_OF_THE_PAIR) or variables.get("PROCORE_ENVIRONMENT")
    if meant is None:
        return
    name, source = meant
    theirs = environment(name) if name != target.name else target
    if theirs.login_url != target.login_url:
        raise CredentialsError(
            f"The credentials in PROCORE_CLIENT_ID are for {theirs.name} ({source}) and are not sent to {target.name}.",
            advice=f"Connect to {theirs.name}, or pass credentials=pnb.Credentials(…) made for {target.name}.",
        )


def _fitting_profile(profiles: Profiles, variables: Variables, target: Environment) -> Profile | None:
    if "PROCORE_PROFILE" in variables:
        return _of_this_environment(profiles.get(variables["PROCORE_PROFILE"][0]), target)
    fitting = [profile for profile in profiles.all() if profile.environment.login_url == target.login_url]
    if len(fitting) > 1:
        names = ", ".join(repr(profile.name) for profile in fitting)
        raise CredentialsError(
            f"Several saved profiles are for {target.name}: {names}.", advice='Choose one with profile="…".'
        )
    return _of_this_environment(fitting[0], target) if fitting else None


def _which_company(
    company_id: object, saved: Profile | None, variables: Variables, target: Environment
) -> tuple[int | None, str]:
    if company_id is not None:
        return company_number(company_id), "argument"
    if saved is not None and saved.company_id is not None:
        return saved.company_id, f"profile {saved.name!r}"
    meant = variables.get("PROCORE_ENVIRONMENT", (target.name, ""))[0]
    if "PROCORE_COMPANY_ID" in variables and _simple_name(meant) == _simple_name(target.name):
        value, source = variables["PROCORE_COMPANY_ID"]
        return company_number(value, source), source
    return None, "not set"


def _simple_name(name: str) -> str:
    return name.strip().lower().replace("_", "-").replace(" ", "-")


def _nothing_found(target: Environment, sources: CredentialSources) -> CredentialsError:
    env_file = "read" if sources.env_file_exists() else "no such file"
    return CredentialsError(
        f"No credentials for {target.name}. Looked at: the credentials argument (not given); "
        "PROCORE_CLIENT_ID and PROCORE_CLIENT_SECRET in the environment (not set); "
        f"{sources.env_file} ({env_file}); saved profiles ({_saved(sources.profiles)}).",
        advice="Pass client_id=… and client_secret=…, set both variables, save a profile, "
        'or try pnb.connect("demo"), which needs none.',
    )


def _saved(profiles: Profiles) -> str:
    return ", ".join(f"{one.name!r} ({one.environment.name})" for one in profiles.all()) or "none"
