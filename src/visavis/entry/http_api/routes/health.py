"""For those who watch over the service: `/healthz`, `/readyz`, `/metrics`."""

import orjson
from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from visavis.credentials.roles import Permission
from visavis.entry.http_api.access import Guarded, needs, open_to_all
from visavis.entry.http_api.metrics import Metrics
from visavis.entry.http_api.schemas import Health, Readiness
from visavis.entry.services import Records, Services
from visavis.store.errors import StoreUnavailable

router = APIRouter(tags=["health"], route_class=Guarded)


@router.get("/healthz", summary="Is the process alive?", response_model=Health)
@open_to_all
def healthz() -> Response:
    """Answer as long as the process can answer at all."""
    return Response(b'{"status":"alive"}', media_type="application/json")


@router.get(
    "/readyz",
    summary="Are requests served?",
    response_model=Readiness,
    responses={503: {"model": Readiness, "description": "Not now; `problems` says why."}},
)
@open_to_all
def readyz(request: Request) -> Response:
    """Answer 200 when weights are loaded and workers alive, else 503 with what is wrong."""
    services: Services = request.app.state.services
    problems = [*services.analyses.problems(), *_of_the_store(request.app.state.records)]
    body = orjson.dumps({"ready": not problems, "problems": problems})
    return Response(body, 503 if problems else 200, media_type="application/json")


@router.get(
    "/metrics",
    summary="Figures for Prometheus",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
@needs(Permission.SETTINGS_READ)
def metrics(request: Request) -> Response:
    """Answer the counters in the text format."""
    counted: Metrics = request.app.state.metrics
    return Response(generate_latest(counted.registry), media_type=CONTENT_TYPE_LATEST)


def _of_the_store(records: Records) -> list[str]:
    try:
        records.ground.store.check()
    except StoreUnavailable:
        return ["the database does not answer"]
    return []
