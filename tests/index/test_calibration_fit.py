"""Curves from similarities of different people: fitted, moved, and refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from tests.index.shipped import EMBEDDER, shipped
from visavis.core.errors import InvalidInput
from visavis.index.calibration import Calibration
from visavis.index.calibration_fit import LEAST_PAIRS, fit_calibration, refit


def impostors(count, seed, middle=0.84, width=0.035):
    """Similarities as embedders give them: normal, once they are stretched out towards 1."""
    spread = width / (1 - middle**2)
    return np.tanh(np.arctanh(middle) + spread * np.random.default_rng(seed).normal(size=count))


def ratios(calibration, similarities):
    """Observed over stated, from 1e-1 to 1e-3."""
    stated = (0.1, 0.03, 0.01, 0.003, 0.001)
    return [(similarities >= calibration.threshold(rate)).mean() / rate for rate in stated]


def test_a_fitted_curve_states_what_is_observed_on_others():
    curve = fit_calibration(EMBEDDER, impostors(300_000, seed=1), {"date": "2026-11-21"})

    assert ratios(curve, impostors(300_000, seed=2)) == pytest.approx([1] * 5, rel=0.15)
    assert curve.observed == pytest.approx(0.001)
    assert curve.made == {"date": "2026-11-21"}


def test_below_what_is_believed_the_curve_goes_on_straight():
    clean = impostors(2_000_000, seed=16)
    spoilt = np.append(clean, np.full(400, 0.97))  # the same people once more: 2 in 10,000 pairs

    believed = fit_calibration(EMBEDDER, spoilt)
    cut = fit_calibration(EMBEDDER, spoilt, lowest=0.001)

    truth = impostors(3_000_000, seed=17)
    assert cut.observed == 0.001
    assert believed.observed < 0.001
    assert 0.3 < (truth >= cut.threshold(1e-4)).mean() / 1e-4 < 1.5
    assert (truth >= believed.threshold(1e-4)).mean() < (truth >= cut.threshold(1e-4)).mean()


def test_the_tail_beyond_what_was_seen_is_continued_sensibly():
    curve = fit_calibration(EMBEDDER, impostors(50_000, seed=3))
    many = impostors(20_000_000, seed=4)

    for rate in (1e-4, 1e-5):
        assert curve.is_extrapolated(rate)
        assert 0.25 < (many >= curve.threshold(rate)).mean() / rate < 2


@pytest.mark.parametrize(("middle", "width"), [(0.84, 0.035), (0.80, 0.04), (0.86, 0.03)])
def test_a_refit_moves_the_curve_onto_what_a_deployment_sees(middle, width):
    before = fit_calibration(EMBEDDER, impostors(300_000, seed=5))
    own = impostors(45_000, seed=6, middle=middle, width=width)

    after, change = refit(before, own, made={"date": "2026-11-21"})

    others = impostors(300_000, seed=7, middle=middle, width=width)
    assert all(0.5 < ratio < 2 for ratio in ratios(after, others))
    assert change.pairs == 45_000
    assert change.people == 300
    for rate, (old, new) in change.thresholds.items():
        assert old == before.threshold(float(rate))
        assert new == after.threshold(float(rate))
        assert change.shares[rate][1] == (own >= new).mean()
    assert change.shift == pytest.approx(after.threshold(0.1) - before.threshold(0.1))
    assert after.observed == before.observed
    assert after.made == {"date": "2026-11-21"}


def test_a_refit_on_the_same_changes_next_to_nothing():
    before = fit_calibration(EMBEDDER, impostors(300_000, seed=8))

    _, change = refit(before, impostors(50_000, seed=9))

    assert change.shift == pytest.approx(0, abs=0.001)
    assert change.stretch == pytest.approx(1, abs=0.02)


def test_few_people_stretch_the_curve_less_than_many():
    before = fit_calibration(EMBEDDER, impostors(300_000, seed=10))
    own = impostors(50_000, seed=11, width=0.045)

    stretches = [refit(before, own, people)[1].stretch for people in (10, 100, 10_000)]

    assert 1 < stretches[0] < stretches[1] < stretches[2] < 1.3


def test_what_a_refit_keeps_is_a_curve_of_a_few_points():
    before = shipped()
    own = impostors(1_000, seed=12)

    after, _ = refit(before, own)

    assert len(after.similarities) == len(before.similarities)
    assert len(after.as_json()) < len(before.as_json())
    assert Calibration.from_json(after.as_json()) == after


@pytest.mark.parametrize(
    ("similarities", "words"),
    [
        (impostors(LEAST_PAIRS - 1, seed=13), "too few"),
        (np.full(5_000, 0.8), "different people"),
        (np.linspace(-1, 1, 5_000), "different people"),
        (impostors(5_000, seed=14) * 100, "cosines"),
        (np.append(impostors(5_000, seed=15), np.nan), "cosines"),
    ],
)
def test_what_cannot_calibrate_is_refused_with_a_sentence(similarities, words):
    with pytest.raises(InvalidInput, match=words):
        refit(shipped(), similarities)


@effort(max_examples=25)
@given(st.floats(0.3, 0.85), st.floats(0.02, 0.05), st.integers(1_000, 20_000), st.integers(0, 99))
def test_a_refit_is_a_calibration_or_is_refused(middle, width, count, seed):
    before = shipped()
    try:
        after, _ = refit(before, impostors(count, seed, middle, width))
    except InvalidInput:
        return

    assert after.threshold(1e-6) > after.threshold(1e-3) > after.threshold(0.1)
    assert after.threshold(0.1) == pytest.approx(
        np.tanh(np.arctanh(middle) + 1.28 * width / (1 - middle**2)), abs=0.02
    )
