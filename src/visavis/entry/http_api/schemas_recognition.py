"""The wire, recognition: templates, and who somebody is."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from visavis.entry.http_api.schemas import Box
from visavis.entry.http_api.schemas_attributes import Schema
from visavis.entry.http_api.schemas_subjects import Name, Reference
from visavis.usecases.recognised import Decision, Liveness
from visavis.vision.stages.gate import Reason

Rate = Annotated[float, Field(ge=0, le=1)]
Similarity = Annotated[float, Field(ge=-1, le=1, description="cosine of the two vectors")]
Embedder = Annotated[str, Field(description="what made the vectors", examples=["dlib_resnet@1"])]


class SeenFace(Schema):
    """A face on the picture that was sent."""

    face_index: int = Field(ge=0, description="place on the picture, surest face first")
    box: Box
    score: Rate = Field(description="the detector's confidence")
    quality: float | None = Field(ge=0, le=100, description="null = it cannot be judged")
    reasons: list[Reason] = Field(description="why it is not good enough to be enrolled")


class Lookalike(Schema):
    """Another subject who looks like the face."""

    subject_id: str
    similarity: Similarity
    fmr: Rate = Field(description="how often two strangers are as alike")


class Enrolled(Schema):
    """A new template."""

    template_id: str
    subject_id: str
    embedder: Embedder
    face: SeenFace
    lookalikes: list[Lookalike] = Field(description="others who look like it")
    searched: bool = Field(
        description="whether others were searched; the mode `verify` allows it to nobody"
    )


class Shares(Schema):
    """A box as shares of the width and height of a picture."""

    x: float
    y: float
    width: float
    height: float


class SeenOn(Schema):
    """What was noted of the picture of a template."""

    image_id: str | None = Field(description="what a program calls the picture")
    box: Shares | None = Field(description="where the face is")
    score: float | None = Field(description="the detector's confidence")
    label: str | None = Field(repr=False, description="what a program calls the face")


class Template(Schema):
    """A template, without its vector."""

    id: str
    embedder: Embedder
    quality: float | None
    created_at: datetime
    seen: SeenOn | None = Field(description="null = nothing was noted")
    has_picture: bool = Field(description="whether the picture is kept, as the privacy rules say")


class Templates(Schema):
    """All templates of a subject, oldest first."""

    items: list[Template]


class Candidate(Schema):
    """Somebody a face may be."""

    subject_id: str
    reference: Reference
    name: Name
    template_id: str = Field(description="their template that is most alike")
    similarity: Similarity
    fmr: Rate = Field(description="how often two strangers are as alike")
    fpir: Rate = Field(
        description="how often somebody who is not enrolled is as alike to anybody of the gallery"
    )


class RecognisedFace(Schema):
    """What is said of one face."""

    face: SeenFace
    decision: Decision = Field(description="`unknown` = nobody who is enrolled")
    match: Candidate | None = Field(description="who it is; null = unknown")
    candidates: list[Candidate] = Field(description="the most alike, also below the threshold")
    margin: float | None = Field(
        description="how much more alike the first is than the second; null = there is none"
    )


class Identification(Schema):
    """What is said of a picture."""

    faces: list[RecognisedFace] = Field(description="surest face first")
    gallery: int = Field(ge=0, description="templates that were searched")
    target_fpir: Rate = Field(description="as it was asked for")
    threshold: float = Field(description="similarity from which somebody is named, at that gallery")
    embedder: Embedder
    liveness: Liveness = Field(description="whether a living person was looked for")


class Verification(Schema):
    """Whether a face is somebody's."""

    decision: Decision
    similarity: Similarity | None = Field(description="null = there is no template to compare with")
    fmr: Rate | None = Field(description="how often two strangers are as alike")
    target_fmr: Rate = Field(description="as it was asked for")
    threshold: float = Field(description="similarity from which it is a match")
    face: SeenFace
    other: SeenFace | None = Field(
        description="the face of the second picture, where two were sent"
    )
    embedder: Embedder
    liveness: Liveness = Field(description="whether a living person was looked for")
