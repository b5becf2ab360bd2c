"""Vectors of several embedders are compared in one space, or not at all."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.usecases.gallery import People, galleries
from tests.usecases.people import vector
from visavis.index.calibration import Calibration, bundled
from visavis.index.harmonic_files import bundled_maps
from visavis.index.harmonics import Harmonics, NoHarmonicMap
from visavis.usecases.gallery_mixing import BETWEEN_COUNTS, Mixing
from visavis.usecases.gallery_view import View
from visavis.usecases.harmony import CHANGE
from visavis.usecases.scores import Scores

A, B, C = "dlib_resnet@1", "visavis_lite@1", "another@1"


@dataclass(frozen=True)
class One:
    id: str
    vector: np.ndarray
    embedder: str
    source: str = ""
    copy_of: str = ""


@pytest.fixture(scope="module")
def maps():
    return Harmonics(bundled_maps())


class Shipped:
    """What similarities mean where no tenant has its own calibration."""

    def of(self, tenant_id: str, embedder: str) -> Calibration:
        assert tenant_id == ""
        found = bundled(embedder)
        assert found is not None
        return found


EMBEDDERS = st.sampled_from([A, B, C])


@settings(max_examples=60, deadline=None)
@given(st.lists(EMBEDDERS, max_size=6), EMBEDDERS, st.booleans())
def test_no_vector_is_compared_that_no_map_leads_from(embedders, target, mapped):
    harmonics = Harmonics(bundled_maps() if mapped else ())
    opened = [One(str(i), vector(i), name) for i, name in enumerate(embedders)]
    others = tuple(sorted(set(embedders) - {target}))
    view = View(target, target, others, harmonics)
    stuck = [name for name in others if not harmonics.leads(name, target)]
    if stuck:
        with pytest.raises(NoHarmonicMap):
            view.comparable(opened)
        return
    found = view.comparable(opened)
    assert set(found) == {one.id for one in opened}
    for one in opened:
        if one.embedder == target:
            assert np.array_equal(found[one.id], one.vector)
        else:
            assert np.linalg.norm(found[one.id]) == pytest.approx(1, abs=1e-5)


def test_a_copy_counts_in_its_own_space_only(maps):
    original, copy = One("a", vector(1), A), One("b", vector(2), B, A, "a")
    assert set(View(A, A, (B,), maps).comparable([original, copy])) == {"a"}
    assert set(View(B, B, (A,), maps).comparable([original, copy])) == {"a", "b"}


@pytest.mark.parametrize(("probe", "target"), [(A, A), (B, B), (A, B)])
def test_a_mapped_similarity_is_told_as_one_that_strangers_reach_as_rarely(maps, probe, target):
    other = B if target == A else A
    view = View(probe, target, (other,), maps, Shipped(), "")
    cosines = np.linspace(-0.5, 0.95, 30)[:, None]
    opened = [One(str(i), vector(i), other) for i in range(30)]
    told = view.told(opened, cosines)
    curve = maps.find(other, target)
    met = curve.among if probe != target else curve.calibration
    assert met is not None
    rates = met.fmrs(cosines[:, 0])
    same = Shipped().of("", probe).fmrs(told[:, 0])
    np.testing.assert_allclose(same, rates, rtol=0.05, atol=1e-12)
    assert (np.diff(told[:, 0]) >= 0).all()


def test_what_no_map_touches_is_told_as_it_is(maps):
    view = View(A, A, (), maps, Shipped(), "")
    cosines = np.array([[0.3], [0.9]])
    opened = [One("a", vector(1), A), One("b", vector(2), A)]
    assert np.array_equal(view.told(opened, cosines), cosines)


def test_a_gallery_of_an_unknown_embedder_is_refused_and_one_of_the_same_is_not(ground, house):
    people = People(ground, house)
    where = galleries(ground, mixing=Mixing(ground, Harmonics(), Scores(ground)))
    ann = people.add(vector(1), embedder=A)
    assert people.found(where, vector(1)) == [ann]
    people.add(vector(2), embedder=C)
    with pytest.raises(NoHarmonicMap, match="another@1"):
        people.found(where, vector(1))
    where.close()


def test_other_collections_and_tenants_are_nobodys_concern(ground, house, other):
    where = galleries(ground, mixing=Mixing(ground, Harmonics(), Scores(ground)))
    elsewhere = People(ground, other)
    elsewhere.add(vector(2), embedder=C)
    people = People(ground, house)
    ann = people.add(vector(1), embedder=A)
    assert people.found(where, vector(1)) == [ann]
    where.close()


def test_copies_that_come_all_the_time_are_looked_at_now_and_then(ground, house, clock):
    people = People(ground, house)
    where = galleries(ground, mixing=Mixing(ground, Harmonics(), Scores(ground)))
    with ground.store.work() as work:
        kept = work.tenants.find(house.tenant_id).settings
        change = {CHANGE: {"source": A, "target": C}}
        work.tenants.change(house.tenant_id, settings={**kept, **change})
    ann = people.add(vector(1), embedder=A)
    assert people.found(where, vector(1)) == [ann]
    people.add(vector(2), embedder=C)
    assert people.found(where, vector(1)) == [ann]  # without going through all templates again
    clock.move(seconds=BETWEEN_COUNTS.total_seconds())
    with pytest.raises(NoHarmonicMap):
        people.found(where, vector(1))
    where.close()
