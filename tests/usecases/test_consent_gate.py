"""The one gate: a template is sealed or opened exactly where every rule allows it.

Every combination of mode, stated purposes, consents, age, age gate and erasure is tried through the
use cases; `allowed` says anew, in the words of the rules, what must come of it.
"""

from dataclasses import dataclass
from datetime import timedelta
from itertools import product

import pytest

from tests.usecases.people import EMBEDDER, add_notice, agree, vector
from visavis.core.purposes import Comparison, Purpose
from visavis.store.kinds import ConsentMethod, Mode
from visavis.usecases.consent import Consents, refusals, require_consent
from visavis.usecases.consent_records import GivenBy
from visavis.usecases.errors import ConsentMissing, NotFound
from visavis.usecases.privacy import Privacy
from visavis.usecases.subjects import Subjects
from visavis.usecases.templates import Templates

ASKED = Purpose.RECOGNITION, Purpose.FACE_LOGIN, Purpose.PHOTOS
BY_GUARDIAN: dict[str, object] = {"method": ConsentMethod.GUARDIAN, "given_by": GivenBy.PARENT}
SOON = timedelta(hours=1)

STATES: dict[str, list[dict[str, object]]] = {
    "none": [],
    "holds": [{}],
    "expired": [{"expires_at": SOON}],
    "withdrawn": [{"withdrawn": True}],
    "withdrawn once, given again": [{"withdrawn": True}, {}],
    "by a guardian": [BY_GUARDIAN],
    "by a guardian, then by themselves": [BY_GUARDIAN, {}],
    "by a guardian, expired, then by themselves": [BY_GUARDIAN | {"expires_at": SOON}, {}],
    "by a guardian, withdrawn": [BY_GUARDIAN | {"withdrawn": True}],
}
"""What was recorded for each purpose, one after the other."""

HOLD = {
    "holds",
    "withdrawn once, given again",
    "by a guardian",
    "by a guardian, then by themselves",
    "by a guardian, expired, then by themselves",
}
HOLD_BY_GUARDIAN = {"by a guardian", "by a guardian, then by themselves"}


@dataclass(frozen=True)
class Case:
    """What is so when somebody asks."""

    mode: Mode
    stated: frozenset[Purpose]
    adults_only: bool
    consent: str
    adult: bool | None
    erased: bool


def allowed(case: Case, purpose: Purpose, comparison: Comparison) -> bool:
    """Say what the rules come down to, not how they are asked."""
    in_mode = {
        Mode.ANONYMOUS: False,
        Mode.VERIFY: purpose in {"recognition", "face_login"} and comparison == "1:1",
        Mode.IDENTIFY: True,
    }[case.mode]
    consents = HOLD_BY_GUARDIAN if case.adult is False else HOLD
    of_age = case.adult is True or not case.adults_only
    agreed = case.consent in consents
    return in_mode and purpose in case.stated and of_age and agreed and not case.erased


@pytest.fixture
def people(ground, house, clock):
    """Make one subject for each state of consent, age and erasure; some time later."""
    notices = {purpose: add_notice(ground, house, purpose) for purpose in ASKED}
    made = {}
    for state, adult, erased in product(STATES, (True, False, None), (False, True)):
        subject = Subjects(ground).create(house.operator, adult=adult).id
        for purpose, said in product(ASKED, STATES[state]):
            record(ground, house, subject, notices[purpose], dict(said), clock)
        made[state, adult, erased] = subject
    clock.move(days=1)
    for (_, _, erased), subject in made.items():
        if erased:
            with ground.store.work() as work:
                work.keys.destroy_subject(house.tenant_id, subject)
                work.subjects.mark_erased(house.tenant_id, subject, clock())
    return made


def record(ground, house, subject, notice, said, clock):
    withdrawn = said.pop("withdrawn", False)
    if ends := said.pop("expires_at", None):
        said["expires_at"] = clock() + ends
    made = agree(ground, house, subject, notice, **said)
    if withdrawn:
        Consents(ground).withdraw(house.operator, made.id)


def is_open(act) -> bool:
    try:
        act()
    except (ConsentMissing, NotFound):
        return False
    return True


def agree_with_the_batch(ground, house, people, purpose, comparison):
    """See that the gate says of everybody at once, in the same words, what it says of each."""
    everybody, alone, now = [*people.values(), "0" * 32], {}, ground.clock()
    with ground.store.reading() as work:
        told = house.tenant_id, everybody, purpose, now, comparison
        for subject in people.values():
            row = work.subjects.find(house.tenant_id, subject)
            try:
                require_consent(work, house.tenant_id, row, purpose, now, comparison)
            except ConsentMissing as exc:
                alone[subject] = str(exc)
        if len(alone) == len(people) and is_refused(lambda: refusals(work, *told)):
            return  # nobody may be touched, whoever they are
        together = refusals(work, *told)
    assert isinstance(together.pop("0" * 32), NotFound)
    assert {who: str(error) for who, error in together.items()} == alone


def is_refused(act) -> bool:
    return not is_open(act)


@pytest.mark.slow
@pytest.mark.parametrize("mode", Mode)
def test_a_template_is_touched_exactly_where_every_rule_allows_it(
    ground, house, people, clock, mode
):
    privacy, templates = Privacy(ground), Templates(ground)
    tried = opened = 0
    stated = ((), (Purpose.AUDIENCE,), (Purpose.PHOTOS, Purpose.RECOGNITION), tuple(Purpose))
    for purposes, adults_only in product(stated, (True, False)):
        privacy.change(
            house.admin, mode=mode, purposes=purposes, adults_only=adults_only, confirm=True
        )
        for purpose, comparison in product(ASKED, Comparison):
            agree_with_the_batch(ground, house, people, purpose, comparison)
        for (state, adult, erased), subject in people.items():
            case = Case(mode, frozenset(purposes), adults_only, state, adult, erased)
            for purpose, comparison in product(ASKED, Comparison):
                expected = allowed(case, purpose, comparison)
                found = is_open(
                    lambda to=subject, so=purpose, by=comparison: templates.unseal(
                        house.operator, to, purpose=so, comparison=by
                    )
                )
                assert found is expected, (case, purpose, comparison)
                tried, opened = tried + 1, opened + expected
            for purpose in ASKED:
                sealed = is_open(
                    lambda to=subject, so=purpose: templates.seal(
                        house.operator, to, vector(), purpose=so, embedder=EMBEDDER
                    )
                )
                expected = allowed(case, purpose, Comparison.ONE_TO_ONE)
                assert sealed is expected, (case, purpose)
    assert tried == 8 * 9 * 3 * 2 * 6
    assert (opened > 0) is (mode is not Mode.ANONYMOUS)


def test_consents_hold_for_their_own_purpose_alone(ground, house, clock):
    privacy = Privacy(ground)
    privacy.change(house.admin, purposes=tuple(Purpose))
    subject = Subjects(ground).create(house.operator, adult=True).id
    agree(ground, house, subject, add_notice(ground, house, Purpose.PHOTOS))
    with ground.store.reading() as work:
        row = work.subjects.find(house.tenant_id, subject)
        for purpose in Purpose:
            found = is_open(
                lambda to=purpose: require_consent(work, house.tenant_id, row, to, clock())
            )
            assert found is (purpose is Purpose.PHOTOS)


@pytest.mark.parametrize(
    ("change", "adult", "said"),
    [
        ({"mode": Mode.ANONYMOUS}, True, "in the mode anonymous"),
        ({"mode": Mode.VERIFY}, True, "needs the mode identify"),
        ({"purposes": ()}, True, "does not process faces for photos"),
        ({}, None, "known to be of age"),
        ({}, False, "known to be of age"),
        ({"adults_only": False}, False, "consent of a parent or guardian to photos"),
        ({}, True, "consent of this person to photos"),
    ],
)
def test_a_refusal_says_what_is_missing(ground, house, clock, change, adult, said):
    Privacy(ground).change(house.admin, **({"purposes": [Purpose.PHOTOS]} | change))
    subject = Subjects(ground).create(house.operator, adult=adult)
    with pytest.raises(ConsentMissing, match=said):
        Templates(ground).unseal(
            house.operator,
            subject.id,
            purpose=Purpose.PHOTOS,
            comparison=Comparison.ONE_TO_MANY,
        )


def test_a_row_of_another_tenant_in_hand_passes_no_gate(ground, house, other, clock):
    subject = Subjects(ground).create(house.operator, adult=True).id
    agree(ground, house, subject, add_notice(ground, house))
    with ground.store.reading() as work:
        row = work.subjects.find(house.tenant_id, subject)
        assert require_consent(work, house.tenant_id, row, Purpose.RECOGNITION, clock())
        with pytest.raises(NotFound):
            require_consent(work, other.tenant_id, row, Purpose.RECOGNITION, clock())
