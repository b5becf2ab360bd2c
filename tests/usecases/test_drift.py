from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from visavis.core.attributes import CLASSES, Head
from visavis.core.errors import WeightsCorrupt
from visavis.core.types import QUALITY_PARTS, Answers, Faces
from visavis.usecases.drift import (
    LEAST_FACES,
    QUALITY,
    WINDOW,
    Drift,
    Fading,
    Level,
    stability,
    tenths,
)
from visavis.vision.heads.card import CropSpec, HeadCard, HeadFacts

EVEN = (0.5, 0.5)
AGES = (0.02, 0.05, 0.1, 0.3, 0.25, 0.15, 0.08, 0.04, 0.01)


def card(version="v1", quality=(0.1,) * 10, **shares):
    shares = shares or {"gender": EVEN}
    return HeadCard(
        version=version,
        crop=CropSpec(size=32, padding=0.25),
        heads={
            Head(head): HeadFacts(unknown_below=0, temperature=1, shares=part)
            for head, part in shares.items()
        },
        quality_shares=quality,
        licence="Apache-2.0",
        provenance="made for tests",
    )


def drift_of(*cards: HeadCard) -> Drift:
    return Drift(lambda: {head: card for card in cards for head in card.heads})


def seen(n, version="v1", quality=None, **shares):
    """Return n faces about which each head says the same."""
    empty = Faces.none()
    return (
        Faces(
            np.zeros((n, 4), np.float32),
            np.zeros(n, np.float32),
            np.zeros((n, 5, 2), np.float32),
            heads={
                Head(head): Answers(np.tile(np.float32(part), (n, 1)), version)
                for head, part in shares.items()
            },
            quality=None
            if quality is None
            else np.full((n, len(QUALITY_PARTS)), quality, np.float32),
        )
        if n
        else empty
    )


shares_of = (
    st.integers(2, 10)
    .flatmap(
        lambda k: st.tuples(
            *[hnp.arrays(np.float64, k, elements=st.floats(0, 1)).filter(lambda a: a.sum() > 0.01)]
            * 2
        )
    )
    .map(lambda pair: tuple(part / part.sum() for part in pair))
)


@given(shares_of)
def test_stability_is_never_negative_symmetric_and_zero_for_equals(pair):
    p, q = pair
    assert stability(p, q) >= 0
    assert stability(p, q) == pytest.approx(stability(q, p))
    assert stability(p, p) == 0
    assert stability(p, q) < 20  # smoothed: an empty class makes it large, not infinite


@given(
    hnp.arrays(np.float64, st.tuples(st.integers(1, 300), st.just(3)), elements=st.floats(0, 1)),
    st.lists(st.integers(0, 300), max_size=5),
)
def test_forgetting_is_bounded_and_splitting_changes_nothing(rows, cuts):
    whole, parts = Fading(np.zeros(3)), Fading(np.zeros(3))
    whole.add(rows)
    for part in np.split(rows, sorted(min(cut, len(rows)) for cut in cuts)):
        parts.add(part)
    assert 0 < whole.weight <= min(len(rows), WINDOW)
    assert parts.weight == pytest.approx(whole.weight)
    assert parts.sums == pytest.approx(whole.sums)
    assert (whole.sums <= whole.weight + 1e-9).all()


def test_old_faces_are_forgotten():
    fading = Fading(np.zeros(2))
    fading.add(np.tile([1.0, 0.0], (20_000, 1)))
    assert fading.weight == pytest.approx(WINDOW, rel=1e-3)
    fading.add(np.tile([0.0, 1.0], (20_000, 1)))
    assert fading.sums / fading.weight == pytest.approx([0, 1], abs=1e-3)
    assert fading.weight <= WINDOW


def test_nothing_is_said_about_too_few_faces():
    drift = drift_of(card())
    drift.count(Faces.none())
    drift.count(seen(LEAST_FACES - 1, gender=(0.9, 0.1)))
    gender, quality = drift.readings()
    assert (gender.psi, gender.shift, gender.seen, gender.most) == (None, None, (), "")
    assert gender.level is Level.TOO_FEW
    assert 0 < gender.faces < LEAST_FACES
    assert (quality.subject, quality.faces) == (QUALITY, 0)


@pytest.mark.parametrize(
    ("now", "level"),
    [(0.5, Level.ALIKE), (0.62, Level.ALIKE), (0.68, Level.MOVED), (0.9, Level.APART)],
)
def test_a_class_that_grows_is_named_with_its_change(now, level):
    drift = drift_of(card())
    drift.count(seen(1000, gender=(now, 1 - now)))
    reading = drift.readings()[0]
    assert (reading.subject, reading.version, reading.level) == ("gender", "v1", level)
    assert reading.shift is not None
    assert abs(reading.shift) == pytest.approx(now - 0.5, abs=1e-6)
    assert reading.seen == pytest.approx((now, 1 - now), abs=1e-6)


def test_age_moves_in_years_and_quality_in_points():
    older = tuple(reversed(AGES))
    drift = drift_of(card(age=AGES, quality=(0, 0, 0, 0, 0, 0, 0, 0, 1, 0)))
    drift.count(seen(500, age=older, quality=45.0))
    age, quality = drift.readings()
    assert age.shift == pytest.approx(37.8 - 32.6, abs=0.1)
    assert age.level is quality.level is Level.APART
    assert quality.shift == pytest.approx(-40)
    assert quality.most in {"40-50", "80-90"}


def test_a_new_version_starts_a_new_count_and_quality_goes_on():
    serving = [card("v1")]
    drift = Drift(lambda: dict.fromkeys(serving[0].heads, serving[0]))
    drift.count(seen(500, "v1", quality=85, gender=(0.9, 0.1)))
    serving[0] = card("v2")
    gender, quality = drift.readings()
    assert (gender.version, gender.faces, gender.psi) == ("v2", 0, None)
    assert quality.psi is not None
    drift.count(seen(500, "v2", gender=EVEN))
    drift.count(seen(10, "v1", gender=(0.9, 0.1)))  # a picture the old file was still at
    assert drift.readings()[0].psi == pytest.approx(0, abs=1e-6)


def test_a_card_that_states_no_fitting_shares_is_left_out():
    drift = drift_of(card(gender=(1.0,), quality=None))
    drift.count(seen(500, gender=EVEN, quality=50))
    assert drift.readings() == []


def test_heads_that_cannot_be_loaded_leave_no_reading():
    def cards():
        raise WeightsCorrupt("broken; roll back")

    assert Drift(cards).readings() == []


@pytest.mark.parametrize(
    ("quality", "tenth"), [(0, 0), (9.99, 0), (10, 1), (99, 9), (100, 9), (np.nan, None)]
)
def test_quality_is_counted_by_tenths(quality, tenth):
    rows = tenths(np.array([quality], np.float32))
    assert rows.argmax(axis=1).tolist() == ([] if tenth is None else [tenth])


def test_threads_may_count_at_once():
    drift = drift_of(card())
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: drift.count(seen(1, gender=EVEN)), range(2000)))
    expected = Fading(np.zeros(2))
    expected.add(np.tile(EVEN, (2000, 1)))
    assert drift.readings()[0].faces == pytest.approx(expected.weight)


def test_every_head_has_its_classes():
    shares = {head.value: (1 / len(CLASSES[head]),) * len(CLASSES[head]) for head in Head}
    readings = drift_of(card(quality=None, **shares)).readings()
    assert {r.subject: tuple(r.classes) for r in readings} == {h.value: CLASSES[h] for h in Head}
