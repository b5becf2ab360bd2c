"""What the page says about a face: plain words, never certainty."""

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from visavis.core.attributes import CLASSES, Head
from visavis.core.types import EXPRESSIONS, POSE_ANGLES, QUALITY_PARTS, Answers, Faces
from visavis.entry.web import facts
from visavis.vision.stages.gate import Reason

NAN = float("nan")


def one_face(**fields: object) -> Faces:
    bare = Faces(
        np.array([[10, 10, 60, 80]], np.float32),
        np.array([0.95], np.float32),
        np.zeros((1, 5, 2), np.float32),
    )
    arrays: dict[str, Any] = {name: np.array([x], np.float32) for name, x in fields.items()}
    return replace(bare, **arrays)


def said(unknown_below: float = 0, **answers: object) -> Faces:
    """Return a face about which heads say `answers`."""
    heads = {
        Head(head): Answers(np.array([shares], np.float32), "v1", unknown_below)
        for head, shares in answers.items()
    }
    return one_face().with_heads(heads)


def words(faces: Faces, *reasons: Reason) -> dict[str, str]:
    """Return the text of each term."""
    found = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", facts.about(faces, 0, reasons))
    return {term: re.sub("<[^>]*>", "", text) for term, text in found}


@pytest.mark.parametrize(
    ("share", "words_for_it"),
    [
        (0.9999, "probably female, 99 %"),
        (0.8, "probably female, 80 %"),
        (0.7, "perhaps female, 70 %"),
        (0.55, "possibly female, 55 %"),
    ],
)
def test_a_class_is_never_certain(share: float, words_for_it: str) -> None:
    assert words(said(gender=(share, 1 - share)))["Gender"] == words_for_it


def test_an_answer_that_is_not_sure_says_so() -> None:
    faces = said(unknown_below=0.7, gender=(0.6, 0.4))
    assert words(faces)["Gender"] == "not sure"
    assert "female" not in facts.gist(faces, 0)


def test_an_age_is_told_with_its_interval() -> None:
    faces = said(age=(0, 0, 0, 0.5, 0.5, 0, 0, 0, 0), gender=(0.1, 0.9))
    assert words(faces)["Age"] == "about 30, between 22 and 38"
    assert "About 30, probably male" in facts.gist(faces, 0)


def test_only_what_was_found_out_is_told() -> None:
    assert list(words(one_face())) == ["Face"]
    emotion = tuple(np.eye(7)[3])
    assert list(words(said(emotion=emotion))) == ["Emotion", "Face"]
    assert words(said(race=tuple(np.eye(7)[3])))["Race"] == "probably latino hispanic, 99 %"


@pytest.mark.parametrize(
    ("angles", "told"),
    [
        ((3, -4, 2), "straight (yaw 3°, pitch −4°, roll 2°)"),
        ((12, 0, 0), "turned slightly to the right (yaw 12°, pitch 0°, roll 0°)"),
        ((-50, 25, 0), "turned far to the left, looking up (yaw −50°, pitch 25°, roll 0°)"),
        ((0, 0, -10), "leaning slightly to the left (yaw 0°, pitch 0°, roll −10°)"),
        ((NAN, NAN, NAN), "cannot be told"),
    ],
)
def test_pose_in_words(angles: tuple[float, ...], told: str) -> None:
    assert words(one_face(pose=angles))["Pose"] == told


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ((0.9, 0.9, 0.1, 0.95, 0), "eyes open, mouth closed, smiling, looks straight ahead"),
        ((0.1, 0.1, 0.9, 0.1, -0.9), "eyes closed, mouth open, not smiling, looks left"),
        ((0.9, 0.1, NAN, 0.7, NAN), "right eye closed, perhaps smiling"),
        ((NAN,) * 5, "cannot be told"),
    ],
)
def test_expression_in_words(values: tuple[float, ...], told: str) -> None:
    assert words(one_face(expression=values))["Expression"] == told


def test_quality_is_told_with_what_stands_in_the_way() -> None:
    good = words(one_face(quality=(92, 95, 95, 95, 100, 95, 95)))["Quality"]
    why = (Reason.BLURRED, Reason.TOO_DARK)
    poor = words(one_face(quality=(12, 3, 5, 10, 8, 10, 10)), *why)["Quality"]
    assert good == "92 of 100"
    assert poor == "12 of 100: blurred, dark"
    assert set(facts.REASONS) == set(Reason)
    assert words(one_face(quality=(NAN,) * 7))["Quality"] == "cannot be told"


def numbers(count: int, least: float, most: float) -> st.SearchStrategy[object]:
    elements = st.floats(least, most, width=32) | st.just(NAN)
    return hnp.arrays(np.float32, count, elements=elements)


@given(
    numbers(len(POSE_ANGLES), -180, 180),
    numbers(len(QUALITY_PARTS), 0, 100),
    numbers(len(EXPRESSIONS), -1, 1),
    st.sampled_from(list(Head)).flatmap(
        lambda h: st.tuples(st.just(h), st.integers(0, len(CLASSES[h]) - 1))
    ),
)
def test_whatever_the_numbers_there_are_words_and_no_nan(
    pose: object, quality: object, expression: object, answer: tuple[Head, int]
) -> None:
    head, best = answer
    heads = said(**{head: np.eye(len(CLASSES[head]))[best]}).heads
    faces = one_face(pose=pose, quality=quality, expression=expression).with_heads(heads)
    told = words(faces)
    assert len(told) == 5
    assert all(told.values())
    assert "nan" not in facts.about(faces, 0)


@pytest.mark.parametrize(
    ("score", "words_for_it"),
    [(1, "very sure"), (0.9, "very sure"), (0.8, "sure"), (0.6, "fairly sure"), (0.1, "not sure")],
)
def test_certainty_in_words(score: float, words_for_it: str) -> None:
    assert facts.certainty(score) == words_for_it
