"""The figures of a score list against slow, obvious definitions."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.lab.curves import best_threshold, equal_error_rate, roc, tar_at_far

# Few distinct values, so that ties are the rule.
score = st.integers(-20, 20).map(lambda n: n / 20)
impostors = st.lists(score, min_size=1, max_size=40).map(np.array)
genuines = st.lists(score | st.just(-np.inf), min_size=1, max_size=40).map(np.array)


def accepted(scores, threshold):
    return sum(s >= threshold for s in scores) / len(scores)


def all_thresholds(*scores):
    return [np.inf, *sorted({s for each in scores for s in each if np.isfinite(s)}, reverse=True)]


@given(genuines, impostors)
def test_roc_states_both_rates_at_each_distinct_score(genuine, impostor):
    curve = roc(genuine, impostor)

    thresholds = all_thresholds(genuine, impostor)
    assert curve.thresholds.tolist() == thresholds
    assert curve.tar.tolist() == [accepted(genuine, t) for t in thresholds]
    assert curve.far.tolist() == [accepted(impostor, t) for t in thresholds]


@given(genuines, impostors, st.sampled_from([0.0, 0.01, 0.1, 0.25, 0.5, 1.0]))
def test_tar_is_the_best_over_all_thresholds_that_keep_the_far(genuine, impostor, far):
    allowed = [t for t in all_thresholds(genuine, impostor) if accepted(impostor, t) <= far]

    assert tar_at_far(roc(genuine, impostor), far) == max(accepted(genuine, t) for t in allowed)


@given(genuines, impostors)
def test_eer_lies_where_the_two_errors_cross(genuine, impostor):
    points = [
        (accepted(impostor, t), 1 - accepted(genuine, t)) for t in all_thresholds(genuine, impostor)
    ]
    # Walk along the polyline in small steps: the errors are nearest to each other at the EER.
    walked = [
        (far0 + u * (far1 - far0), frr0 + u * (frr1 - frr0))
        for (far0, frr0), (far1, frr1) in itertools.pairwise(points)
        for u in np.linspace(0, 1, 201)
    ]
    far, frr = min(walked, key=lambda point: abs(point[0] - point[1]))

    assert equal_error_rate(roc(genuine, impostor)) == pytest.approx((far + frr) / 2, abs=0.01)


@given(genuines, impostors)
def test_no_threshold_decides_more_pairs_than_the_best(genuine, impostor):
    def right(threshold):
        return sum(genuine >= threshold) + sum(impostor < threshold)

    tried = np.linspace(-1.05, 1.05, 400)
    assert right(best_threshold(genuine, impostor)) == max(map(right, tried))


@given(genuines, impostors, st.floats(0.1, 10), st.floats(-3, 3))
def test_rates_do_not_depend_on_the_scale_of_the_scores(genuine, impostor, scale, shift):
    before = roc(genuine, impostor)
    after = roc(genuine * scale + shift, impostor * scale + shift)

    assert after.tar.tolist() == before.tar.tolist()
    assert after.far.tolist() == before.far.tolist()


def test_known_cases():
    apart = roc(np.array([0.8, 0.9]), np.array([0.1, 0.2]))
    assert equal_error_rate(apart) == 0
    assert tar_at_far(apart, 0.0) == 1
    assert best_threshold(np.array([0.8, 0.9]), np.array([0.1, 0.2])) == pytest.approx(0.5)

    swapped = roc(np.array([0.1, 0.2]), np.array([0.8, 0.9]))
    assert equal_error_rate(swapped) == 1

    alike = roc(np.array([0.5]), np.array([0.5]))
    assert equal_error_rate(alike) == pytest.approx(0.5)

    assert equal_error_rate(roc(np.array([-np.inf]), np.array([0.5]))) == 1
