"""`visavis analyze` with attributes: what is written, and what the policy refuses."""

import csv
import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import orjson
import pytest
from typer.testing import CliRunner, Result

from tests.entry.http_running import portraits
from tests.entry.promoted import PURPOSES, VERSION, promote
from tests.entry.roofs import a_roof
from visavis.core.types import Feature
from visavis.entry import wiring
from visavis.entry.cli import app
from visavis.usecases.policy import NEEDS_PURPOSE

PICTURE = "me.jpg"


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch, weights, shared_data):
    """Stand in a folder with a portrait, in a deployment whose heads are known."""
    monkeypatch.setenv("VISAVIS_DATA", str(promote(tmp_path / "data")))
    monkeypatch.chdir(tmp_path)
    shutil.copy(portraits(shared_data, 1)[0], PICTURE)


@pytest.fixture
def stated(monkeypatch):
    """State a purpose for each sensitive feature."""
    for name, purpose in PURPOSES.items():
        monkeypatch.setenv(f"VISAVIS_POLICY__{name.upper()}", purpose)


def run(*arguments: str) -> Result:
    roof = a_roof(
        build=wiring.build,
        records=wiring.open_records,
        people=wiring.open_people,
    )
    result = CliRunner().invoke(app, ["analyze", *arguments], obj=roof)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def faces(*arguments: str) -> list[dict[str, Any]]:
    result = run(PICTURE, "--json", "-", *arguments)
    assert result.exit_code == 0, result.stderr
    found: list[dict[str, Any]] = orjson.loads(result.stdout)["results"][0]["faces"]
    return found


BARE = {"face_index", "box", "score"}


def test_without_a_choice_all_that_the_policy_allows_is_written():
    (face,) = faces()
    assert set(face) == BARE | {
        *("points", "age", "gender", "pose", "quality", "expression"),
    }
    assert face["gender"]["value"] == "female"
    assert face["gender"]["version"] == face["age"]["version"] == VERSION
    assert 30 <= face["age"]["low"] <= face["age"]["years"] <= face["age"]["high"] <= 40


@pytest.mark.usefixtures("stated")
@pytest.mark.parametrize("feature", sorted(Feature))
def test_every_feature_alone(feature):
    (face,) = faces("--features", feature)
    assert set(face) - BARE - {"mesh_score"} == {feature}


@pytest.mark.usefixtures("stated")
def test_all_holds_what_a_purpose_was_stated_for():
    (face,) = faces("--features", "all,mesh")
    assert set(face) == BARE | {"mesh_score"} | set(Feature) - {Feature.EMBEDDING}
    assert (face["emotion"]["value"], face["race"]["value"]) == ("happy", "white")


@pytest.mark.parametrize("feature", sorted(NEEDS_PURPOSE))
def test_what_is_off_ends_with_2_and_a_sentence_and_nothing_is_written(feature):
    result = run(PICTURE, "--features", f"all,{feature}")
    setting = f"VISAVIS_POLICY__{feature.upper()}_PURPOSE"
    assert result.exit_code == 2
    assert result.stderr == (
        f"error: {feature} is off here: the operator turns it on by stating what it is for in "
        f"{setting}\n"
    )
    assert not Path("visavis-out").exists()


def test_a_purpose_that_says_nothing_ends_with_2(monkeypatch):
    monkeypatch.setenv("VISAVIS_POLICY__RACE_PURPOSE", "yes")
    result = run(PICTURE, "--features", "race")
    assert result.exit_code == 2
    assert "policy.race_purpose" in result.stderr


@pytest.mark.usefixtures("stated")
def test_the_table_has_a_column_for_every_value():
    assert run(PICTURE, "--csv", "faces.csv").exit_code == 0
    (row,) = csv.DictReader(Path("faces.csv").read_text().splitlines())
    (face,) = faces()
    for column, value in {
        "age_years": face["age"]["years"],
        "age_high": face["age"]["high"],
        "gender_value": "female",
        "gender_confidence": face["gender"]["confidence"],
        "gender_version": VERSION,
        "emotion_value": "happy",
        "race_value": "white",
        "pose_yaw": face["pose"]["yaw"],
        "quality_overall": face["quality"]["overall"],
        "quality_reasons": ";".join(face["quality"]["reasons"]),
        "expression_smile_confidence": face["expression"]["smile"]["confidence"],
        "expression_gaze_value": face["expression"]["gaze"]["value"],
    }.items():
        assert row[column] == str(value), column
    assert row["expression_eye_left_open_value"] in {"true", "false"}
    assert not any("probabilities" in column for column in row)


def test_a_picture_without_faces_has_attributes_of_nobody():
    cv2.imwrite("wall.png", np.full((200, 200, 3), 180, np.uint8))
    result = run("wall.png", "--json", "-", "--csv", "wall.csv")
    assert orjson.loads(result.stdout)["results"][0]["faces"] == []
    assert len(Path("wall.csv").read_text().splitlines()) == 1


def drawn(*arguments: str):
    assert run(PICTURE, "--out", "out", *arguments).exit_code == 0
    return cv2.imread("out/me.jpg")


def test_the_annotated_picture_says_what_was_asked_for_and_nothing_else():
    bare, plain, told = drawn("--features", "points"), drawn("--features", "pose"), drawn()
    assert np.array_equal(bare, plain)
    assert told.shape == bare.shape
    assert np.abs(told.astype(int) - bare).max() > 100


def test_help_names_every_feature_and_how_the_sensitive_are_turned_on():
    said = " ".join(CliRunner().invoke(app, ["analyze", "--help"]).stdout.split())
    for feature in [*Feature, "all"]:
        assert feature in said
    for feature in NEEDS_PURPOSE:
        assert f"VISAVIS_POLICY__{feature.upper()}_PURPOSE" in said
