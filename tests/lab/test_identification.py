"""Open-set identification: who is dealt where, and what is counted."""

import dataclasses
import json
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.core.errors import InvalidInput
from visavis.lab.identification import report
from visavis.lab.open_set import plan, search


def names_of(person, count):
    return tuple(f"{person}/{i}" for i in range(count))


def people(*counts):
    return {f"p{i}": names_of(f"p{i}", count) for i, count in enumerate(counts)}


def vectors(crowd, noise, seed=0):
    """A noisy unit vector of each picture around its person's own."""
    rng = np.random.default_rng(seed)
    found = {}
    for names in crowd.values():
        middle = rng.normal(size=32)
        for name in names:
            vector = middle + noise * rng.normal(size=32)
            found[name] = (vector / np.linalg.norm(vector)).astype(np.float32)
    return found


def judged(crowd, embeddings, enrolled=1):
    return report(plan(crowd, enrolled), embeddings, "default", "other@1", enrolled)


@given(st.lists(st.integers(1, 6), min_size=2, max_size=12), st.integers(1, 3))
def test_every_picture_is_dealt_once_and_strangers_are_nobody_of_the_gallery(counts, enrolled):
    crowd = people(*counts)
    try:
        dealt = plan(crowd, enrolled)
    except InvalidInput:
        assert sum(count > enrolled for count in counts) < 2
        return

    assert sorted(dealt.names) == sorted(name for names in crowd.values() for name in names)
    assert set(dealt.gallery) == set(dealt.mated)
    assert not set(dealt.gallery) & set(dealt.strangers)
    assert all(len(names) == enrolled for names in dealt.gallery.values())
    assert all(dealt.mated.values())
    assert len(dealt.gallery) == sum(count > enrolled for count in counts) // 2


def test_the_plan_does_not_depend_on_the_order_of_anything():
    crowd = people(3, 4, 5, 2, 1, 6)
    shuffled = list(crowd.items())
    random.Random(1).shuffle(shuffled)
    other = {person: tuple(reversed(names)) for person, names in shuffled}

    a, b = plan(crowd), plan(other)

    assert (a.gallery, a.mated) == (b.gallery, b.mated)
    assert {p: set(n) for p, n in a.strangers.items()} == {
        p: set(n) for p, n in b.strangers.items()
    }


def test_people_far_apart_are_all_found_and_nobody_else_is():
    crowd = people(*[4] * 40, *[1] * 60)

    figures = judged(crowd, vectors(crowd, noise=0.1))

    assert (figures.gallery, figures.mated, figures.non_mated) == (20, 60, 140)
    assert (figures.probes, figures.people, figures.templates) == (200, 100, 20)
    assert figures.rank1 == 1
    assert figures.fnir_at_fpir == {"0.1": 0, "0.01": 0, "0.001": None}
    assert figures.intervals["rank1"] == pytest.approx((0.94, 1), abs=0.001)
    assert figures.failures_to_acquire == 0
    assert figures.as_calibrated is None, "nobody calibrated this embedder"


def test_misses_rise_as_fewer_strangers_may_be_named():
    crowd = people(*[5] * 60, *[2] * 400)

    figures = judged(crowd, vectors(crowd, noise=1.3))

    rates = [figures.fnir_at_fpir[rate] for rate in ("0.1", "0.01")]
    assert 0 < 1 - figures.rank1 < rates[0] < rates[1] < 1
    for rate, value in zip(("0.1", "0.01"), rates, strict=True):
        low, high = figures.intervals["fnir_at_fpir"][rate]
        assert low <= value <= high
        assert figures.thresholds[rate] > 0


def test_the_figures_are_those_of_counting_by_hand():
    crowd = people(*[3] * 12, *[1] * 20)
    dealt, embeddings = plan(crowd), vectors(crowd, noise=1.5)
    figures = judged(crowd, embeddings)

    def candidates(name):
        scores = {
            person: max(float(embeddings[name] @ embeddings[other]) for other in names)
            for person, names in dealt.gallery.items()
        }
        return max(scores.items(), key=lambda item: item[1])

    alarms = [candidates(name)[1] for names in dealt.strangers.values() for name in names]
    found = [(p, *candidates(name)) for p, names in dealt.mated.items() for name in names]
    threshold = figures.thresholds["0.1"]
    reached = [score >= threshold - 1e-6 for score in alarms]
    misses = [who != person or score < threshold - 1e-6 for person, who, score in found]
    assert np.mean(reached) <= 0.1
    assert figures.rank1 == np.mean([person == who for person, who, _ in found])
    assert figures.fnir_at_fpir["0.1"] == pytest.approx(np.mean(misses))


def test_a_probe_without_a_face_misses_and_one_of_a_stranger_is_left_out():
    crowd = people(*[3] * 20, *[1] * 30)
    dealt, embeddings = plan(crowd), vectors(crowd, noise=0.1)
    mated = next(names[0] for names in dealt.mated.values())
    stranger = next(names[0] for names in dealt.strangers.values())
    del embeddings[mated], embeddings[stranger]

    figures = judged(crowd, embeddings)

    assert figures.rank1 == pytest.approx(1 - 1 / figures.mated)
    assert figures.fnir_at_fpir["0.1"] == pytest.approx(1 / figures.mated)
    assert figures.non_mated == sum(map(len, dealt.strangers.values())) - 1
    assert figures.probes == figures.mated + figures.non_mated + 1
    assert figures.failures_to_acquire == 2
    assert set(figures.without_face) == {mated, stranger}


def test_who_could_not_be_enrolled_is_missed_by_every_probe():
    crowd = people(*[4] * 10, *[1] * 30)
    dealt, embeddings = plan(crowd), vectors(crowd, noise=0.1)
    person, (template,) = next(iter(dealt.gallery.items()))
    del embeddings[template]

    figures = judged(crowd, embeddings)

    assert np.isneginf(search(dealt, embeddings).hits[person]).all()
    assert (figures.gallery, figures.templates) == (5, 4)
    assert figures.rank1 == pytest.approx(1 - 3 / figures.mated)


def test_of_several_templates_of_a_person_the_best_counts():
    crowd = people(*[6] * 30, *[1] * 400)
    embeddings = vectors(crowd, noise=1.2)

    one, three = judged(crowd, embeddings, 1), judged(crowd, embeddings, 3)

    assert three.templates == 3 * one.templates
    assert three.rank1 > one.rank1
    assert three.fnir_at_fpir["0.01"] < one.fnir_at_fpir["0.01"]


def test_a_known_embedder_is_also_judged_at_the_points_it_is_calibrated_for():
    crowd = people(*[3] * 20, *[1] * 60)
    embeddings = vectors(crowd, noise=0.1)

    figures = report(plan(crowd), embeddings, "default", "dlib_resnet@1")

    assert figures.as_calibrated is not None
    thresholds = [point["threshold"] for point in figures.as_calibrated.values()]
    assert thresholds == sorted(thresholds)
    assert all(0 <= point["fpir"] <= 1 for point in figures.as_calibrated.values())


def test_the_report_is_plain_json():
    crowd = people(*[3] * 10, *[1] * 20)
    figures = json.loads(json.dumps(dataclasses.asdict(judged(crowd, vectors(crowd, 0.5)))))

    assert {"gallery", "probes", "rank1", "fnir_at_fpir", "intervals"} <= set(figures)
    assert set(figures["fnir_at_fpir"]) == {"0.1", "0.01", "0.001"}


def test_what_cannot_be_judged_is_refused_with_a_sentence():
    crowd = people(3, 3, 1)
    with pytest.raises(InvalidInput, match="at least 2 pictures"):
        plan(people(3, 1, 1))
    with pytest.raises(InvalidInput, match="pictures to enrol"):
        judged(crowd, {})
    dealt, embeddings = plan(crowd), vectors(crowd, 0.1)
    kept = {name: embeddings[name] for names in dealt.gallery.values() for name in names}
    with pytest.raises(InvalidInput, match="not enrolled"):
        judged(crowd, kept)
