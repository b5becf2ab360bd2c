"""A backup while it is made: rows of one state, the files that they tell of, the rest.

Rows are read in one snapshot. Files are copied after it, so that no unit stays open for hours.
Keeping puts a file before its row, so all of them are there but those that are deleted meanwhile:
their rows are left out, as if they had been deleted a moment earlier.
"""

import hashlib
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

import structlog
from sqlalchemy import Engine, Table

from visavis import __version__
from visavis.core.settings import MIB, Settings
from visavis.store import backup as rows
from visavis.store.backup import Row
from visavis.store.blobs.base import BlobName, Blobs
from visavis.store.blobs.errors import BlobNotFound
from visavis.store.work import Store
from visavis.usecases import backup_parts as parts
from visavis.usecases.backup_archive import (
    KEYS,
    MANIFEST,
    SEAL,
    ArchiveWriter,
    Manifest,
    Part,
    blob_name,
    rows_name,
)
from visavis.vision.weights.progress import Progress

log = structlog.get_logger(__name__)

OF_FILES = ("blobs", "blob_uses")
"""Tables whose rows wait until the files are copied."""

_IN_MEMORY = 8 * MIB


@dataclass(frozen=True, slots=True)
class Made:
    """What became of a backup.

    Attributes:
        rows: How many it holds.
        files: How many it holds.
        size: Bytes of those files.
        deleted: Files that were deleted while it was made, and so are not in it.
        damaged: Files that are lost or damaged here, and so are not in it: look after them.
        with_keys: Whether the root key is in it.
        sealed: Whether the root key vouches for it.
    """

    rows: int
    files: int
    size: int
    deleted: int
    damaged: int
    with_keys: bool
    sealed: bool


class Making:
    """Makes one backup.

    Args:
        settings: Of the deployment.
        engine: Its rows.
        blobs: Its files.
        target: What is written to.
        spool: Folder for what waits.
        now: The time.
        progress: Hears how far it is.
    """

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        blobs: Blobs,
        target: IO[bytes],
        spool: Path,
        now: datetime,
        progress: Progress,
    ) -> None:
        self._settings, self._engine, self._blobs = settings, engine, blobs
        self._archive = ArchiveWriter(target, now)
        self._spool, self._now, self._progress = spool, now, progress
        self._parts: dict[str, Part] = {}
        self._gone: set[BlobName] = set()
        self._files = self._bytes = 0

    def run(self, keys: Path | None) -> Made:
        """Write all parts, the manifest last.

        Args:
            keys: The file of the root keys, when it is to go in.
        """
        with self._archive, ExitStack() as stack:
            waiting = {
                name: stack.enter_context(tempfile.TemporaryFile(dir=self._spool))
                for name in OF_FILES
            }
            revision, tables = self._add_tables(waiting)
            self._copy(waiting["blobs"], tables["blobs"])
            for name, file in waiting.items():
                self._add_rows(name, _lines(file, tables[name], self._gone))
            damaged = self._still_known()
            self._add_heads()
            if keys is not None:
                self._parts[KEYS] = self._archive.add(KEYS, [keys.read_bytes()])
            is_sealed = self._finish(revision)
        return Made(
            rows=sum(part.rows for part in self._parts.values()),
            files=self._files,
            size=self._bytes,
            deleted=len(self._gone) - damaged,
            damaged=damaged,
            with_keys=keys is not None,
            sealed=is_sealed,
        )

    def _add_tables(self, waiting: Mapping[str, IO[bytes]]) -> tuple[str, dict[str, Table]]:
        """Write the rows of one state; those about files wait. Return revision and tables."""
        with rows.snapshot(self._engine) as connection:
            revision = rows.revision_of(connection)
            tables = rows.tables_of(revision)
            for table in tables:
                lines = map(rows.to_line, rows.rows(connection, table))
                if table.name in waiting:
                    waiting[table.name].writelines(lines)
                else:
                    self._add_rows(table.name, lines)
        return revision, {table.name: table for table in tables}

    def _add_rows(self, table: str, lines: Iterable[bytes]) -> None:
        counted = _Counted(lines)
        part = self._archive.add(rows_name(table), counted)
        self._parts[rows_name(table)] = part.model_copy(update={"rows": counted.count})
        self._progress.track("rows", sum(part.bytes for part in self._parts.values()), None)

    def _copy(self, waiting: IO[bytes], table: Table) -> None:
        """Copy the files that rows tell of; note those that are not there, or not whole."""
        total = sum(row["size"] for row in _read(waiting, table))
        done = 0
        for row in _read(waiting, table):
            name = row["tenant_id"], row["sha256"]
            if not self._copied(name):
                self._gone.add(name)
            done += row["size"]
            self._progress.track("files", done, total)

    def _copied(self, name: BlobName) -> bool:
        """Copy a file, once it was seen to be whole: what is written cannot be taken back."""
        with tempfile.SpooledTemporaryFile(_IN_MEMORY, dir=str(self._spool)) as spool:
            hashed = hashlib.sha256()
            try:
                for piece in self._blobs.open(*name):
                    hashed.update(piece)
                    spool.write(piece)
            except BlobNotFound:
                return False
            if hashed.hexdigest() != name[1]:
                return False
            spool.seek(0)
            pieces = iter(lambda: spool.read(MIB), b"")
            self._bytes += self._archive.add(blob_name(name), pieces).bytes
        self._files += 1
        return True

    def _still_known(self) -> int:
        """Return how many of the files that could not be copied should be there."""
        store, damaged = Store(self._engine), []
        for name in sorted(self._gone):
            with store.reading() as work:
                if work.blob_rows.find(*name):
                    damaged.append(name[1])
        if damaged:
            log.error("blobs_damaged", count=len(damaged), sha256=damaged[:10])
        return len(damaged)

    def _add_heads(self) -> None:
        """Add the head files, while nobody changes them."""
        folder = parts.heads_folder(self._settings)
        if not folder.is_dir():
            return
        with parts.unchanged(folder):
            for path in parts.head_files(folder):
                name = f"heads/{path.relative_to(folder).as_posix()}"
                with path.open("rb") as file:
                    self._parts[name] = self._archive.add(name, _pieces(file))

    def _finish(self, revision: str) -> bool:
        """Add manifest and seal; return whether there was a key to seal with."""
        roots = parts.root_keys(self._settings)
        manifest = Manifest(
            version=__version__,
            made_at=self._now,
            revision=revision,
            database=self._engine.dialect.name,
            root_id=roots.current if roots else "",
            parts=self._parts,
            blobs=self._files,
            blob_bytes=self._bytes,
        )
        told = manifest.model_dump_json(indent=1).encode()
        self._archive.add(MANIFEST, [told])
        self._archive.add(SEAL, [parts.seal(roots, told)])
        return roots is not None


class _Counted:
    """Counts what passes."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._lines = lines
        self.count = 0

    def __iter__(self) -> Iterator[bytes]:
        for line in self._lines:
            self.count += 1
            yield line


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(MIB):
        yield piece


def _read(file: IO[bytes], table: Table) -> Iterator[Row]:
    """Give the rows that wait in a file."""
    file.seek(0)
    for line in file:
        yield rows.from_line(table, line)


def _lines(file: IO[bytes], table: Table, without: set[BlobName]) -> Iterator[bytes]:
    """Give the lines that wait in a file, without those of some blobs."""
    for row in _read(file, table):
        if (row["tenant_id"], row["sha256"]) not in without:
            yield rows.to_line(row)
