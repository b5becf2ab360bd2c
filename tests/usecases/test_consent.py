"""Consents: recorded after a notice, taken back at any time, and readable by other programs."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from tests.usecases.people import TEXT, actions, add_adult, add_notice, agree
from visavis.core.errors import InvalidInput, NotAllowed
from visavis.core.purposes import Purpose
from visavis.store.consents import Consent
from visavis.store.kinds import ConsentMethod
from visavis.usecases.consent import Consents, require_consent
from visavis.usecases.consent_records import (
    LONGEST_EVIDENCE,
    GivenBy,
    State,
    evidence_of,
    reseal_evidence,
)
from visavis.usecases.errors import ConsentMissing, NotFound
from visavis.usecases.notices import Notices

DAY = timedelta(days=1)
PROOF = "Form 17 in the grey folder, signed by Zacharias Quirk."


@pytest.fixture
def consents(ground):
    return Consents(ground)


@pytest.fixture
def notice(ground, house):
    return add_notice(ground, house)


@pytest.fixture
def ada(ground, house):
    return add_adult(ground, house, name="Ada")


def test_a_consent_says_who_what_after_which_notice_how_and_when(
    ground, consents, house, ada, notice, clock
):
    yesterday, ends = clock() - DAY, clock() + 30 * DAY
    made = consents.give(
        house.operator,
        ada.id,
        Purpose.RECOGNITION,
        notice_id=notice.id,
        method=ConsentMethod.WRITTEN,
        given_by=GivenBy.REPRESENTATIVE,
        evidence=f" {PROOF} ",
        given_at=yesterday.astimezone(timezone(timedelta(hours=9))),
        expires_at=ends,
    )
    assert consents.record(house.operator, made.id) == {
        "schema_version": "visavis.consent/1",
        "record_id": made.id,
        "pii_controller_id": house.tenant_id,
        "pii_principal_id": ada.id,
        "notice_id": notice.id,
        "notice_version": 1,
        "notice_language": "en",
        "purpose": "recognition",
        "lawful_basis": "consent",
        "pii_type": "biometric",
        "method": "written",
        "state": "given",
        "given_at": yesterday,
        "given_by": "representative",
        "recorded_at": clock(),
        "recorded_by": house.operator.user_id,
        "expires_at": ends,
        "withdrawn_at": None,
        "withdrawn_by": None,
        "evidence": PROOF,
    }
    assert made.given_at.tzinfo is UTC
    listed = consents.records(house.operator, subject_id=ada.id).items
    assert [each["record_id"] for each in listed] == [made.id]
    assert "evidence" not in listed[0]
    assert json.dumps(listed[0], default=str)


def test_evidence_is_sealed_under_the_subjects_key(ground, consents, house, ada, notice):
    made = agree(ground, house, ada.id, notice, evidence=PROOF)
    ground.store.scrub()
    kept = b"".join(path.read_bytes() for path in ground.settings.data.glob("*.db*"))
    assert made.id.encode() in kept
    assert b"Quirk" not in kept
    assert "Quirk" not in repr(made)
    with ground.store.work() as work:
        work.keys.destroy_subject(house.tenant_id, ada.id)
    assert consents.record(house.operator, made.id)["evidence"] == ""
    assert consents.record(house.operator, made.id)["given_by"] == "subject"


@pytest.mark.parametrize("letter", ["x", "é", "界", "🙂"])
def test_the_longest_evidence_fits_in_any_script(ground, consents, house, ada, notice, letter):
    proof = letter * LONGEST_EVIDENCE
    made = agree(ground, house, ada.id, notice, evidence=proof)
    assert consents.record(house.operator, made.id)["evidence"] == proof


def test_evidence_outlives_an_older_version_of_the_key(ground, house, ada, notice):
    made = [agree(ground, house, ada.id, notice, evidence=proof) for proof in (PROOF, "", "other")]
    with ground.store.work() as work:
        ground.keyring.new_subject_key(work.keys, house.tenant_id, ada.id, ground.clock())
        assert reseal_evidence(ground.keyring, work, house.tenant_id, ada.id) == 2
        work.keys.drop_subject_key(house.tenant_id, ada.id, 1)
    with ground.store.reading() as work:
        found = [work.consents.find(house.tenant_id, one.id) for one in made]
        assert [evidence_of(ground.keyring, work, one) for one in found] == [PROOF, "", "other"]


def test_withdrawing_ends_it_at_once_and_only_once(ground, consents, house, ada, notice, clock):
    made = agree(ground, house, ada.id, notice)
    clock.move(hours=1)
    gone = consents.withdraw(house.operator, made.id, GivenBy.GUARDIAN)
    assert (gone.withdrawn_at, gone.withdrawn_by) == (clock(), "guardian")
    clock.move(hours=1)
    assert consents.withdraw(house.operator, made.id) == gone
    record = consents.record(house.operator, made.id)
    assert (record["state"], record["withdrawn_by"]) == (State.WITHDRAWN, "guardian")
    with ground.store.reading() as work:
        row = work.subjects.find(house.tenant_id, ada.id)
        with pytest.raises(ConsentMissing, match="no valid consent"):
            require_consent(work, house.tenant_id, row, Purpose.RECOGNITION, clock())
    assert actions(ground, house)[-2:] == ["consent.given", "consent.withdrawn"]
    with ground.store.reading() as work:
        withdrawn, given = work.audit.latest(house.tenant_id, limit=2, subject_id=ada.id)
    ids = {"consent_id": made.id, "purpose": "recognition"}
    assert withdrawn.details == {**ids, "by": "guardian"}
    assert given.details == {
        **ids,
        "notice_id": notice.id,
        "method": "electronic",
        "given_by": "subject",
    }


def test_a_consent_that_has_ended_says_so(ground, consents, house, ada, notice, clock):
    made = agree(ground, house, ada.id, notice, expires_at=clock() + DAY)
    assert consents.record(house.operator, made.id)["state"] == "given"
    clock.move(days=1)
    assert consents.record(house.operator, made.id)["state"] == "expired"


def test_it_needs_a_notice_of_that_purpose_of_this_tenant(ground, house, other, ada, notice):
    theirs = add_notice(ground, other)
    about_photos = add_notice(ground, house, Purpose.PHOTOS)
    for unknown in (theirs.id, "0" * 32, ""):
        with pytest.raises(NotFound, match="no such notice"):
            agree(ground, house, ada.id, notice, notice_id=unknown)
    with pytest.raises(InvalidInput, match="not about recognition"):
        agree(ground, house, ada.id, notice, notice_id=about_photos.id)


def test_an_older_version_of_a_notice_may_be_named(ground, consents, house, ada, notice):
    Notices(ground).add(house.admin, Purpose.RECOGNITION, "en", TEXT + " Really.")
    made = agree(ground, house, ada.id, notice)
    assert consents.record(house.operator, made.id)["notice_version"] == 1


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"given_at": datetime(2026, 11, 21, 12, 0, 1, tzinfo=UTC)}, "now or before"),
        ({"given_at": datetime(1899, 12, 31, tzinfo=UTC)}, "now or before"),
        ({"given_at": datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))}, "now or bef"),
        ({"given_at": datetime.max.replace(tzinfo=timezone(-timedelta(hours=14)))}, "now or bef"),
        ({"given_at": datetime(2026, 1, 1)}, "no time zone"),  # noqa: DTZ001
        ({"expires_at": datetime(2027, 1, 1)}, "no time zone"),  # noqa: DTZ001
        ({"expires_at": datetime(2026, 11, 21, 12, tzinfo=UTC)}, "ends after now"),
        ({"expires_at": datetime(2126, 11, 23, tzinfo=UTC)}, "within 100 years"),
        ({"expires_at": datetime.max.replace(tzinfo=timezone(-timedelta(hours=1)))}, "within 100"),
        ({"evidence": "x" * (LONGEST_EVIDENCE + 1)}, "1501 characters; at most 1500"),
        ({"evidence": "half \ud800 a pair"}, "characters that are none"),
        ({"method": ConsentMethod.GUARDIAN}, "somebody else agreed"),
        ({"given_by": GivenBy.PARENT}, "recorded as method guardian"),
        ({"given_by": GivenBy.GUARDIAN, "method": ConsentMethod.SPOKEN}, "as method guardian"),
    ],
)
def test_what_does_not_fit_together_is_refused(ground, house, ada, notice, said, why):
    with pytest.raises(InvalidInput, match=why):
        agree(ground, house, ada.id, notice, **said)
    assert "consent.given" not in actions(ground, house)


def test_whom_another_tenant_knows_is_nobody(ground, consents, house, other, ada, notice):
    made = agree(ground, house, ada.id, notice)
    about = add_notice(ground, other)
    for unknown in (ada.id, "0" * 32, ""):
        with pytest.raises(NotFound, match="no such subject"):
            agree(ground, other, unknown, about)
        with pytest.raises(NotFound, match="no such subject"):
            consents.page(other.owner, subject_id=unknown)
        with pytest.raises(NotFound, match="no such subject"):
            consents.records(other.owner, subject_id=unknown)
    for unknown in (made.id, "0" * 32, ""):
        with pytest.raises(NotFound, match="no such consent"):
            consents.withdraw(other.owner, unknown)
        with pytest.raises(NotFound, match="no such consent"):
            consents.record(other.owner, unknown)
    assert consents.page(other.owner).items == ()
    assert consents.page(house.owner).items == (made,)


def test_the_erased_agree_to_nothing(ground, house, ada, notice, clock):
    with ground.store.work() as work:
        work.keys.destroy_subject(house.tenant_id, ada.id)
        work.subjects.mark_erased(house.tenant_id, ada.id, clock())
    with pytest.raises(NotFound):
        agree(ground, house, ada.id, notice)


def test_lists_come_in_parts_newest_first(ground, consents, house, ada, notice, clock):
    made: list[Consent] = []
    for _ in range(5):
        clock.move(seconds=1)
        made.insert(0, agree(ground, house, ada.id, notice))
    first = consents.page(house.operator, limit=3)
    rest = consents.page(house.operator, 3, first.next, ada.id)
    assert [*first.items, *rest.items] == made


def test_who_may_what(consents, house):
    for read in (consents.page, consents.records):
        with pytest.raises(NotAllowed, match="takes operator"):
            read(house.viewer)
    with pytest.raises(NotAllowed, match="takes operator"):
        consents.record(house.viewer, "0" * 32)
    with pytest.raises(NotAllowed, match="takes operator"):
        consents.withdraw(house.viewer, "0" * 32)
    with pytest.raises(NotAllowed, match="takes operator"):
        consents.give(
            house.viewer,
            "0" * 32,
            Purpose.PHOTOS,
            notice_id="0" * 32,
            method=ConsentMethod.SPOKEN,
            given_by=GivenBy.SUBJECT,
        )
