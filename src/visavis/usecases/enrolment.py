"""Enrolment: a face of a picture becomes a sealed template of somebody.

The picture is not kept, unless the tenant's privacy rules say so; see `portraits`.

A face is refused when it is not the only one and nobody says which, when it is not good enough, and
when it looks like somebody else who is enrolled: a template of the wrong person is found for ever.
"""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from visavis.core.errors import VisavisError
from visavis.core.purposes import Purpose
from visavis.core.types import Source
from visavis.credentials.roles import Permission
from visavis.index.harmonics import NoHarmonicMap
from visavis.store.subjects import Subject
from visavis.usecases.actor import Actor
from visavis.usecases.analysis import Analyses
from visavis.usecases.consent import require_consent
from visavis.usecases.errors import ConsentMissing
from visavis.usecases.faces import Box, Face, PoorFace, look, the_one
from visavis.usecases.galleries import Galleries
from visavis.usecases.ground import Ground
from visavis.usecases.portraits import Portraits
from visavis.usecases.scores import Scores, told_rate
from visavis.usecases.seen import KeptPicture, Seen
from visavis.usecases.subject_profiles import subject_of
from visavis.usecases.templates import Templates

ALIKE_FMR = 1e-5
"""Somebody else looks like a face where two strangers would be as alike so rarely."""

_MOST_ALIKE = 3


@dataclass(frozen=True, slots=True)
class Lookalike:
    """Somebody else who is enrolled and looks like a face.

    Attributes:
        subject_id: Who.
        similarity: Cosine, −1..1.
        fmr: How often two strangers are as alike.
    """

    subject_id: str
    similarity: float
    fmr: float


class LooksLike(VisavisError):
    """A face looks like somebody else who is enrolled.

    Args:
        lookalikes: Who, the most alike first.
    """

    def __init__(self, lookalikes: tuple[Lookalike, ...]) -> None:
        first = lookalikes[0]
        super().__init__(
            f"this face looks like another subject, {first.subject_id} (similarity "
            f"{first.similarity:.2f}, FMR {first.fmr:.0e}); enrol it there, or say that it is "
            "somebody else"
        )
        self.lookalikes = lookalikes


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What became of an enrolment.

    Attributes:
        template_id: Of the new template.
        subject_id: Whose it is.
        face: What it was made of.
        embedder: What made it.
        lookalikes: Others who look like it; empty when none does, or when nobody may be searched.
        searched: Whether others were searched: only where 1:N is allowed.
    """

    template_id: str
    subject_id: str
    face: Face
    embedder: str
    lookalikes: tuple[Lookalike, ...]
    searched: bool


class Enrolment:
    """Enrols faces; safe to use from several threads.

    Args:
        ground: Of the deployment.
        analyses: Finds faces.
        templates: Seals vectors.
        galleries: Searches them.
        scores: Tells what a similarity means.
        portraits: Keeps pictures where the tenant wants that; None = none are.
    """

    def __init__(
        self,
        ground: Ground,
        analyses: Analyses,
        templates: Templates,
        galleries: Galleries,
        scores: Scores,
        portraits: Portraits | None = None,
    ) -> None:
        self._ground = ground
        self._portraits = portraits
        self._analyses = analyses
        self._templates = templates
        self._galleries = galleries
        self._scores = scores

    def enroll(
        self,
        actor: Actor,
        subject_id: str,
        source: Source,
        *,
        purpose: Purpose = Purpose.RECOGNITION,
        box: Box | None = None,
        any_quality: bool = False,
        any_likeness: bool = False,
        seen: Seen | None = None,
        replace: bool = False,
    ) -> Enrolled:
        """Enrol the face of a picture.

        Args:
            actor: Who enrols.
            subject_id: Whose face it is.
            source: The picture; it is looked at and forgotten, unless the tenant keeps pictures.
            purpose: What for; they must have consented to it.
            box: Which face, where there are several.
            any_quality: Take it even when it is not good enough.
            any_likeness: Take it even when it looks like somebody else.
            seen: What is noted of the picture; sealed with the template.
            replace: Remove the subject's other templates in the same unit.

        Raises:
            NotFound: there is no such subject, or they were erased.
            ConsentMissing: a rule does not allow it; the message says which.
            FaceMissing, SeveralFaces: it is not one face.
            PoorFace: it is not good enough; the message says what would help.
            LooksLike: it looks like somebody else.
            InvalidInput: the picture cannot be decoded, or the subject has too many templates.
            QuotaExceeded: there is no room for the picture.
        """
        actor.require(Permission.PEOPLE_WRITE)
        require_consent_of(self._ground, actor, subject_id, purpose)
        return self.enroll_face(
            actor,
            subject_id,
            the_one(look(self._analyses, source), box),
            purpose=purpose,
            any_quality=any_quality,
            any_likeness=any_likeness,
            seen=seen,
            picture=source,
            replace=replace,
        )

    def enroll_face(
        self,
        actor: Actor,
        subject_id: str,
        face: Face,
        *,
        purpose: Purpose = Purpose.RECOGNITION,
        any_quality: bool = False,
        any_likeness: bool = False,
        seen: Seen | None = None,
        picture: Source | None = None,
        replace: bool = False,
    ) -> Enrolled:
        """Enrol a face of a picture that was looked at already; see `enroll`.

        Args:
            actor: Who enrols.
            subject_id: Whose face it is.
            face: As `faces.look` gave it.
            purpose: What for; they must have consented to it.
            any_quality: Take it even when it is not good enough.
            any_likeness: Take it even when it looks like somebody else.
            seen: What is noted of the picture; sealed with the template.
            picture: What the face is on; kept only where the tenant keeps pictures.
            replace: Remove the subject's other templates in the same unit.

        Raises:
            VisavisError: as for `enroll`.
        """
        actor.require(Permission.PEOPLE_WRITE)
        subject = require_consent_of(self._ground, actor, subject_id, purpose)
        if face.reasons and not any_quality:
            raise PoorFace(face.reasons)
        alike = self._lookalikes(actor, subject, face, purpose)
        if alike and not any_likeness:
            raise LooksLike(alike)
        embedder = self._analyses.embedder
        with self._put_aside(actor, picture) as kept:
            template_id = self._templates.seal(
                actor,
                subject_id,
                face.vector,
                purpose=purpose,
                embedder=embedder,
                quality=face.quality,
                seen=seen,
                picture=kept,
                replace=replace,
            )
        return Enrolled(template_id, subject_id, face, embedder, alike or (), alike is not None)

    def _put_aside(
        self, actor: Actor, picture: Source | None
    ) -> AbstractContextManager[KeptPicture | None]:
        return nullcontext() if self._portraits is None else self._portraits.put(actor, picture)

    def _lookalikes(
        self, actor: Actor, subject: Subject, face: Face, purpose: Purpose
    ) -> tuple[Lookalike, ...] | None:
        """Return who else of a collection looks like a face; None where nobody may be searched."""
        embedder = self._analyses.embedder
        if not actor.may(Permission.RECOGNISE):
            return None
        try:
            told = actor, face.vector[None], embedder, purpose, _MOST_ALIKE + 1
            (found,) = self._galleries.search(*told, collection=subject.collection_id)
        except (ConsentMissing, NoHarmonicMap):  # 1:1 only, or nobody here can be compared
            return None
        scores = self._scores.of(actor.tenant_id, embedder)
        alike = (
            Lookalike(each.subject_id, each.similarity, told_rate(scores.fmr(each.similarity)))
            for each in found
            if each.subject_id != subject.id
        )
        return tuple(each for each in alike if each.fmr <= ALIKE_FMR)[:_MOST_ALIKE]


def require_consent_of(ground: Ground, actor: Actor, subject_id: str, purpose: Purpose) -> Subject:
    """Refuse a face that may not be compared with somebody, before anything is made of it.

    Returns:
        The subject.

    Raises:
        NotFound: there is no such subject, or they were erased.
        ConsentMissing: a rule does not allow it; the message says which.
    """
    with ground.store.reading() as work:
        row = subject_of(work, actor.tenant_id, subject_id)
        require_consent(work, actor.tenant_id, row, purpose, ground.clock())
    return row
