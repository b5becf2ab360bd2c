"""Receipts: statements that anyone can check, such as that a person's data were erased.

Ed25519 (RFC 8032) over the statement as canonical JSON. Who holds a receipt needs only the public
key, which is in it, and the operator's word that the key is theirs.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

FORMAT = "visavis.receipt/1"


@dataclass(frozen=True, slots=True)
class Receipt:
    """A signed statement.

    Attributes:
        statement: What is stated; JSON values only.
        public_key: Base64 of the signer's 32 bytes.
        signature: Base64 of 64 bytes.
    """

    statement: Mapping[str, Any]
    public_key: str
    signature: str

    def as_json(self) -> dict[str, Any]:
        """Return the receipt as one object, as it is handed out."""
        return {
            "format": FORMAT,
            "statement": dict(self.statement),
            "public_key": self.public_key,
            "signature": self.signature,
        }


def sign(statement: Mapping[str, Any], secret: bytes) -> Receipt:
    """Return a receipt.

    Args:
        statement: What is stated; JSON values only.
        secret: The tenant's 32 bytes for receipts.
    """
    key = Ed25519PrivateKey.from_private_bytes(secret)
    signature = key.sign(_told(statement))
    return Receipt(statement, _text(key.public_key().public_bytes_raw()), _text(signature))


def public_key_of(secret: bytes) -> str:
    """Return the public key of who signs with a secret, in base64."""
    return _text(Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw())


def is_genuine(receipt: Mapping[str, Any]) -> bool:
    """Return whether a receipt, as `Receipt.as_json` gave it, is whole and signed by its key."""
    try:
        statement, key = (
            receipt["statement"],
            base64.b64decode(receipt["public_key"], validate=True),
        )
        signature = base64.b64decode(receipt["signature"], validate=True)
        Ed25519PublicKey.from_public_bytes(key).verify(signature, _told(statement))
    except (KeyError, TypeError, ValueError, binascii.Error, InvalidSignature):
        return False
    return receipt.get("format") == FORMAT


def _told(statement: Mapping[str, Any]) -> bytes:
    told = {"format": FORMAT, "statement": dict(statement)}
    return orjson.dumps(told, option=orjson.OPT_SORT_KEYS)


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
