"""Backup of a running deployment into one file, and restoring it, checked before and after."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import structlog
from sqlalchemy import Engine

from visavis.core.errors import InvalidInput, Unavailable, VisavisError
from visavis.core.settings import Settings
from visavis.store.blobs import disk
from visavis.store.blobs.base import Blobs
from visavis.store.blobs.opening import open_blobs
from visavis.store.engine import open_engine
from visavis.store.migrate import current
from visavis.store.page import MOST
from visavis.store.work import Store
from visavis.usecases import backup_parts as parts
from visavis.usecases.actor import SYSTEM
from visavis.usecases.audit import AuditLog
from visavis.usecases.backup_archive import Archive, BackupUnusable, Manifest
from visavis.usecases.backup_making import Made, Making
from visavis.usecases.backup_restoring import Restoring
from visavis.usecases.blob_removal import BlobRemoval
from visavis.usecases.ground import utc_now
from visavis.vault.errors import SealBroken
from visavis.vault.keyring import Keyring
from visavis.vault.root_keys import FILE, LocalRootKeys, read_root_keys
from visavis.vision.weights.progress import Progress, Silent

log = structlog.get_logger(__name__)

_EVER = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Restored:
    """What became of restoring.

    Attributes:
        made_at: When the backup was made.
        version: Of the program that made it.
        rows: How many it held.
        files: How many it held.
        root_id: Name of the root key that its data need; empty = none.
        has_key: Whether that key is here; without it nothing that was sealed opens.
        verified: How many audit logs were verified.
        unread: How many could not be, because an older root key is not here.
        faulty: Tenants whose audit log is not whole; it was so before the backup.
    """

    made_at: datetime
    version: str
    rows: int
    files: int
    root_id: str
    has_key: bool
    verified: int
    unread: int
    faulty: tuple[str, ...]


class Backup:
    """Makes and restores backups of a deployment.

    Args:
        settings: Of the deployment.
        progress: Hears how far it is.
        clock: Tells the time, aware, UTC.
    """

    def __init__(
        self,
        settings: Settings,
        progress: Progress | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._settings = settings
        self._progress = progress or Silent()
        self._clock = clock

    def backup(self, target: Path, *, with_keys: bool = False, force: bool = False) -> Made:
        """Write everything into one file; it appears whole or not at all.

        Args:
            target: The file.
            with_keys: Whether the root key goes in: whoever has the file then reads everything.
            force: Whether a file of that name may be replaced.

        Raises:
            InvalidInput: there is such a file, or nothing to back up, or no key in a file.
            Unavailable: the database, the files or the disk refuse.
        """
        keys = self._key_file() if with_keys else None
        with self._opened() as (engine, blobs):
            if current(engine) is None:
                raise InvalidInput(
                    "there is nothing to back up: the database has no tables; see whether "
                    "VISAVIS_DATA and VISAVIS_STORE__URL lead to the deployment"
                )
            with _appearing(target, force=force) as file:
                spool, now = target.absolute().parent, self._clock()
                making = Making(self._settings, engine, blobs, file, spool, now, self._progress)
                made = making.run(keys)
                told = {"rows": made.rows, "files": made.files, "with_keys": made.with_keys}
                if roots := parts.root_keys(self._settings):  # no copy without its entry
                    self._note(engine, roots, "backup.made", told)
        return made

    def restore(self, source: Path, *, force: bool = False) -> Restored:
        """Bring a deployment to what it was; on any failure it stays as it is.

        Args:
            source: The backup.
            force: Whether a deployment that is not empty is replaced as a whole.

        Raises:
            InvalidInput: it is no usable backup, or the deployment here is not empty.
            Unavailable: the database, the files or the disk refuse.
        """
        with _opened_file(source) as file:
            archive = Archive(file)
            restoring = Restoring(self._settings, archive, self._progress)
            roots = self._roots(restoring.keys())
            has_key = _vouched(roots, archive)
            restoring.check()
            with self._opened() as (engine, blobs):
                if restoring.run(engine, blobs, force=force):
                    self._clean(engine, blobs)
                logs = _Logs()
                if roots and has_key:
                    logs = _verified(engine, roots)
                    self._note_restored(engine, roots, archive.manifest)
        return _restored(archive.manifest, logs, has_key=has_key)

    @contextmanager
    def _opened(self) -> Iterator[tuple[Engine, Blobs]]:
        blobs = open_blobs(self._settings.blobs, parts.blobs_folder(self._settings))
        engine = open_engine(self._settings.store, self._settings.data)
        try:
            yield engine, blobs
        finally:
            engine.dispose()

    def _key_file(self) -> Path:
        path = parts.vault_folder(self._settings) / FILE
        if self._settings.vault.root_key.get_secret_value() or not path.is_file():
            raise InvalidInput(
                "the root key of this deployment is in no file; keep a copy of what "
                "VISAVIS_VAULT__ROOT_KEY holds, and leave --with-keys away"
            )
        return path

    def _roots(self, given: str | None) -> LocalRootKeys | None:
        """Return the root keys that will serve: of the settings, of the backup, or of the file."""
        if given is None or self._settings.vault.root_key.get_secret_value():
            return parts.root_keys(self._settings)
        return read_root_keys(given, "the backup")

    def _clean(self, engine: Engine, blobs: Blobs) -> None:
        """Remove the files of the deployment that was replaced."""
        removal = BlobRemoval(Store(engine), blobs)
        try:
            while removal.sweep(_EVER).removed:  # one sweep removes so many
                pass
        except VisavisError as exc:  # the next sweep does it
            log.warning("old_files_left", reason=str(exc))

    def _note_restored(self, engine: Engine, roots: LocalRootKeys, manifest: Manifest) -> None:
        try:
            told = {"made_at": manifest.made_at.isoformat()}
            self._note(engine, roots, "backup.restored", told)
        except VisavisError as exc:  # it is restored nevertheless
            log.warning("restoring_not_noted", reason=str(exc))

    def _note(
        self, engine: Engine, roots: LocalRootKeys, action: str, told: Mapping[str, object]
    ) -> None:
        """Write it down in the log of whoever runs the deployment."""
        audit = AuditLog(Keyring(roots))
        with Store(engine).work() as work:
            if host := work.tenants.first():
                audit.note(work, host.id, SYSTEM, action, self._clock(), details=told)


def _vouched(roots: LocalRootKeys | None, archive: Archive) -> bool:
    """Return whether the root key of a backup is here, and vouches for it."""
    root_id = archive.manifest.root_id
    try:
        return parts.opens(roots, root_id, archive.seal, archive.told)
    except SealBroken:
        raise BackupUnusable(
            "the backup was changed after it was made, or the root key here is not the one called "
            f"{root_id!r} that it was made with; put the right one back, or take another copy"
        ) from None


def _verified(engine: Engine, roots: LocalRootKeys) -> "_Logs":
    """Read the audit logs of all tenants."""
    store, audit, logs, cursor = Store(engine), AuditLog(Keyring(roots)), _Logs(), None
    while True:
        with store.reading() as work:
            page = work.tenants.page(MOST, cursor)
        for tenant in page.items:
            try:
                faults = audit.verify(store, tenant.id)
            except VisavisError:  # an older root key is missing
                logs.unread += 1
            else:
                logs.verified += 1
                logs.faulty += [tenant.id] if faults else []
        if (cursor := page.next) is None:
            return logs


@dataclass
class _Logs:
    """What came of reading the audit logs."""

    verified: int = 0
    unread: int = 0
    faulty: list[str] = field(default_factory=list)


def _restored(manifest: Manifest, logs: _Logs, *, has_key: bool) -> Restored:
    return Restored(
        made_at=manifest.made_at,
        version=manifest.version,
        rows=sum(part.rows for part in manifest.parts.values()),
        files=manifest.blobs,
        root_id=manifest.root_id,
        has_key=has_key,
        verified=logs.verified,
        unread=logs.unread,
        faulty=tuple(logs.faulty),
    )


@contextmanager
def _opened_file(source: Path) -> Iterator[IO[bytes]]:
    try:
        file = source.open("rb")
    except OSError as exc:
        raise InvalidInput(f"{source} cannot be read: {exc.strerror}") from exc
    with closing(file):
        yield file


@contextmanager
def _appearing(target: Path, *, force: bool) -> Iterator[IO[bytes]]:
    """Lend a file that only its owner can read, and give it its name when all went well."""
    part = target.with_name(f"{target.name}.part")
    if not target.absolute().parent.is_dir():
        raise InvalidInput(f"there is no folder {target.absolute().parent}; make it first")
    for path in (target, part):
        if path.is_dir() or (path.exists() and not force):
            raise InvalidInput(f"there is {path} already; choose another name, or say --force")
    part.unlink(missing_ok=True)
    try:
        descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
        disk.sync_folder(target.absolute().parent)
    except OSError as exc:
        raise Unavailable(f"the backup cannot be written: {exc.strerror or exc}") from exc
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
