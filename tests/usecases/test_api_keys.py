"""API keys: what a program may do is what its maker may do now, and what the key was made for."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from visavis.core.errors import InvalidInput, NotAllowed
from visavis.core.roles import Role
from visavis.credentials.roles import ALL, Permission, permissions_of
from visavis.credentials.tokens import API_KEY, hash_secret, looks_like_secret, new_secret
from visavis.usecases.actor import Actor
from visavis.usecases.api_keys import MOST_NAME, ApiKeys
from visavis.usecases.callers import Callers
from visavis.usecases.errors import LogInNeeded, NotFound
from visavis.usecases.users import Users

READ, WRITE, ANALYSE = Permission.PEOPLE_READ, Permission.PEOPLE_WRITE, Permission.ANALYSE


@pytest.fixture
def keys(ground):
    return ApiKeys(ground)


@pytest.fixture
def callers(ground):
    return Callers(ground)


def actors(house):
    return {
        Role.OWNER: house.owner,
        Role.ADMIN: house.admin,
        Role.OPERATOR: house.operator,
        Role.VIEWER: house.viewer,
    }


def test_nobody_has_too_many_keys_that_work(keys, house, clock, monkeypatch):
    monkeypatch.setattr("visavis.usecases.api_keys.MOST_KEYS", 2)
    first = keys.create(house.operator, "a", ["analyse"], 1)
    keys.create(house.operator, "b", ["analyse"])
    keys.create(house.admin, "of somebody else", ["analyse"])
    with pytest.raises(InvalidInput, match="take some of them back"):
        keys.create(house.operator, "c", ["analyse"])
    keys.revoke(house.operator, first.key.id)
    keys.create(house.operator, "c", ["analyse"], 1)
    clock.move(days=2)
    keys.create(house.operator, "d", ["analyse"])


def test_a_key_opens_what_its_scopes_name(keys, callers, ground, house):
    made = keys.create(house.operator, " the  door ", ["people:read, analyse"], 30)
    assert looks_like_secret(made.secret, API_KEY)
    assert (made.key.name, made.key.scopes) == ("the door", ("analyse", "people:read"))
    assert (made.key.expires_at - made.key.created_at).days == 30
    program = callers.of_bearer(made.secret)
    assert (program.tenant_id, program.user_id) == (house.tenant_id, house.operator.user_id)
    assert (program.id, program.in_person) == (made.key.id, False)
    assert program.permissions == {READ, ANALYSE}
    with pytest.raises(NotAllowed, match="this key lacks the scope people:write"):
        program.require(WRITE)


def test_the_secret_is_shown_once_and_kept_nowhere(keys, ground, house):
    made = keys.create(house.operator, "door", [ALL])
    with ground.store.reading() as work:
        kept = work.api_keys.find(house.tenant_id, made.key.id)
        told = [entry.details for entry in work.audit.entries(house.tenant_id)][-1]
    assert kept == made.key
    assert kept.secret_hash == hash_secret(made.secret)
    assert made.secret not in repr(made) + repr(kept) + repr(told)
    assert "door" not in repr(told)


def test_the_maker_is_written_to(keys, ground, house, mailbox):
    keys.create(house.operator, "door", [ALL])
    ground.background.flush()
    letter = mailbox.last(house.email(Role.OPERATOR))
    assert "An API key was added to your account on 21 November 2026" in letter.text


@pytest.mark.parametrize("role", list(Role))
def test_all_is_all_that_the_maker_may_do(keys, callers, house, role):
    maker = actors(house)[role]
    if role is Role.VIEWER:
        with pytest.raises(NotAllowed, match="this takes operator"):
            keys.create(maker, "door", [ALL])
        return
    program = callers.of_bearer(keys.create(maker, "door", [ALL]).secret)
    assert program.permissions == maker.permissions


def test_nobody_names_a_scope_that_they_do_not_have(keys, house, other):
    with pytest.raises(NotAllowed, match="the scope users:read, as your role is operator"):
        keys.create(house.operator, "door", ["users:read"])
    with pytest.raises(NotAllowed, match="settings:write"):  # only the host has it
        keys.create(other.owner, "door", ["settings:write", "people:read"])
    keys.create(house.owner, "door", ["settings:write", "people:read"])
    for scopes, fault in ((["nonsense"], "there is no scope"), ([], "at least one scope")):
        with pytest.raises(InvalidInput, match=fault):
            keys.create(house.owner, "door", scopes)


def test_whoever_is_demoted_takes_their_keys_along(keys, callers, ground, house):
    secret = keys.create(house.admin, "door", [ALL]).secret
    assert callers.of_bearer(secret).may(Permission.USERS_WRITE)
    Users(ground).set_role(house.owner, house.admin.user_id, Role.VIEWER)
    program = callers.of_bearer(secret)
    assert program.permissions == permissions_of(Role.VIEWER)
    with pytest.raises(NotAllowed, match="your role is viewer"):
        program.require(Permission.USERS_WRITE)


def test_a_key_ends_by_time_and_one_without_an_end_lasts(keys, callers, house, clock):
    short, lasting = (keys.create(house.owner, "door", [ALL], days) for days in (1, None))
    assert keys.create(house.owner, "year", [ALL]).key.expires_at == clock.now.replace(year=2027)
    assert lasting.key.expires_at is None
    clock.move(days=1, seconds=-1)
    callers.of_bearer(short.secret)
    clock.move(seconds=1)
    with pytest.raises(LogInNeeded):
        callers.of_bearer(short.secret)
    clock.move(days=20_000)
    callers.of_bearer(lasting.secret)


def test_a_key_that_was_taken_back_opens_nothing(keys, callers, ground, house):
    made = keys.create(house.operator, "door", [ALL])
    keys.revoke(house.operator, made.key.id)
    keys.revoke(house.operator, made.key.id)
    with pytest.raises(LogInNeeded):
        callers.of_bearer(made.secret)
    with ground.store.reading() as work:
        told = [(e.action, e.details) for e in work.audit.entries(house.tenant_id)]
    ids = {"key_id": made.key.id, "user_id": house.operator.user_id}
    assert [said for said in told if said[0] == "key.revoked"] == [("key.revoked", ids)]
    assert told[1][0] == "key.created"
    assert told[1][1]["days"] == 365


def test_everybody_sees_and_takes_back_their_own_and_admins_everyones(keys, house):
    mine = keys.create(house.operator, "mine", [ALL]).key
    hers = keys.create(house.admin, "hers", [ALL]).key
    assert keys.page(house.operator).items == (mine,)
    with pytest.raises(NotAllowed, match="this takes admin"):
        keys.page(house.operator, everyone=True)
    assert set(keys.page(house.admin, everyone=True).items) == {mine, hers}
    assert keys.page(house.admin).items == (hers,)
    with pytest.raises(NotFound):
        keys.revoke(house.operator, hers.id)
    assert not keys.page(house.admin).items[0].revoked_at
    keys.revoke(house.admin, mine.id)
    assert keys.page(house.operator).items[0].revoked_at


def test_a_key_of_another_tenant_is_as_one_that_never_was(keys, house, other):
    theirs = keys.create(other.owner, "theirs", [ALL]).key
    assert keys.page(house.owner, everyone=True).items == ()
    said = set()
    for key_id in (theirs.id, "f" * 32, "../x", ""):
        with pytest.raises(NotFound) as refused:
            keys.revoke(house.owner, key_id)
        said.add(str(refused.value))
    assert len(said) == 1
    assert not keys.page(other.owner).items[0].revoked_at


def test_viewers_have_no_keys(keys, house):
    for ask in (lambda: keys.page(house.viewer), lambda: keys.revoke(house.viewer, "f" * 32)):
        with pytest.raises(NotAllowed, match="this takes operator"):
            ask()


def test_a_key_makes_no_keys_but_takes_some_back_with_the_scope(keys, callers, house):
    program = callers.of_bearer(keys.create(house.operator, "all", [ALL]).secret)
    with pytest.raises(NotAllowed, match="cannot be done with an API key"):
        keys.create(program, "child", [ALL])
    reading = callers.of_bearer(keys.create(house.operator, "r", ["keys:read"]).secret)
    assert len(keys.page(reading).items) == 2
    with pytest.raises(NotAllowed, match="lacks the scope keys:write"):
        keys.revoke(reading, reading.key_id)
    keys.revoke(program, reading.key_id)


@pytest.mark.parametrize("name", ["", "  ", "a\0b", "a\u202eb", "x" * (MOST_NAME + 1)])
def test_a_name_can_be_shown(keys, house, name):
    with pytest.raises(InvalidInput, match="name"):
        keys.create(house.owner, name, [ALL])


@pytest.mark.parametrize("days", [0, -1, 3651])
def test_a_key_works_for_some_days(keys, house, days):
    with pytest.raises(InvalidInput, match="1 to 3650 days"):
        keys.create(house.owner, "door", [ALL], days)


def test_what_only_looks_like_a_key_opens_nothing(callers, house):
    for secret in (new_secret(), "vv_", "", "vv_" + "a" * 51, "vv_\ud800", "x" * 10_000):
        with pytest.raises(LogInNeeded):
            callers.of_bearer(secret)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    wanted=st.sets(st.sampled_from(list(Permission)), min_size=1),
    role=st.sampled_from(list(Role)),
    later=st.sampled_from(list(Role)),
)
def test_no_key_ever_does_more_than_its_maker_or_its_scopes(
    keys, callers, ground, house, wanted, role, later
):
    def be(role):
        with ground.store.work() as work:
            work.users.set_role(house.tenant_id, house.operator.user_id, role)
        return Actor(house.tenant_id, house.operator.user_id, role, is_host=True)

    maker = be(role)
    try:
        secret = keys.create(maker, "door", sorted(wanted)).secret
    except NotAllowed:
        assert not wanted <= maker.permissions or not maker.may(Permission.KEYS_WRITE)
        return
    now = be(later)
    assert callers.of_bearer(secret).permissions == wanted & now.permissions
