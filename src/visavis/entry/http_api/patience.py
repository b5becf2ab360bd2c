"""Connections that say nothing, or only a letter now and then, are closed: each takes memory.

What is no request at all is answered here as well: it does not get as far as the application.
"""

import asyncio
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

from visavis.entry.http_api.headers import guard
from visavis.entry.http_api.problems import problem

HEAD_WITHIN_S = 20.0
"""Longest time from the first byte of a request, or from connecting, to the end of its headers."""

LONGEST_HEAD = 256 * 1024
"""Most bytes that arrive without a head or a piece of a body in them being complete."""

ENDLESS = "visavis.endless"
"""In the scope of a request whose answer has no end of its own; when the server stops it is cut."""

_KEEPS_ALL = hasattr(AutoHTTPProtocol, "on_headers_complete")
"""Whether the library keeps headers however long they are: one of its two parsers does."""


_NONE = "This is no request that can be read: its first line, a header or a length is broken."


class PatientProtocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type]  # chosen at import
    """The server's own protocol, with an end to its patience for the head of a request.

    Headers can also come after a body in pieces; what is said here of heads counts for those.
    """

    _timer: asyncio.TimerHandle | None = None
    _unread = 0

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401  # of several kinds
        """Expect a request."""
        super().connection_made(transport)
        self._expect()

    def data_received(self, data: bytes) -> None:
        """Take what arrives, and go on waiting or not."""
        self._unread += len(data)
        super().data_received(data)
        if _KEEPS_ALL and self._unread > LONGEST_HEAD:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "The headers are too long.")
        if self._is_idle():
            self._expect()
        else:
            self._calm()

    def on_headers_complete(self) -> None:
        """Take the head of a request."""
        self._unread = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a piece of a body."""
        self._unread = 0
        super().on_body(body)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._calm()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Let the answer that is under way end, unless it would not."""
        if not self._is_idle() and self.cycle.scope.get(ENDLESS):
            self.transport.close()
        else:
            super().shutdown()

    def handle_websocket_upgrade(self, *arguments: Any) -> None:  # noqa: ANN401  # of the library
        """Stop waiting: from here on it is no request."""
        self._calm()
        super().handle_websocket_upgrade(*arguments)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  # the library's words
        """Answer what is no request, and close."""
        self._refuse(HTTPStatus.BAD_REQUEST, _NONE)

    def _refuse(self, status: HTTPStatus, detail: str) -> None:
        """Close, with an answer where none has begun."""
        may_answer = self._is_idle() or not self.cycle.response_started
        if may_answer and not self.transport.is_closing():
            self.transport.write(_refusal(status, detail))
        self.transport.close()

    def _is_idle(self) -> bool:
        """Return whether the next thing to arrive is the head of a request."""
        return self.cycle is None or self.cycle.response_complete

    def _expect(self) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(HEAD_WITHIN_S, self._give_up)

    def _calm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        self._timer = None
        if self._is_idle() and not self.transport.is_closing():
            self.transport.close()


def _refusal(status: HTTPStatus, detail: str) -> bytes:
    """Return the whole answer to what does not become a request."""
    answer = problem(status, detail, headers={"Connection": "close"})
    guard(answer.headers)
    first = f"HTTP/1.1 {status} {status.phrase}".encode()
    lines = [first, *(b"%b: %b" % pair for pair in answer.raw_headers)]
    return b"\r\n".join((*lines, b"", bytes(answer.body)))
