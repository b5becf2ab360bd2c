"""`/represent` and `/analyze`: vectors of faces, and what they look like."""

from fastapi import APIRouter, Request, Response

from visavis.core.types import Feature
from visavis.credentials.roles import Permission
from visavis.entry.http_api.access import Caller, Held, needs, takes_long
from visavis.entry.http_api.dialects.answers import answered
from visavis.entry.http_api.dialects.deepface.demographies import actions_of, allowed, said
from visavis.entry.http_api.dialects.deepface.faces import area, certainty, in_order
from visavis.entry.http_api.dialects.deepface.options import Options, options_of
from visavis.entry.http_api.dialects.deepface.requests import SentRequest
from visavis.entry.http_api.dialects.deepface.route import DeepFaceRoute
from visavis.entry.services import Services
from visavis.usecases.analysis import Analysis
from visavis.usecases.faces import FaceMissing
from visavis.usecases.sensitive_use import note_sensitive_use

router = APIRouter(route_class=DeepFaceRoute)


@router.post("/represent")
@needs(Permission.ANALYSE)
@takes_long
def represent(request: Request, sent: SentRequest, actor: Caller, records: Held) -> Response:
    """Return the vectors of a picture's faces."""
    services: Services = request.app.state.services
    options = options_of(sent, services.analyses.embedder)
    features = records.privacy.features(actor, [Feature.POINTS.value, Feature.EMBEDDING.value])
    picture = sent.picture("img")
    found = services.analyses.result(services.analyses.submit(picture, features))
    vectors = found.faces.embeddings
    assert vectors is not None  # noqa: S101  # asked
    results = [
        {
            "embedding": vectors[i],
            "facial_area": area(found, i),
            "face_confidence": certainty(found, i),
        }
        for i in _chosen(found, options)
    ]
    return answered({"results": results})


@router.post("/analyze")
@needs(Permission.ANALYSE)
@takes_long
def analyze(request: Request, sent: SentRequest, actor: Caller, records: Held) -> Response:
    """Return what a picture's faces look like."""
    services: Services = request.app.state.services
    options = options_of(sent, services.analyses.embedder)
    heads = allowed(records, actor, actions_of(sent.values.get("actions")))
    features = frozenset({Feature.POINTS, *(Feature(head) for head in heads)})
    picture = sent.picture("img")
    found = services.analyses.result(services.analyses.submit(picture, features))
    note_sensitive_use(records.ground, actor, features, 1, len(found.faces))
    results = [
        {"region": area(found, i), "face_confidence": certainty(found, i)} | said(found, i, heads)
        for i in _chosen(found, options)
    ]
    return answered({"results": results})


def _chosen(found: Analysis, options: Options) -> list[int]:
    """Return the faces that are wanted, the largest first.

    Raises:
        FaceMissing: there is none, and there has to be one.
    """
    if not len(found.faces) and options.must_find:
        raise FaceMissing
    return in_order(found)[: options.most]
