"""Caps on request bodies, enforced while the bytes arrive and before anything parses them."""

import asyncio
import math
import re
import time
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from visavis.core.errors import Overloaded
from visavis.core.settings import MIB
from visavis.entry.http_api import problems

MOST_PLAIN = MIB
"""Largest body without files, bytes."""

WITH_FILES = re.compile(
    r"/api/v1/(analyze|blobs|recognize|identify|verify|login/face|me/face"
    r"|subjects/[^/]+/templates|(recognition|detection|verification)/.+)"
    r"|/(represent|verify|analyze|register|search)?"
)
"""What of the API takes files, dialects included; beside it the pages do, in forms."""

OF_STRANGERS = re.compile(r"/api/v1/login/face|/face-login")
"""What of it is read before anybody knows who sends it."""

MOST_OF_STRANGERS = 16 * MIB
"""Largest body of those, bytes: one picture of oneself."""

GAP_S = 20.0
"""Longest wait for the next piece of a body."""

LONGEST_S = 900.0
"""Longest time for a whole body."""


class BodyLimit:
    """Cuts a request off as soon as its body is too large, or all bodies together are.

    A body whose `Content-Length` is over the cap is refused unread. Otherwise the bytes are counted
    as they come; past the cap the caller gets the refusal at once and the application below sees a
    caller who left. The same happens, with 429, when the bodies of all requests in progress hold
    more memory than they may together.

    Bodies that bring no files are small: only the routes that take files, and forms of the pages
    that bring some, may be larger. A body that comes too slowly is refused as well.

    Args:
        app: The application below.
        max_bytes: Largest body of one request that brings files.
        max_held: Most bytes that the bodies of all requests in progress may hold together.
    """

    def __init__(self, app: ASGIApp, max_bytes: int, max_held: int) -> None:
        self._app = app
        self.max_bytes = max_bytes
        self.max_held = max_held
        self.held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(self, scope, receive, send)
        if exchange.declared > exchange.most:
            await exchange.refuse_size()
            return
        try:
            await self._app(scope, exchange.receive, exchange.send)
        finally:
            self.held -= exchange.seen


class _Exchange:
    """One request and its answer, with the body counted."""

    def __init__(self, limit: BodyLimit, scope: Scope, receive: Receive, send: Send) -> None:
        self._limit, self._scope, self._receive, self._send = limit, scope, receive, send
        headers = Headers(scope=scope)
        length = headers.get("content-length", "0")
        self.declared = int(length) if length.isdecimal() else 0
        self.seen = 0
        self._unread = self.declared > 0 or "transfer-encoding" in headers
        self.most = min(_most(scope["path"], headers), limit.max_bytes)
        self._until = time.monotonic() + LONGEST_S
        self._started = False
        self._cut = False

    async def receive(self) -> Message:
        """Hand the next piece of the body down, or the news that the caller is gone."""
        if self._cut:
            return {"type": "http.disconnect"}
        message = await self._next()
        if message["type"] == "http.request":
            await self._count(len(message.get("body", b"")))
            self._unread = message.get("more_body", False)
        return {"type": "http.disconnect"} if self._cut else message

    async def _next(self) -> Message:
        """Wait for the next piece of the body, not for ever; for the caller to leave, as long."""
        if not self._unread:
            return await self._receive()
        patience = min(GAP_S, self._until - time.monotonic())
        try:
            return await asyncio.wait_for(self._receive(), max(0, patience))
        except TimeoutError:
            await self._refuse_slow()
            return {"type": "http.disconnect"}

    async def _count(self, arrived: int) -> None:
        self.seen += arrived
        self._limit.held += arrived
        if self.seen > self.most:
            await self.refuse_size()
        elif self._limit.held > self._limit.max_held:
            await self._refuse_load()

    async def send(self, message: Message) -> None:
        """Hand the answer up; after a cut there is nobody to hand it to."""
        if self._cut:
            return
        if message["type"] == "http.response.start":
            self._started = True
            if self._unread:  # the rest of the body is of no use: don't read it to its end
                message["headers"] = [*message.get("headers", []), (b"connection", b"close")]
        await self._send(message)

    async def refuse_size(self) -> None:
        """Answer that the body is too large."""
        allowed = self.most
        await self._refuse(
            problems.problem(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"The request is over the {allowed} bytes allowed; send fewer or smaller pictures.",
                title="The request is too large",
                slug="request-too-large",
                headers={"Connection": "close"},
            )
        )

    async def _refuse_slow(self) -> None:
        await self._refuse(
            problems.problem(
                HTTPStatus.REQUEST_TIMEOUT,
                "The request came too slowly; send it again over a better connection.",
                title="It took too long to arrive",
                slug="too-slow",
                headers={"Connection": "close"},
            )
        )

    async def _refuse_load(self) -> None:
        refusal = problems.of_error(
            Overloaded("Too many uploads are in progress; try again in a few seconds.")
        )
        refusal.headers["Connection"] = "close"
        await self._refuse(refusal)

    async def _refuse(self, refusal: ASGIApp) -> None:
        self._cut = True
        if not self._started:
            await refusal(self._scope, self._receive, self._send)


def _most(path: str, headers: Headers) -> float:
    """Return how large a body may be, bytes, whatever the settings say."""
    if not _may_bring_files(path, headers):
        return MOST_PLAIN
    return MOST_OF_STRANGERS if OF_STRANGERS.fullmatch(path) else math.inf


def _may_bring_files(path: str, headers: Headers) -> bool:
    if WITH_FILES.fullmatch(path):
        return True
    return not path.startswith("/api/") and headers.get("content-type", "").lower().startswith(
        "multipart/form-data"
    )
