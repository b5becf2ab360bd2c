"""Logging in by face: as strict as the password door, with real pictures."""

import pytest

from tests.usecases.conftest import PASSWORD, House
from tests.usecases.enrolled import portrait
from tests.usecases.face_users import open_face_door, stands_for
from tests.usecases.people import actions
from tests.usecases.signing_in import (
    GUEST,
    UNCOUNTED,
    WRONG,
    add_second_factor,
    at_once,
    come_in,
    details,
    owner_email,
    user_of,
)
from tests.usecases.test_enrolment import beside, nobody
from visavis.core.errors import NotAllowed
from visavis.core.roles import Role
from visavis.store.collections import LOGIN
from visavis.store.kinds import UserState
from visavis.throttle.errors import TooManyRequests
from visavis.usecases.callers import Callers
from visavis.usecases.errors import (
    FaceRefused,
    LogInRefused,
    SecondFactorNeeded,
)
from visavis.usecases.face_challenges import GOOD_FOR
from visavis.usecases.face_login import VERIFIED
from visavis.usecases.faces import FaceMissing, PoorFace, SeveralFaces
from visavis.usecases.recognised import Liveness
from visavis.usecases.sign_in import Tokens
from visavis.usecases.subject_profiles import new_index

OWNER, SOMEBODY_ELSE = 0, 7
"""Whose portraits."""

ALONE = {"face_login": "alone"}


@pytest.fixture
def given(request):
    mark = request.node.get_closest_marker("parametrize")
    strict = "second_factor" in request.node.name
    throttle = {} if "counted" in request.node.name else UNCOUNTED
    off = "off" in request.node.name and mark is None
    accounts = {"face_login": "off"} if off else {} if strict else ALONE
    return {"throttle": throttle, "accounts": accounts}


@pytest.fixture
def door(ground, house, services):
    return open_face_door(ground, house, services)


@pytest.fixture
def mine(door, house, shared_data):
    """Enrol the owner, and give another picture of them."""
    door.add(house.owner, portrait(shared_data, OWNER))
    return portrait(shared_data, OWNER, smiling=True)


@pytest.fixture
def stranger(shared_data):
    return portrait(shared_data, SOMEBODY_ELSE)


def test_a_face_opens_a_session_as_a_password_does(ground, house, door, mine, mailbox):
    state = door.set_up.state(house.owner)
    assert (state.kept, state.works, state.obstacle) == (True, True, "")
    assert state.notice == door.notice
    entered = door.login.log_in(door.challenge(), mine, address="192.0.2.7")
    actor = come_in(ground, entered.tokens.access_token)
    assert (actor.tenant_id, actor.user_id) == (house.tenant_id, house.owner.user_id)
    assert entered.liveness is Liveness.NOT_CHECKED
    assert isinstance(door.sign_in.refresh(entered.tokens.refresh_token), Tokens)
    browser = door.login.open_browser(door.challenge(), mine)
    assert Callers(ground).of_cookie(browser.secret).user_id == house.owner.user_id
    (told, *_) = details(ground, house.tenant_id, "session.started")
    assert told["by"] == "face"
    assert {"face_login.added", "consent.given", VERIFIED} <= set(actions(ground, house))
    ground.background.flush()
    assert "Your face was added" in mailbox.last(owner_email()).text


def test_all_that_is_wrong_gets_one_answer(ground, house, door, mine, stranger, clock):
    late = door.challenge()
    clock.move(seconds=GOOD_FOR.total_seconds())
    wrong = {
        "somebody else's face": (door.challenge(), stranger),
        "an account without a face": (door.challenge(Role.VIEWER), mine),
        "nobody's account": (door.login.challenge(GUEST), mine),
        "a challenge that is too old": (late, mine),
        "no challenge": ("vv", mine),
        "a broken one": (door.challenge()[:-8] + "AAAAAAA=", mine),
        "signs that are none": ("\ud800é\x00", mine),
    }
    for challenge, picture in wrong.values():
        with pytest.raises(FaceRefused) as caught:
            door.login.log_in(challenge, picture)
        assert str(caught.value) == str(FaceRefused())


def test_a_challenge_is_good_once_and_for_its_account(ground, house, door, mine):
    first, second = (door.login.challenge(owner_email()) for _ in range(2))
    door.login.log_in(first, mine)
    for used in (first, second):  # the second was made in the same microsecond
        with pytest.raises(FaceRefused):
            door.login.log_in(used, mine)
    assert actions(ground, house).count(VERIFIED) == 1


def test_of_many_tries_with_one_challenge_one_comes_in(door, mine):
    challenge = door.challenge()
    came = at_once(lambda _: door.login.log_in(challenge, mine), 4)
    assert sorted(isinstance(each, FaceRefused) for each in came) == [False, True, True, True]


def test_a_picture_tells_what_is_wrong_with_it_before_the_account_is_looked_at(
    ground, door, mine, stranger
):
    for email in (owner_email(), GUEST):
        challenge = door.login.challenge(email)
        with pytest.raises(FaceMissing):
            door.login.log_in(challenge, nobody())
        with pytest.raises(SeveralFaces):
            door.login.log_in(challenge, beside(mine, stranger))
    assert user_of(ground, owner_email()).failed_logins == 0


def test_faces_and_passwords_lock_an_account_together(ground, door, mine, stranger, clock):
    for attempt in range(6):
        if attempt % 2:
            with pytest.raises(LogInRefused):
                door.sign_in.log_in(owner_email(), WRONG)
        else:
            with pytest.raises(FaceRefused):
                door.login.log_in(door.challenge(), stranger)
    assert user_of(ground, owner_email()).locked_until > clock.now
    with pytest.raises(FaceRefused):
        door.login.log_in(door.challenge(), mine)
    with pytest.raises(LogInRefused):
        door.sign_in.log_in(owner_email(), PASSWORD)


def test_tries_are_counted_with_those_of_passwords(door, mine):
    for _ in range(10):
        with pytest.raises(LogInRefused):
            door.sign_in.log_in(owner_email(), WRONG)
    with pytest.raises(TooManyRequests):
        door.login.log_in(door.challenge(), mine)


def test_a_second_factor_is_asked_for_as_at_the_password_door(
    ground, house, door, shared_data, clock
):
    picture = portrait(shared_data, OWNER)
    with pytest.raises(NotAllowed, match="second factor"):
        door.add(house.owner, picture)
    app, codes = add_second_factor(ground, house.owner)
    door.add(house.owner, picture)
    with pytest.raises(SecondFactorNeeded):
        door.login.log_in(door.challenge(), picture)
    with pytest.raises(SecondFactorNeeded):
        door.login.log_in(door.challenge(), picture, "000000")
    assert user_of(ground, owner_email()).failed_logins == 1
    clock.move(seconds=60)
    door.login.log_in(door.challenge(), picture, app.at(clock.now))
    door.login.log_in(door.challenge(), picture, codes[0])


def test_without_the_second_factor_a_face_opens_nothing_any_more(
    ground, house, door, shared_data, clock
):
    picture = portrait(shared_data, OWNER)
    add_second_factor(ground, house.owner)
    door.add(house.owner, picture)
    with ground.store.work() as work:
        work.users.set_totp(house.tenant_id, house.owner.user_id, None, None)
    with pytest.raises(FaceRefused):
        door.login.log_in(door.challenge(), picture)
    assert VERIFIED not in actions(ground, house)
    assert "second factor" in door.set_up.state(house.owner).obstacle


def test_where_it_is_off_nothing_works(house, door, shared_data):
    picture = portrait(shared_data, OWNER)
    for act in (
        door.challenge,
        lambda: door.login.log_in("vv", picture),
        lambda: door.add(house.owner, picture),
    ):
        with pytest.raises(NotAllowed, match="nobody logs in by face"):
            act()
    assert "nobody logs in by face" in door.set_up.state(house.owner).obstacle


@pytest.mark.parametrize("state", [UserState.DISABLED, UserState.UNVERIFIED])
def test_who_may_not_come_in_does_not(ground, house, door, mine, state):
    with ground.store.work() as work:
        work.users.set_state(house.tenant_id, house.owner.user_id, state)
    with pytest.raises(FaceRefused):
        door.login.log_in(door.challenge(), mine)


def test_somebody_elses_face_opens_nothing_under_the_owners_reference(
    ground, house, door, shared_data
):
    mine = portrait(shared_data, OWNER)
    door.add(house.operator, mine)
    row = stands_for(ground, house.operator)
    with ground.store.work() as work:
        told = house.tenant_id, house.owner.user_id, ground.clock(), LOGIN
        index = new_index(ground.keyring, work, *told)
        work.subjects.set_reference(house.tenant_id, row.id, index)
    with pytest.raises(FaceRefused):
        door.login.log_in(door.challenge(Role.OWNER), mine)


class Says:
    """A liveness check that gives one answer."""

    def __init__(self, answer):
        self.answer = answer

    def check(self, source, face):
        return self.answer


@pytest.mark.parametrize("answer", [Liveness.LIVE, Liveness.SPOOF])
def test_a_liveness_check_is_asked_where_there_is_one(ground, house, services, shared_data, answer):
    door = open_face_door(ground, house, services, Says(answer))
    picture = portrait(shared_data, OWNER)
    door.add(house.owner, picture)
    if answer is Liveness.LIVE:
        assert door.login.log_in(door.challenge(), picture).liveness is Liveness.LIVE
        return
    with pytest.raises(FaceRefused):
        door.login.log_in(door.challenge(), picture)
    assert VERIFIED not in actions(ground, house)


def test_no_stranger_of_thirty_comes_in_and_everybody_does_by_another_picture(
    ground, house, door, mine, shared_data
):
    door.login.log_in(door.challenge(), mine)
    for number in range(1, 30):
        with ground.store.work() as work:
            work.users.unlock(house.tenant_id, house.owner.user_id)
        with pytest.raises((FaceRefused, PoorFace)):
            door.login.log_in(door.challenge(), portrait(shared_data, number))


def test_addresses_of_challenges_are_sealed(door):
    made = door.login.challenge(House.email(Role.OWNER))
    assert "owner" not in made
    assert len(made) == len(door.login.challenge(House.email(Role.OWNER)))
