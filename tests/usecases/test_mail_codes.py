"""Codes that come by mail: for one user and one purpose, a few tries, a few minutes, once."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from visavis.store.kinds import CodePurpose
from visavis.usecases.mail_codes import new_mail_code, redeem, wait_s

VERIFY, RESET = CodePurpose.VERIFY_EMAIL, CodePurpose.RESET_PASSWORD
TO = "reader@x.example"


@pytest.fixture
def user(ground, house):
    with ground.store.reading() as work:
        return work.users.find(house.tenant_id, house.viewer.user_id)


def send(ground, user, purpose=VERIFY):
    with ground.store.work() as work:
        return new_mail_code(ground, work, user, purpose, TO, ground.clock())


def type_(ground, user, code, purpose=VERIFY):
    with ground.store.work() as work:
        return redeem(ground, work, user, purpose, code, ground.clock())


def test_a_code_works_once_and_tells_where_it_went(ground, user):
    code = send(ground, user)
    assert type_(ground, user, code).sent_to == TO
    assert type_(ground, user, code) is None


def test_a_code_is_good_for_nobody_else_and_nothing_else(ground, house, user):
    code = send(ground, user)
    with ground.store.reading() as work:
        stranger = work.users.find(house.tenant_id, house.owner.user_id)
    assert type_(ground, stranger, code) is None
    assert type_(ground, user, code, RESET) is None
    assert type_(ground, user, code)


def test_the_hash_of_a_code_is_worth_nothing_elsewhere(ground, house, user):
    code = send(ground, user)
    with ground.store.work() as work:
        row = work.codes.latest(user.tenant_id, user.id, VERIFY)
        stranger = work.users.find(house.tenant_id, house.owner.user_id)
        for who, purpose in ((stranger, VERIFY), (user, RESET)):
            work.codes.add(
                *(who.tenant_id, who.id, purpose, row.code_hash, TO, 5),
                *(row.expires_at, row.created_at),
            )
    assert code not in row.code_hash
    assert type_(ground, stranger, code) is None
    assert type_(ground, user, code, RESET) is None


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 999_999), min_size=5, max_size=8))
def test_after_five_wrong_tries_the_right_one_is_wrong(ground, user, guesses):
    code = send(ground, user)
    tries = [f"{guess:06d}" for guess in guesses if f"{guess:06d}" != code]
    for guess in tries:
        assert type_(ground, user, guess) is None
    assert (type_(ground, user, code) is None) == (len(tries) >= 5)


def test_a_code_dies_of_age_and_of_the_next_one(ground, user, clock):
    first = send(ground, user)
    second = send(ground, user)
    assert first == second or type_(ground, user, first) is None
    clock.move(minutes=10)
    assert type_(ground, user, second) is None


def test_another_is_sent_after_the_cool_down(ground, user, clock):
    def wait():
        with ground.store.reading() as work:
            return wait_s(ground, work, user, VERIFY, clock())

    assert wait() == 0
    send(ground, user)
    assert wait() == 60
    clock.move(seconds=59.5)
    assert wait() == 1
    clock.move(seconds=0.5)
    assert wait() == 0
