"""Whether two tenants' codes of the same people can be linked, on real faces."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from scripts.bench.figures import Figure
from scripts.bench.ground import Ground
from visavis.core.types import Feature, Floats
from visavis.index.centre import bundled_centres
from visavis.lab.identification import embedding_of
from visavis.lab.people import read_people
from visavis.lab.subjects import Survey
from visavis.lab.unlinkability import linkability
from visavis.vault.protected_codes import BITS, CodeMaker

MOST = 0.05
SECRETS = 50
FEATURES = frozenset({Feature.EMBEDDING})


def measure(ground: Ground) -> Iterator[Figure]:
    """Enrol the people of `lfw_dev` with fifty pairs of tenants, and compare across each pair."""
    embedder = ground.analyses.embedder
    known = _people(ground)
    first, second = (np.stack([theirs[i] for theirs in known]) for i in (0, -1))
    pairs = {"the same pictures": (first, first), "other pictures of them": (first, second)}
    for what, (here, there) in pairs.items():
        found = _linked(embedder, here, there)
        yield Figure(
            f"unlinkability of two tenants' codes of the same {len(known)} people, {what}",
            f"D_sys ≤ {MOST:g}",
            f"{found:.3f} over {SECRETS} pairs of secrets",
            found <= MOST,
            {"d_sys": found, "people": len(known)},
        )


def _linked(embedder: str, here: Floats, there: Floats) -> float:
    """Return D_sys of the share of equal bits, the same secrets for mated and others."""
    mated: list[NDArray[np.float64]] = []
    others: list[NDArray[np.float64]] = []
    for number in range(SECRETS):
        one, other = _signs(embedder, here, 2 * number), _signs(embedder, there, 2 * number + 1)
        shares = _shares(one, other)
        mated.append(shares.diagonal())
        others.append(shares[~np.eye(len(shares), dtype=bool)])
    return linkability(np.concatenate(mated), np.concatenate(others))


def _signs(embedder: str, vectors: Floats, secret: int) -> Floats:
    """Return the codes (n, 512) under a secret, as ±1."""
    maker = CodeMaker(secret.to_bytes(32, "big"), embedder, vectors.shape[1])
    centre = bundled_centres().get(embedder, np.zeros(vectors.shape[1], np.float32))
    bits: Floats = np.unpackbits(maker.codes(vectors - centre), axis=1).astype(np.float32)
    return bits * 2 - 1


def _shares(one: Floats, other: Floats) -> NDArray[np.float64]:
    return ((BITS + one @ other.T) / 2 / BITS).astype(np.float64)


def _people(ground: Ground) -> list[list[Floats]]:
    """Return the vectors of everybody of whom there are several pictures."""
    path = ground.path("lfw_dev", "images.zip")
    people = [names for names in read_people(path).values() if len(names) > 1]
    survey = Survey(ground.analyses, ground.root("lfw_dev", "images.zip"))
    found: dict[str, Floats] = {}
    for analysis in survey.run([name for theirs in people for name in theirs], FEATURES):
        vector = embedding_of(analysis.faces, analysis.width, analysis.height)
        if vector is not None:
            found[analysis.name] = vector
    known = [[found[name] for name in theirs if name in found] for theirs in people]
    return [theirs for theirs in known if len(theirs) > 1]
