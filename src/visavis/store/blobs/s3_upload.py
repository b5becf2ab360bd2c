"""Uploads to S3: in one request where a file fits one part, else in parts, all or nothing."""

import hashlib
from base64 import b64encode
from collections.abc import Iterator
from contextlib import suppress
from typing import IO, Any

from visavis.core.errors import Unavailable
from visavis.store.blobs.errors import BlobNotFound
from visavis.store.blobs.s3_answers import Client, Place, answers, finding

_MOST_PARTS = 10_000


def upload(client: Client, place: Place, file: IO[bytes], size: int, part_bytes: int) -> None:
    """Upload a file from its start; what was begun is given up on any error.

    Args:
        client: boto3's client.
        place: Where to.
        file: What to upload.
        size: Its bytes.
        part_bytes: Size of a part; larger where that would make more parts than S3 takes.

    Raises:
        Unavailable: the end refuses or cannot be reached.
    """
    file.seek(0)
    if size > part_bytes:
        _upload_in_parts(client, place, file, max(part_bytes, -(-size // _MOST_PARTS)))
        return
    body = file.read()
    with answers():
        client.put_object(**place, Body=body, ContentMD5=_md5(body))


def abort(client: Client, place: Place, upload_id: str) -> None:
    """Give up an upload in parts; one that has ended is no error.

    Raises:
        Unavailable: the end refuses or cannot be reached.
    """
    with suppress(BlobNotFound), finding():
        client.abort_multipart_upload(**place, UploadId=upload_id)


def _upload_in_parts(client: Client, place: Place, file: IO[bytes], part_bytes: int) -> None:
    with answers():
        upload_id = client.create_multipart_upload(**place)["UploadId"]
        try:
            parts = list(_parts(client, place, upload_id, file, part_bytes))
            client.complete_multipart_upload(
                **place, UploadId=upload_id, MultipartUpload={"Parts": parts}
            )
        except BaseException:
            with suppress(Unavailable):  # the sweep finds it
                abort(client, place, upload_id)
            raise


def _parts(
    client: Client, place: Place, upload_id: str, file: IO[bytes], part_bytes: int
) -> Iterator[dict[str, Any]]:
    for number, body in enumerate(iter(lambda: file.read(part_bytes), b""), start=1):
        part = client.upload_part(
            **place, UploadId=upload_id, PartNumber=number, Body=body, ContentMD5=_md5(body)
        )
        yield {"PartNumber": number, "ETag": part["ETag"]}


def _md5(body: bytes) -> str:
    """Return what the end checks the bytes with; every S3 API knows this one."""
    return b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
