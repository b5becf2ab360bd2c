"""`visavis models`, through the whole command line."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from visavis.core.settings import load_settings
from visavis.entry.cli import app
from visavis.vision.weights.catalog import WEIGHTS


def models(*arguments: str):
    return CliRunner().invoke(app, ["models", *arguments])


@pytest.fixture(scope="session")
def mesh_raw(weights: None) -> Path:
    """Return the face mesh as published, from the cache that `make` fills."""
    return load_settings().cache / "weights" / "facemesh" / "raw"


@pytest.fixture(autouse=True)
def cache(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give every test an empty cache and a pip that reaches nothing."""
    if "mesh_raw" in request.fixturenames:
        request.getfixturevalue("mesh_raw")  # before the settings point elsewhere
    monkeypatch.setenv("VISAVIS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    return tmp_path / "cache"


def test_list_shows_packs_states_and_licences() -> None:
    shown = models("list")
    assert shown.exit_code == 0
    lines = shown.stdout.splitlines()
    assert lines[1].split() == ["default", "centerface,", "facemesh,", "dlib_resnet"]
    row = next(line for line in lines if line.startswith("arcface_r50"))
    assert "needs licence" in row
    assert "non-commercial" in row


def test_list_json_is_one_object_and_nothing_else(cache: Path) -> None:
    listed = json.loads(models("list", "--json").stdout)
    assert listed["cache"] == str(cache)
    assert listed["packs"]["default"] == ["centerface", "facemesh", "dlib_resnet"]
    assert [weight["name"] for weight in listed["weights"]] == list(WEIGHTS)
    assert {weight["state"] for weight in listed["weights"]} == {"absent", "needs licence"}
    assert not cache.exists(), "looking changes nothing"


def test_from_pull_to_repair(cache: Path, mesh_raw: Path) -> None:
    assert models("path", "facemesh").exit_code == 1
    pulled = models("pull", "facemesh", "--from", str(mesh_raw))
    assert pulled.exit_code == 0, pulled.stderr
    assert pulled.stdout == ""
    assert "facemesh: ready" in pulled.stderr
    path = Path(models("path", "facemesh").stdout.strip())
    assert path.is_relative_to(cache)
    assert models("verify", "facemesh").stdout == "facemesh: ok\n"

    whole = path.read_bytes()
    path.write_bytes(b"rotten")
    checked = models("verify")
    assert checked.exit_code == 1
    assert f"facemesh: {path} has changed" in checked.stdout
    repaired = models("pull", "facemesh")
    assert repaired.exit_code == 0, "the raw file is still there, so no source is needed"
    assert path.read_bytes() == whole


def test_pull_without_a_network_lists_every_weight_that_failed() -> None:
    pulled = models("pull")
    assert pulled.exit_code == 1
    assert pulled.stdout == ""
    for name in ("centerface", "facemesh", "dlib_resnet"):
        assert f"visavis models pull {name} --from FILE" in pulled.stderr


def test_a_licence_is_accepted_by_name_or_pack() -> None:
    refused = models("pull", "buffalo_l")
    assert refused.exit_code == 1
    assert "visavis models accept scrfd_10g" in refused.stderr
    assert models("accept", "buffalo_l").exit_code == 0
    states = {w["name"]: w["state"] for w in json.loads(models("list", "--json").stdout)["weights"]}
    assert states["scrfd_10g"] == states["arcface_r50"] == "absent"
    assert "needs no acceptance" in models("accept", "centerface").stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("pull", "nonsense"),
        ("pull", "yunet", "--all"),
        ("pull", "--from", "x"),
        ("pull", "yunet", "sface", "--from", "x"),
        ("path", "nonsense"),
        ("accept", "nonsense"),
        ("verify", "nonsense"),
        ("pull", "--unknown-option"),
    ],
)
def test_bad_usage_ends_with_2_and_a_sentence(arguments: tuple[str, ...]) -> None:
    result = models(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr


def test_a_wrong_file_is_refused(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.onnx"
    wrong.write_bytes(b"not a detector")
    for file in (wrong, tmp_path / "missing.onnx"):
        result = models("pull", "yunet", "--from", str(file))
        assert result.exit_code == 1
        assert str(file) in result.stderr
    assert models("path", "yunet").exit_code == 1


@pytest.mark.parametrize("command", ["list", "pull", "verify", "accept", "path"])
def test_every_command_explains_itself(command: str) -> None:
    result = models(command, "--help")
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) > 5
