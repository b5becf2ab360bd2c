"""Pieces of the real attribute data sets, and pipelines with made heads, for tests of the lab."""

import csv
import zipfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from visavis.core.settings import RuntimeOptions
from visavis.vision.analyzer import Analyzer
from visavis.vision.heads.shelf import HeadShelf
from visavis.vision.stages.attributes import Attributes


def piece(shared_data: Path, name: str, folder: Path, count: int) -> tuple[Path, list[list[str]]]:
    """Unpack pictures taken evenly from `<name>/val_dev`.

    Returns:
        The folder with the pictures, and their rows of the list, the header first.
    """
    with (shared_data / name / "val_dev.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    chosen = rows[:: len(rows) // count][:count]
    pictures = folder / name
    with zipfile.ZipFile(shared_data / name / "val_dev.zip") as archive:
        archive.extractall(pictures, [row[0] for row in chosen])
    return pictures, [header, *chosen]


def text_of(rows: Iterable[Iterable[str]]) -> str:
    """Return rows as the text of a csv."""
    return "".join(",".join(row) + "\n" for row in rows)


def with_heads(analyzer: Analyzer, folder: Path) -> Analyzer:
    """Return the same pipeline with the head files of a folder."""
    shelf = HeadShelf(folder / "promoted", RuntimeOptions(), bundled=folder)
    return replace(analyzer, attributes=Attributes(shelf))
