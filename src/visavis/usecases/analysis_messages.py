"""An analysis as a message, and back; see `rpc.faces` for the faces."""

from collections.abc import Collection
from dataclasses import replace

from visavis.core.types import Faces, Feature
from visavis.rpc import faces as wire
from visavis.rpc.generated import faces_pb2 as pb
from visavis.usecases.analysis import Analysis
from visavis.vision.stages.gate import Reason


def to_message(found: Analysis, embedder: str) -> pb.Analysis:
    """Return the message of an analysis.

    Args:
        found: On one picture.
        embedder: What made the vectors, such as `dlib_resnet@1`.
    """
    return pb.Analysis(
        name=found.name,
        sha256=found.sha256,
        width=found.width,
        height=found.height,
        faces=wire.to_message(found.faces, found.reasons),
        pack=found.pack,
        embedder=embedder,
        took_ms=found.took_ms,
        annotated=found.annotated,
    )


def from_message(message: pb.Analysis) -> Analysis:
    """Return the analysis that a message holds.

    Raises:
        Unavailable: whoever sent it knows other parts of a face than this version does.
    """
    reasons = wire.reasons_of(message.faces)
    return Analysis(
        name=message.name,
        sha256=message.sha256,
        width=message.width,
        height=message.height,
        faces=wire.from_message(message.faces),
        pack=message.pack,
        took_ms=message.took_ms,
        annotated=message.annotated if message.HasField("annotated") else None,
        reasons=tuple(tuple(map(_reason, of_face)) for of_face in reasons),
    )


def only(found: Analysis, features: Collection[Feature]) -> Analysis:
    """Return an analysis without what was found on the way to what was asked for."""
    faces: Faces = found.faces
    if Feature.MESH not in features:
        faces = replace(faces, mesh=None, mesh_scores=None)
    return replace(found, faces=faces)


def _reason(word: str) -> Reason:
    """Return a reason; one of a later version is the one that says the least."""
    return Reason(word) if word in set(Reason) else Reason.POOR
