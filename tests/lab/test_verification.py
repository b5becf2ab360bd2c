import dataclasses
import json

import numpy as np
import pytest

from visavis.core.errors import InvalidInput
from visavis.lab.curves import best_threshold
from visavis.lab.pairs import Pairs
from visavis.lab.verification import judge, report


def people(count, noise, seed=0):
    """Return two noisy unit vectors of each person, and pairs of the same and the next person."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(count, 1, 32))
    vectors = centres + noise * rng.normal(size=(count, 2, 32))
    vectors /= np.linalg.norm(vectors, axis=-1, keepdims=True)
    embeddings = {
        f"{p}/{i}": vectors[p, i].astype(np.float32) for p in range(count) for i in (0, 1)
    }
    first = tuple(f"{p}/0" for p in range(count)) * 2
    second = tuple(f"{p}/1" for p in range(count))
    second += tuple(f"{(p + 1) % count}/1" for p in range(count))
    same = np.arange(2 * count) < count
    return Pairs(first, second, same, np.arange(2 * count) % 10), embeddings


def figures_of(case):
    pairs, embeddings = case
    return report(pairs, embeddings, "default")


def test_people_far_apart_are_told_apart():
    figures = figures_of(people(200, noise=0.1))

    assert (figures.pairs, figures.genuine, figures.impostor) == (400, 200, 200)
    assert figures.accuracy == 1
    assert figures.accuracy_std == 0
    assert figures.eer == 0
    assert figures.tar_at_far == {"0.01": 1.0, "0.001": None, "0.0001": None}
    assert figures.intervals["accuracy"] == pytest.approx((0.9905, 1), abs=1e-4)
    assert figures.failures_to_acquire == 0


def test_pictures_without_a_face_count_as_errors():
    pairs, embeddings = people(200, noise=0.1)
    del embeddings["7/0"], embeddings["9/1"]

    figures = report(pairs, embeddings, "default")

    # 7/0 spoils its genuine and its impostor pair, 9/1 its genuine one and the one of 8.
    assert figures.failures_to_acquire == 2
    assert figures.failed_pairs == 4
    assert figures.accuracy == pytest.approx(396 / 400)
    assert figures.tar_at_far["0.01"] == pytest.approx(198 / 200)
    assert 0 < figures.eer <= 0.01


def test_figures_of_overlapping_people_lie_in_their_intervals():
    figures = figures_of(people(1000, noise=2.0))

    assert 0.6 < figures.accuracy < 0.99
    low, high = figures.intervals["eer"]
    assert low < figures.eer < high
    low, high = figures.intervals["tar_at_far"]["0.001"]
    assert low <= figures.tar_at_far["0.001"] <= high
    assert figures.tar_at_far["0.001"] <= figures.tar_at_far["0.01"]
    assert figures.tar_at_far["0.0001"] is None, "1,000 impostor pairs cannot show 1 in 10,000"


def test_a_rotation_of_all_embeddings_changes_nothing():
    pairs, embeddings = people(300, noise=1.5)
    rotation, _ = np.linalg.qr(np.random.default_rng(2).normal(size=(32, 32)))
    rotated = {name: vector.astype(np.float64) @ rotation for name, vector in embeddings.items()}

    before, after = report(pairs, embeddings, "default"), report(pairs, rotated, "default")

    assert after.accuracy == before.accuracy
    assert after.eer == pytest.approx(before.eer)


def test_each_fold_is_judged_with_the_threshold_of_the_others():
    pairs, _ = people(50, noise=1.0)
    scores = np.random.default_rng(3).normal(pairs.same * 1.0)

    right = judge(scores, pairs)

    for fold in range(10):
        others = pairs.folds != fold
        threshold = best_threshold(scores[others & pairs.same], scores[others & ~pairs.same])
        for i in np.flatnonzero(~others):
            assert right[i] == ((scores[i] >= threshold) == pairs.same[i])


def test_the_report_is_plain_json():
    figures = dataclasses.asdict(figures_of(people(20, noise=1.0)))

    assert json.loads(json.dumps(figures))["pack"] == "default"


def test_a_run_in_which_nobody_could_be_compared_is_refused():
    pairs, _ = people(5, noise=1.0)

    with pytest.raises(InvalidInput, match="could be compared"):
        report(pairs, {}, "default")
