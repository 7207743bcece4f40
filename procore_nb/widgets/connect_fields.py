"""The fields of the connect form, and the arguments of `connect` that they hold.

In: environments, saved profiles, what a person types. Out: `ConnectArguments`, validated, or an error. Sends nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

import ipywidgets

from procore_nb import hints
from procore_nb.credentials import Credentials, CredentialSources, Secret, company_number
from procore_nb.environments import DEMO, KNOWN, Environment
from procore_nb.errors import ArgumentError, CredentialsError, ProcoreError
from procore_nb.widgets.assets import environment_html
from procore_nb.widgets.inputs import SecretInput
from procore_nb.widgets.status import connect_line

TYPED = "typed"
FOUND = "found"
_TYPE = ("type them below", (TYPED, ""))
_PORTAL = (
    "<span class='pnw-hint'>Client id and secret are on the page of your app in "
    "<a href='https://developers.procore.com' target='_blank' rel='noopener'>Procore's developer portal</a>.</span>"
)
_WIDE: dict[str, Any] = {"style": {"description_width": "110px"}, "layout": {"width": "auto"}}


@dataclass(frozen=True)
class ConnectArguments:
    """What to connect with; `credentials` is None where they are looked for elsewhere."""

    environment: Environment
    credentials: Credentials | None
    profile: str
    company_id: int | None


@dataclass(frozen=True)
class FieldValues:
    """What the fields held at a click: arguments, or what is wrong with them, and the line of Python."""

    valid: ConnectArguments | ProcoreError
    line: str
    profile: str

    @property
    def arguments(self) -> ConnectArguments:
        """The arguments; raises what is wrong with them."""
        if isinstance(self.valid, ProcoreError):
            raise self.valid
        return self.valid


class ConnectFields:
    """The fields; `rows` are the widgets in order, `values()` reads them."""

    def __init__(self, sources: CredentialSources, environment: Environment | None) -> None:
        self._sources = sources
        self.profile = ipywidgets.Dropdown(options=[_TYPE], description="Credentials", **_WIDE)
        known = [*KNOWN] if environment is None or environment in KNOWN else [environment, *KNOWN]
        names = [(chosen.name, chosen) for chosen in known]
        self.environment = ipywidgets.Dropdown(
            options=[("choose one …", None), *names],
            index=0
            if environment is None
            else 1 + known.index(environment),  # not value: None would show nothing
            description="Environment",
            **_WIDE,
        )
        self.hosts = ipywidgets.HTML()
        portal = "from the developer portal"
        self.client_id = ipywidgets.Text(description="Client id", placeholder=portal, **_WIDE)
        self.secret = SecretInput(label="Client secret", placeholder=portal)
        self.portal = ipywidgets.HTML(_PORTAL, layout={"margin": "0 2px 4px 118px"})
        digits = "digits, for example 1234567"
        self.company = ipywidgets.Text(description="Company id", placeholder=digits, **_WIDE)
        self.hint = ipywidgets.HTML(f"<span class='pnw-hint'>{escape(hints.COMPANY_ID)}</span>")
        self.hint.layout.margin = "0 2px 4px 118px"
        for text in (self.client_id, self.company):
            text.add_class("pnw-enter")
        self.profile.observe(self._profile_chosen, "value")
        self.environment.observe(self._adapt, "value")
        self._adapt()

    @property
    def rows(self) -> list[ipywidgets.Widget]:
        """The fields from top to bottom."""
        chosen = [self.environment, self.hosts, self.profile]
        return [*chosen, self.client_id, self.secret, self.portal, self.company, self.hint]

    @property
    def inputs(self) -> list[ipywidgets.Widget]:
        """The fields whose values a click carries; those that decide which others are used come first."""
        return [self.profile, self.environment, self.client_id, self.company]

    @property
    def profile_name(self) -> str:
        """The saved profile that is chosen; empty when none is."""
        kind, name = self.profile.value
        return str(name) if kind == "profile" else ""

    def list_profiles(self, choose: str = "") -> None:
        """Offer what there is to choose from, and choose one."""
        options = [_TYPE]
        if "PROCORE_CLIENT_ID" in self._sources.variables():
            options.append(("from PROCORE_CLIENT_ID in the environment", (FOUND, "")))
        options += [
            (f"profile {one.name} ({one.environment.name}, {one.client_id})", ("profile", one.name))
            for one in self._sources.profiles.all()
        ]
        if choose:
            self._sources.profiles.get(choose)  # raises, with the names that exist
        self.profile.options = options
        self.profile.value = ("profile", choose) if choose else (TYPED, "")

    def values(self) -> FieldValues:
        """Read all fields at once: a job in another thread must not see what is typed after the click."""
        try:
            valid: ConnectArguments | ProcoreError = self._arguments()
        except ProcoreError as error:
            valid = error
        return FieldValues(valid, self.line(), self.profile_name)

    def _arguments(self) -> ConnectArguments:
        chosen = self.environment.value
        if chosen is None:
            raise ArgumentError("Choose an environment first.", advice="demo needs nothing else.")
        if chosen == DEMO:
            return ConnectArguments(chosen, None, "", self._company_id(needed=False))
        kind, name = self.profile.value
        if kind == TYPED:
            return ConnectArguments(chosen, self._credentials(), "", self._company_id(needed=True))
        return ConnectArguments(chosen, None, name, self._company_id(needed=False))

    def line(self) -> str:
        """The line of Python for what the fields hold, complete or not; empty without an environment."""
        chosen, (kind, name) = self.environment.value, self.profile.value
        if chosen is None:
            return ""
        digits = self.company.value.strip()
        company = int(digits) if digits.isascii() and digits.isdigit() else None
        typed = self.client_id.value.strip() or "…"
        client_id = typed if kind == TYPED and chosen != DEMO else ""
        return connect_line(chosen, client_id=client_id, profile=name, company_id=company)

    def disable(self, busy: bool) -> None:
        """Allow no changes while a job runs."""
        for field in (*self.inputs, self.secret):
            field.disabled = busy
        if not busy:
            self._adapt()

    def _credentials(self) -> Credentials:
        secret: Secret | None = self.secret.secret
        if not self.client_id.value.strip():
            raise CredentialsError(
                "Type the client id.", advice="It stands on the app's page in Procore's developer portal."
            )
        if secret is None:
            raise CredentialsError(
                "Type the client secret.", advice="It is shown once, when the app is made or renewed."
            )
        return Credentials(self.client_id.value, secret)

    def _company_id(self, *, needed: bool) -> int | None:
        text = self.company.value.strip()
        if not text and needed:
            raise ArgumentError("Type the company id.", advice=hints.COMPANY_ID)
        return company_number(text, "the form") if text else None

    def _profile_chosen(self, _: Any = None) -> None:
        if self.profile_name:
            saved = self._sources.profiles.get(self.profile_name)
            if saved.environment not in [chosen for _, chosen in self.environment.options]:
                own = (saved.environment.name, saved.environment)
                self.environment.options = [*self.environment.options, own]
            self.environment.value = saved.environment
            self.client_id.value = saved.client_id
            self.company.value = "" if saved.company_id is None else str(saved.company_id)
        self._adapt()

    def _adapt(self, _: Any = None) -> None:
        """Show the fields that this environment and these credentials need."""
        chosen = self.environment.value
        typed = self.profile.value[0] == TYPED
        for field in (self.profile, self.company, self.hint):
            field.layout.display = "none" if chosen == DEMO else None
        for field in (self.client_id, self.secret, self.portal):
            field.layout.display = None if typed and chosen != DEMO else "none"
        self.environment.disabled = bool(self.profile_name)
        self.hosts.value = environment_html(chosen)
