"""Routes that answer in FastAPI's plain words, and take a key in either header."""

from fastapi import Request, Response

from visavis.entry.http_api.access import network_address
from visavis.entry.http_api.dialects.answers import refused
from visavis.entry.http_api.dialects.route import DialectRoute, Refused, status_and_sentence
from visavis.entry.services import Records
from visavis.usecases.actor import Actor

KEY = "x-api-key"


class SeedRoute(DialectRoute):
    """A route that refuses with `{"detail"}`."""

    def called_by(self, request: Request) -> Actor:
        """Return who sent a request: by `x-api-key`, or as for our own interface.

        Raises:
            LogInNeeded: nobody is logged in.
            TooManyRequests: they ask too often.
        """
        records: Records = request.app.state.records
        key = request.headers.get(KEY)
        if key and records.login:
            return records.callers.of_bearer(key, network_address(request))
        return super().called_by(request)

    def told(self, request: Request, error: Refused) -> Response:  # noqa: ARG002
        """Return the answer to a request that failed."""
        status, sentence = status_and_sentence(error)
        return refused(error, {"detail": sentence}, status)
