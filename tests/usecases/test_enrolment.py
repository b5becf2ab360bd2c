"""Enrolment from real pictures: one face, good enough, of nobody else; none of it is kept."""

from dataclasses import replace

import numpy as np
import pytest

from tests.usecases.enrolled import open_office, portrait
from tests.usecases.people import actions, add_adult
from tests.vision.pictures import jpeg
from visavis.core.errors import InvalidImage, InvalidInput, NotAllowed
from visavis.core.purposes import Purpose
from visavis.core.settings import ImageOptions
from visavis.core.types import Source
from visavis.store.kinds import Mode
from visavis.usecases.enrolment import LooksLike
from visavis.usecases.errors import ConsentMissing, NotFound
from visavis.usecases.faces import FaceMissing, PoorFace, SeveralFaces, look
from visavis.usecases.privacy import Privacy
from visavis.usecases.seen import Seen
from visavis.usecases.templates import Templates
from visavis.vision.images import decode
from visavis.vision.stages.gate import Reason


@pytest.fixture
def office(ground, house, services):
    yield from open_office(ground, house, services)


def pixels(source):
    return decode(source.data, ImageOptions())


def beside(one, other):
    """Return two pictures as one."""
    return Source("two.jpg", jpeg(np.concatenate([pixels(one), pixels(other)], axis=1)))


def nobody():
    return Source("grey.jpg", jpeg(np.full((300, 300, 3), 128, np.uint8)))


def test_a_face_becomes_a_template_and_is_found(office, house, ground, shared_data):
    known = office.add(name="Ada")
    made = office.enrolment.enroll(house.operator, known.id, portrait(shared_data, 0))
    assert (made.subject_id, made.embedder) == (known.id, "dlib_resnet@1")
    assert made.face.quality > 50
    assert (made.lookalikes, made.searched) == ((), True)
    with ground.store.reading() as work:
        (kept,) = work.sealed.of_subject(house.tenant_id, known.id, "template")
    assert kept.id == made.template_id
    assert kept.meta["quality"] == pytest.approx(made.face.quality)
    assert "template.sealed" in actions(ground, house)


def test_no_face_and_several_are_refused_and_a_box_says_which(office, house, shared_data):
    known = office.add()
    with pytest.raises(FaceMissing, match="no face is found"):
        office.enrolment.enroll(house.operator, known.id, nobody())
    both = beside(portrait(shared_data, 0), portrait(shared_data, 1))
    with pytest.raises(SeveralFaces, match="2 faces") as caught:
        office.enrolment.enroll(house.operator, known.id, both)
    right = max(caught.value.boxes)
    made = office.enrolment.enroll(house.operator, known.id, both, box=right)
    assert made.face.box == right
    found = office.recognition.identify(house.operator, portrait(shared_data, 1))
    assert found.faces[0].match.subject_id == known.id
    with pytest.raises(InvalidInput, match="no face is in that box"):
        office.enrolment.enroll(house.operator, known.id, both, box=(0, 0, 5, 5))


def test_a_poor_face_is_refused_with_what_would_help(office, house, shared_data):
    known = office.add()
    dark = Source("dark.jpg", jpeg((pixels(portrait(shared_data, 0)) * 0.06).astype(np.uint8)))
    with pytest.raises(PoorFace, match="light") as caught:
        office.enrolment.enroll(house.operator, known.id, dark)
    assert "too_dark" in caught.value.reasons
    made = office.enrolment.enroll(house.operator, known.id, dark, any_quality=True)
    assert made.face.reasons == caught.value.reasons


def test_whoever_looks_like_somebody_else_is_refused(office, house, shared_data):
    first = office.enrolled(portrait(shared_data, 0))
    twin = office.add()
    smile = portrait(shared_data, 0, smiling=True)
    with pytest.raises(LooksLike, match=first.id) as caught:
        office.enrolment.enroll(house.operator, twin.id, smile)
    (alike,) = caught.value.lookalikes
    assert alike.fmr <= 1e-5
    made = office.enrolment.enroll(house.operator, twin.id, smile, any_likeness=True)
    assert made.lookalikes == (alike,)
    # Another picture of oneself is no reason.
    assert office.enrolment.enroll(house.operator, first.id, smile, any_likeness=True)


def test_in_the_mode_verify_nobody_is_searched(office, house, ground, shared_data):
    office.enrolled(portrait(shared_data, 0))
    twin = office.add()
    Privacy(ground).change(house.admin, mode=Mode.VERIFY, confirm=True)
    smile = portrait(shared_data, 0, smiling=True)
    made = office.enrolment.enroll(house.operator, twin.id, smile)
    assert (made.lookalikes, made.searched) == ((), False)


def test_without_consent_nothing_is_made_of_a_face(office, house, ground, shared_data, monkeypatch):
    looked = []
    monkeypatch.setattr("visavis.usecases.enrolment.look", lambda *_: looked.append(1))
    asked = add_adult(ground, house)
    for purpose in (Purpose.RECOGNITION, Purpose.PHOTOS):
        with pytest.raises(ConsentMissing):
            office.enrolment.enroll(
                house.operator, asked.id, portrait(shared_data, 0), purpose=purpose
            )
    with pytest.raises(NotFound):
        office.enrolment.enroll(house.operator, "0" * 32, portrait(shared_data, 0))
    with pytest.raises(NotAllowed):
        office.enrolment.enroll(house.viewer, asked.id, portrait(shared_data, 0))
    assert looked == []


def test_what_is_no_picture_is_named(office, house):
    known = office.add()
    with pytest.raises(InvalidImage):
        office.enrolment.enroll(house.operator, known.id, Source("x.jpg", b"dear diary"))


def test_nobody_is_enrolled_by_another_tenant(office, house, other, shared_data):
    known = office.add()
    with pytest.raises(NotFound):
        office.enrolment.enroll(other.operator, known.id, portrait(shared_data, 0))


def test_a_face_that_was_seen_before_is_enrolled_with_what_is_noted_of_it(
    office, house, ground, services, shared_data
):
    known, source = office.add(), portrait(shared_data, 0)
    (face,) = look(services.analyses, source)
    seen = Seen("door/7.jpg", (0.2, 0.1, 0.5, 0.6), face.score, "Ada")
    enroll, templates = office.enrolment.enroll_face, Templates(ground)
    made = enroll(house.operator, known.id, face, seen=seen, picture=source)
    (kept,) = templates.kept(house.viewer, subject_id=known.id).items
    assert (kept.id, kept.subject_id, kept.seen) == (made.template_id, known.id, seen)
    assert kept.has_picture is False  # the tenant keeps none
    assert templates.kept(house.viewer, collection=None).items == (kept,)
    assert templates.some(house.viewer, [kept.id, "0" * 32]) == {kept.id: kept}
    with ground.store.reading() as work:
        (row,) = work.sealed.of_subject(house.tenant_id, known.id, "template")
    assert "Ada" not in repr(row.meta)
    dark = replace(face, reasons=(Reason.TOO_DARK,))
    with pytest.raises(PoorFace):
        enroll(house.operator, known.id, dark)
    with pytest.raises(ConsentMissing):
        enroll(house.operator, add_adult(ground, house).id, face)


def test_templates_of_many_people_come_in_parts_and_by_collection(
    office, house, ground, other, shared_data
):
    ann = office.enrolled(portrait(shared_data, 0), portrait(shared_data, 0, smiling=True))
    bob = office.enrolled(portrait(shared_data, 1))
    kept = Templates(ground).kept
    first = kept(house.viewer, limit=2)
    last = kept(house.viewer, limit=2, cursor=first.next)
    assert (len(first.items), len(last.items), last.next) == (2, 1, None)
    owners = [each.subject_id for each in (*first.items, *last.items)]
    assert sorted(owners) == sorted([ann.id, ann.id, bob.id])
    assert kept(house.viewer, collection="0" * 32).items == ()
    assert kept(other.viewer, collection=None).items == ()


def test_a_new_template_replaces_the_others_at_once(office, house, ground, shared_data):
    ann = office.enrolled(portrait(shared_data, 0))
    smile = portrait(shared_data, 0, smiling=True)
    made = office.enrolment.enroll(house.operator, ann.id, smile, replace=True)
    (kept,) = Templates(ground).page(house.viewer, ann.id)
    assert kept.id == made.template_id
    (face,) = office.recognition.identify(house.operator, smile).faces
    assert face.match.template_id == made.template_id
    assert office.galleries.size(house.operator, made.embedder) == 1
    dark = Source("dark.jpg", jpeg((pixels(smile) * 0.06).astype(np.uint8)))
    with pytest.raises(PoorFace):  # what was there stays where nothing better comes
        office.enrolment.enroll(house.operator, ann.id, dark, replace=True)
    assert [each.id for each in Templates(ground).page(house.viewer, ann.id)] == [kept.id]
