"""Newcomers: people whom a program adds at once with the consent that they gave elsewhere.

An organisation that has asked everybody already says so in its privacy rules, and names the notice
that people were given. Only then does a program add people and record that consent in one go; where
nobody has said so, it is told what an admin has to do.
"""

from visavis.credentials.roles import Permission
from visavis.store.consents import Consent
from visavis.store.kinds import ConsentMethod
from visavis.store.notices import Notice
from visavis.store.work import Work
from visavis.usecases.actor import Actor
from visavis.usecases.consent_records import GivenBy, seal_evidence
from visavis.usecases.errors import ConsentMissing
from visavis.usecases.ground import Ground
from visavis.usecases.notices import notice_of
from visavis.usecases.privacy import rules_of
from visavis.usecases.subject_making import CREATED, make_subject
from visavis.usecases.subject_profiles import (
    Known,
    Profile,
    clean_name,
    clean_notes,
    clean_reference,
)

NOT_AGREED = (
    "nobody here has said that the people whom programs enrol have agreed to it; an admin can say "
    "so on the page Privacy, under Consent obtained elsewhere, or with `visavis privacy set --mode "
    'identify --purpose recognition --agreed-elsewhere "What people were told, word for word."`'
)


class Newcomers:
    """Adds people with the consent that their organisation has from elsewhere.

    Args:
        ground: Of the deployment.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def add(
        self,
        actor: Actor,
        *,
        reference: str | None = None,
        name: str | None = None,
        notes: str | None = None,
        collection: str = "",
    ) -> Known:
        """Make a subject of age who agreed, as the privacy rules say.

        Args:
            actor: Who adds them.
            reference: The tenant's own name or number for them, at most 200 characters.
            name: What people call them, at most 200 characters.
            notes: Whatever else, at most 2,000 characters.
            collection: Id of the collection they are in; empty = the tenant's own people.

        Raises:
            ConsentMissing: the rules do not say so; the message says what an admin has to do.
            InvalidInput: a text is too long or holds characters that cannot be printed.
            AlreadyThere: somebody else there has this reference.
            NotFound: there is no such collection.
        """
        actor.require(Permission.PEOPLE_WRITE)
        profile = Profile(clean_reference(reference), clean_name(name), clean_notes(notes))

        def add(work: Work) -> Known:
            work.tenants.hold(actor.tenant_id)  # nobody changes the rule meanwhile
            notice = agreed_notice(work, actor.tenant_id)
            tenant_id = actor.tenant_id
            known = make_subject(
                self._ground, work, tenant_id, profile, adult=True, collection=collection
            )
            consent = self._agreed(work, actor, known.id, notice)
            self._note(work, actor, known.id, consent)
            return known

        return self._ground.store.run(add)

    def _agreed(self, work: Work, actor: Actor, subject_id: str, notice: Notice) -> Consent:
        """Record the consent of somebody who was just made."""
        now, ids = self._ground.clock(), (actor.tenant_id, subject_id)
        key = self._ground.keyring.subject_key(work.keys, *ids)
        return work.consents.add(
            *ids,
            notice.purpose,
            notice.id,
            ConsentMethod.ELECTRONIC,
            given_at=now,
            given_by=GivenBy.SUBJECT.value,
            recorded_by=actor.id,
            evidence=seal_evidence(key, *ids, evidence_by(actor)),
            now=now,
        )

    def _note(self, work: Work, actor: Actor, subject_id: str, consent: Consent) -> None:
        told = {
            "consent_id": consent.id,
            "purpose": consent.purpose,
            "notice_id": consent.notice_id,
            "method": consent.method.value,
            "given_by": consent.given_by,
            "agreed_elsewhere": True,
        }
        now, ids = self._ground.clock(), (actor.tenant_id, actor.id)
        self._ground.audit.note(work, *ids, CREATED, now, subject_id)
        self._ground.audit.note(work, *ids, "consent.given", now, subject_id, told)


def agreed_notice(work: Work, tenant_id: str) -> Notice:
    """Return what everybody whom a program enrols has agreed to.

    Raises:
        ConsentMissing: the tenant's rules name no notice.
    """
    notice_id = rules_of(work, tenant_id).agreed_notice
    if not notice_id:
        raise ConsentMissing(NOT_AGREED)
    return notice_of(work, tenant_id, notice_id)


def evidence_by(actor: Actor) -> str:
    """Return what is recorded as the proof of such a consent."""
    who = f"program {actor.key_id}" if actor.key_id else f"user {actor.user_id}"
    return f"stated by the organisation in its privacy rules; recorded by {who}"
