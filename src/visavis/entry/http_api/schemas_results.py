"""The wire, results: what was found on pictures, as it is kept."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Path, Query
from pydantic import Field

from visavis.core.attributes import Head
from visavis.core.types import Feature
from visavis.entry.http_api.schemas import Picture
from visavis.entry.http_api.schemas_attributes import Schema
from visavis.store.results import SCORE_PARTS, Sought
from visavis.usecases.results_sought import EMOTIONS, GENDERS, MOST_FACES, OLDEST, utc

Sha256 = Annotated[
    str, Path(pattern="^[0-9a-f]{64}$", description="SHA-256 of the picture as it was sent")
]
_ID = "^[0-9a-f]{32}$"
_Time = datetime | None
_Count = Annotated[int | None, Query(ge=0, le=MOST_FACES)]
_Years = Annotated[int | None, Query(ge=0, le=OLDEST)]
_Class = Annotated[str | None, Query()]


def _word(head: Head, words: tuple[str, ...]) -> object:
    about = f"a face with this {head}"
    return Query(pattern=f"^({'|'.join(words)})$", description=about)


async def sought(
    since: Annotated[
        _Time, Query(alias="from", description="made then or later; UTC unless it says a zone")
    ] = None,
    until: Annotated[_Time, Query(alias="to", description="made before")] = None,
    least_faces: _Count = None,
    most_faces: _Count = None,
    job_id: Annotated[str | None, Query(pattern=_ID, description="made by this job")] = None,
    batch_id: Annotated[str | None, Query(pattern=_ID, description="of this batch")] = None,
    least_score: Annotated[
        float | None, Query(ge=0, le=1, description="a face of which the detector is so sure")
    ] = None,
    youngest: Annotated[_Years, Query(description="a face of at least so many years")] = None,
    oldest: Annotated[_Years, Query(description="a face of at most so many years")] = None,
    gender: Annotated[_Class, _word(Head.GENDER, GENDERS)] = None,
    emotion: Annotated[_Class, _word(Head.EMOTION, EMOTIONS)] = None,
    smile: Annotated[bool | None, Query(description="a face that smiles, or does not")] = None,
) -> Sought:
    """Return which results are asked for; what is said of a face is of one and the same."""
    return Sought(
        since=utc(since) if since else None,
        until=utc(until) if until else None,
        least_faces=least_faces,
        most_faces=most_faces,
        job_id=job_id or "",
        batch_id=batch_id or "",
        least_score=None if least_score is None else round(SCORE_PARTS * least_score),
        youngest=youngest,
        oldest=oldest,
        gender=gender or "",
        emotion=emotion or "",
        smile=smile,
    )


class Result(Schema):
    """What is known of a result without opening it."""

    sha256: str = Field(description="of the picture as it was sent; the name of the result")
    created_at: datetime
    width: int = Field(gt=0, description="of the upright picture, pixels")
    height: int = Field(gt=0, description="of the upright picture, pixels")
    num_faces: int = Field(ge=0)
    pack: str = Field(description="the weights that found the faces")
    features: list[Feature] = Field(description="what was asked for beside boxes and scores")
    job_id: str | None = Field(description="which job made it; null = none")
    batch_id: str | None = Field(description="which batch that was part of; null = none")


class ResultPage(Schema):
    """A part of the list, newest first."""

    items: list[Result]
    next: str | None = Field(description="the cursor of the part that follows; null = the last")


class WholeBox(Schema):
    """A face's rectangle, whole pixels of the upright picture."""

    x1: int
    y1: int
    x2: int
    y2: int


class WholePoint(Schema):
    """A place on the upright picture, whole pixels."""

    x: int
    y: int


class AgeGender(Schema):
    """What the heads say."""

    age: int | None = Field(description="years; null = nobody asked")
    gender: Literal["man", "woman"] | None = Field(description="null = nobody asked, or unsure")


class ResultFace(Schema):
    """A face in few words; `visavis.analysis` has all of it."""

    face_index: int = Field(ge=0)
    box: WholeBox
    landmarks: list[WholePoint] = Field(
        description="the 468 points of the mesh; none without a mesh"
    )
    agegender: AgeGender


class Whole(Schema):
    """All that was found."""

    schema_: str = Field(alias="schema", description="name and version of this format")
    annotated_path: str = Field(description="where the annotated picture is")
    features: list[Feature]
    job_id: str | None
    batch_id: str | None
    analysis: Picture = Field(description="as `/api/v1/analyze` answers it")


class ResultDocument(Schema):
    """A result."""

    timestamp: datetime
    image_path: str = Field(description="where the picture is")
    redis_key: str = Field(description="the name of the result, as older programs call it")
    num_faces: int = Field(ge=0)
    faces: list[ResultFace]
    visavis: Whole
