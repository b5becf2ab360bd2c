"""Amazon Rekognition's interface for faces: `POST /`, JSON, signed with an API key.

Programs that were written for it, with boto3 or any other of its clients, need another endpoint and
nothing else. A collection is a collection, a face a template, a user somebody with a reference.
"""

from typing import Any

import orjson
from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from visavis.entry.http_api.access import Caller, Held, KnownPeople, logged_in, takes_long
from visavis.entry.http_api.dialects.rekognition.desk import Desk
from visavis.entry.http_api.dialects.rekognition.errors import (
    ACCESS_DENIED,
    Refusal,
    answered,
    invalid,
)
from visavis.entry.http_api.dialects.rekognition.operations import NOT_OFFERED, OFFERED, Operation
from visavis.entry.http_api.dialects.rekognition.repeats import Repeats
from visavis.entry.http_api.dialects.rekognition.route import RekognitionRoute, operation_of
from visavis.entry.http_api.dialects.rekognition.shapes import Shape
from visavis.entry.http_api.dialects.rekognition.traits import Json
from visavis.entry.services import Services

router = APIRouter(route_class=RekognitionRoute)

_REPEATS = Repeats()


@router.post("/")
@logged_in
@takes_long
def act(request: Request, actor: Caller, records: Held, people: KnownPeople) -> Response:
    """Do what the header `X-Amz-Target` names, where the caller may."""
    name = operation_of(request)
    operation = _offered(name)
    for permission in operation.needs:
        actor.require(permission)
    asked = _asked(operation, request.state.body)
    services: Services = request.app.state.services
    desk = Desk(actor, records, people, services.analyses)
    return answered(_done(name, operation, desk, asked))


def _offered(name: str) -> Operation:
    """Return the operation of a name.

    Raises:
        Refusal: there is none, or it is not offered here.
    """
    if name in OFFERED:
        return OFFERED[name]
    if name in NOT_OFFERED:
        raise Refusal(
            ACCESS_DENIED, f"{name} is not offered here; the faces of pictures are all there is."
        )
    raise Refusal("UnknownOperationException", "Rekognition has no such operation.")


def _asked(operation: Operation, body: bytes) -> Shape:
    """Return the parameters of a request.

    Raises:
        Refusal: they are not JSON, or do not fit.
    """
    try:
        content: Any = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError:
        raise Refusal("SerializationException", "The body is not JSON.") from None
    try:
        return operation.asked.model_validate(content)
    except ValidationError as error:
        raise invalid(_faults(error)) from None


def _faults(error: ValidationError) -> str:
    """Return what does not fit, each with where it is; never what was sent."""
    found = error.errors(include_input=False, include_url=False)
    told = (f"{'.'.join(map(str, each['loc'])) or 'the body'}: {each['msg']}" for each in found[:5])
    return "The request has parameters that cannot be used. " + "; ".join(told)


def _done(name: str, operation: Operation, desk: Desk, asked: Shape) -> Json:
    """Do it; where the client named the request, once."""
    token = getattr(asked, "client_request_token", None)
    if token is None:
        return operation.act(desk, asked)
    ids = desk.actor.tenant_id, name, token
    now = desk.records.ground.clock()
    return _REPEATS.once(ids, asked, now, lambda: operation.act(desk, asked))
