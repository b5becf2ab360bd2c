from typing import Any

import numpy as np
import pytest

from tests.vision.pictures import portrait
from tests.vision.stages.covers import with_eyes
from visavis.core.types import Faces, Feature
from visavis.vision.opencv import mirror
from visavis.vision.stages.expression import gaze_word
from visavis.vision.stages.observe import observe as observe_all


def observe(image, faces, features) -> Any:
    """Return one picture's faces; what was asked for is there."""
    return observe_all([(image, faces)], features)[0]


PEOPLE = ("005", "010", "027", "045", "086", "132")
WANTED = frozenset({Feature.EXPRESSION})


@pytest.fixture(scope="module")
def people(analyzer, shared_data):
    """Neutral portraits with the faces found on them."""
    images = [portrait(shared_data, person) for person in PEOPLE]
    return list(zip(images, analyzer.analyze(images, WANTED), strict=True))


def expressions(found):
    return np.concatenate([faces.expression for faces in found])


def test_portraits_have_open_eyes_a_shut_mouth_and_look_ahead(people):
    found = expressions(faces for _, faces in people)
    assert found[:, :2].min() > 0.7
    assert np.median(found[:, 2]) < 0.2
    assert {gaze_word(value) for value in found[:, 4]} == {"centre"}


def test_each_person_smiles_more_in_the_smiling_portrait(analyzer, shared_data, people):
    smiling = [portrait(shared_data, person, "smiling") for person in PEOPLE]
    after = expressions(analyzer.analyze(smiling, WANTED))[:, 3]
    before = expressions(faces for _, faces in people)[:, 3]
    assert (after > before).all()
    assert after.mean() > 0.5 > before.mean()


def test_in_a_mirrored_picture_gaze_flips_eyes_swap_and_the_smile_stays(analyzer, people):
    here = expressions(faces for _, faces in people)
    there = expressions(analyzer.analyze([mirror(image) for image, _ in people], WANTED))
    assert there[:, :2] == pytest.approx(here[:, [1, 0]], abs=0.15)
    assert there[:, 3] == pytest.approx(here[:, 3], abs=0.2)
    assert np.abs(there[:, 4] + here[:, 4]).mean() < 0.15


@pytest.mark.parametrize(("aside", "word"), [(-1, "left"), (0, "centre"), (1, "right")])
def test_painted_eyes_look_where_they_were_painted(people, aside, word):
    found = [observe(with_eyes(i, faces, aside), faces, WANTED) for i, faces in people]
    assert {gaze_word(value) for value in expressions(found)[:, 4]} == {word}


def test_parted_lips_open_the_mouth_and_joined_lids_shut_the_eyes(people):
    image, faces = people[0]
    mesh = faces.mesh.copy()
    mesh[:, 14, 1] += 0.6 * np.linalg.norm(mesh[0, 78] - mesh[0, 308])
    for upper, lower in ((160, 144), (159, 145), (158, 153)):
        mesh[:, lower] = mesh[:, upper]
    row = observe(image, faces.with_mesh(mesh, faces.mesh_scores), WANTED).expression[0]
    assert row[0] < 0.05
    assert row[2] > 0.95
    assert np.isnan(row[4])


def test_the_gaze_of_small_faces_is_unknown(analyzer, shared_data):
    small = np.ascontiguousarray(portrait(shared_data)[::8, ::8])
    found = expressions(analyzer.analyze([small], WANTED))
    assert np.isnan(found[:, 4]).all()


def test_a_grey_picture_gives_about_the_same(people):
    for image, faces in people:
        grey = np.repeat(image.mean(axis=2, keepdims=True).astype(np.uint8), 3, axis=2)
        again = observe(grey, faces, WANTED).expression
        assert again == pytest.approx(faces.expression, abs=0.15)


def test_without_a_mesh_nothing_is_told(people):
    image, faces = people[0]
    bare = Faces(faces.boxes, faces.scores, faces.points)
    assert np.isnan(observe(image, bare, WANTED).expression).all()


@pytest.mark.parametrize(
    ("value", "word"),
    [(-1, "left"), (-0.36, "left"), (-0.35, "centre"), (0, "centre"), (0.5, "right")],
)
def test_the_word_for_a_gaze(value, word):
    assert gaze_word(value) == word
    assert gaze_word(float("nan")) == "unknown"
