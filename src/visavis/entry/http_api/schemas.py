"""The wire: what the API's JSON looks like; it describes what orjson writes, for the docs."""

from typing import Annotated, Any

from pydantic import Field

from visavis.entry.http_api.schemas_attributes import (
    Age,
    Emotion,
    Expression,
    Gender,
    Pose,
    Quality,
    Race,
    Schema,
)


class Box(Schema):
    """A face's rectangle, pixels of the upright picture; may reach beyond its edge."""

    x1: float = Field(description="left")
    y1: float = Field(description="top")
    x2: float = Field(description="right")
    y2: float = Field(description="bottom")


class Point(Schema):
    """A place on the upright picture, pixels from its top left."""

    x: float
    y: float


class Points(Schema):
    """Five points; left and right as seen in the picture, not the person's own."""

    eye_left: Point
    eye_right: Point
    nose: Point
    mouth_left: Point
    mouth_right: Point


MeshPoint = Annotated[list[float], Field(min_length=3, max_length=3)]


class Face(Schema):
    """One face. Beyond the box and its score only what was asked for is there."""

    face_index: int = Field(ge=0, description="place in the list, best score first")
    box: Box
    score: float = Field(ge=0, le=1, description="the detector's confidence")
    points: Points | None = Field(None, description="with `features=points`")
    mesh: Annotated[list[MeshPoint], Field(min_length=468, max_length=468)] | None = Field(
        None,
        description="with `features=mesh`: 468 points x, y, z in pixels (towards the camera z is "
        "negative); null when no mesh fits the face",
    )
    mesh_score: float | None = Field(
        None,
        ge=0,
        le=1,
        description="with `features=mesh`: probability that the mesh sits on a face",
    )
    embedding: list[float] | None = Field(
        None, description="with `features=embedding`: a vector of length 1; nearer is more alike"
    )
    age: Age | None = Field(None, description="with `features=age`")
    gender: Gender | None = Field(None, description="with `features=gender`")
    emotion: Emotion | None = Field(
        None, description="with `features=emotion`, where the policy allows it"
    )
    race: Race | None = Field(None, description="with `features=race`, where the policy allows it")
    pose: Pose | None = Field(
        None, description="with `features=pose`: null when no mesh fits the face"
    )
    quality: Quality | None = Field(None, description="with `features=quality`")
    expression: Expression | None = Field(None, description="with `features=expression`")


class Picture(Schema):
    """What was found on one picture."""

    schema_: str = Field(alias="schema", description="name and version of this format")
    name: str = Field(description="the file name as sent")
    sha256: str = Field(description="of the bytes as sent, hexadecimal")
    width: int = Field(gt=0, description="of the upright picture, pixels")
    height: int = Field(gt=0, description="of the upright picture, pixels")
    pack: str = Field(description="the weights that found the faces")
    took_ms: float = Field(ge=0, description="work without waiting, milliseconds")
    num_faces: int = Field(ge=0)
    faces: list[Face]
    annotated_jpeg: str | None = Field(
        None,
        description="with `render=annotated`: the picture with the faces drawn in, JPEG as base64",
        json_schema_extra={"contentEncoding": "base64", "contentMediaType": "image/jpeg"},
    )


class Fault(Schema):
    """Why one picture gave no result."""

    category: str = Field(
        description="`unsupported`, `truncated`, `too_large`, `corrupt`, `deadline`, `weights` or "
        "`internal`"
    )
    reason: str = Field(description="one sentence: what is wrong and what to do")


class FailedPicture(Schema):
    """A picture that gave no result; the others of the same request are not affected."""

    name: str = Field(description="the file name as sent")
    error: Fault


class Results(Schema):
    """One entry a picture, in the order sent."""

    results: list[Picture | FailedPicture]
    failures: int = Field(ge=0, description="how many of them failed")


class Problem(Schema):
    """An error (RFC 9457)."""

    type: str = Field(description="the kind of problem, a URN; `about:blank` for plain HTTP errors")
    title: str = Field(description="the kind of problem in words")
    status: int = Field(ge=400, le=599)
    detail: str = Field(description="one sentence: what happened and what to do")
    instance: str = Field(description="a URN that names this one occurrence")
    category: str | None = Field(None, description="for a picture: which fault it has")


class Health(Schema):
    """The process is alive."""

    status: str = Field(description="`alive`")


class Readiness(Schema):
    """Whether requests are served."""

    ready: bool
    problems: list[str] = Field(description="what stands in the way, one sentence each")


def answers(*statuses: tuple[int, str]) -> dict[int | str, dict[str, Any]]:
    """Describe problem answers for OpenAPI, from pairs of status and meaning."""
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": text, "content": content} for status, text in statuses}
