"""The form that connects: the arguments of `connect`, with the result beside them.

In: a choice of environment, credentials, a company. Out: `form.procore`. Speaks to Procore through `client` only.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from html import escape
from typing import Any, NamedTuple

import ipywidgets
import traitlets

from procore_nb import hints
from procore_nb.call_errors import explain_calls
from procore_nb.client import Procore, connect
from procore_nb.credentials import Credentials, CredentialSources, Secret, company_number
from procore_nb.environments import DEMO, KNOWN, Environment
from procore_nb.environments import environment as find_environment
from procore_nb.errors import ArgumentError, CredentialsError, ProcoreError
from procore_nb.static_view import StaticView
from procore_nb.widgets import components
from procore_nb.widgets.background import BackgroundTask
from procore_nb.widgets.pickers import CompanyPicker

_TYPED, _FROM_VARIABLES, _PROFILE = "typed", "found", "profile"
_TYPE = ("type them below", (_TYPED, ""))
_PORTAL = (
    "<span class='pnw-hint'>Client id and secret are on the page of your app in "
    "<a href='https://developers.procore.com' target='_blank' rel='noopener'>Procore's developer portal</a>.</span>"
)
_WIDE: dict[str, Any] = {"style": {"description_width": "110px"}, "layout": {"width": "auto"}}


class FieldValues(NamedTuple):
    """What the fields held at a click: a job in another thread must not see what is typed after it."""

    environment: Environment | None
    source: str
    profile: str
    client_id: str
    secret: Secret | None
    company: str

    @property
    def typed(self) -> bool:
        """Whether client id and secret are those of the fields."""
        return self.source == _TYPED and self.environment != DEMO

    def arguments(self) -> dict[str, Any]:
        """The arguments of `connect`; an error names what is missing."""
        if self.environment is None:
            raise ArgumentError("Choose an environment first.", advice="demo needs nothing else.")
        credentials = self._credentials() if self.typed else None
        if self.typed and not self.company:
            raise ArgumentError("Type the company id.", advice=hints.COMPANY_ID)
        return {
            "environment": self.environment,
            "credentials": credentials,
            "profile": self.profile if self.profile and self.environment != DEMO else None,
            "company_id": company_number(self.company, "the form") if self.company else None,
        }

    def _credentials(self) -> Credentials:
        if not self.client_id:
            advice = "It is on the app's page in Procore's developer portal."
            raise CredentialsError("Type the client id.", advice=advice)
        if self.secret is None:
            advice = "It is shown once, when the app is made or renewed."
            raise CredentialsError("Type the client secret.", advice=advice)
        return Credentials(self.client_id, self.secret)

    def line(self) -> str:
        """The call of `connect`, complete or not; a typed secret has to be typed again. Empty without an environment."""
        if self.environment is None:
            return ""
        digits = self.company.isascii() and self.company.isdigit()
        company_id = int(self.company) if digits else None
        if not self.typed:
            options = {"profile": self.profile or None, "company_id": company_id}
            return "procore = " + components.call_line("pnb.connect", self.environment, **options)
        credentials = components.Code(
            f'pnb.Credentials({self.client_id or "…"!r}, getpass("Client secret: "))'
        )
        call = components.call_line(
            "pnb.connect", self.environment, credentials=credentials, company_id=company_id
        )
        return f"from getpass import getpass\nprocore = {call}"


class ConnectFields:
    """The fields; `rows` are the widgets in order, `values()` reads them."""

    def __init__(self, sources: CredentialSources, environment: Environment | None) -> None:
        self._sources = sources
        self.profile = ipywidgets.Dropdown(options=[_TYPE], description="Credentials", **_WIDE)
        known = [*KNOWN] if environment is None or environment in KNOWN else [environment, *KNOWN]
        self.environment = ipywidgets.Dropdown(
            options=[("choose one …", None), *((choice.name, choice) for choice in known)],
            index=0 if environment is None else 1 + known.index(environment),  # value=None would show nothing
            description="Environment",
            **_WIDE,
        )
        self.hosts = ipywidgets.HTML()
        portal = "from the developer portal"
        self.client_id = ipywidgets.Text(description="Client id", placeholder=portal, **_WIDE)
        self.secret = components.SecretInput(label="Client secret", placeholder=portal)
        self.portal = ipywidgets.HTML(_PORTAL)
        digits = "digits, for example 1234567"
        self.company = ipywidgets.Text(description="Company id", placeholder=digits, **_WIDE)
        self.hint = ipywidgets.HTML(f"<span class='pnw-hint'>{escape(hints.COMPANY_ID)}</span>")
        for field in (self.client_id, self.company):
            field.add_class("pnw-enter")
        for field in (self.portal, self.hint):
            field.add_class("pnw-indent")
        credentials = [self.client_id, self.secret, self.portal]
        self.rows = [self.environment, self.hosts, self.profile, *credentials, self.company, self.hint]
        self.profile.observe(self._profile_chosen, "value")

    @property
    def inputs(self) -> list[ipywidgets.Widget]:
        """The fields whose values a click carries; those that decide which others are used come first."""
        return [self.profile, self.environment, self.client_id, self.company]

    @property
    def profile_name(self) -> str:
        """The saved profile that is chosen; empty when none is."""
        return str(self.profile.value[1])

    def list_profiles(self, choose: str = "") -> None:
        """Offer what there is to choose from, and choose one."""
        options = [_TYPE]
        if "PROCORE_CLIENT_ID" in self._sources.variables():
            options.append(("from PROCORE_CLIENT_ID in the environment", (_FROM_VARIABLES, "")))
        for saved in self._sources.profiles.all():
            label = f"profile {saved.name} ({saved.environment.name}, {saved.client_id})"
            options.append((label, (_PROFILE, saved.name)))
        if choose:
            self._sources.profiles.get(choose)  # raises, with the names that exist
        self.profile.options = options
        self.profile.value = (_PROFILE, choose) if choose else (_TYPED, "")

    def values(self) -> FieldValues:
        """Read all fields at once."""
        client_id, company = self.client_id.value.strip(), self.company.value.strip()
        source, profile = self.profile.value
        secret = self.secret.secret
        return FieldValues(self.environment.value, source, profile, client_id, secret, company)

    def refresh(self, busy: bool) -> None:
        """Show the fields that this environment and these credentials need; a running job allows no changes."""
        demo, typed = self.environment.value == DEMO, self.profile.value[0] == _TYPED
        for field in (self.profile, self.company, self.hint):
            field.layout.display = "none" if demo else None
        for field in (self.client_id, self.secret, self.portal):
            field.layout.display = None if typed and not demo else "none"
        for field in (*self.inputs, self.secret):
            field.disabled = busy
        self.environment.disabled = busy or bool(self.profile_name)
        self.hosts.value = components.environment_html(self.environment.value)

    def _profile_chosen(self, _: Any) -> None:
        if self.profile_name:
            saved = self._sources.profiles.get(self.profile_name)
            if saved.environment not in [choice for _, choice in self.environment.options]:
                own = (saved.environment.name, saved.environment)
                self.environment.options = [*self.environment.options, own]
            self.environment.value = saved.environment
            self.client_id.value = saved.client_id
            self.company.value = "" if saved.company_id is None else str(saved.company_id)


class ConnectForm(StaticView, ipywidgets.VBox):  # type: ignore[misc]
    """A form to connect with; as the last expression of a cell it shows itself.

    Parameters
    ----------
    environment
        The environment to begin with, by name or as an `Environment`; without one, it is chosen in the form.
        On the demo nothing needs typing.
    profile
        A saved profile to begin with.
    company_id
        The company to begin with.
    sources
        Where profiles and variables are looked for; for tests.

    Attributes
    ----------
    connected
        Whether `procore` is there; may be observed.
    error
        What went wrong last, None when nothing did.

    Examples
    --------
    >>> ConnectForm("demo").connect().environment.name
    'demo'
    """

    connected = traitlets.Bool(False)

    @explain_calls()
    def __init__(
        self,
        environment: Environment | str | None = None,
        *,
        profile: str | None = None,
        company_id: int | None = None,
        sources: CredentialSources | None = None,
    ) -> None:
        self._sources = sources or CredentialSources()
        variable = self._sources.variables().get("PROCORE_ENVIRONMENT")
        if environment is None and variable and not profile:
            environment = variable[0]
        chosen = None if environment is None else find_environment(environment)
        self._fields = ConnectFields(self._sources, chosen)
        self._procore: Procore | None = None
        self.error: BaseException | None = None
        self._task = BackgroundTask(self._busy_changed, self._failed)
        self._busy, self._confirmed, self._connected_line = False, "", ""
        self._status, self._snippet = components.StatusMessage(), components.Snippet()
        self._company = CompanyPicker()
        self._name = ipywidgets.Text(placeholder="name of the profile", layout={"width": "170px"})
        button, tip = self._button, "Request a token and list the companies"
        self._connect = button("Connect", self._open, tip, "Connecting …", primary=True, on_enter=True)
        tip = "Try every step from here to the first project"
        self._test = button("Test", self._diagnose, tip, "Trying every step …")
        self._save = button("Save as profile", self._save_profile, "Keep the secret in the system keyring")
        self._forget = button("Forget profile", self._forget_profile, "Remove the profile and its secret")
        connecting = ipywidgets.HBox([self._connect, self._test])
        saving = ipywidgets.HBox([self._name, self._save, self._forget])
        for row in (connecting, saving):
            row.add_class("pnw-indent")
        super().__init__([*self._fields.rows, connecting, self._status, self._company, saving, self._snippet])
        self.add_class("pnw-form")
        self.add_class("pnw-narrow")
        try:
            self._fields.list_profiles(choose=profile or "")
        except ProcoreError as error:  # damaged profiles are no reason to have no form
            self._failed(error)
        if company_id is not None:
            self._fields.company.value = str(company_id)
        for field in self._fields.inputs:
            field.observe(self._changed, "value")
        self._company.observe(self._company_chosen, "value")
        self._refresh()

    @property
    def procore(self) -> Procore:
        """The connection; waits for a connecting that is under way, and raises when there is none."""
        self._task.wait()
        if self._procore is None:
            advice = "Press Connect in the form, or call form.connect()."
            raise CredentialsError("The form is not connected yet.", advice=advice) from self.error
        return self._procore

    def connect(self) -> Procore:
        """Do what the Connect button does, here and now, and return the connection."""
        self._start(self._open, "Connecting …")
        self._task.wait()
        if self.error is not None:
            raise self.error
        return self.procore

    def wait(self, timeout_seconds: float | None = None) -> bool:
        """Wait until the last click is done; False when it still runs."""
        return self._task.wait(timeout_seconds)

    def close(self) -> None:
        """Remove the form; a connection that was taken from it stays open."""
        if self.children:  # else it was refused before its fields were made
            self._fields.secret.forget()
        components.dispose(self)

    def __repr__(self) -> str:
        chosen = self._fields.environment.value
        state = "connected" if self.connected else "not connected"
        return f"ConnectForm({chosen.name if chosen else 'no environment yet'}, {state})"

    def _button(
        self,
        text: str,
        job: Callable[[FieldValues], None],
        tip: str,
        busy: str = "One moment …",
        **traits: bool,
    ) -> components.SubmitButton:
        fields = [*self._fields.inputs, self._name]
        start = partial(self._start, job, busy)
        return components.SubmitButton(text, start, self._status, tooltip=tip, fields=fields, **traits)

    def _changed(self, _: object) -> None:
        """Drop a connection that does not belong to what the fields hold now."""
        if not self._busy:
            self._procore, self.connected, self.error, self._confirmed = None, False, None, ""
            self._status.show("")
            self._refresh()

    def _refresh(self) -> None:
        """Show what can be done now."""
        fields = self._fields
        fields.refresh(self._busy)
        self._snippet.code = fields.values().line()
        self._company.layout.display = None if self.connected else "none"
        can_save = self.connected and fields.secret.held and self._sources.profiles.has_keyring
        for field in (self._save, self._name):
            field.layout.display = None if can_save and fields.environment.value != DEMO else "none"
        self._forget.layout.display = None if fields.profile_name else "none"
        self._forget.description = "Really forget?" if self._confirmed else "Forget profile"
        for button in (self._connect, self._test, self._save, self._forget, self._company):
            button.disabled = self._busy

    def _start(self, job: Callable[[FieldValues], None], text: str) -> None:
        values = self._fields.values()

        def run() -> None:
            self.error = None
            self._confirmed = self._confirmed if job == self._forget_profile else ""
            self._status.show(text, level="busy")
            job(values)

        self._task.start(run)

    def _busy_changed(self, busy: bool) -> None:
        self._busy = busy
        if not busy and self.connected and self._connected_line != self._fields.values().line():
            self._changed(None)  # typed after the click, and received while it connected
            self._status.show("The fields were changed meanwhile. Press Connect again.", level="warning")
        self._refresh()

    def _failed(self, error: BaseException) -> None:
        self.error = error
        self._status.show_error(error)

    def _open(self, values: FieldValues) -> None:
        self._procore, self.connected, self._connected_line = None, False, values.line()
        procore = connect(**values.arguments(), sources=self._sources)
        if procore.company_id is None:
            raise ArgumentError("Type the company id.", advice=hints.COMPANY_ID)
        try:
            procore.session.login()
        except CredentialsError:
            self._fields.secret.forget()
            raise
        companies = procore.companies()
        self._procore = procore
        self._company.offer(companies, procore.company_id)
        self.connected = True
        text = f"Connected to {procore.environment.name}"
        if companies.empty:
            text += ", but no company is visible to this account."
            advice = "Press Test to see how far this account gets."
            self._status.show(text, level="warning", advice=advice)
        else:
            text += f", {self._company.label}. The connection is {components.variable_name(self, 'form')}.procore."
            self._status.show(text, level="done")

    def _diagnose(self, values: FieldValues) -> None:
        steps = connect(**values.arguments(), sources=self._sources).diagnose()
        failed = int((~steps["ok"].fillna(True)).sum())
        text = "Everything works." if not failed else f"{failed} of {len(steps)} steps fail."
        rows = steps.astype(object).where(steps.notna(), None).to_dict("records")
        self._status.show(text, level="warning" if failed else "done", steps=rows)

    def _save_profile(self, values: FieldValues) -> None:
        arguments = values.arguments()
        if arguments["credentials"] is None or not self.connected:
            raise CredentialsError("There is no typed secret to save.", advice="Connect with it first.")
        saved_values = (arguments[name] for name in ("credentials", "environment", "company_id"))
        saved = self._sources.profiles.save(self._name.value, *saved_values)
        self._fields.secret.forget()
        self._fields.list_profiles(choose=saved.name)
        self._connected_line = self._fields.values().line()
        text = f"Saved as profile {saved.name!r}; the secret is in the system keyring."
        self._status.show(text, level="done")

    def _forget_profile(self, values: FieldValues) -> None:
        name = values.profile
        if self._confirmed != name:
            self._confirmed = name
            self._status.show(f"Press again to remove profile {name!r} and its secret.", level="warning")
            return
        self._confirmed = ""
        self._sources.profiles.forget(name)
        self._fields.list_profiles()
        self._status.show(f"Profile {name!r} and its secret are gone.", level="done")

    def _company_chosen(self, change: dict[str, Any]) -> None:
        number = change["new"]
        if number is not None and self.connected and not self._busy:
            self._fields.company.value = str(number)
            self._start(self._open, "Changing the company …")
