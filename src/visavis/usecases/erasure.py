"""Erasure: nothing of a person is left but that there was somebody, and a receipt that says so.

1. One unit destroys the keys and removes all rows; a receipt is begun in it. Whoever is killed
   afterwards has erased them, and the rest is taken up again (`resume`).
2. Files that nobody else needs go, then what other places hold, then the database's own copies.
3. The probe looks for anything left. What it found is signed and becomes the receipt.
"""

from base64 import b64decode
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid5

import structlog

from visavis.core.errors import Unavailable, VisavisError
from visavis.credentials.roles import Permission
from visavis.store.blobs.base import Blobs
from visavis.store.collections import LOGIN
from visavis.store.page import MOST
from visavis.store.receipts import Receipt
from visavis.store.work import Work
from visavis.usecases.actor import Actor
from visavis.usecases.blob_removal import BlobRemoval
from visavis.usecases.erasure_probe import Place, Probe, Witness, probe, witnesses
from visavis.usecases.errors import NotFound
from visavis.usecases.ground import Ground
from visavis.usecases.receipts import signed
from visavis.vault.receipts import Receipt as Signed

log = structlog.get_logger(__name__)

ERASURE = "erasure"
"""Kind of the receipts of erasures."""

BEGUN = "erasure.begun"
"""Kind of a receipt while the erasure goes on, or while something is left."""

ERASED = "subject.erased"
"""What the audit log calls it."""

MOST_NOTED = 10_000
"""Most files that a receipt remembers until they are gone; the sweep finds what is beyond."""


class Reason(StrEnum):
    """Why somebody is erased."""

    REQUEST = "request"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    RETENTION = "retention"
    OTHER = "other"


class ErasureIncomplete(Unavailable):
    """The keys are destroyed, but something else of the person is left."""


class Spared(VisavisError):
    """The reason to erase somebody went away meanwhile."""


@dataclass(frozen=True, slots=True)
class _Begun:
    """What an erasure still has to do.

    Attributes:
        receipt: As it was begun.
        files: SHA-256 of those that showed the subject.
        values: Sealed values, read before the keys were destroyed.
    """

    receipt: Receipt
    files: tuple[str, ...]
    values: tuple[Witness, ...] = ()


Begun = _Begun | Receipt
"""An erasure whose unit may be committed now; the receipt where it was finished before."""


class Erasure:
    """Erases subjects; safe to use from several threads and processes.

    Args:
        ground: Of the deployment.
        blobs: Its files.
        places: Where else something about subjects is kept.
    """

    def __init__(self, ground: Ground, blobs: Blobs, places: Sequence[Place] = ()) -> None:
        self._ground = ground
        self._blobs = blobs
        self._places = tuple(places)
        self._removal = BlobRemoval(ground.store, blobs)

    def erase(self, actor: Actor, subject_id: str, *, reason: Reason = Reason.REQUEST) -> Receipt:
        """Erase a subject; again gives the first receipt.

        Args:
            actor: Who asks for it.
            subject_id: Who is erased.
            reason: Why.

        Returns:
            The receipt; `receipts.handed_out` gives its document.

        Raises:
            NotAllowed: the actor may not.
            NotFound: there is no such subject, or they stand for a user who logs in by face, who
                removes that face, or goes with it.
            ErasureIncomplete: something is left; the receipt that is kept says what.
            Unavailable: a place cannot be asked; keys and rows are destroyed, the rest follows.
        """
        actor.require(Permission.PEOPLE_ERASE)
        with self._ground.store.reading() as work:
            row = work.subjects.find(actor.tenant_id, subject_id)
        if row is not None and row.collection_id == LOGIN:
            raise NotFound("subject")
        return self.erase_for(actor.tenant_id, subject_id, actor.id, reason)

    def erase_for(
        self,
        tenant_id: str,
        subject_id: str,
        by: str,
        reason: Reason,
        still: Callable[[Work], bool] | None = None,
    ) -> Receipt:
        """Erase a subject on behalf of a schedule.

        Args:
            tenant_id: Whose subject.
            subject_id: Who is erased.
            by: What the audit log calls who does it.
            reason: Why.
            still: Tells whether that still holds once nobody can change it; None = it does.

        Raises:
            Spared: it does not.
            VisavisError: as for `erase`.
        """
        return self.finish(
            self._ground.store.run(
                lambda work: self.begin(work, tenant_id, subject_id, by, reason, still)
            )
        )

    def begin(
        self,
        work: Work,
        tenant_id: str,
        subject_id: str,
        by: str,
        reason: Reason,
        still: Callable[[Work], bool] | None = None,
    ) -> "Begun":
        """Erase a subject in a unit that is about more; call `finish` once it is committed.

        Raises:
            NotFound, Spared: as `erase_for`.
        """
        subject = work.subjects.hold(tenant_id, subject_id)
        if subject is None:
            raise NotFound("subject")
        if subject.erased_at is not None:
            return self._done_before(work, tenant_id, subject_id)
        if still is not None and not still(work):
            raise Spared("there is no reason any more to erase this person")
        return self._destroy(work, tenant_id, subject_id, by, reason)

    def finish(self, begun: "Begun") -> Receipt:
        """Remove what is not in the rows, and return the receipt; raises as `erase`."""
        return begun if isinstance(begun, Receipt) else self._finish(begun)

    def resume(self, tenant_id: str) -> int:
        """Finish erasures that were cut short or left something; return how many now are."""
        with self._ground.store.reading() as work:
            cut_short = work.receipts.page(tenant_id, MOST, kind=BEGUN).items
        return sum(self._resumed(receipt) for receipt in cut_short)

    def _resumed(self, receipt: Receipt) -> bool:
        try:
            self._finish(_taken_up(receipt))
        except VisavisError as exc:
            log.error("erasure_unfinished", receipt_id=receipt.id, reason=type(exc).__name__)  # noqa: TRY400
            return False
        return True

    def _destroy(
        self, work: Work, tenant_id: str, subject_id: str, by: str, reason: Reason
    ) -> _Begun:
        """Destroy keys and rows of a held subject."""
        now = self._ground.clock()
        values = work.sealed.of_subject(tenant_id, subject_id)
        consents = work.consents.page(tenant_id, subject_id=subject_id).items
        read = witnesses(values, consents)
        uses = work.blob_rows.uses_of_subject(tenant_id, subject_id)
        files = tuple(sorted({use.sha256 for use in uses}))
        destroyed: dict[str, Any] = {
            "keys": work.keys.destroy_subject(tenant_id, subject_id),
            "sealed": dict(sorted(Counter(value.purpose for value in values).items())),
            "consents": work.consents.remove_of_subject(tenant_id, subject_id),
            "file_uses": work.blob_rows.drop_uses_of_subject(tenant_id, subject_id),
        }
        work.sealed.remove_of_subject(tenant_id, subject_id)
        work.subjects.mark_erased(tenant_id, subject_id, now)
        statement = _statement(tenant_id, subject_id, now, reason, destroyed)
        body = {"statement": statement, "files": files[:MOST_NOTED]}
        receipt = work.receipts.add(tenant_id, BEGUN, now, body, b"", _receipt_id(subject_id))
        told = {"receipt_id": receipt.id, "reason": reason.value, **destroyed}
        self._ground.audit.note(work, tenant_id, by, ERASED, now, subject_id, told)
        return _Begun(receipt, files, read)

    def _done_before(self, work: Work, tenant_id: str, subject_id: str) -> _Begun | Receipt:
        receipt = work.receipts.find(tenant_id, _receipt_id(subject_id))
        if receipt is None:  # it was removed after the time that the tenant keeps receipts
            raise NotFound("subject")
        return receipt if receipt.kind == ERASURE else _taken_up(receipt)

    def _finish(self, begun: _Begun) -> Receipt:
        """Remove what is not in the rows, look whether anything is left, and sign that."""
        ground, tenant_id = self._ground, begun.receipt.tenant_id
        subject = tenant_id, str(begun.receipt.body["statement"]["subject_id"])
        self._removal.forget(tenant_id, begun.files)
        for place in self._places:
            place.forget(*subject)
        is_scrubbed = ground.store.scrub()
        found = probe(ground, self._blobs, self._places, subject, begun.values, begun.files)
        receipt = ground.store.run(lambda work: self._sign(work, begun, found, is_scrubbed))
        if receipt.kind != ERASURE:
            left = ", ".join(where for where, count in found.left.items() if count)
            raise ErasureIncomplete(
                f"the keys are destroyed, but something is left in: {left or 'the keys'}; the "
                f"receipt {receipt.id} says what, and erasing again takes it up"
            )
        return receipt

    def _sign(self, work: Work, begun: _Begun, found: Probe, is_scrubbed: bool) -> Receipt:
        """Keep the signed receipt, unless another process has finished the same one."""
        tenant_id, receipt_id = begun.receipt.tenant_id, begun.receipt.id
        work.tenants.hold(tenant_id)  # the first of the tenant makes the key
        kept = work.receipts.find(tenant_id, receipt_id)
        if kept is None:
            raise NotFound("receipt")
        if kept.kind == ERASURE:
            return kept
        now = self._ground.clock()
        statement = dict(begun.receipt.body["statement"])
        statement["destroyed"] = {**statement["destroyed"], "files": found.files_gone}
        statement["files_needed_for_others"] = found.files_needed
        statement["audit_seq"] = _audit_seq(work, tenant_id, statement["subject_id"])
        statement["probe"] = {"at": _told(now), "scrubbed": is_scrubbed, **found.as_dict()}
        return _kept(work, kept, signed(self._ground, work, tenant_id, statement, now), found)


def _kept(work: Work, begun: Receipt, document: Signed, found: Probe) -> Receipt:
    """Put a signed receipt in the place of the one that was begun, and return it."""
    kind = ERASURE if found.is_clean else BEGUN
    files = {} if found.is_clean else {"files": begun.body["files"]}
    body = document.as_json() | files
    work.receipts.finish(begun.tenant_id, begun.id, kind, body, b64decode(document.signature))
    finished = work.receipts.find(begun.tenant_id, begun.id)
    return finished or begun


def _taken_up(receipt: Receipt) -> _Begun:
    return _Begun(receipt, tuple(receipt.body["files"]))


def _statement(
    tenant_id: str, subject_id: str, now: datetime, reason: Reason, destroyed: dict[str, Any]
) -> dict[str, Any]:
    return {
        "kind": ERASURE,
        "receipt_id": _receipt_id(subject_id),
        "tenant_id": tenant_id,
        "subject_id": subject_id,
        "erased_at": _told(now),
        "reason": reason.value,
        "destroyed": destroyed,
    }


def _receipt_id(subject_id: str) -> str:
    """Return the id of the one receipt that there can be of erasing a subject."""
    return uuid5(UUID(hex=subject_id), ERASURE).hex


def _audit_seq(work: Work, tenant_id: str, subject_id: str) -> int | None:
    """Return the number of the entry that tells of the erasure."""
    entries = work.audit.latest(tenant_id, subject_id=subject_id)
    return next((entry.seq for entry in entries if entry.action == ERASED), None)


def _told(now: datetime) -> str:
    return now.isoformat().replace("+00:00", "Z")
