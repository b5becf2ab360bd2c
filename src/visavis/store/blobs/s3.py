"""Files in a bucket behind any S3 API: `<prefix><tenant>/<ab>/<sha256>`.

The name of a file is known when its last byte has come in, so it waits in memory (up to one part)
or in a nameless file on the disk until then. S3 shows an object whole or not at all.

S3 knows no lock: a file that is put again between the two requests with which a sweep makes sure
that it is old and removes it, goes. The next sweep reports it as missing.
"""

import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any, cast

from botocore.response import StreamingBody

from visavis.core.errors import Unavailable
from visavis.core.settings import MIB
from visavis.store.blobs.base import (
    PIECE_BYTES,
    Intake,
    Kept,
    Stored,
    check_name,
    check_range,
    check_tenant,
)
from visavis.store.blobs.errors import BlobNotFound
from visavis.store.blobs.s3_answers import Client, Place, answers, finding
from visavis.store.blobs.s3_upload import abort, upload

PART_BYTES = 8 * MIB
"""Size of one part of an upload; files up to this size go up in one request."""

_LARGEST_COPY = 5 * 1024 * MIB
_TICK = timedelta(seconds=1)  # to which S3 rounds times down
_KEY = re.compile(r"([0-9a-f]{32})/([0-9a-f]{2})/(\2[0-9a-f]{62})")


class S3Blobs:
    """Keeps files in a bucket; see `Blobs` for what each method promises.

    Args:
        client: boto3's client of the S3 API, shared by all threads.
        bucket: The bucket.
        prefix: Stands before every name.
        spool: Folder for what is coming in.
        part_bytes: Size of one part of an upload; S3 takes none below 5 MiB but the last.
    """

    def __init__(
        self, client: Client, bucket: str, prefix: str, spool: Path, part_bytes: int = PART_BYTES
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = prefix
        self._spool = spool
        self._part_bytes = part_bytes

    def put(self, tenant_id: str, chunks: Iterable[bytes], max_bytes: int) -> Stored:
        """Keep what comes in."""
        check_tenant(tenant_id)
        with self._waiting() as file:
            stored = _take(file, chunks, max_bytes)
            place = self._place(tenant_id, stored.sha256)
            if not self._renew(place, stored.size):
                with _room():
                    upload(self._client, place, file, stored.size, self._part_bytes)
        return stored

    def open(
        self, tenant_id: str, sha256: str, start: int = 0, end: int | None = None
    ) -> Iterator[bytes]:
        """Give the bytes of a range."""
        place = self._place(tenant_id, sha256)
        check_range(start, end)
        asked = {}
        if start or end is not None:
            size = self.size(tenant_id, sha256)  # ends differ in what they say beyond the last byte
            end = size if end is None else min(end, size)
            if start >= end:
                return iter(())
            asked = {"Range": f"bytes={start}-{end - 1}"}
        with finding():
            body = self._client.get_object(**place, **asked)["Body"]
        pieces = _pieces(body)
        next(pieces)
        return pieces

    def size(self, tenant_id: str, sha256: str) -> int:
        """Return the size in bytes."""
        return int(self._head(self._place(tenant_id, sha256))["ContentLength"])

    def remove(self, tenant_id: str, sha256: str, older_than: datetime | None = None) -> bool:
        """Remove a file with all its versions, unless it was put again meanwhile."""
        place = self._place(tenant_id, sha256)
        found = None
        with suppress(BlobNotFound):
            found = self._head(place)
            if older_than and found["LastModified"] + _TICK > older_than:
                return False
        with suppress(BlobNotFound), finding():
            if self._client.delete_object(**place).get("VersionId"):
                self._purge(place)
        return found is not None

    def names(self, tenant_id: str | None = None) -> Iterator[Kept]:
        """List what is there, sorted."""
        if tenant_id is not None:
            check_tenant(tenant_id)
        return self._objects(f"{self._prefix}{tenant_id}/" if tenant_id else self._prefix)

    def remove_partials(self, older_than: datetime) -> int:
        """Abort the uploads of killed processes; their parts take room that no listing shows."""
        removed = 0
        with answers():
            for begun in self._listed("list_multipart_uploads", "Uploads", self._prefix):
                if self._name_in(begun["Key"]) and begun["Initiated"] < older_than:
                    abort(self._client, self._at(begun["Key"]), begun["UploadId"])
                    removed += 1
        return removed

    def _place(self, tenant_id: str, sha256: str) -> Place:
        check_name(tenant_id, sha256)
        return self._at(f"{self._prefix}{tenant_id}/{sha256[:2]}/{sha256}")

    def _at(self, key: str) -> Place:
        return {"Bucket": self._bucket, "Key": key}

    def _name_in(self, key: str) -> re.Match[str] | None:
        """Return tenant (1) and hash (3) that a key stands for, None where it is not of ours."""
        return _KEY.fullmatch(key.removeprefix(self._prefix))

    def _head(self, place: Place) -> dict[str, Any]:
        with finding():
            return cast("dict[str, Any]", self._client.head_object(**place))

    @contextmanager
    def _waiting(self) -> Iterator[IO[bytes]]:
        """Lend a file for what is coming in; nobody else can open it, and nothing of it stays."""
        with _room():
            self._spool.mkdir(0o700, parents=True, exist_ok=True)
        file = tempfile.SpooledTemporaryFile(self._part_bytes, dir=str(self._spool))  # noqa: SIM115
        try:
            yield cast("IO[bytes]", file)
        finally:
            with suppress(OSError):
                file.close()

    def _renew(self, place: Place, size: int) -> bool:
        """Have a file that is there count as put now; return whether it is there."""
        try:
            if self._head(place)["ContentLength"] != size or size > _LARGEST_COPY:
                return False
            with finding():
                self._client.copy_object(**place, CopySource=place, MetadataDirective="REPLACE")
        except BlobNotFound:
            return False
        return True

    def _purge(self, place: Place) -> None:
        """Remove what a bucket with versions keeps of a file: erased has to mean erased."""
        for kind in ("Versions", "DeleteMarkers"):
            for version in self._listed("list_object_versions", kind, place["Key"]):
                self._client.delete_object(**place, VersionId=version["VersionId"])

    def _objects(self, prefix: str) -> Iterator[Kept]:
        with answers():
            for entry in self._listed("list_objects_v2", "Contents", prefix):
                if name := self._name_in(entry["Key"]):
                    when = entry["LastModified"].astimezone(UTC)
                    yield Kept(name[1], name[3], entry["Size"], when)

    def _listed(self, operation: str, what: str, prefix: str) -> Iterator[dict[str, Any]]:
        pages = self._client.get_paginator(operation)
        for page in pages.paginate(Bucket=self._bucket, Prefix=prefix):
            yield from page.get(what, ())


def _take(file: IO[bytes], chunks: Iterable[bytes], max_bytes: int) -> Stored:
    intake = Intake(max_bytes)
    for chunk in chunks:
        intake.take(chunk)
        with _room():
            file.write(chunk)
    return intake.stored()


def _pieces(body: StreamingBody) -> Iterator[bytes]:
    """Give an empty piece, then those of the file; once begun, dropping it hangs up."""
    with closing(body):
        yield b""
        while True:
            with answers():
                piece: bytes = body.read(PIECE_BYTES)
            if not piece:
                return
            yield piece


@contextmanager
def _room() -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise Unavailable(
            f"there is no room for a file that comes in ({exc.strerror or type(exc).__name__}); "
            "make room, or set VISAVIS_DATA to a folder that can be written"
        ) from exc
