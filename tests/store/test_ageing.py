"""What grew old or lost its reason: found and removed in parts."""

from datetime import timedelta

import pytest

from tests.store.filling import LATER, MINUTE, NOW, SOON, consent, fill

A_DAY = timedelta(days=1)


@pytest.fixture
def filled(store):
    with store.work() as work:
        fill(work, "other")
        return fill(work, "a")


def test_values_that_older_keys_seal_come_in_parts(store, filled):
    ids = filled.tenant, filled.subject
    with store.work() as work:
        for version in (1, 2, 3):
            work.sealed.add(*ids, "age", version, b"x", NOW)
        older = work.sealed.older(*ids, 3)
        assert sorted(value.key_version for value in older) == [1, 1, 2]
        assert len(work.sealed.older(*ids, 3, limit=2)) == 2
        assert work.sealed.older(*ids, 1) == ()


def test_subjects_with_old_values_come_in_parts(store, filled):
    with store.work() as work:
        others = [work.subjects.add(filled.tenant, NOW).id for _ in range(3)]
        for subject in others:
            for _ in range(2):
                work.sealed.add(filled.tenant, subject, "template", 1, b"x", NOW)
        work.sealed.add(filled.tenant, filled.subject, "template", 1, b"x", LATER)
        everybody = sorted([*others, filled.subject])
        assert list(work.sealed.subjects_with(filled.tenant, "template", SOON)) == everybody
        first = work.sealed.subjects_with(filled.tenant, "template", SOON, limit=2)
        rest = work.sealed.subjects_with(filled.tenant, "template", SOON, after=first[-1])
        assert [*first, *rest] == everybody
        assert work.sealed.subjects_with(filled.tenant, "template", NOW) == ()
        assert work.sealed.subjects_with(filled.tenant, "age", SOON) == ()


def test_old_values_are_removed_in_parts(store, filled):
    ids = filled.tenant, filled.subject
    with store.work() as work:
        for _ in range(4):
            work.sealed.add(*ids, "template", 1, b"x", NOW)
        young = work.sealed.add(*ids, "template", 1, b"x", SOON)
        other = work.sealed.add(*ids, "age", 1, b"x", NOW)
        removed = [work.sealed.remove_before(filled.tenant, "template", SOON, 3) for _ in range(3)]
        assert removed == [3, 2, 0]
        assert {value.id for value in work.sealed.of_subject(*ids)} == {young.id, other.id}


def test_keys_are_counted_by_what_wraps_them(store, filled):
    with store.work() as work:
        assert work.keys.subject_keys_by_version(filled.tenant) == {1: 1}
        work.keys.add_subject_key(filled.tenant, filled.subject, 2, 2, b"w", NOW)
        work.keys.add_subject_key(filled.tenant, filled.subject, 3, 2, b"w", NOW)
        assert work.keys.subject_keys_by_version(filled.tenant) == {1: 1, 2: 2}
        assert work.keys.subject_keys_by_version("nobody") == {}


def test_whoever_has_a_consent_that_held_lately_is_not_listed(store, filled):
    """Of each kind of end a consent can have, one before and one after the time."""
    since = NOW + 10 * A_DAY
    before, after = since - MINUTE, since + MINUTE

    def person(work, made=NOW, **consent_):
        subject = work.subjects.add(filled.tenant, made).id
        if consent_:
            withdrawn = consent_.pop("withdrawn", None)
            given = consent(work, filled.tenant, subject, filled.notice, **consent_)
            if withdrawn:
                work.consents.withdraw(filled.tenant, given.id, "self", withdrawn)
        return subject

    with store.work() as work:
        lapsed = {
            person(work),
            person(work, expires_at=before),
            person(work, withdrawn=before),
            person(work, expires_at=LATER, withdrawn=before),
            person(work, expires_at=since),
        }
        kept = [
            person(work, made=since),
            person(work, expires_at=after),
            person(work, withdrawn=after),
        ]
        erased = person(work)
        work.subjects.mark_erased(filled.tenant, erased, NOW)
        found = [subject.id for subject in work.subjects.without_consent(filled.tenant, since)]
        assert set(found) == lapsed
        assert not {*kept, erased, filled.subject} & set(found)
        assert len(work.subjects.without_consent(filled.tenant, since, limit=2)) == 2
        for subject in (*lapsed, *kept):
            alone = work.subjects.without_consent(filled.tenant, since, subject_id=subject)
            assert [found.id for found in alone] == [subject] * (subject in lapsed)
        assert work.subjects.without_consent(filled.tenant, NOW) == ()


def test_entries_of_some_who_acted(store, filled):
    with store.work() as work:
        latest = work.audit.latest(filled.tenant, actors=[filled.user, "nobody"])
        assert [entry.action for entry in latest] == ["made"]
        assert work.audit.latest(filled.tenant, actors=["nobody"]) == ()
        assert work.audit.latest(filled.tenant, actors=[]) == ()


def test_a_receipt_is_finished_later_and_removed_when_old(store, filled):
    tenant = filled.tenant
    with store.work() as work:
        begun = work.receipts.add(tenant, "begun", SOON, {"a": 1}, b"", own_id="ab" * 16)
        assert begun.id == "ab" * 16
        assert work.receipts.finish(tenant, begun.id, "erasure", {"b": 2}, b"signed")
        assert not work.receipts.finish("nobody", begun.id, "erasure", {}, b"")
        found = work.receipts.find(tenant, begun.id)
        assert found
        assert (found.kind, found.body, found.signature) == ("erasure", {"b": 2}, b"signed")
        assert work.receipts.remove_before(tenant, "begun", LATER) == 0
        assert work.receipts.remove_before(tenant, "erasure", SOON) == 1
        assert [receipt.id for receipt in work.receipts.page(tenant).items] == [begun.id]
