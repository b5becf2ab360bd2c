"""The bucket: large files, renewal, versions, prefixes, and an end that fails."""

import hashlib
import logging
import traceback
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError, EndpointConnectionError

from tests.store.blobs.test_blobs import later, put, read
from visavis.core.errors import Unavailable
from visavis.core.settings import MIB
from visavis.store.blobs import s3
from visavis.store.blobs.errors import BlobNotFound
from visavis.store.blobs.s3 import S3Blobs
from visavis.store.blobs.s3_opening import open_bucket

PART_BYTES = 5 * MIB
LARGE = b"".join(bytes([n]) * MIB for n in range(11))
SHA256 = hashlib.sha256(LARGE).hexdigest()


@pytest.fixture
def blobs(bucket, root):
    opened = open_bucket(bucket.options, root)
    return S3Blobs(opened._client, bucket.options.bucket, "visavis/", root, PART_BYTES)


@pytest.fixture
def asked(blobs):
    """Note the operations of the requests that leave."""
    names = []

    def note(event_name, **_):
        names.append(event_name.rpartition(".")[2])

    blobs._client.meta.events.register("before-send.s3", note)
    return names


def fail_at(blobs, operation, error):
    """Have one operation fail as if the network did."""

    def fail(**_):
        raise error

    blobs._client.meta.events.register(f"before-send.s3.{operation}", fail)


def answer(blobs, operation, status, error):
    """Have one operation answered as if by an end that refuses."""

    class Raw:
        def stream(self):
            yield b"<Error>%b</Error>" % error

    def refuse(request, **_):
        return AWSResponse(request.url, status, {}, Raw())

    blobs._client.meta.events.register(f"before-send.s3.{operation}", refuse)


def test_a_large_file_goes_up_in_parts_and_comes_back(blobs, bucket, tenant, asked):
    stored = blobs.put(
        tenant, (LARGE[at : at + 70_000] for at in range(0, len(LARGE), 70_000)), 12 * MIB
    )
    assert (stored.sha256, stored.size) == (SHA256, len(LARGE))
    assert asked == [
        "HeadObject",
        "CreateMultipartUpload",
        *3 * ["UploadPart"],
        "CompleteMultipartUpload",
    ]
    assert read(blobs, tenant, SHA256) == LARGE
    assert (
        read(blobs, tenant, SHA256, PART_BYTES - 3, PART_BYTES + 3) == LARGE[PART_BYTES - 3 :][:6]
    )
    assert bucket.keys == [f"visavis/{tenant}/{SHA256[:2]}/{SHA256}"]
    assert bucket.uploads == []


@pytest.mark.parametrize(("size", "parts"), [(PART_BYTES, 0), (PART_BYTES + 1, 2)])
def test_what_fits_one_part_goes_up_in_one_request(blobs, tenant, asked, size, parts):
    put(blobs, tenant, LARGE[:size])
    assert asked.count("UploadPart") == parts
    assert asked.count("PutObject") == (parts == 0)


def test_the_same_again_is_not_sent_but_counts_as_put_now(blobs, tenant, asked):
    put(blobs, tenant, b"once")
    (first,) = blobs.names(tenant)
    asked.clear()
    put(blobs, tenant, b"once")
    assert asked == ["HeadObject", "CopyObject"]
    (second,) = blobs.names(tenant)
    assert second.modified >= first.modified
    assert read(blobs, tenant, first.sha256) == b"once"


def test_what_is_too_large_to_be_copied_is_sent_again(blobs, tenant, asked, monkeypatch):
    monkeypatch.setattr(s3, "_LARGEST_COPY", 3)
    put(blobs, tenant, b"four")
    put(blobs, tenant, b"four")
    assert asked == ["HeadObject", "PutObject"] * 2


@pytest.mark.parametrize("operation", ["UploadPart", "CompleteMultipartUpload"])
@pytest.mark.parametrize("fault", [KeyboardInterrupt(), ValueError("a bug")])
def test_an_upload_that_fails_is_given_up(blobs, bucket, tenant, operation, fault):
    fail_at(blobs, operation, fault)
    with pytest.raises(type(fault)):
        put(blobs, tenant, LARGE)
    assert (bucket.keys, bucket.uploads) == ([], [])


def test_an_upload_that_cannot_even_be_given_up_is_found_by_the_sweep(blobs, bucket, tenant):
    gone = EndpointConnectionError(endpoint_url="http://s3.invalid")
    fail_at(blobs, "CompleteMultipartUpload", gone)
    fail_at(blobs, "AbortMultipartUpload", gone)
    with pytest.raises(Unavailable, match="EndpointConnectionError"):
        put(blobs, tenant, LARGE)
    assert len(bucket.uploads) == 1
    again = S3Blobs(bucket.client, bucket.options.bucket, "visavis/", blobs._spool)
    assert again.remove_partials(later()) == 1
    assert (bucket.keys, bucket.uploads) == ([], [])


def test_an_upload_swept_away_meanwhile_is_told_as_failed(blobs, bucket, tenant):
    answer(blobs, "UploadPart", 404, b"<Code>NoSuchUpload</Code>")  # moto itself says 500 here
    with pytest.raises(Unavailable, match="NoSuchUpload"):
        put(blobs, tenant, LARGE)
    assert (bucket.keys, bucket.uploads) == ([], [])


def test_a_file_that_goes_while_it_is_renewed_is_sent(blobs, bucket, tenant, asked):
    stored = put(blobs, tenant, b"here, then not")

    def remove(**_):
        bucket.client.delete_object(Bucket=bucket.options.bucket, Key=bucket.keys[0])

    blobs._client.meta.events.register("before-send.s3.CopyObject", remove)
    assert put(blobs, tenant, b"here, then not") == stored
    assert asked[-1] == "PutObject"
    assert read(blobs, tenant, stored.sha256) == b"here, then not"


def test_erased_means_erased_in_a_bucket_that_keeps_versions(blobs, bucket, tenant):
    name = bucket.options.bucket
    versioning = {"Status": "Enabled"}
    bucket.client.put_bucket_versioning(Bucket=name, VersioningConfiguration=versioning)
    stored, other = put(blobs, tenant, b"to be erased"), put(blobs, tenant, b"another")
    put(blobs, tenant, b"to be erased")
    assert blobs.remove(tenant, stored.sha256)
    found = bucket.client.list_object_versions(Bucket=name)
    assert [version["Key"][-64:] for version in found["Versions"]] == [other.sha256]
    assert "DeleteMarkers" not in found
    # A remover killed before it came to the versions is asked again.
    bucket.client.delete_object(Bucket=name, Key=bucket.keys[0])
    assert not blobs.remove(tenant, other.sha256)
    found = bucket.client.list_object_versions(Bucket=name)
    assert "Versions" not in found
    assert "DeleteMarkers" not in found


def test_only_names_of_ours_below_the_prefix_are_listed_and_swept(blobs, bucket, tenant):
    stored = put(blobs, tenant, b"ours")
    key = bucket.keys[0]
    for strange in (
        key.removeprefix("visavis/"),
        f"other/{key}",
        f"visavis/{tenant}/00/{stored.sha256}",
        f"visavis/{tenant}/notes.txt",
        f"{key}/more",
        key.upper(),
    ):
        bucket.client.put_object(Bucket=bucket.options.bucket, Key=strange, Body=b"")
        bucket.client.create_multipart_upload(Bucket=bucket.options.bucket, Key=strange)
    assert [kept.sha256 for kept in blobs.names()] == [stored.sha256]
    assert blobs.remove_partials(later()) == 0


def test_more_than_one_page_is_listed(blobs, tenant, asked):
    def small_pages(params, **_):
        params["MaxKeys"] = 7

    blobs._client.meta.events.register("before-parameter-build.s3.ListObjectsV2", small_pages)
    names = sorted(put(blobs, tenant, bytes([n])).sha256 for n in range(20))
    assert [kept.sha256 for kept in blobs.names()] == names
    assert asked.count("ListObjectsV2") == 3


@pytest.mark.parametrize("operation", ["HeadObject", "PutObject"])
def test_a_refusal_is_told_without_the_words_of_the_end(blobs, tenant, operation):
    answer(blobs, operation, 403, b"<Code>AccessDenied</Code><Message>AKIASECRET</Message>")
    with pytest.raises(Unavailable, match=r"AccessDenied|403") as caught:
        put(blobs, tenant, b"x")
    assert "AKIASECRET" not in str(caught.value)


def test_an_end_that_is_gone_is_unavailable_and_tells_no_secret(
    bucket, root, tenant, monkeypatch, caplog
):
    caplog.set_level(logging.INFO)
    secret = "s3cr3t" + uuid.uuid4().hex
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    blobs = open_bucket(bucket.options, root)
    stored = put(blobs, tenant, b"x")
    blobs._client.meta.events.register("before-send.s3", _cut)
    calls = [
        lambda: put(blobs, tenant, b"y"),
        lambda: blobs.open(tenant, stored.sha256),
        lambda: blobs.size(tenant, stored.sha256),
        lambda: blobs.remove(tenant, stored.sha256),
        lambda: list(blobs.names()),
        lambda: blobs.remove_partials(datetime.now(UTC) + timedelta(1)),
    ]
    for call in calls:
        with pytest.raises(Unavailable, match="ConnectionClosedError") as caught:
            call()
        assert not isinstance(caught.value, BlobNotFound)
        assert secret not in "".join(traceback.format_exception(caught.value))
    assert secret not in caplog.text + repr(blobs) + repr(blobs._client)


def _cut(request, **_):
    raise ConnectionClosedError(endpoint_url=request.url)


def test_a_file_that_breaks_off_while_it_is_read_is_unavailable(blobs, tenant):
    stored = put(blobs, tenant, b"k" * 300_000)
    pieces = blobs.open(tenant, stored.sha256)
    next(pieces)
    body = pieces.gi_frame.f_locals["body"]
    body._raw_stream.close()
    body._content_length = "300000"
    with pytest.raises(Unavailable):
        list(pieces)
