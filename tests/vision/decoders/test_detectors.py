"""Each detector family, run on a graph with its real outputs: one face, where it was put."""

from collections.abc import Callable

import numpy as np
import pytest

from tests.vision.decoders.graphs import constant_graph
from visavis.core.settings import DetectOptions, RuntimeOptions
from visavis.core.types import Floats
from visavis.vision.decoders.base import DetectorDecoder
from visavis.vision.decoders.centerface import CenterFaceDecoder
from visavis.vision.decoders.scrfd import ScrfdDecoder
from visavis.vision.decoders.yunet import YuNetDecoder
from visavis.vision.engines.onnx_engine import OnnxEngine
from visavis.vision.stages.detect import Detect

SIDE = 64
BOX = np.array([16, 24, 40, 56], np.float32)
POINTS = np.array([[22, 34], [34, 34], [28, 42], [23, 50], [33, 50]], np.float32)
OPTIONS = DetectOptions(long_side_px=SIDE, second_look_px=0)


def centerface_outputs():
    cells = SIDE // 4
    heat, size, offset, points = (np.zeros((1, c, cells, cells), np.float32) for c in (1, 2, 2, 10))
    row, column = 10, 7  # the centre (28, 40) lies in the cell that starts there
    width, height = BOX[2:] - BOX[:2]
    heat[0, 0, row, column] = 0.9
    size[0, :, row, column] = np.log([height / 4, width / 4])
    offset[0, :, row, column] = 40 / 4 - row - 0.5, 28 / 4 - column - 0.5
    relative = (POINTS - BOX[:2]) / (width, height)
    points[0, :, row, column] = relative[:, ::-1].ravel()
    return [heat, size, offset, points]


def scrfd_outputs():
    outputs = {}
    for stride in (8, 16, 32):
        count = 2 * (SIDE // stride) ** 2
        for kind, width in (("score", 1), ("box", 4), ("points", 10)):
            outputs[kind, stride] = np.zeros((count, width), np.float32)
    corner = np.array([16, 32], np.float32)
    anchor = 2 * (2 * (SIDE // 16) + 1)  # row 2, column 1 at stride 16
    outputs["score", 16][anchor] = 0.9
    outputs["box", 16][anchor] = np.concatenate([corner - BOX[:2], BOX[2:] - corner]) / 16
    outputs["points", 16][anchor] = ((POINTS - corner) / 16).ravel()
    return [outputs[kind, s] for kind in ("score", "box", "points") for s in (8, 16, 32)]


def yunet_outputs():
    kinds = (("class", 1), ("object", 1), ("box", 4), ("points", 10))
    outputs = {
        (kind, stride): np.zeros((1, (SIDE // stride) ** 2, width), np.float32)
        for kind, width in kinds
        for stride in (8, 16, 32)
    }
    cell, index = np.array([3, 5], np.float32), 5 * (SIDE // 8) + 3
    centre, sides = (BOX[:2] + BOX[2:]) / 2, BOX[2:] - BOX[:2]
    outputs["class", 8][0, index] = outputs["object", 8][0, index] = 0.9
    outputs["box", 8][0, index] = np.concatenate([centre / 8 - cell, np.log(sides / 8)])
    outputs["points", 8][0, index] = (POINTS / 8 - cell).ravel()
    return [outputs[kind, s] for kind, _ in kinds for s in (8, 16, 32)]


FAMILIES: dict[str, tuple[type[DetectorDecoder], Callable[[], list[Floats]]]] = {
    "centerface": (CenterFaceDecoder, centerface_outputs),
    "scrfd": (ScrfdDecoder, scrfd_outputs),
    "yunet": (YuNetDecoder, yunet_outputs),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_reads_its_own_outputs(family, tmp_path):
    decoder, outputs = FAMILIES[family]
    path = constant_graph(tmp_path / "detector.onnx", SIDE, outputs())
    detect = Detect(OnnxEngine(path, RuntimeOptions()), decoder(), OPTIONS)
    faces = detect(np.zeros((SIDE, SIDE, 3), np.uint8))
    assert faces.boxes == pytest.approx(BOX[None], abs=0.01)
    assert faces.points == pytest.approx(POINTS[None], abs=0.01)
    assert faces.scores.tolist() == pytest.approx([0.9])


@pytest.mark.parametrize("family", FAMILIES)
def test_a_graph_of_one_size_takes_a_picture_of_another(family, tmp_path):
    decoder, outputs = FAMILIES[family]
    path = constant_graph(tmp_path / "detector.onnx", SIDE, outputs())
    detect = Detect(OnnxEngine(path, RuntimeOptions()), decoder(), OPTIONS)
    faces = detect(np.zeros((SIDE * 2, SIDE, 3), np.uint8))
    assert faces.boxes == pytest.approx(BOX[None] * 2, abs=0.1)


def test_channels_come_in_the_order_and_range_the_family_wants():
    red = np.zeros((32, 32, 3), np.uint8)
    red[:, :, 0] = 255
    assert CenterFaceDecoder().prepare(red)[0, :, 0, 0].tolist() == [255, 0, 0]
    assert YuNetDecoder().prepare(red)[0, :, 0, 0].tolist() == [0, 0, 255]
    low, high = -127.5 / 128, 127.5 / 128
    assert ScrfdDecoder().prepare(red)[0, :, 0, 0].tolist() == pytest.approx([high, low, low])
