"""Files in a local folder that only its owner can enter.

<root>/
    <tenant>/<ab>/<sha256>   whole files only; `ab` are the first two digits of the hash
    partial/                 what is being written; a killed process leaves its part here
    lock                     held for the moment in which a name appears, is renewed or goes
"""

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from io import FileIO
from pathlib import Path
from uuid import uuid4

from filelock import FileLock

from visavis.core.errors import Unavailable
from visavis.store.blobs import disk
from visavis.store.blobs.base import (
    PIECE_BYTES,
    TENANT,
    Intake,
    Kept,
    Stored,
    check_name,
    check_range,
    check_tenant,
)
from visavis.store.blobs.errors import BlobNotFound

PATIENCE_S = 60.0
"""How long to wait for another process; it holds the lock for less than a millisecond."""

_POLL_S = 0.002
_SHARD = re.compile("[0-9a-f]{2}")
_PART = re.compile("[0-9a-f]{32}")


class FileBlobs:
    """Keeps files in a folder; see `Blobs` for what each method promises.

    Args:
        root: The folder, made when first written to. It may be a link; below it none is followed.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._partial = root / "partial"

    def put(self, tenant_id: str, chunks: Iterable[bytes], max_bytes: int) -> Stored:
        """Keep what comes in."""
        check_tenant(tenant_id)
        with self._part() as part:
            with self._new(part) as file:
                stored = _write(file, chunks, max_bytes)
            self._place(part, self._path(tenant_id, stored.sha256), stored.size)
        return stored

    def open(
        self, tenant_id: str, sha256: str, start: int = 0, end: int | None = None
    ) -> Iterator[bytes]:
        """Give the bytes of a range."""
        path = self._path(tenant_id, sha256)
        check_range(start, end)
        with _finding():
            disk.stat_file(path)
            file = disk.read(path)
        pieces = _pieces(file, start, end)
        next(pieces)
        return pieces

    def size(self, tenant_id: str, sha256: str) -> int:
        """Return the size in bytes."""
        path = self._path(tenant_id, sha256)
        with _finding():
            return disk.stat_file(path).st_size

    def remove(self, tenant_id: str, sha256: str, older_than: datetime | None = None) -> bool:
        """Remove a file, unless it was put again meanwhile."""
        path = self._path(tenant_id, sha256)
        try:
            with _finding():
                disk.stat_file(path)  # where there is no folder yet, there is no place for the lock
                with self._alone():
                    if older_than and disk.modified(disk.stat_file(path)) >= older_than:
                        return False
                    path.unlink()
                disk.sync_folder(path.parent)
        except BlobNotFound:
            return False
        return True

    def names(self, tenant_id: str | None = None) -> Iterator[Kept]:
        """List what is there, sorted."""
        if tenant_id is not None:
            check_tenant(tenant_id)
        return self._walk(tenant_id)

    def remove_partials(self, older_than: datetime) -> int:
        """Remove the parts that killed processes left behind."""
        removed = 0
        with _disk():
            if self._partial.is_symlink():
                return 0
            for name in disk.entries(self._partial, _PART):
                part = self._partial / name
                with suppress(FileNotFoundError):  # its put has just ended
                    if disk.modified(part.lstat()) < older_than:
                        part.unlink()
                        removed += 1
        return removed

    def _path(self, tenant_id: str, sha256: str) -> Path:
        check_name(tenant_id, sha256)
        return self._root / tenant_id / sha256[:2] / sha256

    @contextmanager
    def _part(self) -> Iterator[Path]:
        """Lend a name for what is being written; nothing stays under it."""
        part = self._partial / uuid4().hex
        try:
            yield part
        finally:
            with suppress(OSError):  # it has gone to its place, or the sweep will find it
                part.unlink()

    def _new(self, part: Path) -> FileIO:
        with _disk():
            self._root.mkdir(0o700, parents=True, exist_ok=True)
            disk.make_folder(self._partial)
            return disk.create(part)

    def _place(self, part: Path, path: Path, size: int) -> None:
        """Give a whole file its name; its content is on the disk already."""
        with _disk():
            with self._alone():
                disk.make_folder(path.parent.parent)
                disk.make_folder(path.parent)
                if disk.has_size(path, size):
                    os.utime(path)
                else:
                    part.replace(path)
            disk.sync_folder(path.parent)

    def _walk(self, tenant_id: str | None) -> Iterator[Kept]:
        for tenant in [tenant_id] if tenant_id else _entries(self._root, TENANT):
            for shard in _entries(self._root / tenant, _SHARD):
                for sha256 in _entries(
                    self._root / tenant / shard, re.compile(f"{shard}[0-9a-f]{{62}}")
                ):
                    if kept := self._kept(tenant, sha256):
                        yield kept

    def _kept(self, tenant_id: str, sha256: str) -> Kept | None:
        try:
            with _finding():
                found = disk.stat_file(self._path(tenant_id, sha256))
        except BlobNotFound:
            return None
        return Kept(tenant_id, sha256, found.st_size, disk.modified(found))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep a put from renewing a file in the moment in which another removes it as old."""
        lock = FileLock(self._root / "lock", mode=0o600)
        with lock.acquire(timeout=PATIENCE_S, poll_interval=_POLL_S):
            yield


def _write(file: FileIO, chunks: Iterable[bytes], max_bytes: int) -> Stored:
    intake = Intake(max_bytes)
    for chunk in chunks:
        intake.take(chunk)
        with _disk():
            disk.write_all(file, chunk)
    with _disk():
        os.fsync(file.fileno())
    return intake.stored()


def _pieces(file: FileIO, start: int, end: int | None) -> Iterator[bytes]:
    """Give an empty piece, then those of the range; once begun, dropping it closes the file."""
    with file:
        yield b""
        with _disk():
            size = os.fstat(file.fileno()).st_size
            file.seek(min(start, size))
        left = min(size if end is None else end, size) - start
        while left > 0:
            with _disk():
                piece = file.read(min(PIECE_BYTES, left))
            if not piece:
                return
            left -= len(piece)
            yield piece


def _entries(folder: Path, pattern: re.Pattern[str]) -> list[str]:
    with _disk():
        return disk.entries(folder, pattern)


@contextmanager
def _finding() -> Iterator[None]:
    """Tell that a file is not there, or what the disk says."""
    with _disk():
        try:
            yield
        except FileNotFoundError:
            raise BlobNotFound from None


@contextmanager
def _disk() -> Iterator[None]:
    """Tell what the disk says; where things lie is for the log, not for who asked."""
    try:
        yield
    except OSError as exc:
        raise Unavailable(
            f"the folder of files cannot be used ({exc.strerror or type(exc).__name__}); make "
            "room, or set VISAVIS_DATA to a folder that can be written"
        ) from exc
