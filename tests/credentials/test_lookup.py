from __future__ import annotations

import os
import traceback
from pathlib import Path
from typing import Any

import pytest

import procore_nb as pnb
from procore_nb.credentials import CredentialSources, company_number, look_up
from procore_nb.environments import PRODUCTION, SANDBOX
from tests.credentials.test_masked import variables_of

OWN = pnb.Credentials("from-argument", "argument-secret")
PAIR = {"PROCORE_CLIENT_ID": "from-variables", "PROCORE_CLIENT_SECRET": "variable-secret"}
FILE = "PROCORE_CLIENT_ID=from-file\nPROCORE_CLIENT_SECRET=file-secret\n"


def test_the_argument_comes_before_the_variables(places) -> None:  # type: ignore[no-untyped-def]
    found = look_up("sandbox", credentials=OWN, sources=places(PAIR))
    assert (found.credentials, found.sources["credentials"]) == (OWN, "argument")


def test_the_variables_come_before_a_profile(places) -> None:  # type: ignore[no-untyped-def]
    at = places(PAIR)
    at.profiles.save("kept", OWN, SANDBOX, 7)
    found = look_up("sandbox", sources=at)
    assert found.credentials.client_id == "from-variables"
    assert found.credentials.client_secret.reveal() == "variable-secret"
    assert "PROCORE_CLIENT_ID" in found.sources["credentials"]


def test_a_profile_is_the_last_place(places) -> None:  # type: ignore[no-untyped-def]
    at = places()
    at.profiles.save("kept", OWN, SANDBOX, 7)
    found = look_up("sandbox", sources=at)
    assert (found.credentials, found.company_id) == (OWN, 7)
    assert "kept" in found.sources["credentials"]


def test_a_named_profile_comes_before_the_variables(places) -> None:  # type: ignore[no-untyped-def]
    at = places(PAIR)
    at.profiles.save("kept", OWN, SANDBOX, 7)
    assert look_up("sandbox", profile="kept", sources=at).credentials == OWN
    assert look_up(None, profile="kept", sources=at).environment == SANDBOX


def test_a_set_variable_wins_over_the_env_file_one_by_one(places) -> None:  # type: ignore[no-untyped-def]
    found = look_up("sandbox", sources=places({**PAIR}, env_file=FILE + "PROCORE_COMPANY_ID=12\n"))
    assert found.credentials.client_secret.reveal() == "variable-secret"
    assert (found.company_id, Path(found.sources["company_id"]).name) == (12, ".env")


def test_the_env_file_is_read_but_changes_no_environment_variable(places) -> None:  # type: ignore[no-untyped-def]
    before = dict(os.environ)
    found = look_up("sandbox", sources=places(env_file=FILE))
    assert found.credentials.client_id == "from-file"
    assert dict(os.environ) == before


@pytest.mark.parametrize("secret", ["a$HOME", "a${HOME}b", "$1", "a#b", "x=y", "back\\slash"])
def test_nothing_is_replaced_within_a_secret_of_the_env_file(places, secret: str) -> None:  # type: ignore[no-untyped-def]
    at = places({"HOME": "/elsewhere"}, env_file=f"PROCORE_CLIENT_ID=x\nPROCORE_CLIENT_SECRET='{secret}'\n")
    assert look_up("sandbox", sources=at).credentials.client_secret.reveal() == secret


def test_an_env_file_written_by_a_windows_editor_is_read(places) -> None:  # type: ignore[no-untyped-def]
    found = look_up("sandbox", sources=places(env_file="\ufeff" + FILE.replace("\n", "\r\n")))
    assert found.credentials.client_id == "from-file"
    assert found.credentials.client_secret.reveal() == "file-secret"


def test_an_env_file_that_cannot_be_read_is_named(places, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    at = places()
    (tmp_path / ".env").write_bytes(b"PROCORE_CLIENT_ID=\xff\xfe\n")
    with pytest.raises(pnb.CredentialsError, match=r"\.env"):
        look_up("sandbox", sources=at)


def test_of_an_env_file_no_more_than_a_megabyte_is_read(places) -> None:  # type: ignore[no-untyped-def]
    found = look_up("sandbox", sources=places(env_file=f"{FILE}#{'x' * 2**20}\nPROCORE_COMPANY_ID=7\n"))
    assert (found.credentials.client_id, found.company_id) == ("from-file", None)


@pytest.mark.parametrize("half", list(PAIR))
def test_half_a_pair_is_an_error_and_falls_through_to_nothing(places, half: str) -> None:  # type: ignore[no-untyped-def]
    at = places({half: PAIR[half]})
    at.profiles.save("kept", OWN, SANDBOX, 7)
    with pytest.raises(pnb.CredentialsError, match="is not set, although its counterpart is") as caught:
        look_up("sandbox", sources=at)
    absent = next(name for name in PAIR if name != half)
    assert str(caught.value).startswith(absent)
    assert "variable-secret" not in str(caught.value)


@pytest.mark.parametrize("wanted", ["production", PRODUCTION])
def test_variables_for_one_environment_are_not_sent_to_another(places, wanted) -> None:  # type: ignore[no-untyped-def]
    at = places({**PAIR, "PROCORE_ENVIRONMENT": "sandbox"})
    with pytest.raises(pnb.CredentialsError, match=r"are for sandbox .* not sent to production"):
        look_up(wanted, sources=at)


def test_the_environment_variable_names_the_environment(places) -> None:  # type: ignore[no-untyped-def]
    found = look_up(
        None, sources=places({**PAIR, "PROCORE_ENVIRONMENT": "Sandbox", "PROCORE_COMPANY_ID": "9"})
    )
    assert (found.environment, found.company_id) == (SANDBOX, 9)
    assert found.sources["environment"] == "environment variable PROCORE_ENVIRONMENT"


def test_an_environment_variable_with_a_typing_error_is_refused(places) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(pnb.ArgumentError, match="sandbox"):
        look_up(None, sources=places({**PAIR, "PROCORE_ENVIRONMENT": "sandbx"}))


def test_the_company_of_another_environment_is_not_used(places) -> None:  # type: ignore[no-untyped-def]
    at = places({"PROCORE_ENVIRONMENT": "sandbox", "PROCORE_COMPANY_ID": "9"})
    assert look_up("production", credentials=OWN, sources=at).company_id is None
    assert look_up("sandbox", credentials=OWN, sources=at).company_id == 9


def test_a_profile_is_never_sent_to_another_environment(places) -> None:  # type: ignore[no-untyped-def]
    at = places()
    at.profiles.save("kept", OWN, SANDBOX, 7)
    with pytest.raises(pnb.CredentialsError, match=r"saved for sandbox .* not sent to production"):
        look_up("production", profile="kept", sources=at)
    with pytest.raises(pnb.CredentialsError, match="No credentials for production"):
        look_up("production", sources=at)
    with pytest.raises(pnb.CredentialsError, match="not sent to production"):
        look_up("production", sources=CredentialSources({"PROCORE_PROFILE": "kept"}, at.folder, at.profiles))


def test_a_profile_is_not_sent_to_other_hosts_under_the_same_name(places) -> None:  # type: ignore[no-untyped-def]
    at = places()
    at.profiles.save("kept", OWN, pnb.Environment("mine", "https://l.example", "https://a.example"), 7)
    elsewhere = pnb.Environment("mine", "https://l.example", "https://evil.example")
    for named in ("kept", None):
        with pytest.raises(pnb.CredentialsError, match="is not sent to"):
            look_up(elsewhere, profile=named, sources=at)


def test_of_several_fitting_profiles_none_is_guessed(places) -> None:  # type: ignore[no-untyped-def]
    at = places()
    for name in ("one", "two"):
        at.profiles.save(name, OWN, SANDBOX, 7)
    with pytest.raises(pnb.CredentialsError, match="'one', 'two'"):
        look_up("sandbox", sources=at)
    assert (
        look_up("sandbox", sources=CredentialSources({"PROCORE_PROFILE": "two"}, at.folder, at.profiles))
        .sources["credentials"]
        .startswith("profile 'two'")
    )


def test_every_place_looked_at_is_listed_when_nothing_is_found(places, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    at = places()
    at.profiles.save("other", OWN, PRODUCTION, 7)
    with pytest.raises(pnb.CredentialsError) as caught:
        look_up("sandbox", sources=at)
    said = str(caught.value)
    for place in (
        "credentials argument",
        "PROCORE_CLIENT_ID",
        "PROCORE_CLIENT_SECRET",
        str(tmp_path / ".env"),
        "'other'",
    ):
        assert place in said
    assert "no such file" in said


@pytest.mark.parametrize(
    "given",
    [
        {"client_id": "id", "client_secret": "s3cret", "company_id": 1},
        {"credentials": ("id", "s3cret")},
        {"credentials": ["id", "s3cret"]},
        {"credentials": {"client_id": "id", "client_secret": "s3cret"}},
    ],
)
def test_a_client_id_and_its_secret_are_understood_in_every_usual_form(given: dict[str, Any], places) -> None:  # type: ignore[no-untyped-def]
    with pnb.connect("sandbox", sources=places(PAIR), **given) as procore:
        assert procore.session.client_id == "id"
        assert procore.session.sources["credentials"] == "argument"


@pytest.mark.parametrize(
    "given",
    [
        {"credentials": ("id", "s3cret", "more")},
        {"credentials": "id:s3cret"},
        {"credentials": {"id": "id", "secret": "s3cret"}},
        {"client_secret": "s3cret"},
        {"client_id": "id", "credentials": ("id", "s3cret")},
        {"client_id": "\n", "client_secret": "s3cret"},
        {"token": "s3cret"},
        {"client_secret": "s3cret", "workers": 0},
    ],
)
@pytest.mark.parametrize("where", ["sandbox", "demo"])
def test_credentials_of_another_form_are_refused_and_no_variable_of_the_traceback_holds_them(
    where: str,
    given: dict[str, Any],
    places,  # type: ignore[no-untyped-def]
) -> None:
    with pytest.raises(pnb.ProcoreError) as caught:
        pnb.connect(where, sources=places(), **given)
    assert "s3cret" not in str(caught.value)
    frames = [frame for frame, _ in traceback.walk_tb(caught.value.__traceback__)]
    ours = [one for one in frames if one.f_globals["__name__"].startswith("procore_nb")]
    assert ours
    assert [one.f_code.co_qualname for one in ours if "s3cret" in repr(one.f_locals)] == []


@pytest.mark.parametrize(("given", "number"), [(12, 12), ("12", 12), (" 12 ", 12), (2**53 + 1, 2**53 + 1)])
def test_a_company_id_is_a_whole_number_or_its_digits(given: object, number: int) -> None:
    assert company_number(given) == number


@pytest.mark.parametrize(
    "given",
    [
        "abc",
        "",
        "0",
        0,
        -5,
        "-5",
        True,
        False,
        1.0,
        12.5,
        "12.0",
        "1e3",
        "١٢",
        2**63,
        b"12",
        [12],
        float("nan"),
    ],
)
def test_anything_else_is_no_company_id_and_the_reader_is_told_where_to_find_it(given: object) -> None:
    with pytest.raises(pnb.ArgumentError, match="positive whole number") as caught:
        company_number(given)
    assert "address bar" in str(caught.value)


def test_a_company_id_of_numpy_is_a_whole_number() -> None:
    numpy = pytest.importorskip("numpy")
    assert company_number(numpy.int64(7)) == 7


def test_a_wrong_company_id_names_where_it_came_from(places) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(pnb.ArgumentError, match="environment variable PROCORE_COMPANY_ID"):
        look_up("sandbox", sources=places({**PAIR, "PROCORE_COMPANY_ID": "my company"}))


def test_the_demo_named_by_the_environment_variable_needs_no_credentials(places) -> None:  # type: ignore[no-untyped-def]
    procore = pnb.connect(sources=places({"PROCORE_ENVIRONMENT": "demo"}))
    assert procore.environment.name == "demo"


def test_credentials_of_the_usual_places_never_reach_the_demo(places) -> None:  # type: ignore[no-untyped-def]
    at = places({**PAIR, "PROCORE_ENVIRONMENT": "demo", "PROCORE_COMPANY_ID": "99"})
    for procore in (pnb.connect("demo", sources=at), pnb.connect(sources=at)):
        assert procore.session.client_id != "from-variables"


def test_a_pair_in_the_env_file_is_judged_by_the_environment_named_beside_it(
    places,  # type: ignore[no-untyped-def]
) -> None:
    env_file = "PROCORE_CLIENT_ID=a\nPROCORE_CLIENT_SECRET=b\nPROCORE_ENVIRONMENT=sandbox\n"
    with pytest.raises(pnb.CredentialsError, match="are for sandbox"):
        look_up(None, sources=places({"PROCORE_ENVIRONMENT": "production"}, env_file=env_file))
    asked = look_up("sandbox", sources=places({"PROCORE_ENVIRONMENT": "production"}, env_file=env_file))
    assert asked.environment == SANDBOX


@pytest.mark.parametrize(
    ("environment", "more"),
    [
        (None, {}),
        ("nowhere", {}),
        ("sandbox", {"PROCORE_ENVIRONMENT": "production"}),
        ("sandbox", {"PROCORE_COMPANY_ID": "x"}),
        ("sandbox", {"PROCORE_CLIENT_ID": ""}),
    ],
)
def test_a_traceback_of_a_failed_look_up_shows_no_secret(places, environment, more) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(pnb.ProcoreError) as caught:
        look_up(environment, sources=places(PAIR | more))
    assert "variable-secret" not in variables_of(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfPROCORE_CLIENT_ID=from-file\nPROCORE_CLIENT_SECRET=file-secret",
        b"PROCORE_CLIENT_ID=from-file\r\nPROCORE_CLIENT_SECRET=file-secret\r\n",
        b"export PROCORE_CLIENT_ID='from-file'\nexport PROCORE_CLIENT_SECRET=\"file-secret\"  # renewed in May",
        b"PROCORE_CLIENT_ID = from-file \nPROCORE_CLIENT_SECRET = file-secret ",
    ],
)
def test_an_env_file_is_read_as_editors_and_shells_write_it(places, content: bytes) -> None:  # type: ignore[no-untyped-def]
    at = places()
    at.env_file.write_bytes(content)
    found = look_up("sandbox", sources=at).credentials
    assert (found.client_id, found.client_secret.reveal()) == ("from-file", "file-secret")


@pytest.mark.parametrize(
    "content",
    [
        ("# made by Notepad\r\n" + FILE).encode("utf-8-sig"),
        FILE.replace("\n", "\r\n").encode("utf-8-sig"),
        FILE.replace("\n", "\r\n").encode("utf-16"),
        b"\xfe\xff" + FILE.encode("utf-16-be"),
    ],
)
def test_a_byte_order_mark_of_notepad_is_no_part_of_a_name(places, content: bytes) -> None:  # type: ignore[no-untyped-def]
    at = places()
    at.env_file.write_bytes(content)
    found = look_up("sandbox", sources=at).credentials
    assert (found.client_id, found.client_secret.reveal()) == ("from-file", "file-secret")


@pytest.mark.parametrize(
    "planted",
    ["PROCORE_ENVIRONMENT=monthly-sandbox", "PROCORE_PROFILE=kept", "PROCORE_CLIENT_ID=theirs", FILE],
)
def test_a_file_in_the_folder_does_not_decide_for_credentials_of_the_process(places, planted: str) -> None:  # type: ignore[no-untyped-def]
    at = places(PAIR, env_file=planted)
    at.profiles.save("kept", OWN, SANDBOX, 7)
    with pytest.raises(pnb.ArgumentError, match=r"\.env does not decide"):
        look_up(None, sources=at)
    found = look_up("sandbox", sources=at)
    assert found.credentials == pnb.Credentials("from-variables", "variable-secret")
    assert found.sources["credentials"] == "environment variable PROCORE_CLIENT_ID"


@pytest.mark.parametrize("half", list(PAIR))
def test_halves_of_two_sources_never_make_a_pair(places, half: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(pnb.CredentialsError, match="is not set, although its counterpart is") as caught:
        look_up("sandbox", sources=places({half: PAIR[half]}, env_file=FILE))
    assert "never taken from different ones" in caught.value.advice


def test_a_file_that_holds_the_same_pair_names_its_environment(places) -> None:  # type: ignore[no-untyped-def]
    same = "".join(f"{name}={value}\n" for name, value in PAIR.items()) + "PROCORE_ENVIRONMENT=sandbox\n"
    assert look_up(None, sources=places(PAIR, env_file=same)).environment == SANDBOX
    with pytest.raises(pnb.CredentialsError, match="are for sandbox"):
        look_up("production", sources=places(PAIR, env_file=same))


def test_a_file_alone_still_decides_for_its_own_credentials(places) -> None:  # type: ignore[no-untyped-def]
    found = look_up(
        None, sources=places(env_file=FILE + "PROCORE_ENVIRONMENT=sandbox\nPROCORE_COMPANY_ID=5\n")
    )
    assert (found.environment, found.company_id, found.credentials.client_id) == (SANDBOX, 5, "from-file")


@pytest.mark.parametrize("folder", [Path("/\0"), Path("x" * 5000), None])
def test_a_folder_that_cannot_be_looked_into_holds_no_file(places, folder: Path | None) -> None:  # type: ignore[no-untyped-def]
    at = CredentialSources(PAIR, folder, places().profiles)
    assert look_up("sandbox", sources=at).credentials.client_id == "from-variables"
    with pytest.raises(pnb.CredentialsError, match="No credentials for sandbox"):
        look_up("sandbox", sources=CredentialSources({}, folder, places().profiles))


def test_a_working_folder_that_was_removed_is_no_obstacle(tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert CredentialSources(PAIR).variables()["PROCORE_CLIENT_ID"][0] == "from-variables"


def test_a_function_is_an_argument_whose_answer_is_not_asked_for_yet(places) -> None:  # type: ignore[no-untyped-def]
    found = look_up("sandbox", credentials=lambda: 1 / 0, sources=places(PAIR))  # type: ignore[arg-type, return-value]
    assert found.sources["credentials"] == "argument, a function"
