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
from visavis.entry.http_api.schemas_recognition import Enrolled, Lookalike, Template, Templates

router = APIRouter(prefix="/api/v1", tags=["recognition"], route_class=Guarded)

For = Annotated[Purpose, Query(description="what for; they must have consented to it")]
AnyQuality = Annotated[bool, Query(description="take the face even when it is not good enough")]
AnyLikeness = Annotated[bool, Query(description="take it even when it looks like somebody else")]

_ABSENT = (404, "There is no such subject or template here, or they were erased.")
_CLOSED = (403, "They may not, or mode, purpose, consent or age do not allow it.")
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
) -> Enrolled:
    """Seal a template of the face on a picture; the picture itself is not kept."""
    made = people.enrolment.enroll(
        actor,
        subject_id,
        one(pictures),
        purpose=purpose,
        box=box,
        any_quality=any_quality,
        any_likeness=any_likeness,
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
            )
            for each in records.templates.page(actor, subject_id)
        ]
    )


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
