"""The second factor of who asks: begun, confirmed, replaced, removed."""

from datetime import timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import pyotp
import pytest

from tests.usecases.conftest import PASSWORD
from tests.usecases.people import actions
from tests.usecases.signing_in import UNCOUNTED, WRONG, add_second_factor, owner_email, user_of
from visavis.core.errors import InvalidInput, NotAllowed
from visavis.store.errors import AlreadyThere
from visavis.usecases.actor import Actor
from visavis.usecases.callers import Callers
from visavis.usecases.errors import LogInNeeded, NotFound, SecondFactorNeeded
from visavis.usecases.second_factor import PURPOSE, SecondFactor, has_second_factor, passes
from visavis.usecases.sign_in import SignIn
from visavis.vault.errors import SealBroken


@pytest.fixture
def given():
    return {"throttle": UNCOUNTED}


@pytest.fixture
def factor(ground):
    return SecondFactor(ground)


@pytest.fixture
def sign_in(ground):
    return SignIn(ground, Callers(ground))


def test_an_app_is_added_with_the_password_and_a_code(
    ground, house, factor, sign_in, mailbox, clock
):
    offer = factor.begin(house.owner, PASSWORD)
    label, query = urlsplit(offer.uri).path, parse_qs(urlsplit(offer.uri).query)
    assert unquote(label) == f"/Visavis:{owner_email()}"
    assert query["secret"] == [offer.secret]
    assert offer.secret not in repr(offer)
    sign_in.log_in(owner_email(), PASSWORD)  # nothing counts before it was confirmed
    codes = factor.confirm(house.owner, pyotp.TOTP(offer.secret).at(clock.now))
    assert len(set(codes)) == 10
    assert factor.recovery_left(house.owner) == 10
    with pytest.raises(SecondFactorNeeded):
        sign_in.log_in(owner_email(), PASSWORD)
    ground.background.flush()
    assert "An authenticator app was added" in mailbox.last(owner_email()).text
    assert "second_factor.added" in actions(ground, house)


def test_the_secret_is_sealed_for_its_user(ground, house, factor):
    secret = factor.begin(house.owner, PASSWORD).secret
    sealed = user_of(ground, owner_email()).totp_sealed
    assert sealed
    assert secret.encode() not in sealed
    with ground.store.work() as work:  # moved to another user it opens nothing
        work.users.set_totp(house.tenant_id, house.admin.user_id, sealed, ground.clock())
        moved = work.users.find(house.tenant_id, house.admin.user_id)
        with pytest.raises(SealBroken):
            passes(ground, work, moved, "000000", ground.clock())


def test_a_secret_sealed_before_the_key_was_rotated_still_opens(ground, house, sign_in, clock):
    app, _ = add_second_factor(ground, house.owner)
    with ground.store.work() as work:
        ground.keyring.rotate_tenant(work.keys, house.tenant_id, PURPOSE, clock.now)
    clock.move(seconds=30)
    assert sign_in.log_in(owner_email(), PASSWORD, app.at(clock.now))
    add_second_factor(ground, house.admin)


@pytest.mark.parametrize("act", ["begin", "remove", "new_recovery_codes"])
def test_each_change_needs_the_password(ground, house, factor, act):
    if act != "begin":
        add_second_factor(ground, house.owner)
    before = user_of(ground, owner_email())
    with pytest.raises(NotAllowed, match="password is wrong"):
        getattr(factor, act)(house.owner, WRONG)
    assert user_of(ground, owner_email()) == before


@pytest.mark.parametrize("code", ["000000", "", "abc", "1234567"])
def test_a_wrong_code_confirms_nothing(ground, house, factor, code):
    factor.begin(house.owner, PASSWORD)
    with pytest.raises(InvalidInput, match="the code is wrong"):
        factor.confirm(house.owner, code)
    assert not has_second_factor(user_of(ground, owner_email()))
    assert factor.recovery_left(house.owner) == 0


def test_what_was_not_begun_is_not_confirmed(house, factor):
    with pytest.raises(NotFound):
        factor.confirm(house.owner, "000000")
    factor.begin(house.admin, PASSWORD)
    with pytest.raises(NotFound):
        factor.confirm(house.owner, "000000")


def test_an_app_that_counts_is_not_replaced_by_a_new_one(ground, house, factor, clock):
    app, _ = add_second_factor(ground, house.owner)
    for act in (
        lambda: factor.begin(house.owner, PASSWORD),
        lambda: factor.confirm(house.owner, app.at(clock.now + timedelta(seconds=30))),
    ):
        with pytest.raises(AlreadyThere, match="remove it first"):
            act()
    assert has_second_factor(user_of(ground, owner_email()))


def test_removing_it_takes_the_recovery_codes_along(ground, house, factor, sign_in, mailbox):
    with pytest.raises(NotFound):
        factor.remove(house.owner, PASSWORD)
    add_second_factor(ground, house.owner)
    factor.remove(house.owner, PASSWORD)
    assert factor.recovery_left(house.owner) == 0
    ground.background.flush()
    assert "no second factor any more" in mailbox.last(owner_email()).subject
    assert sign_in.log_in(owner_email(), PASSWORD)
    assert "second_factor.removed" in actions(ground, house)
    add_second_factor(ground, house.owner)


def test_new_recovery_codes_replace_the_old_ones(ground, house, factor, sign_in, mailbox):
    with pytest.raises(NotFound):
        factor.new_recovery_codes(house.owner, PASSWORD)
    _, old = add_second_factor(ground, house.owner)
    sign_in.log_in(owner_email(), PASSWORD, old[0])
    assert factor.recovery_left(house.owner) == 9
    new = factor.new_recovery_codes(house.owner, PASSWORD)
    assert factor.recovery_left(house.owner) == 10
    with pytest.raises(SecondFactorNeeded):
        sign_in.log_in(owner_email(), PASSWORD, old[1])
    sign_in.log_in(owner_email(), PASSWORD, new[0])
    ground.background.flush()
    assert "A new set of recovery codes" in mailbox.last(owner_email()).text
    assert "recovery_codes.made" in actions(ground, house)


def test_no_recovery_code_is_kept_as_it_was_shown(ground, house):
    _, codes = add_second_factor(ground, house.owner)
    with ground.store.reading() as work:
        kept = work.recovery_codes.all(house.tenant_id, house.owner.user_id)
    assert not {code.code_hash for code in kept} & {*codes, *(c.replace("-", "") for c in codes)}


def test_whoever_sits_at_the_machine_can_remove_it(ground, house, factor, sign_in, mailbox):
    add_second_factor(ground, house.owner)
    factor.reset(house.tenant_id, house.owner.user_id)
    ground.background.flush()
    assert "no second factor any more" in mailbox.last(owner_email()).subject
    assert sign_in.log_in(owner_email(), PASSWORD)
    with pytest.raises(NotFound):
        factor.reset(house.tenant_id, house.owner.user_id)


def test_programs_and_those_who_are_gone_change_nothing(ground, house, factor):
    program = Actor(house.tenant_id, house.owner.user_id, house.owner.role, (), key_id="k")
    gone = Actor(house.tenant_id, "0" * 32, house.owner.role)
    for act in (factor.begin, factor.confirm, factor.remove, factor.new_recovery_codes):
        with pytest.raises(NotAllowed, match="API key"):
            act(program, PASSWORD)
        with pytest.raises(LogInNeeded):
            act(gone, PASSWORD)
    with pytest.raises(NotAllowed, match="API key"):
        factor.recovery_left(program)
