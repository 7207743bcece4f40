from __future__ import annotations

import json
import stat
import sys
from pathlib import Path

import pytest
from traces import shown_anywhere

import procore_nb as pnb
from procore_nb.credentials import CredentialSources, Profiles, look_up
from procore_nb.credentials import profiles as room
from procore_nb.environments import PRODUCTION, SANDBOX

OWN = pnb.Credentials("my-client", "very-hush")


@pytest.fixture
def profiles(places) -> Profiles:  # type: ignore[no-untyped-def]
    return places().profiles


def test_a_profile_comes_back_as_it_was_saved(profiles: Profiles) -> None:
    saved = profiles.save("work", OWN, SANDBOX, 7)
    assert profiles.get("work") == saved
    assert profiles.credentials(saved) == OWN


def test_the_file_holds_no_secret_and_is_for_its_owner_only(profiles: Profiles) -> None:
    profiles.save("work", OWN, SANDBOX, 7)
    assert "very-hush" not in profiles.path.read_text()
    assert stat.S_IMODE(profiles.path.stat().st_mode) == 0o600
    assert [each.name for each in profiles.path.parent.iterdir()] == ["profiles.json"]


def test_the_file_stays_for_its_owner_only_when_it_is_written_again(profiles: Profiles) -> None:
    profiles.save("work", OWN, SANDBOX, 7)
    profiles.path.chmod(0o644)
    profiles.save("more", OWN, PRODUCTION, None)
    assert stat.S_IMODE(profiles.path.stat().st_mode) == 0o600


def test_the_same_name_in_two_environments_has_two_secrets(profiles: Profiles, keyring) -> None:  # type: ignore[no-untyped-def]
    profiles.save("work", OWN, SANDBOX, 7)
    profiles.save("work", pnb.Credentials("my-client", "production-hush"), PRODUCTION, 7)
    assert sorted(keyring.kept.values()) == ["production-hush", "very-hush"]


def test_a_profile_that_cannot_be_written_leaves_no_secret_behind(tmp_path: Path, keyring) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "config").write_text("a file where the folder should be")
    profiles = Profiles(tmp_path / "config" / "deeper", keyring=keyring)
    with pytest.raises(pnb.ProcoreError):
        profiles.save("work", OWN, SANDBOX, 7)
    assert keyring.kept == {}


def test_a_failed_second_save_keeps_the_first_secret(profiles: Profiles, keyring, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    profiles.save("work", OWN, SANDBOX, 7)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(room, "replace_atomically", full)
    with pytest.raises(pnb.OutputError, match="No space left"):
        profiles.save("work", pnb.Credentials("my-client", "newer"), SANDBOX, 7)
    assert profiles.credentials(profiles.get("work")) == OWN


def test_a_forgotten_profile_takes_its_secret_along(profiles: Profiles, keyring) -> None:  # type: ignore[no-untyped-def]
    profiles.save("work", OWN, SANDBOX, 7)
    profiles.forget("work")
    assert (profiles.all(), keyring.kept) == ([], {})


def test_an_unknown_profile_is_answered_with_those_there_are(profiles: Profiles) -> None:
    profiles.save("work", OWN, SANDBOX, 7)
    for ask in (profiles.get, profiles.forget):
        with pytest.raises(pnb.CredentialsError, match=r"'wrok'.*'work'"):
            ask("wrok")


def test_a_profile_without_its_secret_says_so(profiles: Profiles, keyring) -> None:  # type: ignore[no-untyped-def]
    saved = profiles.save("work", OWN, SANDBOX, 7)
    keyring.kept.clear()
    with pytest.raises(pnb.CredentialsError, match="holds no secret for profile 'work'"):
        profiles.credentials(saved)


GOOD = {
    "environment": "sandbox",
    "login_url": SANDBOX.login_url,
    "api_url": SANDBOX.api_url,
    "client_id": "x",
    "company_id": 7,
}


@pytest.mark.parametrize(
    "damaged",
    [
        "", "{", "[]", "{}", '{"profiles": []}', '{"profiles": {"work": 5}}', '{"profiles": {"work": {}}}',
        json.dumps({"profiles": {"work": {**GOOD, "api_url": "https://api.procore.com"}}}),
        json.dumps({"profiles": {"work": {**GOOD, "api_url": "http://evil.example"}}}),
        json.dumps({"profiles": {"work": {**GOOD, "company_id": "text"}}}),
        json.dumps({"profiles": {"work": {**GOOD, "client_id": None}}}),
        json.dumps({"profiles": {"work": {**GOOD, "company_id": True}}}),
        json.dumps({"profiles": {"work": {**GOOD, "company_id": -5}}}),
        json.dumps({"profiles": {"work": {**GOOD, "company_id": 10**400}}}),
        json.dumps({"profiles": {"work": {**GOOD, "environment": ["x"]}}}),
        '{"profiles": {"work": ' + "[" * 100_000 + "]" * 100_000 + "}}",
        '{"profiles": {"work": {"client_id": ' + '{"a":' * 100_000 + "1" + "}" * 100_000 + "}}}",
        '{"profiles": [[1, 2, 3]]}', "\ufeff{}", '{"profiles": {"work": {"company_id": ' + "9" * 5000 + "}}}",
    ],
)  # fmt: skip
def test_a_damaged_file_is_said_to_be_damaged(profiles: Profiles, keyring, damaged: str) -> None:  # type: ignore[no-untyped-def]
    profiles.path.parent.mkdir(parents=True)
    profiles.path.write_text(damaged)
    keyring.get_password = lambda *_: "hush"
    with pytest.raises(pnb.CredentialsError, match="damaged") as caught:
        look_up(None, profile="work", sources=CredentialSources({}, profiles.path.parent, profiles))
    assert str(profiles.path) in str(caught.value)


def test_a_damaged_file_is_not_overwritten_by_saving(profiles: Profiles) -> None:
    profiles.path.parent.mkdir(parents=True)
    profiles.path.write_text("{ half")
    with pytest.raises(pnb.CredentialsError, match="damaged"):
        profiles.save("work", OWN, SANDBOX, 7)
    assert profiles.path.read_text() == "{ half"


class Locked:
    """A keyring that says no, with the secret at hand in its frames."""

    def get_password(self, service: str, username: str) -> str | None:
        raise RuntimeError("locked")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise RuntimeError("locked")

    def delete_password(self, service: str, username: str) -> None:
        raise RuntimeError("locked")


def test_a_locked_keyring_is_an_error_of_ours_without_the_secret(tmp_path: Path) -> None:
    profiles = Profiles(tmp_path, keyring=Locked())
    with pytest.raises(pnb.CredentialsError, match="keyring") as caught:
        profiles.save("work", OWN, SANDBOX, 7)
    assert shown_anywhere(caught.value, "very-hush") == []
    assert not profiles.path.exists()


class Chosen:
    """Stands for the keyring library, with the backend it would choose."""

    def __init__(self, backend: object) -> None:
        self.get_keyring = lambda: backend


def backend_of(module: str, *, priority: float = 5) -> object:
    return type("Keyring", (Locked,), {"__module__": module, "priority": priority})()


@pytest.mark.parametrize(
    "backend",
    [
        backend_of("keyring.backends.fail", priority=0),
        backend_of("keyring.backends.null", priority=-1),
        backend_of("keyrings.alt.file", priority=0.5),
        backend_of("keyrings.alt.file"),
        backend_of("somebody.plaintext"),
        type(
            "Chainer",
            (),
            {"backends": [backend_of("keyrings.alt.file"), backend_of("keyring.backends.null")]},
        )(),
    ],
)
def test_without_a_keyring_that_encrypts_nothing_is_kept(
    tmp_path: Path, monkeypatch, backend: object
) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setitem(sys.modules, "keyring", Chosen(backend))
    profiles = Profiles(tmp_path / "config")
    with pytest.raises(pnb.CredentialsError, match="Nothing was kept"):
        profiles.save("work", OWN, SANDBOX, 7)
    assert list(tmp_path.iterdir()) == []
    assert "no system keyring that encrypts" in profiles.keyring_state()


def test_of_chained_keyrings_the_one_that_encrypts_is_taken(tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    chain = type(
        "Chainer",
        (),
        {"backends": [backend_of("keyrings.alt.file"), backend_of("keyring.backends.SecretService")]},
    )
    monkeypatch.setitem(sys.modules, "keyring", Chosen(chain()))
    assert Profiles(tmp_path).keyring_state() == "keyring.backends.SecretService.Keyring"


def test_without_the_keyring_library_the_extra_is_named(tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(pnb.MissingExtraError, match="pip install"):
        Profiles(tmp_path).save("work", OWN, SANDBOX, 7)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["", "  ", None, 5])
def test_a_profile_needs_a_name(profiles: Profiles, name: object) -> None:
    with pytest.raises(pnb.ArgumentError, match="needs a name"):
        profiles.save(name, OWN, SANDBOX, 7)  # type: ignore[arg-type]


@pytest.mark.parametrize("content", [b"\xff\xfe{}", b"\x80", b"{\0}"])
def test_a_file_that_is_no_text_is_said_to_be_damaged(profiles: Profiles, content: bytes) -> None:
    profiles.path.parent.mkdir(parents=True)
    profiles.path.write_bytes(content)
    with pytest.raises(pnb.CredentialsError, match="damaged"):
        profiles.all()


@pytest.mark.parametrize("folder", [Path("/\0"), Path("x" * 5000)])
def test_a_folder_that_no_system_can_have_is_an_error_of_ours(folder: Path, keyring) -> None:  # type: ignore[no-untyped-def]
    profiles = Profiles(folder, keyring=keyring)
    with pytest.raises(pnb.CredentialsError):
        profiles.all()
    with pytest.raises(pnb.ProcoreError):
        profiles.save("work", OWN, SANDBOX, 7)
    assert keyring.kept == {}


@pytest.mark.parametrize("name", ["n\0l", "\ud800", "\x1b[2J", "../up", "東京"])
def test_any_name_of_a_profile_is_kept_or_refused_in_words(profiles: Profiles, name: str) -> None:
    try:
        saved = profiles.save(name, OWN, SANDBOX, 7)
    except pnb.ProcoreError:
        assert profiles.all() == []
    else:
        assert profiles.get(name) == saved
    with pytest.raises(pnb.CredentialsError) as caught:
        profiles.get(name + "?")
    assert str(caught.value).isprintable()


def test_a_keyring_library_that_is_broken_is_an_error_of_ours(tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    class Broken:
        @staticmethod
        def get_keyring() -> object:
            raise ValueError("keyringrc.cfg names a backend that is not there")

    monkeypatch.setitem(sys.modules, "keyring", Broken())
    with pytest.raises(pnb.CredentialsError, match="keyring refused"):
        Profiles(tmp_path).save("work", OWN, SANDBOX, 7)


def test_an_empty_keyring_is_the_one_that_was_given(tmp_path: Path, keyring, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(type(keyring), "__len__", lambda self: len(self.kept), raising=False)
    monkeypatch.setattr(room, "_system_keyring", lambda: pytest.fail("the secret goes into another keyring"))
    profiles = Profiles(tmp_path, keyring=keyring)
    assert profiles.has_keyring
    profiles.save("work", OWN, SANDBOX, 7)
    assert list(keyring.kept.values()) == ["very-hush"]
