"""Subjects: the people whose faces a tenant knows; what is kept of them hangs on these rows."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, delete, exists, func, or_, select, update

from visavis.store.page import DEFAULT, MOST, Page, check_limit
from visavis.store.repository import Repository, new_id
from visavis.store.sealed import Sealed
from visavis.store.tables.consents import consents
from visavis.store.tables.subjects import subjects


@dataclass(frozen=True, slots=True)
class Subject:
    """Somebody whose face is known.

    Attributes:
        tenant_id: To whom.
        id: Theirs alone.
        reference: The tenant's own name for them, without blanks around it.
        created_at: Since when.
        adult: Whether they are of age; None = nobody has said.
        erased_at: When everything about them was erased; the row then only says so.
        collection_id: The collection they are in, for good; empty = the tenant's own people.
    """

    tenant_id: str
    id: str
    reference: str | None = field(repr=False)
    created_at: datetime
    adult: bool | None = None
    erased_at: datetime | None = None
    collection_id: str = ""


class Subjects(Repository):
    """The subjects of a tenant."""

    def add(
        self,
        tenant_id: str,
        now: datetime,
        reference: str | None = None,
        adult: bool | None = None,  # unknown is the third answer
        collection_id: str = "",
    ) -> Subject:
        """Make a subject.

        Raises:
            AlreadyThere: the tenant has one of this reference.
        """
        called = _stripped(reference)
        subject = Subject(tenant_id, new_id(), called, now, adult, collection_id=collection_id)
        self._insert(subjects, subject)
        return subject

    def find(self, tenant_id: str, subject_id: str) -> Subject | None:
        """Return a subject of this tenant, also one that was erased."""
        row = self._one(select(subjects).where(_is(tenant_id, subject_id)))
        return Subject(**row) if row else None

    def some(self, tenant_id: str, subject_ids: Collection[str]) -> tuple[Subject, ...]:
        """Return several subjects of this tenant that were not erased, in no order."""
        wanted = (subjects.c.tenant_id == tenant_id) & subjects.c.id.in_(subject_ids)
        rows = self._all(select(subjects).where(wanted, subjects.c.erased_at.is_(None)))
        return tuple(Subject(**row) for row in rows)

    def find_by_reference(self, tenant_id: str, reference: str) -> Subject | None:
        """Return the subject that the tenant calls so."""
        called = subjects.c.reference == _stripped(reference)
        row = self._one(select(subjects).where(subjects.c.tenant_id == tenant_id, called))
        return Subject(**row) if row else None

    def page(
        self,
        tenant_id: str,
        limit: int = DEFAULT,
        cursor: str | None = None,
        collection_id: str | None = None,
        *,
        but: str | None = None,
        called: bool = False,
    ) -> Page[Subject]:
        """Return a part of the subjects that were not erased, newest first.

        Args:
            tenant_id: Whose.
            limit: Most subjects, 1..200.
            cursor: Where the part before ended; None = begin.
            collection_id: Only those in this one, empty = in none; None = all.
            but: Not those in this one; None = nobody is left out.
            called: Only those who have a reference.

        Raises:
            InvalidInput: the limit is not 1..200, or the cursor none of ours.
        """
        known = (subjects.c.tenant_id == tenant_id) & subjects.c.erased_at.is_(None)
        if collection_id is not None:
            known &= subjects.c.collection_id == collection_id
        if but is not None:
            known &= subjects.c.collection_id != but
        if called:
            known &= subjects.c.reference.is_not(None)
        by = (subjects.c.created_at, subjects.c.id)
        return self._page(select(subjects).where(known), by, Subject, limit, cursor)

    def count_called(self, tenant_id: str, collection_id: str) -> int:
        """Return how many in a collection have a reference and were not erased."""
        known = (subjects.c.tenant_id == tenant_id) & subjects.c.erased_at.is_(None)
        known &= subjects.c.collection_id == collection_id
        counted = select(func.count()).where(known, subjects.c.reference.is_not(None))
        return int(self._value(counted))

    def without_consent(
        self, tenant_id: str, since: datetime, limit: int = MOST, subject_id: str | None = None
    ) -> tuple[Subject, ...]:
        """Return some subjects made before a time, none of whose consents has held since then.

        Args:
            tenant_id: Whose subjects.
            since: The time.
            limit: Most subjects, 1..200.
            subject_id: Only this one; None = all.
        """
        theirs = (consents.c.tenant_id == subjects.c.tenant_id) & (
            consents.c.subject_id == subjects.c.id
        )
        ends = or_(consents.c.expires_at.is_(None), consents.c.expires_at > since)
        kept = or_(consents.c.withdrawn_at.is_(None), consents.c.withdrawn_at > since)
        known = (subjects.c.tenant_id == tenant_id) & subjects.c.erased_at.is_(None)
        known &= subjects.c.created_at < since
        if subject_id is not None:
            known &= subjects.c.id == subject_id
        lapsed = known & ~exists(select(consents.c.id).where(theirs, ends, kept))
        oldest = select(subjects).where(lapsed).order_by(subjects.c.created_at, subjects.c.id)
        return tuple(Subject(**row) for row in self._all(oldest.limit(check_limit(limit))))

    def hold_all(self, tenant_id: str, subject_ids: Collection[str]) -> tuple[Subject, ...]:
        """Hold several subjects, as `hold` does one, in the order of their ids; return them."""
        theirs = (subjects.c.tenant_id == tenant_id) & subjects.c.id.in_(subject_ids)
        statement = select(subjects).where(theirs).order_by(subjects.c.id)
        rows = self._all(statement.with_for_update(key_share=True))
        return tuple(Subject(**row) for row in rows)

    def hold(self, tenant_id: str, subject_id: str) -> Subject | None:
        """Return a subject, and let no other unit hold or change it until this one ends.

        Who seals something and who erases both begin with it: then nothing is sealed for somebody
        who is being erased, and `erased_at` tells whom nothing may be sealed for any more.
        """
        statement = select(subjects).where(_is(tenant_id, subject_id))
        row = self._one(statement.with_for_update(key_share=True))
        return Subject(**row) if row else None

    def set_reference(self, tenant_id: str, subject_id: str, reference: str | None) -> bool:
        """Change what the tenant calls a subject that was not erased.

        Raises:
            AlreadyThere: they call another one so.
        """
        return self._set(tenant_id, subject_id, reference=_stripped(reference))

    def set_adult(
        self,
        tenant_id: str,
        subject_id: str,
        adult: bool | None,  # unknown is the third answer
    ) -> bool:
        """Note whether a subject that was not erased is of age."""
        return self._set(tenant_id, subject_id, adult=adult)

    def mark_erased(self, tenant_id: str, subject_id: str, now: datetime) -> bool:
        """Keep nothing of the row but that there was somebody; False where it was done before.

        What hangs on the row is removed by its own repositories.
        """
        return self._set(tenant_id, subject_id, erased_at=now, reference=None, adult=None)

    def remove(self, tenant_id: str, subject_id: str) -> bool:
        """Remove a subject with their keys, sealed data, consents and uses of blobs."""
        Sealed(self._connection).remove_of_subject(tenant_id, subject_id)  # which tells the feed
        return self._changed(delete(subjects).where(_is(tenant_id, subject_id))) > 0

    def _set(self, tenant_id: str, subject_id: str, **values: object) -> bool:
        known = _is(tenant_id, subject_id) & subjects.c.erased_at.is_(None)
        return self._changed(update(subjects).where(known).values(**values)) > 0


def _stripped(reference: str | None) -> str | None:
    """Return a reference without blanks around it, which databases compare differently."""
    return None if reference is None else reference.strip()


def _is(tenant_id: str, subject_id: str) -> ColumnElement[bool]:
    return (subjects.c.tenant_id == tenant_id) & (subjects.c.id == subject_id)
