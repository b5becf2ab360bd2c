"""The S3 API as bulk work needs it: list what is there, read and write whole objects.

Keys come from where boto3 looks for them: the environment, its own files, the machine's role.
"""

from collections.abc import Iterator

from visavis.core.errors import InvalidInput, InvalidSettings
from visavis.core.settings import BlobOptions

try:
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    from visavis.store.blobs.s3_answers import Client, answers, code_of
except ImportError as exc:
    raise InvalidSettings(
        "s3:// needs one more library: pip install 'visavis[s3]', or give a folder"
    ) from exc

TRIES = 3
"""Times an object is asked for whose bytes break off; what boto3 tries by itself is not counted."""

_CONNECT_S = 10
_READ_S = 60
_OF_THE_OBJECT = {"403", "404", "AccessDenied", "InvalidObjectState", "NoSuchKey", "NotFound"}
"""What the end says about one object; everything else is about the end, and stops the work."""


def open_client(options: BlobOptions, connections: int) -> Client:
    """Return a client; safe to use from several threads.

    Args:
        options: Address and region of the end; empty = as the environment says.
        connections: Requests at the same time.

    Raises:
        InvalidSettings: address or region cannot be used.
    """
    config = Config(
        connect_timeout=_CONNECT_S,
        read_timeout=_READ_S,
        max_pool_connections=connections,
        retries={"mode": "standard", "max_attempts": TRIES},
        # The newer checksums are refused by some ends.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    try:
        return boto3.session.Session().client(
            "s3",
            endpoint_url=options.endpoint_url or None,
            region_name=options.region or None,
            config=config,
        )
    except (BotoCoreError, ValueError) as exc:
        raise InvalidSettings(
            f"the S3 settings cannot be used ({type(exc).__name__}): check "
            "VISAVIS_BLOBS__ENDPOINT_URL, VISAVIS_BLOBS__REGION and the AWS_… variables"
        ) from None


def split(url: str) -> tuple[str, str]:
    """Return bucket and key of `s3://bucket/key`; the key may be empty.

    Raises:
        InvalidInput: there is no bucket in it.
    """
    bucket, _, key = url.removeprefix("s3://").partition("/")
    if not bucket:
        raise InvalidInput(f"{url} names no bucket; write s3://BUCKET/PREFIX")
    return bucket, key


def keys(client: Client, bucket: str, prefix: str) -> Iterator[str]:
    """Yield the keys that begin with `prefix`, in the order of the bucket.

    Raises:
        Unavailable: the end does not answer, or refuses.
    """
    with answers():
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        for page in pages:
            yield from (entry["Key"] for entry in page.get("Contents", ()))


def read(client: Client, bucket: str, key: str, most: int | None = None) -> bytes:
    """Return the bytes of an object, at most `most` of them.

    Raises:
        InvalidInput: it is not there, or may not be read.
        Unavailable: the end does not answer, or refuses.
    """
    for _ in range(TRIES - 1):
        try:
            return _read(client, bucket, key, most)
        except BotoCoreError:  # the line broke while the bytes came
            continue
    with answers():
        return _read(client, bucket, key, most)


def _read(client: Client, bucket: str, key: str, most: int | None) -> bytes:
    try:
        body = client.get_object(Bucket=bucket, Key=key)["Body"]
    except ClientError as exc:
        if code_of(exc) in _OF_THE_OBJECT:
            raise InvalidInput(f"cannot be read: the S3 end says {code_of(exc)}") from None
        with answers():
            raise
    with body:
        data: bytes = body.read(most)
    return data


def write(client: Client, bucket: str, key: str, data: bytes) -> None:
    """Write an object; it is there whole or as it was before.

    Raises:
        Unavailable: the end does not answer, or refuses.
    """
    with answers():
        client.put_object(Bucket=bucket, Key=key, Body=data)


def remove(client: Client, bucket: str, key: str) -> None:
    """Remove an object; nothing happens where it is absent.

    Raises:
        Unavailable: the end does not answer, or refuses.
    """
    with answers():
        client.delete_object(Bucket=bucket, Key=key)
