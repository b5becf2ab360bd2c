"""Files of tenants go: those that nothing needs, and those that no row knows.

A row goes first and its unit is committed, then the file: a process that is killed in between
leaves an orphan, which the sweep finds, and never a row without its file. A file goes only while
its tenant is held and no row knows it; see `visavis.usecases.blobs` for the other side.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

import structlog

from visavis.store.blob_rows import PICTURE
from visavis.store.blobs.base import BlobName, Blobs
from visavis.store.blobs.sweep import GRACE, Swept, compare
from visavis.store.work import Store, Work

log = structlog.get_logger(__name__)

_EVER = datetime(9999, 1, 1, tzinfo=UTC)


class BlobRemoval:
    """Removes files; safe to use from several threads and processes.

    Args:
        store: Knows which are needed.
        blobs: Where they lie.
    """

    def __init__(self, store: Store, blobs: Blobs) -> None:
        self._store = store
        self._blobs = blobs

    def forget(self, tenant_id: str, hashes: Iterable[str]) -> int:
        """Remove those of the files that nothing needs any more, however new; return how many.

        Args:
            tenant_id: Whose.
            hashes: Which ones; that their uses are gone has to be committed.
        """
        removed = 0
        for sha256 in hashes:
            self._remove_row(tenant_id, sha256, _EVER)
            removed += self.remove_file(tenant_id, sha256)
        return removed

    def remove_unused(self, tenant_id: str, now: datetime, grace: timedelta = GRACE) -> int:
        """Remove a tenant's files that nothing needs; return how many.

        Args:
            tenant_id: Whose.
            now: The time.
            grace: Files kept within this time are spared.
        """
        return self._remove_idle(tenant_id, now - grace)

    def remove_pictures(self, tenant_id: str) -> int:
        """Remove the pictures of templates that are gone, however new; return how many.

        Their secrets went with the templates, so nobody could open them any more.
        """
        return self._remove_idle(tenant_id, _EVER, PICTURE)

    def _remove_idle(self, tenant_id: str, before: datetime, media_type: str | None = None) -> int:
        removed = 0
        while True:
            with self._store.reading() as work:
                idle = work.blob_rows.unused(tenant_id, before, media_type=media_type)
            gone = [row for row in idle if self._remove_row(tenant_id, row.sha256, before)]
            for row in gone:
                self.remove_file(tenant_id, row.sha256)
            removed += len(gone)
            if not gone:
                return removed

    def sweep(self, now: datetime, grace: timedelta = GRACE) -> Swept:
        """Remove files that no row knows and what cut-short puts left; tell of rows without file.

        Args:
            now: The time.
            grace: Files put within this time are spared; their row may still come.

        Raises:
            Unavailable: the database, the disk or the S3 end refuses; sweep again.
        """
        cutoff = now - grace
        found = compare(self._names(), self._blobs, older_than=cutoff)
        if found.missing_count:
            log.error("blobs_missing", count=found.missing_count)
        removed = tuple(name for name in found.orphans if self.remove_file(*name, cutoff))
        return Swept(found, removed, self._blobs.remove_partials(cutoff))

    def remove_file(self, tenant_id: str, sha256: str, older_than: datetime | None = None) -> bool:
        """Remove a file unless a row knows it; return whether it went.

        Args:
            tenant_id: Whose.
            sha256: Which one.
            older_than: Spare it when it was put at this time or later.
        """

        def remove(work: Work) -> bool:
            work.tenants.hold(tenant_id)  # or there is none any more
            if work.blob_rows.find(tenant_id, sha256):
                return False
            return self._blobs.remove(tenant_id, sha256, older_than)

        return self._store.run(remove)

    def _remove_row(self, tenant_id: str, sha256: str, before: datetime) -> bool:
        """Remove a row that nothing needs; nobody keeps the same file meanwhile."""

        def remove(work: Work) -> bool:
            work.tenants.hold(tenant_id)
            return work.blob_rows.remove_unused(tenant_id, sha256, before)

        return self._store.run(remove)

    def _names(self) -> Iterator[BlobName]:
        """Give the names of all rows, sorted; some at a time, so that no unit stays open for long.

        One that comes or goes meanwhile may be missed: whoever removes a file looks again.
        """
        last: BlobName = ("", "")
        while True:
            with self._store.reading() as work:
                names = work.blob_rows.names(last)
            if not names:
                return
            yield from names
            last = names[-1]
