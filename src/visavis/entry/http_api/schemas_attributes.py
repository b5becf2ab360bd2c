"""The wire, attributes: what is said about a face, as `usecases/attributes_json.py` writes it."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from visavis.core.attributes import CLASSES, UNKNOWN, Head
from visavis.vision.stages.gate import Reason

Sure = Annotated[float, Field(ge=0, le=1, description="how sure, 0 to 1, calibrated")]
Points100 = Annotated[float, Field(ge=0, le=100)]


class Schema(BaseModel):
    """Base of all schemas: nothing beyond what is described."""

    model_config = ConfigDict(extra="forbid")


def _value(head: Head) -> Any:  # noqa: ANN401  # pydantic's own field
    words = {"enum": [*CLASSES[head], UNKNOWN]}
    return Field(
        description=f"`{UNKNOWN}` when no class is sure enough",
        json_schema_extra=words,  # type: ignore[arg-type]  # a list is JSON
    )


def _shares(head: Head) -> Any:  # noqa: ANN401  # pydantic's own field
    classes = CLASSES[head]
    names = {"propertyNames": {"enum": list(classes)}}
    return Field(
        description="one a class, they sum to 1",
        min_length=len(classes),
        max_length=len(classes),
        json_schema_extra=names,  # type: ignore[arg-type]  # a list is JSON
    )


class Answer(Schema):
    """What a head says."""

    confidence: Sure
    version: str = Field(description="the learned file that said it")


class Age(Answer):
    """How old a face looks; the true age lies between `low` and `high` four times out of five."""

    years: float = Field(ge=0, description="expected age")
    low: float = Field(ge=0, description="years")
    high: float = Field(ge=0, description="years")
    value: str = _value(Head.AGE)
    probabilities: dict[str, Sure] = _shares(Head.AGE)


class Gender(Answer):
    """Which gender a face looks like."""

    value: str = _value(Head.GENDER)
    probabilities: dict[str, Sure] = _shares(Head.GENDER)


class Emotion(Answer):
    """Which emotion a face shows; what is felt cannot be seen."""

    value: str = _value(Head.EMOTION)
    probabilities: dict[str, Sure] = _shares(Head.EMOTION)


class Race(Answer):
    """Which of the training set's seven classes a face looks like."""

    value: str = _value(Head.RACE)
    probabilities: dict[str, Sure] = _shares(Head.RACE)


class Pose(Schema):
    """How the head is turned, degrees, as seen in the picture."""

    yaw: float = Field(description="positive when the face looks to the picture's right")
    pitch: float = Field(description="positive when it looks up")
    roll: float = Field(description="positive when the head leans clockwise")


class Quality(Schema):
    """How well a face can be judged, 0 (useless) to 100; null where a part cannot be told."""

    overall: Points100 | None
    sharpness: Points100 | None
    brightness: Points100 | None
    contrast: Points100 | None
    size: Points100 | None
    pose: Points100 | None
    occlusion: Points100 | None = Field(description="high when nothing covers the face")
    reasons: list[str] = Field(
        description="why it is not good enough to be enrolled; empty when it is",
        json_schema_extra={"items": {"type": "string", "enum": list(Reason)}},
    )


class Whether(Schema):
    """Yes or no."""

    value: bool
    confidence: Sure


class Gaze(Schema):
    """Where the eyes look, relative to the head and as seen in the picture."""

    value: str = Field(json_schema_extra={"enum": ["left", "centre", "right", UNKNOWN]})
    offset: float = Field(ge=-1, le=1, description="-1 (left) to 1 (right)")


class Expression(Schema):
    """What the face does; null where it cannot be told. Left and right as seen in the picture."""

    eye_left_open: Whether | None
    eye_right_open: Whether | None
    mouth_open: Whether | None
    smile: Whether | None
    gaze: Gaze | None


EXAMPLE: dict[str, Any] = {
    "age": {
        "years": 31.2,
        "low": 24.1,
        "high": 38.9,
        "value": "30-39",
        "confidence": 0.4712,
        "probabilities": {
            "0-2": 0.0,
            "3-9": 0.0002,
            "10-19": 0.0151,
            "20-29": 0.4103,
            "30-39": 0.4712,
            "40-49": 0.0894,
            "50-59": 0.0121,
            "60-69": 0.0014,
            "70+": 0.0003,
        },
        "version": "portrait-20261121-1a2b3c4d",
    },
    "gender": {
        "value": "female",
        "confidence": 0.9734,
        "probabilities": {"female": 0.9734, "male": 0.0266},
        "version": "portrait-20261121-1a2b3c4d",
    },
    "pose": {"yaw": -3.1, "pitch": 4.2, "roll": 0.6},
    "quality": {
        "overall": 82.4,
        "sharpness": 88.0,
        "brightness": 91.3,
        "contrast": 79.2,
        "size": 100.0,
        "pose": 96.5,
        "occlusion": 93.8,
        "reasons": [],
    },
    "expression": {
        "eye_left_open": {"value": True, "confidence": 0.9812},
        "eye_right_open": {"value": True, "confidence": 0.9764},
        "mouth_open": {"value": False, "confidence": 0.8921},
        "smile": {"value": True, "confidence": 0.7433},
        "gaze": {"value": "centre", "offset": 0.04},
    },
}
"""The attributes of a face in the description's example; a test holds it against the schemas."""
