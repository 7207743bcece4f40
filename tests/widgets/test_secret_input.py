from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from procore_nb.widgets import SecretInput

SECRET = "s3cret-of-the-test"


def typed(field: SecretInput, wire: Callable[[Any], Any], *, submit: bool = False) -> Any:
    listener = wire(field)
    listener.says(kind="secret", text=SECRET, submit=submit)
    return listener


def test_a_typed_secret_is_kept_masked(wire: Callable[[Any], Any]) -> None:
    field = SecretInput()
    typed(field, wire)

    assert field.secret is not None
    assert field.secret.reveal() == SECRET
    assert SECRET not in repr(field.secret) + repr(field) + str(vars(field))


def test_no_part_of_the_widgets_state_ever_holds_the_secret(wire: Callable[[Any], Any]) -> None:
    field = SecretInput()
    states = []
    field.observe(lambda _: states.append(copy.deepcopy(field.get_state())))
    listener = typed(field, wire, submit=True)

    assert states
    assert SECRET not in str(states) + str(field.get_state()) + str(listener.heard)


def test_the_message_loses_the_secret_as_soon_as_it_is_read() -> None:
    field = SecretInput()
    message = {"kind": "secret", "text": SECRET, "submit": False}
    field._handle_custom_msg(message, None)

    assert SECRET not in str(message)


def test_an_empty_message_does_not_replace_what_is_held(wire: Callable[[Any], Any]) -> None:
    field = SecretInput()
    listener = typed(field, wire)
    listener.says(kind="secret", text="  ", submit=True)

    assert field.secret is not None
    assert field.secret.reveal() == SECRET


def test_forgetting_lets_go_and_shows_it(wire: Callable[[Any], Any]) -> None:
    field = SecretInput()
    typed(field, wire)
    assert field.held
    field.forget()

    assert field.secret is None
    assert not field.held


def test_enter_is_heard_with_the_secret_already_there(wire: Callable[[Any], Any]) -> None:
    field = SecretInput()
    heard: list[str] = []
    field.on_enter(lambda: heard.append(field.secret.reveal() if field.secret else ""))
    typed(field, wire, submit=True)

    assert heard == [SECRET]
