"""Nobody learns by a face who has an account: the same answer, after the same work.

What is counted is work, not time: pictures that are looked at, and units that write.
"""

import pytest
from sqlalchemy import event

from tests.usecases.enrolled import portrait
from tests.usecases.face_users import open_face_door
from tests.usecases.signing_in import GUEST, UNCOUNTED, owner_email, written
from visavis.store.kinds import UserState
from visavis.usecases.errors import FaceRefused

STRANGER = 7
WHO = ("unknown", "known", "without a face", "locked", "disabled", "unverified")


@pytest.fixture
def given():
    return {"throttle": UNCOUNTED, "accounts": {"face_login": "alone"}}


@pytest.fixture
def door(ground, house, services, shared_data):
    door = open_face_door(ground, house, services)
    door.add(house.owner, portrait(shared_data, 0))
    return door


@pytest.fixture
def work_of(ground, door, services, monkeypatch):
    """Give a function that does something and tells how much work it was."""
    units: list[list[str]] = [[]]
    looked: list[object] = []
    submit = services.analyses.submit
    engine = ground.store._engine

    def counting(*given, **said):
        looked.append(given)
        return submit(*given, **said)

    event.listen(engine, "before_cursor_execute", lambda *given: units[-1].append(given[2]))
    event.listen(engine, "commit", lambda connection: units.append([]))
    monkeypatch.setattr(services.analyses, "submit", counting)

    def do(act):
        units[:], looked[:] = [[]], []
        answer = act()
        return answer, len(looked), sum(map(written, units))

    return do


@pytest.mark.parametrize("who", WHO)
def test_whoever_it_is_a_wrong_face_is_one(ground, house, door, work_of, shared_data, who):
    email = GUEST if who == "unknown" else owner_email()
    state = next((state for state in UserState if state in who), UserState.ACTIVE)
    if who == "without a face":
        door.own.remove(house.owner)
    with ground.store.work() as work:
        work.users.set_state(house.tenant_id, house.owner.user_id, state)
        if who == "locked":
            work.users.lock(house.tenant_id, house.owner.user_id, ground.clock().replace(year=2027))
    picture = portrait(shared_data, STRANGER)

    def refused():
        with pytest.raises(FaceRefused) as caught:
            door.login.log_in(door.login.challenge(email), picture)
        return str(caught.value)

    assert work_of(refused) == (str(FaceRefused()), 1, 1)


@pytest.mark.parametrize("email", [GUEST, owner_email()])
def test_a_challenge_asks_the_database_nothing(door, work_of, email):
    length, looked, wrote = work_of(lambda: len(door.login.challenge(email)))
    assert (length > len(email), looked, wrote) == (True, 0, 0)
