"""Pictures that wait for a job: sealed files which live as long as their job needs them.

A file holds the picture with its name and what is asked of it, so that a job's row says nothing
about anybody. The order that loses nothing is that of `visavis.usecases.blobs`: the file first,
then, in one unit, its row and the job's.
"""

from collections.abc import Callable

import orjson

from visavis.core.types import Source
from visavis.store.blobs.base import Blobs, Stored
from visavis.store.blobs.errors import BlobNotFound
from visavis.store.blobs.quota import require_room
from visavis.store.jobs import Job
from visavis.store.work import Work
from visavis.usecases.blob_removal import BlobRemoval
from visavis.usecases.errors import NotFound
from visavis.usecases.ground import Ground
from visavis.usecases.tenant_sealing import TenantSealing

PURPOSE = "waiting"
"""Purpose of the tenants' key that seals them."""

MEDIA_TYPE = "application/vnd.visavis.waiting"
OF_JOB = "job"
"""What needs such a file."""

_LENGTH_BYTES = 4


class PictureGone(NotFound):
    """The picture of a job is no longer there."""

    def __init__(self) -> None:
        super().__init__("picture of this job")


class WaitingPictures:
    """Keeps pictures for jobs; safe to use from several threads.

    Args:
        ground: Of the deployment.
        blobs: Its files.
    """

    def __init__(self, ground: Ground, blobs: Blobs) -> None:
        self._ground, self._blobs = ground, blobs
        self._sealing = TenantSealing(ground, PURPOSE)
        self._removal = BlobRemoval(ground.store, blobs)

    def put(self, tenant_id: str, source: Source) -> Stored:
        """Put a picture aside; it stays when `note` names a job that needs it.

        Raises:
            QuotaExceeded: the tenant has no room for it.
        """
        name = orjson.dumps({"name": source.name})
        plain = b"".join((len(name).to_bytes(_LENGTH_BYTES, "big"), name, source.data))
        sealed = self._sealing.seal(tenant_id, plain)
        quota = self._ground.settings.blobs.quota_bytes
        if quota:
            with self._ground.store.reading() as work:
                require_room(work.blob_rows.used_bytes(tenant_id), len(sealed), quota)
        return self._blobs.put(tenant_id, (sealed,), len(sealed))

    def hold(self, work: Work, tenant_id: str) -> None:
        """Hold a tenant before rows about its files are written.

        Raises:
            NotFound: they are gone.
        """
        tenant = work.tenants.find(tenant_id) if work.tenants.hold(tenant_id) else None
        if tenant is None or tenant.deleted_at:
            raise NotFound("organisation")

    def note(self, work: Work, job: Job, file: Stored) -> None:
        """Note, in the unit that writes a job, that it needs a picture; the tenant is held.

        Raises:
            BlobNotFound: the file was swept meanwhile.
        """
        now = self._ground.clock()
        work.blob_rows.add(job.tenant_id, file.sha256, file.size, MEDIA_TYPE, now)
        work.blob_rows.add_use(job.tenant_id, file.sha256, OF_JOB, job.id, now)
        self._blobs.size(job.tenant_id, file.sha256)

    def open(self, job: Job) -> Source:
        """Return the picture of a job.

        Raises:
            PictureGone: it is no longer there.
            SealBroken: the file was changed.
        """
        try:
            sealed = b"".join(self._blobs.open(job.tenant_id, str(job.payload["file"])))
        except BlobNotFound:
            raise PictureGone from None
        plain = self._sealing.unseal(job.tenant_id, sealed)
        start = _LENGTH_BYTES + int.from_bytes(plain[:_LENGTH_BYTES], "big")
        told = orjson.loads(plain[_LENGTH_BYTES:start])
        return Source(told["name"], plain[start:])

    def drop(self, work: Work, job: Job) -> Callable[[], object]:
        """Note that a job needs its picture no longer; return what removes the file afterwards."""
        names = [use.sha256 for use in work.blob_rows.uses_of_owner(job.tenant_id, OF_JOB, job.id)]
        work.blob_rows.drop_uses_of_owner(job.tenant_id, OF_JOB, job.id)
        return lambda: self._removal.forget(job.tenant_id, names)
