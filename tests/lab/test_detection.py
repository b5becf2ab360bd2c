import numpy as np
import pytest

from visavis.core.settings import DetectOptions, load_settings
from visavis.lab.boxes import LabelledPicture
from visavis.lab.detection import LOW_SCORE, evaluation_settings, ranking
from visavis.lab.precision import average_precision


def picture(name, *boxes, invalid=()):
    corners = np.array(boxes, np.float32).reshape(-1, 4)
    return LabelledPicture(name, corners, np.isin(np.arange(len(corners)), invalid))


def found(*boxes, scores=None):
    corners = np.array(boxes, np.float32).reshape(-1, 4)
    return corners, np.array(scores or [0.9] * len(corners), np.float32)


BIG, SMALL, FAR = (10, 10, 50, 60), (100, 100, 115, 120), (200, 200, 240, 240)
PICTURES = [picture("a", BIG, SMALL), picture("b", FAR, BIG, invalid=[1])]


def test_finding_exactly_what_is_marked_is_perfect():
    answer = {"a": found(BIG, SMALL), "b": found(FAR)}

    assert average_precision(ranking(PICTURES, answer, 0)) == 1


def test_small_and_invalid_faces_neither_help_nor_harm():
    with_them = {"a": found(BIG, SMALL), "b": found(FAR, BIG)}
    without = {"a": found(BIG), "b": found(FAR)}

    for answer in (with_them, without):
        ranked = ranking(PICTURES, answer, 30)
        assert ranked.wanted.tolist() == [1, 1]
        assert average_precision(ranked) == 1


def test_a_picture_left_out_counts_its_faces_as_missed():
    assert average_precision(ranking(PICTURES, {"a": found(BIG, SMALL)}, 0)) == pytest.approx(2 / 3)


def test_a_wrong_box_costs_by_its_rank():
    nowhere = (300, 300, 350, 350)
    first = {"a": found(nowhere, BIG, SMALL, scores=[0.9, 0.8, 0.7]), "b": found(FAR, scores=[0.6])}
    last = {"a": found(BIG, SMALL, nowhere, scores=[0.8, 0.7, 0.1]), "b": found(FAR, scores=[0.6])}

    assert average_precision(ranking(PICTURES, first, 0)) == pytest.approx(3 / 4)
    assert average_precision(ranking(PICTURES, last, 0)) == 1


def test_evaluation_sees_lower_scores_than_the_deployment():
    settings = load_settings(detect=DetectOptions(score_threshold=0.6, max_faces=7))

    detect = evaluation_settings(settings).detect

    assert detect.score_threshold == LOW_SCORE
    assert detect.max_faces == 7
