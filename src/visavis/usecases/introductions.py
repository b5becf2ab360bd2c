"""Introductions: somebody new and their first face, in one go; both are kept, or neither is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from visavis.core.errors import Unavailable
from visavis.core.purposes import Comparison, Purpose
from visavis.core.types import Source
from visavis.credentials.roles import Permission
from visavis.store.errors import AlreadyThere
from visavis.store.sealed import TEMPLATE
from visavis.store.work import Work
from visavis.usecases.actor import Actor
from visavis.usecases.consent import require_purpose
from visavis.usecases.enrolment import Enrolled, Enrolment, require_consent_of
from visavis.usecases.erasure import Erasure, Reason, Spared
from visavis.usecases.errors import NotFound
from visavis.usecases.faces import Face, PoorFace
from visavis.usecases.ground import Ground
from visavis.usecases.newcomers import Newcomers, agreed_notice
from visavis.usecases.privacy import rules_of
from visavis.usecases.seen import Seen
from visavis.usecases.subject_profiles import Known
from visavis.usecases.subjects import Subjects


class Introductions:
    """Enrols people whom nobody knew; safe to use from several threads and processes.

    Args:
        ground: Of the deployment.
        subjects: Finds people.
        newcomers: Makes them, with the consent that the organisation has from elsewhere.
        enrolment: Makes templates of their faces.
        erasure: Takes somebody back whose face cannot be enrolled.
    """

    def __init__(
        self,
        ground: Ground,
        subjects: Subjects,
        newcomers: Newcomers,
        enrolment: Enrolment,
        erasure: Erasure,
    ) -> None:
        self._ground, self._subjects = ground, subjects
        self._newcomers, self._enrolment, self._erasure = newcomers, enrolment, erasure

    def check(self, actor: Actor) -> None:
        """Refuse what a rule does not allow; to be asked before anything is made of a face.

        Raises:
            NotAllowed: the actor may not.
            ConsentMissing: the mode does not allow it, or nobody says that newcomers have agreed;
                the message says what an admin has to do.
        """
        actor.require(Permission.PEOPLE_WRITE)
        with self._ground.store.reading() as work:
            told = Purpose.RECOGNITION, Comparison.ONE_TO_ONE
            require_purpose(rules_of(work, actor.tenant_id), *told)
            agreed_notice(work, actor.tenant_id)

    def introduce(
        self,
        actor: Actor,
        face: Face,
        *,
        reference: str | None = None,
        name: str | None = None,
        notes: str | None = None,
        collection: str = "",
        any_quality: bool = False,
        any_likeness: bool = False,
        seen: Seen | None = None,
        picture: Source | None = None,
    ) -> tuple[Known, Enrolled]:
        """Make somebody and enrol their face.

        Args:
            actor: Who enrols.
            face: As `faces.look` gave it.
            reference: The tenant's own name or number for them.
            name: What people call them.
            notes: Whatever else.
            collection: Id of the collection they are in; empty = the tenant's own people.
            any_quality: Take it even when it is not good enough.
            any_likeness: Do it even when the face looks like somebody else.
            seen: What is noted of the picture; sealed with the template.
            picture: What the face is on; kept only where the tenant keeps pictures.

        Raises:
            PoorFace: the face is not good enough; the message says what would help.
            VisavisError: as for `Newcomers.add` and `Enrolment.enroll_face`; nothing is kept then.
        """
        if face.reasons and not any_quality:
            raise PoorFace(face.reasons)
        known = self._newcomers.add(
            actor, reference=reference, name=name, notes=notes, collection=collection
        )
        with self._taken_back(actor, known.id):
            return known, self._enrolment.enroll_face(
                actor,
                known.id,
                face,
                any_quality=any_quality,
                any_likeness=any_likeness,
                seen=seen,
                picture=picture,
            )

    def enroll_as(
        self,
        actor: Actor,
        reference: str | None,
        known: Known | None,
        look: Callable[[], Face],
        *,
        seen: Seen | None = None,
        picture: Source | None = None,
    ) -> tuple[Known, Enrolled]:
        """Enrol a face of somebody, who is made where nobody knows them yet.

        The face is taken also when it looks like somebody else: whoever names people themselves is
        not asked.

        Args:
            actor: Who enrols.
            reference: What the tenant calls them; None = nothing.
            known: Who has that reference, if somebody has.
            look: Finds the face; called once the rules allow it.
            seen: What is noted of the picture; sealed with the template.
            picture: What the face is on; kept only where the tenant keeps pictures.

        Raises:
            VisavisError: as for `check`, `introduce` and `Enrolment.enroll_face`, and what `look`
                raises; nothing is kept then.
        """
        told: dict[str, Any] = {"any_likeness": True, "seen": seen, "picture": picture}
        if known is None:
            self.check(actor)
            face = look()
            try:
                return self.introduce(actor, face, reference=reference, **told)
            except AlreadyThere:  # somebody was quicker
                known = self._subjects.find_by_reference(actor, reference or "")
        else:
            require_consent_of(self._ground, actor, known.id, Purpose.RECOGNITION)
            face = look()
        return known, self._enrolment.enroll_face(actor, known.id, face, **told)

    @contextmanager
    def _taken_back(self, actor: Actor, subject_id: str) -> Iterator[None]:
        """Erase somebody again where what follows fails, unless others enrolled them meanwhile."""
        tenant_id = actor.tenant_id

        def has_no_face(work: Work) -> bool:
            return not work.sealed.of_subject(tenant_id, subject_id, TEMPLATE)

        try:
            yield
        except BaseException:
            told = tenant_id, subject_id, actor.id, Reason.OTHER
            with suppress(Spared, NotFound, Unavailable):  # what failed is told
                self._erasure.erase_for(*told, still=has_no_face)
            raise
