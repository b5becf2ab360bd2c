"""Several cores find what one finds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visavis.index import abreast
from visavis.index.likeness import likeness_of


@pytest.fixture(autouse=True)
def _parts_are_small(monkeypatch):
    monkeypatch.setattr(abreast, "WORTH_A_CORE", 10)
    monkeypatch.setattr(abreast, "all_cores", lambda: 4)


@pytest.mark.parametrize("codes", [True, False])
@settings(max_examples=50, deadline=None)
@given(count=st.integers(1, 200), k=st.integers(1, 40), seed=st.integers(0, 2**32 - 1))
def test_parts_find_what_the_whole_does(codes: bool, count: int, k: int, seed: int):
    likeness, chance, k = likeness_of(codes=codes), np.random.default_rng(seed), min(k, count)
    if codes:  # of few different bytes, so that many are equally far
        entries = chance.integers(0, 3, (count, 64)).astype(np.uint8)
    else:
        entries = chance.normal(size=(count, 8)).astype(np.float32)
        entries = entries / np.linalg.norm(entries, axis=1, keepdims=True)
    probe = entries[chance.integers(count)]
    apart, rows = abreast.scan(likeness, probe, entries, k)
    (whole,), _ = likeness.scan(probe[None], entries, k)
    assert len(set(rows.tolist())) == k
    assert np.allclose(apart, whole, atol=1e-6)
    assert np.allclose(np.sort(likeness.rough(probe, entries))[:k], apart, atol=1e-5)
    assert np.allclose(likeness.rough(probe, entries[rows]), apart, atol=1e-5)
