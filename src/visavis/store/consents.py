"""Consents: who agreed to what, how, and whether that still holds."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, delete, exists, or_, select, update

from visavis.store.kinds import ConsentMethod
from visavis.store.page import DEFAULT, Page
from visavis.store.repository import Repository, new_id
from visavis.store.tables.consents import consents
from visavis.store.tables.subjects import subjects


@dataclass(frozen=True, slots=True)
class Consent:
    """That a subject agreed to one purpose.

    Attributes:
        tenant_id: Whose subject.
        id: Its own.
        subject_id: Whose face it is about.
        purpose: What it may be processed for.
        notice_id: What they had been told.
        method: How they agreed.
        given_at: When.
        given_by: Who agreed: the subject, or what a guardian is to them.
        recorded_by: The user or API key that noted it.
        evidence: Where the proof is, or what was said.
        created_at: When it was noted.
        expires_at: It holds no longer from then on; None = until it is withdrawn.
        withdrawn_at: When it was taken back; None = it was not.
        withdrawn_by: Who took it back.
    """

    tenant_id: str
    id: str
    subject_id: str
    purpose: str
    notice_id: str
    method: ConsentMethod
    given_at: datetime
    given_by: str
    recorded_by: str
    evidence: str = field(repr=False)
    created_at: datetime
    expires_at: datetime | None = None
    withdrawn_at: datetime | None = None
    withdrawn_by: str | None = None


class Consents(Repository):
    """The consents of a tenant's subjects."""

    def add(
        self,
        tenant_id: str,
        subject_id: str,
        purpose: str,
        notice_id: str,
        method: ConsentMethod,
        *,
        given_at: datetime,
        given_by: str,
        recorded_by: str,
        evidence: str,
        now: datetime,
        expires_at: datetime | None = None,
    ) -> Consent:
        """Note a consent.

        Raises:
            NotThere: the tenant has no such subject or notice.
        """
        consent = Consent(
            tenant_id=tenant_id,
            id=new_id(),
            subject_id=subject_id,
            purpose=purpose,
            notice_id=notice_id,
            method=method,
            given_at=given_at,
            given_by=given_by,
            recorded_by=recorded_by,
            evidence=evidence,
            created_at=now,
            expires_at=expires_at,
        )
        self._insert(consents, consent)
        return consent

    def find(self, tenant_id: str, consent_id: str) -> Consent | None:
        """Return a consent, also one that holds no longer."""
        row = self._one(select(consents).where(_is(tenant_id, consent_id)))
        return Consent(**row) if row else None

    def valid(
        self,
        tenant_id: str,
        subject_id: str,
        purpose: str,
        now: datetime,
        method: ConsentMethod | None = None,
    ) -> Consent | None:
        """Return the newest consent that holds at a time; None = there is none.

        Args:
            tenant_id: Whose subject.
            subject_id: Who.
            purpose: To what.
            now: When.
            method: Only one that was given so; None = however.
        """
        holds = (consents.c.given_at <= now) & or_(
            consents.c.expires_at.is_(None), consents.c.expires_at > now
        )
        # One withdrawn for a later time than now holds until then.
        kept = or_(consents.c.withdrawn_at.is_(None), consents.c.withdrawn_at > now)
        wanted = select(consents).where(_of(tenant_id, subject_id, purpose), holds, kept)
        if method is not None:
            wanted = wanted.where(consents.c.method == method)
        newest = wanted.order_by(consents.c.given_at.desc(), consents.c.id.desc())
        row = self._one(newest.limit(1))
        return Consent(**row) if row else None

    def page(
        self,
        tenant_id: str,
        limit: int = DEFAULT,
        cursor: str | None = None,
        subject_id: str | None = None,
        *,
        but: str | None = None,
    ) -> Page[Consent]:
        """Return a part of all consents, or of one subject's, newest first.

        Args:
            tenant_id: Whose.
            limit: Most consents, 1..200.
            cursor: Where the part before ended; None = begin.
            subject_id: Only of this subject.
            but: Not of the subjects in this collection; None = nobody's are left out.

        Raises:
            InvalidInput: the limit is not 1..200, or the cursor none of ours.
        """
        theirs = select(consents).where(consents.c.tenant_id == tenant_id)
        if subject_id is not None:
            theirs = theirs.where(consents.c.subject_id == subject_id)
        if but is not None:
            whose = (subjects.c.tenant_id == tenant_id) & (subjects.c.id == consents.c.subject_id)
            in_it = select(subjects.c.id).where(whose, subjects.c.collection_id == but)
            theirs = theirs.where(~exists(in_it))
        return self._page(theirs, (consents.c.created_at, consents.c.id), Consent, limit, cursor)

    def set_evidence(self, tenant_id: str, consent_id: str, evidence: str) -> bool:
        """Replace the proof, as when it is sealed under another key."""
        statement = update(consents).where(_is(tenant_id, consent_id)).values(evidence=evidence)
        return self._changed(statement) > 0

    def withdraw(self, tenant_id: str, consent_id: str, by: str, now: datetime) -> bool:
        """Take a consent back; False where that was done before."""
        return self._withdraw(_is(tenant_id, consent_id), by, now) > 0

    def withdraw_all(
        self, tenant_id: str, subject_id: str, by: str, now: datetime, purpose: str | None = None
    ) -> int:
        """Take a subject's consents back, to one purpose or to all; return how many."""
        return self._withdraw(_of(tenant_id, subject_id, purpose), by, now)

    def remove_of_subject(self, tenant_id: str, subject_id: str) -> int:
        """Remove all records of a subject's consents; return how many there were."""
        return self._changed(delete(consents).where(_of(tenant_id, subject_id, None)))

    def _withdraw(self, which: ColumnElement[bool], by: str, now: datetime) -> int:
        statement = update(consents).where(which, consents.c.withdrawn_at.is_(None))
        return self._changed(statement.values(withdrawn_at=now, withdrawn_by=by))


def _is(tenant_id: str, consent_id: str) -> ColumnElement[bool]:
    return (consents.c.tenant_id == tenant_id) & (consents.c.id == consent_id)


def _of(tenant_id: str, subject_id: str, purpose: str | None) -> ColumnElement[bool]:
    theirs = (consents.c.tenant_id == tenant_id) & (consents.c.subject_id == subject_id)
    return theirs if purpose is None else theirs & (consents.c.purpose == purpose)
