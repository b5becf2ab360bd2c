"""A curve through points: through every one, never rising, back again."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.index.falling_curve import FallingCurve

steps = st.floats(0.001, 10)


@st.composite
def curves(draw):
    count = draw(st.integers(3, 12))
    widths = [draw(steps) for _ in range(count)]
    drops = [draw(steps) for _ in range(count)]
    return FallingCurve(np.cumsum(widths), -np.cumsum(drops))


@given(curves())
def test_it_goes_through_its_points(curve):
    assert curve.at(curve.x) == pytest.approx(curve.y, abs=1e-9)


@given(curves(), st.lists(st.floats(-200, 200), min_size=2, max_size=20))
def test_it_never_rises(curve, xs):
    heights = curve.at(np.sort(np.array(xs)))

    assert (np.diff(heights) <= 1e-9).all()


@given(curves(), st.floats(-300, 100))
def test_the_way_back_leads_to_the_same_height(curve, height):
    there = curve.at(np.array([curve.where(height)]))[0]

    assert there == pytest.approx(height, abs=1e-6, rel=1e-9)


@given(curves())
def test_it_has_no_kinks_where_it_goes_on_beyond_its_points(curve):
    step = 1e-9
    for end in (curve.x[0], curve.x[-1]):
        before, at, after = curve.at(np.array([end - step, end, end + step]))
        assert (at - before) / step == pytest.approx((after - at) / step, rel=0.02, abs=0.02)


@pytest.mark.parametrize(
    ("x", "y"), [([0, 1], [1, 0]), ([0, 1, 1], [3, 2, 1]), ([0, 1, 2], [3, 3, 1])]
)
def test_points_that_do_not_fall_are_refused(x, y):
    with pytest.raises(ValueError, match="three points"):
        FallingCurve(np.array(x, float), np.array(y, float))
