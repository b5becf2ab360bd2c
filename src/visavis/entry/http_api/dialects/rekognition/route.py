"""The one route of the dialect: who signed a request is known before it is looked at.

The signature covers the body, so the body has to be read first. It is read only where there is a
key that may have signed it, and no further than two pictures reach.
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from anyio import to_thread
from fastapi import Request, Response

from visavis.core.errors import VisavisError
from visavis.credentials.signatures import Asked, Fault, SignatureRefused, read_claim
from visavis.entry.http_api import problems
from visavis.entry.http_api.access import network_address
from visavis.entry.http_api.dialects.rekognition import errors
from visavis.entry.http_api.dialects.route import DialectRoute, Refused
from visavis.entry.services import Records
from visavis.usecases.actor import Actor
from visavis.usecases.callers import Signer

TARGET = "RekognitionService."
"""What the header that names the operation begins with."""

MOST_BODY = 15 * 1024 * 1024
"""Bytes of a request: two pictures of 5 MiB in base64, and some words."""


class RekognitionRoute(DialectRoute):
    """A route whose requests are signed, and whose errors have names."""

    def called_by(self, request: Request) -> Actor:
        """Return who signed a request; on a private machine its owner.

        Raises:
            SignatureRefused: they did not sign this one.
            TooManyRequests: they ask too often.
        """
        records: Records = request.app.state.records
        signer: Signer | None = request.state.signer
        if signer is None:
            return records.private.owner()
        return records.callers.of_signature(signer, request.state.body, network_address(request))

    def told(self, request: Request, error: Refused) -> Response:  # noqa: ARG002
        """Return the answer to a request that failed."""
        return errors.told(error)

    def get_route_handler(self) -> Callable[[Request], Any]:
        """Return what serves a request."""
        serve = super().get_route_handler()

        async def read_first(request: Request) -> Response:
            if not operation_of(request):
                return _other_target()
            try:
                request.state.signer = await to_thread.run_sync(_signer, request)
                request.state.body = await _body(request)
            except VisavisError as error:
                return self.told(request, error)
            answer: Response = await serve(request)
            return answer

        return read_first


def operation_of(request: Request) -> str:
    """Return the name of the operation that is asked for; empty where it is none of Rekognition."""
    target: str = request.headers.get("x-amz-target", "")
    return target.removeprefix(TARGET) if target.startswith(TARGET) else ""


def _signer(request: Request) -> Signer | None:
    """Return by whose key a request says it is signed; None on a private machine.

    Raises:
        SignatureRefused: there is no such key, or the signature cannot be one.
    """
    records: Records = request.app.state.records
    if not records.login:
        return None
    if request.url.query:
        raise SignatureRefused(
            Fault.BROKEN, "Sign the headers, not the address: there is nothing behind a `?` here."
        )
    headers = tuple(
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in _raw(request)
    )
    asked = Asked(request.method, request.url.path, headers)
    return records.callers.signer(read_claim(asked, records.ground.clock()))


def _raw(request: Request) -> list[tuple[bytes, bytes]]:
    raw: list[tuple[bytes, bytes]] = request.headers.raw
    return raw


async def _body(request: Request) -> bytes:
    """Return the body.

    Raises:
        Refusal: it is too large.
        ClientDisconnect: the caller left, or was cut off.
    """
    pieces, size = [], 0
    async for piece in request.stream():
        size += len(piece)
        if size > MOST_BODY:
            raise errors.Refusal(
                "ImageTooLargeException",
                f"The request is over {MOST_BODY} bytes; shrink the picture.",
            )
        pieces.append(piece)
    return b"".join(pieces)


def _other_target() -> Response:
    return problems.problem(
        HTTPStatus.NOT_FOUND,
        f"There is nothing here but `X-Amz-Target: {TARGET}…`; the API is described at /docs.",
    )
