"""The small embedder: our own file, in a space of its own, that tells the portraits apart."""

import numpy as np
import pytest

from tests.usecases.enrolled import portrait
from visavis.core.settings import ImageOptions, load_settings
from visavis.core.types import Feature
from visavis.entry.wiring import build_analyzer
from visavis.vision.decoders.lite import SIZE, Lite
from visavis.vision.images import decode
from visavis.vision.weights.shelf import WeightShelf

PEOPLE = 12


@pytest.fixture(scope="module")
def lite(weights):
    settings = load_settings(pack="lite")
    return build_analyzer(settings, WeightShelf(settings.cache))


@pytest.fixture(scope="module")
def images(shared_data):
    return [
        [
            decode(portrait(shared_data, n, smiling=smiling).data, ImageOptions())
            for n in range(PEOPLE)
        ]
        for smiling in (False, True)
    ]


def vectors(analyzer, images):
    found = analyzer.analyze(images, {Feature.EMBEDDING})
    return np.stack([faces.embeddings[0] for faces in found])


def test_people_are_told_apart_by_two_pictures_of_each(lite, images):
    calm, smiling = (vectors(lite, looks) for looks in images)
    assert calm.shape == (PEOPLE, 128)
    np.testing.assert_allclose(np.linalg.norm(calm, axis=1), 1, atol=1e-5)
    cosines = smiling @ calm.T
    assert (cosines.argmax(axis=1) == np.arange(PEOPLE)).all()
    strangers = cosines[~np.eye(PEOPLE, dtype=bool)]
    assert cosines.diagonal().mean() > strangers.mean() + 4 * strangers.std() / 2


def test_its_space_says_nothing_beside_the_default_one(lite, analyzer, images):
    ours, theirs = vectors(lite, images[0]), vectors(analyzer, images[1])
    cosines = ours @ theirs.T
    right = cosines.diagonal().mean() - cosines[~np.eye(PEOPLE, dtype=bool)].mean()
    assert abs(right) < 0.1
    assert (cosines.argmax(axis=1) == np.arange(PEOPLE)).mean() < 0.4


def test_faces_are_cut_out_as_for_the_default_one_but_nearer(lite, analyzer, images):
    image = images[0][0]
    faces = lite.mesh([(image, lite.detect(image))])[0]
    near, wide = (each.embed.decoder.align(faces)[0] for each in (lite, analyzer))
    middle = np.linalg.inv(np.vstack([near, [0, 0, 1]])) @ [SIZE / 2, SIZE / 2, 1]
    np.testing.assert_allclose(wide @ middle, [75, 75], atol=0.01)
    assert np.linalg.norm(near[:, 0]) / np.linalg.norm(wide[:, 0]) == pytest.approx(0.768)


def test_the_input_is_colours_as_they_are():
    chip = np.full((SIZE, SIZE, 3), (10, 20, 30), np.uint8)
    ready = Lite().prepare([chip, chip])
    assert ready.shape == (2, 3, SIZE, SIZE)
    assert ready[0, :, 5, 5].tolist() == [10, 20, 30]
