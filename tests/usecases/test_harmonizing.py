"""A change of the embedder on real portraits: nobody sends a picture again, nobody is lost."""

from contextlib import closing
from dataclasses import replace

import pytest

from tests.usecases.enrolled import Office, portrait
from tests.usecases.people import actions, add_notice, agree
from tests.usecases.somebody import blobs_of
from visavis.core.errors import NotAllowed
from visavis.core.settings import load_settings
from visavis.entry.wiring import build
from visavis.index.centre import bundled_centres
from visavis.index.exact import ExactIndex
from visavis.index.harmonic_files import bundled_maps
from visavis.index.harmonics import Harmonics, NoHarmonicMap
from visavis.store.sealed import MAPPED_FROM, TEMPLATE
from visavis.usecases import harmonizing as harmonizing_module
from visavis.usecases.consent import Consents
from visavis.usecases.enrolment import Enrolment
from visavis.usecases.erasure import Erasure
from visavis.usecases.galleries import Galleries
from visavis.usecases.gallery_mixing import Mixing
from visavis.usecases.harmonizing import Harmonizing
from visavis.usecases.harmonizing_batch import MAPPED
from visavis.usecases.harmony_shadow import ShadowScoring
from visavis.usecases.recognised import Decision
from visavis.usecases.recognition import Recognition
from visavis.usecases.scores import Scores
from visavis.usecases.templates import Templates

OLD, NEW = "dlib_resnet@1", "visavis_lite@1"
PEOPLE = 7

RARE = 5e-3
"""Where one of so many strangers would be as alike, it is somebody else or nobody."""


class Killed(BaseException):
    """Stands for a process that ends in the middle."""


@pytest.fixture(scope="module")
def lite(services):
    """The same deployment with the small pack."""
    built = build(load_settings(pack="lite"))
    yield built
    built.analyses.close()


@pytest.fixture
def harmonics():
    return Harmonics(bundled_maps())


@pytest.fixture
def galleries(ground, harmonics):
    mixing = Mixing(ground, harmonics, Scores(ground))
    made = Galleries(ground, ExactIndex(), centres=bundled_centres(), mixing=mixing)
    with closing(made):
        yield made


@pytest.fixture
def notice(ground, house):
    return add_notice(ground, house)


def office_of(ground, house, services, galleries, notice):
    told = ground, services.analyses
    enrolment = Enrolment(*told, Templates(ground), galleries, Scores(ground))
    recognition = Recognition(*told, galleries, Scores(ground))
    return Office(ground, house, notice, galleries, enrolment, recognition)


@pytest.fixture
def office(ground, house, services, galleries, notice):
    """What serves with the old embedder."""
    return office_of(ground, house, services, galleries, notice)


@pytest.fixture
def small(ground, house, lite, galleries, notice):
    """What serves with the new one."""
    return office_of(ground, house, lite, galleries, notice)


@pytest.fixture
def harmonizing(ground, harmonics):
    return Harmonizing(ground, harmonics, Scores(ground))


@pytest.fixture
def everybody(office, shared_data):
    return [office.enrolled(portrait(shared_data, n)).id for n in range(PEOPLE)]


def rows_of(ground, house, subject_id):
    with ground.store.reading() as work:
        return work.sealed.of_subject(house.tenant_id, subject_id, TEMPLATE)


def copies_of(ground, house, subject_id):
    return [row for row in rows_of(ground, house, subject_id) if row.meta["embedder"] == NEW]


def found_by(office, shared_data, people):
    """Return who comes first for each person's other picture; None = nobody enrolled does."""
    answers = []
    for number in range(len(people)):
        picture = portrait(shared_data, number, smiling=True)
        (face,) = office.recognition.recognize(office.house.operator, picture).faces
        first = face.candidates[0]
        answers.append(first.subject_id if first.fmr <= RARE else None)
    return answers


def exact_answers(office, shared_data, count):
    """Return all that is answered about pictures, to the last digit."""
    told = []
    for number in range(count):
        picture = portrait(shared_data, number, smiling=True)
        (face,) = office.recognition.recognize(office.house.operator, picture).faces
        told.append([(each.template_id, each.similarity, each.fmr) for each in face.candidates])
    return told


def test_the_whole_way_and_back(
    ground, house, office, small, harmonizing, everybody, shared_data, monkeypatch
):
    before = exact_answers(office, shared_data, PEOPLE)
    monkeypatch.setattr(harmonizing_module, "AT_ONCE", 3)

    def die(count):
        if count.mapped >= 3:
            raise Killed

    with pytest.raises(Killed):
        harmonizing.migrate(house.tenant_id, OLD, NEW, die)
    standing = harmonizing.standing(house.tenant_id)
    assert (standing.searched, standing.originals, standing.waiting) == (OLD, PEOPLE, PEOPLE - 3)
    with pytest.raises(NotAllowed, match="4 templates are not brought over"):
        harmonizing.switch(house.tenant_id, NEW)

    count = harmonizing.migrate(house.tenant_id, OLD, NEW)
    assert (count.mapped, count.there, count.left_out) == (PEOPLE - 3, 3, 0)
    again = harmonizing.migrate(house.tenant_id, OLD, NEW)
    assert (again.mapped, again.there) == (0, PEOPLE)
    for subject_id in everybody:
        original, copy = sorted(
            rows_of(ground, house, subject_id), key=lambda row: row.meta["embedder"]
        )
        assert copy.meta[MAPPED_FROM] == {"template_id": original.id, "embedder": OLD}
        assert copy.created_at == original.created_at
    assert exact_answers(office, shared_data, PEOPLE) == before  # searches use the old ones still

    harmonizing.switch(house.tenant_id, NEW)
    assert found_by(small, shared_data, everybody) == everybody
    strangers = [portrait(shared_data, n) for n in range(PEOPLE, PEOPLE + 3)]
    for picture in strangers:
        (face,) = small.recognition.recognize(house.operator, picture).faces
        assert face.decision is Decision.UNKNOWN

    assert harmonizing.rollback(house.tenant_id) == OLD
    assert exact_answers(office, shared_data, PEOPLE) == before

    harmonizing.switch(house.tenant_id, NEW)
    assert harmonizing.finish(house.tenant_id) == PEOPLE
    assert all(len(rows_of(ground, house, each)) == 1 for each in everybody)
    assert found_by(small, shared_data, everybody) == everybody
    assert harmonizing.standing(house.tenant_id).searched == NEW
    with pytest.raises(NotAllowed, match="no change of the embedder"):
        harmonizing.rollback(house.tenant_id)
    said = actions(ground, house)
    assert said.count(MAPPED) == 3  # 3, then 3 + 1
    assert said.count(harmonizing_module.SWITCHED) == 2


def test_the_erased_and_those_who_withdrew_are_left_alone(
    ground, house, office, small, galleries, harmonizing, everybody, notice, shared_data
):
    gone, unwilling, *rest = everybody
    Erasure(ground, blobs_of(ground), [galleries]).erase(house.admin, gone)
    (consent,) = Consents(ground).page(house.admin, subject_id=unwilling).items
    Consents(ground).withdraw(house.operator, consent.id)

    count = harmonizing.migrate(house.tenant_id, OLD, NEW)
    assert (count.mapped, count.left_out) == (len(rest), 1)
    assert rows_of(ground, house, gone) == ()
    assert copies_of(ground, house, unwilling) == []
    harmonizing.switch(house.tenant_id, NEW)  # who may not be searched keeps nobody waiting
    assert found_by(small, shared_data, everybody) == [None, None, *rest]

    agree(ground, house, unwilling, notice)  # found by the map, copy or not
    assert found_by(small, shared_data, everybody) == [None, unwilling, *rest]
    harmonizing.finish(house.tenant_id)
    assert [row.meta["embedder"] for row in rows_of(ground, house, unwilling)] == [OLD]


def test_a_person_erased_between_two_batches_does_not_come_back(
    ground, house, office, galleries, harmonizing, everybody, monkeypatch
):
    monkeypatch.setattr(harmonizing_module, "AT_ONCE", 1)
    erasure = Erasure(ground, blobs_of(ground), [galleries])

    def erase_the_rest(count):
        if count.mapped == 1:
            for subject_id in everybody:
                if not copies_of(ground, house, subject_id):
                    erasure.erase(house.admin, subject_id)

    count = harmonizing.migrate(house.tenant_id, OLD, NEW, erase_the_rest)
    assert (count.mapped, count.left_out) == (1, 0)
    assert sum(len(rows_of(ground, house, each)) for each in everybody) == 2


def test_two_embedders_are_searched_together_and_rates_hold(
    office, small, house, everybody, shared_data
):
    """Half are enrolled with the one, half with the other; either finds all of them."""
    more = [small.enrolled(portrait(shared_data, n)).id for n in range(PEOPLE, PEOPLE + 3)]
    people = [*everybody, *more]
    assert found_by(small, shared_data, people) == people
    assert found_by(office, shared_data, people) == people
    for who in (office, small):
        picture = portrait(shared_data, 20)
        (face,) = who.recognition.recognize(house.operator, picture).faces
        assert face.decision is Decision.UNKNOWN
        assert len(face.candidates) == 5


def test_one_person_is_verified_across_embedders(small, house, everybody, shared_data):
    for number, subject_id in enumerate(everybody[:3]):
        picture = portrait(shared_data, number, smiling=True)
        told = small.recognition.verify(house.operator, subject_id, picture, target_fmr=RARE)
        assert told.decision is Decision.MATCH
        other = portrait(shared_data, number + 10)
        told = small.recognition.verify(house.operator, subject_id, other, target_fmr=RARE)
        assert told.decision is Decision.UNKNOWN


def test_shadow_scoring_tells_before_what_changes_after(
    ground, house, office, harmonics, harmonizing, everybody, shared_data
):
    for number in range(PEOPLE - 1):  # one has a single template, whom nobody else is like
        picture = portrait(shared_data, number, smiling=True)
        office.enrolment.enroll(house.operator, everybody[number], picture)
    scoring = ShadowScoring(ground, harmonics, Scores(ground))
    with pytest.raises(NotAllowed, match="nothing to compare"):
        scoring.compare(house.tenant_id)
    harmonizing.migrate(house.tenant_id, OLD, NEW)
    told = scoring.compare(house.tenant_id)
    assert (told.probes, told.subjects) == (2 * PEOPLE - 1, PEOPLE)
    assert told.right is not None
    assert min(told.right) > 0.9
    assert told.same_first > 0.9
    assert told.same_answer >= 1 - len(told.disagreements) / told.probes


def test_what_is_removed_goes_with_its_copy(ground, house, office, harmonizing, everybody):
    harmonizing.migrate(house.tenant_id, OLD, NEW)
    first = rows_of(ground, house, everybody[0])
    original = next(row for row in first if row.meta["embedder"] == OLD)
    Templates(ground).remove(house.operator, original.id)
    assert rows_of(ground, house, everybody[0]) == ()


def test_a_change_that_is_not_wanted_is_ended_without_a_trace(
    ground, house, office, harmonizing, everybody, shared_data
):
    before = exact_answers(office, shared_data, 2)
    harmonizing.migrate(house.tenant_id, OLD, NEW)
    assert harmonizing.finish(house.tenant_id) == PEOPLE
    assert all(copies_of(ground, house, each) == [] for each in everybody)
    assert exact_answers(office, shared_data, 2) == before


def test_without_a_map_nothing_begins_and_nothing_is_mixed(
    ground, house, office, small, harmonizing, everybody, shared_data
):
    with pytest.raises(NoHarmonicMap):
        harmonizing.migrate(house.tenant_id, OLD, "another@1")
    with pytest.raises(NotAllowed, match="no change"):
        harmonizing.switch(house.tenant_id, NEW)
    bare = Galleries(ground, ExactIndex(), mixing=Mixing(ground, Harmonics(), Scores(ground)))
    blind = replace(small, recognition=Recognition(
        ground, small.recognition._analyses, bare, Scores(ground)
    ))  # fmt: skip
    with closing(bare), pytest.raises(NoHarmonicMap, match="enrol again"):
        blind.recognition.recognize(house.operator, portrait(shared_data, 0))
    harmonizing.leave_behind(house.tenant_id, NEW)  # said in so many words, it is searched
    (face,) = blind.recognition.recognize(house.operator, portrait(shared_data, 0)).faces
    assert face.candidates == ()
