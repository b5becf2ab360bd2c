"""Open-set identification by plan: who is enrolled, who is searched for, and what is found.

Who is what depends on hashes of names alone, never on the order of files.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visavis.core.errors import InvalidInput
from visavis.core.types import Floats
from visavis.lab.curves import Scores
from visavis.lab.people import People

_BLOCK = 1_024
"""Probes compared with the gallery at once."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Which pictures are enrolled and which are searched with.

    Attributes:
        gallery: Pictures to enrol, by person.
        mated: Other pictures of the same people.
        strangers: Pictures of people who are not enrolled.
    """

    gallery: People
    mated: People
    strangers: People

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all pictures."""
        parts = (self.gallery, self.mated, self.strangers)
        return tuple(name for part in parts for names in part.values() for name in names)


@dataclass(frozen=True, slots=True, eq=False)
class Searches:
    """What the probes found.

    Attributes:
        hits: By person, (n,) float64: similarity of each mated probe whose best candidate is the
            right person; −∞ for every other one, those without a face included.
        alarms: By person, (n,) float64: similarity of the best candidate of each non-mated probe.
    """

    hits: Mapping[str, Scores]
    alarms: Mapping[str, Scores]


def plan(people: People, enrolled: int = 1) -> Plan:
    """Deal people and pictures.

    Of the people with more pictures than are enrolled half go into the gallery, those whose names
    have the lowest hashes; so do, of each, the pictures with the lowest hashes.

    Args:
        people: Names of pictures by person.
        enrolled: Pictures a person to enrol.

    Raises:
        InvalidInput: there are fewer than two people with that many pictures.
    """
    several = sorted((p for p in people if len(people[p]) > enrolled), key=_hash)
    if len(several) < 2:
        raise InvalidInput(
            f"identification needs two people or more with at least {enrolled + 1} pictures each; "
            "add pictures, one folder a person"
        )
    chosen = set(several[: len(several) // 2])
    order = {person: sorted(people[person], key=_hash) for person in sorted(chosen)}
    return Plan(
        gallery={person: tuple(names[:enrolled]) for person, names in order.items()},
        mated={person: tuple(names[enrolled:]) for person, names in order.items()},
        strangers={person: names for person, names in people.items() if person not in chosen},
    )


def search(dealt: Plan, embeddings: Mapping[str, Floats]) -> Searches:
    """Compare every probe with the whole gallery; the best template of each person counts.

    Raises:
        InvalidInput: no face was found for the gallery, or none of a stranger.
    """
    rows = [(p, n) for p, names in dealt.gallery.items() for n in names if n in embeddings]
    if not rows:
        raise InvalidInput("no face was found on the pictures to enrol; check --root and --pack")
    owners = np.array([person for person, _ in rows])
    vectors = np.stack([embeddings[name] for _, name in rows])
    hits = {}
    for person, names in dealt.mated.items():
        who, scores = _best(owners, vectors, names, embeddings)
        hits[person] = np.where(who == person, scores, -np.inf)
    alarms = {}
    for person, names in dealt.strangers.items():
        known = [name for name in names if name in embeddings]
        if known:
            alarms[person] = _best(owners, vectors, known, embeddings)[1]
    if not alarms:
        raise InvalidInput("no face was found of anybody who is not enrolled; check --root")
    return Searches(hits, alarms)


def _best(
    owners: NDArray[np.str_],
    vectors: Floats,
    names: Sequence[str],
    embeddings: Mapping[str, Floats],
) -> tuple[NDArray[np.str_], Scores]:
    """Return who is nearest to each picture, and the cosine: −∞ and nobody without a face."""
    who, scores = np.full(len(names), "", owners.dtype), np.full(len(names), -np.inf)
    known = np.flatnonzero([name in embeddings for name in names])
    for block in (known[i : i + _BLOCK] for i in range(0, len(known), _BLOCK)):
        probes = np.stack([embeddings[names[i]] for i in block])
        cosines = probes.astype(np.float64) @ vectors.T.astype(np.float64)
        nearest = cosines.argmax(axis=1)
        who[block], scores[block] = owners[nearest], cosines.max(axis=1)
    return who, scores


def _hash(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()
