"""Large spaces: by lists only a part is scanned, and nothing of what was removed stays."""

import numpy as np
import pytest

from tests.index.engines import drawn, ids_of, space_of
from visavis.index import scanning
from visavis.index.base import Entries
from visavis.index.faiss_index import FaissIndex
from visavis.index.likeness import likeness_of
from visavis.index.lists import LEAST_MEMBERS, train
from visavis.vault.protected_codes import CodeMaker

PEOPLE, EACH = 1500, 4


def crowd(kind, count=PEOPLE * EACH):
    """Return entries of people with four templates each, and a probe of each person."""
    chance = np.random.default_rng(3)
    people = chance.normal(size=(count // EACH, 64))
    pictures = [people + 0.35 * chance.normal(size=people.shape) for _ in range(EACH + 1)]
    vectors = np.concatenate(pictures).astype(np.float32)
    codes = CodeMaker(bytes(32), "e@1", 64).codes(vectors)
    entries: Entries = codes if kind == "protected" else vectors
    return entries[:count], entries[count:]


@pytest.fixture
def filled(space, kind):
    index = FaissIndex(1000)
    entries, probes = crowd(kind)
    index.add(space, ids_of(*range(len(entries))), entries)
    return index, entries, probes


def persons(found):
    number_of = {each: number for number, each in enumerate(ids_of(*range(PEOPLE * EACH)))}
    return [number_of[hits.ids[0]] % PEOPLE for hits in found]


def test_a_part_of_the_lists_is_enough_for_who_is_there(filled, space, monkeypatch):
    index, entries, probes = filled
    monkeypatch.setattr(scanning, "SCANNED", 0.4 * np.sqrt(len(entries)))
    found = index.search(space, probes, 1)
    assert np.mean(np.array(persons(found)) == np.arange(PEOPLE)) > 0.98


def test_more_lists_are_scanned_when_they_hold_fewer_than_were_asked_for(
    filled, space, monkeypatch
):
    index, entries, probes = filled
    monkeypatch.setattr(scanning, "SCANNED", 1.0)
    (hits,) = index.search(space, probes[:1], len(entries))
    assert len(set(hits.ids)) == len(entries)


def test_newcomers_are_found_at_once_and_after_they_went_to_their_lists(filled, space, kind):
    index, entries, _ = filled
    for start in range(10_000, 22_000, 3000):
        newer, ids = drawn_like(kind, entries, start), ids_of(*range(start, start + 3000))
        index.add(space, ids, newer)
        assert [hits.ids[0] for hits in index.search(space, newer[:50], 1)] == ids[:50]
    assert index.count(space) == len(entries) + 12_000


def drawn_like(kind, entries, seed):
    fresh = drawn("protected", 3000, seed) if kind == "protected" else None
    chance = np.random.default_rng(seed)
    return chance.normal(size=(3000, 64)).astype(np.float32) if fresh is None else fresh


def test_what_is_removed_is_overwritten_in_memory(filled, space):
    index = filled[0]
    layout = index.shelf(space)._layout
    gone = layout.entries[10].copy()
    each = layout.ids[10].tobytes().hex()
    assert index.remove(space, [each]) == 1
    for array in (index.shelf(space)._layout.entries, index.shelf(space)._lists.middles):
        assert not (array == gone).all(axis=1).any()


def test_removing_most_of_it_makes_it_small_again(filled, space):
    index, entries, _ = filled
    before = index.nbytes(space)
    ids = ids_of(*range(len(entries)))
    assert index.remove(space, ids[100:]) == len(entries) - 100
    assert index.nbytes(space) < before / 20
    hits = index.search(space, entries[:100], 1)
    assert [each.ids[0] for each in hits] == ids[:100]


def test_holes_do_not_slow_the_search_for_ever(filled, space):
    index, entries, _ = filled
    ids = ids_of(*range(len(entries)))
    for start in range(0, 3000, 500):
        index.remove(space, ids[start : start + 500])
        index.add(space, ids[start : start + 500], entries[start : start + 500])
    layout = index.shelf(space)._layout
    assert len(layout) == len(entries)
    assert layout.end < 2.5 * len(entries)


def test_a_template_takes_no_more_than_a_hundred_bytes():
    space, count = space_of("protected"), 50_000
    for lists_from in (1000, 100_000):
        index = FaissIndex(lists_from)
        index.add(space, ids_of(*range(count)), drawn("protected", count))
        assert index.nbytes(space) / count <= 100


def test_no_middle_is_of_a_few(kind):
    entries, _ = crowd(kind)
    units = entries / np.linalg.norm(entries, axis=1, keepdims=True) if kind == "plain" else entries
    units = np.ascontiguousarray(units)
    lists = train(likeness_of(codes=kind == "protected"), lambda which: units[which], len(units))
    assert lists is not None
    assert len(lists) <= len(units) / LEAST_MEMBERS
    assert lists.owners(units).max() < len(lists)
    for middle in lists.middles:
        assert not (units == middle).all(axis=1).any()


def test_entries_that_are_all_the_same_make_lists_too(kind):
    index, space = FaissIndex(100), space_of(kind)
    same = np.repeat(drawn(kind, 1), 3000, axis=0)
    index.add(space, ids_of(*range(3000)), same)
    (hits,) = index.search(space, same[:1], 3)
    assert hits.ids == tuple(sorted(ids_of(*range(3000)))[:3])
