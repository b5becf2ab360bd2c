"""Templates of a tenant as people look at them: listed, named by id, and moved to another subject.

They are rows of `sealed`; searches read them by their own way, see `galleries`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select, update

from visavis.store.blob_rows import OF_TEMPLATE
from visavis.store.collections import MAIN
from visavis.store.galleries import Galleries
from visavis.store.page import DEFAULT, Page
from visavis.store.repository import Repository
from visavis.store.sealed import TEMPLATE, SealedData, of_purpose
from visavis.store.tables.blob_rows import blob_uses
from visavis.store.tables.sealed import sealed
from visavis.store.tables.subjects import subjects
from visavis.store.template_changes import TemplateNotes


@dataclass(frozen=True, slots=True)
class Moved:
    """A template as it will be under its new subject.

    Attributes:
        old: As it was read.
        key_version: Which of the new subject's keys seals it.
        data: The sealed bytes.
        meta: What has to be known without unsealing.
    """

    old: SealedData
    key_version: int
    data: bytes = field(repr=False)
    meta: Mapping[str, Any] = field(repr=False)


class Templates(Repository):
    """The templates of a tenant."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._changes = TemplateNotes(connection)

    def page(
        self,
        tenant_id: str,
        limit: int = DEFAULT,
        cursor: str | None = None,
        *,
        collection: str | None = None,
        subject_id: str | None = None,
    ) -> Page[SealedData]:
        """Return a part of the templates, newest first.

        Args:
            tenant_id: Whose.
            limit: Most templates, 1..200.
            cursor: Where the page before ended; None = begin.
            collection: Only of subjects of this one; None = of all.
            subject_id: Only of this subject; None = of all.

        Raises:
            InvalidInput: the limit is not 1..200, or the cursor none of ours.
        """
        which = _of(tenant_id)
        if subject_id is not None:
            which = _by_id(tenant_id) & (sealed.c.subject_id == subject_id)
        if collection is not None:
            which &= _is_in(tenant_id, collection)
        by = (sealed.c.created_at, sealed.c.id)
        return self._page(select(sealed).where(which), by, SealedData, limit, cursor)

    def whose(self, tenant_id: str, collection: str, skip: int, most: int) -> dict[str, str]:
        """Return the ids of a part of a collection's templates, newest first, and whose they are.

        Args:
            tenant_id: Whose collection.
            collection: Its id.
            skip: Templates before the part; they are counted and not read.
            most: Of the part.
        """
        by = sealed.c.created_at.desc(), sealed.c.id.desc()
        listed = select(sealed.c.id, sealed.c.subject_id).order_by(*by).limit(most).offset(skip)
        rows = self._all(listed.where(_of(tenant_id), _is_in(tenant_id, collection)))
        return {row["id"]: row["subject_id"] for row in rows}

    def count(self, tenant_id: str, collection: str) -> int:
        """Return how many templates a collection has."""
        owned = subjects.join(
            sealed,
            (sealed.c.tenant_id == subjects.c.tenant_id) & (sealed.c.subject_id == subjects.c.id),
        )
        theirs = (subjects.c.tenant_id == tenant_id) & (subjects.c.collection_id == collection)
        counted = select(func.count()).select_from(owned).where(theirs, of_purpose(TEMPLATE))
        return int(self._value(counted))

    def some(self, tenant_id: str, template_ids: Collection[str]) -> tuple[SealedData, ...]:
        """Return those of some templates that are there, in the order of their ids."""
        named = _by_id(tenant_id) & sealed.c.id.in_(template_ids)
        rows = self._all(select(sealed).where(named).order_by(sealed.c.id))
        return tuple(SealedData(**row) for row in rows)

    def owners(self, tenant_id: str, subject_ids: Collection[str]) -> frozenset[str]:
        """Return which of some subjects have templates."""
        theirs = _by_id(tenant_id) & sealed.c.subject_id.in_(subject_ids)
        rows = self._all(select(sealed.c.subject_id).where(theirs).distinct())
        return frozenset(str(row["subject_id"]) for row in rows)

    def move(self, tenant_id: str, subject_id: str, moved: Sequence[Moved]) -> int:
        """Give templates to another subject; the feed says whose they are from now on.

        Their pictures show the new subject as well. Whoever calls this holds the tenant and all
        the subjects.

        Args:
            tenant_id: Whose.
            subject_id: The new subject.
            moved: The templates, sealed for them.

        Returns:
            How many moved; those that were removed or resealed meanwhile did not.
        """
        there = [each for each in moved if self._move(tenant_id, subject_id, each)]
        if there:
            ids = [each.old.id for each in there]
            listed = Galleries(self._connection).named(tenant_id, ids)
            self._changes.note(tenant_id, listed, added=True)
            self._show(tenant_id, subject_id, ids)
        return len(there)

    def _move(self, tenant_id: str, subject_id: str, moved: Moved) -> bool:
        old = moved.old
        same = _by_id(tenant_id) & (sealed.c.id == old.id)
        same &= (sealed.c.subject_id == old.subject_id) & (sealed.c.key_version == old.key_version)
        values = {
            "subject_id": subject_id,
            "key_version": moved.key_version,
            "data": moved.data,
            "meta": dict(moved.meta),
        }
        return self._changed(update(sealed).where(same).values(values)) > 0

    def _show(self, tenant_id: str, subject_id: str, template_ids: Collection[str]) -> None:
        """Note whom the pictures of some templates show."""
        uses = blob_uses.c
        theirs = (uses.tenant_id == tenant_id) & (uses.owner_kind == OF_TEMPLATE)
        theirs &= uses.owner_id.in_(template_ids)
        self._run(update(blob_uses).where(theirs).values(subject_id=subject_id))


def _of(tenant_id: str) -> ColumnElement[bool]:
    return (sealed.c.tenant_id == tenant_id) & (sealed.c.purpose == TEMPLATE)


def _is_in(tenant_id: str, collection: str) -> ColumnElement[bool]:
    """Ask for templates of a collection, in the way that is quicker.

    Nearly everybody is in none: there it is asked of each template that would be listed, until
    there are enough. Of another all who are in it are read.
    """
    theirs = (subjects.c.tenant_id == tenant_id) & (subjects.c.collection_id == collection)
    if collection == MAIN:
        return select(subjects.c.id).where(theirs, subjects.c.id == sealed.c.subject_id).exists()
    return sealed.c.subject_id.in_(select(subjects.c.id).where(theirs))


def _by_id(tenant_id: str) -> ColumnElement[bool]:
    """Return the same for rows that are found by their ids or by their subjects."""
    return (sealed.c.tenant_id == tenant_id) & of_purpose(TEMPLATE)
