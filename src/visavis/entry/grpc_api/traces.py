"""Traces at the gRPC door: every call belongs to one, and is noted when it is answered.

Who sends `traceparent` in the metadata (W3C Trace Context) goes on with a trace of theirs.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import grpc
import structlog

from visavis.core.telemetry import span
from visavis.core.trace import bound

log = structlog.get_logger(__name__)

_ASKED_OFTEN = "grpc."
"""Services of gRPC itself, such as health: noted at the level `debug` only."""


@contextmanager
def traced(context: grpc.ServicerContext, method: str) -> Iterator[None]:
    """Let a call belong to a trace while the block lasts, and note what came of it.

    Args:
        context: Of the call.
        method: Its full name.
    """
    sent = {key: str(value) for key, value in context.invocation_metadata() or ()}
    since = time.perf_counter()
    with bound(trace=sent.get("traceparent", "")), span("call", kind="server", method=method):
        try:
            yield
        finally:
            tell = log.debug if method.startswith(_ASKED_OFTEN) else log.info
            took_ms = round(1000 * (time.perf_counter() - since), 1)
            tell("call_answered", method=method, status=_status(context), took_ms=took_ms)


def _status(context: grpc.ServicerContext) -> str:
    """Return how the call ended, such as `ok` or `not_found`."""
    code = context.code()  # type: ignore[attr-defined]  # the stubs do not know it
    return code.name.lower() if isinstance(code, grpc.StatusCode) else "ok"
