"""`visavis analyze --engine ray` on real Ray: the same results, a driver that is killed, no end."""

import importlib.util
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

import boto3
import orjson
import pytest

from tests.conftest import require_or_skip
from tests.entry.promoted import promote
from tests.entry.test_cli_analysis import run
from tests.entry.test_cli_bulk import GOOD, make_pictures, marks, results
from tests.lab.mlflow_running import s3_variables

LONGEST_S = 240
TOKEN = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "of-the-tests-" * 4}
PROGRAM = [sys.executable, "-c", "from visavis.entry.main import main; main()"]


@pytest.fixture(scope="module")
def s3_end() -> Iterator[dict[str, str]]:
    with s3_variables() as variables:
        yield variables


@pytest.fixture(scope="module")
def cluster(s3_end) -> Iterator[str]:
    """Run a cluster of two cores whose machines have keys for the bucket; give its address."""
    if importlib.util.find_spec("ray") is None:
        require_or_skip("ray", "no Ray here; run `pip install --group dev`")
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port = sock.getsockname()[1]
    command = [sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block"]
    command += ["--node-ip-address=127.0.0.1", f"--port={port}", "--num-cpus=2"]
    command += ["--include-dashboard=false", "--disable-usage-stats"]
    command += ["--object-store-memory=100000000", "--min-worker-port=0", "--max-worker-port=0"]
    alone = os.environ | s3_end | TOKEN | {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}  # loopback
    with TemporaryDirectory(prefix="ray-", dir="/tmp") as folder:
        command += [f"--temp-dir={folder}"]
        log = Path(folder, "head.log")
        with log.open("w") as file:
            head = subprocess.Popen(
                command, stdout=file, stderr=file, env=alone, start_new_session=True
            )
        try:
            _await(lambda: "runtime started" in log.read_text(), head)
            yield f"127.0.0.1:{port}"
        finally:
            os.killpg(head.pid, signal.SIGKILL)  # politely, it takes half a minute
            head.wait(60)


def _await(there, process: "subprocess.Popen[bytes]") -> None:
    """Return when something is there; it is looked for a hundred times a second."""
    for _ in range(100 * LONGEST_S):
        if there():
            return
        assert process.poll() is None
        Event().wait(0.01)
    raise AssertionError("it never came")


@pytest.fixture
def folder(tmp_path, monkeypatch, weights):
    make_pictures(tmp_path / "pictures")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VISAVIS_BATCH__MAX_ITEMS", "1")
    return tmp_path / "pictures"


def ray(*arguments: str, **told: str) -> "subprocess.CompletedProcess[str]":
    command = [*PROGRAM, "analyze", *arguments, "--engine", "ray"]
    return subprocess.run(
        command, capture_output=True, text=True, env=os.environ | TOKEN | told, timeout=LONGEST_S
    )


def test_a_cluster_finds_what_this_process_finds(folder, cluster):
    asked = ("--features", "all,mesh,embedding", "--json", "-")
    done = ray("pictures", "--ray-address", cluster, "--out", "ray", *asked)
    assert done.returncode == 0, done.stderr
    summary = orjson.loads(done.stdout)
    counts = {key: summary[key] for key in ("pictures", "failed", "skipped", "parts", "workers")}
    assert counts == {"pictures": GOOD, "failed": 2, "skipped": 1, "parts": 3, "workers": 2}
    assert "failed: pictures/cut.png: " in done.stderr
    plain = orjson.loads(run("pictures", *asked).stdout)
    for result in plain["results"]:
        result.pop("took_ms")
    assert results("ray") == plain["results"]
    assert summary["failures"] == plain["failures"]


def test_a_driver_that_is_killed_is_started_again_and_goes_on(folder, cluster):
    asked = ["pictures", "--out", "ray", "--engine", "ray"]
    with TemporaryDirectory(prefix="ray-", dir="/tmp", ignore_cleanup_errors=True) as left:
        driver = subprocess.Popen(
            [*PROGRAM, "analyze", *asked, "--jobs", "1"],
            stderr=subprocess.DEVNULL,
            env=os.environ | {"TMPDIR": left},  # what a killed Ray leaves behind
        )
        _await(lambda: Path("ray/done").is_dir() and marks("ray"), driver)
        driver.kill()
        driver.wait()
    before = marks("ray")
    assert 0 < len(before) < 3
    again = ray("pictures", "--ray-address", cluster, "--out", "ray", "--json", "-")
    assert again.returncode == 0, again.stderr
    summary = orjson.loads(again.stdout)
    assert summary["pictures"] == GOOD
    assert summary["done_before"] >= 4 * len(before)
    assert "going on: " in again.stderr
    assert before.items() <= marks("ray").items()
    run("pictures", "--format", "parquet", "--out", "local")
    assert results("ray") == results("local")


def test_actors_read_the_bucket_and_write_into_it(folder, cluster, s3_end, monkeypatch):
    for name, value in s3_end.items():
        monkeypatch.setenv(name, value)
    bucket = boto3.resource("s3").Bucket("bulk-ray")
    bucket.create()
    for name in ("0.jpg", "2.png", "cut.png"):
        bucket.upload_file(f"pictures/{name}", f"photos/{name}")
    places = ("s3://bulk-ray/photos", "--out", "s3://bulk-ray/results")
    done = ray(*places, "--ray-address", cluster, "--json", "-")
    assert done.returncode == 0, done.stderr
    summary = orjson.loads(done.stdout)
    assert (summary["pictures"], summary["failed"]) == (2, 1)
    assert bucket.Object("results/done/part-00000.json").content_length > 0


def test_a_reason_that_holds_for_all_parts_stops_the_work(folder, cluster, tmp_path):
    data = str(promote(tmp_path / "data"))
    done = ray("pictures", "--ray-address", cluster, VISAVIS_DATA=data)
    assert done.returncode == 1
    assert "promote the same ones there" in done.stderr
    assert not Path("visavis-out/done").exists()


def test_a_cluster_that_is_not_there_is_named(folder):
    absent = ray("pictures", "--ray-address", "127.0.0.1:9")
    assert absent.returncode == 1
    assert "no Ray cluster at 127.0.0.1:9" in absent.stderr
    assert "Traceback" not in absent.stderr
