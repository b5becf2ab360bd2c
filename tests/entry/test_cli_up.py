"""`visavis up` keeps services running, and leaves nothing behind, however it ends."""

import json
import os
import signal
import subprocess
import sys
import threading
from hashlib import sha256
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from tests.entry.up_running import MAIN, Up, of_deployment, until, up
from tests.store.databases import database
from tests.usecases.split_house import portraits
from visavis.core.errors import InvalidSettings, Unavailable
from visavis.core.settings import load_settings
from visavis.entry.cli import app, processes, up_file
from visavis.entry.cli.processes import Child, Fleet, Service
from visavis.entry.cli.up import aggregator_url, environment_of, groups_of
from visavis.entry.cli.up_file import Running, UpFile, started

REDIS = {"broker_url": "redis://127.0.0.1:1/0"}
FEATURES = "points,mesh,age,gender,quality"

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
PATIENT = "from visavis.entry.cli.parent import follow; import time; follow(); time.sleep(600)"
SUPERVISOR = """
import sys, threading
from visavis.entry.cli import processes
from visavis.entry.cli.processes import Fleet, Service
processes.PROGRAM = sys.argv[1]
services = [Service("one", ()), Service("two", ())]
Fleet([services], {}, lambda text: print(text, flush=True), print).run(threading.Event())
"""


def test_it_serves_survives_and_leaves_nothing(tmp_path, weights, shared_data):
    pictures = portraits(shared_data, 16)
    with (
        database("postgresql", tmp_path) as url,
        up(tmp_path, "--split", VISAVIS_STORE__URL=url) as site,
    ):
        _listens(site)
        with httpx.Client(base_url=site.url, timeout=60) as client:
            for picture in pictures:
                sent = {"files": (picture.name, picture.data)}
                answer = client.post("/api/v1/jobs", files=sent, data={"features": FEATURES})
                assert answer.status_code == 202
            for name in ("detect", "describe", "store", "grpc"):
                _kill(site, name)
            until(lambda: _states(client) <= {"done", "parked", "cancelled"}, site.said)
            assert _states(client) == {"done"}
            found = client.get("/api/v1/results", params={"limit": 200}).json()["items"]
            assert sorted(each["sha256"] for each in found) == sorted(
                sha256(each.data).hexdigest() for each in pictures
            )
        told = site.command("up", "--status")
        assert (told.returncode, "detect" in told.stdout) == (0, True)
        assert site.command("up").returncode == 1, "one is enough"
        assert len(site.left()) >= 7
        assert site.command("down").returncode == 0
        site.process.wait()
        assert site.left() == []
        assert site.command("up", "--status").returncode == 1
        assert site.command("down").stderr == "nothing runs here\n"


def _kill(site: Up, name: str) -> None:
    dead = site.pid(name)
    os.kill(dead, signal.SIGKILL)
    until(lambda: site.pid(name) != dead, site.said)


def _states(client: httpx.Client) -> set[str]:
    told = client.get("/api/v1/jobs", params={"limit": 200}).json()["items"]
    return {job["state"] for job in told}


def _listens(site: Up) -> None:
    def does() -> bool:
        assert site.process.poll() is None, site.said()
        return f"Visavis is at {site.url}" in site.said()

    until(does, site.said)


def test_without_a_broker_it_says_what_to_set(tmp_path):
    result = CliRunner().invoke(app, ["up", "--data", str(tmp_path)])
    assert result.exit_code == 2
    assert "VISAVIS_JOBS__BROKER_URL" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_services_are_those_of_the_mode(tmp_path):
    fused = load_settings(data=tmp_path, jobs=REDIS)
    split = load_settings(data=tmp_path, jobs=REDIS | {"split": True})
    told = [[each.name for each in group] for group in groups_of(fused, 2)]
    assert told == [["log"], ["grpc"], ["pictures-1", "pictures-2"], ["api"]]
    told = [[each.name for each in group] for group in groups_of(split, 1)]
    assert told == [["log"], ["grpc"], ["detect", "describe", "store"], ["api"]]
    without_log = load_settings(data=tmp_path, jobs={"broker_url": "amqp://127.0.0.1:1"})
    assert groups_of(without_log, 1)[0] == []


def test_secrets_are_told_through_the_environment_only(tmp_path):
    settings = load_settings(data=tmp_path, jobs=REDIS | {"split": True})
    one, other = (environment_of(settings, {"HOME": "/here"}, 1) for _ in range(2))
    token = one["VISAVIS_GRPC__TOKEN"]
    assert len(token) > 40
    assert token != other["VISAVIS_GRPC__TOKEN"]
    assert one["HOME"] == "/here"
    assert one["VISAVIS_GRPC__AGGREGATOR_URL"] == "grpc://127.0.0.1:50051"
    every = [word for group in groups_of(settings, 3) for each in group for word in each.arguments]
    assert all(token not in word and "redis" not in word for word in every)
    named = load_settings(data=tmp_path, jobs=REDIS, grpc={"token": "of our own"})
    assert environment_of(named, {}, 1)["VISAVIS_GRPC__TOKEN"] == "of our own"


@pytest.mark.parametrize(
    ("grpc", "url"),
    [
        ({"host": "0.0.0.0", "port": 1}, "grpc://127.0.0.1:1"),
        ({"host": "::1", "tls_cert": "a.pem"}, "grpcs://[::1]:50051"),
        ({"aggregator_url": "grpc://far:1"}, "grpc://far:1"),
    ],
)
def test_parts_meet_at_the_server_of_this_machine(tmp_path, grpc, url):
    assert aggregator_url(load_settings(data=tmp_path, grpc=grpc)) == url


def test_a_port_that_nobody_could_know_is_refused(tmp_path):
    with pytest.raises(InvalidSettings, match="VISAVIS_GRPC__PORT"):
        aggregator_url(load_settings(data=tmp_path, grpc={"port": 0}))


def test_nothing_is_left_when_it_is_killed(tmp_path):
    environment = os.environ | {"VISAVIS_DATA": str(tmp_path)}
    command = [sys.executable, "-c", SUPERVISOR.replace("{}", "__import__('os').environ"), PATIENT]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert "one is process" in parent.stdout.readline()
        assert "two is process" in parent.stdout.readline()
        assert len(of_deployment(tmp_path)) == 3
        parent.kill()
    until(lambda: of_deployment(tmp_path) == [])


def test_what_dies_is_started_again_with_growing_pauses(monkeypatch):
    monkeypatch.setattr(processes, "PROGRAM", "raise SystemExit(3)")
    monkeypatch.setattr(processes, "FIRST_PAUSE_S", 0.01)
    said: list[str] = []
    child = Child(Service("one", ()), dict(os.environ), said.append)
    child.start()

    def was_started_again() -> bool:
        child.look()
        return child.starts > 3

    until(was_started_again)
    child.wait_or_kill(0)
    pauses = [line.split()[-2] for line in said if "starts again" in line]
    assert pauses[:3] == ["0.01", "0.02", "0.04"]
    assert f"one ended with 3; it starts again in {pauses[0]} s" in said


def test_who_does_not_end_is_ended(monkeypatch, tmp_path):
    monkeypatch.setattr(processes, "PROGRAM", STUBBORN)
    monkeypatch.setattr(processes, "STOP_WITHIN_S", 2.0)
    said: list[str] = []
    over, noted = threading.Event(), list[int]()

    def changed(children):
        noted.extend(child.pid for child in children)
        over.set()

    environment = os.environ | {"VISAVIS_DATA": str(tmp_path)}
    Fleet([[Service("one", ())], [Service("two", ())]], environment, said.append, changed).run(over)
    assert len(noted) == 2
    assert of_deployment(tmp_path) == []
    assert not any(started(pid) for pid in noted)


def test_a_recycled_process_id_is_never_signalled(tmp_path):
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as innocent:
        when = started(innocent.pid)
        assert when == started(innocent.pid)
        file = tmp_path / up_file.NAME
        told = {"pid": innocent.pid, "started": f"{when}0", "services": []}
        file.write_text(json.dumps(told))
        assert UpFile(tmp_path).running() is None
        assert up_file.stop(Running(innocent.pid, f"{when}0"), 0)
        result = CliRunner().invoke(app, ["down", "--data", str(tmp_path)])
        assert (result.exit_code, result.stderr) == (0, "nothing runs here\n")
        assert innocent.poll() is None
        file.write_text(json.dumps(told | {"started": when}))
        assert UpFile(tmp_path).running() == Running(innocent.pid, when or "")
        result = CliRunner().invoke(app, ["down", "--data", str(tmp_path)])
        assert (result.exit_code, innocent.wait()) == (0, -signal.SIGTERM)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": "x"}', '{"pid": 1, "services": [1]}'])
def test_a_file_that_is_none_of_ours_names_nobody(tmp_path, text):
    (tmp_path / up_file.NAME).write_text(text)
    assert UpFile(tmp_path).running() is None


def test_two_for_one_folder_are_refused(tmp_path: Path):
    refused = pytest.raises(Unavailable, match="visavis down")
    with UpFile(tmp_path).held(), refused, UpFile(tmp_path).held():
        pass


def test_the_list_of_services_survives_being_read(tmp_path: Path):
    file = UpFile(tmp_path)
    with file.held():
        file.note([Child(Service("one", ()), {}, print)])
        running = file.running()
        assert running is not None
        assert (running.pid, [each.name for each in running.services]) == (os.getpid(), ["one"])
        assert (tmp_path / up_file.NAME).stat().st_mode & 0o777 == 0o600
    assert file.running() is None


def test_its_help_needs_no_settings():
    done = subprocess.run([*MAIN, "up", "--help"], capture_output=True, text=True, check=True)
    assert "--split" in done.stdout
