"""Routes of DeepFace's API: they refuse with `{"error"}`, never with a traceback."""

from fastapi import Request, Response
from starlette.datastructures import Headers
from starlette.routing import Match
from starlette.types import Scope

from visavis.core.errors import InvalidInput
from visavis.entry.http_api.dialects.answers import refused
from visavis.entry.http_api.dialects.route import DialectRoute, Refused, status_and_sentence

REGISTER = "/register"
"""Where people make accounts of their own, too."""

BAD, NOBODY = 400, 401
_OURS = frozenset({NOBODY, 403, 413, 429})
"""Statuses that stay; for all else that is the caller's fault DeepFace knows one."""

_WORST = 500

_DOING = {
    "/represent": "representing",
    "/verify": "verifying",
    "/analyze": "analyzing",
    "/register": "registering",
    "/search": "searching",
    "/build/index": "building index",
}


class PictureMissing(InvalidInput):
    """There is no picture, or it is not one that can be taken.

    Args:
        field: Where it should be.
        why: What is wrong with what is there.
    """

    def __init__(self, field: str, why: str = "not found in either json or form data") -> None:
        super().__init__(f"'{field}' {why}")


class DeepFaceRoute(DialectRoute):
    """A route of DeepFace's API; keys come as `Authorization: Bearer …`, as its token does."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Leave the form of a page to that page; what programs send brings a key, or JSON."""
        if scope.get("path") == REGISTER and _is_of_a_page(Headers(scope=scope)):
            return Match.NONE, {}
        return super().matches(scope)

    def told(self, request: Request, error: Refused) -> Response:
        """Return DeepFace's answer to a request that failed."""
        status, sentence = status_and_sentence(error)
        if status == NOBODY:
            return refused(error, {"message": sentence}, status)
        if isinstance(error, PictureMissing):
            return refused(error, {"exception": sentence}, BAD)
        doing = _DOING.get(request.url.path, "working")
        kept = status in _OURS or status >= _WORST
        return refused(
            error, {"error": f"Exception while {doing}: {sentence}"}, status if kept else BAD
        )


def _is_of_a_page(headers: Headers) -> bool:
    is_plain = headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    return is_plain and "authorization" not in headers
