"""The audit trail: reading the log of a tenant, and finding out whether anybody changed it."""

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from visavis.core.errors import InvalidInput
from visavis.credentials.roles import Permission
from visavis.store.audit import AuditEntry
from visavis.store.page import DEFAULT
from visavis.store.tenants import Tenant
from visavis.usecases import reading_all
from visavis.usecases.actor import Actor
from visavis.usecases.errors import NotFound
from visavis.usecases.ground import Ground
from visavis.vault.audit_chain import Fault, Finding, Head

_WORDS = {
    Fault.EDITED: "Entry {seq} was changed, or put in the place of another.",
    Fault.MISSING: "One or more entries before entry {seq} were removed.",
    Fault.OUT_OF_ORDER: "Entry {seq} is not in its place.",
    Fault.CUT_OFF: "The log ends too early: entry {seq} and whatever followed were removed.",
    Fault.HEAD_EDITED: "What says where the log ends was changed; it names entry {seq}.",
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that is wrong with a log.

    Attributes:
        seq: Number of the entry where it shows.
        fault: What it is.
        words: The same as one sentence.
    """

    seq: int
    fault: Fault
    words: str


class AuditTrail:
    """Reads and verifies the logs.

    Args:
        ground: Of the deployment.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def page(
        self,
        actor: Actor,
        limit: int = DEFAULT,
        before_seq: int | None = None,
        subject_id: str | None = None,
    ) -> tuple[AuditEntry, ...]:
        """Return entries of the actor's tenant, newest first.

        Args:
            actor: Who reads.
            limit: Most entries, 1..200.
            before_seq: Begin with the entry before this one; None = at the end of the log.
            subject_id: Only entries about this subject; None = all.

        Raises:
            NotAllowed: the actor may not.
            InvalidInput: the limit is not 1..200.
        """
        actor.require(Permission.AUDIT_READ)
        with self._ground.store.reading() as work:
            return work.audit.latest(actor.tenant_id, limit, before_seq, subject_id)

    def verify(self, actor: Actor, kept: Head | None = None) -> tuple[Trouble, ...]:
        """Return what is wrong with the log of the actor's tenant; see `verify_tenant`.

        Raises:
            NotAllowed: the actor may not.
            InvalidInput: the head is of another log.
        """
        actor.require(Permission.AUDIT_READ)
        return self.verify_tenant(actor.tenant_id, kept)

    def head(self, actor: Actor) -> Head:
        """Return where the log of the actor's tenant ends, to be kept elsewhere.

        Raises:
            NotAllowed: the actor may not.
            NotFound: there is no log.
        """
        actor.require(Permission.AUDIT_READ)
        return self.head_of_tenant(actor.tenant_id)

    def tenants(self) -> Iterator[Tenant]:
        """Return all tenants that are here, for programs of the machine itself."""
        return reading_all.tenants(self._ground.store)

    def verify_tenant(self, tenant_id: str, kept: Head | None = None) -> tuple[Trouble, ...]:
        """Read a whole log and return what is wrong with it; nothing when it is whole.

        Args:
            tenant_id: Whose log.
            kept: A head that was kept elsewhere: it shows also whether an older copy of the log,
                with its own head, was put back.

        Raises:
            InvalidInput: the head is of another log.
        """
        if kept is not None and kept.tenant_id != tenant_id:
            raise InvalidInput("this head belongs to the log of another organisation; take its own")
        audit, store = self._ground.audit, self._ground.store
        found = audit.verify(store, tenant_id)
        if kept is not None:
            found += [more for more in audit.verify(store, tenant_id, kept) if more not in found]
        return tuple(_in_words(finding) for finding in sorted(found, key=lambda each: each.seq))

    def head_of_tenant(self, tenant_id: str) -> Head:
        """Return where a log ends.

        Raises:
            NotFound: there is none.
        """
        with self._ground.store.reading() as work:
            head = self._ground.audit.head(work, tenant_id)
        if head is None:
            raise NotFound("audit log")
        return head


def head_as_dict(head: Head) -> dict[str, Any]:
    """Return a head as JSON, to be kept elsewhere."""
    return {
        "tenant_id": head.tenant_id,
        "seq": head.seq,
        "mac": base64.b64encode(head.mac).decode(),
        "anchor": base64.b64encode(head.anchor).decode(),
    }


def read_head(told: Mapping[str, Any]) -> Head:
    """Return the head that `head_as_dict` gave.

    Raises:
        InvalidInput: it is none.
    """
    try:
        mac, anchor = (base64.b64decode(told[name], validate=True) for name in ("mac", "anchor"))
        return Head(str(told["tenant_id"]), int(told["seq"]), mac, anchor)
    except (KeyError, TypeError, ValueError, binascii.Error):
        raise InvalidInput(
            "this is no head of an audit log; give one that `visavis audit head --json` printed"
        ) from None


def _in_words(finding: Finding) -> Trouble:
    words = _WORDS[finding.fault].format(seq=finding.seq)
    return Trouble(finding.seq, finding.fault, words)
