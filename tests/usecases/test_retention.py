"""What was kept for long enough goes, for every tenant, and the log says how much went."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import numpy as np
import pytest

from tests.store.databases import KINDS, database
from tests.usecases.conftest import make_house
from tests.usecases.somebody import NOTICE, PNG, blobs_of, make_somebody, seal
from visavis.core.errors import InvalidInput, NotAllowed, Unavailable
from visavis.core.purposes import Purpose
from visavis.store.kinds import CodePurpose, ConsentMethod
from visavis.store.sealed import TEMPLATE
from visavis.usecases.blobs import BlobKeeping
from visavis.usecases.consent import Consents
from visavis.usecases.consent_records import GivenBy
from visavis.usecases.erasure import Erasure
from visavis.usecases.errors import NotFound
from visavis.usecases.notices import Notices
from visavis.usecases.receipts import Receipts, handed_out
from visavis.usecases.retention import Retention
from visavis.usecases.retention_rules import What, parse_what
from visavis.usecases.subjects import Subjects


@pytest.fixture(params=KINDS)
def given(request, tmp_path):
    with database(request.param, tmp_path) as url:
        yield {"store": {"url": url}}


@pytest.fixture
def erasure(ground):
    return Erasure(ground, blobs_of(ground))


@pytest.fixture
def retention(ground, erasure):
    return Retention(ground, blobs_of(ground), erasure)


@pytest.fixture
def apply(retention, clock):
    """Give a function that applies the schedules and returns what went."""

    def now():
        applied = retention.apply(clock())
        assert applied.failures == 0
        return {what.value: count for what, count in applied.removed.items() if count}

    return now


def noted(ground, house):
    with ground.store.reading() as work:
        entries = work.audit.latest(house.tenant_id, 200)
    return [entry.details for entry in entries if entry.action == "retention.applied"]


def templates_of(ground, house, subject_id):
    with ground.store.reading() as work:
        return len(work.sealed.of_subject(house.tenant_id, subject_id, TEMPLATE))


def plain():
    return np.ones(16, "<f4").tobytes()


def consent_again(ground, house, subject_id, **times):
    notice = Notices(ground).add(house.admin, Purpose.RECOGNITION, "en", NOTICE)
    return Consents(ground).give(
        house.admin,
        subject_id,
        Purpose.RECOGNITION,
        notice_id=notice.id,
        method=ConsentMethod.WRITTEN,
        given_by=GivenBy.SUBJECT,
        **times,
    )


def test_what_nobody_has_said_is_kept_as_its_default_says(house, retention):
    rules = retention.rules(house.operator)
    assert [rule.what for rule in rules] == list(What)
    assert all(rule.is_default and rule.days == rule.what.default for rule in rules)
    assert all(what.meaning.endswith(".") for what in What)


def test_a_schedule_is_changed_and_taken_back(ground, house, retention):
    assert retention.set(house.admin, What.TEMPLATES, 90).days == 90
    kept = retention.set(house.admin, What.LOGINS_ENDED, None)
    assert (kept.days, kept.is_default) == (None, False)
    by_what = {rule.what: rule for rule in retention.rules(house.admin)}
    assert by_what[What.TEMPLATES].days == 90
    assert by_what[What.LOGINS_ENDED] == kept
    back = retention.reset(house.admin, What.LOGINS_ENDED)
    assert (back.days, back.is_default) == (30, True)
    with ground.store.reading() as work:
        changes = [e.details for e in work.audit.latest(house.tenant_id) if "changed" in e.action]
    assert changes == [
        {"what": "logins_ended", "before": None, "after": 30},
        {"what": "logins_ended", "before": 30, "after": None},
        {"what": "templates", "before": None, "after": 90},
    ]


@pytest.mark.parametrize("days", [0, -1, 36_525, 10**9])
def test_days_out_of_range_are_refused(house, retention, days):
    with pytest.raises(InvalidInput, match="1 to 36524 days"):
        retention.set(house.admin, What.TEMPLATES, days)


def test_the_audit_log_has_no_schedule():
    assert [parse_what(what.value) for what in What] == list(What)
    with pytest.raises(InvalidInput, match="kept for good"):
        parse_what("audit")
    with pytest.raises(InvalidInput, match="choose from templates"):
        parse_what("photos")


def test_only_those_who_may_change_their_own_schedule_do(ground, house, retention):
    stranger = make_house(ground, "another")
    with pytest.raises(NotAllowed):
        retention.rules(house.viewer)
    for act in (
        lambda: retention.set(house.operator, What.TEMPLATES, 1),
        lambda: retention.reset(house.operator, What.TEMPLATES),
    ):
        with pytest.raises(NotAllowed):
            act()
    retention.set(stranger.admin, What.TEMPLATES, 1)
    assert retention.rules(house.admin)[0].is_default


def test_old_templates_go_and_young_ones_stay(ground, house, retention, apply, clock):
    somebody = make_somebody(ground, house, templates=3, files=0)
    retention.set(house.admin, What.TEMPLATES, 10)
    clock.move(days=9)
    seal(ground, house.tenant_id, somebody.id, TEMPLATE, plain())
    assert apply() == {}
    clock.move(days=2)
    assert apply() == {"templates": 3}
    assert templates_of(ground, house, somebody.id) == 1
    assert noted(ground, house) == [{"what": "templates", "days": 10, "count": 3}]
    assert apply() == {}
    assert len(noted(ground, house)) == 1
    assert ground.audit.verify(ground.store, house.tenant_id) == []


def test_templates_of_people_with_whom_nothing_is_done_go(ground, house, retention, apply, clock):
    forgotten, active = (make_somebody(ground, house, 2, 0) for _ in range(2))
    retention.set(house.admin, What.TEMPLATES_UNUSED, 20)
    clock.move(days=15)
    consent_again(ground, house, active.id)
    clock.move(days=6)
    assert apply() == {"templates_unused": 2}
    assert templates_of(ground, house, forgotten.id) == 0
    assert templates_of(ground, house, active.id) == 2
    assert Subjects(ground).find(house.admin, forgotten.id).name == forgotten.name


def test_people_without_consent_are_erased(ground, house, apply, clock):
    never = Subjects(ground).create(house.admin)
    somebody, withdrew = (make_somebody(ground, house, 1, 1) for _ in range(2))
    clock.move(days=29)
    (consent,) = Consents(ground).page(house.admin, subject_id=withdrew.id).items
    Consents(ground).withdraw(house.admin, consent.id)
    clock.move(days=2)
    assert apply()["people_without_consent"] == 1
    clock.move(days=29)
    assert apply()["people_without_consent"] == 1
    for subject_id in (never.id, withdrew.id):
        with pytest.raises(NotFound):
            Subjects(ground).find(house.admin, subject_id)
    assert Subjects(ground).find(house.admin, somebody.id)
    receipts = Receipts(ground).page(house.admin).items
    assert {handed_out(each)["statement"]["reason"] for each in receipts} == {"retention"}
    assert [each["count"] for each in noted(ground, house)] == [1, 1]


def test_whoever_consents_at_the_last_moment_stays(ground, house, clock):
    """The consent comes between the look at the list and the erasure."""
    subject = Subjects(ground).create(house.admin)
    clock.move(days=31)

    class Late(Erasure):
        def erase_for(self, *args, **kwargs):
            consent_again(ground, house, subject.id)
            return super().erase_for(*args, **kwargs)

    late = Retention(ground, blobs_of(ground), Late(ground, blobs_of(ground)))
    assert late.apply(clock()).removed[What.PEOPLE_WITHOUT_CONSENT] == 0
    assert Subjects(ground).find(house.admin, subject.id)


def test_files_that_nothing_needs_go(ground, house, apply, clock):
    keeping = BlobKeeping(ground, blobs_of(ground))
    kept, idle = (
        keeping.keep(house.admin, [PNG + bytes([n])], "image/png", "photo", str(n)).sha256
        for n in range(2)
    )
    with ground.store.work() as work:
        work.blob_rows.drop_use(house.tenant_id, idle, "photo", "1")
    clock.move(hours=23)
    assert apply() == {}
    clock.move(hours=2)
    assert apply() == {"files_unused": 1}
    assert [name.sha256 for name in blobs_of(ground).names(house.tenant_id)] == [kept]


def test_logins_and_codes_that_are_over_go(ground, house, apply, clock):
    now, user = clock(), house.viewer.user_id
    with ground.store.work() as work:
        for number, days in enumerate((1, 100)):
            until = now + timedelta(days=days)
            work.sessions.start(house.tenant_id, user, f"hash {number}", until, now)
        until = now + timedelta(minutes=10)
        work.codes.add(
            house.tenant_id, user, CodePurpose.VERIFY_EMAIL, "h", "a@b.example", 5, until, now
        )
    clock.move(days=32)
    assert apply() == {"logins_ended": 2}
    with ground.store.reading() as work:
        assert len(work.sessions.page(house.tenant_id, user).items) == 1


def test_old_receipts_go_and_the_erasure_stays(ground, house, retention, erasure, apply, clock):
    somebody = make_somebody(ground, house, 1, 0)
    erasure.erase(house.admin, somebody.id)
    clock.move(days=400)
    assert apply() == {}
    retention.set(house.admin, What.RECEIPTS, 365)
    assert apply() == {"receipts": 1}
    assert Receipts(ground).page(house.admin).items == ()
    with pytest.raises(NotFound):
        erasure.erase(house.admin, somebody.id)


class Failing:
    """A place that does not answer for one tenant."""

    name = "jobs"

    def __init__(self, tenant_id):
        self.tenant_id = tenant_id

    def forget(self, tenant_id, subject_id):
        if tenant_id == self.tenant_id:
            raise Unavailable("not now")

    def holds(self, tenant_id, subject_id):
        return 0


def test_a_tenant_that_fails_does_not_stop_the_others(ground, house, clock):
    other = make_house(ground, "another")
    subjects = Subjects(ground)
    for each in (house, other, house):
        subjects.create(each.admin)
    clock.move(days=31)
    failing = Failing(house.tenant_id)
    blobs = blobs_of(ground)
    retention = Retention(ground, blobs, Erasure(ground, blobs, [failing]))
    applied = retention.apply(clock())
    assert (applied.failures, applied.removed[What.PEOPLE_WITHOUT_CONSENT]) == (1, 1)
    assert subjects.page(other.admin).items == ()
    assert subjects.page(house.admin).items == ()  # their keys are destroyed all the same
    failing.tenant_id = ""
    assert retention.apply(clock()).resumed == 2
    assert len(Receipts(ground).page(house.admin).items) == 2


def test_those_who_apply_at_once_remove_everything_once(ground, house, retention, clock):
    somebody = make_somebody(ground, house, templates=30, files=0)
    for _ in range(5):
        Subjects(ground).create(house.admin)
    retention.set(house.admin, What.TEMPLATES, 31)
    clock.move(days=40)
    with ThreadPoolExecutor(4) as pool:
        applied = [*pool.map(lambda _: retention.apply(clock()), range(4))]
    total = {what: sum(each.removed[what] for each in applied) for what in What}
    assert total[What.TEMPLATES] == 30
    assert templates_of(ground, house, somebody.id) == 0
    assert len(Receipts(ground).page(house.admin).items) == 5
    assert sum(each["count"] for each in noted(ground, house) if each["what"] == "templates") == 30
    assert ground.audit.verify(ground.store, house.tenant_id) == []
