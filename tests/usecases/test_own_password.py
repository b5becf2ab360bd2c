"""Asking for the password again."""

import pytest

from tests.usecases.conftest import PASSWORD
from visavis.core.errors import NotAllowed
from visavis.core.roles import Role
from visavis.store.kinds import UserState
from visavis.throttle.errors import TooManyRequests
from visavis.usecases.actor import Actor
from visavis.usecases.errors import LogInNeeded
from visavis.usecases.ground import Ground
from visavis.usecases.own_password import confirm_password


def test_the_right_one_tells_who_asks(ground, house):
    assert confirm_password(ground, house.viewer, PASSWORD).id == house.viewer.user_id
    with pytest.raises(NotAllowed, match="the password is wrong"):
        confirm_password(ground, house.viewer, PASSWORD + " ")


def test_it_is_tried_ten_times_a_minute(ground, house, clock):
    for _ in range(10):
        with pytest.raises(NotAllowed):
            confirm_password(ground, house.viewer, "guess")
    with pytest.raises(TooManyRequests):
        confirm_password(ground, house.viewer, PASSWORD)
    confirm_password(ground, house.owner, PASSWORD)
    clock.move(seconds=61)
    confirm_password(ground, house.viewer, PASSWORD)


def test_who_is_gone_or_disabled_has_none(ground, house):
    with ground.store.work() as work:
        work.users.set_state(house.tenant_id, house.viewer.user_id, UserState.DISABLED)
        work.users.remove(house.tenant_id, house.admin.user_id)
    for actor in (house.viewer, house.admin):
        with pytest.raises(LogInNeeded):
            confirm_password(ground, actor, PASSWORD)


def test_who_has_none_is_not_let_through(ground: Ground, house):
    with ground.store.work() as work:
        work.users.set_password(house.tenant_id, house.viewer.user_id, "", ground.clock())
    for password in ("", PASSWORD):
        with pytest.raises(NotAllowed):
            confirm_password(ground, house.viewer, password)


def test_programs_have_none(ground, house):
    ids = house.tenant_id, house.owner.user_id
    with pytest.raises(NotAllowed, match="API key"):
        confirm_password(ground, Actor(*ids, Role.OWNER, key_id="k" * 32), PASSWORD)


class TestOnAPrivateMachine:
    @pytest.fixture
    def given(self):
        return {"accounts": {"login": False}}

    def test_nobody_is_asked(self, ground, house):
        assert confirm_password(ground, house.owner, "").id == house.owner.user_id
