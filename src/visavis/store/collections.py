"""Collections: parts of a tenant's people that are searched on their own.

Subjects name theirs by its id, and it stays theirs. No row stands for a tenant's own people and for
those who log in by their face; so subjects do not hang on these rows, and whoever removes a
collection sees to its people first.
"""

from collections.abc import Collection as Several
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, select, update

from visavis.store.page import DEFAULT, Page
from visavis.store.repository import Repository, new_id
from visavis.store.sealed import TEMPLATE
from visavis.store.tables.collections import collections
from visavis.store.tables.sealed import sealed
from visavis.store.tables.subjects import subjects

MAIN = ""
"""Id that stands for a tenant's own people, who are in no collection."""

LOGIN = "login"
"""Id that stands for the faces of users who log in by face; it is in no table."""


@dataclass(frozen=True, slots=True)
class Collection:
    """A part of a tenant's people.

    Attributes:
        tenant_id: Whose.
        id: Its own.
        name: What they call it; no other of theirs is called so.
        created_at: Since when there is one.
        closed_at: Since when it is being removed, with its people; None = it is not.
    """

    tenant_id: str
    id: str
    name: str
    created_at: datetime
    closed_at: datetime | None = None


class Collections(Repository):
    """The collections of a tenant."""

    def add(self, tenant_id: str, name: str, now: datetime) -> Collection:
        """Make a collection.

        Raises:
            AlreadyThere: the tenant has one of this name.
        """
        collection = Collection(tenant_id, new_id(), name, now)
        self._insert(collections, collection)
        return collection

    def find(self, tenant_id: str, collection_id: str) -> Collection | None:
        """Return a collection, also one that is being removed."""
        row = self._one(select(collections).where(_is(tenant_id, collection_id)))
        return Collection(**row) if row else None

    def find_by_name(self, tenant_id: str, name: str) -> Collection | None:
        """Return the collection that the tenant calls so."""
        called = (collections.c.tenant_id == tenant_id) & (collections.c.name == name)
        row = self._one(select(collections).where(called, collections.c.closed_at.is_(None)))
        return Collection(**row) if row else None

    def some(self, tenant_id: str, collection_ids: Several[str]) -> tuple[Collection, ...]:
        """Return several collections, in no order."""
        wanted = (collections.c.tenant_id == tenant_id) & collections.c.id.in_(collection_ids)
        return tuple(Collection(**row) for row in self._all(select(collections).where(wanted)))

    def page(
        self, tenant_id: str, limit: int = DEFAULT, cursor: str | None = None
    ) -> Page[Collection]:
        """Return a part of the collections that are not being removed, newest first.

        Raises:
            InvalidInput: the limit is not 1..200, or the cursor none of ours.
        """
        open_ = (collections.c.tenant_id == tenant_id) & collections.c.closed_at.is_(None)
        by = (collections.c.created_at, collections.c.id)
        return self._page(select(collections).where(open_), by, Collection, limit, cursor)

    def closed(self, tenant_id: str) -> tuple[Collection, ...]:
        """Return the collections that are being removed."""
        shut = (collections.c.tenant_id == tenant_id) & collections.c.closed_at.is_not(None)
        return tuple(Collection(**row) for row in self._all(select(collections).where(shut)))

    def sizes(self, tenant_id: str, collection_ids: Several[str]) -> dict[str, tuple[int, int]]:
        """Return how many people and templates each of several collections has, where it has any.

        Erased people do not count.
        """
        known = (subjects.c.tenant_id == tenant_id) & subjects.c.erased_at.is_(None)
        theirs = (sealed.c.tenant_id == subjects.c.tenant_id) & (
            sealed.c.subject_id == subjects.c.id
        )
        counts = (
            select(
                subjects.c.collection_id,
                func.count(subjects.c.id.distinct()).label("people"),
                func.count(sealed.c.id).label("templates"),
            )
            .select_from(subjects)
            .outerjoin(sealed, theirs & (sealed.c.purpose == TEMPLATE))
            .where(known, subjects.c.collection_id.in_(collection_ids))
            .group_by(subjects.c.collection_id)
        )
        rows = self._all(counts)
        return {row["collection_id"]: (row["people"], row["templates"]) for row in rows}

    def close(self, tenant_id: str, collection_id: str, now: datetime) -> bool:
        """Note that a collection is being removed; its name may be used again from now on."""
        this = _is(tenant_id, collection_id) & collections.c.closed_at.is_(None)
        # No name of a collection has a `~` in it, so nobody's is taken.
        values = {"closed_at": now, "name": f"~{collection_id}"}
        return self._changed(update(collections).where(this).values(values)) > 0

    def remove(self, tenant_id: str, collection_id: str) -> bool:
        """Remove the row of a collection in which nobody is left."""
        return self._changed(delete(collections).where(_is(tenant_id, collection_id))) > 0


def _is(tenant_id: str, collection_id: str) -> ColumnElement[bool]:
    return (collections.c.tenant_id == tenant_id) & (collections.c.id == collection_id)
