"""Which pictures bulk work is about, and their bytes: files, folders, globs, .zip and s3://."""

import os
import threading
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from visavis.core.errors import InvalidInput
from visavis.core.settings import BlobOptions
from visavis.entry.cli import inputs
from visavis.lab.roots import ZIP_FAULTS, ZipRoot
from visavis.usecases.bulk import Picture
from visavis.usecases.bulk_places import S3

if TYPE_CHECKING:
    from visavis.entry.cli.inputs import Item

CONNECTIONS = 32
"""Requests of one worker to the S3 end at the same time."""

_LONGEST_REASON = 200


def needs_bulk(path: str) -> bool:
    """Return whether a path is no file, folder or glob of pictures: a .zip, or s3://."""
    return path.startswith(S3) or _is_zip(path)


def find(paths: Sequence[str], blobs: BlobOptions, leave_out: str) -> Iterator[Picture]:
    """Yield the pictures behind `paths`: what a person names twice comes twice.

    Args:
        paths: Files, folders, globs, .zip files and `s3://bucket/prefix`.
        blobs: Address and region of the S3 end.
        leave_out: A folder or `s3://` address that is never entered: our own output.

    Raises:
        InvalidInput: a path does not exist, or holds nothing.
        Unavailable: the S3 end does not answer, or refuses.
    """
    plain = [path for path in paths if not needs_bulk(path)]
    if plain:
        folder = None if leave_out.startswith(S3) else Path(leave_out)
        yield from map(_of_file, inputs.gather(plain, leave_out=folder))
    for path in paths:
        if path.startswith(S3):
            yield from _objects(path, blobs, leave_out)
        elif _is_zip(path):
            yield from _members(path)


def absolute(path: str) -> str:
    """Return a path that means the same from every folder; an address is one already."""
    return path if path.startswith(S3) else os.path.abspath(path)  # noqa: PTH100  # a link stays one


def _is_zip(path: str) -> bool:
    return path.lower().endswith(".zip") and zipfile.is_zipfile(path)


def _of_file(item: "Item") -> Picture:
    return Picture("", absolute(str(item.path)), item.name, item.chosen)


def _members(path: str) -> Iterator[Picture]:
    """Yield the visible members of a .zip, in its order."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = [entry.filename for entry in archive.infolist() if not entry.is_dir()]
    except ZIP_FAULTS as exc:
        raise InvalidInput(f"{path} is no readable .zip: {exc}") from exc
    shown = PurePosixPath(Path(path).as_posix())
    for name in filter(_visible, names):
        yield Picture(absolute(path), name, f"{shown}/{name}", chosen=False)


def _objects(url: str, blobs: BlobOptions, leave_out: str) -> Iterator[Picture]:
    """Yield the visible objects at or below an address; the prefix is a folder, not a beginning."""
    from visavis.usecases import bulk_s3

    bucket, prefix = bulk_s3.split(url)
    below = f"{prefix.rstrip('/')}/" if prefix.strip("/") else ""
    own = f"{leave_out.rstrip('/')}/"
    found = False
    for key in bulk_s3.keys(bulk_s3.open_client(blobs, CONNECTIONS), bucket, prefix):
        name = f"{S3}{bucket}/{key}"
        inside = key == prefix or key.startswith(below)
        if inside and not key.endswith("/") and _visible(key) and not name.startswith(own):
            found = True
            yield Picture(f"{S3}{bucket}", key, name, chosen=key == prefix)
    if not found:
        raise InvalidInput(f"nothing to do: no objects at {url}")


def _visible(name: str) -> bool:
    """Return whether no folder of a name, nor its file, begins with a dot."""
    return not any(part.startswith(".") for part in name.split("/"))


@dataclass
class Reader:
    """Reads pictures wherever they lie; safe to call from several threads.

    Args:
        blobs: Address and region of the S3 end.
        max_bytes: Largest picture of interest; one byte more is read, which is refused by its size.
    """

    blobs: BlobOptions
    max_bytes: int

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._zips: dict[str, ZipRoot] = {}

    def __call__(self, picture: Picture) -> bytes:
        """Return the picture's bytes.

        Raises:
            InvalidInput: it cannot be read.
            Unavailable: the S3 end cannot be used.
        """
        if picture.origin.startswith(S3):
            return self._object(picture)
        if picture.origin:
            return self._zip(picture.origin).read(picture.key)
        try:
            with Path(picture.key).open("rb") as file:
                return file.read(self.max_bytes + 1)
        except OSError as exc:
            raise InvalidInput(f"cannot be read: {exc.strerror or exc}") from exc

    def _zip(self, path: str) -> ZipRoot:
        with self._lock:
            if path not in self._zips:
                try:
                    self._zips[path] = ZipRoot(zipfile.ZipFile(path), self.max_bytes)
                except ZIP_FAULTS as exc:
                    reason = str(exc)[:_LONGEST_REASON]
                    raise InvalidInput(f"cannot be read: the .zip is broken: {reason}") from exc
            return self._zips[path]

    def _object(self, picture: Picture) -> bytes:
        from visavis.usecases import bulk_s3

        with self._lock:
            client = self._client
        bucket = picture.origin.removeprefix(S3)
        return bulk_s3.read(client, bucket, picture.key, self.max_bytes + 1)

    @cached_property
    def _client(self) -> Any:  # noqa: ANN401  # boto3's client has no type to name
        from visavis.usecases import bulk_s3

        return bulk_s3.open_client(self.blobs, CONNECTIONS)
