"""Passwords that were forgotten, or are to be another one."""

from dataclasses import replace

import pytest

from tests.usecases.conftest import PASSWORD
from tests.usecases.people import actions
from tests.usecases.signing_in import (
    GUEST,
    NEW,
    UNCOUNTED,
    WRONG,
    add_second_factor,
    come_in,
    details,
    owner_email,
    user_of,
)
from visavis.core.errors import InvalidInput, NotAllowed
from visavis.credentials.errors import WeakPassword
from visavis.store.kinds import UserState
from visavis.throttle.errors import TooManyRequests
from visavis.usecases.callers import Callers
from visavis.usecases.errors import LogInNeeded, LogInRefused, SecondFactorNeeded
from visavis.usecases.passwords import Passwords
from visavis.usecases.registration import Registration
from visavis.usecases.sign_in import SignIn

REFUSED = "wrong or has expired"


@pytest.fixture
def given(request):
    counted = "counted" in request.node.name
    return {"accounts": {"open_registration": True}} | ({} if counted else {"throttle": UNCOUNTED})


@pytest.fixture
def passwords(ground, house):
    return Passwords(ground)


@pytest.fixture
def sign_in(ground):
    return SignIn(ground, Callers(ground))


@pytest.fixture
def code(ground, passwords, mailbox):
    """Give a function that asks for a code and returns it."""

    def ask(email=None):
        passwords.forgot(email or owner_email())
        ground.background.flush()
        return mailbox.code(email or owner_email())

    return ask


def test_a_code_gives_a_new_password_and_ends_all_sessions(
    ground, house, passwords, sign_in, code, mailbox
):
    tokens = sign_in.log_in(owner_email(), PASSWORD)
    browser = sign_in.open_browser(owner_email(), PASSWORD)
    passwords.reset(owner_email().upper(), code(), NEW)
    with pytest.raises(LogInNeeded):
        come_in(ground, tokens.access_token)
    with pytest.raises(LogInNeeded):
        sign_in.refresh(tokens.refresh_token)
    with pytest.raises(LogInNeeded):
        Callers(ground).of_cookie(browser.secret)
    with pytest.raises(LogInRefused):
        sign_in.log_in(owner_email(), PASSWORD)
    sign_in.log_in(owner_email(), NEW)
    ground.background.flush()
    assert "password of your account was changed" in mailbox.last(owner_email()).text
    assert details(ground, house.tenant_id, "password.reset") == [
        {"user_id": house.owner.user_id, "sessions": 2}
    ]


def test_a_new_password_lifts_the_lock(ground, house, passwords, sign_in, code):
    for _ in range(9):
        with pytest.raises(LogInRefused):
            sign_in.log_in(owner_email(), WRONG)
    passwords.reset(owner_email(), code(), NEW)
    for _ in range(5):
        with pytest.raises(LogInRefused):
            sign_in.log_in(owner_email(), WRONG)
    assert sign_in.log_in(owner_email(), NEW)


def test_a_new_password_leaves_the_second_factor(ground, house, passwords, sign_in, code):
    add_second_factor(ground, house.owner)
    passwords.reset(owner_email(), code(), NEW)
    with pytest.raises(SecondFactorNeeded):
        sign_in.log_in(owner_email(), NEW)


def test_a_code_works_once_and_for_ten_minutes(passwords, code, clock):
    first = code()
    passwords.reset(owner_email(), first, NEW)
    with pytest.raises(InvalidInput, match=REFUSED):
        passwords.reset(owner_email(), first, WRONG)
    clock.move(seconds=60)
    second = code()
    clock.move(minutes=10)
    with pytest.raises(InvalidInput, match=REFUSED):
        passwords.reset(owner_email(), second, WRONG)


def test_five_wrong_codes_and_the_right_one_is_dead(passwords, code, sign_in):
    right = code()
    for typed in [f"{(int(right) + 1) % 10**6:06}"] * 5 + [right]:
        with pytest.raises(InvalidInput, match=REFUSED):
            passwords.reset(owner_email(), typed, NEW)
    assert sign_in.log_in(owner_email(), PASSWORD)


def test_a_code_is_worth_nothing_for_somebody_else(passwords, code):
    mine = code()
    for email in ("admin@first.example", GUEST):
        with pytest.raises(InvalidInput, match=REFUSED):
            passwords.reset(email, mine, NEW)


def test_a_weak_password_costs_no_try(passwords, code):
    right = code()
    for weak in ("short", "owner first example", "a" * 300):
        with pytest.raises(WeakPassword):
            passwords.reset(owner_email(), right, weak)
    passwords.reset(owner_email(), right, NEW)


def test_a_code_for_an_address_that_one_has_no_more_is_dead(ground, house, passwords, code):
    old = code()
    with ground.store.work() as work:
        work.users.set_email(house.tenant_id, house.owner.user_id, GUEST)
    with pytest.raises(InvalidInput, match=REFUSED):
        passwords.reset(GUEST, old, NEW)


def test_who_was_disabled_stays_out(ground, house, passwords, code, mailbox, clock):
    right = code()
    with ground.store.work() as work:
        work.users.set_state(house.tenant_id, house.owner.user_id, UserState.DISABLED)
    with pytest.raises(InvalidInput, match=REFUSED):
        passwords.reset(owner_email(), right, NEW)
    clock.move(minutes=5)
    passwords.forgot(owner_email())
    ground.background.flush()
    assert len(mailbox.letters) == 1


def test_another_code_is_sent_after_a_while(ground, passwords, code, mailbox, clock):
    code()
    passwords.forgot(owner_email())
    ground.background.flush()
    assert len(mailbox.letters) == 1
    clock.move(seconds=60)
    code()
    assert len(mailbox.letters) == 2


def test_an_unknown_address_gets_no_letter(ground, passwords, mailbox):
    passwords.forgot(GUEST)
    ground.background.flush()
    assert mailbox.letters == []


def test_letters_and_tries_are_counted_by_account(passwords):
    for email in (GUEST, owner_email()):
        for _ in range(5):
            passwords.forgot(email)
        with pytest.raises(TooManyRequests):
            passwords.forgot(email)
        for _ in range(10):
            with pytest.raises(InvalidInput):
                passwords.reset(email, "wrong", NEW)
        with pytest.raises(TooManyRequests):
            passwords.reset(email, "wrong", NEW)


def test_who_registered_and_forgot_the_password_comes_in_with_a_code(
    ground, passwords, sign_in, code
):
    Registration(ground).register(GUEST, "Ann Lee", PASSWORD)
    ground.background.flush()
    passwords.reset(GUEST, code(GUEST), NEW)
    assert user_of(ground, GUEST).state is UserState.ACTIVE
    assert sign_in.log_in(GUEST, NEW)


def test_changing_it_ends_the_other_sessions(ground, house, passwords, sign_in, mailbox):
    mine, other = (sign_in.log_in(owner_email(), PASSWORD) for _ in range(2))
    actor = come_in(ground, mine.access_token)
    passwords.change(actor, PASSWORD, NEW)
    assert come_in(ground, mine.access_token)
    with pytest.raises(LogInNeeded):
        come_in(ground, other.access_token)
    sign_in.log_in(owner_email(), NEW)
    ground.background.flush()
    assert "password of your account was changed" in mailbox.last(owner_email()).text
    assert "password.changed" in actions(ground, house)


def test_a_code_sent_before_a_change_is_dead(house, passwords, code):
    sent = code()
    passwords.change(house.owner, PASSWORD, NEW)
    with pytest.raises(InvalidInput, match=REFUSED):
        passwords.reset(owner_email(), sent, WRONG)


@pytest.mark.parametrize(
    ("current", "new", "error", "words"),
    [
        (WRONG, NEW, NotAllowed, "password is wrong"),
        (PASSWORD, "short", WeakPassword, "too short"),
        (PASSWORD, "owner of first!", WeakPassword, "your name"),
        (PASSWORD, PASSWORD, InvalidInput, "choose another"),
    ],
)
def test_what_cannot_be_changed_stays(ground, house, passwords, current, new, error, words):
    before = user_of(ground, owner_email())
    with pytest.raises(error, match=words):
        passwords.change(house.owner, current, new)
    assert user_of(ground, owner_email()) == before


def test_programs_change_no_password(house, passwords):
    with pytest.raises(NotAllowed, match="API key"):
        passwords.change(replace(house.owner, key_id="k"), PASSWORD, NEW)
