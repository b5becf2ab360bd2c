"""Faces on the wire: which one is meant, and what was seen of one."""

from typing import Annotated

from fastapi import Depends, Query

from visavis.core.errors import InvalidInput
from visavis.entry.http_api.schemas import Box
from visavis.entry.http_api.schemas_recognition import SeenFace
from visavis.usecases import faces

_NUMBER = r"-?\d{1,6}(\.\d{1,6})?"

Written = Annotated[
    str | None,
    Query(
        alias="box",
        pattern=f"^{_NUMBER}(,{_NUMBER}){{3}}$",
        description="which face, where there are several: x1,y1,x2,y2 in pixels",
        examples=["250,221,473,502"],
    ),
]


async def _place(box: Written = None) -> faces.Box | None:
    if box is None:
        return None
    x1, y1, x2, y2 = map(float, box.split(","))
    if x1 >= x2 or y1 >= y2:
        raise InvalidInput("a box is x1,y1,x2,y2 with x1 < x2 and y1 < y2")
    return x1, y1, x2, y2


PlaceOfFace = Annotated[faces.Box | None, Depends(_place)]
"""Which face is meant, as a parameter of an endpoint."""


def seen(face: faces.Face) -> SeenFace:
    """Return what is told of a face."""
    x1, y1, x2, y2 = (round(side, 2) for side in face.box)
    return SeenFace(
        face_index=face.index,
        box=Box(x1=x1, y1=y1, x2=x2, y2=y2),
        score=round(face.score, 4),
        quality=face.quality,
        reasons=list(face.reasons),
    )
