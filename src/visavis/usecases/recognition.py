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
from visavis.core.types import Floats, Source
from visavis.credentials.roles import Permission
from visavis.usecases.actor import Actor
from visavis.usecases.analysis import Analyses
from visavis.usecases.collection_of import require_collection
from visavis.usecases.consent import require_purpose
from visavis.usecases.enrolment import require_consent_of
from visavis.usecases.errors import NotFound
from visavis.usecases.faces import Box, Face, look, the_one
from visavis.usecases.galleries import MOST_FOUND, Galleries
from visavis.usecases.ground import Ground
from visavis.usecases.privacy import rules_of
from visavis.usecases.recognised import (
    Answers,
    Decision,
    Identification,
    Recognised,
    Verification,
)
from visavis.usecases.scores import LEAST_RATE, Scores, told_rate
from visavis.usecases.searching import DEFAULT_FPIR as DEFAULT_FPIR
from visavis.usecases.searching import DEFAULT_TOP as DEFAULT_TOP
from visavis.usecases.searching import IDENTIFIED as IDENTIFIED
from visavis.usecases.searching import MOST_TOP as MOST_TOP
from visavis.usecases.searching import Searching, Sought, no_probes
from visavis.usecases.templates import Template, Templates

DEFAULT_FMR = 1e-4

VERIFIED = "face.verified"
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
        self._searching = Searching(ground, galleries, scores)

    def recognize(
        self,
        actor: Actor,
        source: Source,
        *,
        purpose: Purpose = Purpose.RECOGNITION,
        top: int = DEFAULT_TOP,
        target_fpir: float = DEFAULT_FPIR,
        collection: str = "",
    ) -> Identification:
        """Tell who is on a picture; a picture without faces names nobody.

        Args:
            actor: Who asks.
            source: The picture; it is looked at and forgotten.
            purpose: What for; only who consented to it is searched.
            top: Most candidates a face, 1..1000.
            target_fpir: How often somebody who is not enrolled may be named, 1e-9..1.
            collection: Id of the collection that is searched; empty = who is in none.

        Raises:
            ConsentMissing: mode or purposes do not allow it; the message says what would.
            NotFound: there is no such collection.
            InvalidInput: the picture cannot be decoded, or a number is out of range.
        """
        sought = Sought(purpose, top, target_fpir, collection)
        self._check_search(actor, sought)
        return self._identified(actor, look(self._analyses, source), sought)

    def identify(
        self,
        actor: Actor,
        source: Source,
        *,
        purpose: Purpose = Purpose.RECOGNITION,
        box: Box | None = None,
        top: int = DEFAULT_TOP,
        target_fpir: float = DEFAULT_FPIR,
        collection: str = "",
    ) -> Identification:
        """Tell who the one person on a picture is; as `recognize`, for one face.

        Raises:
            FaceMissing, SeveralFaces: it is not one face, and no box says which.
        """
        sought = Sought(purpose, top, target_fpir, collection)
        self._check_search(actor, sought)
        face = the_one(look(self._analyses, source), box)
        return self._identified(actor, (face,), sought)

    def identified(
        self,
        actor: Actor,
        faces: Sequence[Face],
        *,
        purpose: Purpose = Purpose.RECOGNITION,
        top: int = DEFAULT_TOP,
        target_fpir: float = DEFAULT_FPIR,
        collection: str = "",
        every: bool = False,
    ) -> Identification:
        """Tell who faces are that were found on a picture before, by `faces.seen`.

        Ask `may_search` first: nothing may be made of a face that nobody may search for.

        Args:
            actor: Who asks.
            faces: Some of a picture, or all.
            purpose: What for; only who consented to it is searched.
            top: Most candidates a face, 1..1000.
            target_fpir: How often somebody who is not enrolled may be named, 1e-9..1.
            collection: Id of the collection that is searched; empty = who is in none.
            every: Whether each template is a candidate by itself, not each subject by the best of
                theirs.

        Raises:
            ConsentMissing, NotFound, InvalidInput: as for `recognize`.
        """
        sought = Sought(purpose, top, target_fpir, collection, every)
        self._check_search(actor, sought)
        return self._identified(actor, faces, sought)

    def may_search(
        self, actor: Actor, *, purpose: Purpose = Purpose.RECOGNITION, collection: str = ""
    ) -> None:
        """Refuse what a rule does not allow, before anything is made of a face.

        Raises:
            NotAllowed: the actor may not recognise anybody.
            ConsentMissing: mode or purposes do not allow it; the message says what would.
            NotFound: there is no such collection.
        """
        self._check_search(actor, Sought(purpose, collection=collection))

    def recognize_vectors(
        self,
        actor: Actor,
        vectors: Floats,
        *,
        embedder: str | None = None,
        purpose: Purpose = Purpose.RECOGNITION,
        top: int = DEFAULT_TOP,
        target_fpir: float = DEFAULT_FPIR,
        collection: str = "",
        every: bool = False,
    ) -> Answers:
        """Tell whose vectors are; as `identified`, for programs that hold embeddings.

        Args:
            actor: Who asks.
            vectors: (n, d) float32, finite, none of them 0.
            embedder: What made them; None = that of the pack in use.
            purpose: What for; only who consented to it is searched.
            top: Most candidates a vector, 1..1000.
            target_fpir: How often somebody who is not enrolled may be named, 1e-9..1.
            collection: Id of the collection that is searched; empty = who is in none.
            every: Whether each template is a candidate by itself.

        Raises:
            ConsentMissing, NotFound: as for `recognize`.
            InvalidInput: a vector is none, or not of that embedder.
        """
        sought = Sought(purpose, top, target_fpir, collection, every)
        self._check_search(actor, sought)
        return self._searching.answers(actor, vectors, embedder or self._analyses.embedder, sought)

    def identify_template(
        self,
        actor: Actor,
        template_id: str,
        *,
        purpose: Purpose = Purpose.RECOGNITION,
        top: int = DEFAULT_TOP,
        target_fpir: float = DEFAULT_FPIR,
        every: bool = False,
        own: bool = False,
    ) -> Answers:
        """Tell who else looks like somebody who is enrolled, by one of their templates.

        Their own collection is searched. They too must have consented to be compared.

        Args:
            actor: Who asks.
            template_id: Which; it is never a candidate itself.
            purpose: What for; only who consented to it is searched.
            top: Most candidates, 1..1000.
            target_fpir: How often somebody who is not enrolled may be named, 1e-9..1.
            every: Whether each template is a candidate by itself.
            own: Whether the other templates of the same subject are candidates, too.

        Returns:
            One answer.

        Raises:
            NotFound: there is no such template.
            ConsentMissing: a rule does not allow it; the message says which.
        """
        self._check(actor, purpose, Comparison.ONE_TO_MANY, top, target_fpir)
        collection, probe, theirs = self._stored(actor, template_id, purpose)
        sought = Sought(purpose, top, target_fpir, collection, every)
        alike = frozenset(one.id for one in theirs if one.embedder == probe.embedder)
        without = frozenset({template_id}) if own else alike
        told = actor, probe.vector[None], probe.embedder, sought
        return self._searching.answers(*told, without=without)

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
        if not 1 <= top <= MOST_FOUND:
            raise InvalidInput(f"ask for 1 to {MOST_FOUND} candidates, not {top}")
        if not LEAST_RATE <= rate <= 1:
            raise InvalidInput(f"an error rate lies from {LEAST_RATE:g} to 1; take 0.001, say")
        with self._ground.store.reading() as work:
            require_purpose(rules_of(work, actor.tenant_id), purpose, comparison)

    def _check_search(self, actor: Actor, sought: Sought) -> None:
        told = sought.purpose, Comparison.ONE_TO_MANY, sought.top, sought.target_fpir
        self._check(actor, *told)
        with self._ground.store.reading() as work:
            require_collection(work, actor.tenant_id, sought.collection)

    def _identified(self, actor: Actor, faces: Sequence[Face], sought: Sought) -> Identification:
        probes = np.stack([face.vector for face in faces]) if faces else no_probes()
        found = self._searching.answers(actor, probes, self._analyses.embedder, sought)
        answers = tuple(
            Recognised(each.decision, each.candidates, each.margin, face)
            for face, each in zip(faces, found.probes, strict=True)
        )
        told = found.gallery, found.target_fpir, found.threshold, found.embedder
        return Identification(answers, *told)

    def _stored(
        self, actor: Actor, template_id: str, purpose: Purpose
    ) -> tuple[str, Template, list[Template]]:
        """Return a template, open, with the collection and all templates of its subject."""
        with self._ground.store.reading() as work:
            found = work.galleries.named(actor.tenant_id, [template_id])
        if not found:
            raise NotFound("template")
        subject_id, collection = found[0].subject_id, found[0].collection_id
        theirs = Templates(self._ground).unseal(
            actor, subject_id, purpose=purpose, comparison=Comparison.ONE_TO_MANY
        )
        this = next((one for one in theirs if one.id == template_id), None)
        if this is None:  # it was removed meanwhile
            raise NotFound("template")
        return collection, this, theirs

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

    def _note(
        self, actor: Actor, action: str, subject_id: str | None, told: Mapping[str, Any]
    ) -> None:
        now, ids, audit = self._ground.clock(), (actor.tenant_id, actor.id), self._ground.audit
        self._ground.store.run(
            lambda work: audit.note(work, *ids, action, now, subject_id, dict(told))
        )
