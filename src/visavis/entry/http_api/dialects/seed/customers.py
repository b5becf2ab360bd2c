"""`/face_recognize` and `/add_new_person`: who a customer is, and who is new.

Of several faces the largest is meant: whoever stands before the counter.
"""

from fastapi import APIRouter, Request, Response

from visavis.core.errors import InvalidInput
from visavis.core.types import Source
from visavis.credentials.roles import Permission
from visavis.entry.http_api.access import Caller, Held, KnownPeople, needs, takes_long
from visavis.entry.http_api.dialects.answers import answered
from visavis.entry.http_api.dialects.largest import largest
from visavis.entry.http_api.dialects.seed.forms import SentForm
from visavis.entry.http_api.dialects.seed.route import SeedRoute
from visavis.entry.http_api.dialects.seed.telling import told
from visavis.entry.services import Services
from visavis.usecases.faces import Face, look
from visavis.usecases.subject_profiles import LONGEST_NOTES

router = APIRouter(route_class=SeedRoute)


@router.post("/face_recognize")
@needs(Permission.RECOGNISE)
@takes_long
def recognize(
    request: Request, sent: SentForm, actor: Caller, records: Held, people: KnownPeople
) -> Response:
    """Tell who a customer is. A description is taken and not needed."""
    people.recognition.may_search(actor)
    face = _largest(request, sent.picture)
    return answered(told(records, actor, people.recognition.identified(actor, (face,), top=1)))


@router.post("/add_new_person")
@needs(Permission.PEOPLE_WRITE)
@takes_long
def add(
    request: Request, sent: SentForm, actor: Caller, records: Held, people: KnownPeople
) -> Response:
    """Enrol a customer with a description; whoever is known already is returned as they are."""
    if not sent.description:
        raise InvalidInput(
            f"send a description of 1 to {LONGEST_NOTES} characters, in the field 'description'"
        )
    people.introductions.check(actor)
    people.recognition.may_search(actor)
    face = _largest(request, sent.picture)
    found = people.recognition.identified(actor, (face,), top=1)
    if found.faces[0].match:
        return answered(told(records, actor, found))
    known, _ = people.introductions.introduce(
        actor, face, notes=sent.description, any_likeness=True, picture=sent.picture
    )
    return answered(told(records, actor, found, made=known))


def _largest(request: Request, picture: Source) -> Face:
    services: Services = request.app.state.services
    return largest(look(services.analyses, picture))
