"""How like vectors are to a template and to each other: only where the rules allow it."""

import numpy as np
import pytest

from tests.usecases.people import EMBEDDER, add_adult, add_notice, agree, vector
from visavis.core.errors import InvalidInput, NotAllowed
from visavis.core.purposes import Purpose
from visavis.store.kinds import Mode
from visavis.usecases.comparing import MOST_COMPARED, Comparing, cosines
from visavis.usecases.consent import Consents
from visavis.usecases.errors import ConsentMissing, NotFound
from visavis.usecases.privacy import Privacy
from visavis.usecases.templates import Templates


@pytest.fixture
def comparing(ground):
    return Comparing(ground)


@pytest.fixture
def ann(ground, house):
    """Return somebody who agreed, their consent, their template and its vector."""
    known = add_adult(ground, house)
    consent = agree(ground, house, known.id, add_notice(ground, house))
    face = vector()
    seal = Templates(ground).seal
    made = seal(house.operator, known.id, face, purpose=Purpose.RECOGNITION, embedder=EMBEDDER)
    return known, consent, made, face


def last_note(ground, house):
    with ground.store.reading() as work:
        return list(work.audit.entries(house.tenant_id))[-1]


def test_probes_are_compared_with_one_template(comparing, ground, house, ann):
    known, _, template, face = ann
    found = comparing.with_template(house.operator, template, np.stack([face, -3 * face]), EMBEDDER)
    assert found.tolist() == pytest.approx([1, -1], abs=1e-5)
    note = last_note(ground, house)
    assert (note.action, note.subject_id) == ("faces.compared", known.id)
    assert note.details["compared"] == 2


def test_vectors_are_compared_with_each_other(comparing, ground, house):
    ones, others = np.eye(2, 3, dtype=np.float32), np.eye(3, dtype=np.float32)
    found = comparing.with_each_other(house.operator, ones, others, EMBEDDER)
    assert found.tolist() == [[1, 0, 0], [0, 1, 0]]
    note = last_note(ground, house)
    assert (note.action, note.subject_id, note.details["compared"]) == ("faces.compared", None, 6)


def test_whoever_does_not_agree_any_more_is_not_compared(comparing, ground, house, ann):
    _, consent, template, face = ann
    Consents(ground).withdraw(house.operator, consent.id)
    with pytest.raises(ConsentMissing):
        comparing.with_template(house.operator, template, face[None], EMBEDDER)


def test_the_mode_and_the_scope_are_heeded(comparing, ground, house, ann):
    with pytest.raises(NotAllowed, match="operator"):
        comparing.check(house.viewer)
    Privacy(ground).change(house.admin, mode=Mode.VERIFY, confirm=True)
    comparing.check(house.operator)
    Privacy(ground).change(house.admin, mode=Mode.ANONYMOUS, confirm=True)
    with pytest.raises(ConsentMissing, match="anonymous"):
        comparing.with_template(house.operator, ann[2], ann[3][None], EMBEDDER)
    with pytest.raises(ConsentMissing, match="anonymous"):
        comparing.with_each_other(house.operator, ann[3][None], ann[3][None], EMBEDDER)


def test_templates_of_others_are_not_there(comparing, other, ann):
    with pytest.raises(NotFound):
        comparing.with_template(other.operator, ann[2], ann[3][None], EMBEDDER)


def test_vectors_of_another_embedder_are_refused(comparing, house, ann):
    with pytest.raises(InvalidInput, match="cannot be compared with vectors of"):
        comparing.with_template(house.operator, ann[2], ann[3][None], "other@1")
    with pytest.raises(InvalidInput, match="same embedder"):
        comparing.with_template(house.operator, ann[2], ann[3][None, :5], EMBEDDER)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, 0.0])
def test_what_is_no_vector_is_refused(wrong):
    good = np.ones((1, 4), np.float32)
    with pytest.raises(InvalidInput, match="finite numbers"):
        cosines(good, np.full((1, 4), wrong, np.float32))


def test_too_many_vectors_are_refused():
    many = np.ones((MOST_COMPARED + 1, 2), np.float32)
    with pytest.raises(InvalidInput, match="at most"):
        cosines(many, many[:1])
