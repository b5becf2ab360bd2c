"""`/api/v1/recognition`: who is on a picture, or whose vectors are."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from visavis.core.errors import InvalidInput
from visavis.credentials.roles import Permission
from visavis.entry.http_api.access import Caller, Held, KnownPeople, needs, takes_long
from visavis.entry.http_api.dialects.answers import answered
from visavis.entry.http_api.dialects.compreface.embeddings import Embeddings, ranked
from visavis.entry.http_api.dialects.compreface.errors import WrongEmbeddings
from visavis.entry.http_api.dialects.compreface.faces import told, versions
from visavis.entry.http_api.dialects.compreface.looking import allowed, look
from visavis.entry.http_api.dialects.compreface.options import Predictions, Wanted
from visavis.entry.http_api.dialects.compreface.pictures import Picture
from visavis.entry.http_api.dialects.compreface.route import PREFIX, CompreFaceRoute
from visavis.entry.http_api.dialects.compreface.scale import Scale
from visavis.entry.http_api.dialects.names import names
from visavis.entry.services import Services
from visavis.usecases.recognised import Answer, Match

router = APIRouter(prefix=f"{PREFIX}/recognition", route_class=CompreFaceRoute)


@router.post("/recognize")
@needs(Permission.RECOGNISE)
@takes_long
def recognize(
    request: Request,
    picture: Picture,
    options: Wanted,
    predictions: Predictions,
    actor: Caller,
    records: Held,
    people: KnownPeople,
) -> Response:
    """Tell who the faces of a picture are most like, be they known or not."""
    people.recognition.may_search(actor)
    services: Services = request.app.state.services
    features, embedder = allowed(records, actor, options), services.analyses.embedder
    looked = look(services, picture, features, options)
    said = people.recognition.identified(actor, looked.faces, top=predictions).faces
    who, scale = names(records, actor, _people(said)), Scale(records, actor, embedder)
    answer: dict[str, object] = {
        "result": [
            told(looked.found, each.face.index, options)
            | {"subjects": _alike(each.candidates, who, scale)}
            for each in said
        ]
    }
    if options.is_detailed:
        answer["plugins_versions"] = versions(looked.found, embedder, options.plugins)
    return answered(answer)


@router.post("/embeddings/recognize")
@needs(Permission.RECOGNISE)
@takes_long
def recognize_embeddings(
    request: Request,
    vectors: Embeddings,
    predictions: Predictions,
    actor: Caller,
    records: Held,
    people: KnownPeople,
) -> Response:
    """Tell whom vectors are most like."""
    services: Services = request.app.state.services
    scale = Scale(records, actor, services.analyses.embedder)
    try:
        said = people.recognition.recognize_vectors(actor, vectors, top=predictions).probes
    except InvalidInput as exc:
        raise WrongEmbeddings(str(exc)) from exc
    who = names(records, actor, _people(said))
    result = [
        {"embedding": vector, "similarities": _alike(each.candidates, who, scale)}
        for vector, each in zip(vectors, said, strict=True)
    ]
    return answered({"result": result})


@router.post("/embeddings/faces/{image_id}/verify")
@needs(Permission.RECOGNISE)
@takes_long
def verify_embeddings(
    request: Request,
    image_id: UUID,
    vectors: Embeddings,
    actor: Caller,
    records: Held,
    people: KnownPeople,
) -> Response:
    """Compare vectors with a face that was enrolled."""
    services: Services = request.app.state.services
    embedder = services.analyses.embedder
    try:
        cosines = people.comparing.with_template(actor, image_id.hex, vectors, embedder)
    except InvalidInput as exc:
        raise WrongEmbeddings(str(exc)) from exc
    return answered(ranked(vectors, cosines.tolist(), Scale(records, actor, embedder)))


def _people(said: Sequence[Answer]) -> set[str]:
    return {each.subject_id for answer in said for each in answer.candidates}


def _alike(
    candidates: Sequence[Match], who: Mapping[str, str], scale: Scale
) -> list[dict[str, Any]]:
    """Return whom a face is like, the most alike first."""
    return [
        {"subject": who[each.subject_id], "similarity": scale(each.similarity)}
        for each in candidates
    ]
