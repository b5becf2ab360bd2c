"""What the search index keeps on disk, sealed under a key of its tenant.

Codes are no templates, yet they tell whose faces are alike; so a snapshot opens only with the
tenant's key, and not at all once that was destroyed.
"""

from visavis.index.base import Space
from visavis.store.work import Work
from visavis.usecases.ground import Ground
from visavis.vault.sealing import Context, DataKey, version_of

PURPOSE = "index"
"""Purpose of the tenant's key under which snapshots are sealed."""


class IndexSealing:
    """Seals and opens the pieces of snapshots; safe to use from several threads.

    Args:
        ground: Of the deployment.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def seal(self, space: Space, plain: bytes) -> bytes:
        """Return a piece, sealed."""
        ground, tenant_id = self._ground, space.tenant_id

        def newest(work: Work) -> tuple[int, bytes]:
            work.tenants.hold(tenant_id)  # the first of the tenant makes the key
            now = ground.clock()
            return ground.keyring.tenant_secret(work.keys, tenant_id, PURPOSE, now)

        version, secret = ground.store.run(newest)
        return DataKey.of(version, secret).seal(plain, _context(space))

    def unseal(self, space: Space, data: bytes) -> bytes:
        """Return a piece that `seal` sealed.

        Raises:
            SealBroken: it is none of this space, or was changed.
            KeyDestroyed: its key is gone.
        """
        version = version_of(data)
        with self._ground.store.reading() as work:
            secret = self._ground.keyring.tenant_version(
                work.keys, space.tenant_id, PURPOSE, version
            )
        return DataKey.of(version, secret).unseal(data, _context(space))


def _context(space: Space) -> Context:
    return Context(space.tenant_id, "", ":".join((PURPOSE, *space.told[1:])))
