"""`/register` and `/build/index`: faces of people are enrolled; the index builds itself."""

from fastapi import APIRouter, Request, Response

from visavis.core.types import Source
from visavis.credentials.roles import Permission
from visavis.entry.http_api.access import Caller, Held, KnownPeople, needs, takes_long
from visavis.entry.http_api.dialects.answers import answered
from visavis.entry.http_api.dialects.deepface.options import options_of
from visavis.entry.http_api.dialects.deepface.requests import SentRequest
from visavis.entry.http_api.dialects.deepface.route import DeepFaceRoute
from visavis.entry.http_api.dialects.names import found
from visavis.entry.services import Services
from visavis.usecases.faces import Face, look, the_one

router = APIRouter(route_class=DeepFaceRoute)


@router.post("/register")
@needs(Permission.PEOPLE_WRITE)
@takes_long
def register(
    request: Request, sent: SentRequest, actor: Caller, records: Held, people: KnownPeople
) -> Response:
    """Enrol the one face of a picture; `img_name` says whose it is."""
    services: Services = request.app.state.services
    options_of(sent, services.analyses.embedder)
    name, picture = sent.text("img_name", "").strip() or None, sent.picture("img")
    people.introductions.enroll_as(
        actor,
        name,
        found(records, actor, name) if name else None,
        lambda: _the_face(services, picture),
        picture=picture,
    )
    return answered({"inserted": 1})


@router.post("/build/index")
@needs(Permission.PEOPLE_WRITE)
def build_index() -> Response:
    """Say that the index is built: it follows by itself whatever is enrolled."""
    return answered({"message": "Index built successfully"})


def _the_face(services: Services, picture: Source) -> Face:
    return the_one(look(services.analyses, picture))
