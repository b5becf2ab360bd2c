"""Server-sent events: how something is now, and again whenever that changes, until it is over.

An event holds the whole state, and its id is a mark of it: who comes back with the id of the last
event that came gets nothing twice, and misses no more than states that have passed anyway. No
thread is held between two looks.
"""

import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Protocol

from anyio import sleep, to_thread
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from visavis.core.errors import Overloaded, VisavisError
from visavis.entry.http_api import problems
from visavis.entry.http_api.patience import ENDLESS

MEDIA_TYPE = "text/event-stream"

EVERY_S = 0.5
"""Time between two looks."""

BEAT_S = 15.0
"""Time between two signs of life: proxies close what says nothing for a minute or less."""

AGAIN_AFTER_MS = 2000
"""What a browser is told to wait before it comes back."""

MOST_A_TENANT = 16
"""Streams that one organisation may have open: each looks into the database twice a second."""

MOST = 128
"""The same of all together."""

_MARK_CHARS = 16


class State(Protocol):
    """How something is."""

    @property
    def is_over(self) -> bool:
        """Whether it does not change any more."""
        ...

    def model_dump_json(self) -> str:
        """Return it as JSON, on one line."""
        ...


Look = Callable[[], State]
"""Returns how something is now; called in a thread."""


class Streams:
    """Counts the streams that are open; used from the event loop alone."""

    def __init__(self) -> None:
        self._open: Counter[str] = Counter()

    def enter(self, tenant_id: str) -> bool:
        """Count one more; False where there are too many."""
        if self._open[tenant_id] >= MOST_A_TENANT or self._open.total() >= MOST:
            return False
        self._open[tenant_id] += 1
        return True

    def leave(self, tenant_id: str) -> None:
        """Count one less."""
        self._open[tenant_id] -= 1
        if not self._open[tenant_id]:
            del self._open[tenant_id]


class EventStream(StreamingResponse):
    """An answer that goes on until what it tells of is over.

    Args:
        streams: Counts it while it is open.
        tenant_id: Whose.
        events: What is sent.
    """

    def __init__(self, streams: Streams, tenant_id: str, events: AsyncIterator[bytes]) -> None:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__(events, headers=headers, media_type=MEDIA_TYPE)
        self._streams, self._tenant_id = streams, tenant_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send what there is to send, unless too many are open."""
        if not self._streams.enter(self._tenant_id):
            few = f"{MOST_A_TENANT} event streams are open; close one, or ask for the state itself"
            await problems.of_error(Overloaded(few))(scope, receive, send)
            return
        scope[ENDLESS] = True
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._streams.leave(self._tenant_id)


async def answer(
    request: Request, tenant_id: str, look: Look, check: Callable[[], object]
) -> Response:
    """Answer a request for events.

    Args:
        request: Whose `Last-Event-ID` says what is known already.
        tenant_id: Who asks.
        look: Tells how things are.
        check: Refuses who may no longer be told; called now and then, in a thread.

    Returns:
        The stream; 204, at which browsers ask no more, where nothing is new and never will be.

    Raises:
        VisavisError: what `look` raises at first.
    """
    seen = request.headers.get("last-event-id", "")
    first = await to_thread.run_sync(look)
    if first.is_over and _mark(first.model_dump_json()) == seen:
        return Response(status_code=204)
    streams: Streams = request.app.state.streams
    return EventStream(streams, tenant_id, _events(first, seen, look, check))


async def _events(
    state: State, seen: str, look: Look, check: Callable[[], object]
) -> AsyncIterator[bytes]:
    """Yield events until the end; where something goes wrong it is told to who comes back."""
    yield b"retry: %d\n\n" % AGAIN_AFTER_MS
    looks_a_beat, looks = round(BEAT_S / EVERY_S), 0
    while True:
        body = state.model_dump_json()
        if _mark(body) != seen:
            seen = _mark(body)
            yield f"id: {seen}\nevent: state\ndata: {body}\n\n".encode()
        if state.is_over:
            return
        await sleep(EVERY_S)
        looks += 1
        try:
            if looks % looks_a_beat == 0:
                await to_thread.run_sync(check)
                yield b": here\n\n"
            state = await to_thread.run_sync(look)
        except VisavisError:
            return


def _mark(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()[:_MARK_CHARS]
