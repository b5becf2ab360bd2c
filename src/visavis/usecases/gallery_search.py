"""From guesses of the index to an answer: what the gate allows is opened and compared exactly."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visavis.core.errors import InvalidInput
from visavis.core.purposes import Comparison, Purpose
from visavis.core.types import Floats
from visavis.store.galleries import SealedTemplate
from visavis.store.work import Work
from visavis.usecases.consent import refusals
from visavis.usecases.gallery_opening import Opened, open_all
from visavis.usecases.ground import Ground

AT_ONCE = 5_000
"""Ids in one statement; databases take several times as many."""

_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody whom a probe may show.

    Attributes:
        subject_id: Who.
        template_id: Which of their templates is the nearest.
        similarity: Its cosine with the probe, −1..1, computed from the templates themselves.
    """

    subject_id: str
    template_id: str
    similarity: float


def ranked(
    ground: Ground,
    tenant_id: str,
    probes: Floats,
    guesses: Sequence[Sequence[str]],
    purpose: Purpose,
) -> list[tuple[Candidate, ...]]:
    """Return for each probe who of the guesses it may show, the nearest first.

    Args:
        ground: Of the deployment.
        tenant_id: Whose gallery.
        probes: (n, d) float32.
        guesses: For each probe, ids of templates; those that are gone are passed over.
        purpose: What for; nobody is compared who did not agree to it.

    Returns:
        The best template of each subject; equals go by the id of the template.

    Raises:
        ConsentMissing: mode or purposes do not allow it with anybody.
        InvalidInput: templates of this embedder have another dimension.
    """
    ids = sorted(set().union(*guesses))
    with ground.store.reading() as work:
        opened = _opened(ground, work, tenant_id, ids, purpose)
    fitting = _fitting(opened, probes.shape[1])
    if not fitting:
        return [()] * len(probes)
    places = {one.id: place for place, one in enumerate(fitting)}
    cosines = _cosines([one.vector for one in fitting], probes)
    return [
        _best(fitting, [places[guess] for guess in guessed if guess in places], cosines[:, probe])
        for probe, guessed in enumerate(guesses)
    ]


def best_cosine(vectors: Sequence[Floats], probe: Floats) -> float:
    """Return the largest cosine of a probe with several vectors of the same dimension."""
    return float(_cosines(vectors, probe[None]).max())


def _opened(
    ground: Ground, work: Work, tenant_id: str, ids: Sequence[str], purpose: Purpose
) -> list[Opened]:
    """Open those of some templates whose subjects may be searched for now."""
    rows: list[SealedTemplate] = []
    for start in range(0, len(ids), AT_ONCE):
        rows += work.galleries.templates(tenant_id, ids[start : start + AT_ONCE])
    people = {row.subject_id for row in rows}
    told = purpose, ground.clock(), Comparison.ONE_TO_MANY
    refused = refusals(work, tenant_id, people, *told)
    allowed = [row for row in rows if row.subject_id not in refused]
    return open_all(ground.keyring, work, tenant_id, allowed)


def _fitting(opened: list[Opened], dimension: int) -> list[Opened]:
    """Return the templates that have as many numbers as the probe."""
    fitting = [one for one in opened if len(one.vector) == dimension]
    if opened and not fitting:
        raise InvalidInput(
            f"the probe has {dimension} numbers, and templates of this embedder have "
            f"{len(opened[0].vector)}; embed the face with the embedder that is asked for"
        )
    return fitting


def _best(
    opened: list[Opened], places: list[int], cosines: NDArray[np.float64]
) -> tuple[Candidate, ...]:
    """Return the nearest template of each subject, the nearest first."""
    found: dict[str, Candidate] = {}
    for place in sorted(places, key=lambda place: (-cosines[place], opened[place].id)):
        one = opened[place]
        if one.subject_id not in found:
            found[one.subject_id] = Candidate(one.subject_id, one.id, float(cosines[place]))
    return tuple(found.values())


def _cosines(vectors: Sequence[Floats], probes: Floats) -> NDArray[np.float64]:
    """Return the (m, n) cosines of vectors with probes; those of equal vectors are equal."""
    cosines = _unit(np.stack(vectors)) @ _unit(probes).T
    return cosines.clip(-1, 1).round(_DIGITS)  # the last bits hang on the place in the matrix


def _unit(vectors: Floats) -> NDArray[np.float64]:
    exact = vectors.astype(np.float64)
    unit: NDArray[np.float64] = exact / np.linalg.norm(exact, axis=1, keepdims=True)
    return unit
