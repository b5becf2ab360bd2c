import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from scripts.bench.pose import errors_at, seen, straightened, turn
from tests.vision.pictures import portrait
from visavis.core.types import Feature
from visavis.vision.canonical_face import STEADY_PLACES, STEADY_POINTS
from visavis.vision.opencv import mirror
from visavis.vision.stages.pose import angles_of, pose_of

PEOPLE = ("005", "010", "027", "045", "086", "132")

degrees = st.tuples(
    st.floats(-60, 60, width=16), st.floats(-40, 40, width=16), st.floats(-60, 60, width=16)
)


def canonical(angles, grow=20.0, shift=(0.0, 0.0)):
    """Return a mesh (1, 468, 3) of which the steady points are those of the canonical face."""
    mesh = np.zeros((1, 468, 3), np.float32)
    view = seen((STEADY_PLACES - STEADY_PLACES.mean(axis=0)) @ turn(*angles).T, 90.0)
    mesh[0, STEADY_POINTS, :2] = view[:, :2] * grow / 20 + shift
    return mesh


def apart(found, expected):
    return np.abs((np.asarray(found) - expected + 180) % 360 - 180)


@pytest.fixture(scope="module")
def heads(analyzer, shared_data):
    images = [
        portrait(shared_data, person, look) for person in PEOPLE for look in ("neutral", "smiling")
    ]
    found = analyzer.analyze(images, {Feature.MESH})
    return straightened(np.concatenate([faces.mesh for faces in found]))


@pytest.mark.parametrize("far_cm", [None, 150.0, 75.0, 45.0])
def test_turned_meshes_of_real_faces_are_measured_within_two_degrees(heads, far_cm):
    errors = np.abs(errors_at(heads, far_cm))
    assert errors.mean() < 2.0  # asked: 3; measured: 0.7 to 0.9
    assert (errors.mean(axis=0) < 2.5).all()


@given(degrees)
def test_each_angle_is_found_again(angles):
    assert apart(pose_of(canonical(angles))[0], angles).max() < 3


@given(degrees, st.floats(5, 200), st.floats(-1e4, 1e4), st.floats(-1e4, 1e4))
def test_neither_place_nor_size_in_the_picture_matters(angles, grow, x, y):
    here, there = pose_of(canonical(angles)), pose_of(canonical(angles, grow, (x, y)))
    assert apart(there, here).max() < 0.5


@given(degrees)
def test_angles_and_rotations_are_the_same(angles):
    assert apart(angles_of(turn(*angles)[None])[0], angles).max() < 1e-3


@pytest.mark.parametrize(
    ("angles", "column", "sign"),
    [((30, 0, 0), 0, 1), ((0, 30, 0), 1, -1)],
)
def test_the_nose_leads_where_the_face_looks(angles, column, sign):
    tip = STEADY_PLACES[STEADY_POINTS.index(4)] - STEADY_PLACES.mean(axis=0)
    assert sign * (turn(*angles) @ tip - tip)[column] > 1


def test_a_head_that_leans_clockwise_has_its_forehead_to_the_right():
    top = STEADY_PLACES[STEADY_POINTS.index(10)]
    assert (turn(0, 0, 30) @ top)[0] > 1


def test_faces_are_measured_each_for_itself(heads):
    views = np.array([seen(head, 90.0) for head in heads], np.float32)
    order = np.random.default_rng(0).permutation(len(views))
    assert np.array_equal(pose_of(views[order]), pose_of(views)[order])


def test_without_a_mesh_there_is_no_pose():
    assert pose_of(np.zeros((0, 468, 3), np.float32)).shape == (0, 3)
    odd = np.stack([np.full((468, 3), v, np.float32) for v in (np.nan, 0, np.inf, 7)])
    assert np.isnan(pose_of(odd)).all()


def test_points_on_one_line_raise_nothing():
    mesh = np.zeros((1, 468, 3), np.float32)
    mesh[0, :, 0] = np.arange(468)
    assert pose_of(mesh).shape == (1, 3)


def test_a_mirrored_picture_turns_the_head_the_other_way(analyzer, shared_data):
    images = [portrait(shared_data, person) for person in PEOPLE]
    both = analyzer.analyze([*images, *map(mirror, images)], {Feature.POSE})
    poses = np.concatenate([faces.pose for faces in both])
    assert apart(poses[6:], poses[:6] * [-1, 1, -1]).mean() < 2


@pytest.mark.parametrize("degrees", [-20, 20])
def test_a_turned_picture_changes_roll_alone(analyzer, shared_data, degrees):
    images = [portrait(shared_data, person) for person in PEOPLE]
    turned = [np.asarray(Image.fromarray(i).rotate(-degrees)) for i in images]
    both = analyzer.analyze([*images, *turned], {Feature.POSE})
    poses = np.concatenate([faces.pose for faces in both])
    assert apart(poses[6:], poses[:6] + np.array([0, 0, degrees])).mean() < 2
