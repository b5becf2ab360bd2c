"""Sealed data of subjects: what it says only the vault can tell."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select, update

from visavis.store.page import DEFAULT, MOST, Page, check_limit
from visavis.store.repository import Repository, new_id
from visavis.store.tables.sealed import sealed


@dataclass(frozen=True, slots=True)
class SealedData:
    """One sealed value.

    Attributes:
        tenant_id: Whose subject.
        id: Its own.
        subject_id: Whose it is.
        purpose: What it is for.
        key_version: Which of the subject's keys seals it.
        data: The sealed bytes, at most 64 KiB.
        meta: What has to be known without unsealing; no personal data.
        created_at: When it was made.
    """

    tenant_id: str
    id: str
    subject_id: str
    purpose: str
    key_version: int
    data: bytes = field(repr=False)
    meta: Mapping[str, Any]
    created_at: datetime


class Sealed(Repository):
    """The sealed data of a tenant's subjects."""

    def add(
        self,
        tenant_id: str,
        subject_id: str,
        purpose: str,
        key_version: int,
        data: bytes,
        now: datetime,
        meta: Mapping[str, Any] | None = None,
    ) -> SealedData:
        """Keep a sealed value.

        Raises:
            NotThere: the tenant has no such subject.
            NotStorable: more than 64 KiB.
        """
        about = dict(meta or {})
        value = SealedData(tenant_id, new_id(), subject_id, purpose, key_version, data, about, now)
        self._insert(sealed, value)
        return value

    def find(self, tenant_id: str, sealed_id: str) -> SealedData | None:
        """Return a value."""
        row = self._one(select(sealed).where(_is(tenant_id, sealed_id)))
        return SealedData(**row) if row else None

    def of_subject(
        self, tenant_id: str, subject_id: str, purpose: str | None = None
    ) -> tuple[SealedData, ...]:
        """Return a subject's values, of one purpose or of all, oldest first."""
        theirs = select(sealed).where(_of(tenant_id, subject_id, purpose))
        rows = self._all(theirs.order_by(sealed.c.created_at, sealed.c.id))
        return tuple(SealedData(**row) for row in rows)

    def of_subjects(
        self, tenant_id: str, subject_ids: Collection[str], purpose: str
    ) -> tuple[SealedData, ...]:
        """Return the values of one purpose of several subjects, in one query."""
        theirs = (sealed.c.tenant_id == tenant_id) & sealed.c.subject_id.in_(subject_ids)
        rows = self._all(select(sealed).where(theirs, sealed.c.purpose == purpose))
        return tuple(SealedData(**row) for row in rows)

    def page(
        self, tenant_id: str, purpose: str, limit: int = DEFAULT, cursor: str | None = None
    ) -> Page[SealedData]:
        """Return a part of all values of a purpose, newest first.

        Raises:
            InvalidInput: the limit is not 1..200, or the cursor none of ours.
        """
        wanted = (sealed.c.tenant_id == tenant_id) & (sealed.c.purpose == purpose)
        by = (sealed.c.created_at, sealed.c.id)
        return self._page(select(sealed).where(wanted), by, SealedData, limit, cursor)

    def count(self, tenant_id: str, purpose: str) -> int:
        """Return how many values of a purpose there are."""
        wanted = (sealed.c.tenant_id == tenant_id) & (sealed.c.purpose == purpose)
        return int(self._value(select(func.count()).where(wanted)))

    def older(
        self, tenant_id: str, subject_id: str, key_version: int, limit: int = MOST
    ) -> tuple[SealedData, ...]:
        """Return some of a subject's values that older versions of the key seal.

        To reseal all of them, reseal these and ask again until none is left.
        """
        theirs = select(sealed).where(_of(tenant_id, subject_id, None))
        before = theirs.where(sealed.c.key_version < key_version).order_by(sealed.c.id)
        rows = self._all(before.limit(check_limit(limit)))
        return tuple(SealedData(**row) for row in rows)

    def subjects_with(
        self, tenant_id: str, purpose: str, before: datetime, after: str = "", limit: int = MOST
    ) -> tuple[str, ...]:
        """Return the ids of some subjects with values of a purpose that are older than a time.

        Args:
            tenant_id: Whose subjects.
            purpose: Of the values.
            before: The time.
            after: Begin with the id that follows this one; empty = at the first.
            limit: Most ids, 1..200.
        """
        old = (sealed.c.tenant_id == tenant_id) & (sealed.c.purpose == purpose)
        old &= (sealed.c.created_at < before) & (sealed.c.subject_id > after)
        ids = select(sealed.c.subject_id).distinct().where(old).order_by(sealed.c.subject_id)
        return tuple(row["subject_id"] for row in self._all(ids.limit(check_limit(limit))))

    def remove_before(
        self, tenant_id: str, purpose: str, before: datetime, limit: int = MOST
    ) -> int:
        """Remove some values of a purpose that are older than a time; return how many.

        To remove all of them, call it until it returns 0.
        """
        old = (sealed.c.tenant_id == tenant_id) & (sealed.c.purpose == purpose)
        ids = select(sealed.c.id).where(old, sealed.c.created_at < before)
        some = self._all(ids.order_by(sealed.c.created_at).limit(check_limit(limit)))
        named = sealed.c.id.in_([row["id"] for row in some])
        return self._changed(delete(sealed).where(sealed.c.tenant_id == tenant_id, named))

    def reseal(self, tenant_id: str, old: SealedData, key_version: int, data: bytes) -> bool:
        """Replace the bytes by the same under another key; False where somebody did meanwhile."""
        same = _is(tenant_id, old.id) & (sealed.c.key_version == old.key_version)
        values = {"key_version": key_version, "data": data}
        return self._changed(update(sealed).where(same).values(values)) > 0

    def remove(self, tenant_id: str, sealed_id: str) -> bool:
        """Remove a value."""
        return self._changed(delete(sealed).where(_is(tenant_id, sealed_id))) > 0

    def remove_of_subject(self, tenant_id: str, subject_id: str, purpose: str | None = None) -> int:
        """Remove a subject's values, of one purpose or all; return how many there were."""
        return self._changed(delete(sealed).where(_of(tenant_id, subject_id, purpose)))


def _is(tenant_id: str, sealed_id: str) -> ColumnElement[bool]:
    return (sealed.c.tenant_id == tenant_id) & (sealed.c.id == sealed_id)


def _of(tenant_id: str, subject_id: str, purpose: str | None) -> ColumnElement[bool]:
    theirs = (sealed.c.tenant_id == tenant_id) & (sealed.c.subject_id == subject_id)
    return theirs if purpose is None else theirs & (sealed.c.purpose == purpose)
