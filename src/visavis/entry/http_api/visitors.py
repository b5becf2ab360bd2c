"""What every request passes first: no other site, not too often, no stranger on a private machine.

Other sites can make a browser send requests here, with its cookies. Browsers say so in
`Sec-Fetch-Site`, older ones in `Origin`: what changes anything, and every web socket, has to come
from our own pages, from no page at all, or, without a cookie, from a site that the settings list.
"""

import re
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from visavis.core.errors import NotAllowed, VisavisError
from visavis.entry.http_api import problems
from visavis.entry.services import COOKIE
from visavis.throttle.throttle import Kind, Throttle
from visavis.usecases.private_machine import is_local

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN = frozenset({"same-origin", "none"})
_HOST = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^:\[\]]+)(?::[0-9]{1,5})?")
_UNCOUNTED = "/_nicegui"
"""The pages' own traffic: they are for those who are logged in."""

_ELSEWHERE = NotAllowed("another site asked for this; open the page here and do it yourself")
_NOT_LOCAL = NotAllowed(
    "this server is a private machine without logging in, and answers only programs on it"
)


class Visitors:
    """Refuses what must not come in.

    Args:
        app: The application below.
        throttle: Counts requests by address; None on a private machine.
        origins: Other sites whose pages may call the API.
    """

    def __init__(
        self, app: ASGIApp, throttle: Throttle | None, origins: Collection[str] = ()
    ) -> None:
        self._app = app
        self._throttle = throttle
        self._origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or web socket."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        try:
            await self._check(HTTPConnection(scope))
        except VisavisError as refusal:
            await _refuse(refusal, scope, receive, send)
            return
        await self._app(scope, receive, send)

    async def _check(self, asked: HTTPConnection) -> None:
        if self._throttle is None and not _is_at_this_machine(asked):
            raise _NOT_LOCAL
        changes = asked.scope["type"] == "websocket" or asked.scope["method"] not in _SAFE
        if changes and not is_from_here(asked.headers, self._origins):
            raise _ELSEWHERE
        if self._throttle and _is_counted(asked, changes=changes):
            address = asked.client.host if asked.client else ""
            if self._throttle.waits:
                await run_in_threadpool(self._throttle.check, Kind.PER_ADDRESS, address)
            else:
                self._throttle.check(Kind.PER_ADDRESS, address)


def is_from_here(headers: Headers, origins: Collection[str]) -> bool:
    """Return whether a request comes from our pages, from no page, or from a listed site."""
    origin = headers.get("origin", "")
    if origin in origins and f"{COOKIE}=" not in headers.get("cookie", ""):
        return True
    if site := headers.get("sec-fetch-site"):
        return site in _OWN
    if not origin:  # no browser, or one from before 2020, which sends one with every form
        return True
    return _site(origin) == headers.get("host", "").lower() != ""


def _site(origin: str) -> str:
    """Return name and port in an origin; empty where there are none, as in `null`."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _is_counted(asked: HTTPConnection, *, changes: bool) -> bool:
    path = asked.scope["path"]
    return (changes or path.startswith("/api/")) and not path.startswith(_UNCOUNTED)


def _is_at_this_machine(asked: HTTPConnection) -> bool:
    """Return whether address and name are local: other sites can point their name here."""
    names = [_name(header) for header in asked.headers.getlist("host")]
    return all(map(is_local, (asked.client.host if asked.client else "", *names)))


def _name(host: str) -> str:
    """Return the name in a `Host` header; empty, and so not local, for what is no such header."""
    found = _HOST.fullmatch(host)
    return found[1].lower() if found else ""


async def _refuse(refusal: VisavisError, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})
        return
    await problems.of_error(refusal)(scope, receive, send)
