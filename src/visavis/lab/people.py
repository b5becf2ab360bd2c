"""Data sets with a folder per person: who is on which picture, told by the folder."""

import os
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from itertools import takewhile
from pathlib import Path, PurePosixPath

from visavis.core.errors import InvalidInput
from visavis.lab.roots import ZIP_FAULTS

PICTURES = frozenset(
    {".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".heic", ".heif", ".avif"}
)
"""Endings of files that count as pictures; whatever else lies in the folders is passed over."""

_APPLE = "__MACOSX"
"""Folder of file attributes in archives that were packed on macOS."""

People = Mapping[str, tuple[str, ...]]
"""Names of the pictures of each person, below the root; both in order."""


def read_people(root: Path) -> People:
    """Return the people of a folder or a .zip.

    The folder that a picture lies in at the top says who is on it, however deep it lies. Where
    everything lies in one folder, those within it count. Hidden files are passed over, and links
    to folders are not followed.

    Raises:
        InvalidInput: there is neither a folder nor a readable .zip, or it holds no pictures in
            folders.
    """
    paths = [path for path in map(PurePosixPath, _names(root)) if _is_picture(path)]
    depth = _depth(paths)
    people: dict[str, list[str]] = {}
    for path in sorted(paths):
        if len(path.parts) > depth + 1:
            _require_text(path)
            people.setdefault(path.parts[depth], []).append(str(path))
    if not people:
        raise InvalidInput(f"{root} holds no folders with pictures; give one folder a person")
    return {person: tuple(people[person]) for person in sorted(people)}


def read_pictures(root: Path) -> tuple[str, ...]:
    """Return the names of all pictures below a folder or in a .zip, in order; nobody is named.

    Raises:
        InvalidInput: there is neither a folder nor a readable .zip, or it holds no pictures.
    """
    paths = sorted(path for path in map(PurePosixPath, _names(root)) if _is_picture(path))
    for path in paths:
        _require_text(path)
    if not paths:
        raise InvalidInput(f"{root} holds no pictures; give a folder or a .zip that does")
    return tuple(str(path) for path in paths)


def _depth(paths: Iterable[PurePosixPath]) -> int:
    """Return how many folders all pictures lie in together, before they part."""
    folders = {path.parts[:-1] for path in paths if len(path.parts) > 1}
    if len(folders) == 1:  # one folder of pictures is one person
        return len(next(iter(folders))) - 1
    levels = takewhile(lambda level: len(set(level)) == 1, zip(*folders, strict=False))
    return min(len(list(levels)), min(map(len, folders), default=1) - 1)


def _require_text(path: PurePosixPath) -> None:
    """Refuse a name that no list of results could hold."""
    try:
        str(path).encode()
    except UnicodeEncodeError as exc:
        shown = str(path).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        raise InvalidInput(f"{shown} is not named in UTF-8; rename that file or folder") from exc


def _is_picture(path: PurePosixPath) -> bool:
    hidden = any(part.startswith(".") or part == _APPLE for part in path.parts)
    return path.suffix.lower() in PICTURES and not hidden


def _names(root: Path) -> Iterator[str]:
    """Yield the names of all files below the root, with / between folders."""
    if root.is_dir():
        for top, _, files in os.walk(root):
            for file in files:
                yield (Path(top) / file).relative_to(root).as_posix()
        return
    if not root.is_file():
        raise InvalidInput(f"{root} does not exist; give a folder or a .zip as --root")
    try:
        with zipfile.ZipFile(root) as archive:
            names = archive.namelist()
    except ZIP_FAULTS as exc:
        raise InvalidInput(f"{root} is neither a folder nor a readable .zip: {exc}") from exc
    yield from (name for name in names if not name.endswith("/"))
