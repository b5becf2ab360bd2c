"""Every level of keys can be rotated while everything goes on, and nothing becomes unreadable."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event

import numpy as np
import pyotp
import pytest

from tests.store.databases import database
from tests.usecases.conftest import PASSWORD, make_house
from tests.usecases.somebody import blobs_of, make_somebody, seal
from visavis.core.errors import NotAllowed
from visavis.store.sealed import TEMPLATE
from visavis.usecases.consent import Consents
from visavis.usecases.erasure import Erasure
from visavis.usecases.errors import NotFound
from visavis.usecases.key_rotation import KeyRotation, Level
from visavis.usecases.receipts import Receipts, handed_out
from visavis.usecases.second_factor import SecondFactor, passes
from visavis.usecases.subject_profiles import blind_index
from visavis.usecases.subjects import Subjects
from visavis.usecases.templates import open_templates
from visavis.vault.keyring import SUBJECTS, Keyring
from visavis.vault.root_keys import add_root_key, open_root_keys


@pytest.fixture(params=["sqlite", "postgresql"])
def given(request, tmp_path):
    with database(request.param, tmp_path) as url:
        yield {"store": {"url": url}}


@pytest.fixture
def rotation(ground):
    return KeyRotation(ground)


def versions(ground, tenant_id, purpose):
    """Return the versions of a tenant's key: whether each is still in use."""
    state = KeyRotation(ground).state_of(tenant_id)
    return {key.version: key.retired_at is None for key in state.keys if key.purpose == purpose}


def keys_of(ground, house, subject_id):
    with ground.store.reading() as work:
        keys = work.keys.subject_keys(house.tenant_id, subject_id)
        values = work.sealed.of_subject(house.tenant_id, subject_id)
    return [key.version for key in keys], {value.key_version for value in values}


def read_all(ground, house, somebody):
    """Read everything of a subject; return their templates as bytes."""
    with ground.store.reading() as work:
        templates = open_templates(ground.keyring, work, house.tenant_id, somebody.id)
    subjects, consents = Subjects(ground), Consents(ground)
    known = subjects.find_by_reference(house.admin, somebody.reference)
    assert (known.id, known.name, known.notes) == (somebody.id, somebody.name, somebody.notes)
    for consent in consents.page(house.admin, subject_id=somebody.id).items:
        assert consents.record(house.admin, consent.id)["evidence"] == somebody.evidence
    return [template.vector.astype("<f4").tobytes() for template in templates]


def reopened(ground):
    """Return the ground as another process sees it, started now."""
    settings = ground.settings
    keyring = Keyring(open_root_keys(settings.vault, settings.data / "vault"))
    return replace(ground, keyring=keyring)


def test_the_tenants_key_wraps_all_keys_anew(ground, house, rotation):
    people = [make_somebody(ground, house, 1, 0) for _ in range(3)]
    rotated = rotation.rotate_tenant(house.admin)
    assert (rotated.version, rotated.renewed) == (2, 3)
    state = rotation.state(house.operator)
    wraps = {key.version: key.wraps for key in state.keys if key.purpose == SUBJECTS}
    assert (wraps, state.subject_keys) == ({1: 0, 2: 3}, 3)
    assert versions(ground, house.tenant_id, SUBJECTS) == {1: False, 2: True}
    for somebody in people:
        assert somebody.template in read_all(ground, house, somebody)


def test_a_subjects_key_seals_all_anew_and_the_old_one_goes(ground, house, rotation):
    somebody = make_somebody(ground, house, templates=120, files=0)
    before = read_all(ground, house, somebody)
    assert rotation.rotate_subject(house.admin, somebody.id) == 120 + 1 + 1  # profile, evidence
    assert keys_of(ground, house, somebody.id) == ([2], {2})
    assert read_all(ground, house, somebody) == before
    with ground.store.reading() as work:
        (entry, *_) = work.audit.latest(house.tenant_id, subject_id=somebody.id)
    assert (entry.action, entry.details) == ("keys.rotated", {"level": "subject", "version": 2})


def test_all_subjects_get_new_keys(ground, house, rotation):
    people = [make_somebody(ground, house, 2, 0) for _ in range(3)]
    Erasure(ground, blobs_of(ground)).erase(house.admin, people[0].id)
    assert rotation.rotate(house.admin, Level.SUBJECTS).renewed == 2 * 4
    for somebody in people[1:]:
        assert keys_of(ground, house, somebody.id) == ([2], {2})
        assert somebody.template in read_all(ground, house, somebody)
    assert keys_of(ground, house, people[0].id) == ([], set())


def test_a_rotation_that_stopped_half_way_is_ended_by_the_next(ground, house, rotation):
    somebody = make_somebody(ground, house, templates=3, files=0)
    with ground.store.work() as work:
        ids = house.tenant_id, somebody.id
        ground.keyring.new_subject_key(work.keys, *ids, ground.clock())
    assert keys_of(ground, house, somebody.id) == ([1, 2], {1})
    assert somebody.template in read_all(ground, house, somebody)
    rotation.rotate_subject(house.admin, somebody.id)
    assert keys_of(ground, house, somebody.id) == ([3], {3})


def test_references_are_found_under_the_new_key_alone(ground, house, rotation):
    people = [make_somebody(ground, house, 0, 0) for _ in range(3)]
    nameless = Subjects(ground).create(house.admin)
    rotated = rotation.rotate(house.admin, Level.REFERENCES)
    assert (rotated.version, rotated.renewed) == (2, 3)
    with ground.store.reading() as work:
        key = ground.keyring.tenant_version(work.keys, house.tenant_id, "references", 2)
        rows = {row.id: row.reference for row in work.subjects.page(house.tenant_id).items}
    assert rows[nameless.id] is None
    for somebody in people:
        assert rows[somebody.id] == blind_index(key, somebody.reference)
        read_all(ground, house, somebody)


def test_a_second_factor_still_lets_in_after_its_key_was_rotated(ground, house, rotation, clock):
    factor = SecondFactor(ground)
    code = pyotp.TOTP(factor.begin(house.admin, PASSWORD).secret)
    factor.confirm(house.admin, code.at(clock()))
    assert rotation.rotate(house.admin, Level.SECOND_FACTOR).renewed == 1
    with ground.store.work() as work:
        user = work.users.find(house.tenant_id, house.admin.user_id)
        used, fresh = code.at(clock()), code.at(clock.now.timestamp() + 30)
        assert not passes(ground, work, user, used, clock())
        clock.move(seconds=30)
        assert passes(ground, work, user, fresh, clock())


def test_log_and_receipts_hold_after_their_keys_were_rotated(ground, house, rotation):
    somebody = make_somebody(ground, house, 1, 0)
    receipt = Erasure(ground, blobs_of(ground)).erase(house.admin, somebody.id)
    for level in (Level.AUDIT, Level.RECEIPTS):
        assert rotation.rotate(house.admin, level).version == 2
    assert ground.audit.verify(ground.store, house.tenant_id) == []
    assert Receipts(ground).check(handed_out(receipt))


def test_a_key_that_was_never_made_is_not_rotated(ground, house, rotation):
    rotated = rotation.rotate(house.admin, Level.RECEIPTS)
    assert (rotated.version, rotated.renewed) == (None, 0)
    assert versions(ground, house.tenant_id, "receipts") == {}


def test_after_a_new_root_key_nothing_lies_under_the_old_one(ground, house, rotation):
    other = make_house(ground, "another")
    people = {house.tenant_id: make_somebody(ground, house), other.tenant_id: None}
    add_root_key(ground.settings.data / "vault", "next")
    later = reopened(ground)
    done = KeyRotation(later).rewrap()
    assert (done.deployment, done.tenants > 0, done.subjects) == (1, True, 0)
    with ground.store.reading() as work:
        assert {key.root_id for key in work.keys.deployment_keys()} == {"next"}
        for tenant_id in people:
            assert {key.root_id for key in work.keys.tenant_keys(tenant_id)} == {"next"}
    for reader in (ground, later, reopened(ground)):  # one that started before reads them too
        assert read_all(reader, house, people[house.tenant_id])
    assert KeyRotation(later).rewrap().tenants == 0
    assert ground.audit.verify(ground.store, house.tenant_id) == []


def test_rotations_of_one_subject_at_once_lose_nothing(ground, house, rotation):
    somebody = make_somebody(ground, house, templates=110, files=0)
    before = read_all(ground, house, somebody)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: rotation.rotate_subject(house.admin, somebody.id), range(8)))
    assert sorted(read_all(ground, house, somebody)) == sorted(before)
    assert keys_of(ground, house, somebody.id) == ([9], {9})


def test_whoever_is_erased_during_a_rotation_is_passed_over(ground, house, rotation):
    people = [make_somebody(ground, house, templates=60, files=0) for _ in range(4)]
    erasure = Erasure(ground, blobs_of(ground))
    with ThreadPoolExecutor(4) as pool:
        rotating = [pool.submit(rotation.rotate, house.admin, Level.SUBJECTS) for _ in range(2)]
        list(pool.map(lambda somebody: erasure.erase(house.admin, somebody.id), people[:3]))
        assert all(task.result().renewed for task in rotating)
    assert [keys_of(ground, house, each.id) for each in people[:3]] == [([], set())] * 3
    assert people[3].template in read_all(ground, house, people[3])


def test_only_those_who_may_rotate_their_own_keys_do(ground, house, rotation):
    somebody = make_somebody(ground, house, 1, 0)
    stranger = make_house(ground, "another")
    for act in (
        lambda: rotation.state(house.viewer),
        lambda: rotation.rotate(house.operator, Level.TENANT),
        lambda: rotation.rotate_tenant(house.operator),
        lambda: rotation.rotate_subject(house.operator, somebody.id),
    ):
        with pytest.raises(NotAllowed):
            act()
    with pytest.raises(NotFound):
        rotation.rotate_subject(stranger.owner, somebody.id)
    rotation.rotate_tenant(stranger.owner)
    assert versions(ground, house.tenant_id, SUBJECTS) == {1: True}


def test_nothing_is_unreadable_while_every_level_is_rotated(ground, house, rotation):
    """Four read and four seal all the time; the main thread rotates everything, twice."""
    people = [make_somebody(ground, house, 2, 0) for _ in range(3)]
    over = Event()
    with ThreadPoolExecutor(8) as pool:
        reading = [pool.submit(keep_reading, ground, house, people, over, n) for n in range(4)]
        sealing = [pool.submit(keep_sealing, ground, house, people, over, n) for n in range(4)]
        try:
            for turn in range(2):
                rotate_everything(ground, house, rotation, people[0], f"root-{turn}")
        finally:
            over.set()
        assert all(task.result() for task in reading)
        sealed = [value for task in sealing for value in task.result()]
    for somebody in people:
        templates = read_all(ground, house, somebody)
        theirs = [plain for subject_id, plain in sealed if subject_id == somebody.id]
        first = [template for template in templates if template not in theirs]
        assert (len(first), len(templates)) == (2, 2 + len(theirs))
        versions, used = keys_of(ground, house, somebody.id)
        assert versions == [*used]
    assert ground.audit.verify(ground.store, house.tenant_id) == []


def rotate_everything(ground, house, rotation, somebody, root):
    for level in Level:
        rotation.rotate(house.admin, level)
    add_root_key(ground.settings.data / "vault", root)
    KeyRotation(reopened(ground)).rewrap()
    rotation.rotate_subject(house.admin, somebody.id)


def keep_reading(ground, house, people, over, number):
    """Read everything of everybody until it is over; return how often."""
    reader, rounds = (ground if number % 2 else reopened(ground)), 0
    while not over.is_set() or not rounds:
        for somebody in people:
            assert somebody.template in read_all(reader, house, somebody)
        rounds += 1
    return rounds


def keep_sealing(ground, house, people, over, number):
    """Seal templates and change profiles until it is over; return what was sealed for whom."""
    subjects = Subjects(ground)
    sealed: list[tuple[str, bytes]] = []
    while not over.is_set() or not sealed:
        somebody = people[number % 3]
        plain = np.full(64, len(sealed) + 1000 * number, "<f4").tobytes()
        seal(ground, house.tenant_id, somebody.id, TEMPLATE, plain)
        subjects.change(house.admin, somebody.id, adult=bool(len(sealed) % 2))
        sealed.append((somebody.id, plain))
    return sealed
