"""Nobody sees a page, hears a web socket or fetches a picture without being logged in.

It stands before everything, not before a list of paths: what is added later is guarded until it is
named here as open.
"""

import hashlib
import re
import time
from http import HTTPStatus
from urllib.parse import quote, urlencode

from fastapi import Response
from nicegui.version import __version__ as toolkit_version
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from visavis.core.errors import VisavisError
from visavis.entry.services import COOKIE, Records
from visavis.entry.web import cookies
from visavis.throttle.errors import TooManyRequests
from visavis.usecases.errors import LogInNeeded

LOG_IN = "/login"
BY_FACE, WITH_FACE = "/face", "/face-login"
"""The page with the camera, and where it sends the picture."""

FORMS = frozenset(
    {LOG_IN, "/logout", "/register", "/confirm", "/forgot", "/reset", "/set-up", "/invitation"}
    | {BY_FACE, WITH_FACE}
)
"""Pages for whoever is not logged in; they lie directly below the root."""

_OPEN = re.compile(r"/(?:assets/.*|favicon[^/]*|healthz|readyz)")
_OWN_RULES = re.compile(r"/(?:api/.*|docs|docs/start\.js|docs/assets/.*|openapi\.json|metrics)")
"""What the HTTP door guards by itself."""

_TOOLKIT = f"/_nicegui/{toolkit_version}/"
"""Files of the toolkit, the same for everybody: a page needs twenty of them at once."""

_TOOLKIT_S = 10.0
"""How long one look at the session is enough for them."""

_LOCAL = re.compile(r"/(?![/\\])[^\x00-\x20\\\x7f]{0,1000}")


def local_path(text: str) -> str:
    """Return where to go after logging in: a path of this server, whatever was asked for.

    Browsers read two slashes of either kind, also with blanks between them, as another site.
    """
    return text if _LOCAL.fullmatch(text) else "/"


def log_in_path(then: str) -> str:
    """Return the address of the log-in page that leads on to a path of this server."""
    return LOG_IN if then == "/" else f"{LOG_IN}?{urlencode({'next': then})}"


class Guard:
    """Lets in who has a session; leaves the API and the forms to their own rules.

    Args:
        app: The application below.
        records: Knows the sessions.
    """

    def __init__(self, app: ASGIApp, records: Records) -> None:
        self._app = app
        self._records = records
        self._seen: dict[bytes, float] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or web socket."""
        if scope["type"] not in {"http", "websocket"} or _is_open(scope):
            await self._app(scope, receive, send)
            return
        asked = HTTPConnection(scope)
        try:
            await self._check(asked)
        except VisavisError as refusal:
            await _refuse(refusal, asked, receive, send)
            return
        if self._records.login and _is_page(asked):
            send = _renewing(self._records, asked.cookies[COOKIE], send)
        await self._app(scope, receive, send)

    async def _check(self, asked: HTTPConnection) -> None:
        """Refuse who is not logged in.

        Raises:
            LogInNeeded: they are not, or not any more.
            TooManyRequests: they ask too often.
        """
        if not self._records.login:
            return
        secret = asked.cookies.get(COOKIE, "")
        known = hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
        is_toolkit = asked.scope["path"].startswith(_TOOLKIT)
        if is_toolkit and time.monotonic() - self._seen.get(known, -_TOOLKIT_S) < _TOOLKIT_S:
            return
        address = asked.client.host if asked.client else ""
        await run_in_threadpool(self._records.callers.of_cookie, secret, address)
        self._note(known)

    def _note(self, known: bytes) -> None:
        """Remember that a session was open just now."""
        now = time.monotonic()
        self._seen = {k: at for k, at in self._seen.items() if now - at < _TOOLKIT_S}
        self._seen[known] = now


def _is_open(scope: Scope) -> bool:
    path = scope["path"]
    for_programs = getattr(scope["app"].state, "for_programs", ())  # they bring a key, no cookie
    if path in FORMS or (scope.get("method"), path) in for_programs:
        return True
    return any(rule.fullmatch(path) for rule in (_OPEN, _OWN_RULES))


def _is_page(asked: HTTPConnection) -> bool:
    """Return whether somebody wants to look at a page, so that another page can be the answer."""
    wants = "text/html" in asked.headers.get("accept", "")
    gets = asked.scope["type"] == "http" and asked.scope["method"] in {"GET", "HEAD"}
    return bool(wants and gets and not asked.scope["path"].startswith("/_nicegui"))


def _renewing(records: Records, secret: str, send: Send) -> Send:
    """Let the cookie of whoever opens a page last as long as their session, from now."""

    async def renewing(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == HTTPStatus.OK:
            headers = MutableHeaders(scope=message)
            headers.append("Set-Cookie", cookies.session(records, secret))
            # Without any referrer browsers call the sender of a form `null`: logging out is one.
            headers["Referrer-Policy"] = "same-origin"
        await send(message)

    return renewing


async def _refuse(
    refusal: VisavisError, asked: HTTPConnection, receive: Receive, send: Send
) -> None:
    """Send whoever wants a page to the log-in page; tell programs no."""
    scope = asked.scope
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})
        return
    headers = {"Cache-Control": "no-store"}
    if isinstance(refusal, LogInNeeded) and _is_page(asked):
        query = scope["query_string"].decode("latin-1")
        then = quote(scope["path"]) + (f"?{query}" if query else "")
        headers["Location"] = log_in_path(local_path(then))
        await Response(None, HTTPStatus.SEE_OTHER, headers)(scope, receive, send)
        return
    status = HTTPStatus.UNAUTHORIZED
    if isinstance(refusal, TooManyRequests):
        status = HTTPStatus.TOO_MANY_REQUESTS
        headers["Retry-After"] = str(refusal.retry_after_s)
    elif not isinstance(refusal, LogInNeeded):
        status = HTTPStatus.SERVICE_UNAVAILABLE
    await Response(f"{refusal}\n", status, headers, "text/plain")(scope, receive, send)
