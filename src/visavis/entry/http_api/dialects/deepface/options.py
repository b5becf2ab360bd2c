"""What DeepFace's programs choose, and what of it would silently mean something else here."""

from dataclasses import dataclass

from visavis.core.errors import InvalidInput
from visavis.entry.http_api.dialects.deepface.requests import Sent

MODELS = frozenset(
    {
        "VGG-Face",
        "Facenet",
        "Facenet512",
        "OpenFace",
        "DeepFace",
        "DeepID",
        "Dlib",
        "ArcFace",
        "SFace",
        "GhostFaceNet",
        "Buffalo_L",
    }
)
"""Models that may be asked for; ours answers for each of them."""

DETECTORS = frozenset(
    {"opencv", "retinaface", "mtcnn", "ssd", "dlib", "mediapipe", "centerface", "fastmtcnn"}
    | {"yunet", "yolov8", "yolov8n", "yolov8m", "yolov8l", "yolov11n", "yolov11s", "yolov11m"}
    | {"yolov11l", "yolov12n", "yolov12s", "yolov12m", "yolov12l"}
)
"""Likewise."""

DETECTOR = "visavis"
"""What ours is called in answers."""

_FLAGS = {
    "anti_spoofing": "whether somebody living is on a single picture is not told here yet",
    "return_face": "cut-out faces are not given out",
    "minmax_normalize": "vectors have unit length",
}
_GIVEN = {
    "connection_details": "people are kept in this server's own database",
    "cryptosystem": "vectors are given out plainly; encrypt what you receive",
}


@dataclass(frozen=True, slots=True)
class Options:
    """What is wanted.

    Attributes:
        must_find: Whether a picture without faces is refused.
        most: Most faces, the largest; None = all.
    """

    must_find: bool
    most: int | None


def options_of(sent: Sent, ours: str) -> Options:
    """Return what is wanted.

    Args:
        sent: What was sent.
        ours: Our own embedder's id, which may be asked for too.

    Raises:
        InvalidInput: a model or a detector is unknown, or something is asked for that would mean
            something else here.
    """
    _check_known(sent.text("model_name", ours), "model", MODELS | {ours})
    detector = sent.text("detector_backend", "opencv")
    _check_known(detector, "detector", DETECTORS | {DETECTOR})
    _check_meaning(sent)
    most = sent.number("max_faces")
    if most is not None and most < 1:
        raise InvalidInput("max_faces is to be 1 or more")
    return Options(
        sent.flag("enforce_detection", default=True), None if most is None else int(most)
    )


def _check_known(name: str, what: str, known: frozenset[str]) -> None:
    if name not in known:
        raise InvalidInput(
            f"there is no {what} {name[:50]!r}; leave it out, and ours is taken, as it always is"
        )


def _check_meaning(sent: Sent) -> None:
    """Refuse what would change the meaning of an answer without a word."""
    for name, why in _FLAGS.items():
        if sent.values.get(name) not in (None, "") and sent.flag(name, default=False):
            raise InvalidInput(f"{name} is not offered: {why}; leave it out")
    for name, why in _GIVEN.items():
        if sent.values.get(name):
            raise InvalidInput(f"{name} is not offered: {why}; leave it out")
    if not sent.flag("align", default=True):
        raise InvalidInput("align=false is not offered: faces are always aligned; leave it out")
    if sent.number("expand_percentage"):
        raise InvalidInput("expand_percentage is not offered: faces are cut out in one way")
