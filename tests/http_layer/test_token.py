from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from another_procore import COMPANY, Asked, Said
from every_case import every_case

import procore_nb as pnb
from procore_nb.demo import CLIENT_ID, CLIENT_SECRET, COMPANY_ID, Demo, DemoAdapter
from procore_nb.environments import DEMO
from procore_nb.http import Session
from procore_nb.http.token import Token

ME = "/rest/v1.0/me"


class Clock:
    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def demo_session(demo: Demo, clock: Clock) -> Session:
    return Session(DEMO, pnb.Credentials(CLIENT_ID, CLIENT_SECRET), transport=DemoAdapter(demo), clock=clock)


@pytest.mark.parametrize("lifetime", [5400, 7200, 900])
def test_a_token_serves_nearly_its_whole_life_and_is_renewed_before_its_end(
    clock: Clock, lifetime: int
) -> None:
    demo = Demo(clock=clock, token_lifetime_seconds=lifetime)
    session = demo_session(demo, clock)
    session.get(ME, company_id=COMPANY_ID)
    clock.now += lifetime * 0.8
    session.get(ME, company_id=COMPANY_ID)
    assert demo.tokens.issued == 1
    clock.now += lifetime * 0.2 - 20
    assert session.get(ME, company_id=COMPANY_ID).status == 200
    assert (demo.tokens.issued, demo.requests) == (2, 3)


def test_a_token_of_a_few_seconds_is_renewed_within_them_and_not_at_every_call(clock: Clock) -> None:
    demo = Demo(clock=clock, token_lifetime_seconds=10)
    session = demo_session(demo, clock)
    for seconds in (0, 2, 2, 2, 2, 1.5):
        clock.now += seconds
        assert session.get(ME, company_id=COMPANY_ID).status == 200
    assert demo.tokens.issued == 2


def test_without_a_lifetime_none_is_assumed(another, session_of) -> None:  # type: ignore[no-untyped-def]
    server, clock = another(lifetime=None), Clock(time.time())
    session = session_of(server, clock=clock)
    assert session.login().expires_in is None
    clock.now += 10**9
    session.get(ME, company_id=COMPANY)
    assert len(server.tokens) == 1
    server.revoke_all()
    assert session.get(ME, company_id=COMPANY).status == 200
    assert len(server.tokens) == 2


@pytest.mark.parametrize("lifetime", [7200, "7200", 7200.0])
def test_the_lifetime_may_be_written_in_several_ways(another, session_of, lifetime: object) -> None:  # type: ignore[no-untyped-def]
    clock = Clock(time.time())
    session = session_of(another(lifetime=lifetime), clock=clock)
    assert session.login().expires_in == 7200
    assert 7000 < session.login().renew_at - clock.now < 7200


def test_a_lifetime_of_null_is_none(another, session_of) -> None:  # type: ignore[no-untyped-def]
    answer = Said(200, {"access_token": "abc", "expires_in": None})
    server = another(twist=lambda asked: answer if asked.method == "POST" else None)
    assert session_of(server).login().expires_in is None


@pytest.mark.parametrize("dated", [True, False])
def test_a_token_handed_out_again_has_only_the_rest_of_its_life(another, session_of, dated: bool) -> None:  # type: ignore[no-untyped-def]
    now = time.time()
    server = another(lifetime=7200, created=lambda: int(now) - 7000, date=time.time if dated else None)
    token = session_of(server, clock=lambda: now).login()
    assert 150 < token.renew_at - now < 200


@pytest.mark.parametrize("hours", [-5, 5])
def test_a_clock_that_is_hours_wrong_does_not_matter_as_the_server_tells_its_time(
    another, session_of, hours: int
) -> None:  # type: ignore[no-untyped-def]
    now = time.time() + hours * 3600
    token = session_of(another(date=time.time), clock=lambda: now).login()
    assert 7000 < token.renew_at - now < 7200


@every_case("hours", [-5, -1, 1, 5])
def test_a_wrong_clock_without_the_servers_time_never_keeps_a_token_longer_than_its_life(
    another, session_of, hours: int
) -> None:  # type: ignore[no-untyped-def]
    now = time.time() + hours * 3600
    token = session_of(another(), clock=lambda: now).login()
    assert now < token.renew_at < now + 7200


@every_case("created", ["yesterday", None, 0, -1, 10**12, 10**400])
def test_a_creation_time_that_makes_no_sense_is_passed_over(another, session_of, created: object) -> None:  # type: ignore[no-untyped-def]
    now = time.time()
    token = session_of(another(created=lambda: created, date=time.time), clock=lambda: now).login()
    assert 7000 < token.renew_at - now < 7200


@pytest.mark.parametrize(("lifetime", "margin"), [(5400, 60), (100, 10), (10, 1)])
def test_the_margin_is_a_minute_or_a_tenth_of_the_life(lifetime: float, margin: float) -> None:
    token = Token("x", expires_in=lifetime, age=0, received_at=1000)
    assert token.renew_at == 1000 + lifetime - margin


def test_one_thread_logs_in_while_the_others_wait(another, session_of) -> None:  # type: ignore[no-untyped-def]
    def slow_login(asked: Asked) -> Said | None:
        if asked.path == "/oauth/token":
            time.sleep(0.1)
        return None

    server = another(twist=slow_login)
    session = session_of(server)
    assert ask_together(session, 8) == [200] * 8
    assert len(server.tokens) == 1


def test_a_token_refused_to_eight_threads_is_renewed_once(another, session_of) -> None:  # type: ignore[no-untyped-def]
    barrier = threading.Barrier(8, timeout=5)
    first: list[str] = []

    def all_at_once(asked: Asked) -> Said | None:
        if first and asked.headers.get("authorization") == first[0]:
            barrier.wait()
        return None

    server = another(twist=all_at_once)
    session = session_of(server)
    session.get(ME, company_id=COMPANY)
    first.append(server.calls[0].headers["authorization"])
    server.revoke_all()
    assert ask_together(session, 8) == [200] * 8
    assert len(server.tokens) == 2


def ask_together(session: Session, threads: int) -> list[int]:
    found: list[int] = []
    crew = [
        threading.Thread(target=lambda: found.append(session.get(ME, company_id=COMPANY).status))
        for _ in range(threads)
    ]
    for one in crew:
        one.start()
    for one in crew:
        one.join(10)
    return found


def test_fresh_tokens_that_are_refused_too_are_not_renewed_for_ever(another, session_of) -> None:  # type: ignore[no-untyped-def]
    server = another(twist=lambda asked: None if asked.path.startswith("/oauth") else Said(401, {}))
    assert session_of(server).get(ME, company_id=COMPANY).status == 401
    assert (len(server.tokens), len(server.calls)) == (4, 4)


@pytest.mark.parametrize("revocations", [1, 2, 3])
def test_revocations_close_together_are_outlived_although_no_token_was_of_use_between_them(
    another, session_of, revocations: int
) -> None:  # type: ignore[no-untyped-def]
    def twist(asked: Asked) -> Said | None:
        if asked.path == ME and len(server.tokens) <= revocations:
            server.revoke_all()
        return None

    server = another(twist=twist)
    assert session_of(server).get(ME, company_id=COMPANY).status == 200
    assert len(server.tokens) == revocations + 1


def test_sessions_of_one_client_share_a_token(another, session_of) -> None:  # type: ignore[no-untyped-def]
    server = another()
    for session in (session_of(server), session_of(server)):
        session.get(ME, company_id=COMPANY)
    assert len(server.tokens) == 1


def test_a_wrong_secret_is_refused_although_the_right_one_has_a_token(another, session_of) -> None:  # type: ignore[no-untyped-def]
    server = another()
    right, wrong = session_of(server), session_of(server, secret="not-the-secret")
    right.login()
    with pytest.raises(pnb.CredentialsError):
        wrong.get(ME, company_id=COMPANY)
    assert right.get(ME, company_id=COMPANY).status == 200
    assert wrong.shared is not right.shared


def test_two_environments_never_share_a_token(another, session_of) -> None:  # type: ignore[no-untyped-def]
    one, two = another(), another()
    for server in (one, two):
        session_of(server).get(ME, company_id=COMPANY)
    assert len(one.tokens) == len(two.tokens) == 1


def test_the_same_login_host_with_another_api_host_is_another_application(another, session_of) -> None:  # type: ignore[no-untyped-def]
    login, one, two = another(), another(), another()
    for server in (one, two):
        session_of(server, login=login.url).login()
    assert len(login.tokens) == 2


@pytest.mark.slow
def test_a_token_is_forgotten_with_its_last_session(another, small_heap) -> None:  # type: ignore[no-untyped-def]
    from another_procore import CLIENT_ID, SECRET

    server = another()
    place = pnb.Environment("another", server.url, server.url)
    for expected in (1, 2):
        session = Session(place, pnb.Credentials(CLIENT_ID, SECRET))
        session.login()
        session.close()
        assert len(server.tokens) == expected
        del session
        gc.collect()


def test_the_login_is_a_form_posted_with_both_values_and_no_other_secret_bearing_header(
    another, session_of
) -> None:  # type: ignore[no-untyped-def]
    from another_procore import CLIENT_ID, SECRET

    server = another()
    session_of(server).login()
    (login,) = server.asked
    assert (login.method, login.path, login.query) == ("POST", "/oauth/token", {})
    assert login.headers["content-type"].startswith("application/x-www-form-urlencoded")
    assert login.form == {
        "grant_type": ["client_credentials"],
        "client_id": [CLIENT_ID],
        "client_secret": [SECRET],
    }
    assert "authorization" not in login.headers


def test_token_info_and_revoke_ask_the_login_host(another, session_of) -> None:  # type: ignore[no-untyped-def]
    login, api = another(), another()
    session = session_of(api, login=login.url)
    assert session.token_info()["expires_in_seconds"] == 60
    session.revoke()
    session.revoke()
    assert [one.path for one in login.asked] == ["/oauth/token", "/oauth/token/info", "/oauth/revoke"]
    assert login.good == set()
    assert api.asked == []


def test_after_a_revoke_the_next_question_logs_in_again(another, session_of) -> None:  # type: ignore[no-untyped-def]
    server = another()
    session = session_of(server)
    session.login()
    session.revoke()
    assert session.get(ME, company_id=COMPANY).status == 200
    assert len(server.tokens) == 2


def test_a_failed_revoke_is_an_error(another, session_of) -> None:  # type: ignore[no-untyped-def]
    server = another(twist=lambda asked: Said(503, b"<html>") if asked.path == "/oauth/revoke" else None)
    session = session_of(server)
    session.login()
    with pytest.raises(pnb.ServerError):
        session.revoke()


def test_a_context_manager_revokes_when_asked_to(another, connected: Callable[..., pnb.Procore]) -> None:  # type: ignore[no-untyped-def]
    server = another()
    for revoke in (False, True):
        with connected(server, revoke_on_close=revoke) as procore:
            procore.me()
        assert len(server.good) == (0 if revoke else 1)


def test_a_token_revoked_as_soon_as_it_was_renewed_is_renewed_again(another, session_of) -> None:  # type: ignore[no-untyped-def]
    def twist(asked: Asked) -> Said | None:
        if asked.path.startswith("/oauth"):
            return None
        if asked.number == 2:  # with the first token
            server.revoke_all()
        if asked.one("who") == "other" and len(server.tokens) == 2:  # accepted once, then gone
            said = server.listed(asked)
            server.revoke_all()
            return said
        if asked.one("who") == "us" and len(server.tokens) == 2 and not others:
            others.append(session.get("/rest/v1.0/me", [("who", "other")], company_id=COMPANY))
        return None

    others: list[object] = []
    server = another(twist=twist)
    session = session_of(server)
    assert session.get("/rest/v1.0/me", [("who", "us")], company_id=COMPANY).status == 200
    assert len(server.tokens) == 3


@pytest.mark.slow
def test_the_rate_limit_is_remembered_when_the_last_connection_is_gone(
    another, connected, small_heap
) -> None:  # type: ignore[no-untyped-def]
    told = {"limit": "600", "remaining": "0", "reset": f"{time.time() + 1800:.0f}"}
    headers = [(f"x-rate-limit-{name}", text) for name, text in told.items()]
    server = another(twist=lambda asked: Said(200, {"id": 1}, headers) if asked.path == ME else None)

    def connect_ask_and_return() -> None:
        with connected(server, max_wait_seconds=0) as procore:
            procore.me()

    connect_ask_and_return()
    gc.collect()
    with pytest.raises(pnb.RateLimitError, match="rate limit"):
        connect_ask_and_return()
    assert len(server.calls) == 1


def test_a_rate_limit_is_forgotten_once_its_window_is_over_and_nobody_uses_it() -> None:
    from procore_nb.http import session as room

    def state_at(name: str, now: float) -> room.SharedState:
        return room.shared_state_of(
            pnb.Environment(name, f"https://login.{name}.example", f"https://api.{name}.example"),
            pnb.Credentials("window-test", "x"),
            now,
        )

    now = 1_800_000_000.0
    first = state_at("one", now)
    limiter = first.rate_limiter
    assert limiter.acquire(now) == 0
    told = {"limit": "600", "remaining": "7", "reset": f"{now + 1800:.0f}"}
    limiter.update({f"x-rate-limit-{name}": text for name, text in told.items()}, now)
    assert state_at("one", now) is first
    state_at("two", now + 10_000)  # whoever comes looks what can go; this one is in use
    del first
    again = state_at("one", now + 1700)
    assert again.rate_limiter is limiter
    del again
    assert state_at("one", now + 1802).rate_limiter is not limiter


def test_the_rate_limit_of_another_client_id_or_host_is_another() -> None:
    from procore_nb.http import shared_state_of

    one = pnb.Environment("one", "https://login.one.example", "https://api.one.example")
    two = pnb.Environment("two", "https://login.two.example", "https://api.two.example")
    states = [
        shared_state_of(place, pnb.Credentials(who, "x"), 0.0) for place in (one, two) for who in ("a", "b")
    ]
    assert len({id(state.rate_limiter) for state in states}) == 4
    renewed = shared_state_of(one, pnb.Credentials("a", "a renewed secret"), 0.0)
    assert renewed is not states[0]
    assert renewed.rate_limiter is states[0].rate_limiter  # Procore counts by application, not by secret


@pytest.fixture
def small_heap() -> Iterator[None]:
    """Let the collector look only at what is made from here on: all that pandas brings takes it a second."""
    gc.freeze()
    yield
    gc.unfreeze()


class Vault:
    """Hands out credentials, counted; `rotate` changes them."""

    def __init__(self, secret: str) -> None:
        self.secret, self.calls = secret, 0

    def fetch(self) -> pnb.Credentials:
        self.calls += 1
        return pnb.Credentials("another-client", self.secret)


@pytest.mark.slow
def test_a_function_gives_credentials_anew_for_every_token_and_nothing_keeps_them(
    another, connected, small_heap
) -> None:  # type: ignore[no-untyped-def]
    from another_procore import SECRET

    server, vault = another(), Vault(SECRET)
    procore = connected(server, credentials=vault.fetch)
    assert (vault.calls, procore.session.client_id) == (0, "")
    procore.me()
    procore.me()
    assert (vault.calls, procore.session.client_id) == (1, "another-client")
    server.revoke_all()
    procore.me()
    assert vault.calls == 2
    gc.collect()
    held = [
        one for one in gc.get_objects() if type(one) is pnb.Credentials and one.client_id == "another-client"
    ]
    assert all(one.client_secret.reveal() != SECRET or not _reached(one, procore) for one in held)
    procore.close(revoke=True)
    assert vault.calls == 3
    assert server.good == set()


def _reached(credentials: pnb.Credentials, procore: pnb.Procore) -> bool:
    places = [vars(procore), vars(procore.session), vars(procore.session.shared)]
    return any(value is credentials for place in places for value in place.values())


def test_a_secret_that_was_renewed_in_the_vault_is_used_from_the_next_token_on(another, connected) -> None:  # type: ignore[no-untyped-def]
    from another_procore import SECRET

    server, vault = another(), Vault("old")
    procore = connected(server, credentials=vault.fetch)
    with pytest.raises(pnb.CredentialsError, match="refused the credentials"):
        procore.me()
    vault.secret = SECRET
    assert len(procore.me()) == 1


def test_connections_with_the_same_function_share_token_and_rate_limit(another, connected) -> None:  # type: ignore[no-untyped-def]
    from another_procore import SECRET

    server, vault = another(), Vault(SECRET)
    one, two = connected(server, credentials=vault.fetch), connected(server, credentials=vault.fetch)
    one.me()
    two.me()
    assert len(server.tokens) == 1
    assert one.session.shared is two.session.shared


@every_case("wrong", [lambda: ("id", "s3cret"), lambda: None, lambda: 1 / 0])
def test_a_function_that_gives_no_credentials_is_named(another, connected, wrong) -> None:  # type: ignore[no-untyped-def]
    procore = connected(another(), credentials=wrong)
    with pytest.raises(pnb.CredentialsError, match="function passed as credentials") as caught:
        procore.me()
    assert "s3cret" not in str(caught.value)
    assert "pnb.Credentials" in caught.value.advice


@every_case("wrong", [pnb.Credentials, "id:secret", ("id",), 5])
def test_what_is_neither_credentials_nor_a_function_is_refused_at_once(another, connected, wrong) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(pnb.ArgumentError, match="or a function that returns them"):
        connected(another(), credentials=wrong)


def test_a_refused_login_names_where_each_value_was_found(another, places) -> None:  # type: ignore[no-untyped-def]
    server = another()
    at = places(
        {"PROCORE_CLIENT_ID": "mine", "PROCORE_CLIENT_SECRET": "wr0ng"}, env_file="PROCORE_COMPANY_ID=4711\n"
    )
    with pnb.connect(
        pnb.Environment("another", server.url, server.url), sources=at, progress=False
    ) as procore:
        with pytest.raises(pnb.CredentialsError) as caught:
            procore.me()
        steps = procore.diagnose()
    for said in (str(caught.value), steps.loc[steps["step"] == "credentials accepted", "detail"].item()):
        for part in ("'mine'", "environment variable PROCORE_CLIENT_ID", "environment: argument", ".env"):
            assert part in said
        assert "wr0ng" not in said
