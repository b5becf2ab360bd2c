"""What every index promises, for every engine and both kinds of entry."""

from dataclasses import replace

import numpy as np
import pytest

from tests.index.engines import OTHER, TENANT, WIDTH, drawn, ids_of, space_of
from visavis.core.errors import InvalidInput
from visavis.index.base import Space


def found(index, space, probes, k):
    return [hits.ids for hits in index.search(space, probes, k)]


def test_the_nearest_of_an_entry_is_the_entry_itself(index, space, kind):
    entries, ids = drawn(kind, 100), ids_of(*range(100))
    index.add(space, ids, entries)
    assert found(index, space, entries[:20], 1) == [(each,) for each in ids[:20]]
    assert index.count(space) == 100
    assert index.ids(space) == set(ids)
    for hits in index.search(space, entries[:20], 1):
        assert hits.similarities == pytest.approx([1], abs=1e-6)
        assert hits.similarities.dtype == np.float32


def test_hits_fall_and_say_the_cosine(index, space, kind):
    entries, ids = drawn(kind, 60), ids_of(*range(60))
    index.add(space, ids, entries * 3 if kind == "plain" else entries)  # of any length
    (hits,) = index.search(space, drawn(kind, 1, seed=9), 60)
    assert len(set(hits.ids)) == 60
    assert (np.diff(hits.similarities) <= 0).all()
    by_id = dict(zip(ids, entries, strict=True))
    for each, similarity in zip(hits.ids, hits.similarities, strict=True):
        assert similarity == pytest.approx(cosine(by_id[each], drawn(kind, 1, seed=9)[0]), abs=1e-5)


def cosine(one, other):
    if one.dtype == np.uint8:
        return np.cos(np.pi * int(np.bitwise_count(one ^ other).sum()) / 512)
    return one @ other / np.linalg.norm(one) / np.linalg.norm(other)


def test_equals_go_by_id_also_at_the_edge(index, space, kind):
    same, others = np.repeat(drawn(kind, 1), 90, axis=0), drawn(kind, 30, seed=1)
    ids = ids_of(*range(120))
    index.add(space, ids, np.concatenate([others, same]))
    assert found(index, space, same[:1], 5) == [tuple(sorted(ids[30:])[:5])]
    assert found(index, space, same[:1], 40) == [tuple(sorted(ids[30:])[:40])]


def test_what_has_the_same_id_is_replaced(index, space, kind):
    entries, ids = drawn(kind, 100), ids_of(*range(100))
    index.add(space, ids, entries)
    newer = drawn(kind, 40, seed=5)
    index.add(space, ids[:30] + ids_of(*range(200, 210)), newer)
    assert index.count(space) == 110
    assert found(index, space, newer[:30], 1) == [(each,) for each in ids[:30]]
    (nearest,) = index.search(space, entries[:1], 1)
    assert nearest.similarities[0] < 0.99  # the entry that was replaced is not there any more


def test_what_is_removed_is_never_found_again(index, space, kind):
    entries, ids = drawn(kind, 200), ids_of(*range(200))
    index.add(space, ids, entries)
    assert index.remove(space, ids[::2]) == 100
    assert index.count(space) == 100
    assert index.ids(space) == set(ids[1::2])
    for hits in index.search(space, entries, 200):
        assert set(hits.ids) == set(ids[1::2])
    assert index.remove(space, ids) == 100
    assert found(index, space, entries[:2], 3) == [(), ()]


def test_unknown_ids_are_no_error(index, space, kind):
    index.add(space, ids_of(1, 2), drawn(kind, 2))
    assert index.remove(space, ids_of(3, 4)) == 0
    assert index.remove(space, ids_of(2, 3, 2)) == 1
    assert index.remove(space, []) == 0
    assert index.remove(space_of(kind, OTHER), ids_of(1)) == 0
    assert index.ids(space) == set(ids_of(1))


def test_there_may_be_fewer_than_were_asked_for(index, space, kind):
    index.add(space, ids_of(1, 2, 3), drawn(kind, 3))
    (hits,) = index.search(space, drawn(kind, 1), 50)
    assert set(hits.ids) == set(ids_of(1, 2, 3))


def test_an_empty_space_finds_nothing(index, space, kind):
    assert found(index, space, drawn(kind, 3), 5) == [(), (), ()]
    assert index.count(space) == 0
    assert index.ids(space) == frozenset()
    assert index.mark(space) == 0
    assert index.spaces(TENANT) == ()
    index.drop(space)
    index.add(space, [], drawn(kind, 0))
    assert index.spaces(TENANT) == ()


def test_no_probes_are_no_error(index, space, kind):
    index.add(space, ids_of(1), drawn(kind, 1))
    assert index.search(space, drawn(kind, 0), 5) == []


def bad_entries(kind):
    good = drawn(kind, 3)
    yield good[0]
    yield good.astype(np.float64)
    yield drawn("plain" if kind == "protected" else "protected", 3)
    yield good[:, :-1]
    if kind == "plain":
        for value in (np.nan, np.inf):
            bad = good.copy()
            bad[2, 0] = value
            yield bad
        yield np.concatenate([good[:2], np.zeros((1, WIDTH), np.float32)])


def test_entries_of_another_kind_are_refused_as_a_whole(index, space, kind):
    index.add(space, ids_of(1), drawn(kind, 1))
    for entries in bad_entries(kind):
        with pytest.raises(InvalidInput):
            index.add(space, ids_of(7, 8, 9), entries)
        with pytest.raises(InvalidInput):
            index.search(space, entries, 1)
    assert index.ids(space) == set(ids_of(1))


@pytest.mark.parametrize(
    "ids", [["1" * 31] * 3, ["g" * 32] * 3, ["A" * 32] * 3, ids_of(7, 8), ids_of(7, 8, 7)]
)
def test_ids_that_are_none_are_refused_as_a_whole(index, space, kind, ids):
    with pytest.raises(InvalidInput):
        index.add(space, ids, drawn(kind, 3))
    assert index.count(space) == 0


@pytest.mark.parametrize("k", [0, -1])
def test_fewer_than_one_cannot_be_asked_for(index, space, kind, k):
    with pytest.raises(InvalidInput):
        index.search(space, drawn(kind, 1), k)


def test_spaces_never_see_each_other(index, kind):
    ours = space_of(kind)
    others = [
        space_of(kind, OTHER),
        space_of(kind, embedder="e@2"),
        Space(TENANT, "e@1", 2 if kind == "protected" else 1),
        replace(ours, collection="c" * 32),
        replace(ours, collection="login"),
    ]
    same = ids_of(1, 2)
    index.add(ours, same, drawn(kind, 2))
    for number, space in enumerate(others):
        entries = drawn("protected" if space.is_protected else "plain", 2, seed=number + 1)
        assert found(index, space, entries, 3) == [(), ()]
        index.add(space, [same[0], *ids_of(50 + number)], entries)
        assert index.ids(space) == {same[0], *ids_of(50 + number)}
    assert index.spaces(TENANT) == tuple(sorted([ours, *others[1:]]))
    assert index.spaces(OTHER) == (others[0],)
    for space in others:
        index.remove(space, same)
        index.drop(space)
    assert set(index.search(ours, drawn(kind, 1), 5)[0].ids) == set(same)
    assert index.spaces(OTHER) == ()


def test_two_collections_of_a_tenant_are_searched_each_on_its_own(index, space, kind):
    here, there = replace(space, collection="c" * 32), replace(space, collection="d" * 32)
    parts = {
        space: ids_of(*range(30)),
        here: ids_of(*range(100, 130)),
        there: ids_of(*range(200, 230)),
    }
    for number, (part, ids) in enumerate(parts.items()):
        index.add(part, ids, drawn(kind, 30, seed=number))
        index.set_mark(part, number + 1)
    for number, (part, ids) in enumerate(parts.items()):
        assert index.ids(part) == set(ids)
        for probes in (drawn(kind, 30, seed=other) for other in range(3)):
            assert all(set(hits) == set(ids) for hits in found(index, part, probes, 90))
        assert index.mark(part) == number + 1
    assert index.spaces(TENANT) == (space, here, there)
    index.remove(here, [*parts[space], *parts[there]])
    index.drop(there)
    assert [index.count(part) for part in parts] == [30, 30, 0]
    index.drop_tenant(TENANT)
    assert index.spaces(TENANT) == ()


def test_the_mark_stays_with_its_space(index, space, kind):
    index.set_mark(space, 7)
    assert index.mark(space) == 7
    index.add(space, ids_of(1), drawn(kind, 1))
    index.set_mark(space, 8)
    assert (index.mark(space), index.mark(space_of(kind, OTHER))) == (8, 0)
    index.remove(space, ids_of(1))
    assert index.mark(space) == 8


def test_a_dropped_tenant_leaves_the_others(index, space, kind):
    other = replace(space, tenant_id="e" * 32)
    for each in (space, other):
        index.add(each, ids_of(*range(5)), drawn(kind, 5))
    index.drop_tenant(TENANT)
    assert (index.count(space), index.mark(space), index.spaces(TENANT)) == (0, 0, ())
    assert index.count(other) == 5
    index.drop_tenant(TENANT)


def test_a_dropped_space_is_as_if_it_had_never_been(index, space, kind):
    index.add(space, ids_of(*range(50)), drawn(kind, 50))
    index.set_mark(space, 3)
    index.drop(space)
    assert (index.count(space), index.mark(space), index.spaces(TENANT)) == (0, 0, ())
    assert found(index, space, drawn(kind, 1), 3) == [()]
    index.add(space, ids_of(60), drawn(kind, 1))
    assert index.ids(space) == set(ids_of(60))
