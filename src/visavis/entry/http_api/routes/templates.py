"""`/api/v1/subjects/{id}/templates`: faces of somebody, enrolled from pictures."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from visavis.core.purposes import Purpose
from visavis.credentials.roles import Permission
from visavis.entry.http_api.access import Caller, Guarded, Held, KnownPeople, needs, takes_long
from visavis.entry.http_api.faces import PlaceOfFace, seen
from visavis.entry.http_api.lists import UNFIT, RowId
from visavis.entry.http_api.pictures import PICTURE_ANSWERS, Pictures, form_of, one
from visavis.entry.http_api.schemas import answers
from visavis.entry.http_api.schemas_recognition import (
    Enrolled,
    Lookalike,
    SeenOn,
    Shares,
    Template,
    Templates,
)
from visavis.usecases.errors import NotFound
from visavis.usecases.media_types import PICTURES
from visavis.usecases.seen import Seen

router = APIRouter(prefix="/api/v1", tags=["recognition"], route_class=Guarded)

For = Annotated[Purpose, Query(description="what for; they must have consented to it")]
AnyQuality = Annotated[bool, Query(description="take the face even when it is not good enough")]
Replace = Annotated[bool, Query(description="remove all their other templates at the same time")]
AnyLikeness = Annotated[bool, Query(description="take it even when it looks like somebody else")]

_NO_PICTURE = (404, "There is no such template here, or its picture is not kept.")
_ABSENT = (404, "There is no such subject or template here, or they were erased.")
_CLOSED = (403, "They may not, or mode, purpose, consent or age do not allow it.")
_AS_A_FILE = {"Content-Disposition": "attachment"}
_ALIKE = (409, "The face looks like somebody else who is enrolled; `detail` says who.")


@router.post(
    "/subjects/{subject_id}/templates",
    status_code=201,
    summary="Enrol a face",
    responses={**PICTURE_ANSWERS, **answers(_CLOSED, _ABSENT, _ALIKE)},
    openapi_extra=form_of(1),
)
@needs(Permission.PEOPLE_WRITE)
@takes_long
def enroll(
    subject_id: RowId,
    pictures: Pictures,
    response: Response,
    actor: Caller,
    people: KnownPeople,
    box: PlaceOfFace = None,
    purpose: For = Purpose.RECOGNITION,
    any_quality: AnyQuality = False,
    any_likeness: AnyLikeness = False,
    replace: Replace = False,
) -> Enrolled:
    """Seal a template of the face on a picture.

    The picture itself is not kept, unless the privacy rules say so; then it is sealed as well.
    """
    made = people.enrolment.enroll(
        actor,
        subject_id,
        one(pictures),
        purpose=purpose,
        box=box,
        any_quality=any_quality,
        any_likeness=any_likeness,
        replace=replace,
    )
    response.headers["Location"] = f"{router.prefix}/subjects/{subject_id}/templates"
    return Enrolled(
        template_id=made.template_id,
        subject_id=made.subject_id,
        embedder=made.embedder,
        face=seen(made.face),
        lookalikes=[
            Lookalike(subject_id=each.subject_id, similarity=each.similarity, fmr=each.fmr)
            for each in made.lookalikes
        ],
        searched=made.searched,
    )


@router.get(
    "/subjects/{subject_id}/templates",
    summary="List the templates of a subject",
    responses=answers(_ABSENT, UNFIT),
)
@needs(Permission.PEOPLE_READ)
def page(subject_id: RowId, actor: Caller, records: Held) -> Templates:
    """List all of them; never a vector."""
    return Templates(
        items=[
            Template(
                id=each.id,
                embedder=each.embedder,
                quality=each.quality,
                created_at=each.created_at,
                seen=_seen_on(each.seen),
                has_picture=each.has_picture,
            )
            for each in records.templates.page(actor, subject_id)
        ]
    )


@router.get(
    "/subjects/{subject_id}/templates/{template_id}/picture",
    summary="Read the picture of a template",
    response_class=Response,
    responses={
        200: {
            "description": "The picture as it was sent.",
            "content": {each: {} for each in PICTURES},
        },
        **answers(_NO_PICTURE, UNFIT),
    },
)
@needs(Permission.PHOTOS_READ)
@takes_long
def picture(subject_id: RowId, template_id: RowId, actor: Caller, records: Held) -> Response:
    """Answer the picture that somebody was enrolled from, where it is kept."""
    found = records.portraits.of(actor, template_id, subject_id)
    if found is None:
        raise NotFound("picture")
    return Response(found.data, media_type=found.media_type, headers=_AS_A_FILE)


@router.delete(
    "/subjects/{subject_id}/templates/{template_id}",
    status_code=204,
    summary="Remove a template",
    responses=answers(_ABSENT, UNFIT),
)
@needs(Permission.PEOPLE_WRITE)
def remove(subject_id: RowId, template_id: RowId, actor: Caller, records: Held) -> None:
    """Remove one template; the subject's others stay."""
    records.templates.remove(actor, template_id, subject_id)


def _seen_on(seen_: Seen | None) -> SeenOn | None:
    if seen_ is None:
        return None
    box = None
    if seen_.box is not None:
        x, y, width, height = seen_.box
        box = Shares(x=x, y=y, width=width, height=height)
    return SeenOn(image_id=seen_.image_id, box=box, score=seen_.score, label=seen_.label)
