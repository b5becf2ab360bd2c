"""Faces keep their arrays in step and refuse arrays that do not fit together."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.core.attributes import CLASSES, Head
from visavis.core.types import (
    EXPRESSIONS,
    MESH_POINTS,
    POSE_ANGLES,
    QUALITY_PARTS,
    Answers,
    Faces,
    Source,
)


def make_faces(n: int) -> Faces:
    """Return n faces in which every number of face i is i."""
    index = np.arange(n, dtype=np.float32)

    def filled(*shape: int) -> np.ndarray:
        return np.broadcast_to(index.reshape(n, *[1] * len(shape)), (n, *shape)).copy()

    return Faces(
        boxes=filled(4),
        scores=index,
        points=filled(5, 2),
        mesh=filled(MESH_POINTS, 3),
        mesh_scores=index,
        embeddings=filled(16),
        heads={head: Answers(filled(len(CLASSES[head])), "v") for head in Head},
        pose=filled(len(POSE_ANGLES)),
        quality=filled(len(QUALITY_PARTS)),
        expression=filled(len(EXPRESSIONS)),
    )


def arrays(faces: Faces) -> list[np.ndarray]:
    plain = [getattr(faces, name) for name in Faces.__dataclass_fields__ if name != "heads"]
    return [*plain, *(answers.probabilities for answers in faces.heads.values())]


@given(
    st.integers(0, 12).flatmap(
        lambda n: st.tuples(st.just(n), st.lists(st.booleans(), min_size=n, max_size=n))
    )
)
def test_a_mask_keeps_all_arrays_in_step(case):
    n, mask = case
    wanted = np.flatnonzero(mask)
    for array in arrays(make_faces(n).select(np.array(mask, bool))):
        assert len(array) == len(wanted)
        assert all((row == i).all() for row, i in zip(array, wanted, strict=True))


@given(
    st.integers(1, 12).flatmap(
        lambda n: st.tuples(st.just(n), st.lists(st.integers(0, n - 1), max_size=20))
    )
)
def test_indices_keep_all_arrays_in_step(case):
    n, wanted = case
    for array in arrays(make_faces(n).select(np.array(wanted, int))):
        assert array.shape[0] == len(wanted)
        assert all((row == i).all() for row, i in zip(array, wanted, strict=True))


def test_selecting_keeps_what_was_not_asked_for_absent():
    bare = Faces(make_faces(3).boxes, make_faces(3).scores, make_faces(3).points)
    few = bare.select(slice(0, 2))
    assert len(few) == 2
    assert (few.mesh, few.mesh_scores, few.embeddings) == (None, None, None)


@pytest.mark.parametrize("name", ["scores", "points", "mesh", "mesh_scores", "embeddings"])
def test_an_array_out_of_step_is_refused_by_name(name):
    fields = {key: getattr(make_faces(3), key) for key in Faces.__dataclass_fields__}
    fields[name] = fields[name][:2]
    with pytest.raises(ValueError, match=name):
        Faces(**fields)


def test_boxes_of_the_wrong_width_are_refused():
    with pytest.raises(ValueError, match="boxes"):
        Faces(
            np.zeros((1, 5), np.float32), np.zeros(1, np.float32), np.zeros((1, 5, 2), np.float32)
        )


def test_no_faces_can_be_selected_from_and_carry_features():
    none = Faces.none().with_embeddings(np.zeros((0, 128), np.float32))
    assert len(none) == 0
    embeddings = none.select(np.zeros(0, bool)).embeddings
    assert embeddings is not None
    assert embeddings.shape == (0, 128)


def test_a_source_never_shows_its_bytes():
    assert "secret" not in repr(Source("a.jpg", b"secret"))
