"""The file of a SQLite database: private, in WAL mode, changed by one migration at a time."""

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import structlog
from filelock import FileLock, Timeout

from visavis.store.errors import StoreUnavailable

log = structlog.get_logger(__name__)

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
_OTHERS = 0o077

PATIENCE_S = 60.0
"""How long to wait for another process that makes the file."""


def prepare(path: Path) -> None:
    """Make the file, and its folder where it is absent, for nobody else to read.

    Write-ahead logging is chosen here and not by each connection: the choice stays with the file,
    and SQLite does not wait for others while it is made.

    Raises:
        StoreUnavailable: the file cannot be made or is no database.
    """
    try:
        path.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        with lock(path, PATIENCE_S):
            _make_private(path)
            with closing(sqlite3.connect(path, timeout=PATIENCE_S)) as database:
                database.execute("PRAGMA journal_mode = WAL")
    except Timeout:
        raise StoreUnavailable(f"another process holds {path}; try again when it is done") from None
    except (OSError, sqlite3.Error) as exc:
        raise StoreUnavailable(
            f"the database {path} cannot be opened ({exc}); see that its folder can be written, or "
            "restore the file from a backup"
        ) from exc


def lock(path: Path, patience_s: float) -> FileLock:
    """Return the lock that lies beside a database, for what one process at a time may do."""
    return FileLock(f"{path}.lock", timeout=patience_s, mode=PRIVATE_FILE)


def _make_private(path: Path) -> None:
    """Make the file, or take from others the right to read one that came from elsewhere.

    One that is there is not opened: to close it would end the locks that SQLite holds on it in
    this process.
    """
    if not path.exists():
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, PRIVATE_FILE))
    mode = path.stat().st_mode
    if mode & _OTHERS:
        with suppress(PermissionError):
            path.chmod(mode & ~_OTHERS & 0o777)
        log.warning("database_was_open_to_others", path=path)
