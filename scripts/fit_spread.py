"""How faces are spread, for benches that need more of them than anybody has.

Vectors of an embedder differ from person to person along few directions, and between pictures of
one person along others. Both covariances are kept, nothing of anybody:

    python -m scripts.fit_spread --people lfw.zip --crowd fairface_train.zip --most 8000

People come as a folder each; the crowd is of different people.
"""

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scripts.bench.faces_like import SPREAD
from scripts.guess_counts import crowd_of, embedded
from visavis.core.types import Floats
from visavis.lab.people import read_people

Matrix = NDArray[np.float64]


def main() -> None:
    """Embed, fit, write."""
    given = _arguments()
    people = [names for names in read_people(given.people).values() if len(names) > 1]
    found = dict(embedded(given.people, [name for theirs in people for name in theirs]))
    known = [[found[name] for name in theirs if name in found] for theirs in people]
    within = _within([np.stack(theirs) for theirs in known if len(theirs) > 1])
    everything = np.cov(crowd_of(given.crowd, given.most).astype(np.float64).T)
    between, inside = _root(everything - within), _root(within)
    np.savez(SPREAD, between=between, within=inside)
    told = np.trace(everything - within) / np.trace(everything)
    print(f"{len(known)} people; {100 * told:.0f} % of the spread is between people")


def _within(known: list[Floats]) -> Matrix:
    """Return the covariance of the pictures of one person around their mean."""
    apart = np.concatenate([theirs - theirs.mean(axis=0) for theirs in known]).astype(np.float64)
    kept: Matrix = apart.T @ apart / (len(apart) - len(known))
    return kept


def _root(covariance: Matrix) -> Floats:
    """Return a matrix that gives standard normal rows this covariance."""
    variances, directions = np.linalg.eigh(covariance)
    root: Floats = ((directions * np.sqrt(np.maximum(variances, 0))).T).astype(np.float32)
    return root


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=Path, required=True, help="a folder per person, or a .zip")
    parser.add_argument("--crowd", type=Path, required=True, help="pictures of different people")
    parser.add_argument("--most", type=int, default=8000, help="most pictures of the crowd")
    return parser.parse_args()


if __name__ == "__main__":
    main()
