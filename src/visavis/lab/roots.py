"""Where the pictures of a data set lie: a folder, or a .zip that is read in place."""

import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Protocol

from visavis.core.errors import InvalidInput

ZIP_FAULTS = (
    KeyError,
    OSError,
    RuntimeError,  # encrypted
    NotImplementedError,  # a packing method this Python lacks
    EOFError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What `zipfile` raises for a member that is absent, broken, encrypted or oddly packed."""


class Root(Protocol):
    """A place that gives a picture's bytes for its name."""

    def has(self, name: str) -> bool:
        """Say whether a picture of that name is there."""
        ...

    def read(self, name: str) -> bytes:
        """Return the encoded bytes of a picture, at most one more than the root's cap.

        Raises:
            InvalidInput: the picture cannot be read.
        """
        ...


def open_root(path: Path, max_bytes: int) -> Root:
    """Open a folder or a .zip.

    Args:
        path: A folder, or a .zip file.
        max_bytes: Largest picture of interest. One byte more is read, so that the decoder refuses
            a larger picture as too large and a zip bomb never fills the memory.

    Raises:
        InvalidInput: there is neither a folder nor a readable .zip.
    """
    if path.is_dir():
        return FolderRoot(path, max_bytes)
    if not path.is_file():
        raise InvalidInput(f"{path} does not exist; give a folder or a .zip as --root")
    try:
        return ZipRoot(zipfile.ZipFile(path), max_bytes)
    except ZIP_FAULTS as exc:
        raise InvalidInput(f"{path} is neither a folder nor a readable .zip: {exc}") from exc


class FolderRoot:
    """Pictures under a folder; links that lead out of it are not followed."""

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder = folder.resolve()
        self._max_bytes = max_bytes

    def has(self, name: str) -> bool:
        """Say whether a picture of that name is there."""
        path = self._path(name)
        return path.is_relative_to(self._folder) and path.is_file()

    def read(self, name: str) -> bytes:
        """Return the picture's bytes."""
        path = self._path(name)
        if not path.is_relative_to(self._folder):
            raise InvalidInput(f"{name} leads out of {self._folder}; put the picture itself there")
        try:
            with path.open("rb") as file:
                return file.read(self._max_bytes + 1)
        except OSError as exc:
            raise InvalidInput(f"{name} cannot be read: {exc.strerror}") from exc

    def _path(self, name: str) -> Path:
        return (self._folder / name).resolve()


class ZipRoot:
    """Pictures inside a .zip; nothing is extracted."""

    def __init__(self, archive: zipfile.ZipFile, max_bytes: int) -> None:
        self._archive = archive
        self._names = frozenset(archive.namelist())
        self._max_bytes = max_bytes

    def has(self, name: str) -> bool:
        """Say whether a member of that name is there."""
        return name in self._names

    def read(self, name: str) -> bytes:
        """Return the member's bytes."""
        try:
            with self._archive.open(name) as file:
                return file.read(self._max_bytes + 1)
        except ZIP_FAULTS as exc:
            raise InvalidInput(f"{name} cannot be read from the .zip: {exc}") from exc


def safe_names(names: Iterable[str]) -> tuple[str, ...]:
    """Return the names once each, in order of first use.

    Raises:
        InvalidInput: a name is absolute, empty or climbs out of the root.
    """
    unique = tuple(dict.fromkeys(names))
    for name in unique:
        path = PurePosixPath(name)
        if not name or "\0" in name or path.is_absolute() or ".." in path.parts:
            raise InvalidInput(f"{name!r} lies outside the root; use names below it")
    return unique
