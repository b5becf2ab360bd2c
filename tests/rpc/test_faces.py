"""Faces survive the wire exactly, whatever they hold."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from visavis.core.attributes import CLASSES, Head
from visavis.core.errors import Unavailable
from visavis.core.types import (
    EXPRESSIONS,
    MESH_POINTS,
    POINT_NAMES,
    POSE_ANGLES,
    QUALITY_PARTS,
    Answers,
    Faces,
    Floats,
)
from visavis.rpc.faces import BOX, from_message, reasons_of, to_message
from visavis.rpc.generated import faces_pb2 as pb

FLOATS = st.floats(width=32)
"""All of them: also NaN, infinities, −0 and the smallest ones."""


def table(*shape: int) -> st.SearchStrategy[Floats]:
    return arrays(np.float32, shape, elements=FLOATS)


@st.composite
def some_faces(draw: st.DrawFn) -> Faces:
    """Draw faces with any of the optional parts."""
    n = draw(st.integers(0, 3))

    def maybe(*shape: int) -> Floats | None:
        return draw(st.none() | table(n, *shape))

    heads = draw(st.lists(st.sampled_from(Head), unique=True))
    return Faces(
        boxes=draw(table(n, 4)),
        scores=draw(table(n)),
        points=draw(table(n, 5, 2)),
        mesh=None if draw(st.booleans()) else mesh(draw(st.integers(0, 9)), n),
        mesh_scores=maybe(),
        embeddings=maybe(draw(st.integers(1, 5))),
        heads={
            head: Answers(
                draw(table(n, len(CLASSES[head]))), draw(st.text()), draw(st.floats(0, 1))
            )
            for head in heads
        },
        pose=maybe(3),
        quality=maybe(7),
        expression=maybe(5),
    )


def mesh(seed: int, n: int) -> Floats:
    made = np.random.default_rng(seed).normal(size=(n, MESH_POINTS, 3)).astype(np.float32)
    made[:: seed + 1] = np.nan
    return made


@given(some_faces())
def test_faces_come_back_as_they_went(faces: Faces) -> None:
    sent = to_message(faces).SerializeToString()
    back = from_message(pb.Faces.FromString(sent))

    for name in ("boxes", "scores", "points", "mesh", "mesh_scores", "embeddings"):
        assert_same(getattr(back, name), getattr(faces, name))
    for name in ("pose", "quality", "expression"):
        assert_same(getattr(back, name), getattr(faces, name))
    assert list(back.heads) == list(faces.heads)
    for head, answers in faces.heads.items():
        assert_same(back.heads[head].probabilities, answers.probabilities)
        assert back.heads[head].version == answers.version
        assert back.heads[head].unknown_below == answers.unknown_below


def assert_same(got: Floats | None, sent: Floats | None) -> None:
    """Compare to the last bit, but for which of the many NaN it is."""
    if sent is None or got is None:
        assert got is sent
        return
    assert (got.dtype, got.shape) == (sent.dtype, sent.shape)
    numbers = ~np.isnan(sent)
    assert np.array_equal(np.isnan(got), ~numbers)
    assert got[numbers].tobytes() == sent[numbers].tobytes()


def test_the_messages_name_every_number_as_the_types_do() -> None:
    named = {
        "Box": BOX,
        "Points": POINT_NAMES,
        "Pose": POSE_ANGLES,
        "Quality": QUALITY_PARTS,
        "Expression": EXPRESSIONS,
    }
    for message, names in named.items():
        fields = pb.DESCRIPTOR.message_types_by_name[message].fields
        assert tuple(field.name for field in fields) == names


def test_reasons_go_with_the_quality() -> None:
    boxes, points = np.zeros((2, 4), np.float32), np.zeros((2, 5, 2), np.float32)
    faces = Faces(boxes, np.ones(2, np.float32), points)
    judged = faces.with_quality(np.ones((2, 7), np.float32))

    assert reasons_of(to_message(faces)) == ()
    assert reasons_of(to_message(judged, [(), ("blurred", "poor")])) == ((), ("blurred", "poor"))


@pytest.mark.parametrize("fault", ["another head", "other classes", "short mesh", "no answer"])
def test_what_another_version_says_is_refused(fault: str) -> None:
    one = np.ones((1, 4), np.float32), np.ones(1, np.float32), np.ones((1, 5, 2), np.float32)
    gender = Answers(np.ones((1, 2), np.float32), "1")
    message = to_message(Faces(*one, mesh=mesh(3, 1), heads={Head.GENDER: gender}))
    match fault:
        case "another head":
            message.heads[0].name = "taste"
        case "other classes":
            message.heads[0].classes.append("third")
        case "short mesh":
            del message.faces[0].mesh[-1]
        case _:
            message.faces[0].answers[0].head = "age"

    with pytest.raises(Unavailable, match="same version on both sides"):
        from_message(message)
