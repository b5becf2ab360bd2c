"""Real pictures in two collections: each answers for its own people; vectors and templates."""

import numpy as np
import pytest

from tests.usecases.enrolled import open_office, portrait
from tests.usecases.people import EMBEDDER
from tests.usecases.somebody import blobs_of
from tests.usecases.test_enrolment import beside, nobody
from visavis.core.attributes import Head
from visavis.core.errors import InvalidInput, NotAllowed
from visavis.core.types import Feature
from visavis.store.kinds import Mode
from visavis.usecases.collections import Collections
from visavis.usecases.consent import Consents
from visavis.usecases.enrolment import LooksLike
from visavis.usecases.erasure import Erasure
from visavis.usecases.errors import ConsentMissing, NotFound
from visavis.usecases.faces import look, seen
from visavis.usecases.privacy import Privacy
from visavis.usecases.recognised import Decision
from visavis.usecases.recognition import IDENTIFIED

MATCH, UNKNOWN = Decision.MATCH, Decision.UNKNOWN


@pytest.fixture
def office(ground, house, services):
    yield from open_office(ground, house, services)


@pytest.fixture
def wing(ground, house):
    """Give the id of a collection."""
    shelf = Collections(ground, Erasure(ground, blobs_of(ground)), lambda *_: None)
    return shelf.create(house.operator, "wing").id


@pytest.fixture
def both(office, wing, shared_data):
    """Enrol person 0 in no collection, persons 1 and 0 in one; return who is who."""
    return (
        office.enrolled(portrait(shared_data, 0)),
        office.enrolled(portrait(shared_data, 1), collection=wing),
        office.enrolled(portrait(shared_data, 0), collection=wing),
    )


def test_each_collection_answers_for_its_own_people(office, house, wing, both, shared_data):
    main, guest, again = (each.id for each in both)
    told = {
        (number, where): office.recognition.recognize(
            house.operator, portrait(shared_data, number, smiling=True), collection=where
        )
        for number in (0, 1)
        for where in ("", wing)
    }
    named = {
        asked: found.faces[0].match and found.faces[0].match.subject_id
        for asked, found in told.items()
    }
    assert named == {(0, ""): main, (1, ""): None, (0, wing): again, (1, wing): guest}
    assert [told[0, where].gallery for where in ("", wing)] == [1, 2]
    assert told[0, wing].threshold > told[0, ""].threshold
    (face,) = office.recognition.identify(
        house.operator, portrait(shared_data, 1), collection=wing
    ).faces
    assert face.match.subject_id == guest


def test_a_collection_that_is_none_is_not_searched(office, house, other, wing, shared_data):
    picture = portrait(shared_data, 0)
    for act in (office.recognition.recognize, office.recognition.identify):
        for actor, where in ((house.operator, "0" * 32), (other.operator, wing)):
            with pytest.raises(NotFound, match="collection"):
                act(actor, picture, collection=where)
    with pytest.raises(NotFound, match="collection"):
        office.recognition.may_search(other.operator, collection=wing)
    office.recognition.may_search(house.operator, collection=wing)


def test_others_of_the_same_collection_alone_are_lookalikes(office, house, wing, both, shared_data):
    fresh = office.add(collection=wing)
    with pytest.raises(LooksLike) as caught:
        office.enrolment.enroll(house.operator, fresh.id, portrait(shared_data, 0, smiling=True))
    assert [each.subject_id for each in caught.value.lookalikes] == [both[2].id]
    outside = office.add()
    done = office.enrolment.enroll(house.operator, outside.id, portrait(shared_data, 1))
    assert (done.lookalikes, done.searched) == ((), True)


def test_a_door_that_has_looked_searches_for_the_faces_it_has(
    office, house, services, both, shared_data
):
    pair = beside(portrait(shared_data, 0, smiling=True), portrait(shared_data, 9))
    analysis, faces = seen(services.analyses, pair, frozenset({Feature.AGE}))
    assert len(analysis.faces) == len(faces) == 2
    assert Head.AGE in analysis.faces.heads
    found = office.recognition.identified(house.operator, faces)
    assert [each.face for each in found.faces] == list(faces)
    assert {each.decision for each in found.faces} == {MATCH, UNKNOWN}
    assert office.recognition.identified(house.operator, ()).faces == ()
    assert look(services.analyses, nobody()) == ()


def test_vectors_are_answered_as_pictures_are(
    ground, office, house, services, wing, both, shared_data
):
    smiles = [portrait(shared_data, number, smiling=True) for number in (0, 1, 9)]
    vectors = np.stack([look(services.analyses, smile)[0].vector for smile in smiles])
    found = office.recognition.recognize_vectors(house.operator, vectors, collection=wing)
    assert [each.match and each.match.subject_id for each in found.probes] == [
        both[2].id,
        both[1].id,
        None,
    ]
    assert (found.gallery, found.embedder) == (2, EMBEDDER)
    pictures = [
        office.recognition.recognize(house.operator, smile, collection=wing) for smile in smiles
    ]
    for each, picture in zip(found.probes, pictures, strict=True):
        assert each.candidates == picture.faces[0].candidates
        assert found.threshold == picture.threshold
    with ground.store.reading() as work:
        last = [one for one in work.audit.entries(house.tenant_id) if one.action == IDENTIFIED]
    noted = next(one for one in last if one.details["faces"] == 3)
    assert noted.details["collection"] == wing
    assert noted.details["named"] == 2
    with pytest.raises(InvalidInput):
        office.recognition.recognize_vectors(house.operator, vectors * np.nan)
    with pytest.raises(InvalidInput, match="nobody knows"):
        office.recognition.recognize_vectors(house.operator, vectors, embedder="other@1")
    assert office.recognition.recognize_vectors(house.operator, vectors[:0]).probes == ()


def test_vectors_pass_the_same_gate(ground, office, house, both):
    vectors = np.eye(1, 128, dtype=np.float32)
    with pytest.raises(NotAllowed):
        office.recognition.recognize_vectors(house.viewer, vectors)
    for mode in (Mode.VERIFY, Mode.ANONYMOUS):
        Privacy(ground).change(house.admin, mode=mode, confirm=True)
        with pytest.raises(ConsentMissing):
            office.recognition.recognize_vectors(house.operator, vectors)
        with pytest.raises(ConsentMissing):
            office.recognition.identified(house.operator, ())


class TestByTemplate:
    """Who else looks like somebody who is enrolled."""

    @pytest.fixture
    def twins(self, office, wing, shared_data):
        """Enrol person 0 twice as one subject, and as another one, in a collection."""
        smile = portrait(shared_data, 0, smiling=True)
        one = office.enrolled(portrait(shared_data, 0), smile, collection=wing)
        two = office.add(collection=wing)
        told = office.house.operator, two.id, smile
        office.enrolment.enroll(*told, any_likeness=True)
        office.enrolled(portrait(shared_data, 1), collection=wing)
        office.enrolled(portrait(shared_data, 0))
        return one.id, two.id

    def templates(self, ground, house, subject):
        with ground.store.reading() as work:
            return [one.id for one in work.sealed.of_subject(house.tenant_id, subject, "template")]

    def test_others_of_the_collection_are_found(self, ground, office, house, twins):
        one, two = twins
        first, _ = self.templates(ground, house, one)
        (answer,) = office.recognition.identify_template(house.operator, first).probes
        assert answer.match.subject_id == two
        assert one not in [each.subject_id for each in answer.candidates]
        assert len(answer.candidates) == 2

    def test_their_own_count_where_that_is_asked_for(self, ground, office, house, twins):
        one, two = twins
        first, second = self.templates(ground, house, one)
        told = house.operator, first
        found = office.recognition.identify_template(*told, own=True, every=True, top=10)
        assert found.gallery == 3
        ids = [each.template_id for each in found.probes[0].candidates]
        assert first not in ids
        assert {second, *self.templates(ground, house, two)} < set(ids)
        (best,) = office.recognition.identify_template(*told, own=True).probes
        assert {each.subject_id for each in best.candidates[:2]} == set(twins)

    def test_who_did_not_agree_is_neither_probe_nor_candidate(self, ground, office, house, twins):
        one, two = twins
        first, _ = self.templates(ground, house, one)
        for subject in (two, one):
            consent = Consents(ground).page(house.admin, subject_id=subject).items[0]
            Consents(ground).withdraw(house.operator, consent.id)
            if subject == two:
                (answer,) = office.recognition.identify_template(house.operator, first).probes
                assert two not in [each.subject_id for each in answer.candidates]
        with pytest.raises(ConsentMissing):
            office.recognition.identify_template(house.operator, first)

    def test_what_is_not_there_is_told(self, ground, office, house, other, twins):
        first, _ = self.templates(ground, house, twins[0])
        with pytest.raises(NotFound, match="template"):
            office.recognition.identify_template(house.operator, "0" * 32)
        with pytest.raises(NotFound, match="template"):
            office.recognition.identify_template(other.operator, first)
        with pytest.raises(NotAllowed):
            office.recognition.identify_template(house.viewer, first)
