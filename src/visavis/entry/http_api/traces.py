"""Traces at the HTTP door: every request belongs to one, and its answer says to which.

Who sends a `traceparent` (W3C Trace Context) goes on with a trace of theirs; the answer carries
`traceresponse`, as the next level of that standard calls it, by which lines of the log are found.
"""

import time
from collections.abc import Iterable
from http import HTTPStatus

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from visavis.core.telemetry import annotate, span
from visavis.core.trace import Trace, bound, current_parent, new_trace, read_trace

log = structlog.get_logger(__name__)

RESPONSE = "traceresponse"
_READS = frozenset({"GET", "HEAD", "OPTIONS"})


class Traces:
    """Begins or continues the trace of each request, and notes what came of it.

    What changes nothing is noted at the level `debug` only: pages ask for much.

    Args:
        app: The application below.
        routes: The templates to tell apart; everything else is `other`, as paths are personal.
    """

    def __init__(self, app: ASGIApp, routes: Iterable[str]) -> None:
        self._app = app
        self._routes = frozenset(routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        asked = read_trace(Headers(scope=scope).get("traceparent", ""))
        with bound(trace=asked or ""), span("request", kind="server", method=scope["method"]):
            here = current_parent() or new_trace()
            # The step of whoever asked is theirs; ours has a name of its own.
            told = (Trace(here.id) if here == asked else here).header()
            await self._serve(scope, receive, send, told)

    async def _serve(self, scope: Scope, receive: Receive, send: Send, told: str) -> None:
        status, since = HTTPStatus.INTERNAL_SERVER_ERROR.value, time.perf_counter()

        async def send_told(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[RESPONSE] = told
            await send(message)

        try:
            await self._app(scope, receive, send_told)
        finally:
            self._note(scope, status, round(1000 * (time.perf_counter() - since), 1))

    def _note(self, scope: Scope, status: int, took_ms: float) -> None:
        template = getattr(scope.get("route"), "path", "")
        route = template if template in self._routes else "other"
        annotate(route=route, status=status)
        failed = status >= HTTPStatus.INTERNAL_SERVER_ERROR
        tell = log.warning if failed else log.debug if scope["method"] in _READS else log.info
        told = {"method": scope["method"], "route": route, "status": status}
        tell("request_answered", **told, took_ms=took_ms)
