import numpy as np
import pytest

from visavis.core.settings import ImageOptions
from visavis.core.types import Faces
from visavis.vision.images import decode
from visavis.vision.render.annotate import BOX, MESH, annotate


def one_face(box, mesh=None):
    x1, y1, x2, y2 = box
    points = np.tile(np.array([(x1 + x2) / 2, (y1 + y2) / 2], np.float32), (1, 5, 1))
    faces = Faces(np.array([box], np.float32), np.array([0.87], np.float32), points)
    return faces if mesh is None else faces.with_mesh(mesh, np.ones(1, np.float32))


def drawn(image, faces):
    return decode(annotate(image, faces), ImageOptions()).astype(int)


def near(pixel, colour):
    return np.abs(pixel - np.array(colour)).max() < 60


def test_the_box_is_drawn_where_the_face_is_and_the_original_is_left_alone():
    image = np.full((1500, 2000, 3), 128, np.uint8)
    result = drawn(image, one_face((500, 400, 1000, 1100)))
    assert near(result[800, 500], BOX)
    assert near(result[800, 1000], BOX)
    assert not near(result[800, 600], BOX)
    assert (image == 128).all()


def test_the_mesh_is_drawn_where_there_is_one():
    image = np.zeros((300, 300, 3), np.uint8)
    mesh = np.full((1, 468, 3), 150, np.float32)
    face = (50, 50, 250, 250)
    assert near(
        drawn(image, one_face(face, mesh + np.array([0, 40, 0], np.float32)))[190, 150], MESH
    )
    assert drawn(image, one_face(face, np.full_like(mesh, np.nan)))[190, 150].max() < 60


@pytest.mark.parametrize("box", [(-50, -50, 20, 20), (-500, -500, 900, 900), (390, 290, 500, 500)])
def test_boxes_beyond_the_edge_are_drawn_as_far_as_they_go(box):
    assert drawn(np.zeros((300, 400, 3), np.uint8), one_face(box)).shape == (300, 400, 3)


def test_captions_are_drawn_only_where_there_are_some():
    image = np.full((600, 800, 3), 128, np.uint8)
    face = one_face((300, 200, 500, 400))
    assert (drawn(image, face) == decode(annotate(image, face, [""]), ImageOptions())).all()
    told = decode(annotate(image, face, ["31 (24–39) · female 97 %"]), ImageOptions()).astype(int)
    assert (told != drawn(image, face))[405:430].any()
    assert (told == drawn(image, face))[210:390, 310:490].all()
