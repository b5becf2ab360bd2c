"""The steps on a disk of which `FileBlobs` is made: private, lasting, and no link followed."""

import os
import re
import stat
from contextlib import suppress
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path


def create(path: Path) -> FileIO:
    """Make a new file that only we can read, and open it for writing."""
    return open(path, "xb", buffering=0, opener=_private)


def read(path: Path) -> FileIO:
    """Open a file for reading; a link in its place is refused."""
    return open(path, "rb", buffering=0, opener=_private)


def write_all(file: FileIO, chunk: bytes) -> None:
    """Write all of `chunk`, where one call may take only a part of it."""
    rest = memoryview(chunk)
    while rest:
        rest = rest[file.write(rest) :]


def make_folder(folder: Path) -> None:
    """Make a folder that only we can enter, lastingly, unless it is there.

    Raises:
        NotADirectoryError: a link is in its place.
    """
    with suppress(FileExistsError):
        folder.mkdir(0o700)
        sync_folder(folder.parent)
    if folder.is_symlink():
        raise NotADirectoryError(0, "a link is where a folder should be")


def make_root(folder: Path) -> None:
    """Make a folder and those above it; shut others out where it was open to them."""
    folder.mkdir(0o700, parents=True, exist_ok=True)
    if os.name == "posix" and folder.stat().st_mode & 0o077:
        folder.chmod(0o700)


def stat_file(path: Path) -> os.stat_result:
    """Return what the disk knows of a file two folders deep in a root.

    Raises:
        FileNotFoundError: there is none, or something else; a link counts as nothing, even in the
            place of one of the two folders.
    """
    through_link = path.parent.is_symlink() or path.parent.parent.is_symlink()
    found = path.lstat()
    if through_link or not stat.S_ISREG(found.st_mode):
        raise FileNotFoundError
    return found


def has_size(path: Path, size: int) -> bool:
    """Return whether a file is there that is `size` bytes long."""
    try:
        return stat_file(path).st_size == size
    except FileNotFoundError:
        return False


def modified(found: os.stat_result) -> datetime:
    """Return when the content was last changed, aware, UTC."""
    return datetime.fromtimestamp(found.st_mtime, UTC)


def entries(folder: Path, pattern: re.Pattern[str]) -> list[str]:
    """Return the names in a folder that fit `pattern` as a whole, sorted; none without a folder."""
    try:
        return sorted(path.name for path in folder.iterdir() if pattern.fullmatch(path.name))
    except (FileNotFoundError, NotADirectoryError):
        return []


def sync_folder(folder: Path) -> None:
    """Have the names in a folder written to the disk, where the system can."""
    if os.name != "posix":
        return
    place = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(place)
    finally:
        os.close(place)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o600)
