"""`visavis doctor` tells what is missing and what to do; exit code 1 only when something fails."""

import json
import shutil
import socket
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from visavis.core.settings import load_settings
from visavis.entry.cli import app


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VISAVIS_DATA", str(tmp_path / "data"))
    with socket.create_server(("127.0.0.1", 0)) as sock:
        monkeypatch.setenv("VISAVIS_SERVER__PORT", str(sock.getsockname()[1]))


def checks() -> tuple[int, dict[str, dict[str, str]]]:
    """Return the exit code and the checks by name; of several weights the last."""
    result = CliRunner().invoke(app, ["doctor", "--json"])
    report = json.loads(result.stdout)
    assert report["ok"] == (result.exit_code == 0)
    return result.exit_code, {check["name"]: check for check in report["checks"]}


def test_a_machine_with_everything_is_well(weights):
    code, found = checks()
    assert code == 0
    assert {name: check["status"] for name, check in found.items()} == dict.fromkeys(
        [
            *("visavis", "python", "weights", "onnxruntime providers", "cores"),
            *("memory", "disk, data", "disk, cache", "port"),
            *("policy, emotion", "policy, race", "heads"),
        ],
        "ok",
    )
    assert sys.version.split()[0] in found["python"]["found"]
    assert "CPUExecutionProvider" in found["onnxruntime providers"]["found"]


def test_absent_weights_are_a_warning_and_are_not_fetched(tmp_path, monkeypatch):
    monkeypatch.setenv("VISAVIS_CACHE", str(tmp_path / "cache"))
    code, found = checks()
    assert code == 0
    assert found["weights"]["status"] == "warn"
    assert "visavis models pull" in found["weights"]["todo"]
    assert not (tmp_path / "cache").exists()


def test_damaged_weights_fail(tmp_path, monkeypatch, weights):
    kept = load_settings().cache / "weights" / "facemesh"
    copy = tmp_path / "cache" / "weights" / "facemesh"
    shutil.copytree(kept, copy)
    monkeypatch.setenv("VISAVIS_CACHE", str(tmp_path / "cache"))
    graph = bytearray((copy / "model.onnx").read_bytes())
    graph[1000] ^= 1
    (copy / "model.onnx").write_bytes(graph)
    result = CliRunner().invoke(app, ["doctor"])
    assert result.exit_code == 1
    assert "fail  weights                facemesh: " in result.stdout
    assert "→ run `visavis models pull` to repair it" in result.stdout


@pytest.mark.parametrize("setting", ["VISAVIS_DATA", "VISAVIS_CACHE"])
def test_a_folder_that_cannot_be_written_fails(monkeypatch, setting):
    Path("file").write_text("a file where a folder is needed")
    monkeypatch.setenv(setting, "file/below")
    code, found = checks()
    check = found[f"disk, {setting.removeprefix('VISAVIS_').lower()}"]
    assert (code, check["status"]) == (1, "fail")
    assert setting in check["todo"]


def test_a_busy_port_is_a_warning():
    with socket.create_server(("127.0.0.1", load_settings().server.port)):
        code, found = checks()
    assert code == 0
    assert found["port"]["status"] == "warn"
    assert "--port" in found["port"]["todo"]


@pytest.mark.parametrize(
    ("name", "value", "check"),
    [
        ("VISAVIS_TYPO", "1", "settings"),
        ("VISAVIS_PACK", "nothing", "weights"),
        ("VISAVIS_RUNTIME__PROVIDERS", '["coreml", "openvino"]', "providers"),
    ],
)
def test_a_setting_that_cannot_work_fails_by_name(monkeypatch, name, value, check):
    monkeypatch.setenv(name, value)
    code, found = checks()
    assert code == 1
    assert found[check]["status"] == "fail"


def test_the_policy_is_told_with_its_purposes(monkeypatch):
    monkeypatch.setenv("VISAVIS_POLICY__RACE_PURPOSE", "bias audit of our pictures")
    found = checks()[1]
    assert found["policy, emotion"]["found"] == "off"
    assert found["policy, race"]["found"] == "on, for: bias audit of our pictures"
