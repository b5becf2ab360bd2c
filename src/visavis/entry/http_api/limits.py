"""Caps on request bodies, enforced while the bytes arrive and before anything parses them."""

import asyncio
import math
import re
import time
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from visavis.core.errors import Overloaded
from visavis.core.settings import MIB
from visavis.entry.http_api import problems

MOST_PLAIN = MIB
"""Largest body without files, bytes."""

WITH_FILES = re.compile(
    r"/api/v1/(analyze|blobs|jobs|recognize|identify|verify|login/face|me/face"
    r"|subjects/[^/]+/templates|(recognition|detection|verification)/.+)"
    r"|/(represent|verify|analyze|register|search)?"
)
"""What of the API takes files, dialects included; beside it the pages do, in forms."""

OF_STRANGERS = re.compile(r"/api/v1/login/face|/face-login")
"""What of it is read before anybody knows who sends it."""

SIGNED = "/"
"""Where the signature covers the body, which is read, as far as two pictures reach, before anybody
knows whether it is right."""

MOST_OF_STRANGERS = 16 * MIB
"""Largest body of a stranger, bytes: one picture of oneself."""

ALWAYS_HELD = 64 * 1024
"""Bytes of a body that there is always room for: whoever logs in needs no more."""

GAP_S = 20.0
"""Longest wait for the next piece of a body."""

LONGEST_S = 900.0
"""Longest time for a whole body."""

LONGEST_OF_STRANGERS_S = 60.0
"""Longest time for a whole body of somebody who is not known yet."""


class _Kind(Enum):
    """Kinds of bodies: those of one kind cannot take the room of another."""

    FILES = "files"
    PLAIN = "plain"
    STRANGERS = "strangers"
    SIGNED = "signed"


@dataclass(slots=True)
class _Room:
    """Memory that the bodies of one kind share, bytes.

    Attributes:
        most: That they may hold together.
        held: By those in progress.
    """

    most: int
    held: int = 0


class BodyLimit:
    """Cuts a request off as soon as its body is too large, or all bodies together are.

    A body whose `Content-Length` is over the cap is refused unread. Otherwise the bytes are counted
    as they come; past the cap the caller gets the refusal at once and the application below sees a
    caller who left. The same happens, with 429, when the bodies of all requests in progress hold
    more memory than they may together. What strangers send has room of its own, and less time:
    they keep nobody out who is known, nor anybody who logs in with a password.

    Bodies that bring no files are small: only the routes that take files, and forms of the pages
    that bring some, may be larger. A body that comes too slowly is refused as well.

    Args:
        app: The application below.
        max_bytes: Largest body of one request that brings files.
        max_held: Most bytes that all bodies with files in progress may hold together; those of
            every other kind an eighth of it, or one of the largest where that is more.
    """

    def __init__(self, app: ASGIApp, max_bytes: int, max_held: int) -> None:
        self._app = app
        self.max_bytes = max_bytes
        less = max(max_held // 8, min(max_bytes, MOST_OF_STRANGERS))
        self._rooms = {kind: _Room(max_held if kind is _Kind.FILES else less) for kind in _Kind}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        kind = _kind(scope["path"], Headers(scope=scope))
        exchange = _Exchange(self._rooms[kind], kind, self.max_bytes, (scope, receive, send))
        if exchange.declared > exchange.most:
            await exchange.refuse_size()
            return
        try:
            await self._app(scope, exchange.receive, exchange.send)
        finally:
            exchange.room.held -= exchange.seen


class _Exchange:
    """One request and its answer, with the body counted."""

    def __init__(
        self, room: _Room, kind: _Kind, max_bytes: int, parties: tuple[Scope, Receive, Send]
    ) -> None:
        self.room = room
        self._scope, self._receive, self._send = parties
        headers = Headers(scope=self._scope)
        length = headers.get("content-length", "0")
        self.declared = int(length) if length.isdecimal() else 0
        self.seen = 0
        self._unread = self.declared > 0 or "transfer-encoding" in headers
        self.most = min(_most(kind), max_bytes)
        is_known = kind in {_Kind.FILES, _Kind.PLAIN}
        self._until = time.monotonic() + (LONGEST_S if is_known else LONGEST_OF_STRANGERS_S)
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
        self.room.held += arrived
        if self.seen > self.most:
            await self.refuse_size()
        elif self.room.held > self.room.most and self.seen > ALWAYS_HELD:
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


def _kind(path: str, headers: Headers) -> _Kind:
    if OF_STRANGERS.fullmatch(path):
        return _Kind.STRANGERS
    if path == SIGNED:
        return _Kind.SIGNED
    return _Kind.FILES if _may_bring_files(path, headers) else _Kind.PLAIN


def _most(kind: _Kind) -> float:
    """Return how large a body may be, bytes, whatever the settings say."""
    return {_Kind.PLAIN: MOST_PLAIN, _Kind.STRANGERS: MOST_OF_STRANGERS}.get(kind, math.inf)


def _may_bring_files(path: str, headers: Headers) -> bool:
    if WITH_FILES.fullmatch(path):
        return True
    return not path.startswith("/api/") and headers.get("content-type", "").lower().startswith(
        "multipart/form-data"
    )
