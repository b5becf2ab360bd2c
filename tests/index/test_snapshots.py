"""What is saved comes back; what is damaged, foreign or of somebody removed does not."""

import hashlib
import os
import time
from dataclasses import replace

import numpy as np
import pytest

from tests.index.engines import (
    LOCAL,
    OTHER,
    TENANT,
    drawn,
    ids_of,
    local,
    seal,
    snapshots_in,
    space_of,
    unseal,
)
from visavis.core.errors import Unavailable
from visavis.index.base import Space
from visavis.index.faiss_index import FaissIndex
from visavis.index.snapshots import Snapshots
from visavis.vault.sealing import DataKey


@pytest.fixture(params=LOCAL)
def engine(request):
    return request.param


def files(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def saved(engine, folder, space, kind, count=200, mark=5):
    index = local(engine, folder)
    index.add(space, ids_of(*range(count)), drawn(kind, count))
    index.set_mark(space, mark)
    index.save()
    return index


def test_what_is_saved_is_there_after_a_restart(engine, space, kind, tmp_path):
    before = saved(engine, tmp_path, space, kind)
    before.remove(space, ids_of(*range(0, 200, 3)))
    before.add(space, ids_of(5), drawn(kind, 1, seed=8))
    before.save()
    after = local(engine, tmp_path)
    assert after.spaces(TENANT) == (space,)
    assert after.mark(space) == 5
    assert after.ids(space) == before.ids(space)
    probes = drawn(kind, 5, seed=3)
    for ours, theirs in zip(
        after.search(space, probes, 9), before.search(space, probes, 9), strict=True
    ):
        assert ours.ids == theirs.ids
        np.testing.assert_array_equal(ours.similarities, theirs.similarities)


def test_collections_come_back_each_as_itself(engine, space, kind, tmp_path):
    parts = [space, *(replace(space, collection=each) for each in ("c" * 32, "login"))]
    for number, part in enumerate(parts):
        saved(engine, tmp_path, part, kind, count=number + 1, mark=number + 7)
    assert len(files(tmp_path)) == 3
    after = local(engine, tmp_path)
    assert after.spaces(TENANT) == tuple(sorted(parts))
    assert [(after.count(part), after.mark(part)) for part in parts] == [(1, 7), (2, 8), (3, 9)]


def test_the_file_of_one_collection_is_none_of_another(engine, space, kind, tmp_path):
    here, there = replace(space, collection="c" * 32), replace(space, collection="d" * 32)
    saved(engine, tmp_path, here, kind)
    (ours,) = files(tmp_path)
    saved(engine, tmp_path, there, kind, count=3)
    (theirs,) = (path for path in files(tmp_path) if path != ours)
    theirs.write_bytes(ours.read_bytes())
    raw = ours.read_bytes()
    ours.write_bytes(raw.replace(b" " + b"c" * 32, b" " + b"d" * 32))
    index = local(engine, tmp_path)
    assert [index.count(part) for part in (here, there, space)] == [0, 0, 0]


def test_files_of_who_is_in_no_collection_are_called_as_ever(space, kind, tmp_path):
    saved("faiss", tmp_path, space, kind)
    name = hashlib.sha256(f"e@1\n{space.version}".encode()).hexdigest()[:32]
    (file,) = files(tmp_path)
    assert (file.name, file.parent.name) == (
        name,
        hashlib.sha256(TENANT.encode()).hexdigest()[:32],
    )
    assert file.read_bytes().startswith(b"visavis index 1\ne@1\n%d\n" % space.version)


@pytest.mark.parametrize("other", LOCAL)
def test_another_engine_reads_it_too(engine, other, space, kind, tmp_path):
    saved(engine, tmp_path, space, kind)
    assert local(other, tmp_path).ids(space) == set(ids_of(*range(200)))


def test_the_mark_of_an_empty_space_comes_back(engine, space, kind, tmp_path):
    index = saved(engine, tmp_path, space, kind, count=2)
    index.remove(space, ids_of(0, 1))
    index.save()
    after = local(engine, tmp_path)
    assert (after.mark(space), after.count(space), after.spaces(TENANT)) == (5, 0, ())


def test_what_did_not_change_is_not_written_again(space, kind, tmp_path):
    index = saved("faiss", tmp_path, space, kind)
    (file,) = files(tmp_path)
    written = file.stat().st_ino
    index.save()
    assert file.stat().st_ino == written
    index.set_mark(space, 6)
    index.save()
    assert local("faiss", tmp_path).mark(space) == 6


def test_removing_removes_the_file_at_once(engine, space, kind, tmp_path):
    index = saved(engine, tmp_path, space, kind)
    assert len(files(tmp_path)) == 1
    index.remove(space, ids_of(7))
    assert files(tmp_path) == []
    index.save()
    assert local(engine, tmp_path).ids(space) == index.ids(space)


@pytest.mark.parametrize("act", ["replace", "drop"])
def test_so_does_replacing_and_dropping(engine, space, kind, tmp_path, act):
    index = saved(engine, tmp_path, space, kind)
    if act == "drop":
        index.drop(space)
    else:
        index.add(space, ids_of(7), drawn(kind, 1, seed=4))
    assert files(tmp_path) == []


def test_what_is_removed_while_a_file_is_written_is_not_in_it(kind, space, tmp_path):
    def seal_and_remove(of, plain):
        index.remove(space, ids_of(7))  # what another thread may do while the seal is fetched
        return seal(of, plain)

    index = FaissIndex(1000, Snapshots(tmp_path, seal_and_remove, unseal))
    index.add(space, ids_of(*range(20)), drawn(kind, 20))
    index.save()
    for after in (local("faiss", tmp_path), index):
        assert set(ids_of(7)).isdisjoint(after.ids(space))
    assert not [path for path in files(tmp_path) if path.suffix == ".part"]


def test_nothing_lies_open_in_the_file(space, kind, tmp_path):
    saved("faiss", tmp_path, space, kind)
    raw = files(tmp_path)[0].read_bytes()
    for entry in drawn(kind, 200):
        assert entry.tobytes()[:16] not in raw
    for each in ids_of(*range(200)):
        assert bytes.fromhex(each) not in raw
    assert files(tmp_path)[0].stat().st_mode & 0o077 == 0


def damages(raw):
    yield "empty", b""
    yield "foreign", b"#!/bin/sh\n" + raw
    yield "short", raw[:-1]
    yield "half", raw[: len(raw) // 2]
    yield "longer", raw + raw[-100:]
    for place in range(0, len(raw), max(1, len(raw) // 60)):
        yield f"bit at {place}", raw[:place] + bytes([raw[place] ^ 4]) + raw[place + 1 :]
    for place in range(60):
        yield f"cut at {place}", raw[:place]


def test_a_damaged_file_is_not_read(engine, space, kind, tmp_path, kept_logs):
    saved(engine, tmp_path, space, kind, count=50)
    (file,) = files(tmp_path)
    raw = file.read_bytes()
    for what, damaged in damages(raw):
        file.write_bytes(damaged)
        index = local(engine, tmp_path)
        assert (index.count(space), index.mark(space)) == (0, 0), what
    file.write_bytes(raw)
    assert local(engine, tmp_path).count(space) == 50


def test_a_file_sealed_by_somebody_else_is_not_read(space, kind, tmp_path):
    saved("faiss", tmp_path, space, kind)
    foreign = DataKey.of(1, bytes(32))
    snapshots = Snapshots(tmp_path, seal, lambda of, data: unseal(of, data, foreign))
    assert FaissIndex(1000, snapshots).count(space) == 0


def test_the_file_of_another_space_is_not_read(space, kind, tmp_path):
    saved("faiss", tmp_path, space, kind)
    (ours,) = files(tmp_path)
    for other in (space_of(kind, OTHER), Space(TENANT, "e@2", space.version)):
        saved("faiss", tmp_path, other, kind, count=3)
    for path in files(tmp_path):
        path.write_bytes(ours.read_bytes())
    index = local("faiss", tmp_path)
    assert index.count(space) == 200
    assert index.spaces(OTHER) == ()
    assert index.spaces(TENANT) == (space,)


def test_pieces_of_an_older_file_do_not_fit(space, kind, tmp_path):
    index = saved("faiss", tmp_path, space, kind)
    (file,) = files(tmp_path)
    older = file.read_bytes()
    index.set_mark(space, 6)
    index.save()
    newer = file.read_bytes()
    assert len(newer) == len(older)
    file.write_bytes(newer[:1000] + older[1000:])
    assert local("faiss", tmp_path).count(space) == 0


def test_what_a_crash_left_behind_is_removed_when_it_is_old(space, kind, tmp_path):
    saved("faiss", tmp_path, space, kind)
    (file,) = files(tmp_path)
    old, new = (file.with_name(f"{file.name}.{name}.part") for name in ("1" * 32, "2" * 32))
    for part in (old, new):
        part.write_bytes(b"half")
    os.utime(old, (time.time() - 7200,) * 2)
    assert local("faiss", tmp_path).count(space) == 200
    assert files(tmp_path) == [file, new]


def test_a_folder_that_cannot_be_written_is_named(space, kind, tmp_path):
    (tmp_path / "index").write_text("no folder")
    index = FaissIndex(1000, snapshots_in(tmp_path / "index"))
    index.add(space, ids_of(1), drawn(kind, 1))
    with pytest.raises(Unavailable, match="search index"):
        index.save()
    assert index.count(space) == 1


def test_large_spaces_go_in_pieces(tmp_path):
    space = space_of("protected")
    index = local("faiss", tmp_path)
    index.add(space, ids_of(*range(100_000)), drawn("protected", 100_000))
    index.save()
    longest = []

    def unseal_and_count(of, data):
        longest.append(len(data))
        return unseal(of, data)

    after = FaissIndex(10**6, Snapshots(tmp_path, seal, unseal_and_count))
    assert after.ids(space) == index.ids(space)
    assert max(longest) < 5_000_000
    assert len(longest) > 2
