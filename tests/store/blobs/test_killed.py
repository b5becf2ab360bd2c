"""A process killed in the middle of a put leaves whole files or none, and nothing for long."""

import hashlib
import random
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.conftest import REPO
from visavis.core.settings import MIB
from visavis.store.blobs.files import FileBlobs
from visavis.store.blobs.opening import open_blobs
from visavis.store.blobs.s3 import S3Blobs
from visavis.store.blobs.sweep import sweep

LATER = datetime.now(UTC) + timedelta(hours=1)
SIZE = 300_000
PART_BYTES = 5 * MIB

BY_BYTES = """
import os, signal, sys
from pathlib import Path
from visavis.store.blobs import disk
from visavis.store.blobs.files import FileBlobs

root, tenant, seed, size, last = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])
left, write_all = last, disk.write_all

def write_and_die(file, chunk):
    global left
    write_all(file, chunk[:left])
    left -= len(chunk[:left])
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)

disk.write_all = write_and_die
content = bytes([seed]) * size
pieces = (content[at : at + 10_007] for at in range(0, size, 10_007))
FileBlobs(Path(root)).put(tenant, pieces, size)
"""

BY_STEPS = """
import os, pathlib, signal, sys
from visavis.store.blobs.files import FileBlobs

root, tenant, seed, size, left = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])

def counted(real):
    # Stand before each call that changes the disk, and die before that one.
    def call(*given, **named):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*given, **named)
    return call

for place, name in ((os, "fsync"), (os, "utime"), (pathlib.Path, "mkdir"),
                    (pathlib.Path, "replace"), (pathlib.Path, "unlink")):
    setattr(place, name, counted(getattr(place, name)))
FileBlobs(pathlib.Path(root)).put(tenant, [bytes([seed]) * size], size)
print("done", flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""

BY_REQUESTS = """
import os, pathlib, signal, sys
from visavis.core.settings import BlobOptions
from visavis.store.blobs.opening import open_blobs
from visavis.store.blobs.s3 import S3Blobs

root, tenant, size, part_bytes, left = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:6])
options = BlobOptions.model_validate_json(sys.argv[6])
opened = open_blobs(options, pathlib.Path(root))

def die_in_time(**named):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)

opened._client.meta.events.register("before-send.s3", die_in_time)
blobs = S3Blobs(opened._client, options.bucket, options.prefix, pathlib.Path(root), part_bytes)
blobs.put(tenant, [b"s" * size], size)
"""


def run(program, *given):
    command = [sys.executable, "-c", program, *map(str, given)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=REPO)


def wrong_files(root: Path):
    found = [path for path in root.glob("*/??/*") if path.is_file()]
    return [p for p in found if hashlib.sha256(p.read_bytes()).hexdigest() != p.name]


def files(root: Path):
    return sorted(path.name for path in root.rglob("*") if path.is_file() and path.name != "lock")


def test_twenty_kills_at_any_byte_leave_no_wrong_file_and_the_sweep_cleans_up(root, tenant):
    dice = random.Random(4)  # any seed will do; this one repeats
    blobs = FileBlobs(root)
    known = [(tenant, blobs.put(tenant, [bytes([seed]) * SIZE], SIZE).sha256) for seed in (0, 1)]
    for turn in range(20):
        last = dice.randint(1, SIZE)
        done = run(BY_BYTES, root, tenant, turn, SIZE, last)  # the first two are there already
        assert done.returncode == -signal.SIGKILL, done.stderr
        sizes = {path.stat().st_size for path in (root / "partial").iterdir()}
        assert last in sizes, "it died when it had written just so much"
        assert wrong_files(root) == []
        assert sorted(kept.name for kept in blobs.names()) == sorted(known)
    swept = sweep(sorted(known), blobs, now=LATER, grace=timedelta())
    assert (swept.partials, swept.removed, swept.compared.missing) == (20, (), ())
    assert files(root) == sorted(sha256 for _, sha256 in known)


@pytest.mark.parametrize("again", [False, True], ids=["first time", "again"])
def test_killed_before_each_change_of_the_disk_a_file_is_there_whole_or_not_at_all(
    root, tenant, again
):
    content = bytes([7]) * SIZE
    sha256 = hashlib.sha256(content).hexdigest()
    states = []
    for step in range(50):
        folder = root / str(step)
        blobs = FileBlobs(folder)
        if again:
            blobs.put(tenant, [content], SIZE)
        done = run(BY_STEPS, folder, tenant, 7, SIZE, step)
        assert done.returncode == -signal.SIGKILL, done.stderr
        assert wrong_files(folder) == []
        states.append([kept.sha256 for kept in blobs.names()])
        swept = sweep([], blobs, now=LATER, grace=timedelta())
        assert [name[1] for name in swept.removed] == states[-1]
        assert files(folder) == []
        assert blobs.put(tenant, [content], SIZE).sha256 == sha256, "nobody holds the lock"
        if done.stdout:
            break
    assert done.stdout == "done\n"
    assert len(states) > 4
    assert states == sorted(states), "once it is there, it stays"
    assert (states[0], states[-1]) == ([sha256] if again else [], [sha256])


def test_killed_before_each_request_an_object_is_there_whole_or_not_at_all(bucket, root, tenant):
    size = 2 * PART_BYTES + 1000
    opened = open_blobs(bucket.options, root)
    assert isinstance(opened, S3Blobs)
    left_behind = []
    for step in range(20):
        done = run(
            BY_REQUESTS, root, tenant, size, PART_BYTES, step, bucket.options.model_dump_json()
        )
        left_behind.append(len(bucket.uploads))
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
        assert (bucket.keys, list(root.iterdir())) == ([], [])
        # moto says of every upload that it was begun in 2010.
        assert opened.remove_partials(datetime(2000, 1, 1, tzinfo=UTC)) == 0, "it may go on"
        assert opened.remove_partials(LATER) == left_behind[-1]
        assert bucket.uploads == []
    # Asked whether it is there, begun, three parts, ended.
    assert left_behind == [0, 0, 1, 1, 1, 1, 0]
    assert [kept.size for kept in opened.names()] == [size]
