"""Where the results of bulk work lie: a folder or a prefix of a bucket, each file whole or absent.

Names are ours, such as `faces/part-00012.parquet`.
"""

import os
import secrets
from pathlib import Path
from typing import Protocol

from visavis.core.errors import InvalidInput, Unavailable
from visavis.core.settings import BlobOptions
from visavis.store.blobs.disk import sync_folder

S3 = "s3://"

_CONNECTIONS = 4


class Place(Protocol):
    """Keeps files by name; a name has at most one folder in it.

    Attributes:
        url: Leads to it from every process: an absolute path, or `s3://bucket/prefix`.
    """

    @property
    def url(self) -> str:
        """Where it is."""
        ...

    def put(self, name: str, data: bytes) -> None:
        """Write a file, in the place of one that is there; it is never seen half written.

        Raises:
            Unavailable: it cannot be written.
        """
        ...

    def get(self, name: str) -> bytes | None:
        """Return the bytes of a file, or None where there is none.

        Raises:
            Unavailable: it cannot be read.
        """
        ...

    def names(self, folder: str) -> list[str]:
        """Return the names of the files in one of our folders, without the folder's.

        Raises:
            Unavailable: it cannot be read.
        """
        ...

    def remove(self, name: str) -> None:
        """Remove a file.

        Raises:
            Unavailable: it cannot be removed.
        """
        ...


def open_place(where: str, blobs: BlobOptions) -> Place:
    """Return the place at a path or at an `s3://` address.

    Raises:
        InvalidInput: the address cannot be one, or boto3 is not installed.
    """
    if where.startswith(S3):
        return BucketPlace(where, blobs)
    return FolderPlace(Path(where))


class FolderPlace:
    """A folder.

    Args:
        folder: Made when something is written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()

    @property
    def url(self) -> str:
        """The absolute path."""
        return str(self._folder)

    def put(self, name: str, data: bytes) -> None:
        """Write a draft and let it take the place; a draft begins with a dot."""
        path = self._folder / name
        draft = path.with_name(f".{os.getpid()}-{secrets.token_hex(4)}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_lasting(draft, data)
            draft.replace(path)
            sync_folder(path.parent)
        except OSError as exc:
            draft.unlink(missing_ok=True)
            raise Unavailable(
                f"{path} cannot be written ({exc.strerror or exc}); mend that and start the same "
                "command again"
            ) from exc

    def get(self, name: str) -> bytes | None:
        """Return the bytes of a file, or None where there is none."""
        path = self._folder / name
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as exc:
            raise Unavailable(f"{path} cannot be read ({exc.strerror or exc})") from exc

    def names(self, folder: str) -> list[str]:
        """Return the names of the files in one of our folders; drafts are none."""
        path = self._folder / folder
        try:
            return sorted(found.name for found in path.iterdir() if not found.name.startswith("."))
        except FileNotFoundError:
            return []
        except OSError as exc:
            raise Unavailable(f"{path} cannot be read ({exc.strerror or exc})") from exc

    def remove(self, name: str) -> None:
        """Remove a file."""
        path = self._folder / name
        try:
            path.unlink(missing_ok=True)
        except OSError as exc:
            raise Unavailable(f"{path} cannot be removed ({exc.strerror or exc})") from exc


class BucketPlace:
    """A prefix of a bucket.

    Args:
        url: `s3://bucket/prefix`.
        blobs: Address and region of the end.
    """

    def __init__(self, url: str, blobs: BlobOptions) -> None:
        from visavis.usecases import bulk_s3

        self._s3 = bulk_s3
        self._bucket, prefix = bulk_s3.split(url)
        self._prefix = f"{prefix.rstrip('/')}/" if prefix.strip("/") else ""
        self._client = bulk_s3.open_client(blobs, _CONNECTIONS)

    @property
    def url(self) -> str:
        """The address, without a slash at its end."""
        return f"{S3}{self._bucket}/{self._prefix}".rstrip("/")

    def put(self, name: str, data: bytes) -> None:
        """Write a file; S3 shows it when it is whole."""
        self._s3.write(self._client, self._bucket, self._prefix + name, data)

    def get(self, name: str) -> bytes | None:
        """Return the bytes of a file, or None where there is none."""
        try:
            return self._s3.read(self._client, self._bucket, self._prefix + name)
        except InvalidInput:
            return None

    def names(self, folder: str) -> list[str]:
        """Return the names of the files in one of our folders."""
        below = f"{self._prefix}{folder}/"
        return [key[len(below) :] for key in self._s3.keys(self._client, self._bucket, below)]

    def remove(self, name: str) -> None:
        """Remove a file."""
        self._s3.remove(self._client, self._bucket, self._prefix + name)


def _write_lasting(path: Path, data: bytes) -> None:
    """Write a new file and have the disk take it: a mark of what is done must not outlive it."""
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
