"""Searching a gallery for vectors: candidates, a decision for each, and what the numbers mean."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

import numpy as np

from visavis.core.purposes import Purpose
from visavis.core.types import Floats
from visavis.index.calibration import Calibration
from visavis.usecases.actor import Actor
from visavis.usecases.galleries import Candidate, Galleries
from visavis.usecases.ground import Ground
from visavis.usecases.recognised import Answer, Answers, Decision, Match
from visavis.usecases.scores import Scores, told_rate

IDENTIFIED = "faces.identified"
"""What the audit log calls it."""

DEFAULT_FPIR = 1e-3
DEFAULT_TOP, MOST_TOP = 5, 50


@dataclass(frozen=True, slots=True)
class Sought:
    """How to search.

    Attributes:
        purpose: What for; only who consented to it is searched.
        top: Most candidates a probe, 1..1000.
        target_fpir: How often somebody who is not enrolled may be named, 1e-9..1.
        collection: Id of the collection that is searched; empty = who is in none.
        every: Whether each template is a candidate by itself, not each subject by the best of
            theirs.
    """

    purpose: Purpose = Purpose.RECOGNITION
    top: int = DEFAULT_TOP
    target_fpir: float = DEFAULT_FPIR
    collection: str = ""
    every: bool = False


class Searching:
    """Searches galleries and writes down that it did; whoever calls it has asked the gate.

    Args:
        ground: Of the deployment.
        galleries: Searches templates.
        scores: Tells what a similarity means.
    """

    def __init__(self, ground: Ground, galleries: Galleries, scores: Scores) -> None:
        self._ground, self._galleries, self._scores = ground, galleries, scores

    def answers(
        self,
        actor: Actor,
        probes: Floats,
        embedder: str,
        sought: Sought,
        *,
        without: AbstractSet[str] = frozenset(),
    ) -> Answers:
        """Return what is said of each probe.

        Args:
            actor: Who asks.
            probes: (n, d) float32, finite, none of them 0.
            embedder: What made them.
            sought: How to search.
            without: Templates of what is searched that do not count.

        Raises:
            ConsentMissing: mode or purposes do not allow it with anybody.
            InvalidInput: a probe is none, or has another dimension than the templates.
        """
        size = self._galleries.size(actor, embedder, sought.collection)
        gallery = max(0, size - len(without))
        scores = self._scores.of(actor.tenant_id, embedder)
        threshold = scores.threshold_for_fpir(sought.target_fpir, gallery)
        found = self._found(actor, probes, embedder, sought, without)
        answers = tuple(
            _answer([_match(each, scores, gallery) for each in candidates], threshold)
            for candidates in found
        )
        told = {"faces": len(probes), "gallery": gallery, "embedder": embedder}
        self._note(actor, answers, sought, told)
        return Answers(answers, gallery, sought.target_fpir, threshold, embedder)

    def _found(
        self, actor: Actor, probes: Floats, embedder: str, sought: Sought, without: AbstractSet[str]
    ) -> list[tuple[Candidate, ...]]:
        if not len(probes):
            return []
        told = actor, probes, embedder, sought.purpose, sought.top
        return self._galleries.search(
            *told, collection=sought.collection, every=sought.every, without=without
        )

    def _note(
        self, actor: Actor, answers: Sequence[Answer], sought: Sought, told: Mapping[str, Any]
    ) -> None:
        """Write it down: for each who was named, or once where nobody was."""
        named = [answer.match.subject_id for answer in answers if answer.match]
        details = {**told, "purpose": sought.purpose.value, "target": sought.target_fpir}
        details |= {"named": len(named)}
        if sought.collection:
            details |= {"collection": sought.collection}
        for subject_id in dict.fromkeys(named) or (None,):
            self._write(actor, subject_id, details)

    def _write(self, actor: Actor, subject_id: str | None, details: Mapping[str, Any]) -> None:
        now, ids, audit = self._ground.clock(), (actor.tenant_id, actor.id), self._ground.audit
        self._ground.store.run(
            lambda work: audit.note(work, *ids, IDENTIFIED, now, subject_id, details)
        )


def no_probes(dimension: int = 1) -> Floats:
    """Return probes of a picture without faces."""
    return np.zeros((0, dimension), np.float32)


def _match(found: Candidate, scores: Calibration, gallery: int) -> Match:
    return Match(
        found.subject_id,
        found.template_id,
        found.similarity,
        told_rate(scores.fmr(found.similarity)),
        told_rate(scores.fpir(found.similarity, gallery)),
    )


def _answer(candidates: Sequence[Match], threshold: float) -> Answer:
    """Decide about a probe: somebody is named from the threshold on."""
    named = bool(candidates) and candidates[0].similarity >= threshold
    margin = candidates[0].similarity - candidates[1].similarity if candidates[1:] else None
    decision = Decision.MATCH if named else Decision.UNKNOWN
    return Answer(decision, tuple(candidates), margin)
