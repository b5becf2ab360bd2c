"""What the other side says, as our own errors.

A server of ours tells with the status, in the trailing metadata, which of its errors it was and
which fault a picture has. Where that is missing, gRPC itself speaks: nobody listens there, the
message is too large.
"""

import grpc

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

PROBLEM = "visavis-problem"
"""Trailing metadata: which kind of error, in the words of the HTTP API's problems."""

CATEGORY = "visavis-category"
"""Trailing metadata: which fault a picture has, one of `ImageFault`."""

RETRY_AFTER = "visavis-retry-after-s"
"""Trailing metadata: after how many seconds it may be tried again."""

_Code = grpc.StatusCode

_OURS: dict[grpc.StatusCode, type[VisavisError]] = {
    _Code.INVALID_ARGUMENT: InvalidInput,
    _Code.NOT_FOUND: InvalidInput,
    _Code.PERMISSION_DENIED: NotAllowed,
    _Code.RESOURCE_EXHAUSTED: Overloaded,
    _Code.DEADLINE_EXCEEDED: DeadlineExceeded,
    _Code.FAILED_PRECONDITION: WeightsError,
    _Code.UNAVAILABLE: Unavailable,
}


def raised(error: grpc.Call, address: str) -> VisavisError:
    """Return the error that a call ended with, as if it had been raised here.

    Args:
        error: What the call raised.
        address: Who was called, for the sentence.
    """
    told = {key: str(value) for key, value in error.trailing_metadata() or ()}
    code, details = error.code(), error.details() or ""
    if told.get(CATEGORY) in set(ImageFault):
        return InvalidImage(ImageFault(told[CATEGORY]), details)
    if PROBLEM in told and code in _OURS:
        return _OURS[code](details)
    return _of_grpc(code, details, address)


def _of_grpc(code: grpc.StatusCode, details: str, address: str) -> VisavisError:
    """Return what it means where the server's own code did not answer."""
    if code is _Code.UNAUTHENTICATED:
        return Unavailable(
            f"the service at {address} does not know us; set the same VISAVIS_GRPC__TOKEN here and "
            "there"
        )
    if code is _Code.RESOURCE_EXHAUSTED and "larger than max" in details:
        return InvalidImage(
            ImageFault.TOO_LARGE,
            "the picture, or what is found on it, is larger than VISAVIS_GRPC__MAX_MESSAGE_BYTES "
            "allows; send a smaller one",
        )
    if code is _Code.RESOURCE_EXHAUSTED:
        return Overloaded(f"too much is waiting at {address}; try again in a moment")
    if code is _Code.DEADLINE_EXCEEDED:
        return DeadlineExceeded(f"the service at {address} took too long; try again")
    if code is _Code.UNAVAILABLE:
        return Unavailable(f"nothing answers at {address}; look whether `visavis grpc` runs there")
    return Unavailable(f"the service at {address} failed ({code.name.lower()}); look into its log")
