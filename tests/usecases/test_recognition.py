"""Who is on real pictures: named with what the numbers mean, or unknown."""

import numpy as np
import pytest

from tests.usecases.enrolled import open_office, portrait
from tests.usecases.people import add_adult
from tests.usecases.test_enrolment import beside, nobody
from visavis.core.errors import InvalidInput, NotAllowed
from visavis.store.kinds import Mode
from visavis.usecases.consent import Consents
from visavis.usecases.errors import ConsentMissing, NotFound
from visavis.usecases.faces import FaceMissing, SeveralFaces
from visavis.usecases.privacy import Privacy
from visavis.usecases.recognised import Decision, Liveness
from visavis.usecases.recognition import IDENTIFIED, VERIFIED
from visavis.usecases.templates import Templates

MATCH, UNKNOWN = Decision.MATCH, Decision.UNKNOWN


@pytest.fixture
def office(ground, house, services):
    yield from open_office(ground, house, services)


@pytest.fixture
def three(office, shared_data):
    """Three people who are enrolled; nobody else is."""
    return [office.enrolled(portrait(shared_data, n), name=f"number {n}") for n in range(3)]


def entries(ground, house, action):
    with ground.store.reading() as work:
        return [each for each in work.audit.entries(house.tenant_id) if each.action == action]


def test_everybody_is_named_by_another_picture_and_strangers_are_unknown(
    office, house, three, shared_data
):
    for number, known in enumerate(three):
        smile = portrait(shared_data, number, smiling=True)
        found = office.recognition.recognize(house.operator, smile)
        (face,) = found.faces
        assert (face.decision, face.match.subject_id) == (MATCH, known.id)
        assert face.match.similarity >= found.threshold
        assert face.margin > 0.1
        assert 1e-9 <= face.match.fmr <= face.match.fpir <= 1e-3
        assert (found.gallery, found.liveness) == (3, Liveness.NOT_CHECKED)
    for number in range(3, 8):
        (face,) = office.recognition.recognize(house.operator, portrait(shared_data, number)).faces
        assert (face.decision, face.match) == (UNKNOWN, None)
        assert len(face.candidates) == 3  # who comes nearest is told all the same


def test_all_faces_of_a_picture_are_answered(office, house, three, shared_data):
    both = beside(portrait(shared_data, 2, smiling=True), portrait(shared_data, 9))
    found = office.recognition.recognize(house.operator, both)
    by_place = sorted(found.faces, key=lambda each: each.face.box)
    assert [each.decision for each in by_place] == [MATCH, UNKNOWN]
    assert by_place[0].match.subject_id == three[2].id
    assert office.recognition.recognize(house.operator, nobody()).faces == ()


def test_identify_takes_one_face(office, house, three, shared_data):
    both = beside(portrait(shared_data, 0), portrait(shared_data, 1))
    with pytest.raises(SeveralFaces) as caught:
        office.recognition.identify(house.operator, both)
    left = min(caught.value.boxes)
    (face,) = office.recognition.identify(house.operator, both, box=left, top=1).faces
    assert [each.subject_id for each in face.candidates] == [three[0].id]
    with pytest.raises(FaceMissing):
        office.recognition.identify(house.operator, nobody())


def test_an_empty_gallery_names_nobody(office, house, shared_data):
    found = office.recognition.recognize(house.operator, portrait(shared_data, 0))
    assert (found.gallery, found.faces[0].candidates) == (0, ())
    assert found.faces[0].decision is UNKNOWN


def test_a_stricter_target_asks_for_more(office, house, three, shared_data):
    picture = portrait(shared_data, 0, smiling=True)
    thresholds = [
        office.recognition.recognize(house.operator, picture, target_fpir=target).threshold
        for target in (0.1, 1e-2, 1e-3, 1e-4)
    ]
    assert thresholds == sorted(thresholds)
    for target in (0, -1, 2, float("nan")):
        with pytest.raises(InvalidInput, match="error rate"):
            office.recognition.recognize(house.operator, picture, target_fpir=target)
    with pytest.raises(InvalidInput, match="candidates"):
        office.recognition.recognize(house.operator, picture, top=0)


def test_one_to_one(office, house, three, shared_data):
    smile = portrait(shared_data, 1, smiling=True)
    right = office.recognition.verify(house.operator, three[1].id, smile)
    assert (right.decision, right.fmr <= right.target_fmr) == (MATCH, True)
    wrong = office.recognition.verify(house.operator, three[0].id, smile)
    assert wrong.decision is UNKNOWN
    assert wrong.similarity < wrong.threshold <= right.similarity
    empty = office.add()
    none = office.recognition.verify(house.operator, empty.id, smile)
    assert (none.decision, none.similarity, none.fmr) == (UNKNOWN, None, None)
    with pytest.raises(NotFound):
        office.recognition.verify(house.operator, "0" * 32, smile)


def test_two_pictures(office, house, shared_data):
    same = portrait(shared_data, 4), portrait(shared_data, 4, smiling=True)
    assert office.recognition.compare(house.operator, *same).decision is MATCH
    strangers = portrait(shared_data, 4), portrait(shared_data, 5)
    found = office.recognition.compare(house.operator, *strangers)
    assert (found.decision, found.other is not None) == (UNKNOWN, True)


@pytest.mark.parametrize(
    ("mode", "alone", "everybody"),
    [(Mode.ANONYMOUS, False, False), (Mode.VERIFY, True, False), (Mode.IDENTIFY, True, True)],
)
def test_the_mode_decides(office, house, ground, three, shared_data, mode, alone, everybody):
    Privacy(ground).change(house.admin, mode=mode, confirm=True)
    picture = portrait(shared_data, 0)
    asked = {
        everybody: [
            lambda: office.recognition.recognize(house.operator, picture),
            lambda: office.recognition.identify(house.operator, picture),
        ],
        alone: [],
    }
    asked[alone] += [
        lambda: office.recognition.verify(house.operator, three[0].id, picture),
        lambda: office.recognition.compare(house.operator, picture, picture),
    ]
    for allowed, acts in asked.items():
        for act in acts:
            if allowed:
                assert act()
            else:
                with pytest.raises(ConsentMissing):
                    act()


def test_only_those_who_agreed_are_found(office, house, ground, three, shared_data):
    silent = add_adult(ground, house)
    agreed = office.add()
    assert agreed
    with pytest.raises(ConsentMissing):
        office.enrolment.enroll(house.operator, silent.id, portrait(shared_data, 6))
    with ground.store.reading() as work:
        (consent,) = work.consents.page(house.tenant_id, subject_id=three[0].id).items
    Consents(ground).withdraw(house.operator, consent.id)
    (face,) = office.recognition.recognize(house.operator, portrait(shared_data, 0)).faces
    assert three[0].id not in {each.subject_id for each in face.candidates}
    assert face.decision is UNKNOWN


def test_every_answer_is_written_down_and_says_nothing_of_the_picture(
    office, house, ground, three, shared_data
):
    office.recognition.recognize(house.operator, portrait(shared_data, 0))
    office.recognition.recognize(house.operator, portrait(shared_data, 9))
    office.recognition.verify(house.operator, three[0].id, portrait(shared_data, 1))
    named, unknown = entries(ground, house, IDENTIFIED)
    assert (named.subject_id, unknown.subject_id) == (three[0].id, None)
    assert named.details["gallery"] == 3
    assert set(named.details) == {"faces", "gallery", "named", "purpose", "target", "embedder"}
    (verified,) = entries(ground, house, VERIFIED)
    assert (verified.subject_id, verified.details["decision"]) == (three[0].id, "unknown")
    assert ground.audit.verify(ground.store, house.tenant_id) == []


def test_whoever_may_not_is_refused(office, house, other, three, shared_data):
    picture = portrait(shared_data, 0)
    for act in (
        lambda: office.recognition.recognize(house.viewer, picture),
        lambda: office.recognition.verify(house.viewer, three[0].id, picture),
        lambda: office.recognition.compare(house.viewer, picture, picture),
    ):
        with pytest.raises(NotAllowed):
            act()
    found = office.recognition.recognize(other.operator, picture)
    assert (found.gallery, found.faces[0].candidates) == (0, ())
    with pytest.raises(NotFound):
        office.recognition.verify(other.operator, three[0].id, picture)


def test_what_is_removed_is_found_no_more(office, house, ground, three, shared_data):
    templates = Templates(ground)
    with ground.store.reading() as work:
        (kept,) = work.sealed.of_subject(house.tenant_id, three[0].id, "template")
    templates.remove(house.operator, kept.id)
    found = office.recognition.recognize(house.operator, portrait(shared_data, 0))
    assert found.gallery == 2
    assert found.faces[0].decision is UNKNOWN


def test_vectors_are_in_no_text_form(office, house, three, shared_data):
    found = office.recognition.recognize(house.operator, portrait(shared_data, 0))
    assert str(np.round(found.faces[0].face.vector[0], 4))[:7] not in repr(found)
