"""Matching and average precision against slow, obvious definitions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.lab.precision import (
    Outcome,
    average_precision,
    match,
    rank,
    recall_precision,
)
from visavis.vision.stages.suppress import overlaps

corner = st.integers(0, 12)
box = st.tuples(corner, corner, st.integers(0, 8), st.integers(0, 8)).map(
    lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3])
)
confidence = st.integers(0, 10).map(lambda n: n / 10)


def array(boxes):
    return np.array(boxes, np.float32).reshape(-1, 4)


@given(
    st.lists(st.tuples(box, confidence), max_size=8),
    st.lists(st.tuples(box, st.booleans()), max_size=6),
)
def test_matching_follows_the_rule_read_aloud(found, marked):
    iou = overlaps(array([b for b, _ in found]), array([b for b, _ in marked]))
    scores = np.array([s for _, s in found], np.float32)

    outcomes = match(iou, scores, np.array([ignored for _, ignored in marked], bool))

    taken = set()
    for i in sorted(range(len(found)), key=lambda i: (-found[i][1], i)):
        free = [j for j, (_, ignored) in enumerate(marked) if not ignored and j not in taken]
        best = max(free, key=lambda j: (iou[i, j], -j), default=None)
        if best is not None and iou[i, best] >= 0.5:
            taken.add(best)
            assert outcomes[i] == Outcome.RIGHT
        elif any(ignored and iou[i, j] >= 0.5 for j, (_, ignored) in enumerate(marked)):
            assert outcomes[i] == Outcome.IGNORED
        else:
            assert outcomes[i] == Outcome.WRONG


@st.composite
def rankings(draw):
    """Pictures with scored outcomes, and more faces wanted than found."""
    pictures = draw(
        st.lists(
            st.lists(st.tuples(confidence, st.sampled_from([-1, 0, 1])), max_size=8),
            min_size=1,
            max_size=5,
        )
    )
    missed = draw(st.lists(st.integers(0, 3), min_size=len(pictures), max_size=len(pictures)))
    wanted = [sum(o == 1 for _, o in p) + m for p, m in zip(pictures, missed, strict=True)]
    return pictures, wanted


def ranked(pictures, wanted):
    return rank(
        [np.array([s for s, _ in p], np.float32) for p in pictures],
        [np.array([o for _, o in p], np.int8) for p in pictures],
        np.array(wanted),
    )


@given(rankings())
def test_ap_is_the_mean_of_the_best_precision_at_each_recall(case):
    pictures, wanted = case
    counted = [(s, o) for p in pictures for s, o in p if o != 0]
    total = sum(wanted)

    curve = []
    for threshold in {s for s, _ in counted}:
        kept = [o for s, o in counted if s >= threshold]
        curve.append((kept.count(1), kept.count(1) / len(kept)))
    best = [max((p for right, p in curve if right >= k), default=0) for k in range(1, total + 1)]

    if total:
        assert average_precision(ranked(pictures, wanted)) == pytest.approx(sum(best) / total)
    else:
        assert np.isnan(average_precision(ranked(pictures, wanted)))


@given(rankings(), st.floats(0.1, 5), st.randoms())
def test_ap_depends_on_neither_the_scale_of_scores_nor_the_order_of_pictures(case, scale, random):
    pictures, wanted = case
    order = list(range(len(pictures)))
    random.shuffle(order)
    other = [[(s * scale, o) for s, o in pictures[i]] for i in order]

    assert average_precision(ranked(other, [wanted[i] for i in order])) == pytest.approx(
        average_precision(ranked(pictures, wanted)), nan_ok=True
    )


@given(rankings(), st.data())
def test_weights_are_repetitions(case, data):
    pictures, wanted = case
    weights = data.draw(st.lists(st.integers(0, 3), min_size=len(wanted), max_size=len(wanted)))
    repeated = [i for i, weight in enumerate(weights) for _ in range(weight)]

    weighted = average_precision(ranked(pictures, wanted), np.array(weights))

    assert weighted == pytest.approx(
        average_precision(ranked([pictures[i] for i in repeated], [wanted[i] for i in repeated])),
        nan_ok=True,
    )


def test_recall_and_precision_at_a_score():
    ranking = ranked([[(0.9, 1), (0.8, -1), (0.8, 0)], [(0.3, 1)]], [2, 2])

    assert recall_precision(ranking, 0.5) == (0.25, 0.5)
    assert recall_precision(ranking, 0.0) == (0.5, 2 / 3)
    assert np.isnan(recall_precision(ranking, 1.0)[1])
