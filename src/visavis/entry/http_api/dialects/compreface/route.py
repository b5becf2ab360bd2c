"""Routes of CompreFace's API: opened by the header `x-api-key`, refusing in its words."""

from fastapi import Request, Response
from starlette.routing import Match
from starlette.types import Scope

from visavis.entry.http_api.access import network_address
from visavis.entry.http_api.dialects.answers import refused
from visavis.entry.http_api.dialects.compreface.errors import HeaderMissing, told
from visavis.entry.http_api.dialects.route import DialectRoute, Refused
from visavis.entry.services import Records
from visavis.usecases.actor import Actor

PREFIX = "/api/v1"
KEY = "x-api-key"


class CompreFaceRoute(DialectRoute):
    """A route of CompreFace's API; as there, a slash at the end of the path changes nothing."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Return whether a request is for this route; the slash is no part of a name either."""
        return super().matches({**scope, "path": scope["path"].removesuffix("/")})

    def called_by(self, request: Request) -> Actor:
        """Return who sent a request: whose API key it is, or a private machine's owner.

        Raises:
            HeaderMissing: there is no key.
            LogInNeeded: it opens nothing, or not any more.
            TooManyRequests: they ask too often.
        """
        records: Records = request.app.state.records
        if not records.login:  # its programs had to be given some key; nobody asks here
            return records.private.owner()
        if key := request.headers.get(KEY):
            return records.callers.of_bearer(key, network_address(request))
        raise HeaderMissing

    def told(self, request: Request, error: Refused) -> Response:
        """Return CompreFace's answer to a request that failed."""
        said = told(error, _service(request))
        return refused(error, {"message": said.message, "code": said.code}, said.status)


def _service(request: Request) -> str:
    return request.url.path.removeprefix(PREFIX).strip("/").partition("/")[0]
