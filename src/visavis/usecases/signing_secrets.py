"""Secrets of API keys, kept sealed for programs that sign their requests with them.

A hash is enough to know a secret that is shown; to check an HMAC, the secret itself has to be had.
It lies under a key of the deployment, bound to the tenant and the key it belongs to, and only while
the interface whose clients sign is switched on.
"""

import threading
from collections.abc import Mapping

from visavis.store.work import Work
from visavis.usecases.ground import Ground
from visavis.vault.errors import SealBroken
from visavis.vault.sealing import Context, DataKey, version_of

PURPOSE = "signing secrets"
"""Purpose of the deployment's key that seals them."""


class SigningSecrets:
    """Seals and opens the secrets of API keys; safe to use from several threads.

    Args:
        ground: Of the deployment.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._lock = threading.Lock()
        self._keys: Mapping[int, DataKey] = {}

    @property
    def kept(self) -> bool:
        """Whether secrets are kept at all."""
        return self._ground.settings.dialects.rekognition

    def keep(self, work: Work, tenant_id: str, key_id: str, secret: str) -> None:
        """Keep the secret of a key, sealed, where secrets are kept."""
        if not self.kept:
            return
        keys = self._read(work)
        sealed = keys[max(keys)].seal(secret.encode(), _context(tenant_id, key_id))
        work.api_keys.keep_secret(tenant_id, key_id, sealed)

    def opened(self, tenant_id: str, key_id: str, sealed: bytes) -> str:
        """Return the secret of a key.

        Raises:
            SealBroken: the bytes were changed, or belong to another key.
        """
        version = version_of(sealed)
        key = self._known().get(version) or self._known(anew=True).get(version)
        if key is None:
            raise SealBroken("the secret is sealed under a key that is not there")
        return key.unseal(sealed, _context(tenant_id, key_id)).decode()

    def _known(self, *, anew: bool = False) -> Mapping[int, DataKey]:
        """Return the keys by version; they are read when first asked for, or anew."""
        with self._lock:
            if anew or not self._keys:
                self._keys = self._ground.store.run(self._read)
            return self._keys

    def _read(self, work: Work) -> Mapping[int, DataKey]:
        ring, now = self._ground.keyring, self._ground.clock()
        secrets = ring.deployment_secrets(work.keys, PURPOSE, now)
        return {version: DataKey.of(version, secret) for version, secret in secrets.items()}


def _context(tenant_id: str, key_id: str) -> Context:
    return Context(tenant_id, key_id, "secret of an API key")
