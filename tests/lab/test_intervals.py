import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.lab.intervals import Z95, bootstrap, wilson


@given(st.integers(1, 5000), st.floats(0, 1))
def test_wilsons_ends_solve_its_equation(trials, share):
    hits = round(trials * share)

    for end in wilson(hits, trials):
        # By definition the observed rate lies 1.96 standard errors from each end.
        error = np.sqrt(end * (1 - end) / trials)
        assert abs(hits / trials - end) == pytest.approx(Z95 * error, abs=1e-7)


def test_bootstrap_of_a_mean_agrees_with_theory_and_repeats_itself():
    data = np.random.default_rng(1).normal(5, 2, 400)

    low, high = bootstrap(lambda rng: np.array([rng.choice(data, 400).mean()]))[:, 0]

    standard_error = data.std() / 20
    assert low == pytest.approx(data.mean() - Z95 * standard_error, abs=0.25 * standard_error)
    assert high == pytest.approx(data.mean() + Z95 * standard_error, abs=0.25 * standard_error)
    assert (
        bootstrap(lambda rng: rng.random(1)).tolist()
        == bootstrap(lambda rng: rng.random(1)).tolist()
    )
