"""What recognition answers, as messages: the same numbers as over HTTP."""

from collections.abc import Mapping

from visavis.rpc.generated import recognition_pb2 as pb
from visavis.rpc.generated.faces_pb2 import Box
from visavis.usecases import recognised
from visavis.usecases.faces import Face
from visavis.usecases.subject_profiles import Known


def identification(
    found: recognised.Identification, called: Mapping[str, Known]
) -> pb.Identification:
    """Return the message of what is said of a picture.

    Args:
        found: That.
        called: What subjects are called, as far as the caller may know.
    """
    return pb.Identification(
        faces=[_face(face, called) for face in found.faces],
        gallery=found.gallery,
        target_fpir=found.target_fpir,
        threshold=found.threshold,
        embedder=found.embedder,
        liveness=found.liveness.value,
    )


def verification(found: recognised.Verification) -> pb.Verification:
    """Return the message of whether a face is somebody's."""
    return pb.Verification(
        decision=found.decision.value,
        similarity=found.similarity,
        fmr=found.fmr,
        target_fmr=found.target_fmr,
        threshold=found.threshold,
        face=_seen(found.face),
        other=_seen(found.other) if found.other else None,
        embedder=found.embedder,
        liveness=found.liveness.value,
    )


def _face(found: recognised.Recognised, called: Mapping[str, Known]) -> pb.RecognisedFace:
    candidates = [_candidate(each, called.get(each.subject_id)) for each in found.candidates]
    return pb.RecognisedFace(
        face=_seen(found.face),
        decision=found.decision.value,
        match=candidates[0] if found.match else None,
        candidates=candidates,
        margin=found.margin,
    )


def _candidate(match: recognised.Match, called: Known | None) -> pb.Candidate:
    return pb.Candidate(
        subject_id=match.subject_id,
        reference=called.reference if called else None,
        name=called.name if called else None,
        template_id=match.template_id,
        similarity=match.similarity,
        fmr=match.fmr,
        fpir=match.fpir,
    )


def _seen(face: Face) -> pb.SeenFace:
    x1, y1, x2, y2 = face.box
    return pb.SeenFace(
        face_index=face.index,
        box=Box(x1=x1, y1=y1, x2=x2, y2=y2),
        score=face.score,
        quality=face.quality,
        reasons=[reason.value for reason in face.reasons],
    )
