import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from visavis.core.attributes import CLASSES, UNKNOWN, Head
from visavis.core.types import MESH_POINTS, Answers, Faces, Feature
from visavis.usecases.analysis_json import to_json
from visavis.usecases.attributes import AGE_COVERAGE, age_of, caption, percent, verdict
from visavis.usecases.attributes_json import attributes
from visavis.vision.stages.gate import Reason

ALL = frozenset(Feature)
PARTS = {Feature.POSE, Feature.QUALITY, Feature.EXPRESSION}


def faces(**fields):
    """Return one face that carries `fields`, each without its leading axis."""
    arrays: dict[str, Any] = {k: np.array([value], np.float32) for k, value in fields.items()}
    bare = Faces(
        np.array([[10, 10, 60, 80]], np.float32),
        np.ones(1, np.float32),
        np.zeros((1, 5, 2), np.float32),
    )
    return replace(bare, **arrays)


def told(unknown_below=0.0, **answers):
    """Return one face about which heads say `answers`."""
    return faces().with_heads(
        {
            Head(head): Answers(np.array([shares], np.float32), "v1", unknown_below)
            for head, shares in answers.items()
        }
    )


def written(which, features=ALL):
    """Return the attributes of the first face as they stand on the wire."""
    return json.loads(to_json(attributes(which, 0, features)))


def test_an_answer_is_the_most_probable_class_with_all_shares_and_the_version():
    assert written(told(gender=(0.9734, 0.0266)))["gender"] == {
        "value": "female",
        "confidence": 0.9734,
        "probabilities": {"female": 0.9734, "male": 0.0266},
        "version": "v1",
    }


@pytest.mark.parametrize(("unknown_below", "value"), [(0.6, "male"), (0.61, UNKNOWN)])
def test_an_answer_that_is_not_sure_enough_is_unknown(unknown_below, value):
    said = written(told(unknown_below=unknown_below, gender=(0.39, 0.61 - 1e-3)))["gender"]
    assert said["value"] == value
    assert said["confidence"] == 0.609


def test_an_age_has_years_between_low_and_high():
    said = written(told(age=(0, 0, 0, 0.4, 0.6, 0, 0, 0, 0)))["age"]
    assert 20 <= said["low"] < said["years"] < said["high"] <= 40
    assert (said["value"], said["confidence"]) == ("30-39", 0.6)
    assert list(said["probabilities"]) == list(CLASSES[Head.AGE])


@given(hnp.arrays(np.float32, 9, elements=st.floats(0, 1, width=32)))
def test_every_age_has_an_interval_in_a_human_life(weights):
    shares = (weights + 1e-3) / (weights + 1e-3).sum()
    age = age_of(shares)
    assert 0 <= age.low <= age.high <= 120
    assert 0 <= age.years <= 120
    assert AGE_COVERAGE == 0.8


@pytest.mark.parametrize("head", list(Head))
def test_only_what_was_asked_for_is_written(head):
    everything = told(**{h.value: np.full(len(CLASSES[h]), 1 / len(CLASSES[h])) for h in Head})
    assert list(written(everything, {Feature(head)})) == [head.value]
    assert list(written(everything, set())) == []
    assert set(written(everything)) == set(map(str, Head))


def test_pose_is_null_where_there_is_no_mesh():
    known, unknown = faces(pose=[12.34, -0.04, 3]), faces(pose=[np.nan] * 3)
    assert written(known) == {"pose": {"yaw": 12.3, "pitch": 0.0, "roll": 3.0}}
    assert written(unknown) == {"pose": None}


def test_a_part_of_quality_that_cannot_be_judged_is_null():
    face = faces(quality=[70.04, 80, 60, 90, 100, np.nan, np.nan])
    quality = attributes(face, 0, ALL, [Reason.TOO_DARK, Reason.NO_MESH])["quality"]
    assert (quality["overall"], quality["size"]) == (70.0, 100.0)
    assert quality["pose"] is quality["occlusion"] is None
    assert quality["reasons"] == ["too_dark", "no_mesh"]
    assert written(face)["quality"]["reasons"] == []


def test_an_expression_says_yes_or_no_and_how_sure():
    said = written(faces(expression=[0.98, 0.2, np.nan, 0.5, -0.9]))["expression"]
    assert said["eye_left_open"] == {"value": True, "confidence": 0.98}
    assert said["eye_right_open"] == {"value": False, "confidence": 0.8}
    assert said["mouth_open"] is None
    assert said["smile"] == {"value": True, "confidence": 0.5}
    assert said["gaze"] == {"value": "left", "offset": -0.9}
    assert written(faces(expression=[np.nan] * 5))["expression"]["gaze"] is None


def test_a_face_without_mesh_still_has_what_needs_none():
    nothing = np.full((MESH_POINTS, 3), np.nan)
    face = faces(mesh=nothing, mesh_scores=0, pose=[np.nan] * 3, expression=[np.nan] * 5)
    said = written(face.with_heads(told(gender=(0.9, 0.1)).heads))
    assert said["pose"] is None
    assert set(said["expression"].values()) == {None}
    assert said["gender"]["value"] == "female"


def test_a_caption_says_what_the_heads_say_in_one_line():
    ages = (0, 0, 0, 0, 1, 0, 0, 0, 0)
    line = caption(told(age=ages, gender=(0.97, 0.03), race=(0, 0, 0, 1, 0, 0, 0)), 0)
    age, gender, race = line.split(" · ")
    years, low, high = (
        float(x) for x in age.replace("–", " ").replace("(", " ").strip(")").split()
    )
    assert 30 <= low <= years <= high <= 40
    assert (gender, race) == ("female 97 %", "latino hispanic 99 %")
    assert caption(told(unknown_below=0.99, gender=(0.6, 0.4)), 0) == "gender unsure"
    assert caption(faces(), 0) == ""


@pytest.mark.parametrize(("share", "words"), [(0, "1 %"), (0.5, "50 %"), (0.999, "99 %")])
def test_nothing_is_certain(share, words):
    assert percent(share) == words


def test_the_version_is_that_of_the_answer():
    assert verdict(told(gender=(1, 0)), 0, Head.GENDER).version == "v1"
