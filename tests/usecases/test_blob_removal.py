"""Files go when nothing needs them, and never while something does, whoever comes at once."""

import hashlib
from contextlib import suppress
from datetime import UTC, datetime
from threading import Thread

import pytest

from tests.store.databases import KINDS, database
from tests.usecases.blob_files import JPEG, LATER, PNG, ZERO, keep, on_disk, read
from tests.usecases.conftest import make_ground, make_house
from visavis.core.errors import Unavailable
from visavis.core.settings import load_settings
from visavis.store.blobs.errors import BlobNotFound
from visavis.store.blobs.files import FileBlobs
from visavis.store.blobs.sweep import GRACE
from visavis.usecases.blobs import BlobKeeping


@pytest.fixture
def files(tmp_path):
    return FileBlobs(tmp_path / "blobs")


@pytest.fixture
def keeping(ground, files):
    return BlobKeeping(ground, files)


@pytest.mark.parametrize("kind", KINDS)
def test_keeping_dropping_and_sweeping_at_once_never_leave_a_row_without_its_file(
    kind, tmp_path, clock, mailbox
):
    """The sweep spares nothing for being new, and everybody wants the same three files."""
    with database(kind, tmp_path) as url:
        own = {"data": tmp_path, "store": {"url": url}}
        ground = make_ground(load_settings(**own), clock, mailbox)
        house, files = make_house(ground), FileBlobs(tmp_path / "blobs")
        keeping, failures = BlobKeeping(ground, files), []
        contents = [JPEG + bytes([n]) for n in range(3)]

        def again(act):
            try:
                for turn in range(15):
                    with suppress(Unavailable, BlobNotFound):  # it went while it came, or had gone
                        act(contents[turn % 3])
            except Exception as exc:  # noqa: BLE001  # told below
                failures.append(exc)

        acts = [
            lambda content: keep(keeping, house.operator, content),
            lambda content: keep(keeping, house.operator, content, owner="2"),
            lambda content: keeping.drop(
                house.operator, hashlib.sha256(content).hexdigest(), "upload"
            ),
            lambda _: keeping.sweep(LATER, ZERO),
            lambda _: keeping.remove_unused(house.tenant_id, LATER, ZERO),
        ]
        threads = [Thread(target=again, args=(act,)) for act in acts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        swept = keeping.sweep(LATER, ZERO)
        assert swept.compared.missing == ()
        with ground.store.reading() as work:
            assert work.blob_rows.names() == tuple(on_disk(files))
        ground.store.close()


def test_a_row_comes_only_while_its_file_is_there(ground, house, tmp_path):
    """Somebody removes the file between put and row: the sender is told, no row is made."""

    class Snatched(FileBlobs):
        def put(self, tenant_id, chunks, max_bytes):
            stored = super().put(tenant_id, chunks, max_bytes)
            self.remove(tenant_id, stored.sha256)
            return stored

    keeping = BlobKeeping(ground, Snatched(tmp_path / "blobs"))
    with pytest.raises(Unavailable, match="send it again"):
        keep(keeping, house.operator)
    with ground.store.reading() as work:
        assert work.blob_rows.names() == ()


def test_a_sweep_removes_orphans_and_tells_of_lost_files(ground, keeping, house, files):
    kept, lost = keep(keeping, house.operator), keep(keeping, house.operator, PNG, "image/png")
    files.remove(house.tenant_id, lost.sha256)
    orphan = files.put(house.tenant_id, [b"orphan"], 10).sha256
    stranger = files.put("f" * 32, [b"of a tenant that is gone"], 100).sha256
    fresh = keeping.sweep(datetime.now(UTC))
    assert (fresh.removed, fresh.compared.orphan_count) == ((), 0)
    swept = keeping.sweep(LATER, ZERO)
    assert set(swept.removed) == {(house.tenant_id, orphan), ("f" * 32, stranger)}
    assert swept.compared.missing == ((house.tenant_id, lost.sha256),)
    assert on_disk(files) == [(house.tenant_id, kept.sha256)]


def test_a_row_that_comes_while_the_sweep_looks_saves_its_file(ground, keeping, house, tmp_path):
    class Late(FileBlobs):
        """Its row comes when the listing has passed it."""

        def names(self, tenant_id=None):
            yield from list(super().names(tenant_id))
            keep(late, house.operator)

    blobs = Late(tmp_path / "blobs")
    late = BlobKeeping(ground, blobs)
    blobs.put(house.tenant_id, [JPEG], 10_000)
    swept = late.sweep(LATER, ZERO)
    assert (swept.compared.orphan_count, swept.removed) == (1, ())
    assert read(late.open(house.viewer, hashlib.sha256(JPEG).hexdigest())) == JPEG


def test_what_nothing_needs_goes_when_it_is_old(ground, keeping, house, other, files, clock):
    row = keep(keeping, house.operator)
    needed = keep(keeping, house.operator, PNG, "image/png")
    keep(keeping, other.operator)
    with ground.store.work() as work:
        work.blob_rows.drop_use(house.tenant_id, row.sha256, "upload", "1")
        work.blob_rows.drop_use(other.tenant_id, row.sha256, "upload", "1")
    assert keeping.remove_unused(house.tenant_id, clock()) == 0
    clock.move(seconds=GRACE.total_seconds() + 1)
    assert keeping.remove_unused(house.tenant_id, clock()) == 1
    assert set(on_disk(files)) == {
        (house.tenant_id, needed.sha256),
        (other.tenant_id, row.sha256),
    }
