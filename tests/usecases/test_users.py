"""Users of a tenant: roles, states, removal, and that there is always an owner."""

import pytest

from tests.usecases.conftest import House
from visavis.core.errors import InvalidInput, NotAllowed
from visavis.core.roles import Role
from visavis.credentials.roles import Permission
from visavis.credentials.tokens import hash_secret, new_secret
from visavis.store.kinds import UserState
from visavis.usecases.actor import Actor
from visavis.usecases.callers import COOKIE, Callers
from visavis.usecases.errors import LogInNeeded, NotFound
from visavis.usecases.users import DISABLED, Users

ACTIVE, OFF = UserState.ACTIVE, UserState.DISABLED


@pytest.fixture
def users(ground):
    return Users(ground)


def second_owner(ground, house):
    """Make a second owner of a tenant."""
    now = ground.clock()
    with ground.store.work() as work:
        user = work.users.add(house.tenant_id, "b@x.example", "B", "", Role.OWNER, now, ACTIVE)
    return Actor(house.tenant_id, user.id, Role.OWNER, is_host=house.owner.is_host)


def found(ground, actor):
    with ground.store.reading() as work:
        return work.users.find(actor.tenant_id, actor.user_id)


def actions(ground, house):
    with ground.store.reading() as work:
        return [(e.action, e.actor, e.details) for e in work.audit.entries(house.tenant_id)]


def test_admins_see_all_users_of_their_tenant_and_no_others(users, house, other):
    shown = users.page(house.admin).items
    assert {user.tenant_id for user in shown} == {house.tenant_id}
    assert {user.role for user in shown} == set(Role)
    first = users.page(house.owner, limit=3)
    assert len(first.items) == 3
    assert len(users.page(house.owner, limit=3, cursor=first.next).items) == 1


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.VIEWER])
def test_who_is_no_admin_neither_sees_nor_changes_users(users, house, role):
    actor = {Role.OPERATOR: house.operator, Role.VIEWER: house.viewer}[role]
    asked = [
        lambda: users.page(actor),
        lambda: users.set_role(actor, house.viewer.user_id, Role.VIEWER),
        lambda: users.set_state(actor, house.viewer.user_id, OFF),
        lambda: users.remove(actor, house.viewer.user_id),
    ]
    for ask in asked:
        with pytest.raises(NotAllowed, match=f"your role is {role}"):
            ask()


def test_a_role_is_changed_and_written_down(users, ground, house):
    changed = users.set_role(house.admin, house.viewer.user_id, Role.OPERATOR)
    assert changed.role is Role.OPERATOR
    assert found(ground, house.viewer) == changed
    details = {"user_id": changed.id, "from": "viewer", "to": "operator"}
    assert actions(ground, house)[-1] == ("user.role_changed", house.admin.user_id, details)
    assert ground.audit.verify(ground.store, house.tenant_id) == []


def test_whoever_has_another_role_gets_a_letter(users, ground, house, mailbox):
    email = found(ground, house.viewer).email
    users.set_role(house.admin, house.viewer.user_id, Role.OPERATOR)
    ground.background.flush()
    assert "is operator now" in mailbox.last(email).text
    users.set_role(house.admin, house.viewer.user_id, Role.OPERATOR)
    users.set_state(house.admin, house.viewer.user_id, OFF)
    users.set_role(house.admin, house.viewer.user_id, Role.VIEWER)
    ground.background.flush()
    assert "is operator now" in mailbox.last(email).text


def test_what_changes_nothing_is_not_written_down(users, ground, house):
    before = actions(ground, house)
    users.set_role(house.admin, house.viewer.user_id, Role.VIEWER)
    users.set_state(house.admin, house.viewer.user_id, ACTIVE)
    assert actions(ground, house) == before


def test_nobody_changes_who_is_above_them_or_gives_a_role_above_theirs(users, ground, house):
    for ask in (
        lambda: users.set_role(house.admin, house.owner.user_id, Role.VIEWER),
        lambda: users.set_role(house.admin, house.viewer.user_id, Role.OWNER),
        lambda: users.set_state(house.admin, house.owner.user_id, OFF),
        lambda: users.remove(house.admin, house.owner.user_id),
    ):
        with pytest.raises(NotAllowed, match="your role is admin"):
            ask()
    assert found(ground, house.owner).role is Role.OWNER
    assert found(ground, house.viewer).role is Role.VIEWER


def test_nobody_changes_themselves(users, house):
    for actor in (house.owner, house.admin):
        for ask in (
            lambda actor: users.set_role(actor, actor.user_id, Role.VIEWER),
            lambda actor: users.set_state(actor, actor.user_id, OFF),
            lambda actor: users.remove(actor, actor.user_id),
        ):
            with pytest.raises(NotAllowed, match="nobody changes their own"):
                ask(actor)


def test_a_user_of_another_tenant_is_as_one_who_never_was(users, ground, house, other):
    said = set()
    for user_id in (other.viewer.user_id, "f" * 32, "../x"):
        for ask in (
            lambda user_id: users.set_role(house.owner, user_id, Role.OPERATOR),
            lambda user_id: users.set_state(house.owner, user_id, OFF),
            lambda user_id: users.remove(house.owner, user_id),
        ):
            with pytest.raises(NotFound) as refused:
                ask(user_id)
            said.add(str(refused.value))
    assert len(said) == 1
    assert found(ground, other.viewer).role is Role.VIEWER


def test_owners_come_and_go_but_one_stays(users, ground, house):
    second = second_owner(ground, house)
    assert users.set_role(second, house.owner.user_id, Role.ADMIN).role is Role.ADMIN
    users.set_role(second, house.owner.user_id, Role.OWNER)
    users.set_state(house.owner, second.user_id, OFF)
    users.remove(house.owner, second.user_id)
    with ground.store.reading() as work:
        assert work.users.count(house.tenant_id, Role.OWNER) == 1


def test_an_owner_whose_role_was_taken_meanwhile_no_longer_acts_as_one(users, ground, house):
    second = second_owner(ground, house)
    users.set_role(house.owner, second.user_id, Role.OPERATOR)
    with pytest.raises(NotAllowed, match="your role is operator"):
        users.set_role(second, house.owner.user_id, Role.VIEWER)
    users.set_state(house.owner, second.user_id, OFF)
    with pytest.raises(LogInNeeded):
        users.set_role(second, house.owner.user_id, Role.VIEWER)


def test_who_is_disabled_is_out_at_once_and_so_are_their_keys(users, ground, house):
    callers, now = Callers(ground), ground.clock()
    cookie, key = new_secret(COOKIE), new_secret()
    ids = house.tenant_id, house.operator.user_id
    with ground.store.work() as work:
        work.sessions.start(*ids, hash_secret(cookie), now.replace(year=2027), now)
        work.api_keys.add(*ids, "key", hash_secret(key), [Permission.ANALYSE], now)
    assert callers.of_cookie(cookie).user_id == callers.of_bearer(key).user_id == ids[1]

    users.set_state(house.admin, ids[1], OFF)
    for call, secret in ((callers.of_cookie, cookie), (callers.of_bearer, key)):
        with pytest.raises(LogInNeeded):
            call(secret)
    with ground.store.reading() as work:
        assert work.sessions.page(*ids).items[0].revoked_because == DISABLED
    assert actions(ground, house)[-1][0] == "user.disabled"

    users.set_state(house.admin, ids[1], ACTIVE)
    assert callers.of_bearer(key).user_id == ids[1]
    with pytest.raises(LogInNeeded):
        callers.of_cookie(cookie)
    assert actions(ground, house)[-1][0] == "user.enabled"


def test_who_is_removed_is_gone_with_all_they_have(users, ground, house):
    with ground.store.work() as work:
        ids = house.tenant_id, house.operator.user_id
        work.api_keys.add(*ids, "key", "hash", ["analyse"], ground.clock())
    users.remove(house.admin, house.operator.user_id)
    assert found(ground, house.operator) is None
    with ground.store.reading() as work:
        assert work.api_keys.find_by_hash("hash") is None
    assert actions(ground, house)[-1][0] == "user.removed"
    with pytest.raises(NotFound):
        users.remove(house.admin, house.operator.user_id)


def test_nobody_becomes_unverified(users, house):
    with pytest.raises(InvalidInput, match="active or disabled"):
        users.set_state(house.owner, house.viewer.user_id, UserState.UNVERIFIED)


def test_a_key_changes_users_only_with_the_scope(users, ground, house: House):
    ids, key = (house.tenant_id, house.admin.user_id), "k" * 32
    without = Actor(*ids, Role.ADMIN, frozenset(), key_id=key)
    with pytest.raises(NotAllowed, match="lacks the scope users:write"):
        users.set_role(without, house.viewer.user_id, Role.OPERATOR)
    scopes = frozenset({Permission.USERS_WRITE})
    has_it = Actor(*ids, Role.ADMIN, scopes, key_id=key)
    users.set_role(has_it, house.viewer.user_id, Role.OPERATOR)
    assert actions(ground, house)[-1][1] == key
