"""A map fitted on real faces, without names, lets old templates be searched by a new embedder."""

import numpy as np
import pytest

from tests.lab.portrait_files import piece
from visavis.core.settings import ImageOptions
from visavis.core.types import Feature
from visavis.index.harmonic_fit import fit_harmonic
from visavis.lab.impostors import embed_portraits
from visavis.lab.portraits import PortraitReader, for_portraits
from visavis.lab.roots import open_root
from visavis.vision.images import decode

OLD, NEW = "dlib_resnet@1", "other@1"


def other_embedder(vectors):
    """Another network's view of the same faces: 96 numbers, turned, cut off below 0, noisy."""
    rng = np.random.default_rng(0)
    seen = np.maximum((vectors - CENTRE) @ rng.normal(size=(vectors.shape[1], 96)), 0)
    seen = seen + 0.05 * rng.normal(size=seen.shape)
    return (seen / np.linalg.norm(seen, axis=1, keepdims=True)).astype(np.float32)


CENTRE = 0.05


@pytest.fixture(scope="module")
def strangers(analyzer, shared_data, tmp_path_factory):
    """Vectors of faces without names."""
    folder, (_, *rows) = piece(shared_data, "fairface", tmp_path_factory.mktemp("faces"), 300)
    pipeline = for_portraits(analyzer)
    reader = PortraitReader(pipeline, open_root(folder, 10_000_000), ImageOptions(), workers=2)
    return embed_portraits(pipeline, reader.read([row[0] for row in rows]))[1]


@pytest.fixture(scope="module")
def people(analyzer, shared_data):
    """Vectors (30, 2, 128) of people who were photographed twice."""

    def vector(path):
        image = decode(path.read_bytes(), ImageOptions())
        return analyzer.analyze([image], {Feature.EMBEDDING})[0].embeddings[0]

    looks = ("neutral", "smiling")
    folders = sorted(path for path in (shared_data / "london").iterdir() if path.is_dir())
    return np.stack([[vector(folder / f"{look}.jpg") for look in looks] for folder in folders])


@pytest.mark.slow
def test_old_templates_are_found_by_probes_of_the_new_embedder(strangers, people):
    fitted = fit_harmonic(OLD, NEW, strangers, other_embedder(strangers))

    templates = fitted.apply(people[:, 0])
    probes = other_embedder(people[:, 1])

    cosines = probes @ templates.T
    assert fitted.agreement.nearest > 0.95
    assert (cosines.argmax(axis=1) == np.arange(len(people))).mean() >= 0.95
    own = other_embedder(people[:, 0])
    assert np.einsum("nd,nd->n", templates, own).mean() > np.mean(own @ own.T) + 0.05
