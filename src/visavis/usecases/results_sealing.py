"""Pictures and documents of results, each a file sealed under a key of its tenant.

A file is bound to its tenant, to the picture it is about and to what it is: one that is put in the
place of another does not open, and none opens once the tenant's keys are gone.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from enum import StrEnum

from visavis.core.errors import VisavisError
from visavis.store.blobs.base import Blobs, Stored
from visavis.store.results import Result
from visavis.store.work import Work
from visavis.usecases.blob_removal import BlobRemoval
from visavis.usecases.ground import Ground
from visavis.vault.sealing import Context, DataKey, version_of

PURPOSE = "results"
"""Purpose of the tenant's key under which results are sealed."""


class Part(StrEnum):
    """The files of a result; `Result` has a field of the same name for each."""

    PICTURE = "picture"
    ANNOTATED = "annotated"
    DOCUMENT = "document"


class ResultFiles:
    """Seals, keeps and opens the files of results; safe to use from several threads.

    Args:
        ground: Of the deployment.
        blobs: Its files.
    """

    def __init__(self, ground: Ground, blobs: Blobs) -> None:
        self._ground, self._blobs = ground, blobs
        self._removal = BlobRemoval(ground.store, blobs)

    def put(self, tenant_id: str, sha256: str, parts: Mapping[Part, bytes]) -> dict[Part, Stored]:
        """Keep files, sealed; all of them or none.

        Args:
            tenant_id: Whose.
            sha256: Of the picture they are about.
            parts: What they hold.
        """
        key = self._newest_key(tenant_id)
        stored: dict[Part, Stored] = {}
        with self._taken_back(tenant_id, stored):
            for part, plain in parts.items():
                sealed = key.seal(plain, _context(tenant_id, sha256, part))
                stored[part] = self._blobs.put(tenant_id, (sealed,), len(sealed))
        return stored

    def open(self, result: Result, part: Part) -> bytes:
        """Return what a file of a result holds.

        Raises:
            BlobNotFound: the file is gone.
            SealBroken: it was changed, or is that of another result.
            KeyDestroyed: its key is gone.
        """
        tenant_id = result.tenant_id
        sealed = b"".join(self._blobs.open(tenant_id, getattr(result, part)))
        version, keyring = version_of(sealed), self._ground.keyring
        with self._ground.store.reading() as work:
            secret = keyring.tenant_version(work.keys, tenant_id, PURPOSE, version)
        key = DataKey.of(version, secret)
        return key.unseal(sealed, _context(tenant_id, result.sha256, part))

    def take_back(self, tenant_id: str, stored: Mapping[Part, Stored]) -> None:
        """Remove files that came to be of no use, unless a row knows them."""
        for each in stored.values():
            with suppress(VisavisError):  # the sweep finds it
                self._removal.remove_file(tenant_id, each.sha256)

    @contextmanager
    def _taken_back(self, tenant_id: str, stored: Mapping[Part, Stored]) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self.take_back(tenant_id, stored)
            raise

    def _newest_key(self, tenant_id: str) -> DataKey:
        """Return the key that seals now; only the first result of a tenant has to make it."""
        ground, now = self._ground, self._ground.clock()

        def made(work: Work) -> tuple[int, bytes]:
            work.tenants.hold(tenant_id)
            return ground.keyring.tenant_secret(work.keys, tenant_id, PURPOSE, now)

        with ground.store.reading() as work:
            there = work.keys.tenant_key(tenant_id, PURPOSE)
            if there is not None:
                found = ground.keyring.tenant_secret(work.keys, tenant_id, PURPOSE, now)
        return DataKey.of(*(found if there is not None else ground.store.run(made)))


def _context(tenant_id: str, sha256: str, part: Part) -> Context:
    return Context(tenant_id, "", f"{PURPOSE}:{part}:{sha256}")
