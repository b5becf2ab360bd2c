"""Consent: who agreed to what, after which notice and how; and the one gate that asks for it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from visavis.core.errors import InvalidInput, VisavisError
from visavis.core.purposes import CLAIMED, Comparison, Purpose
from visavis.credentials.roles import Permission
from visavis.store.collections import LOGIN
from visavis.store.consents import Consent
from visavis.store.galleries import Agreement
from visavis.store.kinds import ConsentMethod, Mode
from visavis.store.page import DEFAULT, Page
from visavis.store.subjects import Subject
from visavis.store.work import Work
from visavis.usecases.actor import Actor
from visavis.usecases.consent_records import (
    GivenBy,
    as_record,
    check_evidence,
    check_guardian,
    checked_times,
    evidence_of,
    seal_evidence,
)
from visavis.usecases.errors import ConsentMissing, NotFound
from visavis.usecases.ground import Ground
from visavis.usecases.notices import notice_of
from visavis.usecases.privacy import Rules, rules_of
from visavis.usecases.subject_profiles import subject_of
from visavis.vault.errors import KeyDestroyed


def require_purpose(rules: Rules, purpose: Purpose, comparison: Comparison) -> None:
    """Refuse what a tenant does not do with faces at all.

    Args:
        rules: Of the tenant.
        purpose: What for.
        comparison: Against the templates of one person, or of everybody.

    Raises:
        ConsentMissing: mode or purposes do not allow it; the message says what would.
    """
    if rules.mode is Mode.ANONYMOUS:
        raise ConsentMissing(
            "nobody is recognised in the mode anonymous; an admin can change the mode in the "
            "privacy rules"
        )
    if rules.mode is Mode.VERIFY and (
        comparison is Comparison.ONE_TO_MANY or purpose not in CLAIMED
    ):
        raise ConsentMissing(
            f"{purpose} by a comparison {comparison} needs the mode identify; an admin can change "
            "the mode in the privacy rules"
        )
    if purpose not in rules.purposes:
        raise ConsentMissing(
            f"your organisation does not process faces for {purpose}; an admin can state that "
            "purpose in the privacy rules"
        )


def require_consent(
    work: Work,
    tenant_id: str,
    subject: Subject,
    purpose: Purpose,
    now: datetime,
    comparison: Comparison = Comparison.ONE_TO_ONE,
) -> Consent:
    """Refuse to touch a template of somebody unless every rule allows it; the one gate.

    Args:
        work: The unit in which the template is touched.
        tenant_id: Who wants to.
        subject: Whose template, read or held in this unit.
        purpose: What for.
        now: When.
        comparison: Against the templates of one person, or of everybody.

    Returns:
        The consent that allows it.

    Raises:
        ConsentMissing: mode, purposes, age or consent do not allow it, or they were erased.
        NotFound: the subject is another tenant's.
    """
    if subject.tenant_id != tenant_id:
        raise NotFound("subject")
    if subject.erased_at is not None:
        raise ConsentMissing(_ERASED)
    rules = rules_of(work, tenant_id)
    require_purpose(rules, purpose, comparison)
    if _is_too_young(rules, subject):
        raise ConsentMissing(_TOO_YOUNG)
    consent = work.consents.valid(tenant_id, subject.id, purpose, now, _method(subject))
    if consent is None:
        raise ConsentMissing(_nobody_agreed(subject, purpose))
    return consent


def refusals(
    work: Work,
    tenant_id: str,
    subject_ids: Collection[str],
    purpose: Purpose,
    now: datetime,
    comparison: Comparison = Comparison.ONE_TO_ONE,
) -> dict[str, VisavisError]:
    """Ask of many subjects at once what `require_consent` asks of one, in two queries.

    Args:
        work: The unit in which templates are touched.
        tenant_id: Who wants to.
        subject_ids: Whose templates.
        purpose: What for.
        now: When.
        comparison: Against the templates of one person, or of everybody.

    Returns:
        For each subject whose templates may not be touched, what `require_consent` would raise.

    Raises:
        ConsentMissing: mode or purposes do not allow it with anybody.
    """
    rules = rules_of(work, tenant_id)
    require_purpose(rules, purpose, comparison)
    said = work.galleries.agreements(tenant_id, subject_ids, purpose, now)
    return refused_by(rules, said, subject_ids, purpose)


def refused_by(
    rules: Rules, said: Iterable[Agreement], subject_ids: Collection[str], purpose: Purpose
) -> dict[str, VisavisError]:
    """Tell whom of several subjects the rules refuse, whose agreements were read already.

    Args:
        rules: Of the tenant; they allow the purpose as such (`require_purpose`).
        said: In which ways the subjects agree to the purpose now.
        subject_ids: Whose templates.
        purpose: What for.

    Returns:
        For each subject whose templates may not be touched, what `require_consent` would raise.
    """
    found: dict[str, list[Agreement]] = {}
    for each in said:
        found.setdefault(each.subject_id, []).append(each)
    refused = {who: _refusal(rules, found.get(who, []), purpose) for who in subject_ids}
    return {who: error for who, error in refused.items() if error is not None}


def _refusal(rules: Rules, said: Sequence[Agreement], purpose: Purpose) -> VisavisError | None:
    """Return why templates of one subject may not be touched; None = they may.

    Args:
        rules: Of the tenant.
        said: In which ways the subject agrees; empty where there is no such subject.
        purpose: What for.
    """
    if not said:
        return NotFound("subject")
    who = said[0]
    if who.erased_at is not None:
        return ConsentMissing(_ERASED)
    if _is_too_young(rules, who):
        return ConsentMissing(_TOO_YOUNG)
    needed = _method(who)
    if any(each.method is not None and needed in {None, each.method} for each in said):
        return None
    return ConsentMissing(_nobody_agreed(who, purpose))


_ERASED = "this person was erased; nothing may be kept of their face"
_TOO_YOUNG = (
    "only people who are known to be of age may be enrolled here; note that they are, or have an "
    "admin change the age gate"
)


def _is_too_young(rules: Rules, who: Subject | Agreement) -> bool:
    return rules.adults_only and who.adult is not True


def _method(who: Subject | Agreement) -> ConsentMethod | None:
    """Return how a consent has to be given for somebody; None = however."""
    return ConsentMethod.GUARDIAN if who.adult is False else None


def _nobody_agreed(who: Subject | Agreement, purpose: Purpose) -> str:
    whose = "a parent or guardian" if who.adult is False else "this person"
    return f"there is no valid consent of {whose} to {purpose}; record one first"


class Consents:
    """Records consents, and that they were taken back.

    Args:
        ground: Of the deployment.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def give(
        self,
        actor: Actor,
        subject_id: str,
        purpose: Purpose,
        *,
        notice_id: str,
        method: ConsentMethod,
        given_by: GivenBy,
        evidence: str = "",
        given_at: datetime | None = None,
        expires_at: datetime | None = None,
    ) -> Consent:
        """Record that a subject agreed to a purpose.

        Args:
            actor: Who records it.
            subject_id: Whose face it is about.
            purpose: What it may be processed for.
            notice_id: What they had been told about that purpose.
            method: How they agreed.
            given_by: Who agreed.
            evidence: Where the proof is, or what was said; at most 1,500 characters, sealed.
            given_at: When; None = now.
            expires_at: It holds no longer from then on; None = until it is withdrawn.

        Returns:
            The consent as it is stored, its evidence sealed.

        Raises:
            NotFound: there is no such subject or notice.
            InvalidInput: the notice is about something else, or what is said does not fit together.
        """
        actor.require(Permission.PEOPLE_WRITE)
        check_guardian(method, given_by)
        now = self._ground.clock()
        since, until = checked_times(now, given_at, expires_at)
        proof = check_evidence(evidence)

        def give(work: Work) -> Consent:
            tenant_id = actor.tenant_id
            subject_of(work, tenant_id, subject_id, hold=True)  # nobody erases them meanwhile
            if notice_of(work, tenant_id, notice_id).purpose != purpose:
                raise InvalidInput(f"this notice is not about {purpose}; name one that is")
            key = self._ground.keyring.subject_key(work.keys, tenant_id, subject_id)
            consent = work.consents.add(
                tenant_id,
                subject_id,
                purpose.value,
                notice_id,
                method,
                given_at=since,
                given_by=given_by.value,
                recorded_by=actor.id,
                evidence=seal_evidence(key, tenant_id, subject_id, proof),
                now=now,
                expires_at=until,
            )
            told = {"notice_id": notice_id, "method": method.value, "given_by": given_by.value}
            self._note(work, actor, "consent.given", consent, told)
            return consent

        return self._ground.store.run(give)

    def withdraw(self, actor: Actor, consent_id: str, by: GivenBy = GivenBy.SUBJECT) -> Consent:
        """Take a consent back from now on; one that was taken back before stays as it is.

        Args:
            actor: Who records it.
            consent_id: Which.
            by: Who takes it back.

        Raises:
            NotFound: there is none of this id.
        """
        actor.require(Permission.PEOPLE_WRITE)

        def withdraw(work: Work) -> Consent:
            self._found(work, actor, consent_id)
            now = self._ground.clock()
            changed = work.consents.withdraw(actor.tenant_id, consent_id, by.value, now)
            consent = self._found(work, actor, consent_id)
            if changed:
                self._note(work, actor, "consent.withdrawn", consent, {"by": by.value})
            return consent

        return self._ground.store.run(withdraw)

    def page(
        self,
        actor: Actor,
        limit: int = DEFAULT,
        cursor: str | None = None,
        subject_id: str | None = None,
    ) -> Page[Consent]:
        """Return a part of all consents, or of one subject's, newest first; evidence is sealed.

        What users agreed to who log in by face is theirs: it is in the export of their account.

        Raises:
            NotFound: there is no such subject.
            InvalidInput: the limit is not 1..200, or the cursor none of ours.
        """
        actor.require(Permission.PRIVACY_READ)
        with self._ground.store.reading() as work:
            return _page(work, actor.tenant_id, limit, cursor, subject_id)

    def records(
        self,
        actor: Actor,
        limit: int = DEFAULT,
        cursor: str | None = None,
        subject_id: str | None = None,
    ) -> Page[Mapping[str, Any]]:
        """Return the same as `page`, as other programs read it; without the evidence."""
        actor.require(Permission.PRIVACY_READ)
        with self._ground.store.reading() as work:
            page = _page(work, actor.tenant_id, limit, cursor, subject_id)
            ids = {consent.notice_id for consent in page.items}
            notices = {each: notice_of(work, actor.tenant_id, each) for each in ids}
        now = self._ground.clock()
        records = (as_record(consent, notices[consent.notice_id], now) for consent in page.items)
        return Page(tuple(records), page.next)

    def record(self, actor: Actor, consent_id: str) -> Mapping[str, Any]:
        """Return a consent as other programs read it, with the evidence.

        Raises:
            NotFound: there is none of this id.
        """
        actor.require(Permission.PRIVACY_READ)
        with self._ground.store.reading() as work:
            consent = self._found(work, actor, consent_id)
            notice = notice_of(work, actor.tenant_id, consent.notice_id)
            evidence = self._evidence(work, consent)
        return as_record(consent, notice, self._ground.clock(), evidence)

    def recorded(self, actor: Actor, consent: Consent) -> Mapping[str, Any]:
        """Return what somebody has just recorded or taken back, as other programs read it.

        Raises:
            NotFound: the consent is another tenant's.
        """
        actor.require(Permission.PEOPLE_WRITE)
        with self._ground.store.reading() as work:
            notice = notice_of(work, actor.tenant_id, consent.notice_id)
        return as_record(consent, notice, self._ground.clock())

    def _evidence(self, work: Work, consent: Consent) -> str:
        try:
            return evidence_of(self._ground.keyring, work, consent)
        except KeyDestroyed:  # the person was erased, and with them what they said
            return ""

    def _found(self, work: Work, actor: Actor, consent_id: str) -> Consent:
        consent = work.consents.find(actor.tenant_id, consent_id)
        if consent is None:
            raise NotFound("consent")
        whose = work.subjects.find(actor.tenant_id, consent.subject_id)
        if whose is None or whose.collection_id == LOGIN:
            raise NotFound("consent")
        return consent

    def _note(
        self, work: Work, actor: Actor, action: str, consent: Consent, told: Mapping[str, Any]
    ) -> None:
        details = {"consent_id": consent.id, "purpose": consent.purpose, **told}
        now, ids = self._ground.clock(), (actor.tenant_id, actor.id)
        self._ground.audit.note(work, *ids, action, now, consent.subject_id, details)


def _page(
    work: Work, tenant_id: str, limit: int, cursor: str | None, subject_id: str | None
) -> Page[Consent]:
    if subject_id is not None:
        subject_of(work, tenant_id, subject_id)
    return work.consents.page(tenant_id, limit, cursor, subject_id, but=LOGIN)
