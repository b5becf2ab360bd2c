"""Errors as Rekognition tells them: a name, a sentence, HTTP 400 or 500."""

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any
from uuid import uuid4

import orjson
import structlog
from fastapi import Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from visavis.core.errors import (
    DeadlineExceeded,
    ImageFault,
    InvalidImage,
    InvalidInput,
    NotAllowed,
    Overloaded,
    Unavailable,
    VisavisError,
)
from visavis.credentials.signatures import Fault, SignatureRefused
from visavis.entry.http_api.dialects.route import Refused, status_and_sentence
from visavis.entry.http_api.problems import of_error
from visavis.store.blobs.errors import QuotaExceeded
from visavis.store.errors import AlreadyThere, NotThere
from visavis.usecases.errors import LogInNeeded, NotFound

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/x-amz-json-1.1"

ACCESS_DENIED = "AccessDeniedException"
INTERNAL = "InternalServerError"
INVALID = "InvalidParameterException"
NOT_FOUND = "ResourceNotFoundException"

_OF_SIGNATURES: Mapping[Fault, str] = MappingProxyType(
    {
        Fault.MISSING: "MissingAuthenticationTokenException",
        Fault.UNKNOWN_KEY: "UnrecognizedClientException",
        Fault.BROKEN: "IncompleteSignatureException",
        Fault.WRONG: "InvalidSignatureException",
        Fault.EXPIRED: "RequestExpired",
    }
)
_INSIDE = "It failed inside; send the request again later."
"""What is told of errors that are not for callers."""

_OF_ERRORS: tuple[tuple[type[VisavisError], str], ...] = (  # the first that fits wins
    (LogInNeeded, "UnrecognizedClientException"),
    (NotAllowed, ACCESS_DENIED),
    (NotFound, NOT_FOUND),
    (NotThere, NOT_FOUND),
    (AlreadyThere, "ResourceAlreadyExistsException"),
    (QuotaExceeded, "ServiceQuotaExceededException"),
    (InvalidInput, INVALID),
    (Overloaded, "ThrottlingException"),
    (DeadlineExceeded, INTERNAL),
    (Unavailable, INTERNAL),
)


class Refusal(VisavisError):
    """An error that has a name of its own in this dialect.

    Args:
        name: The name.
        reason: One sentence for whoever has to act.
    """

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(reason)
        self.name = name


def invalid(reason: str) -> Refusal:
    """Return the error of a parameter that cannot be used."""
    return Refusal(INVALID, reason)


def told(error: Refused) -> Response:
    """Return the answer to a request that failed."""
    if isinstance(error, HTTPException | RequestValidationError):
        return _answer("SerializationException", status_and_sentence(error)[1])
    name = _name(error)
    if not name:
        log.error("rekognition_failed", reason=type(error).__name__)
    answer = _answer(name or INTERNAL, str(error) if name else _INSIDE)
    if isinstance(error, Overloaded):
        answer.headers["Retry-After"] = of_error(error).headers["Retry-After"]
    return answer


def answered(content: Mapping[str, Any]) -> Response:
    """Return the answer to a request that did not fail."""
    return _response(HTTPStatus.OK, content, {})


def _name(error: VisavisError) -> str:
    """Return what an error is called here; empty where it is not for callers."""
    match error:
        case Refusal(name=name):
            return name
        case SignatureRefused(fault=fault):
            return _OF_SIGNATURES[fault]
        case InvalidImage(category=ImageFault.TOO_LARGE):
            return "ImageTooLargeException"
        case InvalidImage():
            return "InvalidImageFormatException"
        case _:
            return next((name for kind, name in _OF_ERRORS if isinstance(error, kind)), "")


def _answer(name: str, sentence: str) -> Response:
    status = HTTPStatus.INTERNAL_SERVER_ERROR if name == INTERNAL else HTTPStatus.BAD_REQUEST
    content = {"__type": name, "Message": sentence, "message": sentence}
    return _response(status, content, {"x-amzn-ErrorType": name})


def _response(status: HTTPStatus, content: Mapping[str, Any], more: Mapping[str, str]) -> Response:
    headers = {"x-amzn-RequestId": str(uuid4()), "Cache-Control": "no-store", **more}
    return Response(orjson.dumps(content), status, headers, MEDIA_TYPE)
