"""The form that connects: what `connect` takes, with the answer beside it.

In: a choice of environment, credentials, a company. Out: `form.procore`. Speaks to Procore through `client` only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets
import pandas as pd
import traitlets

from procore_nb import hints
from procore_nb.client import Procore, connect
from procore_nb.credentials import CredentialSources
from procore_nb.environments import DEMO, Environment, environment
from procore_nb.errors import ArgumentError, CredentialsError, ProcoreError
from procore_nb.widgets.background import BackgroundTask
from procore_nb.widgets.company_picker import CompanyPicker
from procore_nb.widgets.connect_fields import ConnectArguments, ConnectFields
from procore_nb.widgets.dispose import close_all
from procore_nb.widgets.status import PythonLine, StatusMessage


class ConnectForm(ipywidgets.VBox):  # type: ignore[misc]
    """A form to connect with; as the last expression of a cell it shows itself.

    Parameters
    ----------
    wanted
        The environment to begin with, by name or as an `Environment`; left out, it is chosen in the form.
        On the demo nothing needs typing.
    profile
        A saved profile to begin with.
    company_id
        The company to begin with.
    places
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

    def __init__(
        self,
        wanted: Environment | str | None = None,
        *,
        profile: str | None = None,
        company_id: int | None = None,
        places: CredentialSources | None = None,
    ) -> None:
        self._places = places or CredentialSources()
        named = self._places.variables().get("PROCORE_ENVIRONMENT")
        first = wanted if wanted is not None else named[0] if named and not profile else None
        self._fields = ConnectFields(self._places, None if first is None else environment(first))
        self._procore: Procore | None = None
        self.error: BaseException | None = None
        self._errand = BackgroundTask(self._busy_changed, self._failed)
        self._busy, self._sure = False, ""
        self._notice, self._line = StatusMessage(), PythonLine()
        self._company = CompanyPicker(description="Company")
        self._connect = self._button("Connect", self._open, "primary", "Ask for a token and look around")
        self._test = self._button("Test", self._diagnose, "", "Try every step from here to the first project")
        self._save = self._button("Save as profile", self._keep, "", "Keep the secret in the system keyring")
        self._forget = self._button("Forget profile", self._drop, "", "Remove the profile and its secret")
        self._name = ipywidgets.Text(placeholder="name of the profile", layout={"width": "170px"})
        super().__init__(children=self._laid_out())
        self.add_class("pnw-form")
        self.add_class("pnw-narrow")
        try:
            self._fields.list_profiles(choose=profile or "")
        except ProcoreError as error:  # damaged profiles are no reason to have no form
            self._failed(error)
        if company_id is not None:
            self._fields.company.value = str(company_id)
        self._listen()
        self._refresh()

    @property
    def procore(self) -> Procore:
        """The connection; waits for a connecting that is under way, and says what to do when there is none."""
        self._errand.wait()
        if self._procore is None:
            raise CredentialsError(
                "The form is not connected yet.", advice="Press Connect in the form, or call form.connect()."
            ) from self.error
        return self._procore

    def connect(self) -> Procore:
        """Do what the Connect button does, here and now, and return the connection."""
        self._start(self._open, "Connecting …")
        self._errand.wait()
        if self.error is not None:
            raise self.error
        return self.procore

    def wait(self, timeout_seconds: float | None = None) -> bool:
        """Stay until whatever was clicked is done; False when it still goes on."""
        return self._errand.wait(timeout_seconds)

    def close(self) -> None:
        """Take the form away; a connection that was taken from it stays open."""
        if self.children:  # else it was refused before it was made
            self._fields.secret.forget()
        close_all(self)

    def __repr__(self) -> str:
        place = self._fields.environment.value
        state = "connected" if self.connected else "not connected"
        return f"ConnectForm({place.name if place else 'no environment yet'}, {state})"

    def _laid_out(self) -> list[ipywidgets.Widget]:
        first = ipywidgets.HBox([self._connect, self._test])
        second = ipywidgets.HBox([self._name, self._save, self._forget])
        for row in (first, second):
            row.add_class("pnw-indent")
        self._keeping = second
        return [*self._fields.rows, first, self._notice, self._company, second, self._line]

    def _button(self, text: str, job: Callable[[], None], style: str, tip: str) -> ipywidgets.Button:
        button = ipywidgets.Button(
            description=text, button_style=style, tooltip=tip, layout={"width": "auto"}
        )
        busy = {"Connect": "Connecting …", "Test": "Trying every step …"}.get(text, "One moment …")
        button.on_click(lambda _: self._start(job, busy))
        return button

    def _listen(self) -> None:
        fields = self._fields
        for field in (fields.profile, fields.environment, fields.client_id, fields.company):
            field.observe(self._changed, "value")
        for text in (fields.client_id, fields.company):
            text.on_msg(self._submitted)
        fields.secret.on_enter(lambda: self._start(self._open, "Connecting …"))
        self._company.observe(self._company_chosen, "value")

    def _submitted(self, _: object, content: dict[str, Any], buffers: object) -> None:
        if content.get("event") == "submit":
            self._start(self._open, "Connecting …")

    def _changed(self, _: object) -> None:
        """What was connected before does not stay behind other words."""
        if not self._busy:
            self._procore, self.connected, self.error, self._sure = None, False, None, ""
            self._notice.clear()
            self._refresh()

    def _refresh(self) -> None:
        """Show what can be done now."""
        fields, busy = self._fields, self._busy
        demo = fields.environment.value == DEMO
        self._line.code = fields.line()
        self._company.layout.display = None if self.connected else "none"
        for field in (self._save, self._name):
            field.layout.display = None if self.connected and fields.secret.held and not demo else "none"
        self._forget.layout.display = None if fields.profile_name else "none"
        self._forget.description = "Really forget?" if self._sure else "Forget profile"
        for button in (self._connect, self._test, self._save, self._forget, self._company):
            button.disabled = busy

    def _start(self, job: Callable[[], None], saying: str) -> None:
        def whole() -> None:
            self.error = None
            self._sure = self._sure if job == self._drop else ""
            self._notice.say(saying, level="busy")
            job()

        self._errand.start(whole)

    def _busy_changed(self, busy: bool) -> None:
        self._busy = busy
        self._fields.disable(busy)
        self._refresh()

    def _failed(self, error: BaseException) -> None:
        self.error = error
        self._notice.fail(error)

    def _made(self, wanted: ConnectArguments) -> Procore:
        return connect(
            wanted.environment,
            credentials=wanted.credentials,
            company_id=wanted.company_id,
            profile=wanted.profile or None,
            places=self._places,
        )

    def _open(self) -> None:
        self._procore, self.connected = None, False
        procore = self._made(self._fields.wanted())
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
        self._say_connected(companies, procore)

    def _say_connected(self, companies: pd.DataFrame, procore: Procore) -> None:
        name = self._company.label
        if companies.empty:
            self._notice.say(
                f"Connected to {procore.environment.name}, but no company is visible to this account.",
                level="warning",
                advice="Press Test to see how far this account gets.",
            )
            return
        self._notice.say(
            f"Connected to {procore.environment.name}, {name}. The connection is form.procore.", level="done"
        )

    def _diagnose(self) -> None:
        steps = self._made(self._fields.wanted()).diagnose()
        failed = int((~steps["ok"].fillna(True)).sum())
        words = "Everything works." if not failed else f"{failed} of {len(steps)} steps fail."
        told = steps.astype(object).where(steps.notna(), None).to_dict("records")
        self._notice.say(words, level="warning" if failed else "done", steps=told)

    def _keep(self) -> None:
        wanted = self._fields.wanted()
        if wanted.credentials is None:
            raise CredentialsError("There is no typed secret to save.")
        saved = self._places.profiles.save(
            self._name.value, wanted.credentials, wanted.environment, wanted.company_id
        )
        self._fields.secret.forget()
        self._fields.list_profiles(choose=saved.name)
        self._notice.say(
            f"Saved as profile {saved.name!r}; the secret is in the system keyring.", level="done"
        )

    def _drop(self) -> None:
        name = self._fields.profile_name
        if self._sure != name:
            self._sure = name
            self._notice.say(f"Press again to remove profile {name!r} and its secret.", level="warning")
            return
        self._sure = ""
        self._places.profiles.forget(name)
        self._fields.list_profiles()
        self._notice.say(f"Profile {name!r} and its secret are gone.", level="done")

    def _company_chosen(self, change: dict[str, Any]) -> None:
        number = change["new"]
        if number is not None and self.connected and not self._busy:
            self._fields.company.value = str(number)
            self._start(self._open, "Changing the company …")
