from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from another_procore import CLIENT_ID, COMPANY, SECRET, AnotherProcore, Asked, Said

import procore_nb as pnb
from procore_nb import demo
from procore_nb.credentials import CredentialSources
from procore_nb.credentials.profiles import Profiles
from procore_nb.environments import DEMO, KNOWN
from procore_nb.widgets import ConnectForm
from procore_nb.widgets.components import script

from .conftest import click_in_browser

MakePlaces = Callable[..., CredentialSources]


@pytest.fixture
def form(place: pnb.Environment, places: MakePlaces) -> ConnectForm:
    return ConnectForm(place, sources=places())


def fill(form: ConnectForm, secret: str = demo.CLIENT_SECRET, company: str = str(demo.COMPANY_ID)) -> None:
    form._fields.client_id.value = demo.CLIENT_ID
    form._fields.secret._handle_custom_msg({"kind": "secret", "text": secret}, None)
    form._fields.company.value = company


def press(form: ConnectForm, name: str) -> None:
    getattr(form, f"_{name}").click()
    assert form.wait(30)


def test_the_demo_connects_with_nothing_typed(places: MakePlaces) -> None:
    form = ConnectForm("demo", sources=places())
    press(form, "connect")

    assert form.procore.environment.name == "demo"
    assert form.error is None
    assert form._status.level == "done"
    assert form.procore.projects().shape[0] > 100


def test_no_environment_is_chosen_for_anyone(places: MakePlaces) -> None:
    form = ConnectForm(sources=places())
    press(form, "connect")

    assert "Choose an environment" in form._status.text
    assert form._status.level == "error"


@pytest.mark.parametrize("known", KNOWN, ids=lambda one: one.name)
def test_the_hosts_of_every_environment_are_shown_in_a_dress_of_its_own(
    known: pnb.Environment, places: MakePlaces
) -> None:
    shown = ConnectForm(known, sources=places())._fields.hosts.value

    assert f"pnw-environment-{known.name}" in shown
    assert known.name == "demo" or (known.login_url in shown and known.api_url in shown)


def test_typed_credentials_connect(form: ConnectForm) -> None:
    fill(form)
    press(form, "connect")

    assert form.procore.company_id == demo.COMPANY_ID
    assert form._company.value == demo.COMPANY_ID
    assert "Harbour" in form._status.text


@pytest.mark.parametrize("kept", [True, False])
def test_saving_is_offered_where_a_keyring_is(
    form: ConnectForm, monkeypatch: pytest.MonkeyPatch, kept: bool
) -> None:
    monkeypatch.setattr(Profiles, "has_keyring", kept)
    fill(form)
    press(form, "connect")

    assert (form._save.layout.display != "none") is kept


def test_a_message_names_the_variable_that_holds_the_form(
    form: ConnectForm, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = SimpleNamespace(user_ns={"_": form, "other": 1, "mine": form})
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    fill(form)
    press(form, "connect")

    assert form._status.text.endswith("The connection is mine.procore.")


def test_where_a_client_id_is_made_is_linked_where_one_is_typed(form: ConnectForm) -> None:
    assert "https://developers.procore.com" in form._fields.portal.value
    assert form._fields.portal.layout.display != "none"
    form._fields.environment.value = DEMO
    assert form._fields.portal.layout.display == "none"


def test_a_wrong_secret_is_words_in_the_form_and_is_let_go(form: ConnectForm) -> None:
    fill(form, secret="wrong")
    press(form, "connect")

    assert isinstance(form.error, pnb.CredentialsError)
    assert form._status.level == "error"
    assert not form._fields.secret.held
    with pytest.raises(pnb.CredentialsError, match="not connected"):
        _ = form.procore


def test_after_a_wrong_secret_the_right_one_connects(form: ConnectForm) -> None:
    fill(form, secret="wrong")
    press(form, "connect")
    fill(form)
    press(form, "connect")

    assert form.connected
    assert form.error is None


@pytest.mark.parametrize(
    ("client_id", "secret", "company", "words"),
    [
        ("", "x", "1", "Type the client id"),
        ("x", "", "1", "Type the client secret"),
        ("x", "x", "", "Type the company id"),
        ("x", "x", "seven", "positive whole number"),
    ],
)
def test_what_is_missing_is_named_before_anything_is_sent(
    form: ConnectForm, server: demo.DemoServer, client_id: str, secret: str, company: str, words: str
) -> None:
    fill(form, secret=secret, company=company)
    form._fields.client_id.value = client_id
    press(form, "connect")

    assert words in form._status.text
    assert server.demo.tokens.issued == 0


def test_typed_credentials_take_no_company_from_the_environment(
    place: pnb.Environment, places: MakePlaces
) -> None:
    form = ConnectForm(place, sources=places({"PROCORE_COMPANY_ID": str(demo.COMPANY_ID)}))
    fill(form, company="")
    press(form, "connect")

    assert "Type the company id" in form._status.text


def test_a_company_that_is_not_there_is_words_with_advice(form: ConnectForm) -> None:
    fill(form, company="999")
    press(form, "connect")

    assert isinstance(form.error, pnb.NotFoundError)
    assert "company id" in form._status.message["advice"]


def test_a_dead_host_is_words_with_advice(form: ConnectForm, server: demo.DemoServer) -> None:
    fill(form)
    server.close()
    press(form, "connect")

    assert isinstance(form.error, pnb.NetworkError)
    assert form._status.message["advice"]
    assert not form._connect.disabled


def test_a_double_click_connects_once(form: ConnectForm, server: demo.DemoServer) -> None:
    fill(form)
    form._connect.click()
    form._connect.click()
    assert form.wait(30)

    assert server.demo.tokens.issued == 1


def test_while_it_connects_nothing_can_be_changed(form: ConnectForm) -> None:
    seen: list[tuple[bool, bool, str]] = []
    fill(form)
    form._status.observe(
        lambda _: seen.append((form._connect.disabled, form._fields.client_id.disabled, form._status.level)),
        "message",
    )
    press(form, "connect")

    assert seen[0] == (True, True, "busy")
    assert not form._connect.disabled
    assert not form._fields.client_id.disabled


def test_the_connection_waits_for_a_connecting_that_is_under_way(form: ConnectForm) -> None:
    fill(form)
    form._connect.click()

    assert form.procore.company_id == demo.COMPANY_ID


def test_the_line_of_python_never_holds_the_secret_and_runs(
    form: ConnectForm, place: pnb.Environment
) -> None:
    fill(form)
    code = form._snippet.code

    assert demo.CLIENT_SECRET not in code
    names: dict[str, Any] = {"pnb": pnb, "getpass": lambda _: demo.CLIENT_SECRET}
    exec(code.replace("from getpass import getpass\n", ""), names)
    assert names["procore"].environment == place
    assert len(names["procore"].companies()) > 1


def test_changing_a_field_ends_the_connection_that_stood_beside_it(form: ConnectForm) -> None:
    fill(form)
    press(form, "connect")
    form._fields.company.value = "24977"

    assert not form.connected
    with pytest.raises(pnb.CredentialsError):
        _ = form.procore


def test_another_company_is_chosen_by_name(form: ConnectForm) -> None:
    fill(form)
    press(form, "connect")
    name = next(label for label, number in form._company.options if number == 24977)
    form._company.label = name
    assert form.wait(30)

    assert form.procore.company_id == 24977
    assert "company_id=24977" in form._snippet.code


def test_the_test_button_shows_every_step_with_advice(form: ConnectForm) -> None:
    fill(form, secret="wrong")
    press(form, "test")

    steps = {step["step"]: step for step in form._status.message["steps"]}
    assert steps["login host reachable"]["ok"] is True
    assert steps["credentials accepted"]["ok"] is False
    assert steps["credentials accepted"]["advice"]
    assert steps["projects visible"]["ok"] is None


@pytest.mark.slow
def test_a_profile_is_saved_used_and_forgotten(
    form: ConnectForm, places: MakePlaces, keyring: Any, place: pnb.Environment
) -> None:
    fill(form)
    press(form, "connect")
    form._name.value = "mine"
    press(form, "save")
    assert list(keyring.kept.values()) == [demo.CLIENT_SECRET]

    again = ConnectForm(profile="mine", sources=places())
    assert again._fields.environment.value == place
    press(again, "connect")
    assert again.procore.company_id == demo.COMPANY_ID
    assert 'profile="mine"' in again._snippet.code

    press(again, "forget")
    assert "Press again" in again._status.text
    assert keyring.kept
    press(again, "forget")
    assert keyring.kept == {}
    assert again._fields.profile_name == ""


def test_a_machine_without_a_keyring_says_so_in_the_form(
    form: ConnectForm, monkeypatch: pytest.MonkeyPatch, keyring: Any
) -> None:
    def refuse(*_: str) -> None:
        raise pnb.CredentialsError("This machine has no system keyring.", advice="Set variables instead.")

    monkeypatch.setattr(keyring, "set_password", refuse)
    fill(form)
    press(form, "connect")
    form._name.value = "mine"
    press(form, "save")

    assert "no system keyring" in form._status.text
    assert form.connected


def test_credentials_of_the_environment_are_offered(place: pnb.Environment, places: MakePlaces) -> None:
    environ = {
        "PROCORE_CLIENT_ID": demo.CLIENT_ID,
        "PROCORE_CLIENT_SECRET": demo.CLIENT_SECRET,
        "PROCORE_COMPANY_ID": str(demo.COMPANY_ID),
    }
    form = ConnectForm(place, sources=places(environ))
    form._fields.profile.value = ("found", "")
    form._fields.company.value = str(demo.COMPANY_ID)
    press(form, "connect")

    assert form.connected
    assert "credentials=" not in form._snippet.code


def test_damaged_profiles_are_words_in_the_form(places: MakePlaces) -> None:
    here = places()
    here.profiles.path.parent.mkdir(parents=True)
    here.profiles.path.write_text("{", encoding="utf-8")
    form = ConnectForm("demo", sources=here)

    assert "damaged" in form._status.text
    press(form, "connect")
    assert form.connected


def test_a_click_uses_what_stands_in_the_browser_and_not_the_first_key_of_it(
    form: ConnectForm, server: demo.DemoServer
) -> None:
    fields = form._fields
    fields.client_id.set_state({"value": "d"})  # a busy kernel receives the first key; the rest is held back
    fields.company.set_state({"value": "2"})
    fields.secret._handle_custom_msg({"kind": "secret", "text": demo.CLIENT_SECRET}, None)
    click_in_browser(form._connect, {fields.client_id: demo.CLIENT_ID, fields.company: str(demo.COMPANY_ID)})
    fields.client_id.set_state({"value": demo.CLIENT_ID})  # what was held back is received after the click
    fields.company.set_state({"value": str(demo.COMPANY_ID)})
    assert form.wait(30)

    assert form.error is None
    assert form.procore.company_id == demo.COMPANY_ID
    assert form.connected
    assert f"company_id={demo.COMPANY_ID}" in form._snippet.code
    assert demo.CLIENT_ID in form._snippet.code
    assert server.demo.tokens.issued == 1


def test_a_click_sets_no_field_that_the_form_does_not_use_now(places: MakePlaces) -> None:
    form = ConnectForm("demo", sources=places())
    click_in_browser(form._connect, {form._fields.client_id: "typed before the demo was chosen"})
    assert form.wait(30)

    assert form.connected
    assert form._fields.client_id.value == ""


def test_what_is_typed_after_the_click_is_not_connected_to(form: ConnectForm) -> None:
    fill(form)
    form._status.observe(  # received in the middle of connecting
        lambda _: form._fields.company.set_state({"value": "24977"}), "message"
    )
    click_in_browser(form._connect)
    assert form.wait(30)

    assert not form.connected
    assert "changed meanwhile" in form._status.text
    assert "24977" in form._snippet.code


def test_every_button_of_the_form_carries_its_values(form: ConnectForm, keyring: Any) -> None:
    fill(form)
    form._fields.client_id.set_state({"value": "d"})
    click_in_browser(form._test, {form._fields.client_id: demo.CLIENT_ID})
    assert form.wait(30)
    assert form._status.text == "Everything works."

    press(form, "connect")
    form._name.set_state({"value": "m"})
    click_in_browser(form._save, {form._name: "mine"})
    assert form.wait(30)
    assert form._fields.profile_name == "mine"


def test_credentials_that_were_edited_after_connecting_are_not_saved(form: ConnectForm, keyring: Any) -> None:
    fill(form)
    press(form, "connect")
    form._name.value = "mine"
    click_in_browser(form._save, {form._fields.client_id: "another id"})  # the page still shows the button
    assert form.wait(30)

    assert not keyring.kept
    assert "Connect with it first" in form._status.message["advice"]


def test_a_profile_chosen_while_the_kernel_is_busy_brings_its_environment(
    form: ConnectForm, places: MakePlaces, keyring: Any, place: pnb.Environment
) -> None:
    fill(form)
    press(form, "connect")
    form._name.value = "mine"
    press(form, "save")
    again = ConnectForm(sources=places())
    label = next(label for label, _ in again._fields.profile.options if label.startswith("profile mine"))
    click_in_browser(again._connect, {again._fields.profile: label})  # the page shows no environment yet
    assert again.wait(30)

    assert again.error is None
    assert again.procore.environment == place
    assert again.procore.company_id == demo.COMPANY_ID


def test_a_second_click_with_other_values_changes_nothing_while_the_first_connects(form: ConnectForm) -> None:
    fill(form)
    clicked: list[bool] = []

    def click_again(_: object) -> None:
        if not clicked:
            clicked.append(True)
            click_in_browser(form._connect, {form._fields.company: "24977"})

    form._status.observe(click_again, "message")
    click_in_browser(form._connect)
    assert form.wait(30)

    assert clicked
    assert form.connected
    assert form.procore.company_id == demo.COMPANY_ID
    assert form._fields.company.value == str(demo.COMPANY_ID)


@pytest.mark.parametrize("values", [None, {}, {"another field": "x"}])
def test_a_click_that_does_not_fit_the_form_does_nothing(form: ConnectForm, values: Any) -> None:
    fill(form)
    form._connect._handle_custom_msg({"kind": "click", "values": values}, None)
    assert form.wait(30)

    assert "older state" in form._status.text
    assert not form.connected


def test_a_button_that_is_disabled_does_nothing(form: ConnectForm) -> None:
    form._connect.disabled = True
    click_in_browser(form._connect)
    assert form.wait(30)

    assert form._status.text == ""


def test_a_choice_that_is_no_longer_offered_does_nothing(form: ConnectForm) -> None:
    fill(form)
    click_in_browser(form._connect, {form._fields.environment: "an environment of yesterday"})
    assert form.wait(30)

    assert "older state" in form._status.text
    assert not form.connected


def test_enter_in_a_field_connects_with_the_values_of_all(form: ConnectForm) -> None:
    fields = form._fields
    assert form._connect.on_enter
    assert not any(button.on_enter for button in (form._test, form._save, form._forget))
    assert [field for field in fields.inputs if "pnw-enter" in field._dom_classes] == [
        fields.client_id,
        fields.company,
    ]
    assert "pnw-enter" in script(
        "secret_input.js"
    )  # the field of the secret announces Enter once it has sent it


@pytest.mark.slow
def test_no_state_of_any_part_of_the_form_holds_the_secret(form: ConnectForm) -> None:
    import ipywidgets

    fill(form)
    press(form, "connect")
    press(form, "test")
    token = form.procore.session.login().text.reveal()

    state = str(ipywidgets.Widget.get_manager_state(drop_defaults=False))
    assert demo.CLIENT_ID in state
    assert demo.CLIENT_SECRET not in state + repr(form)
    assert token not in state


def test_an_unexpected_error_is_words_too(form: ConnectForm) -> None:
    fill(form)
    form._open = None  # type: ignore[assignment, method-assign]
    form._start(lambda _: 1 / 0, "…")  # type: ignore[arg-type, return-value]
    assert form.wait(30)

    assert "ZeroDivisionError" in form._status.text
    assert isinstance(form.error, ZeroDivisionError)
    assert threading.active_count() < 50


def test_no_company_at_all_is_words_and_still_a_connection(
    another: Callable[..., AnotherProcore], places: MakePlaces
) -> None:
    server = another({"/rest/v1.0/companies": []})
    form = ConnectForm(pnb.Environment("empty", server.url, server.url), sources=places())
    fill(form, secret=SECRET, company=str(COMPANY))
    form._fields.client_id.value = CLIENT_ID
    press(form, "connect")

    assert form._status.level == "warning"
    assert "no company is visible" in form._status.text
    assert form.procore.company_id == COMPANY


def test_an_account_without_permission_is_words_with_advice(
    another: Callable[..., AnotherProcore], places: MakePlaces
) -> None:
    def forbid(asked: Asked) -> Said | None:
        return Said(403, {"errors": "Forbidden"}) if asked.path.startswith("/rest") else None

    server = another(twist=forbid)
    form = ConnectForm(pnb.Environment("strict", server.url, server.url), sources=places())
    fill(form, secret=SECRET, company=str(COMPANY))
    form._fields.client_id.value = CLIENT_ID
    press(form, "connect")

    assert isinstance(form.error, pnb.AccessError)
    assert "administrator" in form._status.message["advice"]


def raised(form: ConnectForm) -> BaseException:
    with pytest.raises(pnb.CredentialsError) as caught:
        form.connect()
    return caught.value


@pytest.mark.slow
def test_a_verbose_traceback_shows_no_secret(form: ConnectForm) -> None:
    from IPython.core.ultratb import VerboseTB

    spelled = ["s3cret", "in", "a", "traceback"]  # whole, it would stand in the lines of code shown
    fill(form, secret="-".join(spelled))
    error = raised(form)
    shown = VerboseTB().text(type(error), error, error.__traceback__)

    assert "CredentialsError" in shown
    assert "-".join(spelled) not in shown


def test_a_closed_form_leaves_nothing_behind_and_its_connection_open(places: MakePlaces) -> None:
    from ipywidgets.widgets.widget import _instances

    before = len(_instances)
    form = ConnectForm("demo", sources=places())
    procore = form.connect()
    form.close()

    assert len(_instances) == before
    assert len(procore.companies())


def test_an_environment_nobody_knows_is_refused_and_nothing_is_left(places: MakePlaces) -> None:
    from ipywidgets.widgets.widget import _instances

    before = len(_instances)
    with pytest.raises(pnb.ArgumentError, match="staging"):
        ConnectForm("staging", sources=places())
    assert len(_instances) == before
