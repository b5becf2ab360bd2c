"""Similarity to error rate and back: rules that hold for every curve, and the curve that ships."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.index.shipped import EMBEDDER, shipped
from visavis.core.errors import InvalidInput
from visavis.index.calibration import BUNDLED, Calibration, bundled


@st.composite
def calibrations(draw):
    """A curve as they may come: three to ten points, far apart or near each other."""
    count = draw(st.integers(3, 10))
    gap = st.floats(0.01, 1)
    places = np.cumsum([draw(gap) for _ in range(count)])
    drops = np.cumsum([draw(st.floats(0.1, 3)) for _ in range(count)])
    rates = 1 / (1 + np.exp(drops - drops[0] - draw(st.floats(-5, 5))))
    similarities = draw(st.floats(-0.9, 0)) + places / places[-1] * 0.85
    return Calibration(
        embedder=EMBEDDER,
        similarities=tuple(similarities.tolist()),
        rates=tuple(rates.tolist()),
        observed=float(rates[-1]),
    )


curves = st.just(shipped()) | calibrations()
cosines = st.floats(-1, 1)
rates = st.floats(1e-9, 0.999)
galleries = st.integers(1, 1_000_000)


@given(curves, cosines, cosines)
def test_more_alike_never_means_a_higher_rate(curve, a, b):
    low, high = sorted((a, b))

    assert 0 <= curve.fmr(high) <= curve.fmr(low) <= 1


@given(curves, rates)
def test_the_threshold_of_a_rate_has_that_rate(curve, rate):
    threshold = curve.threshold(rate)

    assert -1 <= threshold <= 1
    if abs(threshold) < 0.999:  # beyond, cosines lie closer together than rates
        assert curve.fmr(threshold) == pytest.approx(rate, rel=1e-6)


@given(curves, st.floats(-0.9, 0.99))
def test_the_rate_of_a_threshold_leads_back_to_it(curve, similarity):
    rate = curve.fmr(similarity)

    if 1e-12 < rate < 0.999:
        assert curve.threshold(rate) == pytest.approx(similarity, abs=1e-6)


@given(curves, cosines, galleries)
def test_among_more_people_somebody_is_found_more_often(curve, similarity, gallery):
    fmr, fpir = curve.fmr(similarity), curve.fpir(similarity, gallery)

    assert fmr * (1 - 1e-9) <= fpir <= 1
    assert fpir <= curve.fpir(similarity, gallery + 1) * (1 + 1e-9)


@given(curves, cosines, rates)
def test_a_gallery_of_one_is_one_comparison(curve, similarity, rate):
    assert curve.fpir(similarity, 1) == curve.fmr(similarity)
    assert curve.threshold_for_fpir(rate, 1) == curve.threshold(rate)
    assert curve.fpir(similarity, 0) == 0


@given(curves, rates, galleries)
def test_the_threshold_for_a_gallery_keeps_its_promise(curve, rate, gallery):
    threshold = curve.threshold_for_fpir(rate, gallery)

    assert threshold >= curve.threshold(rate)
    if abs(threshold) < 0.999:
        assert curve.fpir(threshold, gallery) == pytest.approx(rate, rel=1e-5)


@given(curves, st.lists(cosines, min_size=1, max_size=20))
def test_many_at_once_are_the_same_as_one_by_one(curve, similarities):
    together = curve.fmrs(np.array(similarities))

    assert together.tolist() == [curve.fmr(each) for each in similarities]


@given(curves)
def test_the_text_form_is_the_curve(curve):
    text = curve.as_json()

    assert Calibration.from_json(text) == curve
    assert Calibration.from_json(text.encode()).threshold(1e-3) == curve.threshold(1e-3)


def test_whoever_lets_everybody_in_has_no_threshold():
    curve = shipped()

    assert curve.threshold(1) == curve.threshold_for_fpir(1, 500) == -1


@pytest.mark.parametrize("rate", [0, -0.1, 1.5, float("nan")])
def test_rates_that_are_none_are_refused(rate):
    curve = shipped()

    with pytest.raises(InvalidInput, match="error rate"):
        curve.threshold(rate)
    with pytest.raises(InvalidInput, match="error rate"):
        curve.threshold_for_fpir(rate, 10)


def test_what_is_no_similarity_and_no_gallery_is_refused():
    curve = shipped()

    with pytest.raises(InvalidInput, match="not finite"):
        curve.fmr(float("nan"))
    with pytest.raises(InvalidInput, match="gallery"):
        curve.fpir(0.9, -1)


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("format", "visavis.calibration/2"),
        ("embedder", "../x"),
        ("similarities", [0.9, 0.8, 0.95]),
        ("similarities", [0.9, 0.95]),
        ("similarities", [0.7, 0.8, 1.0]),
        ("rates", [0.5, 0.1, 0.2]),
        ("rates", [1.0, 0.1, 0.01]),
        ("rates", [0.5, 0.1, 0]),
        ("rates", [0.5, 0.1, "nan"]),
        ("observed", 0),
        ("faces", []),
    ],
)
def test_a_text_that_is_no_falling_curve_is_refused(part, value):
    facts = {
        "format": "visavis.calibration/1",
        "embedder": EMBEDDER,
        "similarities": [0.7, 0.8, 0.9],
        "rates": [0.5, 0.1, 0.01],
        "observed": 0.01,
    }
    assert Calibration.from_json(json.dumps(facts)).fmr(0.8) == pytest.approx(0.1)

    with pytest.raises(InvalidInput, match="no calibration"):
        Calibration.from_json(json.dumps(facts | {part: value}))


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", "x" * 100_000])
def test_other_texts_are_refused(text):
    with pytest.raises(InvalidInput, match="calibration"):
        Calibration.from_json(text)


def test_the_curve_that_ships_says_how_it_was_made_and_how_far_it_was_seen():
    curve = shipped()

    assert curve.made["shape"]["pairs"] > 1_000_000
    assert "CC BY 4.0" in curve.made["shape"]["source"]
    assert not curve.is_extrapolated(1e-3)
    assert curve.is_extrapolated(1e-5)
    # The tail goes on as it came: each decade is a little narrower than the one before.
    decades = [curve.threshold(10.0**-k) for k in range(2, 8)]
    widths = np.diff(decades)
    assert (widths > 0).all()
    assert (np.diff(widths) < 0).all()


def test_every_file_that_ships_is_found_by_its_embedder():
    files = list(BUNDLED.glob("*.json"))

    assert EMBEDDER in {file.stem for file in files}
    for file in files:
        assert bundled(file.stem) == Calibration.from_json(file.read_bytes())
    assert bundled("unheard_of@1") is None
