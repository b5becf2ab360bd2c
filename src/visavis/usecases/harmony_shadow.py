"""Shadow scoring: what would be answered after a change of the embedder, beside what is now.

Every template of the old embedder that has a copy is taken for a probe among all others, and so is
its copy: whom would each find, and would they be named? Nobody's answer changes by it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visavis.core.errors import InvalidInput, NotAllowed
from visavis.core.purposes import Comparison, Purpose
from visavis.core.types import Floats
from visavis.index.calibration import Calibration
from visavis.index.harmonics import Harmonics
from visavis.usecases.consent import refusals
from visavis.usecases.gallery_opening import Opened, open_all
from visavis.usecases.ground import Ground
from visavis.usecases.harmony import AT_ONCE, Change, change_of, lineages, tenant_of
from visavis.usecases.scores import Scores

MOST_PROBES = 4_000
"""Templates that are compared, each with each."""

MOST_TOLD = 1_000
"""Disagreements that are listed."""

_LOOKED_AT = 512
"""Probes compared at once: 512 × 4,000 numbers."""


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A probe that would be answered otherwise.

    Attributes:
        subject_id: Whose template was the probe.
        before: Who is named now; empty = nobody.
        after: Who would be; empty = nobody.
    """

    subject_id: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Shadow:
    """How the answers compare; shares are 0..1.

    Attributes:
        source: The old embedder.
        target: The new one.
        probes: Templates that were taken for a probe.
        subjects: Whose they are.
        same_first: Share of probes that find the same subject first.
        same_answer: Share of probes with the same answer: the same subject named, or nobody.
        named: Share of probes of which somebody is named, before and after.
        right: Of those with another template of the same subject, the share that finds it first,
            before and after; None = nobody has two.
        disagreements: The first of those that would be answered otherwise.
    """

    source: str
    target: str
    probes: int
    subjects: int
    same_first: float
    same_answer: float
    named: tuple[float, float]
    right: tuple[float, float] | None
    disagreements: tuple[Disagreement, ...]


class ShadowScoring:
    """Compares answers before and after; for programs of the machine itself.

    Args:
        ground: Of the deployment.
        harmonics: The maps.
        scores: What similarities mean.
    """

    def __init__(self, ground: Ground, harmonics: Harmonics, scores: Scores) -> None:
        self._ground, self._harmonics, self._scores = ground, harmonics, scores

    def compare(self, tenant_id: str, target_fpir: float = 0.01) -> Shadow:
        """Compare the answers before and after the change that is under way.

        Args:
            tenant_id: Whose templates; of those alone who agreed to be searched.
            target_fpir: How often strangers may be named, for the decision.

        Raises:
            NotFound: there is no such tenant.
            NotAllowed: no change is under way.
            ConsentMissing: mode or purposes do not allow to compare people.
            InvalidInput: fewer than two templates have a copy.
        """
        with self._ground.store.reading() as work:
            change = change_of(tenant_of(work, tenant_id))
        if change is None:
            raise NotAllowed("no change of the embedder is under way; there is nothing to compare")
        old, new = self._pairs(tenant_id, change)
        if len(old) < 2:
            raise InvalidInput("fewer than two templates were brought over; migrate them first")
        people = np.array([one.subject_id for one in old])
        before = _answers(old, self._scores.of(tenant_id, change.source), target_fpir)
        after = _answers(new, self._after(tenant_id, change), target_fpir)
        return _shadow(change, people, before, after)

    def _after(self, tenant_id: str, change: Change) -> Calibration:
        """Return what similarities between copies mean."""
        found = self._harmonics.find(change.source, change.target).among
        return found or self._scores.of(tenant_id, change.target)

    def _pairs(self, tenant_id: str, change: Change) -> tuple[list[Opened], list[Opened]]:
        """Return old templates and their copies, in one order."""
        copies = {
            one.copy_of: one.template_id
            for one in lineages(self._ground, tenant_id)
            if one.embedder == change.target and one.copy_of
        }
        chosen = sorted(copies.items())[:MOST_PROBES]
        ids = [each for pair in chosen for each in pair]
        opened = {one.id: one for one in self._opened(tenant_id, ids)}
        pairs = [(opened[a], opened[b]) for a, b in chosen if a in opened and b in opened]
        return [a for a, _ in pairs], [b for _, b in pairs]

    def _opened(self, tenant_id: str, ids: Sequence[str]) -> Iterator[Opened]:
        for start in range(0, len(ids), AT_ONCE):
            with self._ground.store.reading() as work:
                rows = work.galleries.templates(tenant_id, ids[start : start + AT_ONCE])
                asked = Purpose.RECOGNITION, self._ground.clock(), Comparison.ONE_TO_MANY
                refused = refusals(work, tenant_id, {row.subject_id for row in rows}, *asked)
                agreed = [row for row in rows if row.subject_id not in refused]
                opened = open_all(self._ground.keyring, work, tenant_id, agreed)
            yield from opened


@dataclass(frozen=True, slots=True)
class _Answers:
    """Of each probe: the place of the first of all others, and whether it would be named."""

    first: NDArray[np.int64]
    named: NDArray[np.bool_]


def _answers(opened: Sequence[Opened], scores: Calibration, fpir: float) -> _Answers:
    vectors = _unit(np.stack([one.vector for one in opened]))
    threshold = scores.threshold_for_fpir(fpir, len(opened) - 1)
    first, best = [], []
    for start in range(0, len(vectors), _LOOKED_AT):
        cosines = vectors[start : start + _LOOKED_AT] @ vectors.T
        cosines[np.arange(len(cosines)), np.arange(start, start + len(cosines))] = -np.inf
        first.append(cosines.argmax(axis=1))
        best.append(cosines.max(axis=1))
    return _Answers(np.concatenate(first), np.concatenate(best) >= threshold)


def _shadow(change: Change, people: NDArray[np.str_], before: _Answers, after: _Answers) -> Shadow:
    whom = [people[each.first] for each in (before, after)]
    answers = [
        np.where(each.named, who, "") for each, who in zip((before, after), whom, strict=True)
    ]
    same = answers[0] == answers[1]
    told = [
        Disagreement(str(people[i]), str(answers[0][i]), str(answers[1][i]))
        for i in np.flatnonzero(~same)[:MOST_TOLD]
    ]
    several = np.isin(people, [who for who, n in zip(*_counts(people), strict=True) if n > 1])
    right = tuple(float((who == people)[several].mean()) for who in whom) if several.any() else None
    return Shadow(
        source=change.source,
        target=change.target,
        probes=len(people),
        subjects=len(set(people.tolist())),
        same_first=float((whom[0] == whom[1]).mean()),
        same_answer=float(same.mean()),
        named=(float(before.named.mean()), float(after.named.mean())),
        right=None if right is None else (right[0], right[1]),
        disagreements=tuple(told),
    )


def _counts(people: NDArray[np.str_]) -> tuple[list[str], list[int]]:
    names, counts = np.unique(people, return_counts=True)
    return names.tolist(), counts.tolist()


def _unit(vectors: Floats) -> Floats:
    unit: Floats = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit
