"""The real pipeline on real pictures."""

from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.vision.pictures import around, portrait
from visavis.core.settings import DetectOptions, RuntimeOptions
from visavis.core.types import Faces, Feature
from visavis.vision.stages.detect import Detect
from visavis.vision.stages.mesh import Mesh
from visavis.vision.stages.suppress import overlaps

ALL = frozenset(Feature)


def test_a_portrait_has_one_face_with_points_mesh_and_unit_vector(analyzer, shared_data):
    image = portrait(shared_data)
    faces = analyzer.analyze([image], ALL)[0]
    assert len(faces) == 1
    x1, y1, x2, y2 = faces.boxes[0]
    inside = (faces.points[0] > [x1, y1]) & (faces.points[0] < [x2, y2])
    assert inside.all()
    assert faces.mesh_scores[0] > 0.9
    centre = faces.mesh[0, :, :2].mean(axis=0)
    assert np.abs(centre - faces.points[0, 2]).max() < (x2 - x1) / 3
    assert np.linalg.norm(faces.embeddings[0]) == pytest.approx(1, abs=1e-5)


def test_the_same_person_is_nearer_than_any_other(analyzer, shared_data):
    people = ["005", "010", "027", "045"]
    images = [portrait(shared_data, p, look) for look in ("neutral", "smiling") for p in people]
    vectors = np.stack([faces.embeddings[0] for faces in analyzer.analyze(images, ALL)])
    similarity = vectors[:4] @ vectors[4:].T
    assert (similarity.argmax(axis=1) == np.arange(4)).all()
    assert similarity.diagonal().min() > 0.95


def test_pictures_analysed_together_and_alone_give_the_same(analyzer, shared_data):
    images = [portrait(shared_data, p) for p in ("005", "006", "010")]
    together = analyzer.analyze([*images, np.zeros((50, 60, 3), np.uint8)], ALL)
    alone = [analyzer.analyze([image], ALL)[0] for image in images]
    assert len(together[3]) == 0
    for a, b in zip(together, alone, strict=False):
        assert np.array_equal(a.boxes, b.boxes)
        assert a.mesh == pytest.approx(b.mesh, abs=1e-2)
        assert a.embeddings == pytest.approx(b.embeddings, abs=1e-4)


def test_only_what_is_asked_for_is_computed(analyzer, shared_data):
    faces = analyzer.analyze([portrait(shared_data)], set())[0]
    assert faces.mesh is None
    assert faces.embeddings is None


@pytest.mark.parametrize("share", [0.3, 0.8, 0.9, 1.0])
@pytest.mark.parametrize("enlarge", [1, 6])
def test_a_face_that_fills_the_frame_is_found_once(analyzer, shared_data, share, enlarge):
    image = portrait(shared_data)
    whole = analyzer.detect(image)
    found = analyzer.detect(around(image, whole, share, enlarge))
    assert len(found) == 1
    assert (found.boxes[0, 3] - found.boxes[0, 1]) / enlarge == pytest.approx(
        whole.boxes[0, 3] - whole.boxes[0, 1], rel=0.25
    )


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_turned_picture_gives_the_same_face_in_its_own_coordinates(analyzer, shared_data, turns):
    image = portrait(shared_data)
    height, width = image.shape[:2]
    upright = analyzer.analyze([image], ALL)[0]
    turned = analyzer.analyze([np.rot90(image, turns)], ALL)[0]
    x, y = upright.points[0].T
    expected = {1: (y, width - x), 2: (width - x, height - y), 3: (height - y, x)}[turns]
    assert turned.points[0] == pytest.approx(np.stack(expected, axis=1), abs=6)
    assert (turned.embeddings @ upright.embeddings.T).item() > 0.99


def test_turning_can_be_switched_off(analyzer, shared_data):
    detect = Detect(
        analyzer.detect.engine, analyzer.detect.decoder, DetectOptions(try_rotations=False)
    )
    image = portrait(shared_data)
    with_turns, without = analyzer.detect(np.rot90(image)), detect(np.rot90(image))
    assert with_turns.scores.sum() > 0
    assert not np.array_equal(with_turns.boxes, without.boxes)


def test_the_mesh_refines_the_points(analyzer, shared_data):
    image = portrait(shared_data)
    coarse = analyzer.detect(image)
    fine = analyzer.analyze([image], {Feature.POINTS})[0]
    corners = fine.mesh[0, [61, 291], :2]
    assert fine.points[0, 3:] == pytest.approx(corners)
    assert np.abs(fine.points - coarse.points).max() < 0.15 * (
        coarse.boxes[0, 2] - coarse.boxes[0, 0]
    )


def test_limits_on_faces_size_and_score_hold(analyzer, shared_data):
    image = np.hstack([portrait(shared_data, p) for p in ("005", "006", "010")])
    everyone = analyzer.detect(image)
    assert len(everyone) == 3
    assert everyone.scores.tolist() == sorted(everyone.scores.tolist(), reverse=True)

    def count(**options):
        stage = Detect(analyzer.detect.engine, analyzer.detect.decoder, DetectOptions(**options))
        return len(stage(image))

    assert count(max_faces=2) == 2
    assert count(min_size_px=2000) == 0
    assert count(score_threshold=1.0) == 0


def test_small_and_large_faces_in_one_picture_are_both_found(analyzer, shared_data):
    image = portrait(shared_data).copy()
    small = Image.fromarray(portrait(shared_data, "010")).resize((60, 60))
    image[:60, :60] = np.asarray(small)
    big = np.asarray(Image.fromarray(image).resize((1800, 1800)))
    faces = analyzer.detect(big)
    assert len(faces) == 2
    assert overlaps(faces.boxes, faces.boxes)[0, 1] == 0


def test_a_face_without_a_mesh_is_kept(analyzer, shared_data):
    class NothingThere:
        """A mesh engine that sees no face, which no real portrait makes the real one say."""

        def run(self, batch):
            return [np.zeros((len(batch), 468, 3), np.float32), np.full((len(batch), 1), -9.0)]

    image = portrait(shared_data)
    blind: Any = NothingThere()
    faces = Mesh(blind)([(image, analyzer.detect(image))])[0]
    assert len(faces) == 1
    assert faces.mesh is not None
    assert np.isnan(faces.mesh).all()
    embedded = analyzer.embed([(image, faces)])[0].embeddings
    by_mesh = analyzer.analyze([image], ALL)[0].embeddings
    assert (embedded @ by_mesh.T).item() > 0.95


@pytest.mark.parametrize("shape", [(1, 1), (1, 4000), (4000, 1), (3, 2), (31, 33)])
def test_pictures_of_odd_shapes_give_no_face_and_no_error(analyzer, shape):
    assert analyzer.analyze([np.zeros((*shape, 3), np.uint8)], ALL)[0].boxes.shape == (0, 4)


def test_no_pictures_no_faces(analyzer):
    assert analyzer.analyze([], ALL) == []
    assert len(Faces.none()) == 0
    assert RuntimeOptions().workers == 0
