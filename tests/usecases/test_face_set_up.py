"""The face that a user logs in with: agreed to, sealed apart, and gone when its reason is."""

import pytest

from tests.usecases.conftest import PASSWORD
from tests.usecases.enrolled import portrait
from tests.usecases.face_users import open_face_door, stands_for
from tests.usecases.people import actions, add_notice
from tests.usecases.signing_in import (
    UNCOUNTED,
    WRONG,
    owner_email,
)
from visavis.core.errors import InvalidInput, NotAllowed
from visavis.core.purposes import Purpose
from visavis.core.roles import Role
from visavis.store.blobs.files import FileBlobs
from visavis.store.collections import LOGIN
from visavis.store.errors import AlreadyThere
from visavis.store.kinds import Mode
from visavis.usecases.erasure import Erasure
from visavis.usecases.errors import (
    ConsentMissing,
    FaceRefused,
    NotFound,
)
from visavis.usecases.exports import Exports
from visavis.usecases.key_rotation import KeyRotation, Level
from visavis.usecases.own_faces import FACE
from visavis.usecases.passwords import Passwords
from visavis.usecases.privacy import Privacy
from visavis.usecases.profile import Profile
from visavis.usecases.retention import Retention
from visavis.usecases.retention_rules import What
from visavis.usecases.subjects import Subjects
from visavis.usecases.tenants import Tenants
from visavis.usecases.users import Users

OWNER = 0
"""Whose portraits."""


@pytest.fixture
def given():
    return {"throttle": UNCOUNTED, "accounts": {"face_login": "alone"}}


@pytest.fixture
def door(ground, house, services):
    return open_face_door(ground, house, services)


@pytest.fixture
def mine(door, house, shared_data):
    """Enrol the owner, and give another picture of them."""
    door.add(house.owner, portrait(shared_data, OWNER))
    return portrait(shared_data, OWNER, smiling=True)


def test_enrolling_takes_password_agreement_notice_age_and_rules(ground, house, door, shared_data):
    picture, privacy = portrait(shared_data, OWNER), Privacy(ground)
    with pytest.raises(NotAllowed, match="password is wrong"):
        door.set_up.add(house.owner, WRONG, picture, agrees=True, of_age=True)
    with pytest.raises(InvalidInput, match="agree"):
        door.add(house.owner, picture, agrees=False)
    with pytest.raises(ConsentMissing, match="of age"):
        door.add(house.owner, picture, of_age=False)
    newer = add_notice(ground, house, Purpose.FACE_LOGIN)
    with pytest.raises(InvalidInput, match="newest"):
        door.set_up.add(
            house.owner, PASSWORD, picture, agrees=True, of_age=True, notice_id=door.notice.id
        )
    for change in ({"purposes": {Purpose.RECOGNITION}}, {"mode": Mode.ANONYMOUS}):
        privacy.change(house.owner, **change)
        with pytest.raises(ConsentMissing):
            door.add(house.owner, picture)
    privacy.change(house.owner, mode=Mode.VERIFY, purposes={Purpose.FACE_LOGIN})
    assert door.set_up.state(house.owner).face is None
    door.set_up.add(house.owner, PASSWORD, picture, agrees=True, of_age=True, notice_id=newer.id)
    with pytest.raises(AlreadyThere):
        door.add(house.owner, picture)
    door.login.log_in(door.challenge(), picture)


def test_without_a_notice_nobody_can_agree(ground, house, other, services, shared_data):
    door = open_face_door(ground, house, services)
    Privacy(ground).change(other.owner, purposes={Purpose.FACE_LOGIN})
    assert "has not written" in door.set_up.state(other.owner).obstacle
    with pytest.raises(ConsentMissing, match="has not written"):
        door.add(other.owner, portrait(shared_data, OWNER))


def test_the_face_is_sealed_apart_from_templates_and_found_by_nobody(ground, house, door, mine):
    row = stands_for(ground, house.owner)
    with ground.store.reading() as work:
        kept = work.sealed.of_subject(house.tenant_id, row.id)
        assert sorted(each.purpose for each in kept) == [FACE, "profile"]
        assert work.template_changes.of_subject(house.tenant_id, row.id) == ()
    assert row.collection_id == LOGIN
    assert Subjects(ground).page(house.operator, collection="").items == ()


def test_a_consent_that_is_taken_back_ends_it(ground, house, door, mine):
    with ground.store.work() as work:
        (consent,) = work.consents.page(house.tenant_id).items
        work.consents.withdraw(house.tenant_id, consent.id, "subject", ground.clock())
    assert (consent.given_by, consent.recorded_by) == ("subject", house.owner.user_id)
    with pytest.raises(FaceRefused):
        door.login.log_in(door.challenge(), mine)
    state = door.set_up.state(house.owner)
    assert (state.kept, state.works, state.face) == (True, False, None)


def test_removing_erases_it_with_a_receipt(ground, house, door, mine):
    receipt = door.own.remove(house.owner)
    assert receipt.body["statement"]["destroyed"]["sealed"] == {FACE: 1, "profile": 1}
    assert receipt.body["statement"]["destroyed"]["consents"] == 1
    with pytest.raises(FaceRefused):
        door.login.log_in(door.challenge(), mine)
    with pytest.raises(NotFound):
        door.own.remove(house.owner)
    door.add(house.owner, mine)
    door.login.log_in(door.challenge(), mine)


@pytest.mark.parametrize("how", ["removed", "leaves"])
def test_whoever_goes_takes_their_face_along(ground, house, door, shared_data, tmp_path, how):
    picture = portrait(shared_data, OWNER)
    door.add(house.viewer, picture)
    if how == "removed":
        Users(ground, door.own).remove(house.owner, house.viewer.user_id)
    else:
        tenants = Tenants(ground, FileBlobs(tmp_path / "blobs"))
        Profile(ground, tenants, door.own).delete(house.viewer, PASSWORD)
    (receipt,) = door.receipts()
    assert receipt.kind == "erasure"
    assert "face_login.removed" in actions(ground, house)
    with pytest.raises(FaceRefused):
        door.login.log_in(door.challenge(Role.VIEWER), picture)


def test_choosing_a_new_password_by_mail_erases_the_face(ground, house, door, mine, mailbox):
    passwords = Passwords(ground, door.own)
    passwords.forgot(owner_email())
    ground.background.flush()
    code, new = mailbox.code(owner_email()), "quite another set of words"
    with pytest.raises(InvalidInput):
        passwords.reset(owner_email(), "000000" if code != "000000" else "111111", new)
    assert door.set_up.state(house.owner).works
    passwords.reset(owner_email(), code, new)
    assert not door.set_up.state(house.owner).kept
    assert [receipt.kind for receipt in door.receipts()] == ["erasure"]


def test_a_face_goes_with_the_templates_that_were_kept_long_enough(
    ground, house, door, mine, clock, tmp_path
):
    blobs = FileBlobs(tmp_path / "blobs")
    retention = Retention(ground, blobs, Erasure(ground, blobs))
    retention.set(house.owner, What.TEMPLATES, 30)
    retention.apply(clock.now)
    assert door.set_up.state(house.owner).works
    clock.move(days=31)
    retention.apply(clock.now)
    state = door.set_up.state(house.owner)
    assert (state.kept, state.face) == (True, None)
    with pytest.raises(FaceRefused):
        door.login.log_in(door.challenge(), mine)


def test_it_goes_on_after_all_keys_were_rotated(ground, house, door, mine, clock):
    rotation = KeyRotation(ground)
    for level in Level:
        rotation.rotate(house.owner, level)
    door.login.log_in(door.challenge(), mine)


def test_the_export_of_the_account_tells_since_when(ground, house, door, mine, tmp_path):
    files = Exports(ground, FileBlobs(tmp_path / "blobs")).my_pieces(house.owner)
    assert b"account.json" in b"".join(files)
    assert stands_for(ground, house.owner).created_at == ground.clock()
