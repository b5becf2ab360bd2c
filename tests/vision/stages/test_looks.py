import numpy as np
import pytest

from visavis.vision.decoders.base import Candidates
from visavis.vision.stages.looks import agree, fit, of_size, strongest


def candidates(*rows):
    boxes = np.array([row[:4] for row in rows], np.float32).reshape(-1, 4)
    scores = np.array([row[4] for row in rows], np.float32)
    return Candidates(boxes, scores, np.zeros((len(rows), 5, 2), np.float32))


def test_two_looks_that_agree_are_surer_than_either():
    joined = agree(candidates((0, 0, 10, 10, 0.6)), candidates((0, 0, 10, 11, 0.5)))
    assert joined.scores.tolist() == [pytest.approx(0.8)]


def test_a_face_only_one_look_saw_keeps_its_score():
    near, far = candidates((0, 0, 10, 10, 0.6)), candidates((50, 50, 90, 90, 0.7))
    joined = agree(near, far)
    assert joined.scores.tolist() == pytest.approx([0.6, 0.7])
    assert agree(candidates(), far).boxes.tolist() == far.boxes.tolist()
    assert agree(near, candidates()).boxes.tolist() == near.boxes.tolist()


def test_candidates_that_nearly_coincide_vote_on_the_place():
    found = candidates(
        (0, 0, 100, 100, 0.8),
        (10, 0, 110, 100, 0.4),
        (0, 50, 100, 150, 0.4),
        (300, 0, 310, 10, 0.3),
    )
    kept = strongest(found, 0.3)
    assert kept.scores.tolist() == pytest.approx([0.8, 0.3])
    assert kept.boxes[0].tolist() == pytest.approx([10 / 3, 0, 100 + 10 / 3, 100])
    assert kept.boxes[1].tolist() == [300, 0, 310, 10]


def test_of_size_keeps_by_shorter_and_longer_side():
    found = candidates((0, 0, 10, 100, 1), (0, 0, 20, 100, 1), (0, 0, 20, 200, 1))
    assert of_size(found, smallest=15, largest=150).boxes.tolist() == [[0, 0, 20, 100]]


@pytest.mark.parametrize(("height", "width"), [(100, 50), (37, 501), (1, 3000), (3000, 1)])
def test_fit_scales_to_the_long_side_and_pads_to_the_stride(height, width):
    canvas, scale = fit(np.full((height, width, 3), 200, np.uint8), 320, 32)
    assert max(canvas.shape[:2]) == 320
    shown = canvas[: round(scale[1] * height), : round(scale[0] * width)]
    assert (shown == 200).all()
    assert canvas.sum() == shown.sum()
    assert canvas.shape[0] % 32 == canvas.shape[1] % 32 == 0
    assert scale[0] * width <= canvas.shape[1]
    assert scale[1] * height <= canvas.shape[0]


def test_fit_fills_the_only_size_a_graph_takes():
    canvas, scale = fit(np.zeros((400, 1000, 3), np.uint8), 640, 32, fixed=(480, 480))
    assert canvas.shape == (480, 480, 3)
    assert scale.tolist() == pytest.approx([0.48, 0.48])
