"""The audit chain as it is kept; what its MACs mean is the vault's."""

import hashlib

import pytest

from tests.store.filling import NOW, fill
from visavis.store.audit import AuditHead, NewEntry
from visavis.store.errors import NotThere


def link(action, subject=None):
    """Chain an entry to the one before."""

    def make(seq, before):
        mac = hashlib.sha256(before + f"{seq} {action}".encode()).digest()
        return NewEntry(NOW, "ada", action, subject, {"n": seq}), mac

    return make


def test_entries_follow_one_another(store):
    with store.work() as work:
        tenant = work.tenants.add("a", NOW).id
        assert work.audit.head(tenant) == AuditHead(tenant, 0, b"", None)
        made = [work.audit.append(tenant, link(f"did {n}")) for n in range(1, 4)]
    with store.reading() as work:
        assert [entry.seq for entry in made] == [1, 2, 3]
        assert list(work.audit.entries(tenant)) == made
        assert list(work.audit.entries(tenant, after_seq=1, limit=1)) == [made[1]]
        assert work.audit.latest(tenant, limit=2) == (made[2], made[1])
        assert work.audit.latest(tenant, before_seq=2) == (made[0],)
        assert work.audit.head(tenant) == AuditHead(tenant, 3, made[2].mac, None)
        assert made[1].mac == link("did 2")(2, made[0].mac)[1]


def test_long_chains_are_streamed_whole(store):
    with store.work() as work:
        tenant = work.tenants.add("a", NOW).id
        for _ in range(401):
            work.audit.append(tenant, link("did"), None)
        assert [entry.seq for entry in work.audit.entries(tenant)] == [*range(1, 402)]
        assert len(list(work.audit.entries(tenant, 100, limit=250))) == 250
        assert list(work.audit.entries(tenant, limit=0)) == []


def test_what_proves_the_end_is_kept_beside_it(store):
    with store.work() as work:
        tenant = work.tenants.add("a", NOW).id
        last = work.audit.append(tenant, link("did"), lambda seq, mac: bytes([seq]) + mac)
        head = work.audit.head(tenant)
        assert head
        assert head.anchor == b"\x01" + last.mac
        work.audit.append(tenant, link("did"))
        assert work.audit.set_anchor(tenant, b"other")
        head = work.audit.head(tenant)
        assert head
        assert (head.seq, head.anchor) == (2, b"other")


def test_entries_outlive_whom_they_tell_of(store):
    with store.work() as work:
        filled = fill(work, "a")
        work.audit.append(filled.tenant, link("erased", filled.subject))
        work.subjects.remove(filled.tenant, filled.subject)
        told = work.audit.latest(filled.tenant, subject_id=filled.subject)
        assert [entry.action for entry in told] == ["erased"]


def test_there_is_no_chain_of_nobody(store):
    with pytest.raises(NotThere, match="no such tenant"), store.work() as work:
        work.audit.append("nobody", link("did"))
