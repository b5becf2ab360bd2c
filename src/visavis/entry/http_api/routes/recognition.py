"""`/api/v1/recognize`, `/identify` and `/verify`: who somebody is."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Query

from visavis.core.errors import InvalidInput
from visavis.core.purposes import Purpose
from visavis.credentials.roles import Permission
from visavis.entry.http_api.access import Caller, Guarded, Held, KnownPeople, needs, takes_long
from visavis.entry.http_api.faces import PlaceOfFace, seen
from visavis.entry.http_api.pictures import PICTURE_ANSWERS, Pictures, form_of, one
from visavis.entry.http_api.routes.subjects import collection_id
from visavis.entry.http_api.schemas import answers
from visavis.entry.http_api.schemas_collections import InCollection
from visavis.entry.http_api.schemas_recognition import (
    Candidate,
    Identification,
    RecognisedFace,
    Verification,
)
from visavis.entry.services import Records
from visavis.usecases import recognised
from visavis.usecases.actor import Actor
from visavis.usecases.recognition import DEFAULT_FMR, DEFAULT_FPIR, DEFAULT_TOP, MOST_TOP
from visavis.usecases.scores import LEAST_RATE
from visavis.usecases.subject_profiles import Known

router = APIRouter(prefix="/api/v1", tags=["recognition"], route_class=Guarded)

For = Annotated[Purpose, Query(description="what for; only who consented to it is compared")]
Top = Annotated[int, Query(ge=1, le=MOST_TOP, description="most candidates a face")]
Fpir = Annotated[
    float,
    Query(ge=LEAST_RATE, le=1, description="how often somebody who is not enrolled may be named"),
]
Fmr = Annotated[
    float, Query(ge=LEAST_RATE, le=1, description="how often a stranger may be a match")
]
Whom = Annotated[str | None, Query(pattern="^[0-9a-f]{32}$", description="who it is said to be")]

_PAIR = 2
_CLOSED = (403, "They may not, or mode, purpose, consent or age do not allow it.")
_ABSENT = (404, "There is no such subject here, or they were erased.")
_NOWHERE = (404, "There is no such collection.")


@router.post(
    "/recognize",
    summary="Tell who is on a picture",
    responses={**PICTURE_ANSWERS, **answers(_CLOSED, _NOWHERE)},
    openapi_extra=form_of(1),
)
@needs(Permission.RECOGNISE)
@takes_long
def recognize(
    pictures: Pictures,
    actor: Caller,
    records: Held,
    people: KnownPeople,
    purpose: For = Purpose.RECOGNITION,
    top: Top = DEFAULT_TOP,
    target_fpir: Fpir = DEFAULT_FPIR,
    collection: InCollection = None,
) -> Identification:
    """Compare every face with everybody who is enrolled (1:N). Nothing of the picture is kept.

    Without a collection, those are compared who are in none.
    """
    found = people.recognition.recognize(
        actor,
        one(pictures),
        purpose=purpose,
        top=top,
        target_fpir=target_fpir,
        collection=collection_id(records, actor, collection),
    )
    return _identification(records, actor, found)


@router.post(
    "/identify",
    summary="Tell who the one person on a picture is",
    responses={**PICTURE_ANSWERS, **answers(_CLOSED, _NOWHERE)},
    openapi_extra=form_of(1),
)
@needs(Permission.RECOGNISE)
@takes_long
def identify(
    pictures: Pictures,
    actor: Caller,
    records: Held,
    people: KnownPeople,
    box: PlaceOfFace = None,
    purpose: For = Purpose.RECOGNITION,
    top: Top = DEFAULT_TOP,
    target_fpir: Fpir = DEFAULT_FPIR,
    collection: InCollection = None,
) -> Identification:
    """As `recognize`, for exactly one face: none and several are refused."""
    found = people.recognition.identify(
        actor,
        one(pictures),
        purpose=purpose,
        box=box,
        top=top,
        target_fpir=target_fpir,
        collection=collection_id(records, actor, collection),
    )
    return _identification(records, actor, found)


@router.post(
    "/verify",
    summary="Tell whether somebody is who they say",
    responses={**PICTURE_ANSWERS, **answers(_CLOSED, _ABSENT)},
    openapi_extra=form_of(2),
)
@needs(Permission.RECOGNISE)
@takes_long
def verify(
    pictures: Pictures,
    actor: Caller,
    people: KnownPeople,
    subject_id: Whom = None,
    box: PlaceOfFace = None,
    purpose: For = Purpose.RECOGNITION,
    target_fmr: Fmr = DEFAULT_FMR,
) -> Verification:
    """Compare one picture with a subject, or two pictures with each other (1:1)."""
    if subject_id is not None:
        found = people.recognition.verify(
            actor,
            subject_id,
            one(pictures),
            purpose=purpose,
            box=box,
            target_fmr=target_fmr,
        )
    elif len(pictures) == _PAIR:
        found = people.recognition.compare(actor, *pictures, target_fmr=target_fmr)
    else:
        raise InvalidInput("send one picture and a subject_id, or two pictures")
    return _verification(found)


def _identification(
    records: Records, actor: Actor, found: recognised.Identification
) -> Identification:
    ids = {each.subject_id for face in found.faces for each in face.candidates}
    called = records.subjects.some(actor, ids) if actor.may(Permission.PEOPLE_READ) else {}
    return Identification(
        faces=[_face(face, called) for face in found.faces],
        gallery=found.gallery,
        target_fpir=found.target_fpir,
        threshold=found.threshold,
        embedder=found.embedder,
        liveness=found.liveness,
    )


def _face(found: recognised.Recognised, called: Mapping[str, Known]) -> RecognisedFace:
    candidates = [_candidate(each, called.get(each.subject_id)) for each in found.candidates]
    return RecognisedFace(
        face=seen(found.face),
        decision=found.decision,
        match=candidates[0] if found.match else None,
        candidates=candidates,
        margin=found.margin,
    )


def _candidate(match: recognised.Match, called: Known | None) -> Candidate:
    return Candidate(
        subject_id=match.subject_id,
        reference=called.reference if called else None,
        name=called.name if called else None,
        template_id=match.template_id,
        similarity=match.similarity,
        fmr=match.fmr,
        fpir=match.fpir,
    )


def _verification(found: recognised.Verification) -> Verification:
    return Verification(
        decision=found.decision,
        similarity=found.similarity,
        fmr=found.fmr,
        target_fmr=found.target_fmr,
        threshold=found.threshold,
        face=seen(found.face),
        other=seen(found.other) if found.other else None,
        embedder=found.embedder,
        liveness=found.liveness,
    )
