"""Pictures that a tenant keeps with the templates made of them, where its privacy rules say so.

Each is a file sealed under a secret of its own, and that secret is sealed with the template under
the subject's key: erasing the subject or removing the template shuts the picture for ever, in every
copy of the file. Nothing but the template's id leads from a subject to the file.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from visavis.core.errors import VisavisError
from visavis.core.types import Source
from visavis.credentials.roles import Permission
from visavis.store.blob_rows import OF_TEMPLATE, PICTURE
from visavis.store.blobs.base import Blobs
from visavis.store.blobs.quota import require_room
from visavis.store.work import Work
from visavis.usecases import media_types
from visavis.usecases.actor import Actor
from visavis.usecases.blob_removal import BlobRemoval
from visavis.usecases.errors import NotFound
from visavis.usecases.ground import Ground
from visavis.usecases.privacy import rules_of
from visavis.usecases.seen import KeptPicture, details_of
from visavis.usecases.subject_keys import opened_keys
from visavis.vault.sealing import OVERHEAD, Context, DataKey, new_secret

_VERSION = 1
"""A secret seals one picture, so it has one version."""


@dataclass(frozen=True, slots=True)
class Portrait:
    """A picture that was kept, open.

    Attributes:
        media_type: Such as `image/jpeg`.
        data: The file, byte for byte as it was sent.
    """

    media_type: str
    data: bytes = field(repr=False)


class Portraits:
    """Keeps and opens pictures of templates; safe to use from several threads.

    Args:
        ground: Of the deployment.
        blobs: Its files.
    """

    def __init__(self, ground: Ground, blobs: Blobs) -> None:
        self._ground, self._blobs = ground, blobs
        self._removal = BlobRemoval(ground.store, blobs)

    @contextmanager
    def put(self, actor: Actor, source: Source | None) -> Iterator[KeptPicture | None]:
        """Put a picture aside, sealed, for the template that is sealed meanwhile.

        The file goes again where that fails.

        Args:
            actor: Who enrols.
            source: The picture; None = there is none.

        Yields:
            What the template has to know of it; None where the tenant keeps no pictures.

        Raises:
            QuotaExceeded: the tenant has no room for it.
        """
        kept = self._put(actor.tenant_id, source.data) if source else None
        try:
            yield kept
        except BaseException:
            if kept is not None:
                with suppress(VisavisError):  # the sweep finds it
                    self._removal.remove_file(actor.tenant_id, kept.sha256)
            raise

    def of(self, actor: Actor, template_id: str, subject_id: str | None = None) -> Portrait | None:
        """Return the picture of a template; None where it was not kept.

        Args:
            actor: Who wants to see it.
            template_id: Which.
            subject_id: Whose it is said to be; None = nobody says.

        Raises:
            NotFound: there is no template of this id, or it is somebody else's.
            SealBroken: the file was changed.
        """
        actor.require(Permission.PEOPLE_READ)
        actor.require(Permission.PHOTOS_READ)
        with self._ground.store.reading() as work:
            rows = work.templates.some(actor.tenant_id, (template_id,))
            if not rows or subject_id not in {None, rows[0].subject_id}:
                raise NotFound("template")
            row, keys = rows[0], opened_keys(self._ground.keyring, work, actor.tenant_id, rows)
        kept = details_of(row, keys[row.subject_id, row.key_version]).picture
        return None if kept is None else open_portrait(self._blobs, actor.tenant_id, kept)

    def _put(self, tenant_id: str, data: bytes) -> KeptPicture | None:
        """Put a file away where the tenant keeps pictures, and has room."""
        with self._ground.store.reading() as work:
            if not rules_of(work, tenant_id).keep_pictures:
                return None
            _require_room(self._ground, work, tenant_id, len(data) + OVERHEAD)
        secret, media_type = new_secret(), media_types.of_picture(data)
        sealed = DataKey.of(_VERSION, secret).seal(data, _context(tenant_id))
        stored = self._blobs.put(tenant_id, (sealed,), len(sealed))
        return KeptPicture(stored.sha256, stored.size, media_type, secret)


def open_portrait(blobs: Blobs, tenant_id: str, kept: KeptPicture) -> Portrait:
    """Return a picture that was kept.

    Raises:
        BlobNotFound: the file is gone.
        SealBroken: it was changed.
    """
    sealed = b"".join(blobs.open(tenant_id, kept.sha256))
    plain = DataKey.of(_VERSION, kept.secret).unseal(sealed, _context(tenant_id))
    return Portrait(kept.media_type, plain)


def note_picture(
    ground: Ground, work: Work, tenant_id: str, subject_id: str, template_id: str, kept: KeptPicture
) -> None:
    """Note, in the unit that seals a template, that it needs a file.

    Args:
        ground: Of the deployment.
        work: The unit; the tenant is held.
        tenant_id: Whose.
        subject_id: Whom the picture shows.
        template_id: What needs it.
        kept: The file.

    Raises:
        QuotaExceeded: others have filled the room meanwhile.
    """
    _require_room(ground, work, tenant_id, kept.size)
    now = ground.clock()
    work.blob_rows.add(tenant_id, kept.sha256, kept.size, PICTURE, now)
    work.blob_rows.add_use(tenant_id, kept.sha256, OF_TEMPLATE, template_id, now, subject_id)


def _require_room(ground: Ground, work: Work, tenant_id: str, new: int) -> None:
    quota = ground.settings.blobs.quota_bytes
    require_room(work.blob_rows.used_bytes(tenant_id) if quota else 0, new, quota)


def _context(tenant_id: str) -> Context:
    """Return what a file is bound to: not the subject, to whom it may have to move."""
    return Context(tenant_id, "", "picture")
