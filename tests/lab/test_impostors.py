"""Pairs of different people: all of them, and what a stated rate is on them."""

import itertools

import numpy as np
import pytest

from tests.index.shipped import shipped
from tests.lab.portrait_files import piece, text_of
from visavis.core.attributes import Head
from visavis.core.errors import InvalidInput
from visavis.core.settings import ImageOptions
from visavis.core.types import Feature
from visavis.lab.identification import embedding_of
from visavis.lab.impostors import adults, embed_portraits, impostors, observed_rates
from visavis.lab.labels import read_labels
from visavis.lab.people import read_people
from visavis.lab.portraits import PortraitReader, for_portraits
from visavis.lab.roots import open_root
from visavis.lab.subjects import Survey


def unit(count, seed=0):
    drawn = np.random.default_rng(seed).normal(size=(count, 16))
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


def test_every_pair_of_different_people_counts_once():
    vectors, people = unit(6), ["a", "b", "a", "c", "b", "a"]

    scores = impostors(vectors, people)

    wanted = [
        float(vectors[i] @ vectors[j])
        for i, j in itertools.combinations(range(6), 2)
        if people[i] != people[j]
    ]
    assert scores == pytest.approx(wanted, abs=1e-6)
    assert len(impostors(vectors)) == 15


def test_only_adults_are_taken_and_those_without_an_age_are_not():
    text = "file,age,gender\na,10-19,male\nb,20-29,male\nc,,male\nd,70+,female\n"

    chosen = adults(read_labels(text))

    assert [item.file for item in chosen] == ["b", "d"]
    assert all(Head.AGE in item.truth for item in chosen)


def test_portraits_become_vectors_and_the_faceless_are_left_out(analyzer, shared_data, tmp_path):
    folder, rows = piece(shared_data, "fairface", tmp_path, 20)
    labelled = adults(read_labels(text_of(rows)))
    (folder / "grey.png").write_bytes((folder / labelled[0].file).read_bytes()[:0])
    pipeline = for_portraits(analyzer)
    reader = PortraitReader(pipeline, open_root(folder, 10_000_000), ImageOptions())

    names, vectors = embed_portraits(
        pipeline, reader.read([*(item.file for item in labelled), "grey.png"])
    )

    assert set(names) <= {item.file for item in labelled}
    assert vectors.shape == (len(names), 128)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    with pytest.raises(InvalidInput, match="no face"):
        embed_portraits(pipeline, [])


@pytest.fixture(scope="module")
def strangers(services, shared_data):
    """The cosines of impostors among people that the bundled curve was not fitted on."""
    root = shared_data / "lfw_dev" / "images.zip"
    names = {names[0]: person for person, names in read_people(root).items()}
    chosen = dict(list(names.items())[::4])
    survey, vectors, people = Survey(services.analyses, open_root(root, 10_000_000)), [], []
    for analysis in survey.run(list(chosen), {Feature.EMBEDDING}):
        vector = embedding_of(analysis.faces, analysis.width, analysis.height)
        if vector is not None:
            vectors.append(vector)
            people.append(chosen[analysis.name])
    return np.stack(vectors), people


@pytest.mark.slow
def test_stated_rates_are_observed_on_other_people_within_a_factor_of_two(strangers):
    vectors, people = strangers

    observed = observed_rates(shipped(), impostors(vectors, people))

    for rate, share in observed.items():
        assert 0.5 <= share / float(rate) <= 2, (rate, share)


@pytest.mark.slow
def test_a_stated_fpir_is_kept_in_a_real_gallery(strangers):
    vectors, _ = strangers
    curve, wide = shipped(), vectors.astype(np.float64)
    for size in (20, 50, 100):
        gallery, probes = wide[:size], wide[size:]
        best = (probes @ gallery.T).max(axis=1)
        for target in (0.3, 0.1):
            share = (best >= curve.threshold_for_fpir(target, size)).mean()
            assert 0.3 <= share / target <= 2, (size, target, share)
