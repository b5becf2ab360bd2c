"""Routes of a dialect: they refuse in its own words.

A dialect is not part of the OpenAPI document, which describes our own interface; what it answers is
held to by tests with the real clients.
"""

from collections.abc import Callable
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from visavis.core.errors import VisavisError
from visavis.entry.http_api.access import Guarded
from visavis.entry.http_api.problems import of_error

Refused = VisavisError | HTTPException | RequestValidationError
"""What a dialect puts into its own words."""


class DialectRoute(Guarded):
    """A guarded route whose errors are the dialect's own; `called_by` may read its kind of key."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:  # noqa: ANN401
        options["include_in_schema"] = False
        super().__init__(path, endpoint, **options)

    def told(self, request: Request, error: Refused) -> Response:
        """Return the answer to a request that failed."""
        raise NotImplementedError

    def get_route_handler(self) -> Callable[[Request], Any]:
        """Return what serves a request."""
        serve = super().get_route_handler()

        async def answered(request: Request) -> Response:
            try:
                answer: Response = await serve(request)
            except ClientDisconnect:  # nobody reads the answer
                raise
            except (VisavisError, HTTPException, RequestValidationError) as error:
                answer = self.told(request, error)
            return answer

        return answered


def status_and_sentence(error: Refused) -> tuple[int, str]:
    """Return with which HTTP status the native API would answer an error, and what it would say."""
    if isinstance(error, HTTPException):
        return error.status_code, str(error.detail)
    if isinstance(error, RequestValidationError):
        faults = (f"{fault['loc'][-1]}: {fault['msg']}" for fault in error.errors())
        return 422, "; ".join(faults)
    return of_error(error).status_code, str(error)
