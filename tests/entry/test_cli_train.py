"""`visavis train attributes` on real faces: a challenger comes out; bad input is one sentence."""

import importlib.util
import sys

import orjson
import pytest
from typer.testing import CliRunner

from tests.conftest import require_or_skip
from visavis.core.settings import load_settings
from visavis.entry.cli import app
from visavis.lab.heads.registry import HeadRegistry
from visavis.vision.heads.shelf import HeadShelf


@pytest.fixture
def torch_here():
    if importlib.util.find_spec("torch") is None:
        require_or_skip("torch", "PyTorch is not installed: pip install 'visavis[train]'")


@pytest.fixture(autouse=True)
def deployment(tmp_path, monkeypatch, weights):
    """A deployment of its own: its weights are those that are here, all else is new."""
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache/weights").symlink_to(load_settings().cache / "weights")
    monkeypatch.setenv("VISAVIS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("VISAVIS_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("VISAVIS_TRACKING__ENABLED", "false")


def train(*arguments):
    result = CliRunner().invoke(app, ["train", "attributes", *map(str, arguments)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.mark.slow
def test_a_run_ends_as_a_challenger_and_what_serves_stays(shared_data, torch_here, tmp_path):
    before = HeadRegistry(tmp_path / "data/heads").champions()
    result = train(
        "--data", shared_data / "fairface/train.zip", "--head", "gender", "--limit", 1760,
        "--epochs", 1, "--provenance", "FairFace", "--licence", "CC-BY-4.0",
        "--out", tmp_path / "copy", "--json",
    )  # fmt: skip
    assert result.exit_code == 0
    (made,) = orjson.loads(result.stdout)
    registry = HeadRegistry(tmp_path / "data/heads")
    found = registry.find(made["version"])
    assert found.card.provenance == "FairFace"
    assert [head.value for head in found.challenger_of] == ["gender"]
    assert registry.champions() == before
    assert made["report"]["faces"] >= 100
    assert made["report"]["versions"] == {"gender": made["version"]}
    assert (tmp_path / "copy" / f"{made['version']}.onnx").read_bytes() == found.path.read_bytes()
    assert "FairFace" in (tmp_path / "copy" / f"{made['version']}.md").read_text()
    figures = orjson.loads((tmp_path / "copy" / f"{made['version']}.json").read_bytes())
    assert figures["gender"] == made["report"]["gender"]
    left = {path.suffix for path in (tmp_path / "cache/training").iterdir() if path.is_file()}
    assert left <= {".lock"}
    # What was trained can be measured against what serves: training stored both reports.
    registry.judge(made["version"])
    shelf = HeadShelf(tmp_path / "data/heads", load_settings().runtime)
    assert {net.card.version for net in shelf.current().nets.values()} == set(before.values())


BAD = [
    ("file,gender\na.jpg,Female\nb.jpg,Martian\n", "row 3 (b.jpg)"),
    ("file,age,gender\na.jpg,20-29\n", "row 2"),
    ("picture,gender\na.jpg,Male\n", "file"),
    ("file,gender\nabsent.jpg,Male\n", "none of the listed pictures"),
]


@pytest.mark.parametrize(("labels", "named"), BAD)
def test_bad_labels_are_one_sentence_that_names_the_row(labels, named, torch_here, tmp_path):
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures/labels.csv").write_text(labels)
    result = train("--data", tmp_path / "pictures")
    assert result.exit_code == 2
    assert named in " ".join(result.stderr.split())
    assert not (tmp_path / "data/heads/champions.json").exists()


def test_too_few_faces_are_refused_before_anything_is_trained(shared_data, torch_here):
    result = train("--data", shared_data / "fairface/train.zip", "--limit", 40, "--head", "gender")
    assert result.exit_code == 2
    assert "held out for calibration" in " ".join(result.stderr.split())


def test_a_head_without_labels_is_named(shared_data, torch_here):
    result = train("--data", shared_data / "fairface/train.zip", "--head", "emotion")
    assert result.exit_code == 2
    assert "the labels say nothing about emotion" in " ".join(result.stderr.split())
    assert train("--data", shared_data / "fairface/train.zip", "--head", "height").exit_code == 2


def test_without_pytorch_it_says_what_to_install(shared_data, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)  # the fault: as if it were not installed
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    result = train("--data", shared_data / "fairface/train.zip")
    assert result.exit_code == 2
    assert "pip install 'visavis[train]'" in " ".join(result.stderr.split())


@pytest.mark.slow
def test_a_small_embedder_is_taught_without_any_label(shared_data, torch_here, tmp_path):
    words = (
        "embedder", "--root", shared_data / "fairface/train.zip", "--out", tmp_path / "made",
        "--limit", 320, "--epochs", 1, "--provenance", "FairFace", "--json",
    )  # fmt: skip
    result = CliRunner().invoke(app, ["train", *map(str, words)])
    assert result.exit_code == 0, result.output
    told = orjson.loads(result.stdout)
    assert told["provenance"] == "FairFace"
    assert told["faces"] + told["held_out"] + told["skipped"] == 320
    assert -1 <= told["cosine_to_teacher"] <= 1
    assert (tmp_path / "made/visavis_lite.onnx").stat().st_size > 1_000_000
