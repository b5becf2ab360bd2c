"""What every way to keep files promises, over a folder and over a real S3 end."""

import hashlib
import tracemalloc
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from visavis.core.errors import InvalidInput
from visavis.core.settings import MIB
from visavis.store.blobs.base import PIECE_BYTES
from visavis.store.blobs.errors import BlobNotFound, BlobTooLarge
from visavis.store.blobs.files import FileBlobs

ONE_FOLDER = settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
HASH = hashlib.sha256(b"").hexdigest()


def later():
    return datetime.now(UTC) + timedelta(hours=1)


def earlier():
    return datetime.now(UTC) - timedelta(hours=1)


def put(blobs, tenant, data):
    return blobs.put(tenant, [data], len(data))


def read(blobs, tenant, sha256, start=0, end=None):
    return b"".join(blobs.open(tenant, sha256, start, end))


def hashes(blobs, tenant=None):
    return [kept.sha256 for kept in blobs.names(tenant)]


@given(chunks=st.lists(st.binary(max_size=200), max_size=20))
@example(chunks=[])
@example(chunks=[b"", b"a", b""])
@example(chunks=[b"x" * (3 * PIECE_BYTES + 1)])
@ONE_FOLDER
def test_what_is_put_is_given_back_however_it_was_cut(blobs, chunks):
    tenant, data = uuid.uuid4().hex, b"".join(chunks)
    stored = blobs.put(tenant, iter(chunks), len(data))
    assert (stored.sha256, stored.size) == (hashlib.sha256(data).hexdigest(), len(data))
    pieces = list(blobs.open(tenant, stored.sha256))
    assert b"".join(pieces) == data
    assert all(0 < len(piece) <= PIECE_BYTES for piece in pieces)
    assert blobs.size(tenant, stored.sha256) == len(data)
    (kept,) = blobs.names(tenant)
    assert (kept.tenant_id, kept.sha256, kept.size) == (tenant, stored.sha256, len(data))
    assert earlier() < kept.modified < later()
    assert kept.modified.utcoffset() == timedelta()


@given(
    size=st.integers(0, 3 * PIECE_BYTES),
    start=st.integers(0, 4 * PIECE_BYTES),
    length=st.none() | st.integers(0, 4 * PIECE_BYTES),
)
@example(size=0, start=0, length=5)
@example(size=10, start=10, length=None)
@example(size=10, start=10**40, length=10**40)
@example(size=3 * PIECE_BYTES, start=PIECE_BYTES - 1, length=PIECE_BYTES + 2)
@ONE_FOLDER
def test_a_range_is_the_slice(blobs, size, start, length):
    tenant, data = uuid.uuid4().hex, bytes(i * 7 % 251 for i in range(size))
    stored = put(blobs, tenant, data)
    end = None if length is None else start + length
    pieces = list(blobs.open(tenant, stored.sha256, start, end))
    assert b"".join(pieces) == data[start:end]
    assert all(len(piece) <= PIECE_BYTES for piece in pieces)


@pytest.mark.parametrize(("start", "end"), [(-1, None), (0, -1), (5, 4), (-3, -1)])
def test_a_range_that_is_none_is_refused(blobs, tenant, start, end):
    stored = put(blobs, tenant, b"0123456789")
    with pytest.raises(InvalidInput, match="range"):
        blobs.open(tenant, stored.sha256, start, end)


BAD_TENANTS = [
    "",
    ".",
    "..",
    "../" + "a" * 29,
    "/etc",
    "a" * 31,
    "a" * 33,
    "a" * 64,
    "A" * 32,
    "a" * 31 + "G",
    "a" * 31 + "/",
    "a" * 31 + "\\",
    "a" * 31 + "\0",
    "a" * 32 + "\n",
    "a" * 32 + "\0",
    "%2e%2e%2f" + "a" * 23,
    "٠" * 32,  # digits, but not ours
    "ａ" * 32,  # a full-width a
    "a" * 30 + "é",
    "partial",
    "\ud800" * 32,
]
BAD_HASHES = [
    *(bad for bad in BAD_TENANTS if len(bad) != 64),
    "a" * 63,
    "a" * 65,
    "A" * 64,
    HASH.upper(),
    "../" * 21 + "a",
    ".." + "a" * 62,
    "%2e" * 21 + "a",
    "a" * 32 + "/" + "a" * 31,
    "a" * 63 + "\0",
    "a" * 64 + "\n",
    "٣" * 64,
    "ａ" * 64,
]


@pytest.mark.parametrize("bad", BAD_TENANTS, ids=ascii)
def test_what_is_no_tenant_reaches_nothing(blobs, tenant, tmp_path, bad):
    stored = put(blobs, tenant, b"mine")
    before = sorted(tmp_path.rglob("*"))
    for attempt in (
        lambda: blobs.put(bad, [b"theirs"], 100),
        lambda: blobs.open(bad, stored.sha256),
        lambda: blobs.size(bad, stored.sha256),
        lambda: blobs.remove(bad, stored.sha256),
        lambda: blobs.names(bad),
    ):
        with pytest.raises(InvalidInput, match="tenant"):
            attempt()
    assert sorted(tmp_path.rglob("*")) == before
    assert [kept.name for kept in blobs.names()] == [(tenant, stored.sha256)]


@pytest.mark.parametrize("bad", BAD_HASHES, ids=ascii)
def test_what_is_no_hash_reaches_nothing(blobs, tenant, bad):
    stored = put(blobs, tenant, b"mine")
    for attempt in (blobs.open, blobs.size, blobs.remove):
        with pytest.raises(InvalidInput, match="SHA-256") as caught:
            attempt(tenant, bad)
        assert not isinstance(caught.value, BlobNotFound)
    assert hashes(blobs) == [stored.sha256]


@given(bad=st.text(max_size=70).filter(lambda text: not set(text) <= set("0123456789abcdef")))
@ONE_FOLDER
def test_no_text_but_hex_is_a_name(blobs, bad):
    for call in (
        lambda: blobs.size("a" * 32, bad),
        lambda: blobs.size(bad, HASH),
        lambda: blobs.put(bad, [], 0),
    ):
        with pytest.raises(InvalidInput):
            call()


def test_one_tenant_does_not_see_what_another_keeps(blobs):
    one, other = sorted(uuid.uuid4().hex for _ in range(2))
    stored = put(blobs, one, b"a secret")
    for call in (blobs.open, blobs.size):
        with pytest.raises(BlobNotFound, match="no such file"):
            call(other, stored.sha256)
    assert hashes(blobs, other) == []
    assert put(blobs, other, b"a secret") == stored
    assert [kept.name for kept in blobs.names()] == [(one, stored.sha256), (other, stored.sha256)]
    assert blobs.remove(one, stored.sha256)
    assert read(blobs, other, stored.sha256) == b"a secret"


def test_removing_is_done_once_and_asked_for_any_number_of_times(blobs, tenant):
    assert not blobs.remove(tenant, HASH), "before anything was ever put"
    stored = put(blobs, tenant, b"gone soon")
    assert blobs.remove(tenant, stored.sha256)
    assert not blobs.remove(tenant, stored.sha256)
    for call in (blobs.open, blobs.size):
        with pytest.raises(BlobNotFound):
            call(tenant, stored.sha256)
    assert hashes(blobs) == []
    assert put(blobs, tenant, b"gone soon") == stored
    assert read(blobs, tenant, stored.sha256) == b"gone soon"


def test_what_was_put_lately_is_spared_when_only_the_old_is_to_go(blobs, tenant):
    stored = put(blobs, tenant, b"new")
    assert not blobs.remove(tenant, stored.sha256, older_than=earlier())
    (kept,) = blobs.names(tenant)
    assert not blobs.remove(tenant, stored.sha256, older_than=kept.modified)
    assert hashes(blobs) == [stored.sha256]
    assert blobs.remove(tenant, stored.sha256, older_than=later())
    assert not blobs.remove(tenant, stored.sha256, older_than=later())
    assert hashes(blobs) == []


@given(sizes=st.lists(st.integers(1, 50), min_size=1, max_size=10), data=st.data())
@ONE_FOLDER
def test_a_stream_over_the_limit_stops_at_once_and_leaves_nothing(blobs, sizes, data):
    tenant, limit = uuid.uuid4().hex, data.draw(st.integers(0, sum(sizes) - 1))
    pulled = []

    def source():
        for size in sizes:
            pulled.append(size)
            yield b"y" * size

    with pytest.raises(BlobTooLarge, match="MB allowed"):
        blobs.put(tenant, source(), limit)
    assert sum(pulled[:-1]) <= limit < sum(pulled), "not one piece more was asked for"
    assert hashes(blobs, tenant) == []
    assert blobs.remove_partials(later()) == 0


@pytest.mark.parametrize("fault", [OSError("camera unplugged"), KeyboardInterrupt(), ValueError()])
@pytest.mark.parametrize("size", [0, 10, 3 * PIECE_BYTES])
def test_a_source_that_fails_is_heard_and_leaves_nothing(blobs, tenant, root, fault, size):
    def source():
        yield b"z" * size
        raise fault

    with pytest.raises(type(fault)) as caught:
        blobs.put(tenant, source(), MIB)
    assert caught.value is fault
    assert hashes(blobs) == []
    assert [path for path in root.rglob("*") if path.is_file()] == []


def test_a_reader_may_stop_anywhere_or_never_begin(blobs, tenant):
    stored = put(blobs, tenant, b"r" * (5 * PIECE_BYTES))
    blobs.open(tenant, stored.sha256)
    begun = blobs.open(tenant, stored.sha256)
    assert len(next(begun)) == PIECE_BYTES
    begun.close()  # what stays open is a ResourceWarning, which fails the test
    assert list(begun) == []


def test_sixteen_threads_put_the_same_and_different_files(blobs, tenant):
    contents = [bytes([n % 5]) * (1000 * (n % 5) + n % 3) for n in range(64)]
    wanted = {hashlib.sha256(content).hexdigest(): content for content in contents}
    with ThreadPoolExecutor(16) as pool:
        done = list(pool.map(lambda content: put(blobs, tenant, content), contents))
    assert [one.sha256 for one in done] == [hashlib.sha256(c).hexdigest() for c in contents]
    assert hashes(blobs, tenant) == sorted(wanted)
    assert {sha256: read(blobs, tenant, sha256) for sha256 in wanted} == wanted
    assert blobs.remove_partials(later()) == 0


def test_names_come_sorted_whatever_order_they_were_put_in(blobs):
    tenants = [uuid.uuid4().hex for _ in range(3)]
    put_ = {(t, put(blobs, t, bytes([n])).sha256) for n in range(12) for t in tenants}
    assert [kept.name for kept in blobs.names()] == sorted(put_)
    for one in tenants:
        assert [k.name for k in blobs.names(one)] == sorted(n for n in put_ if n[0] == one)


def test_a_large_file_is_never_in_memory_as_a_whole(root, tenant):
    blobs = FileBlobs(root)
    tracemalloc.start()
    try:
        stored = blobs.put(tenant, (bytes([n]) * MIB for n in range(64)), 64 * MIB)
        total = sum(len(piece) for piece in blobs.open(tenant, stored.sha256))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert total == stored.size == 64 * MIB
    assert peak < 4 * MIB
