"""Sealed data of subjects: what it says only the vault can tell.

Templates are sealed data that indexes are made of: whenever one is added or removed here, the feed
of templates says so in the same unit.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from visavis.store.blob_rows import BlobRows
from visavis.store.page import DEFAULT, MOST, Page, check_limit
from visavis.store.repository import Repository, columns_of, new_id
from visavis.store.tables.sealed import sealed
from visavis.store.tables.subjects import subjects
from visavis.store.tables.template_changes import LONGEST_EMBEDDER
from visavis.store.template_changes import Listed, TemplateNotes

TEMPLATE = "template"
"""Purpose of the values that are templates; their `meta` says under `embedder` what made them."""

MAPPED_FROM = "mapped_from"
"""In the `meta` of a template that was brought over from another embedder: which one (`embedder`),
and from which template (`template_id`) as long as that is there too."""


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


@dataclass(frozen=True, slots=True)
class NewSealed:
    """A value to be kept.

    Attributes:
        subject_id: Whose it is.
        key_version: Which of the subject's keys seals it.
        data: The sealed bytes, at most 64 KiB.
        meta: What has to be known without unsealing; no personal data.
    """

    subject_id: str
    key_version: int
    data: bytes = field(repr=False)
    meta: Mapping[str, Any] = field(default_factory=dict)


class Sealed(Repository):
    """The sealed data of a tenant's subjects.

    Who adds or removes templates holds all tenants and subjects they need before: the feed is
    locked by it until the unit ends.
    """

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._changes = TemplateNotes(connection)

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
        value = NewSealed(subject_id, key_version, data, dict(meta or {}))
        return self.add_all(tenant_id, purpose, [value], now)[0]

    def add_all(
        self,
        tenant_id: str,
        purpose: str,
        values: Sequence[NewSealed],
        made: datetime | Sequence[datetime],
    ) -> tuple[SealedData, ...]:
        """Keep several sealed values; raises as `add` where one of them cannot be kept.

        Args:
            tenant_id: Whose subjects.
            purpose: Of the values.
            values: What to keep.
            made: When they were made, all together or each.
        """
        times = [made] * len(values) if isinstance(made, datetime) else made
        kept = tuple(
            SealedData(tenant_id, new_id(), purpose=purpose, created_at=at, **columns_of(one))
            for one, at in zip(values, times, strict=True)
        )
        if kept:
            self._run_all(insert(sealed), [columns_of(one) for one in kept])
        if kept and purpose == TEMPLATE:
            self._note(tenant_id, [columns_of(one) for one in kept], added=True)
        return kept

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
        rows = self._all(select(sealed).where(theirs, of_purpose(purpose)))
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

    def counts(self, tenant_id: str, subject_ids: Collection[str], purpose: str) -> dict[str, int]:
        """Return how many values of a purpose each of several subjects has, where there are any."""
        theirs = (sealed.c.tenant_id == tenant_id) & sealed.c.subject_id.in_(subject_ids)
        counts = select(sealed.c.subject_id, func.count().label("values"))
        counts = counts.where(theirs, of_purpose(purpose)).group_by(sealed.c.subject_id)
        return {row["subject_id"]: row["values"] for row in self._all(counts)}

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
        return self._remove(tenant_id, (sealed.c.tenant_id == tenant_id) & named)

    def reseal(
        self,
        tenant_id: str,
        old: SealedData,
        key_version: int,
        data: bytes,
        meta: Mapping[str, Any] | None = None,
    ) -> bool:
        """Replace the bytes by the same under another key; False where somebody did meanwhile.

        Args:
            tenant_id: Whose.
            old: As it was read.
            key_version: Which of the subject's keys seals it now.
            data: The sealed bytes.
            meta: In place of what was known of it; None = that stays.
        """
        same = _is(tenant_id, old.id) & (sealed.c.key_version == old.key_version)
        known = dict(old.meta if meta is None else meta)
        values = {"key_version": key_version, "data": data, "meta": known}
        return self._changed(update(sealed).where(same).values(values)) > 0

    def remove(self, tenant_id: str, sealed_id: str) -> bool:
        """Remove a value."""
        return self._remove(tenant_id, _is(tenant_id, sealed_id)) > 0

    def remove_all(self, tenant_id: str, sealed_ids: Collection[str]) -> int:
        """Remove values; return how many there were."""
        named = (sealed.c.tenant_id == tenant_id) & sealed.c.id.in_(sealed_ids)
        return self._remove(tenant_id, named)

    def remove_of_subject(self, tenant_id: str, subject_id: str, purpose: str | None = None) -> int:
        """Remove a subject's values, of one purpose or all; return how many there were."""
        return self._remove(tenant_id, _of(tenant_id, subject_id, purpose))

    def remove_of_subjects(self, tenant_id: str, subject_ids: Collection[str], purpose: str) -> int:
        """Remove the values of one purpose of several subjects; return how many there were."""
        theirs = (sealed.c.tenant_id == tenant_id) & sealed.c.subject_id.in_(subject_ids)
        return self._remove(tenant_id, theirs & of_purpose(purpose))

    def _remove(self, tenant_id: str, which: ColumnElement[bool]) -> int:
        """Remove values, and tell the feed of those that are templates; return how many went."""
        columns = sealed.c
        wanted = select(columns.id, columns.subject_id, columns.purpose, columns.meta).where(which)
        rows = self._all(wanted.order_by(columns.id).with_for_update())
        if not rows:
            return 0
        named = columns.id.in_([row["id"] for row in rows])
        gone = self._changed(delete(sealed).where(columns.tenant_id == tenant_id, named))
        if templates := [dict(row) for row in rows if row["purpose"] == TEMPLATE]:
            self._note(tenant_id, templates, added=False)
            BlobRows(self._connection).drop_uses_of_templates(
                tenant_id, [row["id"] for row in templates]
            )
        return gone

    def _note(self, tenant_id: str, templates: Sequence[Mapping[str, Any]], *, added: bool) -> None:
        """Tell the feed of templates, each given by the columns of its row."""
        people = {row["subject_id"] for row in templates}
        theirs = (subjects.c.tenant_id == tenant_id) & subjects.c.id.in_(people)
        rows = self._all(select(subjects.c.id, subjects.c.collection_id).where(theirs))
        places = {row["id"]: row["collection_id"] for row in rows}
        listed = [listed_of(row, places[row["subject_id"]]) for row in templates]
        self._changes.note(tenant_id, listed, added=added)


def _is(tenant_id: str, sealed_id: str) -> ColumnElement[bool]:
    return (sealed.c.tenant_id == tenant_id) & (sealed.c.id == sealed_id)


def _of(tenant_id: str, subject_id: str, purpose: str | None) -> ColumnElement[bool]:
    theirs = (sealed.c.tenant_id == tenant_id) & (sealed.c.subject_id == subject_id)
    return theirs if purpose is None else theirs & of_purpose(purpose)


def of_purpose(purpose: str) -> ColumnElement[bool]:
    """Ask for a purpose where rows are found by something narrower, their ids or their subject.

    Asked plainly, SQLite takes the index of purposes, whose order fits, and reads all templates of
    the tenant.
    """
    return (sealed.c.purpose + "") == purpose


def listed_of(row: Mapping[str, Any], collection_id: str) -> Listed:
    """Return a template as the feed names it.

    Args:
        row: Its columns.
        collection_id: Where its subject is.
    """
    embedder = str(row["meta"].get("embedder", ""))[:LONGEST_EMBEDDER]
    return Listed(row["id"], row["subject_id"], embedder, collection_id)
