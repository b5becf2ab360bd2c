"""Security headers on every answer."""

from collections.abc import Mapping

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


def policy(sources: Mapping[str, str]) -> str:
    """Write a content security policy from the sources that each kind of content may have."""
    return "; ".join(f"{kind} {allowed}" for kind, allowed in sources.items())


DATA_POLICY = policy(
    {
        "default-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
)
"""For JSON, text and pictures: nothing in them may load or run anything."""

PAGE_POLICY = policy(
    {
        "default-src": "'self'",
        # The web toolkit starts from inline scripts and compiles its templates in the browser.
        "script-src": "'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "media-src": "'self' blob:",
        "font-src": "'self' data:",
        "connect-src": "'self'",
        "object-src": "'none'",
        "base-uri": "'self'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
)
"""For pages: everything from this server, nothing from anywhere else."""

_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
}
_CROSS_ORIGIN = frozenset({b"access-control-allow-origin", b"access-control-allow-credentials"})


class SecurityHeaders:
    """Adds the headers that an answer does not set itself."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                guard(MutableHeaders(scope=message), scope["path"])
            await send(message)

        await self._app(scope, receive, send_guarded if scope["type"] == "http" else send)


class OwnOrigin:
    """Takes away the headers by which an answer opens itself to other sites."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""

        async def send_closed(message: Message) -> None:
            if message["type"] == "http.response.start":
                # The web toolkit's sockets would let every other site in.
                sent = message.get("headers", ())
                message["headers"] = [h for h in sent if h[0].lower() not in _CROSS_ORIGIN]
            await send(message)

        await self._app(scope, receive, send_closed if scope["type"] == "http" else send)


def guard(headers: MutableHeaders, path: str = "") -> None:
    """Add what is missing to the headers of one answer.

    Args:
        headers: Of the answer.
        path: What was asked for; what the API answers is kept by nobody on the way.
    """
    is_page = headers.get("content-type", "").startswith("text/html")
    headers.setdefault("Content-Security-Policy", PAGE_POLICY if is_page else DATA_POLICY)
    if path.startswith("/api/"):
        headers.setdefault("Cache-Control", "no-store")
    for name, value in _ALWAYS.items():
        headers.setdefault(name, value)
