"""Where the token goes, and where nothing is sent at all."""

from __future__ import annotations

import pytest
from every_case import every_case

import procore_nb as pnb
from procore_nb.environments import environment
from procore_nb.http.file_session import FileGuard, checked_hosts, is_private

PRODUCTION = FileGuard(environment("production"))
LOCAL = FileGuard(pnb.Environment("here", "http://127.0.0.1:8000", "http://127.0.0.1:8000"))


@every_case(
    "address",
    [
        "https://api.procore.com/rest/v1.0/files/1",
        "https://storage.procore.com/api/v5/files/1?sig=2",
        "https://us02.procore.com:443/x",
        "/rest/v1.0/files/1",
    ],
)
def test_the_token_goes_to_hosts_of_the_environment(address: str) -> None:
    assert PRODUCTION.first(address).with_token


@every_case(
    "address",
    [
        "https://s3.amazonaws.com/x",
        "https://procore.com.evil.example/x",
        "https://evilprocore.com/x",
        "https://procore.com@evil.example/x",
        "https://storage.procoregov.com/x",
        "https://sandbox.procore.com/x",
        "https://api-monthly.procore.com/x",
        "https://storage.procore.com:8443/x",
        "http://storage.procore.com/x",
        "ftp://storage.procore.com/x",
        "https://storage.procore.com\\@evil.example/x",
        "https://storage.procore.com\r\nx: y/",
        "https://api.procore.com/x\r\nHost: evil.example",
        "https://api.procore.com/a b",
        "https://api.procore.com/a\\b",
        "//evil.example/x",
        "https://[::1/x",
        "https://",
        "javascript:alert(1)",
        "https://localhost/x",
        "https://127.0.0.1/x",
        # What another library may read as another host: escapes, letters that look alike, dots that are none.
        "https://sand%62ox.procore.com/x",
        "https://evil.example%2f.procore.com/x",
        "https://evil.example%00.procore.com/x",
        "https://\uff41\uff50\uff49.procore.com/x",
        "https://evil.example\u2024procore.com/x",
        "https://api.procore.com./x",
    ],
)
def test_other_addresses_in_records_are_refused(address: str) -> None:
    with pytest.raises(pnb.RequestError):
        PRODUCTION.first(address)


def test_the_refusal_says_how_to_allow_the_host() -> None:
    with pytest.raises(pnb.RequestError) as refused:
        PRODUCTION.first("https://s3.amazonaws.com/bucket/x?signature=1")
    assert 'allow_hosts=["s3.amazonaws.com"]' in refused.value.advice
    assert "signature" not in str(refused.value)


def test_allowed_hosts_get_no_token() -> None:
    guard = FileGuard(environment("production"), checked_hosts(["s3.amazonaws.com", "*.example.com"]))
    for address in ("https://s3.amazonaws.com/x", "https://a.b.example.com/x"):
        assert not guard.first(address).with_token
    for address in ("https://eu.s3.amazonaws.com/x", "https://example.com/x", "https://badexample.com/x"):
        with pytest.raises(pnb.RequestError):
            guard.first(address)


def test_an_allowed_host_on_a_private_network_is_refused_all_the_same() -> None:
    guard = FileGuard(environment("production"), ("10.0.0.5",))
    with pytest.raises(pnb.RequestError, match="private network"):
        guard.first("https://10.0.0.5/x")


def test_a_sandbox_token_stays_in_the_sandbox() -> None:
    guard = FileGuard(environment("sandbox"))
    assert guard.first("https://sandbox.procore.com/x").with_token
    with pytest.raises(pnb.RequestError):
        guard.first("https://api.procore.com/x")


def test_hosts_of_ones_own_are_one_origin_and_no_family() -> None:
    guard = FileGuard(pnb.Environment("mine", "https://login.corp.example", "https://api.corp.example"))
    assert guard.first("https://api.corp.example/x").with_token
    for address in ("https://files.corp.example/x", "https://api.corp.example:8443/x"):
        with pytest.raises(pnb.RequestError):
            guard.first(address)


def test_only_the_demos_api_host_is_its_own() -> None:
    guard = FileGuard(environment("demo"))
    assert guard.first("https://api.procore-demo.invalid/x").with_token
    with pytest.raises(pnb.RequestError):
        guard.first("https://storage.procore-demo.invalid/x")


def test_a_redirect_to_a_store_drops_the_token_for_good() -> None:
    first = PRODUCTION.first("https://api.procore.com/x")
    assert PRODUCTION.redirected(first, "/y").with_token
    store = PRODUCTION.redirected(first, "https://s3.amazonaws.com/x")
    assert not store.with_token
    assert not PRODUCTION.redirected(store, "https://api.procore.com/x").with_token
    assert not PRODUCTION.redirected(first, "https://storage.procore.com/x").with_token


@every_case(
    "location",
    [
        "http://s3.amazonaws.com/x",
        "https://169.254.169.254/latest",
        "https://[::1]/x",
        "https://[::ffff:10.0.0.1]/x",
        "https://2130706433/x",
        "https://0x7f000001/x",
        "https://user:secret@s3.amazonaws.com/x",
        "https://metadata.localhost/x",
        "https://localhost./x",
        "https://%6cocalhost/x",
        "https://[bad/x",
        "file:///etc/passwd",
    ],
)
def test_a_redirect_leads_to_a_public_https_host_or_nowhere(location: str) -> None:
    first = PRODUCTION.first("https://api.procore.com/x")
    with pytest.raises(pnb.RequestError):
        PRODUCTION.redirected(first, location)


def test_a_host_that_was_allowed_may_not_redirect_to_others() -> None:
    guard = FileGuard(environment("production"), ("s3.amazonaws.com",))
    first = guard.first("https://s3.amazonaws.com/x")
    assert guard.redirected(first, "/y").url == "https://s3.amazonaws.com/y"
    with pytest.raises(pnb.RequestError, match="not among allow_hosts"):
        guard.redirected(first, "https://elsewhere.example/x")


def test_loopback_is_for_an_api_host_on_loopback() -> None:
    first = LOCAL.first("http://127.0.0.1:8000/x")
    assert first.with_token
    assert first.limited
    store = LOCAL.redirected(first, "http://127.0.0.1:9000/x")
    assert not store.with_token
    assert not store.limited
    with pytest.raises(pnb.RequestError):
        LOCAL.first("http://127.0.0.1:9000/x")
    with pytest.raises(pnb.RequestError):
        LOCAL.redirected(first, "https://10.0.0.5/x")


@every_case(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "192.168.1.1", "172.16.0.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "224.0.0.1",
        "::1", "fe80::1%eth0", "fd00::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "127.1", "0x7f.1", "::", "::127.0.0.1", "192.0.0.192", "64:ff9b:1::7f00:1",
    ],
)  # fmt: skip
def test_private_addresses(address: str) -> None:
    assert is_private(address)


@every_case(
    "address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "s3.amazonaws.com", "a.b"]
)
def test_public_addresses_and_names(address: str) -> None:
    assert not is_private(address)


@every_case("hosts", [["https://a.example"], ["*"], ["a/b"], [""], [5], ["*.com/"], ["com"]])
def test_allow_hosts_takes_names_of_hosts(hosts: list[object]) -> None:
    with pytest.raises(pnb.ArgumentError):
        checked_hosts(hosts)  # type: ignore[arg-type]
