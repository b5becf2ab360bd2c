"""The folder: who may look, what is durable, links, and what stands in the way."""

import errno
import hashlib
import os
import stat
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from io import FileIO
from pathlib import Path
from threading import Event, Thread

import pytest
from filelock import FileLock

from visavis.core.errors import Unavailable
from visavis.store.blobs import disk, files
from visavis.store.blobs.errors import BlobNotFound
from visavis.store.blobs.files import FileBlobs

LATER = datetime.now(UTC) + timedelta(hours=1)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
DATA = b"a private picture"


@pytest.fixture
def blobs(root):
    return FileBlobs(root)


def put(blobs, tenant, data=DATA):
    return blobs.put(tenant, [data], 10**6)


def only_file(root):
    (path,) = root.glob("*/??/*")
    return path


def test_only_the_owner_can_enter_or_read_whatever_the_umask(blobs, root, tenant):
    old = os.umask(0)
    try:
        put(blobs, tenant)
    finally:
        os.umask(old)
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in [root, *root.rglob("*")]}
    assert {modes[path] for path in modes if path.is_dir()} == {0o700}
    assert {modes[path] for path in modes if path.is_file()} == {0o600}
    assert len(modes) == 6, "root, partial, lock, tenant, shard, file"


def test_what_is_being_written_is_private_and_in_one_place(blobs, root, tenant):
    seen: list[tuple[str, int]] = []

    def source():
        yield b"one"
        seen.extend((p.parent.name, stat.S_IMODE(p.stat().st_mode)) for p in root.glob("*/*"))
        yield b"two"

    blobs.put(tenant, source(), 100)
    assert seen == [("partial", 0o600)]
    assert list((root / "partial").iterdir()) == []


def test_file_and_folders_reach_the_disk_before_a_put_returns(blobs, root, tenant, monkeypatch):
    steps = []
    sync, replace = os.fsync, Path.replace

    def name_of(number):
        return Path(f"/proc/self/fd/{number}").readlink().relative_to(root).parts

    def record_sync(number):
        steps.append(("sync", name_of(number)[:1] if number else ()))
        sync(number)

    def record_replace(path, target):
        steps.append(("replace", target.relative_to(root).parts[:1]))
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", record_sync)
    monkeypatch.setattr(Path, "replace", record_replace)
    put(blobs, tenant)
    assert steps == [
        ("sync", ()),  # the root, for `partial`
        ("sync", ("partial",)),  # the content
        ("sync", ()),  # the root, for the tenant
        ("sync", (tenant,)),  # the tenant's, for the shard
        ("replace", (tenant,)),
        ("sync", (tenant,)),  # the shard, for the file
    ]


def test_the_same_again_is_not_written_but_counts_as_put_now(blobs, root, tenant):
    put(blobs, tenant)
    path = only_file(root)
    before = path.stat().st_ino
    os.utime(path, (1, 1))
    assert put(blobs, tenant).size == len(DATA)
    assert path.stat().st_ino == before
    (kept,) = blobs.names(tenant)
    assert kept.modified > LONG_AGO


def test_a_file_cut_short_by_somebody_else_is_made_whole_by_the_next_put(blobs, root, tenant):
    stored = put(blobs, tenant)
    only_file(root).write_bytes(b"a pri")
    put(blobs, tenant)
    assert b"".join(blobs.open(tenant, stored.sha256)) == DATA


def test_a_reader_keeps_what_it_began_when_the_file_goes(blobs, tenant):
    stored = put(blobs, tenant, b"k" * 200_000)
    pieces = blobs.open(tenant, stored.sha256)
    first = next(pieces)
    assert blobs.remove(tenant, stored.sha256)
    assert first + b"".join(pieces) == b"k" * 200_000


@pytest.mark.parametrize("depth", [0, 1, 2], ids=["tenant", "shard", "file"])
def test_a_link_leads_nowhere(blobs, root, tenant, tmp_path, depth):
    stored = put(blobs, tenant)
    inside = only_file(root)
    planted = [inside.parent.parent, inside.parent, inside][depth]
    outside = planted.rename(tmp_path / "outside")
    planted.symlink_to(outside)
    for call in (blobs.open, blobs.size):
        with pytest.raises(BlobNotFound):
            call(tenant, stored.sha256)
    assert not blobs.remove(tenant, stored.sha256)
    assert list(blobs.names()) == list(blobs.names(tenant)) == []
    before = sorted(tmp_path.rglob("*"))
    if depth == 2:  # a link in the place of the file gives way to the file
        put(blobs, tenant)
        assert not inside.is_symlink()
    else:
        with pytest.raises(Unavailable, match="link"):
            put(blobs, tenant)
    assert [path for path in sorted(tmp_path.rglob("*")) if path not in before] == []
    assert [p.read_bytes() for p in [outside, *outside.rglob("*")] if p.is_file()] == [DATA]


def test_a_link_in_the_place_of_partials_is_neither_filled_nor_swept(blobs, root, tenant, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    precious = outside / uuid.uuid4().hex
    precious.write_bytes(b"precious")
    root.mkdir()
    (root / "partial").symlink_to(outside)
    with pytest.raises(Unavailable, match="link"):
        put(blobs, tenant)
    assert blobs.remove_partials(LATER) == 0
    assert list(outside.iterdir()) == [precious]


def test_the_root_itself_may_be_a_link_to_another_disk(root, tenant, tmp_path):
    (tmp_path / "disk").mkdir()
    root.symlink_to(tmp_path / "disk")
    blobs = FileBlobs(root)
    stored = put(blobs, tenant)
    assert b"".join(blobs.open(tenant, stored.sha256)) == DATA
    assert [kept.sha256 for kept in blobs.names()] == [stored.sha256]


def test_what_is_not_ours_is_neither_listed_nor_touched(blobs, root, tenant):
    stored = put(blobs, tenant)
    shard = only_file(root).parent
    for place, name in ((root, "notes.txt"), (shard.parent, "readme"), (root / "partial", "x")):
        (place / name).write_text("stray")
    (shard / "x.tmp").write_text("stray")
    (shard / ("0" * 64)).write_text("in the wrong shard")
    (shard.parent / "zz").mkdir()
    (root / uuid.uuid4().hex).write_text("a file in the place of a tenant")
    assert [kept.sha256 for kept in blobs.names()] == [stored.sha256]
    assert blobs.remove_partials(LATER) == 0


def test_old_parts_go_and_new_ones_stay(blobs, root, tenant):
    put(blobs, tenant)
    old, new = (root / "partial" / uuid.uuid4().hex for _ in range(2))
    old.write_bytes(b"old")
    new.write_bytes(b"new")
    os.utime(old, (1000, 1000))
    assert blobs.remove_partials(LONG_AGO) == 1
    assert list((root / "partial").iterdir()) == [new]


def test_a_put_whose_part_was_swept_away_says_so_and_leaves_nothing(blobs, tenant):
    def source():
        yield b"half"
        assert blobs.remove_partials(LATER) == 1
        yield b"other half"

    with pytest.raises(Unavailable, match="folder of files"):
        blobs.put(tenant, source(), 100)
    assert list(blobs.names()) == []


def test_a_full_disk_is_told_and_leaves_nothing(blobs, root, tenant, monkeypatch):
    def full(file, chunk):
        FileIO.write(file, chunk[:3])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), file.name)

    monkeypatch.setattr(disk, "write_all", full)
    with pytest.raises(Unavailable, match="No space left on device") as caught:
        put(blobs, tenant)
    assert str(root) not in str(caught.value), "where things lie is for the log"
    assert [path for path in root.rglob("*") if path.is_file()] == []


def test_a_disk_that_takes_only_a_part_at_once_gets_the_rest(tmp_path):
    class Stingy(FileIO):
        def write(self, data):
            return super().write(data[:3])

    with Stingy(tmp_path / "file", "wb") as file:
        disk.write_all(file, b"0123456789")
    assert (tmp_path / "file").read_bytes() == b"0123456789"


def test_what_is_put_again_while_a_sweep_removes_the_old_stays(blobs, root, tenant, monkeypatch):
    stored = put(blobs, tenant)
    os.utime(only_file(root), (1000, 1000))
    arrived = Event()
    place, modified = FileBlobs._place, disk.modified

    def arrive(*given):
        arrived.set()
        place(*given)

    def put_again_meanwhile(found):
        monkeypatch.setattr(disk, "modified", modified)
        putting.start()
        assert arrived.wait(60)
        putting.join(0.2)  # time to renew the file, were it not for the lock
        return modified(found)

    putting = Thread(target=put, args=(blobs, tenant))
    monkeypatch.setattr(FileBlobs, "_place", arrive)
    monkeypatch.setattr(disk, "modified", put_again_meanwhile)
    assert blobs.remove(tenant, stored.sha256, LONG_AGO)
    putting.join()
    assert b"".join(blobs.open(tenant, stored.sha256)) == DATA


def test_threads_that_put_read_and_remove_see_all_or_nothing(blobs, tenant):
    content = bytes(range(256)) * 512
    name = hashlib.sha256(content).hexdigest()

    def act(n):
        if n % 4 == 0:
            blobs.remove(tenant, name)
        elif n % 4 == 1:
            try:
                return b"".join(blobs.open(tenant, name))
            except BlobNotFound:
                return None
        else:
            assert put(blobs, tenant, content).sha256 == name
        return None

    with ThreadPoolExecutor(16) as pool:
        seen = set(pool.map(act, range(160)))
    assert seen <= {None, content}
    assert put(blobs, tenant, content).sha256 == name
    assert b"".join(blobs.open(tenant, name)) == content


def test_another_process_in_the_same_moment_is_waited_for(blobs, root, tenant, monkeypatch):
    stored = put(blobs, tenant)
    monkeypatch.setattr(files, "PATIENCE_S", 0.01)
    with FileLock(root / "lock"):
        for call in (
            lambda: put(blobs, tenant, b"another"),
            lambda: blobs.remove(tenant, stored.sha256),
        ):
            with pytest.raises(Unavailable, match="folder of files"):
                call()
    assert [kept.sha256 for kept in blobs.names()] == [stored.sha256]
    assert blobs.remove(tenant, stored.sha256)


@pytest.mark.parametrize("place", ["root", "partial", "tenant"])
def test_a_file_where_a_folder_should_be_is_told(blobs, root, tenant, place):
    where = {"root": root, "partial": root / "partial", "tenant": root / tenant}[place]
    where.parent.mkdir(exist_ok=True)
    where.write_text("in the way")
    with pytest.raises(Unavailable, match="folder of files"):
        put(blobs, tenant)
    assert where.read_text() == "in the way"
