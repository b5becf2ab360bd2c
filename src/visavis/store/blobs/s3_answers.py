"""What the S3 end says, told as our errors."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

from botocore.exceptions import BotoCoreError, ClientError

from visavis.core.errors import Unavailable
from visavis.store.blobs.errors import BlobNotFound

Client: TypeAlias = Any
"""boto3's client of the S3 API; it is made at run time and has no type to name."""

Place: TypeAlias = dict[str, str]
"""Bucket and key, as every call takes them."""

_ABSENT = {"404", "NoSuchKey", "NoSuchUpload", "NotFound"}


def code_of(refusal: ClientError) -> str:
    """Return the short name of what the end refuses with, or its HTTP status."""
    return str(refusal.response.get("Error", {}).get("Code", ""))[:50]


@contextmanager
def answers() -> Iterator[None]:
    """Turn a refusal into Unavailable; the end's own words stay out, they may name keys."""
    try:
        yield
    except ClientError as exc:
        raise Unavailable(
            f"the S3 end refuses ({code_of(exc)}); check the bucket and what its keys may do"
        ) from exc
    except BotoCoreError as exc:
        raise Unavailable(
            f"the S3 end cannot be used ({type(exc).__name__}); try again, and see whether "
            "VISAVIS_BLOBS__ENDPOINT_URL can be reached"
        ) from exc


@contextmanager
def finding() -> Iterator[None]:
    """Do as `answers`, and tell that something is not there as BlobNotFound."""
    with answers():
        try:
            yield
        except ClientError as exc:
            if code_of(exc) in _ABSENT:
                raise BlobNotFound from None
            raise
