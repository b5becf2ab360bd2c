"""Receipts: what was done, signed, for those to whom it was done."""

import re
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from visavis.credentials.roles import Permission
from visavis.store.page import DEFAULT, Page
from visavis.store.receipts import Receipt
from visavis.store.work import Work
from visavis.usecases.actor import Actor
from visavis.usecases.errors import NotFound
from visavis.usecases.ground import Ground
from visavis.vault.receipts import Receipt as Signed
from visavis.vault.receipts import is_genuine, public_key_of, sign

PURPOSE = "receipts"
"""Purpose of the tenant's key that signs."""

_ID = re.compile("[0-9a-f]{32}")


class Verdict(StrEnum):
    """What a document is that somebody holds out."""

    GENUINE = "genuine"
    UNKNOWN_SIGNER = "unknown_signer"
    BROKEN = "broken"

    @property
    def words(self) -> str:
        """Return the verdict as one sentence."""
        return _WORDS[self]


_WORDS = {
    Verdict.GENUINE: "This receipt is whole, and an organisation on this server signed it.",
    Verdict.UNKNOWN_SIGNER: "This receipt is whole, but nobody on this server signed it.",
    Verdict.BROKEN: "This is no receipt, or it was changed after it was signed.",
}


class Receipts:
    """Shows and checks receipts.

    Args:
        ground: Of the deployment.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def page(self, actor: Actor, limit: int = DEFAULT, cursor: str | None = None) -> Page[Receipt]:
        """Return a part of the receipts, newest first; a few less where one is not finished yet.

        Raises:
            NotAllowed: the actor may not see them.
            InvalidInput: the limit is not 1..200, or the cursor none of ours.
        """
        actor.require(Permission.PRIVACY_READ)
        with self._ground.store.reading() as work:
            found = work.receipts.page(actor.tenant_id, limit, cursor)
        return Page(tuple(receipt for receipt in found.items if receipt.signature), found.next)

    def find(self, actor: Actor, receipt_id: str) -> Receipt:
        """Return a receipt; `handed_out` gives its document.

        Raises:
            NotAllowed: the actor may not see it.
            NotFound: there is none.
        """
        actor.require(Permission.PRIVACY_READ)
        with self._ground.store.reading() as work:
            found = work.receipts.find(actor.tenant_id, receipt_id)
        if found is None or not found.signature:
            raise NotFound("receipt")
        return found

    def judge(self, document: Mapping[str, Any]) -> Verdict:
        """Return what a document is that somebody holds out; nobody has to be logged in for it."""
        if not is_genuine(document):
            return Verdict.BROKEN
        tenant_id = document["statement"].get("tenant_id")
        if not isinstance(tenant_id, str) or not _ID.fullmatch(tenant_id):
            return Verdict.UNKNOWN_SIGNER
        with self._ground.store.reading() as work:
            ours = self._public_keys(work, tenant_id)
        return Verdict.GENUINE if document["public_key"] in ours else Verdict.UNKNOWN_SIGNER

    def check(self, document: Mapping[str, Any]) -> bool:
        """Return whether a document is a receipt of this server, unchanged."""
        return self.judge(document) is Verdict.GENUINE

    def _public_keys(self, work: Work, tenant_id: str) -> set[str]:
        keyring, keys = self._ground.keyring, work.keys
        versions = [row.version for row in keys.tenant_keys(tenant_id) if row.purpose == PURPOSE]
        return {
            public_key_of(keyring.tenant_version(keys, tenant_id, PURPOSE, version))
            for version in versions
        }


def handed_out(receipt: Receipt) -> dict[str, Any]:
    """Return the document of a receipt: what is signed, by which key, and the signature."""
    return {part: receipt.body[part] for part in ("format", "statement", "public_key", "signature")}


def signed(
    ground: Ground, work: Work, tenant_id: str, statement: Mapping[str, Any], now: datetime
) -> Signed:
    """Return a statement signed with the tenant's key."""
    _version, secret = ground.keyring.tenant_secret(work.keys, tenant_id, PURPOSE, now)
    return sign(statement, secret)
