"""Which faces other products mean: the largest first, where ours has the surest first."""

from collections.abc import Sequence

from visavis.usecases.faces import Face, FaceMissing


def largest_first(faces: Sequence[Face]) -> tuple[Face, ...]:
    """Return faces by the area of their boxes, the largest first."""
    return tuple(sorted(faces, key=_area, reverse=True))


def largest(faces: Sequence[Face]) -> Face:
    """Return the largest face.

    Raises:
        FaceMissing: there is none.
    """
    if not faces:
        raise FaceMissing
    return max(faces, key=_area)


def _area(face: Face) -> float:
    x1, y1, x2, y2 = face.box
    return (x2 - x1) * (y2 - y1)
