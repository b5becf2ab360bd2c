"""`/search`: who the faces of a picture are, among the organisation's own people."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from fastapi import APIRouter, Request, Response

from visavis.core.errors import InvalidInput
from visavis.credentials.roles import Permission
from visavis.entry.http_api.access import Caller, Held, KnownPeople, needs, takes_long
from visavis.entry.http_api.dialects.answers import answered
from visavis.entry.http_api.dialects.deepface.distances import METRICS, metric_of
from visavis.entry.http_api.dialects.deepface.faces import place
from visavis.entry.http_api.dialects.deepface.options import DETECTOR, options_of
from visavis.entry.http_api.dialects.deepface.requests import Sent, SentRequest
from visavis.entry.http_api.dialects.deepface.route import DeepFaceRoute
from visavis.entry.http_api.dialects.largest import largest_first
from visavis.entry.http_api.dialects.likeness import likeness
from visavis.entry.http_api.dialects.names import names
from visavis.entry.services import Services
from visavis.index.calibration import Calibration
from visavis.usecases.faces import FaceMissing, look
from visavis.usecases.recognised import Identification, Recognised
from visavis.usecases.scores import Scores
from visavis.usecases.searching import MOST_TOP

router = APIRouter(route_class=DeepFaceRoute)

METHODS = ("exact", "ann")
"""Both are the same here: the index guesses, and what it guesses is compared exactly."""

_DECIMALS = 6


@router.post("/search")
@needs(Permission.RECOGNISE)
@takes_long
def search(
    request: Request, sent: SentRequest, actor: Caller, records: Held, people: KnownPeople
) -> Response:
    """Return for each face the people whom it shows, the nearest first."""
    people.recognition.may_search(actor)
    services: Services = request.app.state.services
    embedder = services.analyses.embedder
    options, asked = options_of(sent, embedder), _asked(sent)
    faces = largest_first(look(services.analyses, sent.picture("img")))
    if not faces and options.must_find:
        raise FaceMissing
    found = people.recognition.identified(actor, faces, top=asked.most)
    if not found.gallery:
        raise InvalidInput("No embeddings found in the database; register somebody first")
    who = names(records, actor, {one.subject_id for each in found.faces for one in each.candidates})
    scores = Scores(records.ground).of(actor.tenant_id, embedder)
    results = [rows(each, found, asked, who, scores) for each in found.faces]
    return answered({"results": results})


class Asked(NamedTuple):
    """How to search.

    Attributes:
        most: Most people for each face.
        method: One of `METHODS`.
        metric: How a distance is told.
        is_open: Whether people are told also who are too far to be the same.
    """

    most: int
    method: str
    metric: str
    is_open: bool


def rows(
    face: Recognised,
    found: Identification,
    asked: Asked,
    who: Mapping[str, str],
    scores: Calibration,
) -> list[dict[str, Any]]:
    """Return what is told of one face: a row for each person, the nearest first."""
    metric = METRICS[asked.metric]
    threshold = round(metric(found.threshold), _DECIMALS)
    same = {
        "model_name": found.embedder,
        "detector_backend": DETECTOR,
        "aligned": True,
        "l2_normalized": True,
        "search_method": asked.method,
        **{f"target_{side}": length for side, length in place(face.face).items()},
        "threshold": threshold,
        "distance_metric": asked.metric,
    }
    told: list[dict[str, Any]] = [
        {"id": each.template_id, "img_name": who[each.subject_id]}
        | same
        | {
            "distance": round(metric(each.similarity), _DECIMALS),
            "confidence": round(100 * likeness(each.similarity, scores), 2),
        }
        for each in face.candidates
    ]
    return [row for row in told if asked.is_open or row["distance"] <= threshold]


def _asked(sent: Sent) -> Asked:
    """Return how to search.

    Raises:
        InvalidInput: there is no such method or metric, or nobody is wanted.
    """
    method, metric = sent.text("search_method", METHODS[0]), sent.text("distance_metric", "cosine")
    if method not in METHODS:
        raise InvalidInput(f"there is no search_method {method[:50]!r}; choose exact or ann")
    metric_of(metric)
    return Asked(_most(sent), method, metric, sent.flag("similarity_search", default=False))


def _most(sent: Sent) -> int:
    """Return how many people are wanted for each face."""
    most = sent.number("k")
    if most is None:
        return MOST_TOP
    if most < 1:
        raise InvalidInput("k is to be 1 or more")
    return min(int(most), MOST_TOP)
