"""Sealing under a key of a tenant: what is theirs and about no subject, such as waiting pictures.

It opens only with the tenant's key, and not at all once that was destroyed.
"""

from visavis.store.work import Work
from visavis.usecases.ground import Ground
from visavis.vault.sealing import Context, DataKey, version_of


class TenantSealing:
    """Seals and opens; safe to use from several threads.

    Args:
        ground: Of the deployment.
        purpose: Of the tenants' key.
    """

    def __init__(self, ground: Ground, purpose: str) -> None:
        self._ground, self._purpose = ground, purpose

    def seal(self, tenant_id: str, plain: bytes) -> bytes:
        """Return bytes, sealed.

        Raises:
            NotThere: there is no such tenant.
        """
        ground = self._ground

        def newest(work: Work) -> tuple[int, bytes]:
            work.tenants.hold(tenant_id)  # the first of the tenant makes the key
            now = ground.clock()
            return ground.keyring.tenant_secret(work.keys, tenant_id, self._purpose, now)

        known = self._known(tenant_id)
        version, secret = known or ground.store.run(newest)
        return DataKey.of(version, secret).seal(plain, self._context(tenant_id))

    def unseal(self, tenant_id: str, data: bytes) -> bytes:
        """Return what `seal` sealed.

        Raises:
            SealBroken: it is none of this tenant and purpose, or was changed.
            KeyDestroyed: its key is gone.
        """
        with self._ground.store.reading() as work:
            told = work.keys, tenant_id, self._purpose, version_of(data)
            secret = self._ground.keyring.tenant_version(*told)
        return DataKey.of(version_of(data), secret).unseal(data, self._context(tenant_id))

    def _known(self, tenant_id: str) -> tuple[int, bytes] | None:
        """Return the newest key where there is one: to make it, the tenant has to be held."""
        ground = self._ground
        with ground.store.reading() as work:
            if work.keys.tenant_key(tenant_id, self._purpose) is None:
                return None
            told = work.keys, tenant_id, self._purpose, ground.clock()
            return ground.keyring.tenant_secret(*told)

    def _context(self, tenant_id: str) -> Context:
        return Context(tenant_id, "", self._purpose)
