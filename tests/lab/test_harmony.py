"""Maps between embedders on labelled pairs: what they cost, and that without one it is chance."""

import numpy as np
import pytest

from visavis.index.harmonics import Harmonics, NoHarmonicMap
from visavis.lab.harmony import Twins, measure
from visavis.lab.pairs import read_pairs

PEOPLE, DIMENSIONS = 150, 24
ONE, OTHER = "one@1", "other@1"


def unit(vectors):
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def world():
    """Two pictures of each person, as two embedders see them: the other one turns all vectors."""
    rng = np.random.default_rng(0)
    turn = np.linalg.qr(rng.normal(size=(DIMENSIONS, DIMENSIONS)))[0]
    people = rng.normal(size=(PEOPLE, DIMENSIONS))
    there, here = {}, {}
    for number, person in enumerate(people):
        for look in "ab":
            seen = person + 0.3 * rng.normal(size=DIMENSIONS)
            name = f"{number}{look}.jpg"
            there[name] = unit(seen[None])[0]
            here[name] = unit((seen + 0.1 * rng.normal(size=DIMENSIONS))[None] @ turn)[0]
    rows = [f"{n}a.jpg,{n}b.jpg,1" for n in range(PEOPLE)]
    rows += [f"{n}a.jpg,{(n + 1) % PEOPLE}b.jpg,0" for n in range(PEOPLE)]
    return there, here, read_pairs("\n".join(["a,b,same", *rows]))


def test_a_map_costs_little_and_without_one_it_is_chance(world):
    there, here, pairs = world
    names = sorted(there)
    twins = Twins(
        ONE, OTHER, np.stack([there[n] for n in names]), np.stack([here[n] for n in names])
    )
    forth, back = twins.both_ways()
    assert (forth.source, forth.target, back.source, back.target) == (ONE, OTHER, OTHER, ONE)
    told = measure(pairs, ONE, OTHER, there, here, Harmonics([forth, back]))
    assert told.within_source.accuracy > 0.98
    assert told.loss < 0.015
    assert told.unmapped is not None
    assert told.unmapped.accuracy == pytest.approx(0.5, abs=0.1)


def test_vectors_of_another_length_cannot_be_compared_without_a_map(world):
    there, here, pairs = world
    shorter = {name: unit(vector[None, :20])[0] for name, vector in here.items()}
    names = sorted(there)
    pair = np.stack([there[n] for n in names]), np.stack([shorter[n] for n in names])
    told = measure(
        pairs, ONE, OTHER, there, shorter, Harmonics(Twins(ONE, OTHER, *pair).both_ways())
    )
    assert told.unmapped is None
    with pytest.raises(NoHarmonicMap):
        measure(pairs, ONE, OTHER, there, shorter, Harmonics())
