"""Every error Visavis raises on purpose.

    VisavisError
    ├── InvalidInput              the caller sent something we cannot use
    │   ├── InvalidImage          … a picture we cannot decode (has a category)
    │   └── InvalidSettings       … a setting or option out of range or unknown
    ├── NotAllowed                the deployment's policy forbids it
    ├── GateNotPassed             a head file is not shown to be better than what serves
    ├── WeightsError              a learned file cannot be used
    │   ├── UnknownWeights        … no such pack or weight in the catalog
    │   ├── WeightsUnavailable    … not in the cache and no source can be reached
    │   ├── WeightsCorrupt        … the bytes differ from the catalog's SHA-256
    │   ├── WeightsUnverified     … the catalog knows no SHA-256 and none was waived
    │   ├── LicenceNotAccepted    … a non-commercial licence awaits acceptance
    │   └── ConversionRefused     … a graph holds something the converter does not understand
    └── Unavailable               we cannot do it now
        ├── Overloaded            … the queue is full; try again later
        └── DeadlineExceeded      … it took longer than the caller allowed

Messages are one sentence for the person who has to act: what is wrong and what to do. Doors
translate types to status codes or exit codes; nothing below the doors knows HTTP.
"""

from enum import StrEnum


class VisavisError(Exception):
    """Root of all expected errors."""


class InvalidInput(VisavisError):
    """The caller's input cannot be used."""


class ImageFault(StrEnum):
    """Why a picture was refused."""

    UNSUPPORTED = "unsupported"
    TRUNCATED = "truncated"
    TOO_LARGE = "too_large"
    CORRUPT = "corrupt"


class InvalidImage(InvalidInput):
    """A picture cannot be decoded.

    Args:
        category: Which kind of fault, one of `ImageFault`.
        reason: One sentence for the person who sent it.
    """

    def __init__(self, category: ImageFault, reason: str) -> None:
        super().__init__(reason)
        self.category = category
        self.reason = reason


class InvalidSettings(InvalidInput):
    """A setting or option is unknown or out of range."""


class NotAllowed(VisavisError):
    """The deployment's policy forbids what was asked for; the message says who can change that."""


class GateNotPassed(VisavisError):
    """A head file is not shown to be better than the one that serves; nothing was changed."""


class WeightsError(VisavisError):
    """A learned file cannot be used."""


class UnknownWeights(WeightsError):
    """The catalog has no pack or weight of that name."""


class WeightsUnavailable(WeightsError):
    """The weight is not in the cache and no source can be reached."""


class WeightsCorrupt(WeightsError):
    """The bytes do not have the SHA-256 the catalog states."""


class WeightsUnverified(WeightsError):
    """The catalog states no SHA-256 for this weight and the caller did not waive the check."""


class LicenceNotAccepted(WeightsError):
    """The weight's licence forbids commercial use and nobody accepted it yet."""


class ConversionRefused(WeightsError):
    """A converter met a layer or operator that it does not understand; the message names it."""


class Unavailable(VisavisError):
    """The service cannot do this now."""


class Overloaded(Unavailable):
    """The queue is full; the caller should try again later."""


class DeadlineExceeded(Unavailable):
    """The work took longer than the caller allowed."""
