"""People whom a program adds with the consent that their organisation has from elsewhere."""

from dataclasses import replace

import pytest

from tests.usecases.people import actions, add_notice, vector
from visavis.core.errors import NotAllowed
from visavis.core.purposes import Purpose
from visavis.store.errors import AlreadyThere
from visavis.usecases.consent import Consents
from visavis.usecases.errors import ConsentMissing, NotFound
from visavis.usecases.newcomers import Newcomers
from visavis.usecases.privacy import Privacy
from visavis.usecases.subjects import Subjects
from visavis.usecases.templates import Templates


@pytest.fixture
def newcomers(ground):
    return Newcomers(ground)


def test_nobody_is_added_before_somebody_says_that_they_agreed(newcomers, ground, house):
    told = r"visavis privacy set --mode identify --purpose recognition --agreed-elsewhere "
    with pytest.raises(ConsentMissing, match=told):
        newcomers.add(house.operator, name="Ann")
    assert Subjects(ground).page(house.viewer).items == ()


def test_a_newcomer_agreed_to_the_notice_and_can_be_enrolled(newcomers, ground, house):
    notice = add_notice(ground, house)
    Privacy(ground).change(house.admin, agreed_notice=notice.id)
    program = replace(house.operator, key_id="f" * 32)
    ann = newcomers.add(program, reference="7", name="Ann", notes="tall")
    assert (ann.reference, ann.name, ann.notes, ann.adult) == ("7", "Ann", "tall", True)
    (consent,) = Consents(ground).page(house.operator, subject_id=ann.id).items
    told = Consents(ground).record(house.operator, consent.id)
    assert (told["notice_id"], told["purpose"], told["recorded_by"]) == (
        notice.id,
        "recognition",
        "f" * 32,
    )
    assert told["evidence"] == (
        f"stated by the organisation in its privacy rules; recorded by program {'f' * 32}"
    )
    seal, face = Templates(ground).seal, vector()
    assert seal(house.operator, ann.id, face, purpose=Purpose.RECOGNITION, embedder="dlib_resnet@1")
    assert actions(ground, house)[-3:] == ["subject.created", "consent.given", "template.sealed"]


def test_somebody_who_is_there_already_is_not_added_again(newcomers, ground, house):
    notice = add_notice(ground, house)
    Privacy(ground).change(house.admin, agreed_notice=notice.id)
    newcomers.add(house.operator, reference="7")
    with pytest.raises(AlreadyThere):
        newcomers.add(house.operator, reference="7")
    with pytest.raises(NotFound):
        newcomers.add(house.operator, collection="0" * 32)
    assert len(Consents(ground).page(house.operator).items) == 1


def test_the_rule_is_taken_back_and_names_only_notices_of_ones_own(newcomers, ground, house, other):
    mine, theirs = add_notice(ground, house), add_notice(ground, other)
    privacy = Privacy(ground)
    with pytest.raises(NotFound):
        privacy.change(house.admin, agreed_notice=theirs.id)
    with pytest.raises(NotAllowed):
        privacy.change(house.operator, agreed_notice=mine.id)
    privacy.change(house.admin, agreed_notice=mine.id)
    with pytest.raises(NotAllowed):
        newcomers.add(house.viewer)
    privacy.change(house.admin, agreed_notice="")
    with pytest.raises(ConsentMissing):
        newcomers.add(house.operator)
    assert actions(ground, house).count("privacy.changed") == 2
