"""Values that travel between floors: pictures and the faces found on them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from visavis.core.attributes import CLASSES, Head
from visavis.core.errors import InvalidInput

Floats: TypeAlias = NDArray[np.float32]
Pixels: TypeAlias = NDArray[np.uint8]

POINT_NAMES = ("eye_left", "eye_right", "nose", "mouth_left", "mouth_right")
"""The five points in array order; left and right as seen in the picture, not the person's own."""

MESH_POINTS = 468

POSE_ANGLES = ("yaw", "pitch", "roll")
"""Columns of `Faces.pose`, degrees. Yaw: positive when the face looks to the picture's right.
Pitch: positive when it looks up. Roll: positive when the head leans clockwise in the picture."""

QUALITY_PARTS = (
    "overall",
    "sharpness",
    "brightness",
    "contrast",
    "size",
    "pose",
    "occlusion",
)
"""Columns of `Faces.quality`, 0 (useless) to 100 (as good as it gets) each; `occlusion` is high for
a face that nothing covers."""

EXPRESSIONS = ("eye_left_open", "eye_right_open", "mouth_open", "smile", "gaze")
"""Columns of `Faces.expression`: four probabilities 0..1 (left and right as seen in the picture)
and the gaze relative to the head, −1 (to the picture's left) .. 1 (to its right)."""


class Feature(StrEnum):
    """What can be asked for beside the boxes, which are always there."""

    POINTS = "points"
    MESH = "mesh"
    EMBEDDING = "embedding"
    AGE = "age"
    GENDER = "gender"
    EMOTION = "emotion"
    RACE = "race"
    POSE = "pose"
    QUALITY = "quality"
    EXPRESSION = "expression"

    @classmethod
    def parse(cls, lists: Iterable[str]) -> "frozenset[Feature]":
        """Return the features that comma-separated lists name.

        Raises:
            InvalidInput: one of them is unknown; the message lists those that exist.
        """
        names = {name.strip() for text in lists for name in text.split(",")} - {""}
        if unknown := sorted(names - set(cls)):
            known = ", ".join(cls)
            raise InvalidInput(f"there is no feature {unknown[0][:50]!r}; choose from {known}")
        return frozenset(map(cls, names))


@dataclass(frozen=True, slots=True)
class Answers:
    """What one head says about each face.

    Attributes:
        probabilities: (n, classes) float32, calibrated, rows sum to 1; in the order of
            `core.attributes.CLASSES`.
        version: Which learned file said it.
        unknown_below: Below this probability of the best class the answer is `unknown`, 0..1.
    """

    probabilities: Floats
    version: str
    unknown_below: float = 0.0

    def select(self, which: NDArray[Any] | Sequence[int] | slice) -> "Answers":
        """Return the answers about the chosen faces."""
        return replace(self, probabilities=self.probabilities[which])


@dataclass(frozen=True, slots=True)
class Faces:
    """The faces of one picture as parallel arrays; index i is the same face in each.

    Coordinates are pixels of the upright (EXIF-corrected) picture, origin top left, x right, y
    down.

    Attributes:
        boxes: (n, 4) float32, x1 y1 x2 y2; may reach beyond the picture's edge.
        scores: (n,) float32, detector confidence, 0..1, sorted from high to low.
        points: (n, 5, 2) float32, x y, in the order of `POINT_NAMES`.
        mesh: (n, 468, 3) float32, x y z in pixels (z towards the camera is negative), or None when
            not asked for. NaN rows where the face has no mesh.
        mesh_scores: (n,) float32, probability 0..1 that the mesh sits on a face; None without
            `mesh`.
        embeddings: (n, d) float32, unit length, or None when not asked for.
        heads: What each head that was asked for says.
        pose: (n, 3) float32 in the order of `POSE_ANGLES`, or None when not asked for. NaN rows
            where the face has no mesh.
        quality: (n, 7) float32 in the order of `QUALITY_PARTS`, or None when not asked for. NaN
            for a part that cannot be judged (pose and occlusion need the mesh).
        expression: (n, 5) float32 in the order of `EXPRESSIONS`, or None when not asked for. NaN
            where the mesh does not give it.
    """

    boxes: Floats
    scores: Floats
    points: Floats
    mesh: Floats | None = None
    mesh_scores: Floats | None = None
    embeddings: Floats | None = None
    heads: Mapping[Head, Answers] = field(default_factory=dict)
    pose: Floats | None = None
    quality: Floats | None = None
    expression: Floats | None = None

    def __post_init__(self) -> None:
        n = len(self.boxes)
        wanted = {
            "boxes": (self.boxes, (n, 4)),
            "scores": (self.scores, (n,)),
            "points": (self.points, (n, 5, 2)),
            "mesh": (self.mesh, (n, MESH_POINTS, 3)),
            "mesh_scores": (self.mesh_scores, (n,)),
            "pose": (self.pose, (n, len(POSE_ANGLES))),
            "quality": (self.quality, (n, len(QUALITY_PARTS))),
            "expression": (self.expression, (n, len(EXPRESSIONS))),
        }
        for head, answers in self.heads.items():
            wanted[head] = (answers.probabilities, (n, len(CLASSES[head])))
        for name, (array, shape) in wanted.items():
            if array is not None and array.shape != shape:
                raise ValueError(f"{name} has shape {array.shape}, expected {shape}")
        if self.embeddings is not None and self.embeddings.shape[:1] != (n,):
            raise ValueError(f"embeddings has {len(self.embeddings)} rows, expected {n}")

    def __len__(self) -> int:
        return len(self.boxes)

    def select(self, which: NDArray[Any] | Sequence[int] | slice) -> "Faces":
        """Return the chosen faces (index, mask or slice), all arrays kept in step."""
        kept: dict[str, Any] = {
            name: None if (array := getattr(self, name)) is None else array[which]
            for name in self.__dataclass_fields__
            if name != "heads"
        }
        heads = {head: answers.select(which) for head, answers in self.heads.items()}
        return Faces(**kept, heads=heads)

    def with_mesh(self, mesh: Floats, mesh_scores: Floats) -> "Faces":
        """Return a copy that carries `mesh` (n, 468, 3) and `mesh_scores` (n,)."""
        return replace(self, mesh=mesh, mesh_scores=mesh_scores)

    def with_points(self, points: Floats) -> "Faces":
        """Return a copy whose points are `points` (n, 5, 2) where those are numbers."""
        known = np.isfinite(points).all(axis=(1, 2), keepdims=True)
        return replace(self, points=np.where(known, points, self.points))

    def with_embeddings(self, embeddings: Floats) -> "Faces":
        """Return a copy that carries `embeddings` (n, d)."""
        return replace(self, embeddings=embeddings)

    def with_heads(self, heads: Mapping[Head, Answers]) -> "Faces":
        """Return a copy that carries what `heads` say."""
        return replace(self, heads=heads)

    def with_pose(self, pose: Floats) -> "Faces":
        """Return a copy that carries `pose` (n, 3)."""
        return replace(self, pose=pose)

    def with_quality(self, quality: Floats) -> "Faces":
        """Return a copy that carries `quality` (n, 7)."""
        return replace(self, quality=quality)

    def with_expression(self, expression: Floats) -> "Faces":
        """Return a copy that carries `expression` (n, 5)."""
        return replace(self, expression=expression)

    @staticmethod
    def none() -> "Faces":
        """Return the empty set of faces."""
        return Faces(
            np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros((0, 5, 2), np.float32)
        )


@dataclass(frozen=True, slots=True)
class Source:
    """A picture as it came in, not decoded yet.

    Attributes:
        name: What the person calls it (file name); shown back, never trusted.
        data: The encoded bytes.
    """

    name: str
    data: bytes = field(repr=False)
