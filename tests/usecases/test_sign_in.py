"""Logging in and out, through the use case as the doors use it."""

from datetime import timedelta

import pytest
from argon2 import PasswordHasher

from tests.usecases.conftest import PASSWORD
from tests.usecases.people import actions
from tests.usecases.signing_in import (
    UNCOUNTED,
    WRONG,
    add_second_factor,
    come_in,
    details,
    owner_email,
    user_of,
)
from visavis.core.errors import InvalidInput, NotAllowed
from visavis.credentials.passwords import needs_rehash
from visavis.credentials.tokens import API_KEY, LINK, REFRESH, new_secret
from visavis.store.kinds import UserState
from visavis.throttle.errors import TooManyRequests
from visavis.usecases.actor import Actor
from visavis.usecases.callers import COOKIE, Callers
from visavis.usecases.errors import LogInNeeded, LogInRefused, NotFound, SecondFactorNeeded
from visavis.usecases.sign_in import SignIn


@pytest.fixture
def given(request):
    return {} if "counted" in request.node.name else {"throttle": UNCOUNTED}


@pytest.fixture
def callers(ground):
    return Callers(ground)


@pytest.fixture
def sign_in(ground, callers):
    return SignIn(ground, callers)


@pytest.fixture
def wrong(sign_in):
    """Give a function that fails to log in so many times."""

    def fail(times, email=None):
        for _ in range(times):
            with pytest.raises(LogInRefused):
                sign_in.log_in(email or owner_email(), WRONG)

    return fail


def test_a_password_opens_a_session(ground, house, callers, sign_in, clock):
    tokens = sign_in.log_in(
        f"  {owner_email().upper()} ", PASSWORD, address="192.0.2.7", user_agent="curl\x00/8 \ud800"
    )
    assert tokens.refresh_token.startswith(REFRESH)
    assert tokens.expires_in_s == 15 * 60
    actor = callers.of_bearer(tokens.access_token)
    assert (actor.user_id, actor.session_id) == (house.owner.user_id, tokens.session_id)
    (session,) = sign_in.sessions(actor).items
    assert (session.id, session.address, session.user_agent) == (
        *(tokens.session_id, "192.0.2.7", "curl/8 "),
    )
    assert session.expires_at == clock.now + timedelta(days=30)
    assert user_of(ground, owner_email()).last_login_at == clock.now
    assert details(ground, house.tenant_id, "session.started") == [
        {"session_id": tokens.session_id}
    ]


def test_nothing_secret_is_shown_by_what_logging_in_gives(house, sign_in):
    tokens = sign_in.log_in(owner_email(), PASSWORD)
    browser = sign_in.open_browser(owner_email(), PASSWORD)
    shown = f"{tokens} {browser}"
    for secret in (tokens.access_token, tokens.refresh_token, browser.secret):
        assert secret not in shown


def test_what_is_no_address_is_refused_as_that(sign_in):
    with pytest.raises(InvalidInput, match="e-mail address cannot be used"):
        sign_in.log_in("not an address", PASSWORD)


def test_tries_are_counted_by_account_even_where_there_is_none(sign_in, house):
    for _ in range(10):
        with pytest.raises(LogInRefused):
            sign_in.log_in("nobody@first.example", WRONG)
    with pytest.raises(TooManyRequests):
        sign_in.log_in("NOBODY@first.example", WRONG)
    sign_in.log_in(owner_email(), PASSWORD)


def test_tries_are_counted_by_network_address_whoever_they_are_for(sign_in, house):
    for number in range(10):
        with pytest.raises(LogInRefused):
            sign_in.log_in(f"n{number}@first.example", WRONG, address="192.0.2.7")
    with pytest.raises(TooManyRequests):
        sign_in.log_in(owner_email(), PASSWORD, address="192.0.2.7")
    sign_in.log_in(owner_email(), PASSWORD, address="192.0.2.8")


def test_who_guesses_is_locked_out_for_longer_and_longer(ground, house, sign_in, wrong, clock):
    wrong(6)
    for locked_s in (30, 60, 120):
        clock.move(seconds=locked_s - 1)
        with pytest.raises(LogInRefused):
            sign_in.log_in(owner_email(), PASSWORD)  # right, and still refused
        clock.move(seconds=1)
        wrong(1)
    clock.move(seconds=240)
    sign_in.log_in(owner_email(), PASSWORD)
    user = user_of(ground, owner_email())
    assert (user.failed_logins, user.locked_until) == (0, None)


def test_a_locked_account_counts_nothing_and_is_written_to_once_a_lock(
    ground, house, wrong, mailbox, clock
):
    wrong(30)
    assert user_of(ground, owner_email()).failed_logins == 6
    ground.background.flush()
    assert [letter.to for letter in mailbox.letters] == [owner_email()]
    assert "12:00 UTC" in mailbox.last(owner_email()).text
    clock.move(seconds=30)
    wrong(30)
    ground.background.flush()
    assert len(mailbox.letters) == 2
    assert details(ground, house.tenant_id, "user.locked") == [
        {"user_id": house.owner.user_id, "failures": failures} for failures in (6, 7)
    ]


def test_five_mistakes_do_not_matter(ground, house, sign_in, wrong, mailbox):
    for _ in range(3):
        wrong(5)
        sign_in.log_in(owner_email(), PASSWORD)
    ground.background.flush()
    assert mailbox.letters == []


@pytest.mark.parametrize("state", [UserState.DISABLED, UserState.UNVERIFIED])
def test_who_may_not_log_in_is_refused_with_the_right_password_too(ground, house, sign_in, state):
    with ground.store.work() as work:
        work.users.set_state(house.tenant_id, house.owner.user_id, state)
    with pytest.raises(LogInRefused):
        sign_in.log_in(owner_email(), PASSWORD)
    assert "session.started" not in actions(ground, house)


def test_who_has_no_password_cannot_log_in_with_an_empty_one(ground, house, sign_in):
    with ground.store.work() as work:
        work.users.set_password(house.tenant_id, house.owner.user_id, "", ground.clock())
    for password in ("", PASSWORD, "x" * 10_000):
        with pytest.raises(LogInRefused):
            sign_in.log_in(owner_email(), password)


def test_an_older_hash_is_replaced_by_one_of_today(ground, house, sign_in):
    old = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    with ground.store.work() as work:
        work.users.set_password(house.tenant_id, house.owner.user_id, old, ground.clock())
    with pytest.raises(LogInRefused):
        sign_in.log_in(owner_email(), WRONG)
    ground.background.flush()
    assert user_of(ground, owner_email()).password_hash == old
    sign_in.log_in(owner_email(), PASSWORD)
    ground.background.flush()
    assert not needs_rehash(user_of(ground, owner_email()).password_hash)
    sign_in.log_in(owner_email(), PASSWORD)


def test_with_a_second_factor_the_password_alone_opens_nothing(ground, house, sign_in, clock):
    app, recovery = add_second_factor(ground, house.owner)
    for code in ("", "  "):
        with pytest.raises(SecondFactorNeeded):
            sign_in.log_in(owner_email(), PASSWORD, code)
    with pytest.raises(LogInRefused):
        sign_in.log_in(owner_email(), WRONG, app.at(clock.now + timedelta(seconds=30)))
    clock.move(seconds=30)
    assert sign_in.log_in(owner_email(), PASSWORD, app.at(clock.now))
    assert sign_in.open_browser(owner_email(), PASSWORD, recovery[0].upper())


def test_a_code_of_the_app_counts_once_and_never_again(ground, house, sign_in, clock):
    app, _ = add_second_factor(ground, house.owner)
    with pytest.raises(SecondFactorNeeded):  # the code that confirmed the app
        sign_in.log_in(owner_email(), PASSWORD, app.at(clock.now))
    clock.move(seconds=60)
    sign_in.log_in(owner_email(), PASSWORD, app.at(clock.now))
    for earlier in (0, 30, 60):
        with pytest.raises(SecondFactorNeeded):
            sign_in.log_in(owner_email(), PASSWORD, app.at(clock.now - timedelta(seconds=earlier)))


def test_a_recovery_code_counts_once_and_only_for_its_owner(ground, house, sign_in):
    _, recovery = add_second_factor(ground, house.owner)
    _, others = add_second_factor(ground, house.admin)
    with pytest.raises(SecondFactorNeeded):
        sign_in.log_in(owner_email(), PASSWORD, others[0])
    sign_in.log_in(owner_email(), PASSWORD, recovery[0])
    with pytest.raises(SecondFactorNeeded):
        sign_in.log_in(owner_email(), PASSWORD, recovery[0])


def test_guessing_at_the_second_factor_locks_and_is_written_down(
    ground, house, sign_in, clock, mailbox
):
    app, recovery = add_second_factor(ground, house.owner)
    for _ in range(6):
        with pytest.raises(SecondFactorNeeded):
            sign_in.log_in(owner_email(), PASSWORD, "000000")
    for code in (app.at(clock.now + timedelta(seconds=30)), recovery[0], ""):
        with pytest.raises(LogInRefused):
            sign_in.log_in(owner_email(), PASSWORD, code)
    ground.background.flush()
    assert "locked" in mailbox.last(owner_email()).subject
    assert actions(ground, house).count("second_factor.failed") == 6
    clock.move(seconds=30)
    sign_in.log_in(owner_email(), PASSWORD, recovery[0])


def test_the_right_password_alone_does_not_forget_wrong_codes(ground, house, sign_in):
    add_second_factor(ground, house.owner)
    for _ in range(6):
        with pytest.raises(SecondFactorNeeded):
            sign_in.log_in(owner_email(), PASSWORD)
        with pytest.raises(SecondFactorNeeded):
            sign_in.log_in(owner_email(), PASSWORD, "000000")
    with pytest.raises(LogInRefused):
        sign_in.log_in(owner_email(), PASSWORD)


def test_a_refresh_token_is_exchanged_again_and_again(ground, house, callers, sign_in, clock):
    tokens = sign_in.log_in(owner_email(), PASSWORD)
    for _ in range(3):
        clock.move(days=29)
        tokens = sign_in.refresh(tokens.refresh_token)
        assert callers.of_bearer(tokens.access_token).session_id == tokens.session_id
    clock.move(days=30)
    with pytest.raises(LogInNeeded):
        sign_in.refresh(tokens.refresh_token)


def test_a_refresh_token_that_comes_twice_ends_the_session_once(ground, house, sign_in, clock):
    first = sign_in.log_in(owner_email(), PASSWORD)
    other = sign_in.log_in(owner_email(), PASSWORD)
    second = sign_in.refresh(first.refresh_token)
    for _ in range(3):
        clock.move(seconds=1)
        with pytest.raises(LogInNeeded):
            sign_in.refresh(first.refresh_token)
    with pytest.raises(LogInNeeded):
        sign_in.refresh(second.refresh_token)
    for access in (first.access_token, second.access_token):
        with pytest.raises(LogInNeeded):
            come_in(ground, access)
    assert come_in(ground, other.access_token)
    assert details(ground, house.tenant_id, "session.reused") == [{"session_id": first.session_id}]


@pytest.mark.parametrize(
    "token", ["", "x", new_secret(REFRESH), new_secret(API_KEY), new_secret(LINK), "vvr_é\ud800"]
)
def test_what_is_no_refresh_token_is_exchanged_for_nothing(house, sign_in, token):
    with pytest.raises(LogInNeeded):
        sign_in.refresh(token)


@pytest.mark.parametrize("state", [UserState.DISABLED, None])
def test_who_may_not_be_here_any_more_gets_no_new_tokens(ground, house, sign_in, state):
    tokens = sign_in.log_in(owner_email(), PASSWORD)
    with ground.store.work() as work:
        if state is None:
            work.users.remove(house.tenant_id, house.owner.user_id)
        else:
            work.users.set_state(house.tenant_id, house.owner.user_id, state)
    with pytest.raises(LogInNeeded):
        sign_in.refresh(tokens.refresh_token)
    with ground.store.work() as work:  # let in again, the session is still over
        work.users.set_state(house.tenant_id, house.owner.user_id, UserState.ACTIVE)
    with pytest.raises(LogInNeeded):
        sign_in.refresh(tokens.refresh_token)


def test_new_tokens_have_the_role_of_now(ground, house, callers, sign_in, clock):
    tokens = sign_in.log_in(owner_email(), PASSWORD)
    with ground.store.work() as work:
        work.users.set_role(house.tenant_id, house.owner.user_id, house.viewer.role)
    tokens = sign_in.refresh(tokens.refresh_token)
    assert callers.tokens.verify(tokens.access_token, clock.now).role is house.viewer.role


def test_a_cookie_opens_pages_and_is_never_exchanged(house, callers, sign_in, clock):
    browser = sign_in.open_browser(owner_email(), PASSWORD)
    assert browser.secret.startswith(COOKIE)
    assert browser.user_id == house.owner.user_id
    assert browser.expires_at == clock.now + timedelta(days=30)
    assert callers.of_cookie(browser.secret).user_id == house.owner.user_id
    for secret in (browser.secret, browser.secret.replace(COOKIE, REFRESH, 1)):
        with pytest.raises(LogInNeeded):
            sign_in.refresh(secret)
    with pytest.raises(LogInNeeded):
        callers.of_bearer(browser.secret)


def test_a_refresh_token_is_no_cookie_and_no_access_token(house, callers, sign_in):
    tokens = sign_in.log_in(owner_email(), PASSWORD)
    for secret in (tokens.refresh_token, tokens.refresh_token.replace(REFRESH, COOKIE, 1)):
        with pytest.raises(LogInNeeded):
            callers.of_cookie(secret)
        with pytest.raises(LogInNeeded):
            callers.of_bearer(secret)


def test_logging_out_ends_this_session_only(ground, house, callers, sign_in):
    mine = sign_in.log_in(owner_email(), PASSWORD)
    other = sign_in.open_browser(owner_email(), PASSWORD)
    actor = callers.of_bearer(mine.access_token)
    sign_in.log_out(actor)
    with pytest.raises(LogInNeeded):
        callers.of_bearer(mine.access_token)
    with pytest.raises(LogInNeeded):
        sign_in.refresh(mine.refresh_token)
    assert callers.of_cookie(other.secret)
    sign_in.log_out(actor)  # a second time: nothing happens
    assert details(ground, house.tenant_id, "session.ended") == [{"session_id": mine.session_id}]


def test_logging_out_everywhere_ends_all_sessions_of_oneself(ground, house, callers, sign_in):
    sessions = [sign_in.log_in(owner_email(), PASSWORD) for _ in range(3)]
    others = sign_in.log_in("admin@first.example", PASSWORD)
    actor = callers.of_bearer(sessions[0].access_token)
    assert sign_in.log_out_everywhere(actor, keep_this=True) == 2
    assert callers.of_bearer(sessions[0].access_token)
    with pytest.raises(LogInNeeded):
        callers.of_bearer(sessions[1].access_token)
    assert sign_in.log_out_everywhere(actor) == 1
    assert sign_in.log_out_everywhere(actor) == 0
    with pytest.raises(LogInNeeded):
        callers.of_bearer(sessions[0].access_token)
    assert callers.of_bearer(others.access_token)
    assert details(ground, house.tenant_id, "session.ended") == [{"sessions": 2}, {"sessions": 1}]


def test_only_open_sessions_of_oneself_are_listed_and_ended(house, other, callers, sign_in, clock):
    sign_in.open_browser(owner_email(), PASSWORD)
    clock.move(days=30)
    ended = sign_in.log_in(owner_email(), PASSWORD)
    sign_in.log_out(callers.of_bearer(ended.access_token))
    clock.move(seconds=1)
    mine = [sign_in.log_in(owner_email(), PASSWORD) for _ in range(2)]
    theirs = [
        sign_in.log_in(email, PASSWORD) for email in ("admin@first.example", "owner@second.example")
    ]
    actor = callers.of_bearer(mine[0].access_token)
    first = sign_in.sessions(actor, limit=1)
    rest = sign_in.sessions(actor, cursor=first.next)
    assert {session.id for session in first.items + rest.items} == {one.session_id for one in mine}
    for session_id in (theirs[0].session_id, theirs[1].session_id, ended.session_id, "0" * 32):
        with pytest.raises(NotFound, match="no such session"):
            sign_in.end_session(actor, session_id)
    sign_in.end_session(actor, mine[1].session_id)
    with pytest.raises(LogInNeeded):
        callers.of_bearer(mine[1].access_token)
    assert all(callers.of_bearer(tokens.access_token) for tokens in (*theirs, mine[0]))


def test_programs_with_a_key_have_no_sessions(house, sign_in):
    program = Actor(house.tenant_id, house.owner.user_id, house.owner.role, (), key_id="k")
    for act in (
        sign_in.log_out,
        sign_in.log_out_everywhere,
        sign_in.sessions,
        lambda actor: sign_in.end_session(actor, "0" * 32),
    ):
        with pytest.raises(NotAllowed, match="API key"):
            act(program)


def test_on_a_private_machine_there_is_nothing_to_log_out_of(ground, house, sign_in):
    sign_in.log_out(house.owner)  # made without a session
    assert "session.ended" not in actions(ground, house)
