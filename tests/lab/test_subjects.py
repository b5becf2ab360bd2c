import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from visavis.core.types import Faces
from visavis.lab.subjects import subject


def faces(*boxes):
    n = len(boxes)
    return Faces(
        np.array(boxes, np.float32).reshape(n, 4),
        np.linspace(0.9, 0.5, n, dtype=np.float32),
        np.zeros((n, 5, 2), np.float32),
    )


def test_a_picture_without_faces_has_no_subject():
    assert subject(faces(), 250, 250) is None


def test_a_single_face_is_the_subject_wherever_it_is():
    assert subject(faces((0, 0, 10, 10)), 2000, 2000) == 0


def test_the_central_face_wins_over_a_surer_one_of_its_size_at_the_edge():
    assert subject(faces((0, 0, 100, 100), (80, 70, 180, 170)), 250, 250) == 1


def test_a_face_much_larger_wins_even_off_centre():
    assert subject(faces((115, 115, 135, 135), (30, 60, 150, 200)), 250, 250) == 1


def test_what_lies_beyond_the_edge_does_not_count():
    assert subject(faces((-300, 75, 60, 175), (75, 75, 175, 175)), 250, 250) == 1


side = st.integers(10, 60)
boxes = st.lists(
    st.tuples(st.integers(0, 190), st.integers(0, 190), side, side), min_size=1, max_size=5
)


@given(boxes, st.sampled_from([2, 4, 8]))
def test_the_choice_does_not_depend_on_the_resolution(rows, scale):
    corners = np.array([(x, y, x + w, y + h) for x, y, w, h in rows])

    assert subject(faces(*corners), 250, 250) == subject(
        faces(*corners * scale), 250 * scale, 250 * scale
    )
