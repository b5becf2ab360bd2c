"""A deployment while it is restored: all of the backup is there afterwards, or nothing has changed.

Everything in the backup is checked before anything is written. Rows go in as one unit, and whatever
else was put before it is committed is taken back when it is not. Rows of an older revision go
through a scratch database first, where they are migrated as they would have been here.
"""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from shutil import rmtree
from typing import IO
from uuid import uuid4

from sqlalchemy import Connection, Engine, Table

from visavis.core.errors import InvalidInput, Unavailable
from visavis.core.settings import Settings
from visavis.store import backup as rows
from visavis.store.backup import Row
from visavis.store.blobs import disk
from visavis.store.blobs.base import BlobName, Blobs
from visavis.store.blobs.errors import BlobNotFound
from visavis.store.errors import NotStorable, StoreUnavailable
from visavis.store.migrate import current, pending, upgrade
from visavis.store.translate import translated
from visavis.usecases import backup_parts as parts
from visavis.usecases.backup_archive import (
    KEYS,
    Archive,
    BackupUnusable,
    blob_name,
    rows_name,
)
from visavis.usecases.ground import utc_now
from visavis.vault.root_keys import merge_root_keys, put_root_keys_back
from visavis.vision.weights.progress import Progress

MOST_KEYS_BYTES = 64 * 1024

OF_EVERY_START = frozenset({"deployment_keys"})
"""Tables that have rows as soon as a server has started, and are worth nothing before the first
tenant."""

_Source = Callable[[Table], Iterator[Row]]


class Restoring:
    """Restores one backup.

    Args:
        settings: Of the deployment that it goes to.
        archive: The backup.
        progress: Hears how far it is.

    Raises:
        BackupUnusable: a newer version made it.
    """

    def __init__(self, settings: Settings, archive: Archive, progress: Progress) -> None:
        self._settings, self._archive, self._progress = settings, archive, progress
        revision = archive.manifest.revision
        try:
            self._tables = rows.tables_of(revision)
        except StoreUnavailable:
            raise BackupUnusable(
                f"a newer version of Visavis made this backup (tables of {revision}, by "
                f"{archive.manifest.version}); install that one"
            ) from None

    def check(self) -> None:
        """Read everything in the backup once.

        Raises:
            BackupUnusable: something in it is damaged, missing or no part of a backup.
        """
        told = {rows_name(table.name) for table in self._tables}
        here = {name for name in self._archive.manifest.parts if name.startswith("rows/")}
        if told != here:
            raise BackupUnusable("the backup has not the tables that its revision has")
        for table in self._tables:
            counted = sum(1 for _ in self._of_archive(table))
            if counted != self._archive.manifest.parts[rows_name(table.name)].rows:
                raise BackupUnusable(f"the table {table.name} has lost rows in the backup")
        self._check_files()
        for name in self._archive.manifest.parts:
            if name.startswith(("heads/", "keys/")):
                for _ in self._archive.pieces(name):
                    pass

    def run(self, engine: Engine, blobs: Blobs, *, force: bool) -> bool:
        """Put everything in its place; return whether something was there before.

        Args:
            engine: Where rows go.
            blobs: Where files go.
            force: Whether what is there is replaced.

        Raises:
            InvalidInput: something is there and may not be replaced, or the rows do not fit.
            Unavailable: the database, the files or the disk refuse.
        """
        replaces = self._require_empty(engine, force=force)
        with (
            tempfile.TemporaryFile("w+") as journal,
            ExitStack() as undo,
            self._at_head() as (tables, source),
        ):
            if current(engine) is None:
                upgrade(engine)
            undo.callback(_remove, blobs, journal)
            self._put_files(blobs, journal)
            with translated(engine.url), engine.begin() as connection:
                self._load(connection, tables, source)
                old = self._put_heads(undo)
                self._put_keys(undo)
            undo.pop_all()
        if old is not None:
            rmtree(old, ignore_errors=True)
        return replaces

    def _require_empty(self, engine: Engine, *, force: bool) -> bool:
        """Return whether anything is there, when it may be replaced."""
        if current(engine) is not None and pending(engine):
            raise InvalidInput(
                "the tables here are of an older version; bring them up to date by starting the "
                "server once, or choose an empty database"
            )
        there = bool(parts.head_files(parts.heads_folder(self._settings)))
        if current(engine) is not None:
            with rows.snapshot(engine) as connection:
                tables = rows.tables_of(rows.revision_of(connection))
                asked = (table for table in tables if table.name not in OF_EVERY_START)
                there |= any(rows.count(connection, table) for table in asked)
        if there and not force:
            raise InvalidInput(
                "the deployment here is not empty; choose an empty data folder and database, or "
                "say --force to replace everything in it"
            )
        return there

    @contextmanager
    def _at_head(self) -> Iterator[tuple[tuple[Table, ...], _Source]]:
        """Give the tables of this version, and what gives their rows."""
        newest = rows.tables_of("head")
        if self._archive.manifest.revision == rows.newest_revision():
            yield newest, self._of_archive
            return
        with rows.scratch(self._archive.manifest.revision) as engine:
            with translated(engine.url), engine.begin() as connection:
                for table in self._tables:
                    rows.add(connection, table, self._of_archive(table))
            upgrade(engine)
            with rows.snapshot(engine) as connection:
                yield newest, lambda table: rows.rows(connection, table)

    def _of_archive(self, table: Table) -> Iterator[Row]:
        for line in self._archive.lines(rows_name(table.name)):
            try:
                yield rows.from_line(table, line)
            except NotStorable as exc:
                raise BackupUnusable(f"the backup cannot be used: {exc}") from None

    def _blobs(self) -> Iterator[tuple[BlobName, int]]:
        """Give the names and sizes of the files that rows tell of."""
        table = next(table for table in self._tables if table.name == "blobs")
        for row in self._of_archive(table):
            yield (row["tenant_id"], row["sha256"]), row["size"]

    def _check_files(self) -> None:
        manifest, done, found = self._archive.manifest, 0, 0
        for name, size in self._blobs():
            member = blob_name(name)
            if not self._archive.has(member) or self._archive.size(member) != size:
                raise BackupUnusable("the backup lacks files that its rows tell of")
            for piece in self._archive.pieces(member):
                done += len(piece)
                self._progress.track("checked", done, manifest.blob_bytes)
            found += 1
        if found != manifest.blobs:
            raise BackupUnusable("the backup holds files that its rows do not tell of")

    def _put_files(self, blobs: Blobs, journal: IO[str]) -> None:
        """Put all files; those that were not there are noted, to be removed when it fails."""
        done, total = 0, self._archive.manifest.blob_bytes
        for name, size in self._blobs():
            if not _is_there(blobs, name):
                journal.write(" ".join(name) + "\n")
            stored = blobs.put(name[0], self._archive.pieces(blob_name(name)), size)
            if (stored.sha256, stored.size) != (name[1], size):
                raise BackupUnusable("a file of the backup is not what it was; take another copy")
            done += size
            self._progress.track("files", done, total)

    def _load(self, connection: Connection, tables: Iterable[Table], source: _Source) -> None:
        """Replace all rows."""
        ordered, done = tuple(tables), 0
        rows.clear(connection, ordered)
        for table in ordered:
            done += rows.add(connection, table, source(table))
            self._progress.track("rows", done, None)
        rows.number_anew(connection, utc_now())

    def _put_heads(self, undo: ExitStack) -> Path | None:
        """Put the folder of heads in its place; return where the one before is now."""
        folder, mark = parts.heads_folder(self._settings), uuid4().hex[:8]
        names = [n for n in self._archive.manifest.parts if n.startswith("heads/")]
        new, old = (folder.with_name(f"heads.{mark}.{which}") for which in ("new", "old"))
        with _disk():
            if names:
                undo.callback(rmtree, new, ignore_errors=True)
                new.mkdir(0o700, parents=True)
            for name in names:
                self._write(name, new / name.removeprefix("heads/"))
            if folder.exists():
                folder.rename(old)
                undo.callback(_rename, old, folder)
            if names:
                new.rename(folder)
                undo.callback(rmtree, folder, ignore_errors=True)
        return old if old.exists() else None

    def _write(self, name: str, path: Path) -> None:
        path.parent.mkdir(0o700, exist_ok=True)
        with disk.create(path) as file:
            for piece in self._archive.pieces(name):
                disk.write_all(file, piece)

    def _put_keys(self, undo: ExitStack) -> None:
        """Put the root keys of the backup beside those that are there, where a file has them."""
        if (text := self.keys()) is None or self._settings.vault.root_key.get_secret_value():
            return
        folder = parts.vault_folder(self._settings)
        before = merge_root_keys(folder, text, "the backup")
        undo.callback(put_root_keys_back, folder, before)

    def keys(self) -> str | None:
        """Return the root keys of the backup as text, None where they are not in it."""
        if not self._archive.has(KEYS):
            return None
        return self._archive.read(KEYS, MOST_KEYS_BYTES).decode("ascii", "replace")


def _is_there(blobs: Blobs, name: BlobName) -> bool:
    try:
        blobs.size(*name)
    except BlobNotFound:
        return False
    return True


def _remove(blobs: Blobs, journal: IO[str]) -> None:
    """Remove what was put."""
    journal.seek(0)
    for line in journal:
        tenant_id, sha256 = line.split()
        blobs.remove(tenant_id, sha256)


def _rename(old: Path, new: Path) -> None:
    old.rename(new)


@contextmanager
def _disk() -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise Unavailable(
            f"the data folder cannot be written ({exc.strerror or type(exc).__name__}); make room, "
            "or set VISAVIS_DATA to a folder that can be written"
        ) from exc
