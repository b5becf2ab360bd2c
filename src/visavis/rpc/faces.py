"""Faces as messages, and back: nothing is rounded, nothing is lost.

Arrays of float32 go as packed floats, which protobuf writes as they lie in memory.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from google.protobuf.message import Message

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
from visavis.rpc.generated import faces_pb2 as pb

BOX = ("x1", "y1", "x2", "y2")
XY = ("x", "y")

_NAMED = {"pose": POSE_ANGLES, "quality": QUALITY_PARTS, "expression": EXPRESSIONS}
"""Parts of a face whose numbers have names, in the order of the columns."""


def to_message(faces: Faces, reasons: Sequence[Sequence[str]] = ()) -> pb.Faces:
    """Return the message of faces.

    Args:
        faces: Of one picture.
        reasons: Why each is not good enough to be enrolled; empty = nobody asked.
    """
    message = pb.Faces(parts=_parts(faces), heads=map(_head, faces.heads, faces.heads.values()))
    for i in range(len(faces)):
        face = message.faces.add(score=float(faces.scores[i]))
        _name(face.box, BOX, faces.boxes[i])
        for name, xy in zip(POINT_NAMES, faces.points[i], strict=True):
            _name(getattr(face.points, name), XY, xy)
        _add_parts(face, faces, i)
        face.reasons.extend(reasons[i] if reasons else ())
    return message


def from_message(message: pb.Faces) -> Faces:
    """Return the faces that a message holds.

    Raises:
        Unavailable: whoever sent it knows other parts of a face than this version does.
    """
    every, parts = message.faces, message.parts
    n = len(every)
    try:
        return Faces(
            boxes=_rows((_named(face.box, BOX) for face in every), (n, len(BOX))),
            scores=np.array([face.score for face in every], np.float32),
            points=_rows(map(_points, every), (n, len(POINT_NAMES), len(XY))),
            mesh=_if(parts.mesh, lambda: _rows((f.mesh for f in every), (n, MESH_POINTS, 3))),
            mesh_scores=_if(parts.mesh_scores, lambda: _scores(every)),
            embeddings=_if(parts.embedding_size > 0, lambda: _embeddings(message)),
            heads={Head(head.name): _answers(message, i) for i, head in enumerate(message.heads)},
            pose=_if(parts.pose, lambda: _table(every, "pose")),
            quality=_if(parts.quality, lambda: _table(every, "quality")),
            expression=_if(parts.expression, lambda: _table(every, "expression")),
        )
    except ValueError as exc:  # numbers that are missing, a head that nobody knows
        raise Unavailable(
            "the analyzer speaks of faces in another way than this version does; run the same "
            "version on both sides"
        ) from exc


def reasons_of(message: pb.Faces) -> tuple[tuple[str, ...], ...]:
    """Return why each face is not good enough to be enrolled; nothing where nobody asked."""
    return tuple(tuple(face.reasons) for face in message.faces) if message.parts.quality else ()


def _parts(faces: Faces) -> pb.Parts:
    """Return which parts the faces have."""
    return pb.Parts(
        mesh=faces.mesh is not None,
        mesh_scores=faces.mesh_scores is not None,
        embedding_size=0 if faces.embeddings is None else faces.embeddings.shape[1],
        pose=faces.pose is not None,
        quality=faces.quality is not None,
        expression=faces.expression is not None,
    )


def _head(head: Head, answers: Answers) -> pb.Head:
    return pb.Head(
        name=head.value,
        version=answers.version,
        unknown_below=answers.unknown_below,
        classes=CLASSES[head],
    )


def _add_parts(face: pb.Face, faces: Faces, i: int) -> None:
    """Add the parts that face `i` has beside box, score and points."""
    if faces.mesh is not None:
        face.mesh.extend(faces.mesh[i].ravel().tolist())
    if faces.mesh_scores is not None:
        face.mesh_score = float(faces.mesh_scores[i])
    if faces.embeddings is not None:
        face.embedding.extend(faces.embeddings[i].tolist())
    for part, names in _NAMED.items():
        if (table := getattr(faces, part)) is not None:
            _name(getattr(face, part), names, table[i])
    for head, answers in faces.heads.items():
        face.answers.add(head=head.value, probabilities=answers.probabilities[i].tolist())


def _name(message: Message, names: Sequence[str], row: Floats) -> None:
    """Write numbers into the fields of a message; it is set also where all of them are 0."""
    message.SetInParent()
    for name, number in zip(names, row.tolist(), strict=True):
        setattr(message, name, number)


def _named(message: Message, names: Sequence[str]) -> list[float]:
    return [getattr(message, name) for name in names]


def _points(face: pb.Face) -> list[float]:
    points = (getattr(face.points, name) for name in POINT_NAMES)
    return [number for point in points for number in (point.x, point.y)]


def _if(is_there: bool, read: Callable[[], Floats]) -> Floats | None:
    return read() if is_there else None


def _rows(rows: Iterable[Iterable[float]], shape: tuple[int, ...]) -> Floats:
    """Return rows of numbers as one array.

    Raises:
        ValueError: there are more or fewer numbers than its shape has.
    """
    flat = [np.fromiter(row, np.float32) for row in rows]
    return np.concatenate([np.zeros(0, np.float32), *flat]).reshape(shape)


def _scores(every: Sequence[pb.Face]) -> Floats:
    return np.array([face.mesh_score for face in every], np.float32)


def _embeddings(message: pb.Faces) -> Floats:
    shape = len(message.faces), message.parts.embedding_size
    return _rows((face.embedding for face in message.faces), shape)


def _table(every: Sequence[pb.Face], part: str) -> Floats:
    """Return a part whose numbers have names, a row for each face."""
    names = _NAMED[part]
    return _rows((_named(getattr(face, part), names) for face in every), (len(every), len(names)))


def _answers(message: pb.Faces, place: int) -> Answers:
    """Return what one head says.

    Raises:
        ValueError: its classes are not those of this version, or a face lacks its answer.
    """
    head = message.heads[place]
    classes = CLASSES[Head(head.name)]
    if tuple(head.classes) != classes:
        raise ValueError("its classes are other ones")
    rows: list[Any] = [_of_head(face, head.name) for face in message.faces]
    shape = len(rows), len(classes)
    return Answers(_rows(rows, shape), head.version, head.unknown_below)


def _of_head(face: pb.Face, name: str) -> Sequence[float]:
    return next((answer.probabilities for answer in face.answers if answer.head == name), ())
