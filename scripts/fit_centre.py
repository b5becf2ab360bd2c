"""Make the centre of an embedder that ships with the program; see `visavis.index.centre`.

    python -m scripts.fit_centre --faces train.zip --labels train.csv --limit 5000 \\
        --out src/visavis/index/centres

The one that ships for `dlib_resnet@1` is of 5,000 faces of FairFace's training set (CC BY 4.0).
"""

import argparse
from pathlib import Path

import numpy as np

from scripts.fit_calibration import portraits
from visavis.core.settings import load_settings
from visavis.lab.labels import read_labels, spread


def main() -> None:
    """Embed, average, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--faces", type=Path, required=True, help="folder or .zip of portraits")
    parser.add_argument("--labels", type=Path, required=True, help="csv: file, age, gender, race")
    parser.add_argument("--limit", type=int, default=5000)
    parser.add_argument("--out", type=Path, required=True, help="folder")
    given = parser.parse_args()
    labelled = spread(read_labels(given.labels.read_text("utf-8")), given.limit)
    embedder, names, vectors = portraits(load_settings(), given.faces, labelled)
    centre = vectors.mean(axis=0).astype(np.float32)
    np.save(given.out / f"{embedder}.npy", centre, allow_pickle=False)
    print(f"{embedder}: {len(names)} faces, length {np.linalg.norm(centre):.4f}")


if __name__ == "__main__":
    main()
