"""Calibration: honest probabilities score well, temperatures are found again, limits are kept."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from visavis.lab.calibration import (
    ece,
    ece_by_chance,
    fit_calibration,
    fit_temperature,
    risk_coverage,
    unknown_limit,
)


def softmax(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)


def honest(seed, n=4000, classes=7):
    """Return logits and a truth that is drawn with just the probabilities that they mean."""
    dice = np.random.default_rng(seed)
    logits = dice.normal(0, 2, (n, classes)).astype(np.float32)
    sums = softmax(logits).cumsum(axis=1)
    truth = (dice.random((n, 1)) > sums).sum(axis=1).clip(max=classes - 1)
    return logits, truth


some = st.integers(0, 2**32 - 1)


@given(some)
def test_honest_probabilities_have_a_small_error(seed):
    logits, truth = honest(seed)

    assert ece(softmax(logits), truth) < 0.05


def test_the_error_by_chance_is_what_honest_probabilities_show_on_average():
    for n in (300, 3000):
        drawn = [honest(seed, n) for seed in range(60)]
        shown = np.mean([ece(softmax(logits), truth) for logits, truth in drawn])
        told = np.mean([ece_by_chance(softmax(logits)) for logits, _ in drawn])
        assert told == pytest.approx(shown, rel=0.1)


@given(some, st.integers(1, 50), st.integers(1, 40))
def test_the_error_is_a_proportion(seed, n, bins):
    dice = np.random.default_rng(seed)
    probabilities = dice.dirichlet(np.full(4, 0.3), n).astype(np.float32)

    assert 0 <= ece(probabilities, dice.integers(4, size=n), bins) <= 1


def test_the_error_is_that_of_the_definition():
    probabilities = np.array([[0.92, 0.08], [0.96, 0.04], [0.55, 0.45], [0.28, 0.72]], np.float32)
    truth = np.array([0, 1, 0, 0])

    wanted = (abs(0.92 + 0.96 - 1) + abs(0.55 - 1) + abs(0.72 - 0)) / 4
    assert ece(probabilities, truth, bins=10) == pytest.approx(wanted, abs=1e-6)


def test_certainty_that_is_right_has_no_error_and_certainty_that_is_wrong_has_all():
    sure = np.eye(3, dtype=np.float32)

    assert ece(sure, np.arange(3)) == 0
    assert ece(sure, (np.arange(3) + 1) % 3) == 1


@given(some, st.floats(0.2, 5))
def test_scaling_logits_is_undone(seed, scale):
    logits, truth = honest(seed)
    before = fit_temperature(logits, truth)

    assert before == pytest.approx(1, abs=0.12)
    assert fit_temperature(logits * np.float32(scale), truth) == pytest.approx(
        before * scale, rel=1e-4
    )


@settings(max_examples=8)
@given(some, st.floats(0.6, 2))
def test_calibration_is_never_worse_than_the_temperature_and_keeps_the_order(seed, power):
    logits, truth = honest(seed, n=500)
    bent = -((-np.log(softmax(logits).clip(1e-30, 1))) ** power)
    made = fit_calibration(bent, truth)(bent)

    def loss(probabilities):
        return -np.log(probabilities[np.arange(len(truth)), truth].clip(1e-30)).mean()

    assert loss(made) <= loss(softmax(bent / fit_temperature(bent, truth))) + 1e-3
    np.testing.assert_allclose(made.sum(axis=1), 1, atol=1e-5)
    assert (made.argmax(axis=1) == bent.argmax(axis=1)).all()


def test_what_is_honest_already_stays_as_it_is():
    logits, truth = honest(3)
    np.testing.assert_allclose(fit_calibration(logits, truth)(logits), softmax(logits), atol=0.03)


def test_a_head_that_is_too_sure_of_some_and_too_unsure_of_others_becomes_honest():
    logits, truth = honest(5)
    logs = np.log(softmax(logits).clip(1e-30, 1))
    distorted = -(logs**2)
    by_temperature = softmax(distorted / fit_temperature(distorted, truth))

    assert ece(by_temperature, truth) > 2 * ece_by_chance(by_temperature)
    made = fit_calibration(distorted, truth)(distorted)
    assert ece(made, truth) < 1.5 * ece_by_chance(made)


def test_logits_that_are_always_right_stay_within_the_search():
    assert fit_temperature(np.eye(3, dtype=np.float32), np.arange(3)) == pytest.approx(0.05)
    assert fit_temperature(np.eye(3, dtype=np.float32), np.arange(3)[::-1] * 0 + 1) < 20.1


@given(some, st.integers(1, 200), st.floats(0, 1), st.floats(0, 0.9))
def test_the_limit_withholds_no_more_than_it_may_and_is_the_lowest_that_does(
    seed, n, target, withheld
):
    dice = np.random.default_rng(seed)
    probabilities = dice.dirichlet(np.full(3, 0.5), n).astype(np.float32)
    truth = dice.integers(3, size=n)
    best, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    limit = unknown_limit(probabilities, truth, target, withheld)

    given = best >= limit
    assert given.mean() >= 1 - withheld
    for lower in (0.0, *best[best < limit].tolist()):
        if lower < limit:
            assert right[best >= lower].mean() < target
    assume(right[given].mean() < target)  # then no more may be withheld
    higher = best[best > max(limit, best.min())]
    assert not len(higher) or (best >= higher.min()).mean() < 1 - withheld


def test_a_head_that_is_good_enough_always_answers():
    assert unknown_limit(np.eye(3, dtype=np.float32), np.arange(3)) == 0


def test_risk_falls_into_place_with_coverage():
    probabilities = np.array([[0.6, 0.4], [0.9, 0.1], [0.6, 0.4], [0.2, 0.8]], np.float32)
    limits, given, accuracy = risk_coverage(probabilities, np.array([1, 0, 0, 1]))

    assert limits == pytest.approx([0.6, 0.8, 0.9])
    assert given.tolist() == [1, 0.5, 0.25]
    assert accuracy.tolist() == [0.75, 1, 1]
