"""Subjects, what protects them, and what they agreed to."""

from dataclasses import replace

import pytest

from tests.store.filling import LATER, MINUTE, NOW, SOON, consent, fill
from visavis.core.errors import InvalidInput
from visavis.store.errors import AlreadyThere, NotStorable, NotThere
from visavis.store.kinds import ConsentMethod

MOST = 64 * 1024


def test_subjects(store):
    with store.work() as work:
        tenant = work.tenants.add("a", NOW).id
        nameless = [work.subjects.add(tenant, NOW) for _ in range(2)]
        made = work.subjects.add(tenant, NOW + MINUTE, " 7 ", adult=True)
        assert work.subjects.find(tenant, made.id) == made
        assert work.subjects.find_by_reference(tenant, "7") == made
        assert work.subjects.hold(tenant, made.id) == made
        assert work.subjects.set_adult(tenant, made.id, None)
        assert work.subjects.set_reference(tenant, nameless[0].id, "8")
        assert len(work.subjects.page(tenant).items) == 3
        assert work.subjects.mark_erased(tenant, made.id, SOON)
        assert not work.subjects.mark_erased(tenant, made.id, LATER)
        assert not work.subjects.set_reference(tenant, made.id, "9")
        erased = work.subjects.find(tenant, made.id)
        assert erased
        assert (erased.reference, erased.adult, erased.erased_at) == (None, None, SOON)
        assert len(work.subjects.page(tenant).items) == 2
    with pytest.raises(AlreadyThere), store.work() as work:
        work.subjects.add(tenant, NOW, "8 ")


def test_removing_a_subject_takes_all_that_hangs_on_it(store):
    with store.work() as work:
        filled = fill(work, "a")
        ids = filled.tenant, filled.subject
        assert work.blob_rows.uses_of_subject(*ids)
        assert work.subjects.remove(*ids)
        assert work.keys.subject_key(*ids) is None
        assert work.sealed.of_subject(*ids) == ()
        assert work.consents.page(filled.tenant).items == ()
        assert work.blob_rows.uses_of_subject(*ids) == ()
        assert work.blob_rows.find(filled.tenant, "ab" * 32)


def test_tenant_keys(store):
    with store.work() as work:
        tenant = work.tenants.add("a", NOW).id
        first = work.keys.add_tenant_key(tenant, "codes", 1, "r1", b"\x00\xff", NOW)
        second = work.keys.add_tenant_key(tenant, "codes", 2, "r1", b"2", NOW)
        other = work.keys.add_tenant_key(tenant, "templates", 1, "r1", b"3", NOW)
        assert work.keys.tenant_key(tenant, "codes") == second
        assert work.keys.tenant_key(tenant, "codes", 1) == first
        assert work.keys.tenant_keys(tenant) == (first, second, other)
        assert work.keys.rewrap_tenant_key(tenant, first, "r2", b"new")
        assert not work.keys.rewrap_tenant_key(tenant, first, "r2", b"newer")
        assert work.keys.retire_tenant_key(tenant, "codes", 1, SOON)
        assert not work.keys.retire_tenant_key(tenant, "codes", 1, LATER)
        found = work.keys.tenant_key(tenant, "codes", 1)
        assert found
        assert (found.root_id, found.wrapped, found.retired_at) == ("r2", b"new", SOON)
    with pytest.raises(AlreadyThere), store.work() as work:
        work.keys.add_tenant_key(tenant, "codes", 2, "r1", b"4", NOW)


def test_subject_keys(store):
    with store.work() as work:
        filled = fill(work, "a")
        ids = filled.tenant, filled.subject
        first = work.keys.subject_key(*ids)
        assert first
        second = work.keys.add_subject_key(*ids, 2, 1, b"2", NOW)
        assert work.keys.subject_keys(*ids) == (first, second)
        assert work.keys.subject_keys_under(filled.tenant, 1) == (first, second)
        assert work.keys.subject_keys_under(filled.tenant, 1, limit=1) == (first,)
        others = work.subjects.add(filled.tenant, NOW).id
        third = work.keys.add_subject_key(filled.tenant, others, 1, 1, b"3", NOW)
        assert set(work.keys.subject_keys_of(filled.tenant, [filled.subject, others])) == {
            *(first, second, third)
        }
        assert work.keys.subject_keys_of(filled.tenant, []) == ()
        assert work.keys.destroy_subject(filled.tenant, others) == 1
        assert work.keys.rewrap_subject_key(filled.tenant, first, 2, b"new")
        assert not work.keys.rewrap_subject_key(filled.tenant, first, 2, b"newer")
        assert work.keys.subject_keys_under(filled.tenant, 1) == (second,)
        rewrapped = work.keys.subject_key(*ids, 1)
        assert rewrapped
        assert (rewrapped.wrapped, rewrapped.tenant_key_version) == (b"new", 2)
        assert work.keys.drop_subject_key(*ids, 1)
        assert work.keys.destroy_subject(*ids) == 1
        assert work.keys.subject_key(*ids) is None
    with pytest.raises(NotThere), store.work() as work:
        work.keys.add_subject_key(filled.tenant, "nobody", 1, 1, b"", NOW)


def test_sealed(store):
    with store.work() as work:
        filled = fill(work, "a")
        ids = filled.tenant, filled.subject
        data = bytes(range(256)) * (MOST // 256)
        made = work.sealed.add(*ids, "age", 1, data, SOON, {"embedder": "dlib", "seen": [1.5]})
        assert work.sealed.find(filled.tenant, made.id) == made
        assert [found.id for found in work.sealed.of_subject(*ids)] == [filled.sealed, made.id]
        assert work.sealed.of_subject(*ids, "age") == (made,)
        other = work.sealed.add(
            filled.tenant, work.subjects.add(filled.tenant, NOW).id, "age", 1, b"", SOON
        )
        both = [filled.subject, other.subject_id]
        assert {found.id for found in work.sealed.of_subjects(filled.tenant, both, "age")} == {
            *(made.id, other.id)
        }
        assert work.sealed.of_subjects(filled.tenant, both[1:], "age") == (other,)
        assert work.sealed.remove(filled.tenant, other.id)
        assert work.sealed.page(filled.tenant, "age").items == (made,)
        assert work.sealed.count(filled.tenant, "age") == 1
        assert work.sealed.reseal(filled.tenant, made, 2, b"other")
        assert not work.sealed.reseal(filled.tenant, made, 2, b"late")
        resealed = work.sealed.find(filled.tenant, made.id)
        assert resealed
        assert (resealed.data, resealed.key_version) == (b"other", 2)
        assert work.sealed.remove(filled.tenant, filled.sealed)
        assert work.sealed.remove_of_subject(*ids, "template") == 0
        assert work.sealed.remove_of_subject(*ids) == 1
    with pytest.raises(NotStorable, match="65536 bytes"), store.work() as work:
        work.sealed.add(*ids, "age", 1, bytes(MOST + 1), NOW)
    with pytest.raises(NotThere), store.work() as work:
        work.sealed.add(filled.tenant, "nobody", "age", 1, b"", NOW)


def test_notices(store):
    with store.work() as work:
        filled = fill(work, "a")
        text = "Wir erkennen Sie an der Tür. 私たちは 🙂\n" * 2000
        made = work.notices.add(filled.tenant, "visits", 2, "de", text, SOON)
        assert work.notices.find(filled.tenant, made.id) == made
        assert work.notices.latest(filled.tenant, "visits") == made
        english = work.notices.latest(filled.tenant, "visits", "en")
        assert english
        assert (english.id, english.version) == (filled.notice, 1)
        assert work.notices.latest(filled.tenant, "ads") is None
        assert work.notices.page(filled.tenant, limit=1).items == (made,)
        assert not [name for name in dir(work.notices) if name.startswith(("set", "remove"))]
    with pytest.raises(AlreadyThere), store.work() as work:
        work.notices.add(filled.tenant, "visits", 2, "de", "Else.", NOW)


def test_a_consent_holds_from_when_it_was_given_until_it_ends(store):
    with store.work() as work:
        filled = fill(work, "a")
        ids = filled.tenant, filled.subject
        assert work.consents.withdraw_all(*ids, "self", NOW) == 1
        assert work.consents.valid(*ids, "visits", NOW) is None
        made = consent(work, *ids, filled.notice, given_at=SOON, expires_at=LATER, now=LATER)
        assert work.consents.find(filled.tenant, made.id) == made
        assert work.consents.valid(*ids, "visits", NOW) is None
        assert work.consents.valid(*ids, "visits", SOON) == made
        assert work.consents.valid(*ids, "visits", LATER) is None
        assert work.consents.valid(*ids, "ads", SOON) is None
        written, spoken = ConsentMethod.WRITTEN, ConsentMethod.SPOKEN
        assert work.consents.valid(*ids, "visits", SOON, written) == made
        assert work.consents.valid(*ids, "visits", SOON, spoken) is None
        older = consent(work, *ids, filled.notice, method=spoken, given_at=NOW, expires_at=LATER)
        assert work.consents.valid(*ids, "visits", SOON) == made
        assert work.consents.valid(*ids, "visits", SOON, spoken) == older
        assert work.consents.withdraw(filled.tenant, older.id, "self", NOW)
        assert work.consents.set_evidence(filled.tenant, made.id, "sealed")
        assert work.consents.find(filled.tenant, made.id) == replace(made, evidence="sealed")
        assert work.consents.withdraw(filled.tenant, made.id, "guardian", SOON + MINUTE)
        assert not work.consents.withdraw(filled.tenant, made.id, "guardian", LATER)
        assert work.consents.valid(*ids, "visits", SOON + MINUTE) is None
        listed = work.consents.page(filled.tenant, subject_id=filled.subject).items
        assert [found.withdrawn_by for found in listed] == ["guardian", "self", "self"]
        assert work.consents.remove_of_subject(*ids) == 3
    with pytest.raises(NotThere), store.work() as work:
        consent(work, *ids, "no notice")


def test_retention(store):
    with store.work() as work:
        tenant = work.tenants.add("a", NOW).id
        work.retention.set(tenant, "visits", 30)
        changed = work.retention.set(tenant, "visits", 7)
        other = work.retention.set(tenant, "photos", 90)
        assert work.retention.find(tenant, "visits") == changed
        assert work.retention.all(tenant) == (other, changed)
        assert work.retention.remove(tenant, "photos")
        assert not work.retention.remove(tenant, "photos")
    for days in (0, 36_526):
        with pytest.raises(InvalidInput, match="1 to 36525 days"), store.work() as work:
            work.retention.set(tenant, "visits", days)


def test_receipts(store):
    with store.work() as work:
        filled = fill(work, "a")
        body = {"z": 1, "a": [0.1, 10**30, "\x00\ud800 ü", {"n": None}], "big": 2**63}
        made = work.receipts.add(filled.tenant, "export", SOON, body, b"\x00\xff")
        found = work.receipts.find(filled.tenant, made.id)
        assert found == made
        assert list(found.body) == ["z", "a", "big"]
        assert [receipt.kind for receipt in work.receipts.page(filled.tenant).items] == [
            *("export", "erasure")
        ]
        assert work.receipts.page(filled.tenant, kind="export").items == (made,)
