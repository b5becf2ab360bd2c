"""Rows about blobs: which there are, how large, and who uses them.

The order that loses nothing: whoever keeps a blob puts the file, then adds its row; whoever removes
one removes the row and commits, then the file. Both hold the tenant while they look at the other
side: the one that the file is there, the other that no row is; see `visavis.usecases.blobs`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, exists, func, insert, select, update

from visavis.store.blobs.base import BlobName
from visavis.store.errors import NotThere
from visavis.store.page import MOST, check_limit
from visavis.store.repository import Repository, columns_of
from visavis.store.tables.blob_rows import blob_uses, blobs

PICTURE = "application/vnd.visavis.picture"
"""Media type of a sealed picture, which only its template opens."""

OF_TEMPLATE = "template"
"""What needs such a picture."""


@dataclass(frozen=True, slots=True)
class BlobRow:
    """A blob that a tenant has.

    Attributes:
        tenant_id: Whose.
        sha256: Of its bytes, lower-case hex; also its name.
        size: Bytes.
        media_type: Such as `image/jpeg`.
        created_at: When it was kept last.
    """

    tenant_id: str
    sha256: str
    size: int
    media_type: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class BlobUse:
    """That something needs a blob.

    Attributes:
        tenant_id: Whose.
        sha256: Which blob.
        owner_kind: What needs it, such as `photo`.
        owner_id: Which one.
        subject_id: Whom it shows; it goes with them. None = nobody in particular.
        created_at: Since when.
    """

    tenant_id: str
    sha256: str
    owner_kind: str
    owner_id: str
    subject_id: str | None
    created_at: datetime


class BlobRows(Repository):
    """The blobs of a tenant and their uses."""

    def add(
        self, tenant_id: str, sha256: str, size: int, media_type: str, now: datetime
    ) -> BlobRow:
        """Note a blob, or that one that is there was kept again and must not be swept now."""
        row = BlobRow(tenant_id, sha256, size, media_type, now)
        if not self._insert_once(blobs, row):
            self._run(update(blobs).where(_is(tenant_id, sha256)).values(created_at=now))
        return self.find(tenant_id, sha256) or row

    def add_new(
        self,
        tenant_id: str,
        sizes: Mapping[str, int],
        media_type: str,
        owner_kind: str,
        owner_id: str,
        now: datetime,
    ) -> None:
        """Note blobs that nobody knows yet, all of them needed by one thing.

        Args:
            tenant_id: Whose.
            sizes: Bytes of each, by its SHA-256; at least one.
            media_type: Of each.
            owner_kind: What needs them.
            owner_id: Which one.
            now: When.

        Raises:
            AlreadyThere: one of them is known.
        """
        rows = [BlobRow(tenant_id, name, size, media_type, now) for name, size in sizes.items()]
        uses = [BlobUse(tenant_id, name, owner_kind, owner_id, None, now) for name in sizes]
        self._run_all(insert(blobs), [columns_of(row) for row in rows])
        self._run_all(insert(blob_uses), [columns_of(use) for use in uses])

    def find(self, tenant_id: str, sha256: str) -> BlobRow | None:
        """Return a blob's row."""
        row = self._one(select(blobs).where(_is(tenant_id, sha256)))
        return BlobRow(**row) if row else None

    def names(self, after: BlobName = ("", ""), limit: int = 1000) -> tuple[BlobName, ...]:
        """Return tenant and hash of the blobs of all tenants, sorted; see `blobs.sweep`.

        Args:
            after: Begin with the name that follows this one.
            limit: Most names.
        """
        tenant_id, sha256 = after
        later = blobs.c.tenant_id > tenant_id
        later |= (blobs.c.tenant_id == tenant_id) & (blobs.c.sha256 > sha256)
        some = select(blobs.c.tenant_id, blobs.c.sha256).where(later)
        rows = self._all(some.order_by(blobs.c.tenant_id, blobs.c.sha256).limit(limit))
        return tuple((row["tenant_id"], row["sha256"]) for row in rows)

    def used_bytes(self, tenant_id: str) -> int:
        """Return the bytes of all blobs; for a quota that is never exceeded, `Tenants.hold`."""
        total = select(func.coalesce(func.sum(blobs.c.size), 0))
        return int(self._value(total.where(blobs.c.tenant_id == tenant_id)))

    def add_use(
        self,
        tenant_id: str,
        sha256: str,
        owner_kind: str,
        owner_id: str,
        now: datetime,
        subject_id: str | None = None,
    ) -> BlobUse:
        """Note that something needs a blob; again changes nothing.

        Returns:
            The use as it was noted first.

        Raises:
            NotThere: the tenant has no such blob or subject.
        """
        use = BlobUse(tenant_id, sha256, owner_kind, owner_id, subject_id, now)
        if self._insert_once(blob_uses, use):
            return use
        first = _of_owner(tenant_id, owner_kind, owner_id) & (blob_uses.c.sha256 == sha256)
        return self._uses(first)[0]

    def uses(self, tenant_id: str, sha256: str) -> tuple[BlobUse, ...]:
        """Return what needs a blob."""
        this = (blob_uses.c.tenant_id == tenant_id) & (blob_uses.c.sha256 == sha256)
        return self._uses(this)

    def uses_of_owner(self, tenant_id: str, owner_kind: str, owner_id: str) -> tuple[BlobUse, ...]:
        """Return which blobs something needs."""
        return self._uses(_of_owner(tenant_id, owner_kind, owner_id))

    def uses_of_subject(self, tenant_id: str, subject_id: str) -> tuple[BlobUse, ...]:
        """Return which blobs show a subject."""
        return self._uses(_of_subject(tenant_id, subject_id))

    def drop_use(self, tenant_id: str, sha256: str, owner_kind: str, owner_id: str) -> bool:
        """Note that something needs a blob no longer."""
        this = _of_owner(tenant_id, owner_kind, owner_id) & (blob_uses.c.sha256 == sha256)
        return self._changed(delete(blob_uses).where(this)) > 0

    def drop_uses_of_owner(self, tenant_id: str, owner_kind: str, owner_id: str) -> int:
        """Note that something needs no blobs any longer; return how many it needed."""
        return self._changed(delete(blob_uses).where(_of_owner(tenant_id, owner_kind, owner_id)))

    def drop_uses_of_subject(self, tenant_id: str, subject_id: str) -> int:
        """Note that nothing needs the blobs that show a subject; return how many."""
        return self._changed(delete(blob_uses).where(_of_subject(tenant_id, subject_id)))

    def move_uses_of_subject(self, tenant_id: str, subject_id: str, to: str) -> int:
        """Note that the blobs that show a subject show another one; return how many uses."""
        theirs = _of_subject(tenant_id, subject_id)
        return self._changed(update(blob_uses).where(theirs).values(subject_id=to))

    def drop_uses_of_templates(self, tenant_id: str, template_ids: Collection[str]) -> int:
        """Note that templates that are gone need their pictures no longer; return how many."""
        theirs = (blob_uses.c.tenant_id == tenant_id) & (blob_uses.c.owner_kind == OF_TEMPLATE)
        named = blob_uses.c.owner_id.in_(template_ids)
        return self._changed(delete(blob_uses).where(theirs, named))

    def unused(
        self,
        tenant_id: str,
        before: datetime,
        limit: int = MOST,
        media_type: str | None = None,
    ) -> tuple[BlobRow, ...]:
        """Return some blobs that nothing needs and that were kept before a time, oldest first.

        Args:
            tenant_id: Whose.
            before: The time.
            limit: Most blobs, 1..200.
            media_type: Only those of this one; None = all.
        """
        idle = select(blobs).where(blobs.c.tenant_id == tenant_id, _is_idle(before))
        if media_type is not None:
            idle = idle.where(blobs.c.media_type == media_type)
        rows = self._all(
            idle.order_by(blobs.c.created_at, blobs.c.sha256).limit(check_limit(limit))
        )
        return tuple(BlobRow(**row) for row in rows)

    def remove_unused(self, tenant_id: str, sha256: str, before: datetime) -> bool:
        """Remove a blob's row; False where it is needed or was kept again, meanwhile too."""
        statement = delete(blobs).where(_is(tenant_id, sha256), _is_idle(before))
        try:
            with self._connection.begin_nested():
                return self._changed(statement) > 0
        except NotThere:  # a use was committed while this waited
            return False

    def _uses(self, which: ColumnElement[bool]) -> tuple[BlobUse, ...]:
        rows = self._all(
            select(blob_uses).where(which).order_by(blob_uses.c.created_at, blob_uses.c.sha256)
        )
        return tuple(BlobUse(**row) for row in rows)


def _is(tenant_id: str, sha256: str) -> ColumnElement[bool]:
    return (blobs.c.tenant_id == tenant_id) & (blobs.c.sha256 == sha256)


def _is_idle(before: datetime) -> ColumnElement[bool]:
    """Return the condition that nothing uses a blob, and it was kept before a time."""
    same = (blob_uses.c.tenant_id == blobs.c.tenant_id) & (blob_uses.c.sha256 == blobs.c.sha256)
    return (blobs.c.created_at < before) & ~exists(select(blob_uses.c.sha256).where(same))


def _of_owner(tenant_id: str, owner_kind: str, owner_id: str) -> ColumnElement[bool]:
    owner = (blob_uses.c.owner_kind == owner_kind) & (blob_uses.c.owner_id == owner_id)
    return (blob_uses.c.tenant_id == tenant_id) & owner


def _of_subject(tenant_id: str, subject_id: str) -> ColumnElement[bool]:
    return (blob_uses.c.tenant_id == tenant_id) & (blob_uses.c.subject_id == subject_id)
