"""Errors as gRPC statuses: one table from error type to answer."""

from dataclasses import dataclass

import grpc
import structlog

from visavis.core.errors import (
    DeadlineExceeded,
    InvalidImage,
    InvalidInput,
    NotAllowed,
    Overloaded,
    Unavailable,
    VisavisError,
    WeightsError,
)
from visavis.credentials.errors import TokenInvalid
from visavis.rpc.errors import CATEGORY, PROBLEM, RETRY_AFTER
from visavis.store.errors import NotThere
from visavis.throttle.errors import TooManyRequests
from visavis.usecases.errors import LogInNeeded, NotFound
from visavis.usecases.faces import FaceMissing, PoorFace, SeveralFaces

log = structlog.get_logger(__name__)

_Code = grpc.StatusCode


class NotServed(VisavisError):
    """This server does not do that; the message says which one would."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of error is answered.

    Attributes:
        code: The status.
        slug: Names the kind in the trailing metadata, as the HTTP API does in `type`.
    """

    code: grpc.StatusCode
    slug: str


_KINDS: tuple[tuple[type[VisavisError], Kind], ...] = (  # the first that fits wins
    (NotServed, Kind(_Code.UNIMPLEMENTED, "not-served")),
    (NotThere, Kind(_Code.NOT_FOUND, "not-found")),
    (NotFound, Kind(_Code.NOT_FOUND, "not-found")),
    (FaceMissing, Kind(_Code.INVALID_ARGUMENT, "no-face")),
    (SeveralFaces, Kind(_Code.INVALID_ARGUMENT, "several-faces")),
    (PoorFace, Kind(_Code.INVALID_ARGUMENT, "poor-face")),
    (InvalidImage, Kind(_Code.INVALID_ARGUMENT, "invalid-picture")),
    (InvalidInput, Kind(_Code.INVALID_ARGUMENT, "invalid-input")),
    (LogInNeeded, Kind(_Code.UNAUTHENTICATED, "log-in")),
    (TokenInvalid, Kind(_Code.UNAUTHENTICATED, "log-in")),
    (NotAllowed, Kind(_Code.PERMISSION_DENIED, "not-allowed")),
    (Overloaded, Kind(_Code.RESOURCE_EXHAUSTED, "overloaded")),
    (DeadlineExceeded, Kind(_Code.DEADLINE_EXCEEDED, "deadline")),
    (WeightsError, Kind(_Code.FAILED_PRECONDITION, "weights")),
    (Unavailable, Kind(_Code.UNAVAILABLE, "unavailable")),
    (VisavisError, Kind(_Code.INTERNAL, "internal")),
)


def kind_of(error: VisavisError) -> Kind:
    """Return how an error is answered."""
    return next(kind for raised, kind in _KINDS if isinstance(error, raised))


def refuse(context: grpc.ServicerContext, error: Exception) -> None:
    """End a call with an error; never returns. What was not expected is logged, not told."""
    if not isinstance(error, VisavisError):
        log.error("call_failed", error=type(error).__name__, exc_info=error)
        error = VisavisError("it failed inside; the log of the server says more")
    kind = kind_of(error)
    context.set_trailing_metadata(_told(error, kind))
    context.abort(kind.code, str(error))


def _told(error: VisavisError, kind: Kind) -> tuple[tuple[str, str], ...]:
    told = [(PROBLEM, kind.slug)]
    if isinstance(error, InvalidImage):
        told.append((CATEGORY, error.category.value))
    if isinstance(error, TooManyRequests):
        told.append((RETRY_AFTER, str(error.retry_after_s)))
    return tuple(told)
