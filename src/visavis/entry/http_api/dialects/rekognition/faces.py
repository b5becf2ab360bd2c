"""IndexFaces, ListFaces, DeleteFaces: faces are templates, first of people without names."""

from collections.abc import Sequence
from uuid import uuid4

from visavis.entry.http_api.dialects.largest import largest_first
from visavis.entry.http_api.dialects.rekognition import details
from visavis.entry.http_api.dialects.rekognition.desk import Desk, face_id, listed, own_id
from visavis.entry.http_api.dialects.rekognition.pictures import (
    features_of,
    is_good,
    note_use,
    source_of,
)
from visavis.entry.http_api.dialects.rekognition.shapes import (
    MOST_LISTED,
    DeleteFaces,
    IndexFaces,
    ListFaces,
)
from visavis.entry.http_api.dialects.rekognition.traits import Json, percent
from visavis.usecases.analysis import Analysis
from visavis.usecases.faces import Face, seen
from visavis.usecases.seen import Seen
from visavis.usecases.subject_profiles import Known
from visavis.usecases.templates import Kept

EXCEEDS = "EXCEEDS_MAX_FACES"


def index(desk: Desk, asked: IndexFaces) -> Json:
    """Enrol the faces of a picture, the largest first, each for itself."""
    collection = desk.collection(asked.collection_id)
    desk.people.introductions.check(desk.actor)
    attributes = details.wanted(asked.detection_attributes)
    features = features_of(desk, attributes)
    source = source_of(asked.image, "Image")
    found, faces = seen(desk.analyses, source, features)
    note_use(desk, features, found)
    largest = largest_first(faces)
    good = [face for face in largest if is_good(face, asked.quality_filter)]
    taken = good[: asked.max_faces]
    both = list(zip(taken, _noted(found, taken, asked.external_image_id), strict=True))
    ids = desk.people.loose_faces.add(desk.actor, both, collection, source)
    told_of = {face.index: details.detail(found, face.index, attributes) for face in largest}
    return {
        "FaceRecords": [
            {"Face": _face(template_id, note), "FaceDetail": told_of[face.index]}
            for template_id, (face, note) in zip(ids, both, strict=True)
        ],
        "FaceModelVersion": desk.model,
        "UnindexedFaces": [
            {"Reasons": _reasons(face, good), "FaceDetail": told_of[face.index]}
            for face in largest
            if face not in taken
        ],
    }


def listing(desk: Desk, asked: ListFaces) -> Json:
    """List the faces of a collection, newest first."""
    collection = desk.collection(asked.collection_id)
    user = desk.user(collection, asked.user_id) if asked.user_id else None
    more: Json = {}
    if asked.face_ids is not None:
        wanted = {own_id(each) for each in asked.face_ids}
        found = desk.records.templates.some(desk.actor, wanted).values()
        faces = [face for face in found if user is None or face.subject_id == user.id]
    else:
        theirs = user.id if user else None
        faces, more = listed(
            lambda most, at: desk.records.templates.kept(
                desk.actor, collection=collection, subject_id=theirs, limit=most, cursor=at
            ),
            asked.max_results or MOST_LISTED,
            asked.next_token,
        )
    owned = desk.owned(collection, faces)
    return {
        "Faces": [told(*each) for each in owned.values()],
        "FaceModelVersion": desk.model,
    } | more


def delete(desk: Desk, asked: DeleteFaces) -> Json:
    """Remove faces that are nobody's; those of users stay."""
    collection = desk.collection(asked.collection_id)
    wanted = list(dict.fromkeys(asked.face_ids))
    held = desk.held(collection, {own_id(each) for each in wanted})
    deleted: list[str] = []
    failed: list[Json] = []
    for each in wanted:
        if own_id(each) not in held:
            failed.append({"FaceId": each, "Reasons": ["FACE_NOT_FOUND"]})
            continue
        face, owner = held[own_id(each)]
        if owner.reference is not None:
            reasons = ["ASSOCIATED_TO_AN_EXISTING_USER"]
            failed.append({"FaceId": each, "UserId": owner.reference, "Reasons": reasons})
            continue
        desk.people.loose_faces.remove(desk.actor, face.id, owner.id)
        deleted.append(each)
    return {"DeletedFaces": deleted, "UnsuccessfulFaceDeletions": failed}


def told(face: Kept, owner: Known | None) -> Json:
    """Return a face of a collection as lists and searches tell it."""
    whose = {"UserId": owner.reference} if owner and owner.reference is not None else {}
    return _face(face.id, face.seen or Seen()) | whose


def _face(template_id: str, noted: Seen) -> Json:
    known = {
        "BoundingBox": details.box_of(noted.box) if noted.box else None,
        "ImageId": noted.image_id,
        "ExternalImageId": noted.label,
        "Confidence": None if noted.score is None else percent(noted.score),
    }
    return {"FaceId": face_id(template_id)} | {
        name: part for name, part in known.items() if part is not None
    }


def _noted(found: Analysis, faces: Sequence[Face], label: str | None) -> list[Seen]:
    """Return what is noted of each face; the picture gets an id that it has only here."""
    image_id = str(uuid4())
    return [
        Seen(image_id, details.shares_of(found, face.index), face.score, label) for face in faces
    ]


def _reasons(face: Face, good: Sequence[Face]) -> list[str]:
    """Return why a face is not indexed: it is not good enough, or there are too many that are."""
    return [EXCEEDS] if face in good else details.reasons_of(face.reasons)
