"""Recognition: who is on a picture (1:N), and whether it is who they say (1:1).

Every similarity comes with what it means: how often two strangers are as alike (FMR), and how often
somebody who is not enrolled would be taken for one of so many (FPIR). Nobody is a first-class
answer. Whether a living person stood before the camera is not checked here, and the answer says so.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from visavis.core.errors import InvalidInput
from visavis.core.purposes import Comparison, Purpose
from visavis.core.types import Source
from visavis.credentials.roles import Permission
from visavis.index.calibration import Calibration
from visavis.usecases.actor import Actor
from visavis.usecases.analysis import Analyses
from visavis.usecases.consent import require_purpose
from visavis.usecases.enrolment import require_consent_of
from visavis.usecases.faces import Box, Face, look, the_one
from visavis.usecases.galleries import Candidate, Galleries
from visavis.usecases.ground import Ground
from visavis.usecases.privacy import rules_of
from visavis.usecases.recognised import (
    Decision,
    Identification,
    Match,
    Recognised,
    Verification,
)
from visavis.usecases.scores import LEAST_RATE, Scores, told_rate

DEFAULT_FPIR, DEFAULT_FMR = 1e-3, 1e-4
DEFAULT_TOP, MOST_TOP = 5, 50

IDENTIFIED, VERIFIED = "faces.identified", "face.verified"
"""What the audit log calls it."""


class Recognition:
    """Tells who somebody is; safe to use from several threads.

    Args:
        ground: Of the deployment.
        analyses: Finds faces.
        galleries: Searches templates.
        scores: Tells what a similarity means.
    """

    def __init__(
        self, ground: Ground, analyses: Analyses, galleries: Galleries, scores: Scores
    ) -> None:
        self._ground = ground
        self._analyses = analyses
        self._galleries = galleries
        self._scores = scores

    def recognize(
        self,
        actor: Actor,
        source: Source,
        *,
        purpose: Purpose = Purpose.RECOGNITION,
        top: int = DEFAULT_TOP,
        target_fpir: float = DEFAULT_FPIR,
    ) -> Identification:
        """Tell who is on a picture; a picture without faces names nobody.

        Args:
            actor: Who asks.
            source: The picture; it is looked at and forgotten.
            purpose: What for; only who consented to it is searched.
            top: Most candidates a face, 1..50.
            target_fpir: How often somebody who is not enrolled may be named, 1e-9..1.

        Raises:
            ConsentMissing: mode or purposes do not allow it; the message says what would.
            InvalidInput: the picture cannot be decoded, or a number is out of range.
        """
        self._check(actor, purpose, Comparison.ONE_TO_MANY, top, target_fpir)
        return self._identified(actor, look(self._analyses, source), purpose, top, target_fpir)

    def identify(
        self,
        actor: Actor,
        source: Source,
        *,
        purpose: Purpose = Purpose.RECOGNITION,
        box: Box | None = None,
        top: int = DEFAULT_TOP,
        target_fpir: float = DEFAULT_FPIR,
    ) -> Identification:
        """Tell who the one person on a picture is; as `recognize`, for one face.

        Raises:
            FaceMissing, SeveralFaces: it is not one face, and no box says which.
        """
        self._check(actor, purpose, Comparison.ONE_TO_MANY, top, target_fpir)
        face = the_one(look(self._analyses, source), box)
        return self._identified(actor, (face,), purpose, top, target_fpir)

    def verify(
        self,
        actor: Actor,
        subject_id: str,
        source: Source,
        *,
        purpose: Purpose = Purpose.RECOGNITION,
        box: Box | None = None,
        target_fmr: float = DEFAULT_FMR,
    ) -> Verification:
        """Tell whether the person on a picture is a subject.

        Args:
            actor: Who asks.
            subject_id: Who it is said to be.
            source: The picture; it is looked at and forgotten.
            purpose: What for; they must have consented to it.
            box: Which face, where there are several.
            target_fmr: How often a stranger may be taken for them, 1e-9..1.

        Raises:
            NotFound: there is no such subject.
            ConsentMissing: a rule does not allow it; the message says which.
            FaceMissing, SeveralFaces: it is not one face.
        """
        self._check(actor, purpose, Comparison.ONE_TO_ONE, 1, target_fmr)
        require_consent_of(self._ground, actor, subject_id, purpose)
        face, embedder = the_one(look(self._analyses, source), box), self._analyses.embedder
        found = self._galleries.compare(actor, subject_id, face.vector, embedder, purpose)
        answer = self._verification(actor, found, target_fmr, face)
        told = {"decision": answer.decision.value, **self._told(purpose, target_fmr)}
        self._note(actor, VERIFIED, subject_id, told)
        return answer

    def compare(
        self, actor: Actor, source: Source, other: Source, *, target_fmr: float = DEFAULT_FMR
    ) -> Verification:
        """Tell whether two pictures show the same person; no template is touched.

        Raises:
            ConsentMissing: mode or purposes do not allow it.
            FaceMissing, SeveralFaces: one of them does not show one face.
        """
        purpose = Purpose.RECOGNITION
        self._check(actor, purpose, Comparison.ONE_TO_ONE, 1, target_fmr)
        one, two = (the_one(look(self._analyses, each)) for each in (source, other))
        similarity = float(one.vector @ two.vector)
        answer = self._verification(actor, similarity, target_fmr, one, two)
        told = {"decision": answer.decision.value, **self._told(purpose, target_fmr)}
        self._note(actor, VERIFIED, None, told)
        return answer

    def _check(
        self, actor: Actor, purpose: Purpose, comparison: Comparison, top: int, rate: float
    ) -> None:
        """Refuse what a rule does not allow, before anything is made of a face."""
        actor.require(Permission.RECOGNISE)
        if not 1 <= top <= MOST_TOP:
            raise InvalidInput(f"ask for 1 to {MOST_TOP} candidates, not {top}")
        if not LEAST_RATE <= rate <= 1:
            raise InvalidInput(f"an error rate lies from {LEAST_RATE:g} to 1; take 0.001, say")
        with self._ground.store.reading() as work:
            require_purpose(rules_of(work, actor.tenant_id), purpose, comparison)

    def _identified(
        self, actor: Actor, faces: Sequence[Face], purpose: Purpose, top: int, target: float
    ) -> Identification:
        embedder = self._analyses.embedder
        gallery = self._galleries.size(actor, embedder)
        scores = self._scores.of(actor.tenant_id, embedder)
        threshold = scores.threshold_for_fpir(target, gallery)
        found = self._search(actor, faces, purpose, top)
        answers = tuple(
            _recognised(face, [_match(each, scores, gallery) for each in candidates], threshold)
            for face, candidates in zip(faces, found, strict=True)
        )
        told = {"faces": len(faces), "gallery": gallery, **self._told(purpose, target)}
        self._note_all(actor, answers, told)
        return Identification(answers, gallery, target, threshold, embedder)

    def _search(
        self, actor: Actor, faces: Sequence[Face], purpose: Purpose, top: int
    ) -> Sequence[Sequence[Candidate]]:
        """Return the candidates of each face."""
        if not faces:
            return ()
        probes = np.stack([face.vector for face in faces])
        return self._galleries.search(actor, probes, self._analyses.embedder, purpose, top)

    def _verification(
        self,
        actor: Actor,
        similarity: float | None,
        target: float,
        face: Face,
        other: Face | None = None,
    ) -> Verification:
        embedder = self._analyses.embedder
        scores = self._scores.of(actor.tenant_id, embedder)
        threshold = scores.threshold(target)
        same = similarity is not None and similarity >= threshold
        return Verification(
            decision=Decision.MATCH if same else Decision.UNKNOWN,
            similarity=similarity,
            fmr=None if similarity is None else told_rate(scores.fmr(similarity)),
            target_fmr=target,
            threshold=threshold,
            face=face,
            other=other,
            embedder=embedder,
        )

    def _told(self, purpose: Purpose, target: float) -> dict[str, Any]:
        """Return what the audit log keeps of every answer; nothing of the picture."""
        embedder = self._analyses.embedder
        return {"purpose": purpose.value, "target": target, "embedder": embedder}

    def _note_all(
        self, actor: Actor, answers: Sequence[Recognised], told: Mapping[str, Any]
    ) -> None:
        """Write an identification down: for each who was named, or once where nobody was."""
        named = [answer.match.subject_id for answer in answers if answer.match]
        for subject_id in dict.fromkeys(named) or (None,):
            self._note(actor, IDENTIFIED, subject_id, {**told, "named": len(named)})

    def _note(
        self, actor: Actor, action: str, subject_id: str | None, told: Mapping[str, Any]
    ) -> None:
        now, ids, audit = self._ground.clock(), (actor.tenant_id, actor.id), self._ground.audit
        self._ground.store.run(
            lambda work: audit.note(work, *ids, action, now, subject_id, dict(told))
        )


def _match(found: Candidate, scores: Calibration, gallery: int) -> Match:
    return Match(
        found.subject_id,
        found.template_id,
        found.similarity,
        told_rate(scores.fmr(found.similarity)),
        told_rate(scores.fpir(found.similarity, gallery)),
    )


def _recognised(face: Face, candidates: Sequence[Match], threshold: float) -> Recognised:
    """Decide about a face: somebody is named from the threshold on."""
    named = bool(candidates) and candidates[0].similarity >= threshold
    margin = candidates[0].similarity - candidates[1].similarity if candidates[1:] else None
    decision = Decision.MATCH if named else Decision.UNKNOWN
    return Recognised(face, decision, tuple(candidates), margin)
