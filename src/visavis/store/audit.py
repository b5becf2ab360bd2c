"""The audit chain: entries numbered without a gap, each bound to the one before by its MAC.

What the MAC is, and whether the chain is whole, the caller knows; here it is only kept in order.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update

from visavis.store.errors import NotThere
from visavis.store.page import DEFAULT, MOST, check_limit
from visavis.store.repository import Repository, columns_of
from visavis.store.tables.audit import audit_entries, audit_heads


@dataclass(frozen=True, slots=True)
class NewEntry:
    """What is to be written down.

    Attributes:
        at: When it happened.
        actor: Who did it: the id of a user or API key, or a part of the system.
        action: What was done.
        subject_id: To whom; None = nobody in particular.
        details: More; ids and counts, no personal data.
    """

    at: datetime
    actor: str
    action: str
    subject_id: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """An entry of the chain: a `NewEntry` in its place.

    Attributes:
        tenant_id: Whose chain.
        seq: 1, 2, … without a gap.
        at: When it happened.
        actor: Who did it.
        action: What was done.
        subject_id: To whom.
        details: More.
        mac: Binds it to the entry before.
    """

    tenant_id: str
    seq: int
    at: datetime
    actor: str
    action: str
    subject_id: str | None
    details: Mapping[str, Any]
    mac: bytes


@dataclass(frozen=True, slots=True)
class AuditHead:
    """Where a chain ends.

    Attributes:
        tenant_id: Whose chain.
        seq: Of the last entry; 0 = there is none.
        mac: Of the last entry; empty = there is none.
        anchor: What the caller keeps to prove that nothing was cut off; None = nothing.
    """

    tenant_id: str
    seq: int
    mac: bytes
    anchor: bytes | None


Make = Callable[[int, bytes], tuple[NewEntry, bytes]]
"""Takes the number of an entry and the MAC of the one before, gives the entry and its MAC."""

Anchor = Callable[[int, bytes], bytes]
"""Takes the number and the MAC of the last entry, gives what proves that it is the last."""


class Audit(Repository):
    """The chain of a tenant."""

    def append(self, tenant_id: str, make: Make, anchor: Anchor | None = None) -> AuditEntry:
        """Add an entry; others who add to this chain wait until the unit ends.

        Make it the last act of a unit, so that nobody waits for longer than they must.

        Args:
            tenant_id: Whose chain.
            make: Gives the entry and its MAC; called once.
            anchor: Gives what is kept beside the head; None leaves what is there.

        Raises:
            NotThere: there is no such tenant.
        """
        head = self._locked_head(tenant_id)
        seq = head.seq + 1
        new, mac = make(seq, head.mac)
        entry = AuditEntry(tenant_id, seq, **columns_of(new), mac=mac)
        self._run(insert(audit_entries).values(columns_of(entry)))
        values = {"seq": seq, "mac": mac}
        if anchor is not None:
            values["anchor"] = anchor(seq, mac)
        self._run(update(audit_heads).where(audit_heads.c.tenant_id == tenant_id).values(values))
        return entry

    def head(self, tenant_id: str) -> AuditHead | None:
        """Return where the chain ends; None where there is no such tenant."""
        row = self._one(select(audit_heads).where(audit_heads.c.tenant_id == tenant_id))
        return AuditHead(**row) if row else None

    def set_anchor(self, tenant_id: str, anchor: bytes) -> bool:
        """Replace what is kept beside the head."""
        head = update(audit_heads).where(audit_heads.c.tenant_id == tenant_id)
        return self._changed(head.values(anchor=anchor)) > 0

    def entries(
        self, tenant_id: str, after_seq: int = 0, limit: int | None = None
    ) -> Iterator[AuditEntry]:
        """Stream the chain in order.

        Args:
            tenant_id: Whose.
            after_seq: Begin with the entry that follows this one.
            limit: Most entries; None = to the end.
        """
        while limit is None or limit > 0:
            wanted = MOST if limit is None else min(limit, MOST)
            entries = self._some(tenant_id, after_seq, wanted)
            yield from entries
            if len(entries) < wanted:
                return
            after_seq = entries[-1].seq
            limit = None if limit is None else limit - wanted

    def latest(
        self,
        tenant_id: str,
        limit: int = DEFAULT,
        before_seq: int | None = None,
        subject_id: str | None = None,
        actors: Collection[str] | None = None,
    ) -> tuple[AuditEntry, ...]:
        """Return the last entries, newest first.

        Args:
            tenant_id: Whose chain.
            limit: Most entries, 1..200.
            before_seq: Begin with the entry before this one; None = at the end of the chain.
            subject_id: Only entries about this subject; None = all.
            actors: Only entries of what these did; None = all.

        Raises:
            InvalidInput: the limit is not 1..200.
        """
        chain = select(audit_entries).where(audit_entries.c.tenant_id == tenant_id)
        if before_seq is not None:
            chain = chain.where(audit_entries.c.seq < before_seq)
        if subject_id is not None:
            chain = chain.where(audit_entries.c.subject_id == subject_id)
        if actors is not None:
            chain = chain.where(audit_entries.c.actor.in_(actors))
        newest = chain.order_by(audit_entries.c.seq.desc()).limit(check_limit(limit))
        return tuple(AuditEntry(**row) for row in self._all(newest))

    def _some(self, tenant_id: str, after_seq: int, limit: int) -> tuple[AuditEntry, ...]:
        chain = (audit_entries.c.tenant_id == tenant_id) & (audit_entries.c.seq > after_seq)
        rows = self._all(
            select(audit_entries).where(chain).order_by(audit_entries.c.seq).limit(limit)
        )
        return tuple(AuditEntry(**row) for row in rows)

    def _locked_head(self, tenant_id: str) -> AuditHead:
        head = select(audit_heads).where(audit_heads.c.tenant_id == tenant_id)
        row = self._one(head.with_for_update(key_share=True))
        if row is None:
            raise NotThere("there is no such tenant, and so no audit chain")
        return AuditHead(**row)
