"""The wire, consents: fields after ISO/IEC TS 27560."""

from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, Field

from visavis.core.purposes import Purpose
from visavis.entry.http_api.schemas_attributes import Schema
from visavis.store.kinds import ConsentMethod
from visavis.usecases.consent_records import LONGEST_EVIDENCE, GivenBy, State

NoticeId = Annotated[
    str, Field(pattern="^[0-9a-f]{32}$", description="what they had been told about the purpose")
]


class NewConsent(Schema):
    """That somebody agreed to a purpose."""

    purpose: Purpose = Field(description="what their face may be processed for")
    notice_id: NoticeId
    method: ConsentMethod = Field(description="how they agreed")
    given_by: GivenBy = Field(
        GivenBy.SUBJECT, description="who agreed; for parents and guardians the method is guardian"
    )
    evidence: str = Field(
        "",
        max_length=LONGEST_EVIDENCE,
        repr=False,
        description="where the proof is, or what was said; it is sealed",
    )
    given_at: AwareDatetime | None = Field(None, description="when they agreed; null = now")
    expires_at: AwareDatetime | None = Field(
        None, description="it ends then; null = when it is withdrawn"
    )


class Withdrawal(Schema):
    """That a consent was taken back."""

    by: GivenBy = Field(GivenBy.SUBJECT, description="who took it back")


class ConsentRecord(Schema):
    """A consent as other programs read it."""

    schema_version: str = Field(description="name and version of this format")
    record_id: str
    pii_controller_id: str = Field(description="the organisation that asked")
    pii_principal_id: str = Field(description="the subject")
    notice_id: str = Field(description="what they had been told")
    notice_version: int = Field(ge=1)
    notice_language: str = Field(description="tag of BCP 47")
    purpose: str
    lawful_basis: str = Field(description="`consent`")
    pii_type: str = Field(description="`biometric`")
    method: ConsentMethod = Field(description="how they agreed")
    state: State = Field(description="whether it holds now")
    given_at: datetime
    given_by: str = Field(description="who agreed")
    recorded_at: datetime
    recorded_by: str = Field(description="the user or API key that noted it")
    expires_at: datetime | None = Field(description="it ends then; null = when it is withdrawn")
    withdrawn_at: datetime | None
    withdrawn_by: str | None = Field(description="who took it back")


class ConsentDetail(ConsentRecord):
    """A consent with its proof."""

    evidence: str = Field(repr=False, description="where the proof is, or what was said")


class ConsentPage(Schema):
    """A part of the list, newest first."""

    items: list[ConsentRecord]
    next: str | None = Field(description="the cursor of the part that follows; null = the last")
