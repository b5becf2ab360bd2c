"""SearchFaces, SearchFacesByImage, SearchUsers, SearchUsersByImage."""

from collections.abc import Collection

from visavis.credentials.roles import Permission
from visavis.entry.http_api.dialects.largest import largest_first
from visavis.entry.http_api.dialects.rekognition import details
from visavis.entry.http_api.dialects.rekognition.desk import Desk, face_id
from visavis.entry.http_api.dialects.rekognition.errors import invalid
from visavis.entry.http_api.dialects.rekognition.faces import told
from visavis.entry.http_api.dialects.rekognition.likes import (
    Alike,
    alike_enough,
    like_face,
    like_picture,
    like_user,
)
from visavis.entry.http_api.dialects.rekognition.pictures import (
    is_good,
    source_of,
    the_largest,
)
from visavis.entry.http_api.dialects.rekognition.shapes import (
    Image,
    SearchFaces,
    SearchFacesByImage,
    SearchUsers,
    SearchUsersByImage,
)
from visavis.entry.http_api.dialects.rekognition.traits import Json, percent
from visavis.usecases.analysis import Analysis
from visavis.usecases.faces import Face, seen


def faces(desk: Desk, asked: SearchFaces) -> Json:
    """Search a collection for a face that it holds; the face itself is never found."""
    collection = desk.collection(asked.collection_id)
    face, _ = desk.face(collection, asked.face_id)
    scale, least = desk.scores(face.embedder), asked.face_match_threshold
    search = like_face(desk, collection, face, least, every=True)
    alike = alike_enough(search, scale, least, asked.max_faces)
    return {
        "SearchedFaceId": asked.face_id,
        "FaceMatches": _faces(desk, collection, alike)[: asked.max_faces],
        "FaceModelVersion": face.embedder,
    }


def faces_by_image(desk: Desk, asked: SearchFacesByImage) -> Json:
    """Search a collection for the largest face of a picture."""
    collection = desk.collection(asked.collection_id)
    picture, everybody = _looked_at(desk, collection, asked.image)
    face = the_largest(everybody, asked.quality_filter)
    least = asked.face_match_threshold
    search = like_picture(desk, collection, face, least, every=True)
    alike = alike_enough(search, desk.scores(), least, asked.max_faces)
    return {
        "SearchedFaceBoundingBox": details.box_of(details.shares_of(picture, face.index)),
        "SearchedFaceConfidence": percent(face.score),
        "FaceMatches": _faces(desk, collection, alike)[: asked.max_faces],
        "FaceModelVersion": desk.model,
    }


def users(desk: Desk, asked: SearchUsers) -> Json:
    """Search the users of a collection for another user, or for a face that it holds."""
    if (asked.user_id is None) == (asked.face_id is None):
        raise invalid("Name a UserId or a FaceId, one of both.")
    collection, least = desk.collection(asked.collection_id), asked.user_match_threshold
    if asked.face_id is not None:
        face, _ = desk.face(collection, asked.face_id)
        search, model = like_face(desk, collection, face, least), face.embedder
        searched: Json = {"SearchedFace": {"FaceId": asked.face_id}}
    else:
        user = desk.user(collection, str(asked.user_id))
        search, model = like_user(desk, collection, user, least), desk.model
        searched = {"SearchedUser": {"UserId": user.reference}}
    alike = alike_enough(search, desk.scores(model), least)
    matches = _users(desk, collection, alike)[: asked.max_users]
    return {"UserMatches": matches, "FaceModelVersion": model, **searched}


def users_by_image(desk: Desk, asked: SearchUsersByImage) -> Json:
    """Search the users of a collection for the largest face of a picture."""
    collection = desk.collection(asked.collection_id)
    picture, everybody = _looked_at(desk, collection, asked.image)
    face = the_largest(everybody, asked.quality_filter)
    search = like_picture(desk, collection, face, asked.user_match_threshold)
    alike = alike_enough(search, desk.scores(), asked.user_match_threshold)
    others = [other for other in largest_first(everybody) if other is not face]
    return {
        "UserMatches": _users(desk, collection, alike)[: asked.max_users],
        "FaceModelVersion": desk.model,
        "SearchedFace": {"FaceDetail": details.detail(picture, face.index)},
        "UnsearchedFaces": [_unsearched(picture, each, asked.quality_filter) for each in others],
    }


def _looked_at(desk: Desk, collection: str, image: Image) -> tuple[Analysis, tuple[Face, ...]]:
    """Return a picture and its faces, where they may be searched for at all."""
    desk.people.recognition.may_search(desk.actor, collection=collection)
    return seen(desk.analyses, source_of(image, "Image"), details.ALWAYS)


def _faces(desk: Desk, collection: str, alike: Alike) -> list[Json]:
    """Return matches as faces; who may not see people learns the ids alone."""
    if not desk.actor.may(Permission.PEOPLE_READ):
        return [
            {"Similarity": much, "Face": {"FaceId": face_id(match.template_id)}}
            for match, much in alike
        ]
    held = desk.held(collection, _ids(alike))
    return [
        {"Similarity": much, "Face": told(*held[match.template_id])}
        for match, much in alike
        if match.template_id in held  # it may have gone meanwhile
    ]


def _ids(alike: Alike) -> Collection[str]:
    return {match.template_id for match, _ in alike}


def _users(desk: Desk, collection: str, alike: Alike) -> list[Json]:
    """Return matches as users; who has no reference is none."""
    known = desk.records.subjects.some(desk.actor, {match.subject_id for match, _ in alike})
    named = [(known.get(match.subject_id), much) for match, much in alike]
    return [
        {"Similarity": much, "User": {"UserId": who.reference, "UserStatus": "ACTIVE"}}
        for who, much in named
        if who is not None and who.collection == collection and who.reference is not None
    ]


def _unsearched(picture: Analysis, face: Face, quality: str) -> Json:
    poor = [] if is_good(face, quality) else details.reasons_of(face.reasons)
    return {
        "FaceDetails": details.detail(picture, face.index),
        "Reasons": ["FACE_NOT_LARGEST", *poor],
    }
