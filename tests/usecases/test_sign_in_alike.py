"""Nobody learns who has an account: the answers are the same, and so is the work behind them.

What is counted is work, not time: hashes of passwords, and units that write.
"""

import pytest
from sqlalchemy import event

from tests.usecases.conftest import PASSWORD
from tests.usecases.signing_in import GUEST, NEW, UNCOUNTED, WRONG, CountedHasher, written
from visavis.core.errors import VisavisError
from visavis.credentials import passwords
from visavis.credentials.passwords import hash_password
from visavis.store.kinds import UserState
from visavis.usecases.callers import Callers
from visavis.usecases.errors import LogInRefused
from visavis.usecases.passwords import Passwords
from visavis.usecases.registration import Registration
from visavis.usecases.sign_in import SignIn

KNOWN = "owner@first.example"
WHO = ("unknown", "known", "known, right", "locked", "locked, right", "disabled", "unverified")


@pytest.fixture
def given():
    return {"throttle": UNCOUNTED, "accounts": {"open_registration": True}}


@pytest.fixture
def hasher(monkeypatch):
    counted = CountedHasher()
    monkeypatch.setattr(passwords, "_HASHER", counted)
    return counted


@pytest.fixture
def units(ground):
    """Give the units that were committed: the statements of each."""
    engine = ground.store._engine
    done: list[list[str]] = [[]]
    event.listen(engine, "before_cursor_execute", lambda *given: done[-1].append(given[2]))
    event.listen(engine, "commit", lambda connection: done.append([]))
    return done


@pytest.fixture
def email(ground, house, request):
    """Make the account what the test says, and return its address."""
    ids = house.tenant_id, house.owner.user_id
    state = next((state for state in UserState if state in request.param), UserState.ACTIVE)
    with ground.store.work() as work:
        work.users.set_state(*ids, state)
        if "locked" in request.param:
            work.users.lock(*ids, ground.clock().replace(year=2027))
    return GUEST if request.param == "unknown" else KNOWN


@pytest.fixture
def alike(ground, hasher, units):
    """Give a function that does something and tells what of it others could see or measure."""

    def do(act):
        units[:] = [[]]
        hasher.count = 0
        try:
            act()
        except VisavisError as exc:
            answer = f"{type(exc).__name__}: {exc}"
        else:
            answer = "done"
        return answer, hasher.count, sum(map(written, units))

    return do


REFUSED = f"LogInRefused: {LogInRefused()}", 1, 1


@pytest.mark.parametrize("email", [who for who in WHO if who != "known, right"], indirect=True)
@pytest.mark.parametrize("how", ["log_in", "open_browser"])
def test_a_wrong_password_and_a_wrong_address_are_one(ground, email, alike, how):
    enter = getattr(SignIn(ground, Callers(ground)), how)
    assert alike(lambda: enter(email, WRONG, "000000")) == REFUSED


@pytest.mark.parametrize("email", ["locked", "disabled", "unverified"], indirect=True)
def test_who_may_not_come_in_learns_nothing_from_the_right_password(ground, email, alike):
    sign_in = SignIn(ground, Callers(ground))
    assert alike(lambda: sign_in.log_in(email, PASSWORD)) == REFUSED


def test_the_count_of_the_known_goes_to_them_and_of_the_unknown_to_nobody(ground, house, alike):
    sign_in = SignIn(ground, Callers(ground))
    alike(lambda: sign_in.log_in(KNOWN, WRONG))
    alike(lambda: sign_in.log_in(GUEST, WRONG))
    with ground.store.reading() as work:
        failed = {user.email: user.failed_logins for user in work.users.oldest(9)}
        assert {email: count for email, count in failed.items() if count} == {KNOWN: 1}
        assert [tenant.id for tenant in work.tenants.page().items] == [house.tenant_id]


class Held:
    """Keeps what is to be done in the background, so that only the answer is measured."""

    def __init__(self):
        self.acts = []

    def do(self, what, act):
        self.acts.append(act)


@pytest.fixture
def unseen(ground, monkeypatch):
    """Give what would be done in the background."""
    held = Held()
    monkeypatch.setattr(ground.background, "do", held.do)
    return held.acts


@pytest.mark.parametrize("email", ["unknown", "known", "disabled", "unverified"], indirect=True)
def test_what_sends_letters_answers_before_it_has_looked(ground, email, alike, unseen):
    registration, forgotten = Registration(ground), Passwords(ground)
    for act, hashes in (
        (lambda: registration.register(email, "Ann Lee", NEW), 1),
        (lambda: registration.resend(email), 0),
        (lambda: forgotten.forgot(email), 0),
    ):
        unseen.clear()
        assert alike(act) == ("done", hashes, 0)
        assert len(unseen) == 1


CODE_WRONG = "InvalidInput: the code is wrong or has expired; check it, or ask for a new one"


@pytest.mark.parametrize("email", ["unknown", "known", "disabled", "unverified"], indirect=True)
@pytest.mark.parametrize("sent", [True, False])
def test_a_wrong_code_is_a_wrong_code(ground, email, alike, sent):
    registration, forgotten = Registration(ground), Passwords(ground)
    if sent:
        registration.resend(email)
        forgotten.forgot(email)
        ground.background.flush()
    assert alike(lambda: registration.confirm(email, "wrong")) == (CODE_WRONG, 0, 1)
    assert alike(lambda: forgotten.reset(email, "wrong", NEW)) == (CODE_WRONG, 1, 1)


def test_a_hash_that_stands_in_for_nobody_is_as_much_work(ground):
    assert passwords._HASHER.check_needs_rehash(passwords.DECOY) is False
    assert passwords._HASHER.check_needs_rehash(hash_password(PASSWORD)) is False
