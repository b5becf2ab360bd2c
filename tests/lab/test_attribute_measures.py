"""Figures of heads: right by hand, never outside their range, and by group."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.core.attributes import AGE_BINS, CLASSES, Head
from visavis.lab.attribute_measures import (
    accuracy_name,
    groups_of,
    measure,
    measure_groups,
    measure_unknown,
    worst_gap,
)

SHARES = {"accuracy", "bin_accuracy", "within_one_bin"}


def says(head, *words):
    """Return probabilities that are sure of each word in turn."""
    places = [CLASSES[head].index(word) for word in words]
    return np.eye(len(CLASSES[head]), dtype=np.float32)[places]


def truth_of(head, *words):
    return np.array([CLASSES[head].index(word) for word in words])


def test_accuracy_is_the_share_of_likeliest_classes_that_are_right():
    head = Head.GENDER
    figures = measure(head, says(head, "female", "female", "male"), truth_of(head, *["female"] * 3))

    assert figures["accuracy"] == pytest.approx(2 / 3)
    assert figures["faces"] == 3
    assert figures["ece"] == pytest.approx(1 / 3)
    assert figures["intervals"]["accuracy"] == pytest.approx((0.2077, 0.9385), abs=1e-4)


def test_age_is_measured_in_bins_and_in_years():
    head = Head.AGE
    figures = measure(head, says(head, "20-29", "30-39", "50-59"), truth_of(head, *["20-29"] * 3))

    assert figures["bin_accuracy"] == pytest.approx(1 / 3)
    assert figures["within_one_bin"] == pytest.approx(2 / 3)
    assert figures["mae_years"] == figures["mae_of_bin"] == pytest.approx((0 + 10 + 30) / 3)


def test_the_expected_age_counts_not_the_likeliest_bin_alone():
    half = (says(Head.AGE, "20-29") + says(Head.AGE, "30-39")) / 2
    figures = measure(Head.AGE, half, truth_of(Head.AGE, "20-29"))

    assert figures["mae_years"] == pytest.approx(5)
    assert figures["mae_of_bin"] == 0


@given(st.sampled_from(sorted(Head)), st.integers(0, 2**32 - 1), st.integers(1, 60))
def test_figures_lie_within_their_ranges_and_their_intervals(head, seed, n):
    dice = np.random.default_rng(seed)
    classes = len(CLASSES[head])
    probabilities = dice.dirichlet(np.ones(classes), n).astype(np.float32)
    figures = measure(head, probabilities, dice.integers(classes, size=n))

    assert figures["faces"] == n
    assert 0 <= figures["ece"] <= 1
    assert accuracy_name(head) in figures
    for name, (low, high) in figures["intervals"].items():
        assert low - 1e-9 <= figures[name] <= high + 1e-9 or name not in SHARES
        assert 0 <= low <= high <= (1 if name in SHARES else 85)


def test_the_same_faces_always_give_the_same_intervals():
    dice = np.random.default_rng(7)
    probabilities = dice.dirichlet(np.ones(9), 50).astype(np.float32)
    truth = dice.integers(9, size=50)

    assert measure(Head.AGE, probabilities, truth) == measure(Head.AGE, probabilities, truth)


def test_unknown_is_what_is_less_sure_than_the_limit():
    probabilities = np.array([[0.55, 0.45], [0.9, 0.1], [0.2, 0.8]], np.float32)
    found = measure_unknown(probabilities, np.array([1, 0, 0]), 0.8)

    assert found["share"] == pytest.approx(1 / 3)
    assert found["accuracy"] == pytest.approx(0.5)
    assert measure_unknown(probabilities, np.array([1, 0, 0]), 0.95) == {
        "below": 0.95,
        "share": 1.0,
        "accuracy": None,
        "interval": None,
    }


def people():
    return [
        {Head.AGE: 3, Head.GENDER: 0, Head.RACE: 0},
        {Head.AGE: 3, Head.GENDER: 0, Head.RACE: 0},
        {Head.AGE: 3, Head.GENDER: 1},
        {Head.EMOTION: 2},
    ]


def test_groups_are_classes_alone_and_age_gender_race_together():
    found = {name: mask.tolist() for name, mask in groups_of(people()).items()}

    assert found == {
        "age=20-29": [True, True, True, False],
        "gender=female": [True, True, False, False],
        "gender=male": [False, False, True, False],
        "race=black": [True, True, False, False],
        "emotion=fear": [False, False, False, True],
        "age=20-29,gender=female,race=black": [True, True, False, False],
    }


def test_groups_have_their_own_accuracy_and_interval():
    head = Head.GENDER
    groups = {"some": np.array([True, True, False]), "none": np.zeros(3, bool)}
    found = measure_groups(head, says(head, "male", "male", "male"), np.array([1, 0, 0]), groups)

    assert list(found) == ["some"]
    assert found["some"]["faces"] == 2
    assert found["some"]["accuracy"] == 0.5
    assert found["some"]["interval"] == pytest.approx((0.0945, 0.9055), abs=1e-4)


truths = st.lists(
    st.fixed_dictionaries(
        {}, optional={head: st.integers(0, len(CLASSES[head]) - 1) for head in Head}
    ),
    min_size=1,
    max_size=20,
)


@given(truths)
def test_classes_of_one_head_share_out_those_who_have_a_label(faces):
    found = groups_of(faces)

    for head in Head:
        own = [
            mask for name, mask in found.items() if name.startswith(f"{head}=") and "," not in name
        ]
        known = [head in face for face in faces]
        assert sum(own, np.zeros(len(faces), int)).tolist() == known


def test_the_gap_counts_large_groups_only():
    groups = {
        "a": {"faces": 50, "accuracy": 0.9},
        "b": {"faces": 400, "accuracy": 0.75},
        "c": {"faces": 49, "accuracy": 0.1},
    }

    assert worst_gap(groups) == {"gap": pytest.approx(0.15), "best": "a", "worst": "b"}
    assert worst_gap({"a": groups["a"], "c": groups["c"]}) is None


def test_every_age_bin_has_a_name_a_group_can_carry():
    assert [next(iter(groups_of([{Head.AGE: i}]))) for i in range(9)] == [
        f"age={name}" for name in AGE_BINS
    ]
