from __future__ import annotations

import copy
import dataclasses
import inspect
import json
import pickle
import pprint

import pandas as pd
import pytest

import procore_nb as pnb
from procore_nb.credentials import Secret

TEXT = "hush-hush-6a1f"


@pytest.fixture
def credentials() -> pnb.Credentials:
    return pnb.Credentials("my-client", TEXT)


@pytest.mark.parametrize(
    "shown",
    [
        repr, str, ascii, format, pprint.pformat, vars, dataclasses.asdict, dataclasses.astuple,
        lambda c: f"{c} {c!r} {c.client_secret} {c.client_secret!r:>20} {c.client_secret:>20}",
        lambda c: f"{c} {c.client_secret!r}",
        lambda c: c._repr_html_(),
        lambda c: [c, {c.client_secret: c.client_secret}],
        copy.copy, copy.deepcopy, lambda c: dataclasses.replace(c, client_id="other"),
        lambda c: repr(c.client_secret.__class__.__doc__) + repr(dir(c.client_secret)),
        lambda c: inspect.getmembers(c.client_secret), lambda c: object.__getstate__(c.client_secret),
        lambda c: pd.DataFrame({"c": [c], "s": [c.client_secret]}).to_html() + pd.Series([c.client_secret]).to_json(),
        lambda c: json.dumps(c, default=str), lambda c: "{} {!r}".format(c.client_secret, c),  # noqa: UP032
    ],
)  # fmt: skip
def test_no_way_of_showing_credentials_shows_the_secret(shown, credentials: pnb.Credentials) -> None:  # type: ignore[no-untyped-def]
    text = repr(shown(credentials))
    assert TEXT not in text
    assert "hush" not in text


def test_the_client_id_is_shown_and_the_secret_is_said_to_be_set(credentials: pnb.Credentials) -> None:
    assert repr(credentials) == "Credentials(client_id='my-client', client_secret=<set>)"


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_credentials_and_secrets_refuse_pickling(protocol: int, credentials: pnb.Credentials) -> None:
    for one in (credentials, credentials.client_secret, {"x": [credentials]}):
        with pytest.raises(TypeError, match="not written to a file"):
            pickle.dumps(one, protocol)


def test_credentials_and_secrets_are_never_changed(credentials: pnb.Credentials) -> None:
    with pytest.raises(AttributeError):
        credentials.client_secret = Secret("x")  # type: ignore[misc]
    with pytest.raises(AttributeError, match="never changed"):
        credentials.client_secret._text = "x"  # type: ignore[misc]


def test_copies_are_equal_and_another_secret_is_not(credentials: pnb.Credentials) -> None:
    assert copy.deepcopy(credentials) == credentials == pnb.Credentials("my-client", Secret(TEXT))
    assert credentials != pnb.Credentials("my-client", TEXT + "x")
    assert len({credentials, copy.copy(credentials)}) == 1


def test_a_secret_is_not_equal_to_its_text(credentials: pnb.Credentials) -> None:
    assert credentials.client_secret != TEXT


def test_white_space_around_pasted_values_is_dropped() -> None:
    assert pnb.Credentials(" id\n", f"\t{TEXT} ") == pnb.Credentials("id", TEXT)


@pytest.mark.parametrize("bad", ["", "  ", None, 5, b"bytes", "two\nlines", "nul\0", "bell\a"])
def test_empty_or_broken_values_are_refused_without_showing_them(bad: object) -> None:
    with pytest.raises(pnb.CredentialsError, match="client secret") as caught:
        pnb.Credentials("id", bad)  # type: ignore[arg-type]
    assert "lines" not in str(caught.value).replace("line breaks", "")
    with pytest.raises(pnb.CredentialsError, match="client id"):
        pnb.Credentials(bad, TEXT)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("client_id", "secret"), [("", TEXT), ("id", f"{TEXT}\nx"), (None, TEXT), ("a\nb", TEXT)]
)
def test_a_traceback_that_shows_variables_shows_no_secret(client_id: object, secret: str) -> None:
    with pytest.raises(pnb.CredentialsError) as caught:
        pnb.Credentials(client_id, secret)  # type: ignore[arg-type]
    assert TEXT not in variables_of(caught.value)


def variables_of(error: BaseException) -> str:
    """The variables of our own frames, as verbose tracebacks show them."""
    frames = []
    trace = error.__traceback__
    while trace is not None:
        if "tests" not in trace.tb_frame.f_code.co_filename:
            frames.append(dict(trace.tb_frame.f_locals))
        trace = trace.tb_next
    return repr(frames)
