"""The wire, receipts: signed statements of what was done, as they are handed out."""

from typing import Any

from pydantic import Field

from visavis.entry.http_api.schemas_attributes import Schema
from visavis.usecases.erasure import Reason
from visavis.usecases.receipts import Verdict


class Destroyed(Schema):
    """How much was destroyed."""

    keys: int = Field(ge=0, description="versions of the person's key")
    sealed: dict[str, int] = Field(description="sealed values, by what they were for")
    consents: int = Field(ge=0)
    file_uses: int = Field(ge=0, description="notes that a file shows them")
    files: int = Field(ge=0, description="files that nothing else needed")


class SealedValues(Schema):
    """Values that were read before the erasure, and tried afterwards."""

    tried: int = Field(ge=0)
    opened: int = Field(ge=0, description="0 after a good erasure")


class ProbeResult(Schema):
    """What was found when everything was looked through afterwards."""

    at: str = Field(description="when, UTC")
    scrubbed: bool = Field(description="whether the database could drop its own copies at once")
    clean: bool = Field(description="whether nothing was found")
    left: dict[str, int] = Field(description="how much was found, by where; all 0 where clean")
    sealed_values: SealedValues


class ErasureStatement(Schema):
    """That everything about a person was erased."""

    kind: str = Field(description="`erasure`")
    receipt_id: str
    tenant_id: str = Field(description="of the organisation")
    subject_id: str = Field(description="of the person; nothing else of them is in it")
    erased_at: str = Field(description="when, UTC")
    reason: Reason
    destroyed: Destroyed
    files_needed_for_others: int = Field(ge=0, description="files that stay: they show others too")
    audit_seq: int | None = Field(description="number of the entry in the audit log")
    probe: ProbeResult


class Receipt(Schema):
    """A signed statement, the document to keep: Ed25519 over it as sorted JSON (RFC 8032)."""

    format: str = Field(description="name and version of this format")
    statement: ErasureStatement
    public_key: str = Field(description="of who signed it, base64 of 32 bytes")
    signature: str = Field(description="base64 of 64 bytes")


class ReceiptRow(Schema):
    """A receipt in a list."""

    id: str
    kind: str = Field(description="`erasure`; `erasure.begun` while something is left")
    at: str = Field(description="when it was done, UTC")
    receipt: Receipt


class ReceiptPage(Schema):
    """A part of the list, newest first."""

    items: list[ReceiptRow]
    next: str | None = Field(description="the cursor of the part that follows; null = the last")


class GivenReceipt(Schema):
    """A document that somebody holds out as a receipt."""

    format: str = Field(max_length=100)
    statement: dict[str, Any]
    public_key: str = Field(max_length=100)
    signature: str = Field(max_length=200)


class ReceiptVerdict(Schema):
    """What the document is."""

    verdict: Verdict
    words: str = Field(description="the verdict as one sentence")
