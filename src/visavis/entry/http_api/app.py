"""The HTTP application: routes, errors, caps, headers and metrics around the use cases."""

from fastapi import FastAPI, Request
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Match

from visavis import __version__
from visavis.entry.http_api import dialects, docs_page, problems, traces
from visavis.entry.http_api.access import BEARER, Guarded
from visavis.entry.http_api.crashes import Crashes
from visavis.entry.http_api.events import Streams
from visavis.entry.http_api.headers import OwnOrigin, SecurityHeaders
from visavis.entry.http_api.limits import BodyLimit
from visavis.entry.http_api.metrics import Metrics, RequestMetrics
from visavis.entry.http_api.routes import (
    analysis,
    api_keys,
    audit,
    auth,
    blobs,
    collections,
    consent,
    erasure,
    exports,
    face_login,
    health,
    invitations,
    jobs,
    key_rotation,
    logs,
    merging,
    notices,
    privacy,
    profile,
    receipts,
    recognition,
    results,
    retention,
    subjects,
    templates,
    tenants,
    users,
)
from visavis.entry.http_api.schemas import Problem
from visavis.entry.http_api.visitors import Visitors
from visavis.entry.services import People, Records, Services

_ABOUT = """Give it pictures, get their faces: boxes, points, meshes, embeddings.

Pictures are kept in memory while they are looked at and never stored, but for those that are sent
as jobs: they wait sealed, and are kept with their results until these are removed.
Errors are `application/problem+json` (RFC 9457)."""
_BODIES_AT_ONCE = 4
"""How many request bodies of the largest size may be in memory at the same time."""
_ROUTERS = (
    analysis.router,
    api_keys.router,
    audit.router,
    auth.router,
    blobs.router,
    collections.router,
    consent.router,
    erasure.router,
    exports.router,
    face_login.router,
    health.router,
    invitations.router,
    jobs.router,
    key_rotation.router,
    logs.router,
    merging.router,
    notices.router,
    privacy.router,
    profile.router,
    receipts.router,
    recognition.router,
    results.router,
    retention.router,
    subjects.router,
    templates.router,
    tenants.router,
    users.router,
)
_HEADERS = ["Authorization", "Content-Type", "Idempotency-Key", "Last-Event-ID"]
_HEADERS += ["traceparent", "x-api-key"]
_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def create_app(services: Services, records: Records, people: People) -> FastAPI:
    """Build the HTTP door of one deployment; pages may be mounted beside it."""
    app = FastAPI(
        title="Visavis",
        version=__version__,
        description=_ABOUT,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        docs_url=None,
        redoc_url=None,
    )
    app.state.services = services
    app.state.records = records
    app.state.people = people
    app.state.metrics = Metrics(
        services.analyses.waiting, services.drift.readings, records.jobs.depths
    )
    app.state.streams = Streams()
    # Not `include_router`: nested routers are searched anew, one in the other, for every request.
    app.router.routes.extend(_routes())
    for router in dialects.routers(services.settings.dialects):
        app.router.routes.extend(router.routes)
    app.state.for_programs = dialects.addresses(services.settings.dialects)
    docs_page.install(app)
    app.add_api_route("/api/{path:path}", _nothing_here, methods=_METHODS, include_in_schema=False)
    problems.install(app)
    _describe_problems(app)
    _surround(app, records, app.state.metrics)
    return app


def _surround(app: FastAPI, records: Records, metrics: Metrics) -> None:
    """Add the layers every request passes, the innermost first."""
    server = records.ground.settings.server
    cap = server.max_request_bytes
    templates = {route.path for route in app.routes if isinstance(route, Guarded)}
    app.add_middleware(BodyLimit, max_bytes=cap, max_held=_BODIES_AT_ONCE * cap)
    app.add_middleware(Crashes)
    app.add_middleware(RequestMetrics, metrics=metrics, routes=templates)
    throttle = records.ground.throttle if records.login else None
    app.add_middleware(Visitors, throttle=throttle, origins=server.cors_origins)
    app.add_middleware(OwnOrigin)
    if server.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=server.cors_origins,
            allow_methods=_METHODS,
            allow_headers=_HEADERS,
            expose_headers=["Location", "Retry-After", traces.RESPONSE],
        )
    app.add_middleware(SecurityHeaders)
    app.add_middleware(traces.Traces, routes=templates)


def _routes() -> list[APIRoute]:
    """Return the documented routes, wherever they are nested."""
    routes = [route for router in _ROUTERS for route in router.routes]
    return [route for route in routes if isinstance(route, APIRoute)]


def _nothing_here(request: Request) -> None:
    """Refuse an unknown path or method below /api, before any page mounted at / could take it."""
    for route in _routes():
        match, _ = route.matches(request.scope)
        if match is Match.PARTIAL:
            raise HTTPException(405, headers={"Allow": ", ".join(sorted(route.methods or ()))})
    raise HTTPException(404)


def _describe_problems(app: FastAPI) -> None:
    """Add the schema of problems to the OpenAPI document, where every error answer points."""
    generate = app.openapi

    def openapi() -> dict[str, object]:
        document = generate()
        components = document["components"]
        components["schemas"]["Problem"] = Problem.model_json_schema()
        components["securitySchemes"] = BEARER
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # the documented way to extend it
