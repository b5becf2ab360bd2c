"""Sealing: AES-256-GCM under a data key, bound to whose it is and what it is for.

A sealed value is `format (1 byte) · key version (4) · nonce (12) · ciphertext · tag (16)`. Format,
key version, tenant, subject and purpose are authenticated with it (NIST SP 800-38D, associated
data): bytes that are copied to another subject, another tenant or another purpose do not open.

Nonces are random. A subject's key seals few values: the bound of 2³² values a key, beyond which two
random nonces may meet, is out of reach.
"""

import os
import struct
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from visavis.vault.errors import SealBroken

KEY_BYTES = 32
FORMAT = 1
OVERHEAD = 1 + 4 + 12 + 16
"""Bytes that sealing adds."""

_HEADER = struct.Struct(">BI")
_LENGTHS = struct.Struct(">H")
_NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class Context:
    """What a sealed value is bound to.

    Attributes:
        tenant_id: Whose data it is.
        subject_id: Whom it is about; empty for what is about nobody.
        purpose: What it is for, such as `template`.
    """

    tenant_id: str
    subject_id: str
    purpose: str

    def associated(self, header: bytes) -> bytes:
        """Return the associated data; lengths in front, so that no two contexts read alike."""
        tenant, subject, purpose = (
            self.tenant_id.encode(),
            self.subject_id.encode(),
            self.purpose.encode(),
        )
        lengths = (
            _LENGTHS.pack(len(tenant)),
            _LENGTHS.pack(len(subject)),
            _LENGTHS.pack(len(purpose)),
        )
        return b"".join((header, lengths[0], tenant, lengths[1], subject, lengths[2], purpose))


@dataclass(frozen=True, slots=True)
class DataKey:
    """A key that seals values.

    Attributes:
        version: Which one of its owner's keys, 1 and up.
    """

    version: int
    _cipher: AESGCM = field(repr=False)

    @staticmethod
    def of(version: int, secret: bytes) -> "DataKey":
        """Return the key with these 32 bytes."""
        if len(secret) != KEY_BYTES:
            raise SealBroken("a data key of another length; the row was changed")
        return DataKey(version, AESGCM(secret))

    def seal(self, plain: bytes, context: Context) -> bytes:
        """Return `plain` sealed; the same bytes never look the same twice."""
        header, nonce = _HEADER.pack(FORMAT, self.version), os.urandom(_NONCE_BYTES)
        return header + nonce + self._cipher.encrypt(nonce, plain, context.associated(header))

    def unseal(self, sealed: bytes, context: Context) -> bytes:
        """Return what was sealed.

        Raises:
            SealBroken: the bytes were changed, or sealed under another key or context.
        """
        if version_of(sealed) != self.version:
            raise SealBroken("sealed under another version of the key")
        header, rest = sealed[: _HEADER.size], sealed[_HEADER.size :]
        nonce, secret = rest[:_NONCE_BYTES], rest[_NONCE_BYTES:]
        try:
            return self._cipher.decrypt(nonce, secret, context.associated(header))
        except InvalidTag as exc:
            raise SealBroken("sealed bytes were changed or belong elsewhere") from exc


def version_of(sealed: bytes) -> int:
    """Return the version of the key that sealed a value.

    Raises:
        SealBroken: it is no sealed value.
    """
    if len(sealed) < OVERHEAD:
        raise SealBroken("too short for a sealed value")
    found, version = _HEADER.unpack_from(sealed)
    if found != FORMAT:
        raise SealBroken(f"a sealed value of format {found}, which this version does not know")
    return int(version)


def new_secret() -> bytes:
    """Return 32 random bytes from the operating system."""
    return os.urandom(KEY_BYTES)
