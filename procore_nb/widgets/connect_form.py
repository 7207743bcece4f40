"""The form that connects: the arguments of `connect`, with the result beside them.

In: a choice of environment, credentials, a company. Out: `form.procore`. Speaks to Procore through `client` only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any

import ipywidgets
import traitlets

from procore_nb import hints
from procore_nb.call_errors import explain_calls
from procore_nb.client import Procore, connect
from procore_nb.credentials import Credentials, CredentialSources, company_number
from procore_nb.environments import DEMO, KNOWN, Environment
from procore_nb.environments import environment as find_environment
from procore_nb.errors import ArgumentError, CredentialsError, ProcoreError
from procore_nb.static_view import StaticView
from procore_nb.widgets.assets import close_all, environment_html, variable_of
from procore_nb.widgets.background import BackgroundTask
from procore_nb.widgets.inputs import OUTDATED, SecretInput, SubmitButton
from procore_nb.widgets.pickers import CompanyPicker
from procore_nb.widgets.status import Snippet, StatusMessage, connect_line

_TYPED = "typed"
_FOUND = "found"
_TYPE = ("type them below", (_TYPED, ""))
_PORTAL = (
    "<span class='pnw-hint'>Client id and secret are on the page of your app in "
    "<a href='https://developers.procore.com' target='_blank' rel='noopener'>Procore's developer portal</a>.</span>"
)
_WIDE: dict[str, Any] = {"style": {"description_width": "110px"}, "layout": {"width": "auto"}}


@dataclass(frozen=True)
class FieldValues:
    """What the fields held at a click: arguments of `connect`, or what is wrong with them; the line of Python; the profile."""

    valid: dict[str, Any] | ProcoreError
    line: str
    profile: str

    @property
    def arguments(self) -> dict[str, Any]:
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
        self.environment = ipywidgets.Dropdown(
            options=[("choose one …", None), *((chosen.name, chosen) for chosen in known)],
            index=0 if environment is None else 1 + known.index(environment),  # value=None would show nothing
            description="Environment",
            **_WIDE,
        )
        self.hosts = ipywidgets.HTML()
        portal = "from the developer portal"
        self.client_id = ipywidgets.Text(description="Client id", placeholder=portal, **_WIDE)
        self.secret = SecretInput(label="Client secret", placeholder=portal)
        self.portal = ipywidgets.HTML(_PORTAL)
        digits = "digits, for example 1234567"
        self.company = ipywidgets.Text(description="Company id", placeholder=digits, **_WIDE)
        self.hint = ipywidgets.HTML(f"<span class='pnw-hint'>{escape(hints.COMPANY_ID)}</span>")
        for field in (self.client_id, self.company):
            field.add_class("pnw-enter")
        for field in (self.portal, self.hint):
            field.add_class("pnw-indent")
        chosen = [self.environment, self.hosts, self.profile]
        self.rows = [*chosen, self.client_id, self.secret, self.portal, self.company, self.hint]
        self.profile.observe(self._profile_chosen, "value")
        self.environment.observe(self._adapt, "value")
        self._adapt()

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
            options.append(("from PROCORE_CLIENT_ID in the environment", (_FOUND, "")))
        options += [
            (f"profile {one.name} ({one.environment.name}, {one.client_id})", ("profile", one.name))
            for one in self._sources.profiles.all()
        ]
        if choose:
            self._sources.profiles.get(choose)  # raises, with the names that exist
        self.profile.options = options
        self.profile.value = ("profile", choose) if choose else (_TYPED, "")

    def values(self) -> FieldValues:
        """Read all fields at once: a job in another thread must not see what is typed after the click."""
        try:
            valid: dict[str, Any] | ProcoreError = self._arguments()
        except ProcoreError as error:
            valid = error
        return FieldValues(valid, self.line(), self.profile_name)

    def _arguments(self) -> dict[str, Any]:
        chosen, (kind, name) = self.environment.value, self.profile.value
        if chosen is None:
            raise ArgumentError("Choose an environment first.", advice="demo needs nothing else.")
        typed = kind == _TYPED and chosen != DEMO
        return {
            "environment": chosen,
            "credentials": self._credentials() if typed else None,
            "profile": name if name and chosen != DEMO else None,
            "company_id": self._company_id(needed=typed),
        }

    def line(self) -> str:
        """The line of Python for what the fields hold, complete or not; empty without an environment."""
        chosen, (kind, name) = self.environment.value, self.profile.value
        if chosen is None:
            return ""
        digits = self.company.value.strip()
        company = int(digits) if digits.isascii() and digits.isdigit() else None
        typed = self.client_id.value.strip() or "…"
        client_id = typed if kind == _TYPED and chosen != DEMO else ""
        return connect_line(chosen, client_id=client_id, profile=name, company_id=company)

    def disable(self, busy: bool) -> None:
        """Allow no changes while a job runs."""
        for field in (*self.inputs, self.secret):
            field.disabled = busy
        if not busy:
            self._adapt()

    def _credentials(self) -> Credentials:
        if not self.client_id.value.strip():
            advice = "It is on the app's page in Procore's developer portal."
            raise CredentialsError("Type the client id.", advice=advice)
        if self.secret.secret is None:
            advice = "It is shown once, when the app is made or renewed."
            raise CredentialsError("Type the client secret.", advice=advice)
        return Credentials(self.client_id.value, self.secret.secret)

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
        typed = self.profile.value[0] == _TYPED
        for field in (self.profile, self.company, self.hint):
            field.layout.display = "none" if chosen == DEMO else None
        for field in (self.client_id, self.secret, self.portal):
            field.layout.display = None if typed and chosen != DEMO else "none"
        self.environment.disabled = bool(self.profile_name)
        self.hosts.value = environment_html(chosen)


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
        named = self._sources.variables().get("PROCORE_ENVIRONMENT")
        first = environment if environment is not None else named[0] if named and not profile else None
        self._fields = ConnectFields(self._sources, None if first is None else find_environment(first))
        self._procore: Procore | None = None
        self.error: BaseException | None = None
        self._task = BackgroundTask(self._busy_changed, self._failed)
        self._busy, self._confirmed, self._used = False, "", ""
        self._status, self._snippet = StatusMessage(), Snippet()
        self._company = CompanyPicker(description="Company")
        self._name = ipywidgets.Text(placeholder="name of the profile", layout={"width": "170px"})
        self._connect = self._button(
            "Connect", self._open, "Request a token and list the companies", primary=True, on_enter=True
        )
        self._test = self._button("Test", self._diagnose, "Try every step from here to the first project")
        self._save = self._button(
            "Save as profile", self._save_profile, "Keep the secret in the system keyring"
        )
        self._forget = self._button(
            "Forget profile", self._forget_profile, "Remove the profile and its secret"
        )
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
            raise CredentialsError(
                "The form is not connected yet.", advice="Press Connect in the form, or call form.connect()."
            ) from self.error
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
        if self.children:  # else it was refused before it was made
            self._fields.secret.forget()
        close_all(self)

    def __repr__(self) -> str:
        chosen = self._fields.environment.value
        state = "connected" if self.connected else "not connected"
        return f"ConnectForm({chosen.name if chosen else 'no environment yet'}, {state})"

    def _button(self, text: str, job: Callable[[FieldValues], None], tip: str, **looks: bool) -> SubmitButton:
        busy = {"Connect": "Connecting …", "Test": "Trying every step …"}.get(text, "One moment …")
        return SubmitButton(
            text,
            lambda: self._start(job, busy),
            outdated=lambda: self._status.show(OUTDATED, level="warning"),
            tooltip=tip,
            fields=[*self._fields.inputs, self._name],
            **looks,
        )

    def _changed(self, _: object) -> None:
        """Drop a connection that does not belong to what the fields hold now."""
        if not self._busy:
            self._procore, self.connected, self.error, self._confirmed = None, False, None, ""
            self._status.show("")
            self._refresh()

    def _refresh(self) -> None:
        """Show what can be done now."""
        fields, busy = self._fields, self._busy
        demo = fields.environment.value == DEMO
        self._snippet.code = fields.line()
        self._company.layout.display = None if self.connected else "none"
        can_save = self.connected and fields.secret.held and not demo and self._sources.profiles.has_keyring
        for field in (self._save, self._name):
            field.layout.display = None if can_save else "none"
        self._forget.layout.display = None if fields.profile_name else "none"
        self._forget.description = "Really forget?" if self._confirmed else "Forget profile"
        for button in (self._connect, self._test, self._save, self._forget, self._company):
            button.disabled = busy

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
        self._fields.disable(busy)
        if not busy and self.connected and self._used != self._fields.line():
            self._changed(None)  # typed after the click, and received while it connected
            self._status.show("The fields were changed meanwhile. Press Connect again.", level="warning")
        self._refresh()

    def _failed(self, error: BaseException) -> None:
        self.error = error
        self._status.show_error(error)

    def _make(self, values: FieldValues) -> Procore:
        return connect(**values.arguments, sources=self._sources)

    def _open(self, values: FieldValues) -> None:
        self._procore, self.connected, self._used = None, False, values.line
        procore = self._make(values)
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
        words = f"Connected to {procore.environment.name}"
        if companies.empty:
            words += ", but no company is visible to this account."
            advice = "Press Test to see how far this account gets."
            self._status.show(words, level="warning", advice=advice)
        else:
            words += f", {self._company.label}. The connection is {variable_of(self, 'form')}.procore."
            self._status.show(words, level="done")

    def _diagnose(self, values: FieldValues) -> None:
        steps = self._make(values).diagnose()
        failed = int((~steps["ok"].fillna(True)).sum())
        words = "Everything works." if not failed else f"{failed} of {len(steps)} steps fail."
        rows = steps.astype(object).where(steps.notna(), None).to_dict("records")
        self._status.show(words, level="warning" if failed else "done", steps=rows)

    def _save_profile(self, values: FieldValues) -> None:
        arguments = values.arguments
        if arguments["credentials"] is None or not self.connected:
            raise CredentialsError("There is no typed secret to save.", advice="Connect with it first.")
        given = (arguments[name] for name in ("credentials", "environment", "company_id"))
        saved = self._sources.profiles.save(self._name.value, *given)
        self._fields.secret.forget()
        self._fields.list_profiles(choose=saved.name)
        self._used = self._fields.line()
        self._status.show(
            f"Saved as profile {saved.name!r}; the secret is in the system keyring.", level="done"
        )

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
