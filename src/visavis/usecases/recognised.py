"""What recognition answers: candidates, a decision, and what the numbers mean."""

from dataclasses import dataclass
from enum import StrEnum

from visavis.usecases.faces import Face


class Decision(StrEnum):
    """What is answered about a face."""

    MATCH = "match"
    UNKNOWN = "unknown"


class Liveness(StrEnum):
    """Whether a living person was before the camera."""

    NOT_CHECKED = "not_checked"
    LIVE = "live"
    SPOOF = "spoof"


@dataclass(frozen=True, slots=True)
class Match:
    """Somebody a face may be.

    Attributes:
        subject_id: Who.
        template_id: Their template that is most alike.
        similarity: Cosine, −1..1.
        fmr: How often two strangers are as alike, 0..1.
        fpir: How often somebody who is not enrolled is as alike to any of the gallery, 0..1.
    """

    subject_id: str
    template_id: str
    similarity: float
    fmr: float
    fpir: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said of one probe.

    Attributes:
        decision: Whether somebody is named.
        candidates: Who comes into question, the most alike first, also below the threshold.
        margin: How much more alike the first is than the second; None = there is no second.
    """

    decision: Decision
    candidates: tuple[Match, ...]
    margin: float | None

    @property
    def match(self) -> Match | None:
        """Who it is; None = unknown."""
        return self.candidates[0] if self.decision is Decision.MATCH else None


@dataclass(frozen=True, slots=True)
class Answers:
    """What is said of vectors.

    Attributes:
        probes: Of each vector, in their order.
        gallery: How many templates were searched.
        target_fpir: What was asked for.
        threshold: Similarity from which somebody is named, at that gallery.
        embedder: What the vectors are of.
    """

    probes: tuple[Answer, ...]
    gallery: int
    target_fpir: float
    threshold: float
    embedder: str


@dataclass(frozen=True, slots=True, eq=False)
class Recognised(Answer):
    """What is said of one face.

    Attributes:
        face: Which.
    """

    face: Face


@dataclass(frozen=True, slots=True, eq=False)
class Identification:
    """What is said of a picture.

    Attributes:
        faces: Of each face, the surest first.
        gallery: How many templates were searched.
        target_fpir: What was asked for.
        threshold: Similarity from which somebody is named, at that gallery.
        embedder: What the vectors are of.
        liveness: Whether it was looked for.
    """

    faces: tuple[Recognised, ...]
    gallery: int
    target_fpir: float
    threshold: float
    embedder: str
    liveness: Liveness = Liveness.NOT_CHECKED


@dataclass(frozen=True, slots=True, eq=False)
class Verification:
    """Whether a face is somebody's.

    Attributes:
        decision: The answer; also `unknown` where there is no template to compare with.
        similarity: Cosine with their most alike template; None = there is none of this embedder.
        fmr: How often two strangers are as alike; None as well.
        target_fmr: What was asked for.
        threshold: Similarity from which it is a match.
        face: Which face was compared.
        other: The face of the other picture, where two pictures were compared.
        embedder: What the vectors are of.
        liveness: Whether it was looked for.
    """

    decision: Decision
    similarity: float | None
    fmr: float | None
    target_fmr: float
    threshold: float
    face: Face
    other: Face | None
    embedder: str
    liveness: Liveness = Liveness.NOT_CHECKED
