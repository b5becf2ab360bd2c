"""`/api/v1/verification`: whether pictures, or vectors, are of the same person."""

from typing import Any

import numpy as np
from fastapi import APIRouter, Request, Response

from visavis.core.errors import InvalidInput
from visavis.core.types import Floats
from visavis.credentials.roles import Permission
from visavis.entry.http_api.access import Caller, Held, KnownPeople, needs, takes_long
from visavis.entry.http_api.dialects.answers import answered
from visavis.entry.http_api.dialects.compreface.embeddings import SourceAndTargets, ranked
from visavis.entry.http_api.dialects.compreface.errors import WrongEmbeddings
from visavis.entry.http_api.dialects.compreface.faces import told, versions
from visavis.entry.http_api.dialects.compreface.looking import Looked, allowed, look
from visavis.entry.http_api.dialects.compreface.options import Options, Wanted
from visavis.entry.http_api.dialects.compreface.pictures import Pair
from visavis.entry.http_api.dialects.compreface.route import PREFIX, CompreFaceRoute
from visavis.entry.http_api.dialects.compreface.scale import Scale
from visavis.entry.services import Services
from visavis.usecases.faces import the_one

router = APIRouter(prefix=f"{PREFIX}/verification", route_class=CompreFaceRoute)


@router.post("/verify")
@needs(Permission.RECOGNISE)
@takes_long
def verify(
    request: Request,
    pictures: Pair,
    options: Wanted,
    actor: Caller,
    records: Held,
    people: KnownPeople,
) -> Response:
    """Compare the one face of a picture with the faces of another."""
    people.comparing.check(actor)
    services: Services = request.app.state.services
    features, embedder = allowed(records, actor, options), services.analyses.embedder
    source = look(services, pictures[0], features, options.of_all())
    one = the_one(source.faces)
    target = look(services, pictures[1], features, options)
    others = np.stack([face.vector for face in target.faces])
    cosines = people.comparing.with_each_other(actor, one.vector[None], others, embedder)[0]
    answer: dict[str, Any] = {
        "source_image_face": told(source.found, one.index, options),
        "face_matches": matches(target, cosines, options, Scale(records, actor, embedder)),
    }
    if options.is_detailed:
        answer["plugins_versions"] = versions(target.found, embedder, options.plugins)
    return answered({"result": [answer]})


@router.post("/embeddings/verify")
@needs(Permission.RECOGNISE)
@takes_long
def verify_embeddings(
    request: Request, sent: SourceAndTargets, actor: Caller, records: Held, people: KnownPeople
) -> Response:
    """Compare a vector with others."""
    services: Services = request.app.state.services
    (source, targets), embedder = sent, services.analyses.embedder
    try:
        cosines = people.comparing.with_each_other(actor, source, targets, embedder)[0]
    except InvalidInput as exc:
        raise WrongEmbeddings(str(exc)) from exc
    return answered(ranked(targets, cosines.tolist(), Scale(records, actor, embedder)))


def matches(
    looked: Looked, cosines: Floats, options: Options, scale: Scale
) -> list[dict[str, Any]]:
    """Return faces with how alike each is to the one that they are compared with."""
    return [
        told(looked.found, face.index, options) | {"similarity": scale(float(cosine))}
        for face, cosine in zip(looked.faces, cosines, strict=True)
    ]
