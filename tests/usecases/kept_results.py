"""Results of made-up analyses, for tests that are not about finding faces."""

import hashlib
from io import BytesIO

import numpy as np
from PIL import Image

from visavis.core.attributes import AGE_BINS, CLASSES, Head
from visavis.core.types import Answers, Faces, Feature
from visavis.store.results import Result
from visavis.usecases.analysis import Analysis
from visavis.usecases.results import Results

FEATURES = frozenset(
    {Feature.POINTS, Feature.MESH, Feature.AGE, Feature.GENDER, Feature.EXPRESSION}
)
WIDTH, HEIGHT = 64, 48


def picture(number: int = 0) -> bytes:
    """Return a small JPEG, each number another one."""
    noise = np.random.default_rng(number).integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)
    out = BytesIO()
    Image.fromarray(noise).save(out, "JPEG")
    return out.getvalue()


def one_hot(classes: int, place: int) -> np.ndarray:
    """Return probabilities that are nearly sure of one class."""
    shares = np.full(classes, 0.02, np.float32)
    shares[place] = 1 - 0.02 * (classes - 1)
    return shares


def analysis(
    data: bytes,
    name: str = "party.jpg",
    ages: tuple[str, ...] = ("20-29", "40-49"),
    genders: tuple[str, ...] = ("female", "male"),
    smiles: tuple[float, ...] = (0.9, 0.1),
) -> Analysis:
    """Return what might be found on a picture: one face for each age.

    Args:
        data: The picture.
        name: What its file is called.
        ages: The bin of each face.
        genders: The class of each.
        smiles: How sure it is that each smiles, 0..1.
    """
    n = len(ages)
    boxes = np.array([[4 + 20 * i, 6, 20 + 20 * i, 30] for i in range(n)], np.float32)
    corner = np.stack([boxes[:, 0], boxes[:, 1]], axis=-1) if n else np.zeros((0, 2), np.float32)
    mesh = np.tile(np.linspace(1, 15, 468, dtype=np.float32)[None, :, None], (n, 1, 3))
    mesh[:, :, :2] += corner[:, None].reshape(n, 1, 2)
    ageing = np.array([one_hot(9, AGE_BINS.index(age)) for age in ages]).reshape(n, 9)
    of_gender = [one_hot(2, CLASSES[Head.GENDER].index(gender)) for gender in genders[:n]]
    expression = [[0.9, 0.9, 0.2, smile, 0.0] for smile in smiles[:n]]
    faces = Faces(
        boxes=boxes.reshape(n, 4),
        scores=np.linspace(0.99, 0.7, n, dtype=np.float32),
        points=np.full((n, 5, 2), 12, np.float32),
        mesh=mesh.astype(np.float32),
        mesh_scores=np.full(n, 0.98, np.float32),
        embeddings=np.full((n, 128), 128**-0.5, np.float32),
        heads={
            Head.AGE: Answers(ageing.astype(np.float32), "portrait-1", 0.3),
            Head.GENDER: Answers(np.array(of_gender, np.float32).reshape(n, 2), "portrait-1", 0.6),
        },
        expression=np.array(expression, np.float32).reshape(n, 5),
    )
    return Analysis(
        name=name,
        sha256=hashlib.sha256(data).hexdigest(),
        width=WIDTH,
        height=HEIGHT,
        faces=faces,
        pack="default",
        took_ms=12.5,
        annotated=picture(1000),
    )


def keep(
    results: Results,
    tenant_id: str,
    found: Analysis,
    data: bytes,
    *,
    job_id: str | None = None,
    batch_id: str | None = None,
    features: frozenset[Feature] = FEATURES,
) -> Result:
    """Keep a result as whoever finishes a job does."""
    ready = results.ready(
        tenant_id, found, data, job_id=job_id, batch_id=batch_id, features=features
    )
    kept = results._ground.store.run(lambda work: results.add(work, ready))
    results.settle(tenant_id)
    return kept


def kept(results: Results, tenant_id: str, number: int = 0, **told: object) -> Result:
    """Keep a result of a picture of a number."""
    data = picture(number)
    return keep(results, tenant_id, analysis(data, **told), data)  # type: ignore[arg-type]
