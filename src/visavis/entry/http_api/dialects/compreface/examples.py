"""`/api/v1/recognition/faces`: the faces of people that were enrolled, one template each."""

from contextlib import suppress
from typing import Annotated
from uuid import UUID

import numpy as np
from fastapi import APIRouter, Depends, Query, Request, Response

from visavis.core.errors import InvalidInput
from visavis.core.types import Source
from visavis.credentials.roles import Permission
from visavis.entry.http_api.access import Caller, Held, KnownPeople, needs, takes_long
from visavis.entry.http_api.dialects.answers import answered
from visavis.entry.http_api.dialects.bodies import read_json
from visavis.entry.http_api.dialects.compreface.example_pages import (
    WhichPage,
    page_of,
    told,
)
from visavis.entry.http_api.dialects.compreface.faces import versions
from visavis.entry.http_api.dialects.compreface.looking import allowed, look
from visavis.entry.http_api.dialects.compreface.naming import usable
from visavis.entry.http_api.dialects.compreface.options import Options, Wanted
from visavis.entry.http_api.dialects.compreface.pictures import Picture
from visavis.entry.http_api.dialects.compreface.route import PREFIX, CompreFaceRoute
from visavis.entry.http_api.dialects.compreface.scale import Scale
from visavis.entry.http_api.dialects.compreface.verification import matches
from visavis.entry.http_api.dialects.names import called, found, names
from visavis.entry.services import Records, Services
from visavis.usecases.actor import Actor
from visavis.usecases.errors import NotFound
from visavis.usecases.faces import Face, the_one

router = APIRouter(prefix=f"{PREFIX}/recognition", route_class=CompreFaceRoute)

MOST_REMOVED = 10_000
"""Faces that one request names."""

AT_ONCE = 500
"""Faces that are looked up in one query where everybody's are removed."""

Subject = Annotated[str, Query(max_length=200)]


@router.post("/faces")
@needs(Permission.PEOPLE_WRITE)
@takes_long
def add(
    request: Request,
    picture: Picture,
    options: Wanted,
    subject: Subject,
    actor: Caller,
    records: Held,
    people: KnownPeople,
) -> Response:
    """Enrol the one face of a picture; whoever is not known yet is added."""
    services: Services = request.app.state.services
    name = usable(subject)
    known, made = people.introductions.enroll_as(
        actor,
        name,
        found(records, actor, name),
        lambda: _the_face(services, picture, options),
        picture=picture,
    )
    return answered({"image_id": str(UUID(made.template_id)), "subject": called(known)}, 201)


@router.get("/faces")
@needs(Permission.PEOPLE_READ)
@takes_long
def page(
    pages: WhichPage, actor: Caller, records: Held, subject: Subject | None = None
) -> Response:
    """List faces, newest first."""
    return answered(page_of(records, actor, pages, subject))


@router.delete("/faces")
@needs(Permission.PEOPLE_WRITE)
@takes_long
def remove_all(actor: Caller, records: Held, subject: Subject | None = None) -> Response:
    """Remove the faces of somebody, or of everybody; the people stay."""
    if subject:
        known = found(records, actor, subject)
        ids = [each.id for each in records.templates.page(actor, known.id)] if known else []
        return answered({"deleted": len(_removed(records, actor, ids))})
    return answered({"deleted": _all_removed(records, actor)})


async def _some_ids(request: Request) -> list[str]:
    sent = await read_json(request)
    if not isinstance(sent, list) or len(sent) > MOST_REMOVED:
        raise InvalidInput(f"send a list of up to {MOST_REMOVED} ids of images")
    try:
        return [UUID(str(each)).hex for each in sent]
    except ValueError as exc:
        raise InvalidInput("an id of an image is a UUID") from exc


@router.post("/faces/delete")
@needs(Permission.PEOPLE_WRITE)
@takes_long
def remove_some(
    image_ids: Annotated[list[str], Depends(_some_ids)], actor: Caller, records: Held
) -> Response:
    """Remove several faces; those that are not there are left out."""
    return answered(_removed(records, actor, image_ids))


@router.delete("/faces/{image_id}")
@needs(Permission.PEOPLE_WRITE)
def remove(image_id: UUID, actor: Caller, records: Held) -> Response:
    """Remove a face; whose it is stays."""
    gone = _removed(records, actor, [image_id.hex])
    if not gone:
        raise NotFound("template")
    return answered(gone[0])


@router.get("/faces/{image_id}/img")
@needs(Permission.PEOPLE_READ)
def picture_of(image_id: UUID, actor: Caller, records: Held) -> Response:
    """Return the picture of a face where the organisation keeps pictures; else nothing."""
    try:
        kept = records.portraits.of(actor, image_id.hex)
    except NotFound:
        kept = None
    return Response(kept.data if kept else b"", media_type="application/octet-stream")


@router.post("/faces/{image_id}/verify")
@needs(Permission.RECOGNISE)
@takes_long
def verify(
    request: Request,
    image_id: UUID,
    picture: Picture,
    options: Wanted,
    actor: Caller,
    records: Held,
    people: KnownPeople,
) -> Response:
    """Compare the faces of a picture with one that was enrolled."""
    people.comparing.check(actor)
    services: Services = request.app.state.services
    features, embedder = allowed(records, actor, options), services.analyses.embedder
    looked = look(services, picture, features, options)
    vectors = np.stack([face.vector for face in looked.faces])
    cosines = people.comparing.with_template(actor, image_id.hex, vectors, embedder)
    scale = Scale(records, actor, embedder)
    answer: dict[str, object] = {"result": matches(looked, cosines, options, scale)}
    if options.is_detailed:
        answer["plugins_versions"] = versions(looked.found, embedder, options.plugins)
    return answered(answer)


def _the_face(services: Services, picture: Source, options: Options) -> Face:
    return the_one(look(services, picture, frozenset(), options.of_all()).faces)


def _all_removed(records: Records, actor: Actor) -> int:
    """Remove the templates of all who are in no collection, some at a time; return how many."""
    count, gone = 0, 1
    while gone:
        ids = list(records.templates.whose(actor, most=AT_ONCE))
        gone = len(_removed(records, actor, ids))
        count += gone
    return count


def _removed(records: Records, actor: Actor, template_ids: list[str]) -> list[dict[str, str]]:
    """Remove templates of the organisation's own people; return what they were."""
    kept = records.templates.some(actor, template_ids) if template_ids else {}
    own = records.subjects.some(actor, {each.subject_id for each in kept.values()})
    who = names(records, actor, list(own))
    gone = []
    for each in kept.values():
        if each.subject_id not in own or own[each.subject_id].collection:
            continue
        with suppress(NotFound):  # it went with the one it is a copy of, or somebody was quicker
            records.templates.remove(actor, each.id)
            gone.append(told(each.id, each.subject_id, who))
    return gone
