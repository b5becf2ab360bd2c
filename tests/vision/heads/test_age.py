"""Years from bins: what is expected, and the years between which it lies."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.core.attributes import AGE_BINS, AGE_EDGES
from visavis.vision.heads.age import AGE_CENTRES, age_interval, expected_age

rows = st.lists(
    st.lists(st.floats(0, 1, width=32), min_size=9, max_size=9).filter(lambda row: sum(row) > 0.1),
    min_size=1,
    max_size=5,
).map(lambda table: (np.array(table) / np.sum(table, axis=1, keepdims=True)).astype(np.float32))


def sure_of(name):
    return np.eye(9, dtype=np.float32)[[AGE_BINS.index(name)]]


def test_centres_are_the_middles_of_the_bins():
    assert AGE_CENTRES.tolist() == [1.5, 6.5, 15, 25, 35, 45, 55, 65, 77.5]


def test_one_sure_bin_gives_its_centre_and_the_middle_of_its_years():
    low, high = age_interval(sure_of("20-29"))

    assert expected_age(sure_of("20-29")).tolist() == [25]
    assert [low[0], high[0]] == pytest.approx([21, 29])


def test_the_ends_are_linear_inside_bins():
    halves = (sure_of("20-29") + sure_of("40-49")) / 2
    low, high = age_interval(halves, 0.5)

    assert [low[0], high[0]] == pytest.approx([25, 45])
    assert expected_age(halves)[0] == pytest.approx(35)


@given(rows, st.floats(0, 1))
def test_intervals_stay_within_the_edges_and_grow_with_their_share(probabilities, share):
    low, high = age_interval(probabilities, share)
    wide_low, wide_high = age_interval(probabilities, 1.0)

    assert low.shape == high.shape == expected_age(probabilities).shape == (len(probabilities),)
    assert low.dtype == high.dtype == expected_age(probabilities).dtype == np.float32
    assert (AGE_EDGES[0] <= wide_low).all()
    assert (wide_low <= low + 1e-3).all()
    assert (low <= high + 1e-3).all()
    assert (high <= wide_high + 1e-3).all()
    assert (wide_high <= AGE_EDGES[-1]).all()


@given(rows)
def test_the_interval_holds_its_share_of_the_probability(probabilities):
    edges = np.array(AGE_EDGES, float)
    low, high = age_interval(probabilities)

    for row, a, b in zip(probabilities, low, high, strict=True):
        below, above = (
            np.interp(end, edges, np.concatenate([[0], np.cumsum(row, dtype=float)]))
            for end in (a, b)
        )
        assert above - below == pytest.approx(0.8, abs=1e-3)


def test_no_faces_give_no_years():
    none = np.zeros((0, 9), np.float32)

    assert expected_age(none).shape == age_interval(none)[0].shape == (0,)
