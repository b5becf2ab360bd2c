"""A process killed at any moment of a change leaves the old or the new, and a true history."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import REPO

PROGRAM = """
import json, os, pathlib, sys
from tests.lab.heads.files import BOTH, WHO
from tests.vision.heads.making import make_head
from visavis.lab.heads.history import choice
from visavis.lab.heads.registry import HeadRegistry
from visavis.vision.heads.shelf import read_champions

root, what = pathlib.Path(sys.argv[1]), sys.argv[2]
bundled = root / "bundled"
bundled.mkdir()
make_head(bundled / "b.onnx", "b-1", BOTH)
make_head(root / "p-1.onnx", "p-1", BOTH)
make_head(root / "p-2.onnx", "p-2", BOTH)


def prepared(folder):
    registry = HeadRegistry(folder, bundled)
    registry.add(root / "p-1.onnx")
    if what != "add":
        registry.add(root / "p-2.onnx")
        registry.promote("p-1", force=True, **WHO)
    return registry


def act(registry):
    if what == "add":
        registry.add(root / "p-2.onnx")
    elif what == "promote":
        registry.promote("p-2", force=True, **WHO)
    else:
        registry.rollback(reason="slow", by="bob")


def die_at(step):
    # Stand before each call that changes the disk, and stop without a word before that one.
    left = [step]

    def counted(real):
        def call(*given, **named):
            left[0] -= 1
            if left[0] < 0:
                os._exit(9)
            return real(*given, **named)
        return call

    for name in ("fsync", "replace", "rename", "unlink", "ftruncate"):
        setattr(os, name, counted(getattr(os, name)))
    for name in ("replace", "rename", "unlink"):
        setattr(pathlib.Path, name, counted(getattr(pathlib.Path, name)))


for step in range(100):
    folder = root / f"heads-{step}"
    registry = prepared(folder)
    old = registry.champions(), len(registry.history())
    child = os.fork()
    if child == 0:
        die_at(step)
        act(registry)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    fresh = HeadRegistry(folder, bundled)
    seen = fresh.champions(), len(fresh.history())
    chosen = read_champions(folder) == choice(fresh.history())
    versions = [v.version for v in fresh.versions()]
    files = all(v.path.is_file() for v in fresh.versions())
    # The next change finds everything in order, whatever was left behind.
    fresh.add(root / "p-2.onnx")
    fresh.promote("p-2", force=True, **WHO) if fresh.champions()["age"] != "p-2" else None
    after = read_champions(folder) == choice(fresh.history())
    left = sorted(p.name for p in folder.iterdir() if p.name.startswith(("work-", "pending")))
    print(json.dumps([code, old[1], seen[1], sorted(set(seen[0].values())), versions,
                      chosen and after and files, left]), flush=True)
    if code == 0:
        break
"""


def outcomes(tmp_path: Path, what: str) -> list[list[Any]]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path), what],
        capture_output=True,
        text=True,
        check=False,
        cwd=REPO,
    )
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]
    assert len(lines) > 4, "the process was stopped at several steps"
    assert [line[0] for line in lines] == [9] * (len(lines) - 1) + [0]
    assert all(line[5] for line in lines), "what serves and the history tell the same"
    assert all(line[6] == [] for line in lines), "the next change sweeps up"
    return lines


@pytest.mark.parametrize(
    ("what", "old", "new"), [("promote", "p-1", "p-2"), ("rollback", "p-1", "b-1")]
)
def test_what_serves_is_old_or_new_and_the_history_agrees(tmp_path, what, old, new):
    lines = outcomes(tmp_path, what)
    for _, before, after, serving, *_ in lines:
        assert (serving, after) in [([old], before), ([new], before + 1)]
    states = [line[3] for line in lines]
    assert states == sorted(states, key=lambda state: state == [new]), "once new, it stays new"
    assert states[0] != states[-1]


def test_a_file_is_there_whole_or_not_at_all(tmp_path):
    lines = outcomes(tmp_path, "add")
    assert {tuple(sorted(line[4])) for line in lines} == {
        ("b-1", "p-1"),
        ("b-1", "p-1", "p-2"),
    }
    assert all(line[3] == ["b-1"] for line in lines)
