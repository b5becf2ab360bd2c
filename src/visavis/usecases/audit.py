"""The audit log: acts that touch people or keys are written down, and what is written stays.

A log is never empty: that its tenant was made is the first entry. An entry is made in the same unit
of work as the act, so that neither is there without the other.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from visavis.store.audit import AuditEntry, NewEntry
from visavis.store.work import Store, Work
from visavis.vault.audit_chain import Entry, Fault, Finding, Head, faults, head_of, mac_of
from visavis.vault.errors import KeyDestroyed
from visavis.vault.keyring import Keyring

PURPOSE = "audit"
"""Purpose of the tenant's key that binds the entries."""


class AuditLog:
    """Writes and verifies the audit logs of all tenants.

    Args:
        keyring: Gives the audit keys.
    """

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def note(
        self,
        work: Work,
        tenant_id: str,
        actor: str,
        action: str,
        now: datetime,
        subject_id: str | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> AuditEntry:
        """Write down an act; make it the last thing of the unit, others wait for the log.

        Args:
            work: The unit in which the act happens.
            tenant_id: Whose log.
            actor: Who did it: the id of a user or API key, or a part of the system.
            action: What was done, such as `subject.erased`.
            now: When.
            subject_id: To whom.
            details: Ids, counts and words of ours; no personal data, no secrets.

        Raises:
            NotThere: there is no such tenant.
        """
        version, key = self._keyring.tenant_secret(work.keys, tenant_id, PURPOSE, now)

        def make(seq: int, previous: bytes) -> tuple[NewEntry, bytes]:
            new = NewEntry(now, actor, action, subject_id, dict(details or {}))
            return new, mac_of(_bound(tenant_id, seq, new), previous, version, key)

        def anchor(seq: int, mac: bytes) -> bytes:
            return head_of(tenant_id, seq, mac, version, key).anchor

        return work.audit.append(tenant_id, make, anchor)

    def verify(self, store: Store, tenant_id: str, kept: Head | None = None) -> list[Finding]:
        """Read a whole log and return what is wrong with it; empty when it is whole.

        Args:
            store: Holds it.
            tenant_id: Whose.
            kept: A head that was kept elsewhere; None = the stored one.
        """
        with store.reading() as work:

            def key_of(version: int) -> bytes:
                try:
                    return self._keyring.tenant_version(work.keys, tenant_id, PURPOSE, version)
                except KeyDestroyed:
                    raise KeyError(version) from None

            head = kept or self.head(work, tenant_id)
            if head is None:
                return [Finding(1, Fault.CUT_OFF)]
            return list(faults(_with_macs(work.audit.entries(tenant_id)), head, key_of))

    def head(self, work: Work, tenant_id: str) -> Head | None:
        """Return where a log ends: worth keeping elsewhere; None for a log without entries."""
        found = work.audit.head(tenant_id)
        if found is None or found.seq == 0:
            return None
        return Head(tenant_id, found.seq, found.mac, found.anchor or b"")


def _with_macs(rows: Iterable[AuditEntry]) -> Iterator[tuple[Entry, bytes]]:
    for row in rows:
        new = NewEntry(row.at, row.actor, row.action, row.subject_id, row.details)
        yield _bound(row.tenant_id, row.seq, new), row.mac


def _bound(tenant_id: str, seq: int, new: NewEntry) -> Entry:
    """Return what the chain binds."""
    return Entry(tenant_id, seq, new.at, new.actor, new.action, new.subject_id or "", new.details)
