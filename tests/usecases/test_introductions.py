"""Somebody new and their first face: both are kept, or neither is."""

from dataclasses import replace

import pytest

from tests.usecases.enrolled import open_office, portrait
from tests.usecases.people import actions
from tests.usecases.somebody import blobs_of
from visavis.core.errors import NotAllowed, Unavailable
from visavis.store.kinds import Mode
from visavis.usecases.enrolment import LooksLike
from visavis.usecases.erasure import Erasure
from visavis.usecases.errors import ConsentMissing
from visavis.usecases.faces import FaceMissing, PoorFace, look
from visavis.usecases.introductions import Introductions
from visavis.usecases.newcomers import Newcomers
from visavis.usecases.privacy import Privacy
from visavis.usecases.subjects import Subjects
from visavis.usecases.templates import Templates
from visavis.vision.stages.gate import Reason


@pytest.fixture
def office(ground, house, services):
    yield from open_office(ground, house, services)


@pytest.fixture
def introductions(office, ground, house):
    Privacy(ground).change(house.admin, agreed_notice=office.notice.id)
    erasure = Erasure(ground, blobs_of(ground))
    return Introductions(ground, Subjects(ground), Newcomers(ground), office.enrolment, erasure)


@pytest.fixture
def face(services, shared_data):
    """Return what finds the face of a portrait."""
    return lambda number: look(services.analyses, portrait(shared_data, number))[0]


def everybody(ground, house):
    """Return who is known, and how many templates there are."""
    people = Subjects(ground).page(house.viewer).items
    return people, len(Templates(ground).kept(house.viewer).items)


def test_somebody_new_is_made_with_their_face(introductions, ground, house, face):
    known, made = introductions.introduce(house.operator, face(0), reference="7", notes="tall")
    assert made.subject_id == known.id
    assert everybody(ground, house) == ((known,), 1)


def test_whoever_cannot_be_enrolled_is_not_made_either(introductions, ground, house, face):
    introductions.introduce(house.operator, face(0), reference="7")
    with pytest.raises(LooksLike):
        introductions.introduce(house.operator, face(0), reference="8")
    people, templates = everybody(ground, house)
    assert ([each.reference for each in people], templates) == (["7"], 1)
    assert actions(ground, house)[-1] == "subject.erased"


def test_whom_others_enrolled_meanwhile_is_not_taken_back(
    introductions, office, ground, house, face, monkeypatch
):
    def enrol_and_fail(actor, subject_id, found, **told):
        monkeypatch.undo()
        office.enrolment.enroll_face(actor, subject_id, found, **told)  # another program's
        raise Unavailable("the disk is full")

    monkeypatch.setattr(office.enrolment, "enroll_face", enrol_and_fail)
    with pytest.raises(Unavailable, match="full"):
        introductions.introduce(house.operator, face(0), reference="7")
    people, templates = everybody(ground, house)
    assert ([each.reference for each in people], templates) == (["7"], 1)


def test_a_poor_face_makes_nobody(introductions, ground, house, face):
    poor = replace(face(0), reasons=(Reason.BLURRED,))
    with pytest.raises(PoorFace):
        introductions.introduce(house.operator, poor)
    assert everybody(ground, house) == ((), 0)
    assert "subject.created" not in actions(ground, house)


def test_the_rules_are_asked_before_anybody_looks(introductions, ground, house):
    looked = []
    with pytest.raises(NotAllowed, match="operator"):
        introductions.enroll_as(house.viewer, "7", None, lambda: looked.append(1))
    Privacy(ground).change(house.admin, agreed_notice="")
    with pytest.raises(ConsentMissing, match="agreed-elsewhere"):
        introductions.enroll_as(house.operator, "7", None, lambda: looked.append(1))
    Privacy(ground).change(house.admin, mode=Mode.ANONYMOUS)
    with pytest.raises(ConsentMissing, match="anonymous"):
        introductions.enroll_as(house.operator, "7", None, lambda: looked.append(1))
    assert looked == []


def test_whoever_is_known_is_not_made_again(introductions, office, ground, house, face):
    first, _ = introductions.enroll_as(house.operator, "7", None, lambda: face(0))
    again, _ = introductions.enroll_as(house.operator, "7", first, lambda: face(0))
    quicker, _ = introductions.enroll_as(house.operator, "7", None, lambda: face(0))
    assert first.id == again.id == quicker.id
    assert everybody(ground, house)[1] == 3
    refuser = Subjects(ground).create(house.operator, adult=True, reference="8")
    with pytest.raises(ConsentMissing):
        introductions.enroll_as(house.operator, "8", refuser, lambda: face(0))


def test_nothing_is_kept_where_there_is_no_face(introductions, ground, house):
    def nothing():
        raise FaceMissing

    with pytest.raises(FaceMissing):
        introductions.enroll_as(house.operator, "7", None, nothing)
    assert everybody(ground, house) == ((), 0)
