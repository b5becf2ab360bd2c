"""From guesses of the index to an answer: what the gate allows is opened and compared exactly."""

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from visavis.core.errors import InvalidInput
from visavis.core.purposes import Purpose
from visavis.core.types import Floats
from visavis.store.galleries import Agreement, SealedTemplate
from visavis.store.work import Work
from visavis.usecases.consent import refused_by
from visavis.usecases.gallery_opening import Opened, open_all
from visavis.usecases.gallery_view import Open, View
from visavis.usecases.ground import Ground
from visavis.usecases.privacy import Rules

AT_ONCE = 5_000
"""Ids in one statement; databases take several times as many."""

_DIGITS = 12

_Template = TypeVar("_Template", bound=Open)


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


@dataclass(frozen=True, slots=True)
class Gate:
    """Whom one search may show: those alone who agreed to what it is for.

    Attributes:
        rules: Of the tenant when the search began; they allow the purpose as such.
        purpose: What for.
    """

    rules: Rules
    purpose: Purpose


def ranked(
    ground: Ground,
    view: View,
    probes: Floats,
    guesses: Sequence[Sequence[str]],
    gate: Gate,
    *,
    every: bool = False,
    without: AbstractSet[str] = frozenset(),
) -> list[tuple[Candidate, ...]]:
    """Return for each probe who of the guesses it may show, the nearest first.

    Args:
        ground: Of the deployment.
        view: Whose gallery, and how to look at it.
        probes: (n, d) float32.
        guesses: For each probe, ids of templates; those that are gone are passed over.
        gate: Whom it may show.
        every: Whether each template counts by itself.
        without: Templates that do not count, nor do their copies.

    Returns:
        The best template of each subject, or all; equals go by the id of the template.

    Raises:
        InvalidInput: templates of this embedder have another dimension.
    """
    ids = sorted(set().union(*guesses))
    with ground.store.reading() as work:
        opened = _opened(ground, work, view.tenant_id, ids, gate)
    counting = [one for one in opened if not {one.id, one.copy_of} & without]
    fitting, likeness = _compared(view, counting, probes)
    if not fitting:
        return [()] * len(probes)
    places = {one.id: place for place, one in enumerate(fitting)}
    there = [[places[guess] for guess in guessed if guess in places] for guessed in guesses]
    near = [_nearest(fitting, some, likeness[:, probe]) for probe, some in enumerate(there)]
    return [tuple(each) if every else _best(each) for each in near]


def best_cosine(vectors: Sequence[Floats], probe: Floats) -> float:
    """Return the largest cosine of a probe with several vectors of the same dimension."""
    return float(_cosines(vectors, probe[None]).max())


def best_likeness(view: View, templates: Sequence[Open], probe: Floats) -> float | None:
    """Return how like a probe is to the nearest of several templates; None where none counts.

    Raises:
        InvalidInput: the templates have another dimension.
    """
    fitting, likeness = _compared(view, templates, probe[None])
    return float(likeness.max()) if fitting else None


def _compared(
    view: View, opened: Sequence[_Template], probes: Floats
) -> tuple[list[_Template], NDArray[np.float64]]:
    """Return the templates that count, and how like each is to each probe, (m, n)."""
    vectors, there = view.comparable(opened), view.bring(probes, view.target)
    counting = [one for one in opened if one.id in vectors]
    fitting = [one for one in counting if len(vectors[one.id]) == there.shape[1]]
    if counting and not fitting:
        raise InvalidInput(
            f"the probe has {there.shape[1]} numbers, and templates of this embedder have "
            f"{len(vectors[counting[0].id])}; embed the face with the embedder that is asked for"
        )
    if not fitting:
        return [], np.zeros((0, len(probes)))
    cosines = _cosines([vectors[one.id] for one in fitting], there)
    return fitting, view.told(fitting, cosines)


def _opened(
    ground: Ground, work: Work, tenant_id: str, ids: Sequence[str], gate: Gate
) -> list[Opened]:
    """Open those of some templates whose subjects may be searched for now."""
    rows: dict[str, SealedTemplate] = {}
    said: list[Agreement] = []
    for start in range(0, len(ids), AT_ONCE):
        told = ids[start : start + AT_ONCE], gate.purpose.value, ground.clock()
        for row, agreement in work.galleries.agreed_templates(tenant_id, *told):
            rows[row.template_id] = row
            said.append(agreement)
    people = {row.subject_id for row in rows.values()}
    refused = refused_by(gate.rules, said, people, gate.purpose)
    allowed = [row for row in rows.values() if row.subject_id not in refused]
    return open_all(ground.keyring, work, tenant_id, allowed)


def _nearest(
    opened: list[Opened], places: list[int], cosines: NDArray[np.float64]
) -> Iterator[Candidate]:
    """Yield templates, the nearest first; of a template and its copy only the nearer one."""
    seen: set[str] = set()
    for place in sorted(places, key=lambda place: (-cosines[place], opened[place].id)):
        one = opened[place]
        if (origin := one.copy_of or one.id) in seen:
            continue
        seen.add(origin)
        yield Candidate(one.subject_id, one.id, float(cosines[place]))


def _best(near: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Return the first template of each subject."""
    found: dict[str, Candidate] = {}
    for each in near:
        found.setdefault(each.subject_id, each)
    return tuple(found.values())


def _cosines(vectors: Sequence[Floats], probes: Floats) -> NDArray[np.float64]:
    """Return the (m, n) cosines of vectors with probes; those of equal vectors are equal."""
    cosines = _unit(np.stack(vectors)) @ _unit(probes).T
    return cosines.clip(-1, 1).round(_DIGITS)  # the last bits hang on the place in the matrix


def _unit(vectors: Floats) -> NDArray[np.float64]:
    exact = vectors.astype(np.float64)
    unit: NDArray[np.float64] = exact / np.linalg.norm(exact, axis=1, keepdims=True)
    return unit
