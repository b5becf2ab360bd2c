"""What CompreFace says when it refuses: `{"message", "code"}`, with the codes of its programs."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from visavis.core.errors import InvalidImage, InvalidInput, VisavisError
from visavis.entry.http_api.dialects.bodies import NotBase64
from visavis.entry.http_api.dialects.route import Refused, status_and_sentence
from visavis.store.errors import AlreadyThere
from visavis.usecases.errors import LogInNeeded, NotFound
from visavis.usecases.faces import FaceMissing, SeveralFaces

UNDEFINED, NO_SERVICE, NO_PREDICTIONS = 0, 10, 12
NO_HEADER, NO_PICTURE, UNFIT = 20, 21, 26
NO_FACE, MANY_FACES = 28, 31
NO_PARAMETER, NO_PART, WRONG_EMBEDDINGS = 33, 34, 37
FAILED, NO_SUBJECT, SUBJECT_THERE, NO_EXAMPLE = 41, 42, 43, 44


class HeaderMissing(LogInNeeded):
    """There is no key."""

    def __init__(self) -> None:
        super().__init__("Missing header: x-api-key")


class PartMissing(InvalidInput):
    """A part of the form, or a member of the JSON, is not there.

    Args:
        name: Which.
    """

    def __init__(self, name: str) -> None:
        super().__init__(f"Required request part '{name}' is not present")


class WrongCount(InvalidInput):
    """A number of predictions that nobody can give."""

    def __init__(self) -> None:
        super().__init__("prediction_count should be -1 (all) or 1 and more")


class WrongEmbeddings(InvalidInput):
    """Embeddings are none, too many, or not of the embedder that is in use."""


class Told(NamedTuple):
    """An answer.

    Attributes:
        status: Of HTTP.
        code: Of CompreFace.
        message: One sentence.
    """

    status: int
    code: int
    message: str


_FIXED: Mapping[type[VisavisError], tuple[int, int, str]] = MappingProxyType(
    {
        FaceMissing: (400, NO_FACE, "No face is found in the given image"),
        SeveralFaces: (400, MANY_FACES, "More than one face in the source image"),
        NotBase64: (400, NO_PICTURE, "Provided value is not Base64"),
        AlreadyThere: (400, SUBJECT_THERE, "Subject already exists"),
    }
)
"""Errors whose very words programs may look for."""

_CODES: tuple[tuple[type[VisavisError], int, int], ...] = (  # the first that fits wins
    (HeaderMissing, 400, NO_HEADER),
    (LogInNeeded, 404, NO_SERVICE),
    (PartMissing, 400, NO_PART),
    (WrongCount, 400, NO_PREDICTIONS),
    (WrongEmbeddings, 400, WRONG_EMBEDDINGS),
    (InvalidImage, 400, NO_PICTURE),
    (InvalidInput, 400, UNFIT),
)
"""Errors that say what they have to say."""

_OF_STATUS: Mapping[int, int] = MappingProxyType({400: NO_PART, 413: NO_PICTURE, 415: NO_PART})
"""What is wrong with a body that cannot be read."""

_WORST = 500


def told(error: Refused, service: str) -> Told:
    """Return what is answered to a request that failed.

    Args:
        error: Why.
        service: Which of CompreFace's services was asked.
    """
    if isinstance(error, RequestValidationError):
        return _of_parameters(error)
    status, sentence = status_and_sentence(error)
    if isinstance(error, HTTPException):
        return Told(status, _OF_STATUS.get(status, UNDEFINED), sentence)
    if isinstance(error, NotFound):
        return _of_absence(error)
    for kind, (fixed_status, code, message) in _FIXED.items():
        if isinstance(error, kind):
            return Told(fixed_status, code, message)
    for kind, its_status, code in _CODES:
        if isinstance(error, kind):
            return Told(its_status, code, _sentence(error, service))
    return Told(status, FAILED if status >= _WORST else UNDEFINED, sentence)


def _sentence(error: VisavisError, service: str) -> str:
    if isinstance(error, LogInNeeded) and not isinstance(error, HeaderMissing):
        return f"{service.capitalize()} service with this API Key not found"
    return str(error)


def _of_absence(error: NotFound) -> Told:
    if "template" in str(error):
        return Told(404, NO_EXAMPLE, "Image not found")
    return Told(404, NO_SUBJECT, "Subject not found")


def _of_parameters(error: RequestValidationError) -> Told:
    fault = error.errors()[0]
    name = str(fault["loc"][-1])
    if fault["type"] == "missing":
        return Told(400, NO_PARAMETER, f"Required request parameter '{name}' is not present")
    return Told(400, UNFIT, f"{name}: {fault['msg']}")
