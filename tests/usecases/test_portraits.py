"""Pictures of enrolments: kept where the tenant says so, sealed, and gone with their templates."""

import zipfile
from io import BytesIO

import pytest

from tests.usecases.enrolled import open_office, portrait
from tests.usecases.people import vector
from tests.usecases.somebody import blobs_of
from visavis.core.errors import InvalidInput
from visavis.core.purposes import Purpose
from visavis.store.blobs.errors import QuotaExceeded
from visavis.usecases.ageing import Ageing
from visavis.usecases.blob_removal import BlobRemoval
from visavis.usecases.enrolment import Enrolment
from visavis.usecases.erasure import Erasure
from visavis.usecases.errors import NotFound
from visavis.usecases.exports import Exports
from visavis.usecases.key_rotation import KeyRotation
from visavis.usecases.merging import Merging
from visavis.usecases.portraits import Portraits
from visavis.usecases.privacy import Privacy
from visavis.usecases.retention_rules import What
from visavis.usecases.scores import Scores
from visavis.usecases.seen import Seen
from visavis.usecases.template_forms import MOST, NewTemplate
from visavis.usecases.templates import Templates
from visavis.vault.errors import SealBroken


@pytest.fixture
def blobs(ground):
    return blobs_of(ground)


@pytest.fixture
def portraits(ground, blobs):
    return Portraits(ground, blobs)


@pytest.fixture
def templates(ground, blobs):
    return Templates(ground, BlobRemoval(ground.store, blobs))


@pytest.fixture
def office(ground, house, services, templates, portraits):
    Privacy(ground).change(house.admin, keep_pictures=True)
    for made in open_office(ground, house, services):
        told = ground, services.analyses, templates, made.galleries, Scores(ground)
        made.enrolment = Enrolment(*told, portraits)
        yield made


def files(ground):
    """Return all files that are kept."""
    return [each for each in (ground.settings.data / "blobs").rglob("*") if len(each.name) == 64]


def test_a_picture_is_kept_sealed_and_read_again(office, ground, house, portraits, shared_data):
    known, source = office.add(), portrait(shared_data, 0)
    made = office.enrolment.enroll(house.operator, known.id, source)
    kept = portraits.of(house.viewer, made.template_id)
    assert (kept.media_type, kept.data) == ("image/jpeg", source.data)
    (path,) = files(ground)
    assert source.data[1000:1064] not in path.read_bytes()
    assert source.data[:64] not in path.read_bytes()


def test_only_who_may_see_pictures_of_their_own_people_does(
    office, house, other, portraits, shared_data
):
    known, stranger = office.add(), office.add()
    made = office.enrolment.enroll(house.operator, known.id, portrait(shared_data, 0))
    assert portraits.of(house.viewer, made.template_id, known.id)
    for actor, whose in ((other.owner, None), (house.viewer, stranger.id)):
        with pytest.raises(NotFound):
            portraits.of(actor, made.template_id, whose)


def test_without_the_rule_no_picture_is_kept(office, house, ground, blobs, portraits, shared_data):
    Privacy(ground).change(house.admin, keep_pictures=False)
    made = office.enrolment.enroll(house.operator, office.add().id, portrait(shared_data, 0))
    assert portraits.of(house.viewer, made.template_id) is None
    assert files(ground) == []


def test_a_picture_goes_with_its_template(office, house, ground, blobs, templates, shared_data):
    known, enroll = office.add(), office.enrolment.enroll
    first = enroll(house.operator, known.id, portrait(shared_data, 0))
    enroll(house.operator, known.id, portrait(shared_data, 0, smiling=True))
    assert len(files(ground)) == 2
    templates.remove(house.operator, first.template_id)
    assert len(files(ground)) == 1
    kept = enroll(house.operator, known.id, portrait(shared_data, 0), replace=True)
    assert len(files(ground)) == 1
    assert [each.id for each in templates.page(house.viewer, known.id)] == [kept.template_id]


def test_pictures_go_with_those_who_are_erased_and_with_time(
    office, house, ground, blobs, clock, shared_data
):
    erasure = Erasure(ground, blobs, [office.galleries])
    ann = office.enrolled(portrait(shared_data, 0))
    receipt = erasure.erase(house.admin, ann.id)
    probe = receipt.body["statement"]["probe"]
    assert probe["clean"]
    assert probe["sealed_values"] == {"tried": 3, "opened": 0}  # profile, vector, picture's key
    assert files(ground) == []
    office.enrolled(portrait(shared_data, 0))
    clock.move(days=40)
    ageing = Ageing(ground, blobs, erasure)
    assert ageing.remove(house.tenant_id, What.TEMPLATES, clock(), 30) == 1
    assert files(ground) == []


def test_a_picture_moves_with_its_template_and_outlives_rotated_keys(
    office, house, ground, blobs, portraits, shared_data
):
    source = portrait(shared_data, 0)
    ann, bob = office.enrolled(source), office.add()
    erasure = Erasure(ground, blobs, [office.galleries])
    (moved,) = Merging(ground, erasure).merge(house.admin, ann.id, bob.id).template_ids
    assert portraits.of(house.viewer, moved, bob.id).data == source.data
    KeyRotation(ground, office.galleries.renew).rotate_subject(house.admin, bob.id)
    assert portraits.of(house.viewer, moved).data == source.data
    erasure.erase(house.admin, bob.id)
    assert files(ground) == []


def test_a_picture_that_was_changed_does_not_open(office, house, ground, portraits, shared_data):
    known = office.add()
    made = office.enrolment.enroll(house.operator, known.id, portrait(shared_data, 0))
    (path,) = files(ground)
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.chmod(0o600)
    path.write_bytes(content)
    with pytest.raises(SealBroken):
        portraits.of(house.viewer, made.template_id)


def test_an_export_holds_the_pictures_as_they_were_sent(office, house, ground, blobs, shared_data):
    known, source = office.add(), portrait(shared_data, 0)
    seen = Seen("holiday/7.jpg", (0.1, 0.2, 0.3, 0.4), 0.9, "Ann")
    made = office.enrolment.enroll(house.operator, known.id, source, seen=seen)
    pieces = Exports(ground, blobs).subject_pieces(house.admin, known.id)
    with zipfile.ZipFile(BytesIO(b"".join(pieces))) as archive:
        assert archive.read(f"pictures/{made.template_id}.jpg") == source.data
        told = archive.read("templates.json")
        assert not [name for name in archive.namelist() if name.startswith("files/")]
    assert b"holiday/7.jpg" in told
    assert b"secret" not in told


def test_what_is_not_sealed_leaves_no_file(office, house, ground, templates, shared_data):
    known = office.add()
    items = [NewTemplate(known.id, vector(seed)) for seed in range(MOST)]
    told = {"purpose": Purpose.RECOGNITION, "embedder": "another@1"}
    templates.seal_many(house.operator, items, **told)
    with pytest.raises(InvalidInput, match="room for 100"):
        office.enrolment.enroll(house.operator, known.id, portrait(shared_data, 0))
    assert files(ground) == []


@pytest.mark.parametrize("given", [{"blobs": {"quota_bytes": 1000}}])
def test_pictures_count_as_files_of_the_tenant(office, house, ground, shared_data):
    with pytest.raises(QuotaExceeded):
        office.enrolment.enroll(house.operator, office.add().id, portrait(shared_data, 0))
    assert files(ground) == []
