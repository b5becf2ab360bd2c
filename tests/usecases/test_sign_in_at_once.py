"""Tries to get in at the same time, on every database: each is counted, and one is let in."""

from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.store.databases import KINDS, database
from tests.usecases.conftest import PASSWORD
from tests.usecases.people import actions
from tests.usecases.signing_in import (
    GUEST,
    NEW,
    UNCOUNTED,
    WRONG,
    add_second_factor,
    at_once,
    come_in,
    owner_email,
    user_of,
)
from visavis.core.errors import InvalidInput, NotAllowed
from visavis.credentials.lock_out import FREE
from visavis.credentials.one_time_codes import DIGITS
from visavis.store.kinds import CodePurpose
from visavis.usecases.callers import Callers
from visavis.usecases.errors import LogInNeeded, LogInRefused, SecondFactorNeeded
from visavis.usecases.passwords import Passwords
from visavis.usecases.second_factor import SecondFactor
from visavis.usecases.set_up import SetUp
from visavis.usecases.sign_in import SignIn, Tokens

TIMES = 8


@pytest.fixture(params=KINDS)
def given(request, tmp_path: Path) -> Iterator[dict[str, object]]:
    with database(request.param, tmp_path) as url:
        yield {"store": {"url": url}, "throttle": UNCOUNTED}


@pytest.fixture
def sign_in(ground):
    return SignIn(ground, Callers(ground))


def kinds(outcomes):
    return Counter(type(outcome) for outcome in outcomes)


def test_no_more_passwords_are_tried_than_are_free(ground, house, sign_in):
    outcomes = at_once(lambda _: sign_in.log_in(owner_email(), WRONG), TIMES)
    assert kinds(outcomes) == {LogInRefused: TIMES}
    assert user_of(ground, owner_email()).failed_logins == FREE + 1
    assert actions(ground, house).count("user.locked") == 1
    with pytest.raises(LogInRefused):
        sign_in.log_in(owner_email(), PASSWORD)


def test_all_who_know_the_password_come_in(ground, house, sign_in):
    outcomes = at_once(lambda _: sign_in.log_in(owner_email(), PASSWORD), TIMES)
    assert kinds(outcomes) == {Tokens: TIMES}
    assert actions(ground, house).count("session.started") == TIMES
    assert ground.audit.verify(ground.store, house.tenant_id) == []


def test_of_two_exchanges_of_one_token_one_wins_and_the_family_ends(ground, house, sign_in):
    first = sign_in.log_in(owner_email(), PASSWORD)
    outcomes = at_once(lambda _: sign_in.refresh(first.refresh_token), 2)
    assert kinds(outcomes) == {Tokens: 1, LogInNeeded: 1}
    (won,) = (outcome for outcome in outcomes if isinstance(outcome, Tokens))
    with pytest.raises(LogInNeeded):
        come_in(ground, won.access_token)
    with pytest.raises(LogInNeeded):
        sign_in.refresh(won.refresh_token)
    assert actions(ground, house).count("session.reused") == 1


def test_a_code_of_the_app_lets_one_in(ground, house, sign_in, clock):
    def enter(code, _):
        return sign_in.log_in(owner_email(), PASSWORD, code)

    app, recovery = add_second_factor(ground, house.owner)
    clock.move(seconds=30)
    for code in (app.at(clock.now), recovery[0]):
        outcomes = at_once(partial(enter, code), 4)
        assert kinds(outcomes) == {Tokens: 1, SecondFactorNeeded: 3}


def test_guesses_at_a_code_count_each_and_then_the_right_one_is_dead(ground, house, mailbox, clock):
    forgotten = Passwords(ground)
    forgotten.forgot(owner_email())
    ground.background.flush()
    code = mailbox.code(owner_email())
    wrong = str((int(code) + 1) % 10**DIGITS).zfill(DIGITS)
    outcomes = at_once(lambda _: forgotten.reset(owner_email(), wrong, NEW), TIMES)
    assert kinds(outcomes) == {InvalidInput: TIMES}
    with ground.store.reading() as work:
        ids = house.tenant_id, house.owner.user_id
        sent = work.codes.latest(*ids, CodePurpose.RESET_PASSWORD)
    assert sent
    assert sent.attempts_left == 0
    with pytest.raises(InvalidInput, match="wrong or has expired"):
        forgotten.reset(owner_email(), code, NEW)


def test_a_code_gives_one_new_password(ground, house, sign_in, mailbox):
    forgotten = Passwords(ground)
    forgotten.forgot(owner_email())
    ground.background.flush()
    code = mailbox.code(owner_email())
    outcomes = at_once(lambda n: forgotten.reset(owner_email(), code, f"{NEW} {n}"), 4)
    assert kinds(outcomes) == {type(None): 1, InvalidInput: 3}
    sign_in.log_in(owner_email(), f"{NEW} {outcomes.index(None)}")


def test_of_two_who_set_a_server_up_the_first_wins(ground):
    set_ups = [SetUp(ground) for _ in range(4)]
    outcomes = at_once(
        lambda n: set_ups[n].create_owner(f"n{n}.{GUEST}", f"Owner {n}", NEW), len(set_ups)
    )
    assert kinds(outcomes)[NotAllowed] == len(set_ups) - 1
    with ground.store.reading() as work:
        assert len(work.users.oldest(9)) == 1
        assert len(work.tenants.page().items) == 1


def test_two_of_a_tenant_who_begin_at_once_both_get_an_app(ground, house):
    factor, people = SecondFactor(ground), [house.owner, house.admin, house.operator, house.viewer]
    outcomes = at_once(lambda n: factor.begin(people[n], PASSWORD), len(people))
    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
