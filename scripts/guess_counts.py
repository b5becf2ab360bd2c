"""How many guesses of the search index have to be opened and compared exactly.

The index searches codes, which only estimate how near templates are: the right one has to be among
the first so many guesses. This compares them with a search of all templates, for galleries of real
faces and several secrets, with and without a centre (see `visavis.usecases.gallery_codes`):

    python -m scripts.guess_counts --people lfw.zip --crowd fairface_train.zip --most 4000

People come as a folder each. The crowd is of different people: the centre is the mean of its first
half, the second half joins the gallery.
"""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

import numpy as np
from numpy.typing import NDArray

from visavis.core.settings import load_settings
from visavis.core.types import Feature, Floats
from visavis.entry.wiring import build
from visavis.lab.identification import embedding_of
from visavis.lab.people import PICTURES, read_people
from visavis.lab.roots import open_root
from visavis.lab.subjects import Survey
from visavis.vault.protected_codes import BITS, CodeMaker

COUNTS = (8, 16, 32, 64, 128, 256)
SECRETS = 10
FPIR = 0.01


@dataclass(frozen=True)
class Trial:
    """A gallery and what is searched in it.

    Attributes:
        gallery: (g, d) float32, of length 1.
        probes: (p, d) float32, of length 1; those of people in the gallery first.
        owners: (m,) which entry of the gallery shows the same person as each of the first probes.
    """

    gallery: Floats
    probes: Floats
    owners: NDArray[np.int64]

    def told(self, best: NDArray[np.int64], cosines: NDArray[np.float64]) -> tuple[float, float]:
        """Return rank 1 and the hits at an FPIR of 1 %, both 0..1."""
        mated = len(self.owners)
        right = best[:mated] == self.owners
        threshold = np.quantile(cosines[mated:], 1 - FPIR, method="higher")
        return float(right.mean()), float((right & (cosines[:mated] >= threshold)).mean())


def main() -> None:
    """Embed, search, print."""
    given = _arguments()
    people = {who: names for who, names in read_people(given.people).items() if names}
    vectors = dict(embedded(given.people, [name for names in people.values() for name in names]))
    known = {who: [vectors[n] for n in names if n in vectors] for who, names in people.items()}
    crowd = crowd_of(given.crowd, given.most)
    half = len(crowd) // 2
    trial = _trial([theirs for theirs in known.values() if theirs], crowd[half:])
    print(
        f"gallery {len(trial.gallery)}, probes {len(trial.owners)} of people in it,"
        f" {len(trial.probes) - len(trial.owners)} of others"
    )
    exact = trial.probes.astype(np.float64) @ trial.gallery.T.astype(np.float64)
    plain = trial.told(exact.argmax(1), exact.max(1))
    print(f"all templates: rank 1 {plain[0]:.4f}, hits at FPIR 1 % {plain[1]:.4f}")
    centres = {"no centre": np.zeros(trial.gallery.shape[1], np.float32)}
    if half:
        centres["a centre"] = crowd[:half].mean(axis=0)
    for name, centre in centres.items():
        for count in COUNTS:
            _print(trial, exact, plain, name, centre, count)


def _print(
    trial: Trial,
    exact: NDArray[np.float64],
    plain: tuple[float, float],
    name: str,
    centre: Floats,
    count: int,
) -> None:
    lost = [
        np.subtract(trial.told(*_reranked(trial, exact, centre, count, secret)), plain)
        for secret in range(SECRETS)
    ]
    mean, worst = np.mean(lost, axis=0) * 100, np.min(lost, axis=0) * 100
    print(
        f"{name}, {count:3} guesses: rank 1 {mean[0]:+.3f} points (worst {worst[0]:+.3f}), "
        f"hits {mean[1]:+.3f} (worst {worst[1]:+.3f})"
    )


def _reranked(
    trial: Trial, exact: NDArray[np.float64], centre: Floats, count: int, secret: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the best of the first guesses for each probe, and its cosine."""
    maker = CodeMaker(secret.to_bytes(32, "big"), "measured", trial.gallery.shape[1])
    codes, asked = maker.codes(trial.gallery - centre), maker.codes(trial.probes - centre)
    signs = [np.unpackbits(each, axis=1).astype(np.float32) * 2 - 1 for each in (codes, asked)]
    apart = (BITS - signs[1] @ signs[0].T) / 2
    most = min(count, len(trial.gallery))
    guesses = np.argpartition(apart, most - 1, axis=1)[:, :most]
    cosines = np.take_along_axis(exact, guesses, 1)
    best = cosines.argmax(1)
    return guesses[np.arange(len(guesses)), best], cosines.max(1)


def _trial(known: Sequence[Sequence[Floats]], crowd: Floats) -> Trial:
    """Enrol one picture of all who have several and of half of the others; search with the rest."""
    several = [theirs for theirs in known if len(theirs) > 1]
    single = [theirs[0] for theirs in known if len(theirs) == 1]
    gallery = [theirs[0] for theirs in several] + single[::2]
    probes = [each for theirs in several for each in theirs[1:]] + single[1::2]
    owners = [place for place, theirs in enumerate(several) for _ in theirs[1:]]
    return Trial(np.concatenate([np.stack(gallery), crowd]), np.stack(probes), np.array(owners))


def crowd_of(root: Path | None, most: int) -> Floats:
    """Return the vectors of a set of different people, (n, d); none without a set."""
    if root is None:
        return np.zeros((0, 128), np.float32)
    found = (
        ZipFile(root).namelist()
        if root.is_file()
        else (str(path.relative_to(root)) for path in root.rglob("*"))
    )
    names = sorted(name for name in found if Path(name).suffix in PICTURES)
    return np.stack([vector for _, vector in embedded(root, names[:most])])


def embedded(root: Path, names: Sequence[str]) -> Iterator[tuple[str, Floats]]:
    """Yield the vector of each picture that shows a face."""
    settings = load_settings()
    with closing(build(settings).analyses) as analyses:
        survey = Survey(analyses, open_root(root, settings.images.max_bytes))
        for analysis in survey.run(list(names), {Feature.EMBEDDING}):
            vector = embedding_of(analysis.faces, analysis.width, analysis.height)
            if vector is not None:
                yield analysis.name, vector


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=Path, required=True, help="a folder per person, or a .zip")
    parser.add_argument("--crowd", type=Path, help="pictures of different people, or a .zip")
    parser.add_argument("--most", type=int, default=4000, help="most pictures of the crowd")
    return parser.parse_args()


if __name__ == "__main__":
    main()
