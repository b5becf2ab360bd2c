"""Alignment and input of each embedder family, run on a graph with the real contract."""

import numpy as np
import pytest

from tests.vision.decoders.graphs import mean_colour_graph
from visavis.core.settings import EmbedOptions, RuntimeOptions
from visavis.core.types import Faces
from visavis.vision.decoders import arcface, dlib_resnet
from visavis.vision.decoders.arcface import ArcFace
from visavis.vision.decoders.dlib_resnet import DlibResnet
from visavis.vision.engines.onnx_engine import OnnxEngine
from visavis.vision.stages.embed import Embed
from visavis.vision.warp import transform

SHIFT = np.array([300, 200], np.float32)


def faces_at(points, mesh=None):
    boxes, scores = np.zeros((1, 4), np.float32), np.ones(1, np.float32)
    faces = Faces(boxes, scores, points[None].astype(np.float32))
    return faces if mesh is None else faces.with_mesh(mesh[None], np.ones(1, np.float32))


def test_arcface_puts_the_five_points_on_its_template():
    faces = faces_at(arcface.TEMPLATE * 2 + SHIFT)
    on_chip = transform(ArcFace().align(faces), faces.points)
    assert on_chip[0] == pytest.approx(arcface.TEMPLATE, abs=0.01)


def test_dlib_aligns_by_the_mesh_where_there_is_one():
    mesh = np.zeros((468, 3), np.float32)
    mesh[list(dlib_resnet.MESH_CORNERS), :2] = dlib_resnet.TEMPLATE * 3 + SHIFT
    faces = faces_at(dlib_resnet.POINTS_TEMPLATE, mesh)
    on_chip = transform(DlibResnet().align(faces), mesh[None, dlib_resnet.MESH_CORNERS, :2])
    assert on_chip[0] == pytest.approx(dlib_resnet.TEMPLATE, abs=0.01)


def test_dlib_aligns_by_the_points_without_a_mesh():
    no_mesh = np.full((468, 3), np.nan, np.float32)
    faces = faces_at(dlib_resnet.POINTS_TEMPLATE * 2 + SHIFT, no_mesh)
    on_chip = transform(DlibResnet().align(faces), faces.points)
    assert on_chip[0] == pytest.approx(dlib_resnet.POINTS_TEMPLATE, abs=0.01)


@pytest.mark.parametrize(
    ("decoder", "expected"),
    [
        (ArcFace(), [1, -1 / 255, -1]),
        (ArcFace(mean=0, scale=1), [255, 127, 0]),
        (DlibResnet(), [255, 127, 0]),
    ],
)
@pytest.mark.parametrize("batch", ["n", 1])
def test_a_chip_reaches_the_network_normalised_and_leaves_it_as_a_unit_vector(
    decoder, expected, batch, tmp_path
):
    path = mean_colour_graph(tmp_path / "e.onnx", decoder.size, batch)
    engine = OnnxEngine(path, RuntimeOptions())
    chip = np.zeros((decoder.size, decoder.size, 3), np.uint8)
    chip[:] = 255, 127, 0
    vectors = Embed(engine, decoder, EmbedOptions()).embed([chip] * 20)
    unit = np.array(expected) / np.linalg.norm(expected)
    assert vectors == pytest.approx(np.tile(unit, (20, 1)), abs=1e-4)
