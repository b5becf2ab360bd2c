"""Fit the calibration of an embedder that ships with the program.

The shape of the curve comes from a large set of portraits of different people, its place from a
small set of people who were photographed as one is for being enrolled:

    python -m scripts.fit_calibration --faces train.zip --labels train.csv --portraits london \\
        --check lfw=lfw.zip --out src/visavis/index/calibrations/dlib_resnet@1.json

Sets given with --check (a folder per person) are only measured, and the figures kept in the file.
"""

import argparse
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from visavis.core.attributes import CLASSES, Head
from visavis.core.settings import Settings, load_settings
from visavis.core.types import Feature, Floats
from visavis.entry.wiring import build, build_analyzer
from visavis.index.calibration_fit import fit_calibration, refit
from visavis.lab.curves import Scores
from visavis.lab.identification import embedding_of
from visavis.lab.impostors import adults, embed_portraits, impostors, observed_rates
from visavis.lab.labels import Labelled, read_labels, spread
from visavis.lab.people import read_people
from visavis.lab.portraits import PortraitReader, for_portraits
from visavis.lab.roots import open_root
from visavis.lab.subjects import Survey
from visavis.vision.weights.shelf import WeightShelf

FAIR_FOR = (
    "a mixture of adults on clear pictures, as people are enrolled; groups of people who resemble "
    "each other more, and faces from anywhere on the web, match falsely more often: see "
    "observed_fmr, by stated FMR, and calibrate on your own"
)

LOWEST = 3e-4
"""FMR that the large set shows: below it weigh pairs of one person, whom pictures from the web hold
unnoticed (measured: the curve bends away from its line there)."""

FACES = 4_500
"""Of adults, taken evenly from the list: they make some ten million pairs."""


def main() -> None:
    """Fit, measure, write."""
    given = _arguments()
    settings = load_settings()
    labelled = spread(adults(read_labels(given.labels.read_text("utf-8"))), given.limit)
    embedder, names, vectors = portraits(settings, given.faces, labelled)
    apart = impostors(vectors)
    shape = fit_calibration(embedder, apart, lowest=LOWEST)
    people, placing = _people(settings, given.portraits)
    placed, change = refit(shape, placing, people)
    truths = {item.file: item.truth for item in labelled}
    made = {
        "fair_for": FAIR_FOR,
        "date": datetime.now(UTC).date().isoformat(),
        "shape": _source(given.faces_source, len(vectors), len(apart)),
        "place": _source(given.portraits_source, people, change.pairs),
        "shift": round(change.shift, 6),
        "stretch": round(change.stretch, 6),
        "observed_fmr": {
            "of_the_shape": observed_rates(placed, apart),
            "of_its_groups": {
                name: observed_rates(placed, impostors(vectors[members]))
                for name, members in _groups(names, truths).items()
            },
            **{
                name: observed_rates(placed, _people(settings, root)[1])
                for name, root in given.check
            },
        },
    }
    given.out.write_text(placed.model_copy(update={"made": made}).as_json() + "\n", "utf-8")
    print(f"{given.out}: {made}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--faces", type=Path, required=True, help="folder or .zip of portraits")
    parser.add_argument("--labels", type=Path, required=True, help="csv: file, age, gender, race")
    parser.add_argument("--portraits", type=Path, required=True, help="folder or .zip by person")
    parser.add_argument("--faces-source", default="FairFace, CC BY 4.0 (Kärkkäinen and Joo)")
    parser.add_argument("--portraits-source", default="Face Research Lab London Set, CC BY 4.0")
    parser.add_argument("--check", type=_check, action="append", default=[], metavar="NAME=DIR")
    parser.add_argument("--limit", type=int, default=FACES)
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args()


def _check(text: str) -> tuple[str, Path]:
    name, _, root = text.partition("=")
    return name, Path(root)


def _source(words: str, people: int, pairs: int) -> dict[str, Any]:
    return {"source": words, "people": people, "pairs": pairs}


def portraits(
    settings: Settings, root: Path, labelled: list[Labelled]
) -> tuple[str, tuple[str, ...], Floats]:
    """Return the embedder's id, the portraits with a face, and their vectors (n, d) float32."""
    analyzer = for_portraits(build_analyzer(settings, WeightShelf(settings.cache)))
    place = open_root(root, settings.images.max_bytes)
    reader = PortraitReader(analyzer, place, settings.images, workers=1)
    return analyzer.embedder, *embed_portraits(
        analyzer, reader.read([item.file for item in labelled])
    )


def _people(settings: Settings, root: Path) -> tuple[int, Scores]:
    """Return how many people a set shows, and the cosines of its impostors."""
    people = read_people(root)
    owners = {name: person for person, names in people.items() for name in names}
    vectors, who = [], []
    with closing(build(settings).analyses) as analyses:
        survey = Survey(analyses, open_root(root, settings.images.max_bytes))
        for analysis in survey.run(list(owners), {Feature.EMBEDDING}):
            vector = embedding_of(analysis.faces, analysis.width, analysis.height)
            if vector is not None:
                vectors.append(vector)
                who.append(owners[analysis.name])
    return len(set(who)), impostors(np.stack(vectors), who)


def _groups(names: tuple[str, ...], truths: dict[str, Any]) -> dict[str, np.ndarray]:
    """Return the members of each labelled gender and race, among themselves."""
    groups = {}
    for head in (Head.GENDER, Head.RACE):
        answers = np.array([truths[name].get(head, -1) for name in names])
        for i, word in enumerate(CLASSES[head]):
            groups[word] = answers == i
    return {word: members for word, members in groups.items() if members.sum() > 1}


if __name__ == "__main__":
    main()
