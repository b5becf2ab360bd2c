"""Files of tenants: kept, opened, shared by links that expire, dropped, swept.

The order that loses nothing, wherever a process is killed:

- Keeping puts the file, then adds its row and commits. In between the file is an orphan, which
  harms nobody. The other way round the row would wait for a slow sender with its lock held, and the
  name of the file, the hash, is known only at its end.
- Removing removes the row and commits, then the file. In between it is an orphan again.

So there is never a row without its file, and the sweep finds what a killed process left. What must
not happen is that a file goes while its row comes: both look at the other side while they hold the
tenant. Who adds a row makes sure that the file is still there; who removes a file makes sure that
no row has come.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from visavis.core.errors import Unavailable, VisavisError
from visavis.core.settings import MIB
from visavis.credentials.roles import Permission
from visavis.store.blob_rows import BlobRow
from visavis.store.blobs import signing
from visavis.store.blobs.base import SHA256, TENANT, Blobs, Stored
from visavis.store.blobs.errors import BlobNotFound, BlobTooLarge, LinkRefused
from visavis.store.blobs.quota import require_room, room
from visavis.store.blobs.sweep import GRACE, Swept
from visavis.store.work import Work
from visavis.usecases import media_types
from visavis.usecases.actor import Actor
from visavis.usecases.blob_removal import BlobRemoval
from visavis.usecases.errors import NotFound
from visavis.usecases.ground import Ground
from visavis.usecases.subject_profiles import subject_of

LINKS = "links"
"""Purpose of the deployment's key that signs links."""

LARGEST = 4096 * MIB
"""Most bytes of one file; doors allow less."""

_TOO_LONG_S = 1 + int(signing.LONGEST_LIFE.total_seconds())


@dataclass(frozen=True, slots=True)
class Opened:
    """A file, or a part of it, about to be read.

    Attributes:
        row: What is known of it.
        name: What to call it when it is saved.
        pieces: The bytes asked for, at most 64 KiB each; close it when it is not read to its end.
    """

    row: BlobRow
    name: str
    pieces: Iterator[bytes]


class BlobKeeping:
    """Keeps the files of tenants; safe to use from several threads.

    Args:
        ground: Of the deployment.
        blobs: Where files lie.
    """

    def __init__(self, ground: Ground, blobs: Blobs) -> None:
        self._ground = ground
        self._blobs = blobs
        self._removal = BlobRemoval(ground.store, blobs)

    def keep(
        self,
        actor: Actor,
        chunks: Iterable[bytes],
        media_type: str,
        owner_kind: str,
        owner_id: str,
        subject_id: str | None = None,
        most: int = LARGEST,
    ) -> BlobRow:
        """Keep a file; one that is there already is kept once, and needed by one more.

        Args:
            actor: Who sends it.
            chunks: The file, in pieces of any size.
            media_type: What it is said to be, one of `media_types.KNOWN`.
            owner_kind: What needs it, such as `upload`.
            owner_id: Which one.
            subject_id: Whom it shows; it goes with them.
            most: Most bytes that are taken.

        Raises:
            NotAllowed: they may not.
            InvalidInput: it is no file of that type, or of a type that is not kept.
            BlobTooLarge: it is larger than `most`.
            QuotaExceeded: the tenant has no room for it.
            NotFound: there is no such subject.
            Unavailable: it was deleted while it came in; it can be sent again.
        """
        actor.require(Permission.PHOTOS_WRITE)
        tenant_id, kind = actor.tenant_id, media_types.parse(media_type)
        stored = self._put(tenant_id, media_types.checked(chunks, kind), most)

        def note(work: Work) -> BlobRow:
            self._hold(work, tenant_id)
            _hold_subject(work, tenant_id, subject_id)
            row = self._add_row(work, tenant_id, stored, kind)
            now = self._ground.clock()
            work.blob_rows.add_use(tenant_id, stored.sha256, owner_kind, owner_id, now, subject_id)
            return row

        try:
            return self._ground.store.run(note)
        except VisavisError:
            with suppress(VisavisError):  # the sweep finds it
                self._removal.remove_file(tenant_id, stored.sha256)
            raise

    def find(self, actor: Actor, sha256: str) -> BlobRow:
        """Return what is known of a file.

        Raises:
            NotAllowed: they may not.
            BlobNotFound: the tenant has none of that name.
        """
        actor.require(Permission.PHOTOS_READ)
        with self._ground.store.reading() as work:
            return _row(work, actor.tenant_id, sha256)

    def open(self, actor: Actor, sha256: str, start: int = 0, end: int | None = None) -> Opened:
        """Open a file from `start` up to, not including, `end`; raises as `find` does."""
        row = self.find(actor, sha256)
        return Opened(row, sha256, self._blobs.open(row.tenant_id, sha256, start, end))

    def link(self, actor: Actor, sha256: str, name: str, seconds: int) -> str:
        """Return the query string of a link that opens a file for whoever has it.

        Args:
            actor: Who shares it.
            sha256: Which file.
            name: What it is called when it is saved; at most 255 characters, no slash.
            seconds: How long the link holds, at most 7 days.

        Raises:
            NotAllowed: they may not.
            BlobNotFound: the tenant has none of that name.
            InvalidInput: the name or the time cannot be used.
        """
        actor.require(Permission.PHOTOS_READ)  # who may only send files must not open any this way
        actor.require(Permission.PHOTOS_WRITE)
        now = self._ground.clock()
        expires = now + timedelta(seconds=max(0, min(seconds, _TOO_LONG_S)))

        def share(work: Work) -> str:
            row = _row(work, actor.tenant_id, sha256)
            secrets = self._ground.keyring.deployment_secrets(work.keys, LINKS, now)
            key = secrets[max(secrets)]
            query = signing.sign(key, row.tenant_id, sha256, row.media_type, name, expires, now=now)
            self._ground.audit.note(
                work,
                actor.tenant_id,
                actor.id,
                "blob.shared",
                now,
                subject_id=_only_subject(work, actor.tenant_id, sha256),
                details={"seconds": seconds},
            )
            return query

        return self._ground.store.run(share)

    def find_link(self, query: str) -> tuple[BlobRow, str]:
        """Return which file a link leads to, and what to call it.

        Args:
            query: As it came in, not decoded.

        Raises:
            LinkRefused: it was not made here, its time is over, or the file is gone.
        """
        with self._ground.store.reading() as work:
            link = self._checked(work, query)
            tenant = work.tenants.find(link.tenant_id)
            row = work.blob_rows.find(link.tenant_id, link.sha256)
        if row is None or tenant is None or tenant.deleted_at:
            raise _gone()
        return row, link.name

    def open_link(self, query: str, start: int = 0, end: int | None = None) -> Opened:
        """Open the file of a link from `start` up to, not including, `end`.

        Raises:
            LinkRefused: as for `find_link`.
        """
        row, name = self.find_link(query)
        try:
            return Opened(row, name, self._blobs.open(row.tenant_id, row.sha256, start, end))
        except BlobNotFound:
            raise _gone() from None

    def drop(self, actor: Actor, sha256: str, owner_kind: str, owner_id: str | None = None) -> None:
        """Note that something needs a file no longer; what nothing needs is removed at once.

        Args:
            actor: Who drops it.
            sha256: Which file.
            owner_kind: What needed it.
            owner_id: Which one; None = every one of that kind.

        Raises:
            NotAllowed: they may not.
            BlobNotFound: the tenant has none of that name, or nothing of that kind needs it.
        """
        actor.require(Permission.PHOTOS_WRITE)
        tenant_id = actor.tenant_id

        def note(work: Work) -> None:
            self._hold(work, tenant_id)
            _row(work, tenant_id, sha256)
            owners = {
                use.owner_id
                for use in work.blob_rows.uses(tenant_id, sha256)
                if use.owner_kind == owner_kind and owner_id in {None, use.owner_id}
            }
            if not owners:
                raise BlobNotFound
            for owner in owners:
                work.blob_rows.drop_use(tenant_id, sha256, owner_kind, owner)

        self._ground.store.run(note)
        self._removal.forget(tenant_id, (sha256,))

    def forget(self, tenant_id: str, hashes: Iterable[str]) -> int:
        """Remove files that nothing needs any more; see `BlobRemoval.forget`."""
        return self._removal.forget(tenant_id, hashes)

    def remove_unused(self, tenant_id: str, now: datetime, grace: timedelta = GRACE) -> int:
        """Remove a tenant's files that nothing needs; see `BlobRemoval.remove_unused`."""
        return self._removal.remove_unused(tenant_id, now, grace)

    def sweep(self, now: datetime, grace: timedelta = GRACE) -> Swept:
        """Remove files that no row knows; see `BlobRemoval.sweep`."""
        return self._removal.sweep(now, grace)

    def _put(self, tenant_id: str, chunks: Iterable[bytes], most: int) -> Stored:
        """Put a file within what is allowed and what there is room for now."""
        quota = self._ground.settings.blobs.quota_bytes
        with self._ground.store.reading() as work:
            used = work.blob_rows.used_bytes(tenant_id) if quota else 0
        left = room(used, quota)
        try:
            return self._blobs.put(tenant_id, chunks, most if left is None else min(most, left))
        except BlobTooLarge:
            if left is not None and left < most:
                require_room(used, left + 1, quota)
            raise

    def _hold(self, work: Work, tenant_id: str) -> None:
        work.tenants.hold(tenant_id)
        tenant = work.tenants.find(tenant_id)
        if tenant is None or tenant.deleted_at:
            raise NotFound("organisation")

    def _add_row(self, work: Work, tenant_id: str, stored: Stored, media_type: str) -> BlobRow:
        """Add the row of a file that was put; the tenant is held, so no other file comes or goes.

        Raises:
            QuotaExceeded: others have filled the room meanwhile.
            Unavailable: the file was removed meanwhile.
        """
        quota = self._ground.settings.blobs.quota_bytes
        if quota and work.blob_rows.find(tenant_id, stored.sha256) is None:
            require_room(work.blob_rows.used_bytes(tenant_id), stored.size, quota)
        now = self._ground.clock()
        row = work.blob_rows.add(tenant_id, stored.sha256, stored.size, media_type, now)
        try:
            self._blobs.size(tenant_id, stored.sha256)
        except BlobNotFound:
            raise Unavailable(
                "the same file was deleted while this one came in; send it again"
            ) from None
        return row

    def _checked(self, work: Work, query: str) -> signing.Link:
        """Return what a link says; it may be signed with any version of the key."""
        now = self._ground.clock()
        if not work.keys.deployment_keys(LINKS):
            raise LinkRefused("this link was not made here; ask for a new one")
        secrets = self._ground.keyring.deployment_secrets(work.keys, LINKS, now)
        refusal: LinkRefused | None = None
        for version in sorted(secrets, reverse=True):
            try:
                return signing.check(secrets[version], query, now)
            except LinkRefused as exc:
                refusal = refusal or exc
        raise refusal or _gone()


def _row(work: Work, tenant_id: str, sha256: str) -> BlobRow:
    """Return a row; what cannot be a name is answered like a file that never was."""
    row = work.blob_rows.find(tenant_id, sha256) if SHA256.fullmatch(sha256) else None
    if row is None:
        raise BlobNotFound
    return row


def _hold_subject(work: Work, tenant_id: str, subject_id: str | None) -> None:
    """Make sure that whom a file shows is not erased while it is kept."""
    if subject_id is None:
        return
    if not TENANT.fullmatch(subject_id):  # all ids look alike
        raise NotFound("subject")
    subject_of(work, tenant_id, subject_id, hold=True)


def _only_subject(work: Work, tenant_id: str, sha256: str) -> str | None:
    """Return whom a file shows, where it shows one."""
    shown = {use.subject_id for use in work.blob_rows.uses(tenant_id, sha256)} - {None}
    return shown.pop() if len(shown) == 1 else None


def _gone() -> LinkRefused:
    return LinkRefused("the file of this link is gone; ask whoever sent it")
