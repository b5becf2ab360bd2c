"""Answers in JSON, as programs of other products expect them."""

import orjson
from fastapi import Response

from visavis.core.errors import Overloaded
from visavis.entry.http_api.dialects.route import Refused
from visavis.entry.http_api.problems import of_error


def answered(content: object, status: int = 200) -> Response:
    """Return JSON; arrays of numbers may stay arrays."""
    written = orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY)
    return Response(written, status, {"Cache-Control": "no-store"}, media_type="application/json")


def refused(error: Refused, content: object, status: int) -> Response:
    """Return a refusal, and when to try again where that is known."""
    answer = answered(content, status)
    if isinstance(error, Overloaded):
        answer.headers["Retry-After"] = of_error(error).headers["Retry-After"]
    return answer
