"""`/verify`: whether two pictures show the same person; of several faces the largest is meant."""

import time

from fastapi import APIRouter, Request, Response

from visavis.core.types import Source
from visavis.credentials.roles import Permission
from visavis.entry.http_api.access import Caller, Held, KnownPeople, needs, takes_long
from visavis.entry.http_api.dialects.answers import answered
from visavis.entry.http_api.dialects.deepface.distances import metric_of
from visavis.entry.http_api.dialects.deepface.faces import area
from visavis.entry.http_api.dialects.deepface.options import DETECTOR, options_of
from visavis.entry.http_api.dialects.deepface.requests import SentRequest
from visavis.entry.http_api.dialects.deepface.route import DeepFaceRoute
from visavis.entry.http_api.dialects.largest import largest
from visavis.entry.http_api.dialects.likeness import likeness
from visavis.entry.services import Services
from visavis.usecases.analysis import Analysis
from visavis.usecases.faces import Face, seen
from visavis.usecases.scores import Scores

router = APIRouter(route_class=DeepFaceRoute)

TARGET_FMR = 1e-3
"""How often two strangers may be taken for one person where no threshold is given."""

_DECIMALS = 6


@router.post("/verify")
@needs(Permission.RECOGNISE)
@takes_long
def verify(
    request: Request, sent: SentRequest, actor: Caller, records: Held, people: KnownPeople
) -> Response:
    """Compare the largest face of a picture with the largest of another."""
    started = time.perf_counter()
    people.comparing.check(actor)
    services: Services = request.app.state.services
    embedder = services.analyses.embedder
    options_of(sent, embedder)
    name, given = sent.text("distance_metric", "cosine"), sent.number("threshold")
    metric, pictures = metric_of(name), (sent.picture("img1"), sent.picture("img2"))
    (one, face), (two, other) = (_look(services, each) for each in pictures)
    vectors = face.vector[None], other.vector[None]
    cosine = float(people.comparing.with_each_other(actor, *vectors, embedder)[0, 0])
    scores = Scores(records.ground).of(actor.tenant_id, embedder)
    distance = round(metric(cosine), _DECIMALS)
    limit = metric(scores.threshold(TARGET_FMR)) if given is None else given
    threshold = round(limit, _DECIMALS)
    return answered(
        {
            "verified": distance <= threshold,
            "distance": distance,
            "threshold": threshold,
            "confidence": round(100 * likeness(cosine, scores), 2),
            "model": embedder,
            "detector_backend": DETECTOR,
            "similarity_metric": name,
            "facial_areas": {"img1": area(one, face.index), "img2": area(two, other.index)},
            "time": round(time.perf_counter() - started, 2),
        }
    )


def _look(services: Services, picture: Source) -> tuple[Analysis, Face]:
    found, faces = seen(services.analyses, picture)
    return found, largest(faces)
