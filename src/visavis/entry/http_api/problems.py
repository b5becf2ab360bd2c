"""Errors as `application/problem+json` (RFC 9457): one table from error type to answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from uuid import uuid4

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from visavis.core.errors import (
    DeadlineExceeded,
    ImageFault,
    InvalidImage,
    InvalidInput,
    NotAllowed,
    Overloaded,
    Unavailable,
    VisavisError,
    WeightsError,
)
from visavis.credentials.errors import TokenInvalid
from visavis.store.blobs.errors import BlobNotFound, BlobTooLarge, QuotaExceeded
from visavis.store.errors import AlreadyThere, NotThere
from visavis.throttle.errors import TooManyRequests
from visavis.usecases.enrolment import LooksLike
from visavis.usecases.errors import LogInNeeded, NotFound, SecondFactorNeeded
from visavis.usecases.faces import FaceMissing, PoorFace, SeveralFaces

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 2
"""What a refused caller is told to wait: about what a full queue takes to move on."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of error is answered."""

    status: HTTPStatus
    slug: str
    title: str


_NO_LOGIN = Kind(HTTPStatus.UNAUTHORIZED, "log-in", "Nobody is logged in")
_ABSENT = Kind(HTTPStatus.NOT_FOUND, "not-found", "There is no such thing here")
_TOO_LARGE = Kind(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", "It is too large")

_KINDS: tuple[tuple[type[VisavisError], Kind], ...] = (  # the first that fits wins
    (AlreadyThere, Kind(HTTPStatus.CONFLICT, "already-there", "It is there already")),
    (NotThere, _ABSENT),
    (NotFound, _ABSENT),
    (BlobNotFound, _ABSENT),
    (BlobTooLarge, _TOO_LARGE),
    (QuotaExceeded, _TOO_LARGE),
    (LooksLike, Kind(HTTPStatus.CONFLICT, "looks-like", "It looks like somebody else")),
    (FaceMissing, Kind(HTTPStatus.UNPROCESSABLE_ENTITY, "no-face", "There is no face")),
    (
        SeveralFaces,
        Kind(HTTPStatus.UNPROCESSABLE_ENTITY, "several-faces", "There are several faces"),
    ),
    (
        PoorFace,
        Kind(HTTPStatus.UNPROCESSABLE_ENTITY, "poor-face", "The face is not good enough"),
    ),
    (
        SecondFactorNeeded,
        Kind(HTTPStatus.UNAUTHORIZED, "second-factor", "The second factor is missing"),
    ),
    (LogInNeeded, _NO_LOGIN),
    (TokenInvalid, _NO_LOGIN),
    (
        InvalidInput,
        Kind(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-input", "The input cannot be used"),
    ),
    (NotAllowed, Kind(HTTPStatus.FORBIDDEN, "not-allowed", "That is not allowed")),
    (Overloaded, Kind(HTTPStatus.TOO_MANY_REQUESTS, "overloaded", "Too much is waiting")),
    (DeadlineExceeded, Kind(HTTPStatus.GATEWAY_TIMEOUT, "deadline", "It took too long")),
    (WeightsError, Kind(HTTPStatus.SERVICE_UNAVAILABLE, "weights", "The weights cannot be used")),
    (Unavailable, Kind(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", "Not available now")),
    (VisavisError, Kind(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "It failed inside")),
)
_PICTURE_STATUS = {
    ImageFault.UNSUPPORTED: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    ImageFault.TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    ImageFault.TRUNCATED: HTTPStatus.BAD_REQUEST,
    ImageFault.CORRUPT: HTTPStatus.BAD_REQUEST,
}


def problem(
    status: HTTPStatus,
    detail: str,
    *,
    title: str = "",
    slug: str = "",
    category: str = "",
    headers: Mapping[str, str] | None = None,
    instance: str = "",
) -> Response:
    """Build the answer for one problem.

    Args:
        status: The HTTP status, repeated in the body.
        detail: One sentence for the person who has to act.
        title: What kind of problem it is; the status' own phrase without it.
        slug: Names the kind in `type`; `about:blank` without it.
        category: Which fault a picture has, one of `ImageFault`.
        headers: Further headers, such as `Retry-After`.
        instance: Names this occurrence; a new name without it.
    """
    body = {
        "type": f"urn:visavis:problem:{slug}" if slug else "about:blank",
        "title": title or status.phrase,
        "status": int(status),
        "detail": detail,
        "instance": instance or uuid4().urn,
    }
    if category:
        body["category"] = category
    return Response(orjson.dumps(body), status, headers, MEDIA_TYPE)


def of_error(error: VisavisError) -> Response:
    """Build the answer for an error that Visavis raises on purpose."""
    if isinstance(error, InvalidImage):
        return problem(
            _PICTURE_STATUS[error.category],
            error.reason,
            title="The picture cannot be used",
            slug="invalid-picture",
            category=error.category,
        )
    kind = next(kind for raised, kind in _KINDS if isinstance(error, raised))
    return problem(
        kind.status, str(error), title=kind.title, slug=kind.slug, headers=_told_to(error, kind)
    )


def _told_to(error: VisavisError, kind: Kind) -> dict[str, str]:
    """Return the headers that say what to do next."""
    if isinstance(error, TooManyRequests):
        return {"Retry-After": str(error.retry_after_s)}
    if isinstance(error, Overloaded):
        return {"Retry-After": str(RETRY_AFTER_S)}
    return {"WWW-Authenticate": "Bearer"} if kind.status == HTTPStatus.UNAUTHORIZED else {}


def install(app: FastAPI) -> None:
    """Answer every error of `app` as a problem."""
    for expected in (VisavisError, HTTPException, RequestValidationError, ClientDisconnect):
        app.add_exception_handler(expected, _respond)


def _respond(request: Request, error: Exception) -> Response:
    match error:
        case VisavisError():
            return of_error(error)
        case HTTPException():
            return _of_refusal(request, error)
        case RequestValidationError():
            return _of_validation(error)
        case _:  # the caller left or was cut off: nobody reads this
            return Response(status_code=HTTPStatus.BAD_REQUEST)


def _of_refusal(request: Request, error: HTTPException) -> Response:
    """Answer what the router or an endpoint refuses, with a sentence instead of a bare phrase."""
    status = HTTPStatus(error.status_code)
    detail = error.detail
    if detail == status.phrase and status == HTTPStatus.NOT_FOUND:
        detail = f"There is nothing at {request.url.path}; the API is described at /docs."
    if detail == status.phrase and status == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = (error.headers or {}).get("Allow", "another method")
        detail = f"{request.method} is not allowed at {request.url.path}; use {allowed}."
    return problem(status, detail, headers=error.headers)


def _of_validation(error: RequestValidationError) -> Response:
    """Answer a request whose parameters do not fit, naming each and what is wrong with it."""
    faults = [f"{_where(fault['loc'])}: {fault['msg']}" for fault in error.errors()]
    return problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "; ".join(faults),
        title="The request does not fit",
        slug="invalid-input",
    )


def _where(location: tuple[int | str, ...]) -> str:
    """Say in words where a fault lies: `("query", "render")` is "query parameter render"."""
    place, *path = (str(part) for part in location)
    return f"{place} parameter {'.'.join(path)}" if path else place
