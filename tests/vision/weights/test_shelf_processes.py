"""Two processes at one cache, and a process that is killed half-way."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from tests.conftest import REPO
from tests.vision.weights.wheelhouse import catalog, put_wheel, sha256, tiny_graph
from visavis.vision.weights.shelf import State, WeightShelf

PULL = """
import sys
from pathlib import Path
from tests.vision.weights.wheelhouse import catalog
from visavis.vision.weights.shelf import WeightShelf

class Aloud:
    def say(self, message):
        print(message, flush=True)
    def track(self, what, done, total):
        pass

shelf = WeightShelf(Path(sys.argv[1]), catalog=catalog(), progress=Aloud())
print(shelf.ensure("tiny").stat().st_size, flush=True)
"""

KILLED_WHILE_FETCHING = """
import os, signal, sys
from pathlib import Path
from tests.vision.weights.wheelhouse import catalog, tiny_graph
from visavis.vision.weights import shelf

def fetch(weight, destination, progress):
    destination.write_bytes(tiny_graph()[:20])
    os.kill(os.getpid(), signal.SIGKILL)

shelf.fetch = fetch
shelf.WeightShelf(Path(sys.argv[1]), catalog=catalog()).ensure("tiny")
"""

KILLED_WHILE_KEEPING = """
import os, signal, sys
from pathlib import Path
from tests.vision.weights.wheelhouse import catalog
from visavis.vision.weights import shelf, slot

def record_raw(self, digest, source):
    os.kill(os.getpid(), signal.SIGKILL)

slot.Slot.record_raw = record_raw
shelf.WeightShelf(Path(sys.argv[1]), catalog=catalog()).ensure("tiny")
"""


def start(script: str, cache: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", script, str(cache)], stdout=subprocess.PIPE, text=True, cwd=REPO
    )


def test_of_two_processes_one_fetches_and_one_waits(tmp_path: Path, house: Path) -> None:
    put_wheel(house, tiny_graph())
    cache = tmp_path / "cache"
    folder = cache / "weights" / "tiny"
    folder.mkdir(parents=True)
    with FileLock(folder / "lock"):  # held until both stand before it
        pair = [start(PULL, cache) for _ in range(2)]
        for process in pair:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("waiting for another process")
    outputs = [process.communicate(timeout=120)[0] for process in pair]
    assert [process.returncode for process in pair] == [0, 0]
    assert sum("fetching tiny" in output for output in outputs) == 1
    assert all(output.splitlines()[-1] == str(len(tiny_graph())) for output in outputs)


@pytest.mark.parametrize("script", [KILLED_WHILE_FETCHING, KILLED_WHILE_KEEPING])
def test_a_killed_pull_leaves_nothing_that_counts(tmp_path: Path, house: Path, script: str) -> None:
    put_wheel(house, tiny_graph())
    cache = tmp_path / "cache"
    with start(script, cache) as process:
        process.wait(timeout=120)
    assert process.returncode == -signal.SIGKILL
    shelf = WeightShelf(cache, catalog=catalog())
    assert shelf.state("tiny") is State.ABSENT
    assert shelf.path("tiny") is None
    path = shelf.ensure("tiny")
    assert sha256(path.read_bytes()) == sha256(tiny_graph())
    assert {left.name for left in path.parent.iterdir()} == {"lock", "model.onnx", "record.json"}
