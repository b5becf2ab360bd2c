"""The bucket that the settings name, asked whether it answers."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    ParamValidationError,
)

from visavis.core.errors import InvalidSettings, Unavailable
from visavis.core.settings import BlobOptions
from visavis.store.blobs.s3 import S3Blobs
from visavis.store.blobs.s3_answers import Client, answers, code_of

CONNECTIONS = 32
"""Requests to the S3 end at the same time; more wait for each other."""

_CONNECT_S = 5
_READ_S = 60
_PREFIX = re.compile(r"([A-Za-z0-9_-][A-Za-z0-9._-]*/)*([A-Za-z0-9_-][A-Za-z0-9._-]*)?")
_WRONG = {"301", "400", "403", "404"}


def open_bucket(options: BlobOptions, spool: Path) -> S3Blobs:
    """Return what keeps files in the bucket; raises as `open_blobs` does."""
    if not options.bucket:
        raise InvalidSettings("VISAVIS_BLOBS__KIND is s3: set VISAVIS_BLOBS__BUCKET as well")
    if not _PREFIX.fullmatch(options.prefix):
        raise InvalidSettings(
            "VISAVIS_BLOBS__PREFIX has to be of letters, digits, `.`, `_`, `-` and `/`, such as "
            "`visavis/`; no part of it starts with a dot"
        )
    client = _client(options)
    _refuse_keys_in(client.meta.endpoint_url)
    _ask(client, options.bucket)
    return S3Blobs(client, options.bucket, options.prefix, spool)


def _client(options: BlobOptions) -> Client:
    config = Config(
        connect_timeout=_CONNECT_S,
        read_timeout=_READ_S,
        max_pool_connections=CONNECTIONS,
        retries={"mode": "standard"},
        # The newer checksums are refused by some ends; uploads carry an MD5 instead.
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


def _refuse_keys_in(address: str) -> None:
    """Refuse keys in the address: libraries log it."""
    if "@" in urlsplit(address).netloc:
        raise InvalidSettings(
            "the address of the S3 end holds keys: set them as AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY, and take them out of VISAVIS_BLOBS__ENDPOINT_URL"
        )


def _ask(client: Client, bucket: str) -> None:
    """Make sure that the bucket answers."""
    try:
        with answers():
            client.head_bucket(Bucket=bucket)
    except Unavailable as exc:
        if reason := _reason(exc.__cause__, bucket):
            raise InvalidSettings(reason) from None
        raise


def _reason(cause: BaseException | None, bucket: str) -> str:
    """Return what is wrong with the settings, empty where it is not they."""
    if isinstance(cause, NoCredentialsError):
        return "no keys for the S3 end: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    if isinstance(cause, ParamValidationError):
        return f"VISAVIS_BLOBS__BUCKET {bucket[:80]!r} is no name of a bucket"
    if isinstance(cause, ClientError) and code_of(cause) in _WRONG:
        return (
            f"the bucket {bucket!r} does not answer to these keys ({code_of(cause)}): make it, or "
            "check VISAVIS_BLOBS__BUCKET, the region and the AWS_… variables"
        )
    return ""
