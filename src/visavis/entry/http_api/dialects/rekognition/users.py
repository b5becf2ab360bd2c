"""CreateUser, DeleteUser, ListUsers, AssociateFaces, DisassociateFaces.

A user is somebody of the collection who has a reference, the `UserId`.
"""

from collections.abc import Callable, Container, Sequence

from visavis.entry.http_api.dialects.rekognition.desk import Desk, listed, own_id
from visavis.entry.http_api.dialects.rekognition.errors import Refusal
from visavis.entry.http_api.dialects.rekognition.shapes import (
    MOST_LISTED,
    AssociateFaces,
    DisassociateFaces,
    ListUsers,
    OfUser,
)
from visavis.entry.http_api.dialects.rekognition.traits import Json
from visavis.store.errors import AlreadyThere
from visavis.usecases.subject_profiles import Known
from visavis.usecases.template_forms import MOST
from visavis.usecases.templates import Kept

ACTIVE, CREATED = "ACTIVE", "CREATED"
"""What users are: with faces, and without."""

NOT_FOUND, ANOTHERS = "FACE_NOT_FOUND", "ASSOCIATED_TO_A_DIFFERENT_USER"
NOT_ALIKE = "LOW_MATCH_CONFIDENCE"

_Judge = Callable[[Kept, Known], Json | None]


def create(desk: Desk, asked: OfUser) -> Json:
    """Make a user without faces."""
    collection = desk.collection(asked.collection_id)
    try:
        desk.records.newcomers.add(desk.actor, reference=asked.user_id, collection=collection)
    except AlreadyThere:
        raise Refusal(
            "ConflictException", "There is a user of this UserId in the collection already."
        ) from None
    return {}


def delete(desk: Desk, asked: OfUser) -> Json:
    """Erase a user; their faces stay, as nobody's, where they agreed and did not take it back."""
    collection = desk.collection(asked.collection_id)
    user = desk.user(collection, asked.user_id)
    desk.people.loose_faces.leave(desk.actor, user.id)
    desk.records.erasure.erase(desk.actor, user.id)
    return {}


def listing(desk: Desk, asked: ListUsers) -> Json:
    """List the users of a collection, newest first."""
    collection = desk.collection(asked.collection_id)
    found, more = listed(
        lambda most, at: desk.records.subjects.page(
            desk.actor, most, at, collection=collection, called=True
        ),
        asked.max_results or MOST_LISTED,
        asked.next_token,
    )
    active = desk.people.loose_faces.with_faces(desk.actor, {user.id for user in found})
    return {"Users": [_told(user, active) for user in found]} | more


def associate(desk: Desk, asked: AssociateFaces) -> Json:
    """Say that faces are a user's, where they are like those the user has."""
    collection = desk.collection(asked.collection_id)
    user = desk.user(collection, asked.user_id)
    had = desk.records.templates.page(desk.actor, user.id)

    def judge(face: Kept, owner: Known) -> Json | None:
        if owner.id == user.id:
            return None
        if owner.reference is not None:
            return {"UserId": owner.reference, "Reasons": [ANOTHERS]}
        return _unlike(desk, face, user, asked.user_match_threshold) if had else None

    good, failed = _judged(desk, collection, asked.face_ids, judge)
    if len({face.id for face in had} | set(map(own_id, good))) > MOST:
        raise Refusal("ServiceQuotaExceededException", f"A user has at most {MOST} faces.")
    if good:
        desk.people.loose_faces.give(desk.actor, list(map(own_id, good)), user.id)
    return {
        "AssociatedFaces": [{"FaceId": each} for each in good],
        "UnsuccessfulFaceAssociations": failed,
        "UserStatus": ACTIVE if good or had else CREATED,
    }


def disassociate(desk: Desk, asked: DisassociateFaces) -> Json:
    """Say that faces are nobody's."""
    collection = desk.collection(asked.collection_id)
    user = desk.user(collection, asked.user_id)

    def judge(_face: Kept, owner: Known) -> Json | None:
        if owner.id == user.id:
            return None
        if owner.reference is None:
            return {"Reasons": [NOT_FOUND]}
        return {"UserId": owner.reference, "Reasons": [ANOTHERS]}

    good, failed = _judged(desk, collection, asked.face_ids, judge)
    desk.people.loose_faces.free(desk.actor, map(own_id, good), user.id)
    active = desk.people.loose_faces.with_faces(desk.actor, {user.id})
    return {
        "DisassociatedFaces": [{"FaceId": each} for each in good],
        "UnsuccessfulFaceDisassociations": failed,
        "UserStatus": _status(user, active),
    }


def _judged(
    desk: Desk, collection: str, face_ids: Sequence[str], judge: _Judge
) -> tuple[list[str], list[Json]]:
    """Return which of some faces pass, and why the others do not."""
    wanted = list(dict.fromkeys(face_ids))
    held = desk.held(collection, {own_id(each) for each in wanted})
    good: list[str] = []
    failed: list[Json] = []
    for each in wanted:
        found = held.get(own_id(each))
        fault = judge(*found) if found else {"Reasons": [NOT_FOUND]}
        if fault is None:
            good.append(each)
        else:
            failed.append({"FaceId": each, **fault})
    return good, failed


def _unlike(desk: Desk, face: Kept, user: Known, least: float) -> Json | None:
    """Return why a face is not a user's; None where it is like one that they have."""
    found = desk.people.loose_faces.likeness(desk.actor, face.id, face.subject_id, user.id)
    percent = 0.0 if found is None else desk.scores(face.embedder).percent(found)
    if percent >= least:
        return None
    return {"UserId": user.reference, "Confidence": percent, "Reasons": [NOT_ALIKE]}


def _told(user: Known, active: Container[str]) -> Json:
    return {"UserId": user.reference, "UserStatus": _status(user, active)}


def _status(user: Known, active: Container[str]) -> str:
    return ACTIVE if user.id in active else CREATED
