"""Comparing the index with the database: ghosts and holes put there on purpose are found."""

import numpy as np
import pytest

from tests.usecases.gallery import People, galleries
from tests.usecases.people import EMBEDDER, vector
from visavis.index.base import Space
from visavis.store.sealed import TEMPLATE
from visavis.usecases.errors import NotFound
from visavis.usecases.gallery_check import Checked


@pytest.fixture
def people(ground, house):
    return People(ground, house)


@pytest.fixture
def here(ground):
    return galleries(ground)


@pytest.fixture
def space(here, people):
    """Give a space that knows five people."""
    for seed in range(5):
        people.add(vector(seed))
    people.find(here, vector(0))
    return Space(people.house.tenant_id, EMBEDDER, 1)


CLEAN = Checked(EMBEDDER, 5, 0, 0, 0, 0)


def code():
    return np.zeros((1, 64), np.uint8)


def test_what_is_whole_is_told_to_be(here, space):
    assert here.verify(space.tenant_id) == (CLEAN,)
    assert CLEAN.is_clean


def test_nothing_at_all_is_whole(here, people):
    assert here.verify(people.house.tenant_id) == ()


def test_ghosts_and_holes_are_found_and_repaired(here, people, space):
    ids = sorted(here._index.ids(space))
    here._index.remove(space, ids[:2])
    here._index.add(space, ["a" * 32], code())
    (found,) = here.verify(space.tenant_id)
    assert found == Checked(EMBEDDER, 5, 1, 2, 0, 0)
    assert not found.is_clean
    assert here._index.ids(space) == frozenset(ids)
    assert here.verify(space.tenant_id) == (CLEAN,)
    assert people.find(here, vector(3))[0].similarity == pytest.approx(1)


def test_a_ghost_beside_what_is_not_followed_yet_is_found(here, people, space):
    here._index.add(space, ["a" * 32], code())
    people.add(vector(9))
    assert here.verify(space.tenant_id) == (Checked(EMBEDDER, 6, 1, 0, 0, 0),)


def test_spaces_that_nobody_searches_are_dropped(here, people, space):
    stale = Space(space.tenant_id, EMBEDDER)
    here._index.add(stale, ["a" * 32], vector(1)[None])
    unknown = Space(space.tenant_id, "gone@1", 1)
    here._index.add(unknown, ["b" * 32], code())
    here._index.set_mark(unknown, 5)
    assert here.verify(space.tenant_id) == (
        Checked(EMBEDDER, 5, 0, 0, 0, 1),
        Checked("gone@1", 0, 1, 0, 0, 0),
    )
    assert here._index.spaces(space.tenant_id) == (space,)


def test_a_template_that_was_tampered_with_is_told_of_and_hides_nobody(here, people, space, ground):
    tenant = space.tenant_id
    with ground.store.work() as work:
        one, other = work.sealed.page(tenant, TEMPLATE, 2).items
        work.sealed.reseal(tenant, one, 1, other.data)
    assert here.rebuild(tenant) == 4
    assert here.verify(tenant) == (Checked(EMBEDDER, 5, 0, 0, 1, 0),)
    found = [people.find(here, vector(seed), 1)[0].similarity for seed in range(5)]
    assert sum(similarity > 0.99 for similarity in found) == 4


def test_building_anew_repairs_everything(here, people, space):
    here._index.drop(space)
    here._index.add(space, ["a" * 32], code())
    here._index.set_mark(space, 5)
    assert here.rebuild(space.tenant_id) == 5
    assert here.verify(space.tenant_id) == (CLEAN,)


def test_no_tenant(here):
    with pytest.raises(NotFound, match="organisation"):
        here.verify("0" * 32)


def test_a_long_feed_is_shortened_and_nobody_is_lost(here, people, space):
    tenant, checking = space.tenant_id, here._checking
    assert here.shorten(tenant) == 0
    assert checking.shorten(tenant, 3) == 0, "it is not twice as long"
    assert checking.shorten(tenant, 2) == 3
    assert checking.shorten(tenant, 2) == 0
    assert checking.shorten("0" * 32) == 0
    for where in (here, galleries(people.ground)):
        assert len(people.find(where, vector(0), k=10)) == 5
        assert where.verify(tenant) == (CLEAN,)
