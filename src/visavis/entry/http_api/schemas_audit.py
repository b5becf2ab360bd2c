"""The wire, audit: the log of what was done."""

from datetime import datetime
from typing import Any

from pydantic import Field

from visavis.entry.http_api.schemas_attributes import Schema
from visavis.vault.audit_chain import Fault

MOST_SEQ = 2**63 - 1
"""Highest number of an entry."""


class AuditEntry(Schema):
    """Something that was done."""

    seq: int = Field(ge=1, description="1, 2, … without a gap")
    at: datetime
    actor: str = Field(description="the user or API key, or `system`")
    action: str = Field(description="such as `subject.erased`")
    subject_id: str | None = Field(description="to whom; null = nobody in particular")
    details: dict[str, Any] = Field(description="ids, counts and words; no personal data")


class AuditPage(Schema):
    """A part of the log, newest first."""

    items: list[AuditEntry]
    next: int | None = Field(description="`before_seq` of the part that follows; null = the last")


class AuditHead(Schema):
    """Where the log ends. Kept elsewhere, it proves later that nothing was cut off or put back."""

    tenant_id: str = Field(max_length=64)
    seq: int = Field(ge=1, le=MOST_SEQ, description="number of the last entry")
    mac: str = Field(max_length=200, description="what that entry carries, base64")
    anchor: str = Field(max_length=200, description="what binds all of this, base64")


class Verification(Schema):
    """What to verify the log against."""

    head: AuditHead | None = Field(None, description="one kept elsewhere; null = the stored one")


class AuditTrouble(Schema):
    """Something that is wrong with the log."""

    seq: int = Field(ge=0, description="number of the entry where it shows")
    fault: Fault
    words: str = Field(description="the same as one sentence")


class Verified(Schema):
    """What came of verifying the log."""

    whole: bool = Field(description="whether nothing is wrong")
    findings: list[AuditTrouble]
