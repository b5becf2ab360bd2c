"""`POST /api/v1/analyze`: pictures in, faces out."""

from base64 import b64encode
from collections.abc import Collection
from concurrent.futures import Future
from typing import Annotated, Any, TypeAlias

from fastapi import APIRouter, Depends, Request, Response

from visavis.core.errors import (
    DeadlineExceeded,
    ImageFault,
    InvalidImage,
    InvalidInput,
    VisavisError,
    WeightsError,
)
from visavis.core.types import Feature, Source
from visavis.credentials.roles import Permission
from visavis.entry.http_api.access import Caller, Guarded, Held, needs, takes_long
from visavis.entry.http_api.metrics import Metrics
from visavis.entry.http_api.routes.analysis_openapi import ANSWERS, EXTRA
from visavis.entry.http_api.schemas import Results
from visavis.entry.http_api.uploads import Form, read_form
from visavis.entry.services import Services
from visavis.usecases.analysis import Analyses, Analysis, Failure
from visavis.usecases.analysis_json import to_dict, to_json
from visavis.usecases.sensitive_use import note_sensitive_use

router = APIRouter(prefix="/api/v1", tags=["analysis"], route_class=Guarded)

DEFAULT_FEATURES = frozenset({Feature.POINTS})
ANNOTATED = "annotated"
_JPEG = "image/jpeg"

Outcome: TypeAlias = Analysis | Failure


@router.post(
    "/analyze",
    summary="Find the faces on pictures",
    response_model=Results,
    responses=ANSWERS,
    openapi_extra=EXTRA,
)
@needs(Permission.ANALYSE)
@takes_long
def analyze(
    request: Request, actor: Caller, records: Held, form: Annotated[Form, Depends(read_form)]
) -> Response:
    """Analyse every picture of the form; one bad picture never fails the others.

    A request with a single picture that fails is answered with that problem and its status.
    """
    services: Services = request.app.state.services
    asked = request.query_params.getlist("features") + form.texts["features"]
    features = records.privacy.features(actor, asked) if asked else DEFAULT_FEATURES
    annotate = _annotate(request.query_params.getlist("render") + form.texts["render"])
    if not form.pictures:
        raise InvalidInput("Send at least one picture, as a file in the field 'files'.")
    outcomes = _analyze(services.analyses, form.pictures, features, annotate=annotate)
    _count(request.app.state.metrics, outcomes)
    found = [len(outcome.faces) for outcome in outcomes if isinstance(outcome, Analysis)]
    note_sensitive_use(records.ground, actor, features, len(found), sum(found))
    _raise_if_alone(outcomes)
    if annotate and len(outcomes) == 1 and _JPEG in request.headers.get("accept", ""):
        return _picture(outcomes[0])
    return _answer(outcomes, features)


def _annotate(values: list[str]) -> bool:
    """Return whether annotated pictures are asked for."""
    if unknown := sorted(set(values) - {ANNOTATED, ""}):
        known = f"the only one is {ANNOTATED}"
        raise InvalidInput(f"There is no rendering {unknown[0][:50]!r}; {known}.")
    return ANNOTATED in values


def _analyze(
    analyses: Analyses,
    pictures: list[Source | Failure],
    features: Collection[Feature],
    *,
    annotate: bool,
) -> list[Outcome]:
    """Queue all pictures, then wait for them; a picture that failed on arrival stays as it is.

    Raises:
        Overloaded: the queue cannot take them all; none is left behind in it.
    """
    queued: list[tuple[str, Future[Analysis]] | Failure] = []
    try:
        for picture in pictures:
            if isinstance(picture, Failure):
                queued.append(picture)
            else:
                future = analyses.submit(picture, features, annotate=annotate)
                queued.append((picture.name, future))
    except VisavisError:
        for entry in queued:
            if not isinstance(entry, Failure):
                entry[1].cancel()
        raise
    return [entry if isinstance(entry, Failure) else analyses.outcome(*entry) for entry in queued]


def _count(metrics: Metrics, outcomes: list[Outcome]) -> None:
    for outcome in outcomes:
        if isinstance(outcome, Failure):
            metrics.picture(outcome.category)
        else:
            metrics.picture("analysed", len(outcome.faces))


def _raise_if_alone(outcomes: list[Outcome]) -> None:
    """Raise the failure of a request's only picture as the error it was."""
    match outcomes:
        case [Failure(category="deadline", reason=reason)]:
            raise DeadlineExceeded(reason)
        case [Failure(category="weights", reason=reason)]:
            raise WeightsError(reason)
        case [Failure(category=category, reason=reason)] if category in set(ImageFault):
            raise InvalidImage(ImageFault(category), reason)
        case [Failure(reason=reason)]:
            raise VisavisError(reason)


def _picture(outcome: Outcome) -> Response:
    """Answer the annotated picture itself."""
    assert isinstance(outcome, Analysis)  # noqa: S101  # a lone failure was raised before
    return Response(outcome.annotated, media_type=_JPEG, headers={"Cache-Control": "no-store"})


def _answer(outcomes: list[Outcome], features: Collection[Feature]) -> Response:
    """Answer all outcomes as one JSON document."""
    document = {
        "results": [_entry(outcome, features) for outcome in outcomes],
        "failures": sum(isinstance(outcome, Failure) for outcome in outcomes),
    }
    headers = {"Cache-Control": "no-store"}
    return Response(to_json(document), media_type="application/json", headers=headers)


def _entry(outcome: Outcome, features: Collection[Feature]) -> dict[str, Any]:
    entry = to_dict(outcome, features)
    if isinstance(outcome, Analysis) and outcome.annotated is not None:
        entry["annotated_jpeg"] = b64encode(outcome.annotated).decode("ascii")
    return entry
