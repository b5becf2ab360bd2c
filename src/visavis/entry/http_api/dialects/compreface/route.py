"""Routes of CompreFace's API: opened by the header `x-api-key`, refusing in its words."""

import re
from collections.abc import Callable
from typing import Any

from fastapi import Request, Response

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

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:  # noqa: ANN401
        super().__init__(path, endpoint, **options)
        self.path_regex = re.compile(self.path_regex.pattern.removesuffix("$") + "/?$")

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
