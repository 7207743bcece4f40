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
from procore_nb.environments import Environment, environment, environment_names, simple_name
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
        in_file = _with_sources(self._in_file(), f"{self.env_file}")
        found = _with_sources(self.environ)
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

    def _in_file(self) -> Mapping[str, str | None]:
        if self.env_file is None or not self.env_file_exists():
            return {}
        from dotenv import dotenv_values

        text = _env_text(self.env_file)
        if text is None:  # raised out here: what could not be decoded may hold a secret
            raise CredentialsError(
                f"{self.env_file} cannot be read.",
                advice="It must be a readable text file in UTF-8 (in Windows' Notepad: Save as, encoding UTF-8).",
            )
        return dotenv_values(stream=io.StringIO(text.reveal()), interpolate=False)


def _with_sources(values: Mapping[str, str | None], source: str = "") -> dict[str, tuple[Any, str]]:
    return {
        name: (
            Secret(values[name] or "") if name == "PROCORE_CLIENT_SECRET" else values[name],
            source or f"environment variable {name}",
        )
        for name in VARIABLES
        if values.get(name)
    }


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
    target, environment_from = _which_environment(wanted, named, variables, sources)
    saved = None
    if credentials is not None:
        origin = "argument" if isinstance(credentials, Credentials) else "argument, a function"
    elif named is None and (credentials := _from_variables(variables, target)) is not None:
        origin = variables["PROCORE_CLIENT_ID"][1]
    else:
        saved = _which_profile(named, sources.profiles, variables, target)
        if saved is None:
            env_file = "read" if sources.env_file_exists() else "no such file"
            raise CredentialsError(
                f"No credentials for {target.name}. Looked at: the credentials argument (not given); "
                "PROCORE_CLIENT_ID and PROCORE_CLIENT_SECRET in the environment (not set); "
                f"{sources.env_file} ({env_file}); saved profiles ({_saved(sources.profiles)}).",
                advice="Pass client_id=… and client_secret=…, set both variables, save a profile, "
                'or try pnb.connect("demo"), which needs none.',
            )
        credentials = sources.profiles.credentials(saved)
        origin = f"profile {saved.name!r}, secret from the system keyring"
    company, company_from = _which_company(company_id, saved, variables, target)
    origins = {"environment": environment_from, "credentials": origin, "company_id": company_from}
    return FoundCredentials(target, credentials, company, origins)


def company_number(company_id: object, source: str = "argument") -> int:
    """Return a company id as a positive whole number, or raise with where to read it."""
    text = company_id.strip() if isinstance(company_id, str) else ""
    try:
        number = int(text) if text.isascii() and text.isdigit() else operator.index(company_id)  # type: ignore[arg-type]
    except (TypeError, ValueError):  # a number of thousands of digits among them
        number = 0
    if isinstance(company_id, bool) or not 0 < number < 2**63:
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


def _from_variables(variables: Variables, target: Environment) -> Credentials | None:
    absent = [name for name in _PAIR if name not in variables]
    if len(absent) == 2:
        return None
    if absent:
        other = next(variables[name][1] for name in _PAIR if name in variables)
        raise CredentialsError(
            f"{absent[0]} is not set, although its counterpart is ({other}).",
            advice="Set both in the same source; the two are never taken from different ones.",
        )
    declared = variables.get(_OF_THE_PAIR) or variables.get("PROCORE_ENVIRONMENT")
    if declared is not None:
        theirs = environment(declared[0]) if declared[0] != target.name else target
        if theirs.login_url != target.login_url:
            raise CredentialsError(
                f"The credentials in PROCORE_CLIENT_ID are for {theirs.name} ({declared[1]}) and are not sent to {target.name}.",
                advice=f"Connect to {theirs.name}, or pass credentials=pnb.Credentials(…) made for {target.name}.",
            )
    return Credentials(*(variables[name][0] for name in _PAIR))


def _which_profile(
    named: Profile | None, profiles: Profiles, variables: Variables, target: Environment
) -> Profile | None:
    """Return the profile that was named, or the only one for these hosts."""
    if named is None and "PROCORE_PROFILE" in variables:
        named = profiles.get(variables["PROCORE_PROFILE"][0])
    fitting = [saved for saved in profiles.all() if saved.environment.login_url == target.login_url]
    if named is None and len(fitting) > 1:
        names = ", ".join(repr(saved.name) for saved in fitting)
        raise CredentialsError(
            f"Several saved profiles are for {target.name}: {names}.", advice='Choose one with profile="…".'
        )
    found = named or next(iter(fitting), None)
    if found is None:
        return None
    theirs = found.environment
    if (theirs.login_url, theirs.api_url) != (target.login_url, target.api_url):
        raise CredentialsError(
            f"Profile {found.name!r} was saved for {theirs.name} ({theirs.login_url}) and is not sent to "
            f"{target.name} ({target.login_url}).",
            advice=f"Connect to {theirs.name}, or save a profile for {target.name}.",
        )
    return found


def _which_company(
    company_id: object, saved: Profile | None, variables: Variables, target: Environment
) -> tuple[int | None, str]:
    if company_id is not None:
        return company_number(company_id), "argument"
    if saved is not None and saved.company_id is not None:
        return saved.company_id, f"profile {saved.name!r}"
    meant = variables.get("PROCORE_ENVIRONMENT", (target.name, ""))[0]
    if "PROCORE_COMPANY_ID" in variables and simple_name(meant) == simple_name(target.name):
        value, source = variables["PROCORE_COMPANY_ID"]
        return company_number(value, source), source
    return None, "not set"


def _saved(profiles: Profiles) -> str:
    return ", ".join(f"{profile.name!r} ({profile.environment.name})" for profile in profiles.all()) or "none"
