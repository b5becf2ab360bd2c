"""Files without rows go when they are old; rows without files are told; nothing else happens."""

import hashlib
import os
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from visavis.core.errors import InvalidInput
from visavis.store.blobs import sweep as sweeping
from visavis.store.blobs.base import Kept
from visavis.store.blobs.errors import BlobNotFound
from visavis.store.blobs.files import FileBlobs
from visavis.store.blobs.sweep import GRACE, compare, sweep

NOW = datetime(2026, 11, 21, tzinfo=UTC)
TENANTS = ["a" * 32, "b" * 32, "c" * 32]
HASHES = [hashlib.sha256(bytes([n])).hexdigest() for n in range(6)]
NAMES = st.tuples(st.sampled_from(TENANTS), st.sampled_from(HASHES))


class Shelf:
    """Files as a table: name → when they were put."""

    def __init__(self, files):
        self.files = dict(files)

    def names(self, tenant_id=None):
        for name in sorted(self.files):
            if tenant_id in (None, name[0]):
                yield Kept(name[0], name[1], 1, self.files[name])

    def put(self, *given):
        raise AssertionError("a sweep puts nothing")

    def open(self, *given):
        raise AssertionError("a sweep reads nothing")

    def size(self, tenant_id, sha256):
        if (tenant_id, sha256) not in self.files:
            raise BlobNotFound
        return 1

    def remove(self, tenant_id, sha256, older_than=None):
        when = self.files.get((tenant_id, sha256))
        if when is None or (older_than and when >= older_than):
            return False
        del self.files[tenant_id, sha256]
        return True

    def remove_partials(self, older_than):
        return 0


AGES = st.sampled_from([timedelta(), GRACE - timedelta(seconds=1), GRACE, 2 * GRACE])


@given(files=st.dictionaries(NAMES, AGES), rows=st.lists(NAMES))
def test_it_does_what_sets_say(files, rows):
    shelf = Shelf({name: NOW - age for name, age in files.items()})
    swept = sweep(sorted(rows), shelf, now=NOW)
    old = {name for name, age in files.items() if age > GRACE}
    assert swept.removed == swept.compared.orphans == tuple(sorted(old - set(rows)))
    assert swept.compared.missing == tuple(sorted(set(rows) - set(files)))
    assert swept.compared.orphan_count == len(swept.removed)
    assert swept.compared.missing_count == len(swept.compared.missing)
    assert (swept.compared.files, swept.compared.rows) == (len(files), len(rows))
    assert set(shelf.files) == set(files) - set(swept.removed)


@given(files=st.dictionaries(NAMES, AGES), rows=st.lists(NAMES, min_size=2))
@settings(suppress_health_check=[HealthCheck.filter_too_much])
def test_rows_out_of_order_remove_nothing(files, rows):
    shelf = Shelf({name: NOW - age for name, age in files.items()})
    if rows == sorted(rows):
        rows = [*rows, ("0" * 32, HASHES[0])]
    with pytest.raises(ValueError, match="sorted"):
        sweep(iter(rows), shelf, now=NOW)
    assert set(shelf.files) == set(files)


def test_files_out_of_order_remove_nothing():
    class Shuffled(Shelf):
        def names(self, tenant_id=None):
            return reversed(list(super().names(tenant_id)))

    shelf = Shuffled({(TENANTS[0], sha256): NOW - 2 * GRACE for sha256 in HASHES})
    with pytest.raises(ValueError, match="files of a sweep"):
        sweep([], shelf, now=NOW)
    assert len(shelf.files) == len(HASHES)


@pytest.mark.parametrize("row", [(TENANTS[0], HASHES[0].upper()), ("../etc", HASHES[0]), ("", "")])
def test_a_row_that_names_no_file_removes_nothing(row):
    shelf = Shelf({(TENANTS[0], HASHES[0]): NOW - 2 * GRACE})
    with pytest.raises(InvalidInput):
        sweep([row], shelf, now=NOW)
    assert len(shelf.files) == 1


def test_a_source_of_rows_that_breaks_off_removes_nothing():
    shelf = Shelf({(TENANTS[0], sha256): NOW - 2 * GRACE for sha256 in HASHES})

    def rows():
        yield (TENANTS[0], min(HASHES))
        raise ConnectionError("database gone")

    with pytest.raises(ConnectionError):
        sweep(rows(), shelf, now=NOW)
    assert len(shelf.files) == len(HASHES)


def test_more_than_can_be_named_go_in_several_sweeps(monkeypatch):
    monkeypatch.setattr(sweeping, "MOST_NAMED", 4)
    shelf = Shelf({(TENANTS[0], sha256): NOW - 2 * GRACE for sha256 in HASHES})
    rows = sorted((TENANTS[1], sha256) for sha256 in HASHES)
    first, second, third = (sweep(rows, shelf, now=NOW) for _ in range(3))
    assert (len(first.removed), len(second.removed), len(third.removed)) == (4, 2, 0)
    assert (first.compared.orphan_count, second.compared.orphan_count) == (6, 2)
    assert (first.compared.missing_count, first.compared.missing) == (6, tuple(rows[:4]))


def test_a_file_put_while_the_sweep_looks_is_neither_missing_nor_removed():
    old, new = sorted((TENANTS[0], sha256) for sha256 in HASHES[:2])
    shelf = Shelf({old: NOW - 2 * GRACE})

    def rows():
        yield new  # its row was read, its place in the listing is passed
        shelf.files[new] = NOW
        shelf.files[old] = NOW  # put again: a row for it is on its way

    swept = sweep(rows(), shelf, now=NOW)
    assert (swept.removed, swept.compared.missing) == ((), ())
    assert set(shelf.files) == {old, new}


def test_comparing_changes_nothing():
    shelf = Shelf({(TENANTS[0], sha256): NOW - 2 * GRACE for sha256 in HASHES})
    assert compare([], shelf, older_than=NOW).orphan_count == len(HASHES)
    assert len(shelf.files) == len(HASHES)


def test_one_tenant_is_swept_and_the_others_are_not(root):
    blobs = FileBlobs(root)
    for tenant in TENANTS:
        blobs.put(tenant, [b"orphan"], 10)
    later = datetime.now(UTC) + 2 * GRACE
    swept = sweep([], blobs, now=later, tenant_id=TENANTS[1])
    assert [name[0] for name in swept.removed] == [TENANTS[1]]
    assert [kept.tenant_id for kept in blobs.names()] == [TENANTS[0], TENANTS[2]]


def test_a_real_store_is_swept(blobs, tenant, root):
    kept, orphan, fresh = (blobs.put(tenant, [bytes([n])], 1).sha256 for n in range(3))
    lost = hashlib.sha256(b"lost").hexdigest()
    later = datetime.now(UTC) + GRACE + timedelta(hours=1)
    rows = sorted([(tenant, kept), (tenant, fresh), (tenant, lost)])
    nothing = sweep(rows, blobs, now=later - timedelta(hours=2))
    assert (nothing.removed, nothing.compared.missing) == ((), ((tenant, lost),))
    swept = sweep(rows, blobs, now=later)
    assert swept.removed == ((tenant, orphan),)
    assert swept.compared.missing == ((tenant, lost),)
    assert [k.sha256 for k in blobs.names()] == sorted([kept, fresh])


def test_parts_of_cut_short_puts_are_counted(root, tenant):
    blobs = FileBlobs(root)
    blobs.put(tenant, [b"x"], 1)
    for _ in range(3):
        part = root / "partial" / uuid.uuid4().hex
        part.write_bytes(b"half")
        os.utime(part, (1000, 1000))
    assert sweep([], blobs, now=datetime.now(UTC)).partials == 3
