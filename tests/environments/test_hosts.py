from __future__ import annotations

import pickle

import pytest
from every_case import every_case

import procore_nb as pnb
from procore_nb.environments import KNOWN, PRODUCTION, SANDBOX, environment, is_loopback, same_origin


@every_case(
    ("name", "login", "api"),
    [
        ("production", "https://login.procore.com", "https://api.procore.com"),
        ("sandbox", "https://login-sandbox.procore.com", "https://sandbox.procore.com"),
        ("monthly-sandbox", "https://login-sandbox-monthly.procore.com", "https://api-monthly.procore.com"),
        ("federal", "https://login.procoregov.com", "https://api.procoregov.com"),
    ],
)
def test_each_environment_has_its_own_hosts(name: str, login: str, api: str) -> None:
    place = environment(name)
    assert (place.name, place.login_url, place.api_url) == (name, login, api)


@pytest.mark.parametrize("spelled", ["Monthly Sandbox", "monthly_sandbox", " MONTHLY-sandbox "])
def test_names_are_read_as_people_write_them(spelled: str) -> None:
    assert environment(spelled).name == "monthly-sandbox"


@pytest.mark.parametrize(
    ("typed", "meant"), [("prodution", "production"), ("sandbx", "sandbox"), ("fedral", "federal")]
)
def test_an_unknown_name_is_answered_with_near_matches(typed: str, meant: str) -> None:
    with pytest.raises(pnb.ArgumentError, match=rf"Did you mean .*{meant}") as caught:
        environment(typed)
    assert all(known.name in str(caught.value) for known in KNOWN)


@every_case("nonsense", ["", "  ", None, 5, True, object()])
def test_what_is_no_name_is_refused(nonsense: object) -> None:
    with pytest.raises(pnb.ArgumentError, match="Known names"):
        environment(nonsense)  # type: ignore[arg-type]


@every_case(
    "address",
    [
        "http://api.procore.com",
        "http://10.0.0.1",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "http://128.0.0.1:8000",
        "http://[::2]:8000",
        "HTTP://api.procore.com",
    ],
)
def test_plain_http_is_for_this_machine_only(address: str) -> None:
    with pytest.raises(pnb.ArgumentError, match="plain http"):
        pnb.Environment("mine", login_url="https://login.example.com", api_url=address)


@every_case("host", ["127.0.0.1", "127.8.9.1", "[::1]", "localhost", "LOCALHOST"])
def test_plain_http_is_accepted_on_loopback(host: str) -> None:
    place = pnb.Environment("mine", f"http://{host}:8000/", f"http://{host}:8000")
    assert is_loopback(place.api_url)
    assert not place.login_url.endswith("/")


@every_case(
    "address",
    [
        "", "api.procore.com", "ftp://api.procore.com", "https://", "https://api.procore.com:0", "https://h:99999",
        "https://user@h.example", "https://user:pass@h.example", "https://h.example?x=1", "https://h.example#x",
        "https://127.0.0.1\\@h.example", 7, None, "http://[::1]evil.example", "http://[::1%25eth0]", "http://[127.0.0.1]",
        "https://h.example.", "https://h..example", "https://h。example", "https://h.ex ample", "https://h.example/a b",
        "https://h.example/\0", "ht\ntps://h.example", "https://h.example?", "https://h.example#", "https://@h.example",
        "http://localhost@evil.example", "http://evil.example?@localhost", "https://h%2eexample", "https://[::1", "https://:443",
    ],
)  # fmt: skip
def test_what_is_not_a_plain_address_is_refused(address: object) -> None:
    with pytest.raises(pnb.ArgumentError, match="api_url of environment 'mine'"):
        pnb.Environment("mine", login_url="https://login.example.com", api_url=address)  # type: ignore[arg-type]


@every_case(
    ("login", "api"),
    [
        ("https://login.procore.com", "https://sandbox.procore.com"),
        ("https://login-sandbox.procore.com", "https://api.procore.com"),
        ("https://login.procoregov.com", "https://api.procore.com"),
        ("https://LOGIN.procore.com", "https://api-monthly.procore.com"),
        ("https://login.procore.com", "http://127.0.0.1:8000"),
        ("https://login.procore-demo.invalid", "https://api.procore.com"),
    ],
)
def test_hosts_of_two_environments_are_not_mixed(login: str, api: str) -> None:
    with pytest.raises(pnb.ArgumentError, match="do not cross environments"):
        pnb.Environment("mixed", login, api)


def test_an_override_that_mixes_environments_is_refused_too() -> None:
    with pytest.raises(pnb.ArgumentError, match="do not cross environments"):
        environment("sandbox", login_url="https://login.procore.com")


@pytest.mark.parametrize("login", ["https://login.procore.com.", "https://login。procore.com"])
def test_another_way_to_write_a_host_does_not_get_around_the_environments(login: str) -> None:
    with pytest.raises(pnb.ArgumentError, match="not an address"):
        pnb.Environment("mixed", login, "https://sandbox.procore.com")


@every_case(
    ("typed", "kept"),
    [
        (" https://LOGIN.procore.com:443/ ", "https://login.procore.com"),
        ("HTTP://LOCALHOST:80", "http://localhost"),
        ("http://[::1]:8000//", "http://[::1]:8000"),
        ("https://proxy.example/Procore/", "https://proxy.example/Procore"),
    ],
)
def test_an_address_is_kept_in_one_form(typed: str, kept: str) -> None:
    assert pnb.Environment("mine", typed, typed).login_url == kept


def test_a_password_in_an_address_is_not_shown() -> None:
    with pytest.raises(pnb.ArgumentError) as caught:
        pnb.Environment("mine", "https://me:hush-hush@h.example", "https://h.example")
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    "address", ["http://[::1]evil.example", "http://127.0.0.1.evil.example", "http://localhost@evil.example"]
)
def test_another_host_is_not_this_machine(address: str) -> None:
    assert not is_loopback(address)


def test_any_host_can_be_overridden() -> None:
    place = environment("monthly-sandbox", api_url="https://api-sandbox-monthly.procore.com/")
    assert place.api_url == "https://api-sandbox-monthly.procore.com"
    assert place.login_url == environment("monthly-sandbox").login_url


def test_strange_hosts_make_an_environment_of_their_own() -> None:
    place = environment("mine", login_url="https://l.example", api_url="https://a.example")
    assert place == pnb.Environment("mine", "https://l.example", "https://a.example")


def test_an_environment_is_frozen_and_survives_pickling() -> None:
    with pytest.raises(AttributeError):
        PRODUCTION.api_url = "https://evil.example"  # type: ignore[misc]
    assert pickle.loads(pickle.dumps(SANDBOX)) == SANDBOX


def test_an_environment_shows_its_name_and_hosts_without_markup_from_others() -> None:
    place = pnb.Environment("<script>", "https://l.example", "https://a.example")
    assert "<script>" not in place._repr_html_()
    assert "https://a.example" in repr(place)


@every_case(
    ("one", "other", "same"),
    [
        ("https://api.procore.com/a", "https://API.procore.com:443/b?c", True),
        ("http://127.0.0.1:80/", "http://127.0.0.1/", True),
        ("https://api.procore.com", "http://api.procore.com", False),
        ("https://api.procore.com", "https://api.procore.com.evil.example", False),
        ("https://api.procore.com", "https://api.procore.com@evil.example", False),
        ("https://api.procore.com", "https://api.procore.com:8443", False),
        ("https://api.procore.com", "https://api.procore.com:no", False),
        ("http://[bad", "http://[bad", False),
    ],
)
def test_an_origin_is_scheme_host_and_port(one: str, other: str, same: bool) -> None:
    assert same_origin(one, other) is same


def test_no_environment_is_the_default(places) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(pnb.ArgumentError, match="no default"):
        pnb.connect(sources=places())
