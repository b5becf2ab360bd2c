"""D_sys: 0 for scores that tell nothing, 1 for scores that tell everything."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.core.errors import InvalidInput
from visavis.lab.unlinkability import linkability


def drawn(seed: int, count: int, middle: float = 0.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(middle, 1, count)


def test_scores_of_one_kind_do_not_link():
    assert linkability(drawn(0, 100_000), drawn(1, 100_000)) < 0.02


def test_scores_apart_link_with_certainty():
    assert linkability(drawn(0, 5000, 20), drawn(1, 5000)) == pytest.approx(1)


def test_it_is_the_integral_of_the_local_measure():
    # mated scores 1 in three of four pairs, non-mated in one of four: LR 3, D 0.5, on 0.75
    mated, other = np.repeat([0.0, 1.0], [1000, 3000]), np.repeat([0.0, 1.0], [3000, 1000])
    assert linkability(mated, other, bins=2) == pytest.approx(0.75 * 0.5)


@given(st.integers(0, 10**6), st.floats(0, 5))
def test_it_lies_between_0_and_1(seed, middle):
    assert 0 <= linkability(drawn(seed, 1000, middle), drawn(seed + 1, 1000)) <= 1 + 1e-12


@pytest.mark.parametrize("broken", [np.zeros(10), np.full(2000, np.nan)])
def test_what_says_nothing_is_refused(broken):
    with pytest.raises(InvalidInput):
        linkability(broken, drawn(0, 2000))
