"""On whose behalf the command line acts."""

import pytest

from tests.usecases.conftest import House
from visavis.core.errors import InvalidInput
from visavis.core.roles import Role
from visavis.store.kinds import UserState
from visavis.usecases.callers import Callers
from visavis.usecases.command_line import acting


@pytest.fixture
def callers(ground):
    return Callers(ground)


def test_without_an_owner_it_says_how_to_make_one(ground, callers):
    with pytest.raises(InvalidInput, match="visavis admin create-owner"):
        acting(ground, callers)


def test_it_is_the_owner_of_the_tenant_that_runs_the_deployment(ground, callers, house, other):
    assert acting(ground, callers) == house.owner
    assert acting(ground, callers).is_host


def test_it_is_the_owner_who_has_been_here_longest_and_is_active(ground, callers, house, clock):
    clock.move(days=1)
    with ground.store.work() as work:
        later = work.users.add(
            house.tenant_id, "b@x.example", "B", "", Role.OWNER, clock(), UserState.ACTIVE
        )
    assert acting(ground, callers).user_id == house.owner.user_id
    with ground.store.work() as work:
        work.users.set_state(house.tenant_id, house.owner.user_id, UserState.DISABLED)
    assert acting(ground, callers).user_id == later.id


def test_it_may_be_a_user_who_is_named(ground, callers, house, other):
    email = House.email(Role.OPERATOR, "second")
    assert acting(ground, callers, f" {email.upper()}") == other.operator
    with ground.store.work() as work:
        work.users.set_state(other.tenant_id, other.operator.user_id, UserState.DISABLED)
    for unknown in (email, "nobody@x.example"):
        with pytest.raises(InvalidInput, match="no active user"):
            acting(ground, callers, unknown)
