"""What a record of a consent holds: checked, its proof sealed, and as other programs read it.

The keys of a record follow ISO/IEC TS 27560: what the record is, whose data, what they were told,
what for, on which ground, and what happened when.
"""

import base64
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from visavis.core.errors import InvalidInput
from visavis.store.consents import Consent
from visavis.store.kinds import ConsentMethod
from visavis.store.notices import Notice
from visavis.store.page import MOST
from visavis.store.work import Work
from visavis.vault.keyring import Keyring
from visavis.vault.sealing import Context, DataKey, version_of

SCHEMA = "visavis.consent/1"
"""Name and version of the record's format."""

EVIDENCE = "evidence"
"""Purpose under which the proof of a consent is sealed."""

LONGEST_EVIDENCE = 1500
"""Characters; sealed and in base64 they fit the column whatever the script."""


EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
LONGEST = timedelta(days=36_525)
"""How long a consent may hold: 100 years."""


class GivenBy(StrEnum):
    """Who gave a consent, or took it back."""

    SUBJECT = "subject"
    PARENT = "parent"
    GUARDIAN = "guardian"
    REPRESENTATIVE = "representative"


class State(StrEnum):
    """Whether a consent holds."""

    GIVEN = "given"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


def state_of(consent: Consent, now: datetime) -> State:
    """Return whether a consent holds at a time."""
    if consent.withdrawn_at is not None and consent.withdrawn_at <= now:
        return State.WITHDRAWN
    if consent.expires_at is not None and consent.expires_at <= now:
        return State.EXPIRED
    return State.GIVEN


def as_record(
    consent: Consent, notice: Notice, now: datetime, evidence: str | None = None
) -> dict[str, Any]:
    """Return a consent as other programs read it; times are aware, UTC.

    Args:
        consent: As stored.
        notice: What the person had been told.
        now: For the state.
        evidence: The proof, open; None = it is not told.
    """
    record = {
        "schema_version": SCHEMA,
        "record_id": consent.id,
        "pii_controller_id": consent.tenant_id,
        "pii_principal_id": consent.subject_id,
        "notice_id": notice.id,
        "notice_version": notice.version,
        "notice_language": notice.language,
        "purpose": consent.purpose,
        "lawful_basis": "consent",
        "pii_type": "biometric",
        "method": consent.method.value,
        "state": state_of(consent, now).value,
        "given_at": consent.given_at,
        "given_by": consent.given_by,
        "recorded_at": consent.created_at,
        "recorded_by": consent.recorded_by,
        "expires_at": consent.expires_at,
        "withdrawn_at": consent.withdrawn_at,
        "withdrawn_by": consent.withdrawn_by,
    }
    return record if evidence is None else record | {"evidence": evidence}


def check_guardian(method: ConsentMethod, given_by: GivenBy) -> None:
    """See that who agreed and how fit together.

    Raises:
        InvalidInput: a guardian's consent that the subject gave, or a parent's recorded otherwise.
    """
    as_guardian = method is ConsentMethod.GUARDIAN
    if as_guardian and given_by is GivenBy.SUBJECT:
        raise InvalidInput("the method guardian means that somebody else agreed; say who")
    if given_by in {GivenBy.PARENT, GivenBy.GUARDIAN} and not as_guardian:
        raise InvalidInput("what a parent or guardian agrees to is recorded as method guardian")


def checked_times(
    now: datetime, given_at: datetime | None, expires_at: datetime | None
) -> tuple[datetime, datetime | None]:
    """Return since when and until when a consent holds, UTC.

    Raises:
        InvalidInput: given in the future, over in the past, or without a time zone.
    """
    since = now if given_at is None else given_at
    if since.tzinfo is None or (expires_at is not None and expires_at.tzinfo is None):
        raise InvalidInput("the time says no time zone; write it as 2026-01-31T12:00:00Z")
    if not EARLIEST <= since <= now:
        raise InvalidInput("a consent is given now or before now; correct when it was given")
    if expires_at is not None and not now < expires_at <= now + LONGEST:
        raise InvalidInput("a consent ends after now and within 100 years; correct when it ends")
    return since.astimezone(UTC), expires_at and expires_at.astimezone(UTC)


def check_evidence(text: str) -> str:
    """Return a proof as it will be sealed.

    Raises:
        InvalidInput: it is too long, or no text.
    """
    if len(text) > LONGEST_EVIDENCE:
        raise InvalidInput(
            f"the evidence has {len(text)} characters; at most {LONGEST_EVIDENCE} fit: say where "
            "the whole of it lies"
        )
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidInput("the evidence holds characters that are none; remove them") from None
    return text.strip()


def seal_evidence(key: DataKey, tenant_id: str, subject_id: str, text: str) -> str:
    """Return a proof as it is stored; nothing stays nothing."""
    if not text:
        return ""
    sealed = key.seal(text.encode(), Context(tenant_id, subject_id, EVIDENCE))
    return base64.b64encode(sealed).decode("ascii")


def evidence_of(keyring: Keyring, work: Work, consent: Consent) -> str:
    """Return the proof of a consent, open.

    Raises:
        KeyDestroyed: the person was erased.
        SealBroken: the row was changed.
    """
    if not consent.evidence:
        return ""
    sealed, ids = base64.b64decode(consent.evidence), (consent.tenant_id, consent.subject_id)
    key = keyring.subject_key(work.keys, *ids, version_of(sealed))
    return key.unseal(sealed, Context(*ids, EVIDENCE)).decode()


def reseal_evidence(keyring: Keyring, work: Work, tenant_id: str, subject_id: str) -> int:
    """Seal the proofs of a held subject's consents under their newest key; return how many.

    Whoever drops an older version of a subject's key does this first.
    """
    newest, count, cursor = keyring.subject_key(work.keys, tenant_id, subject_id), 0, None
    while True:
        page = work.consents.page(tenant_id, MOST, cursor, subject_id)
        for consent in page.items:
            if text := evidence_of(keyring, work, consent):
                sealed = seal_evidence(newest, tenant_id, subject_id, text)
                count += work.consents.set_evidence(tenant_id, consent.id, sealed)
        if page.next is None:
            return count
        cursor = page.next
