"""Where results go: a folder of files, one JSON document, one CSV table; all written atomically."""

import csv
import io
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import orjson

from visavis.core.errors import VisavisError
from visavis.core.types import POINT_NAMES, Feature
from visavis.entry.cli.files import replacing
from visavis.entry.cli.inputs import Item
from visavis.usecases import analysis_columns
from visavis.usecases.analysis import Analysis, Failure
from visavis.usecases.analysis_json import SCHEMA, to_dict, to_json
from visavis.usecases.attributes_json import attributes

LONGEST_STEM = 200
"""Characters of a file name kept for its results, so that a suffix still fits."""


class ResultNotWritten(VisavisError):
    """The result of one picture cannot be written."""


class Sink(Protocol):
    """Takes results one by one and what went wrong at the end."""

    def add(self, item: Item, analysis: Analysis) -> None:
        """Write the result of one picture."""
        ...

    def finish(self, failures: Sequence[Failure], skipped: Sequence[str]) -> None:
        """Write what stands at the end."""
        ...


def _put(path: Path, data: bytes) -> None:
    """Write a whole file atomically."""
    with replacing(path) as file:
        file.write(data)


class FolderSink:
    """Writes `<name>.json` and an annotated `<name>.jpg` for each picture.

    Folders of the input are kept. Two pictures that differ only in their suffix keep it
    (`a.jpg.json`, `a.png.json`), and a file that an earlier run did not write is never replaced.

    Args:
        folder: Where to write; made when missing.
        items: All files of this run, which must not get in each other's way.
        features: What the JSON holds beside the boxes.
    """

    def __init__(self, folder: Path, items: Sequence[Item], features: Collection[Feature]) -> None:
        self._folder = folder
        self._features = features
        self._claims = Counter(_key(_without_suffix(item.place)) for item in items)
        self._taken: set[str] = set()

    def add(self, item: Item, analysis: Analysis) -> None:
        """Write both files; the JSON first, as it marks the pair as ours.

        Raises:
            ResultNotWritten: the file system refuses; other pictures may still be written.
        """
        document = to_json(to_dict(analysis, self._features), indent=True)
        stem = self._stem(item.place)
        try:
            _put(_beside(stem, ".json"), document)
            if analysis.annotated is not None:
                _put(_beside(stem, ".jpg"), analysis.annotated)
        except OSError as exc:
            raise ResultNotWritten(f"cannot write {stem}: {exc.strerror or exc}") from exc

    def finish(self, failures: Sequence[Failure], skipped: Sequence[str]) -> None:
        """Nothing is left to write: failures are listed on the terminal and in `--json`."""

    def _stem(self, place: Path) -> Path:
        """Return the path, without suffix, that belongs to this picture alone."""
        candidates = _stems(place, alone=self._claims[_key(_without_suffix(place))] == 1)
        stem = next(
            stem
            for stem in candidates
            if _key(stem) not in self._taken and _free(self._folder / stem)
        )
        self._taken.add(_key(stem))
        return self._folder / stem


class JsonSink:
    """Writes one document: `{"results": […], "failures": […], "skipped": […]}`.

    Args:
        file: Where to; written as results come, so a large folder needs no memory.
        features: What each result holds beside the boxes.
    """

    def __init__(self, file: BinaryIO, features: Collection[Feature]) -> None:
        self._file = file
        self._features = features
        self._file.write(b'{"results": [')
        self._before = b"\n"

    def add(self, item: Item, analysis: Analysis) -> None:  # noqa: ARG002  # names are in both
        """Write one result."""
        document = to_json(to_dict(analysis, self._features))
        self._file.write(self._before + document)
        self._before = b",\n"

    def finish(self, failures: Sequence[Failure], skipped: Sequence[str]) -> None:
        """Write failures and skipped names, and close the document."""
        listed = [to_dict(failure, self._features) for failure in failures]
        self._file.write(b'],\n"failures": ' + orjson.dumps(listed))
        self._file.write(b',\n"skipped": ' + orjson.dumps(list(skipped)) + b"}\n")
        self._file.flush()


class CsvSink:
    """Writes one row a face: file, index, box, score and, when asked for, points and attributes.

    Args:
        file: Where to, as UTF-8.
        features: Each adds its columns; meshes and embeddings do not fit a table.
    """

    def __init__(self, file: BinaryIO, features: Collection[Feature]) -> None:
        self._text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
        self._points = Feature.POINTS in features
        self._features = features
        self._paths = analysis_columns.of(features)
        self._rows = csv.writer(self._text, lineterminator="\n")
        names = [f"{name}_{axis}" for name in POINT_NAMES for axis in "xy"] if self._points else []
        names += ["_".join(path) for path in self._paths]
        self._rows.writerow(["file", "face_index", "x1", "y1", "x2", "y2", "score", *names])

    def add(self, item: Item, analysis: Analysis) -> None:
        """Write the faces of one picture; a picture without faces has no row."""
        faces = analysis.faces
        for i in range(len(faces)):
            points = faces.points[i].ravel() if self._points else ()
            places = [f"{x:.2f}" for x in points]
            box = [f"{x:.2f}" for x in faces.boxes[i]]
            known = attributes(faces, i, self._features, analysis.reasons_of(i))
            told = analysis_columns.cells(known, self._paths)
            self._rows.writerow([item.name, i, *box, f"{faces.scores[i]:.4f}", *places, *told])

    def finish(self, failures: Sequence[Failure], skipped: Sequence[str]) -> None:  # noqa: ARG002
        """Hand the file back: who opened it closes it."""
        self._text.detach()


def _stems(place: Path, *, alone: bool) -> Iterator[Path]:
    """Yield where the results of `place` may go, best first, without end."""
    if alone:
        yield _without_suffix(place)
    full = place.with_name(place.name[:LONGEST_STEM])
    yield full
    number = 2
    while True:
        yield full.with_name(f"{full.name}-{number}")
        number += 1


def _without_suffix(place: Path) -> Path:
    """Return `place` without its last suffix, short enough to take another."""
    return place.with_name(place.stem[:LONGEST_STEM])


def _key(stem: Path) -> str:
    """Return what two paths share that are one on a file system blind to case."""
    return stem.as_posix().casefold()


def _beside(stem: Path, suffix: str) -> Path:
    """Return `stem` with `suffix` appended (`with_suffix` would eat a dot in the name)."""
    return stem.with_name(stem.name + suffix)


def _free(stem: Path) -> bool:
    """Return whether writing to `stem` replaces nothing but results of an earlier run."""
    written, picture = _beside(stem, ".json"), _beside(stem, ".jpg")
    return _is_ours(written) if written.exists() else not picture.exists()


def _is_ours(path: Path) -> bool:
    """Return whether an earlier run wrote this JSON file."""
    try:
        known: Any = orjson.loads(path.read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(known, dict) and known.get("schema") == SCHEMA
