"""OpenTelemetry, which few need: only `telemetry` loads this, and only when it is on."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    StatusCode,
    TraceFlags,
    format_span_id,
    format_trace_id,
    get_current_span,
    set_span_in_context,
)

from visavis import __version__
from visavis.core.trace import Trace, current_trace

_TRACES = "/v1/traces"
"""Where collectors take spans over HTTP, as the protocol says."""

_STOP_WITHIN_MS = 5_000


class Exporter:
    """Makes spans and sends them, some at a time, from a thread of its own. Close it at the end.

    Args:
        url: Address of the collector.
        service: What this process is called there, after `visavis-`.
    """

    def __init__(self, url: str, service: str) -> None:
        named = {"service.name": f"visavis-{service}", "service.version": __version__}
        self._provider = TracerProvider(
            sampler=ALWAYS_ON,
            resource=Resource.create(named | {"process.pid": os.getpid()}),
            id_generator=_OurTraces(),
            shutdown_on_exit=False,
        )
        endpoint = url.rstrip("/").removesuffix(_TRACES) + _TRACES
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint)))
        self._tracer = self._provider.get_tracer("visavis", __version__)

    @contextmanager
    def begin(
        self, name: str, kind: str, ids: Mapping[str, str | int], asked: Trace
    ) -> Iterator[Trace]:
        """Open a span while the block lasts; yield its own place in the trace.

        What is raised in the block is noted by its kind only: its words may quote anything.

        Args:
            name: Of the span.
            kind: Where it stands, as OpenTelemetry calls it.
            ids: Attributes.
            asked: To which trace it belongs, and the step that asked for it.
        """
        with self._tracer.start_as_current_span(
            name,
            _parent(asked),
            SpanKind[kind.upper()],
            dict(ids),
            record_exception=False,
            set_status_on_exception=False,
        ) as begun:
            told = begun.get_span_context()
            try:
                yield Trace(format_trace_id(told.trace_id), format_span_id(told.span_id))
            except BaseException as exc:
                begun.set_status(StatusCode.ERROR, type(exc).__name__)
                raise

    def annotate(self, ids: Mapping[str, str | int]) -> None:
        """Add attributes to the span that is open."""
        get_current_span().set_attributes(dict(ids))

    def close(self) -> None:
        """Send what waits, for a few seconds at most."""
        self._provider.force_flush(_STOP_WITHIN_MS)
        self._provider.shutdown()


class _OurTraces(RandomIdGenerator):
    """Lets spans that nothing asked for belong to the trace that the log names."""

    def generate_trace_id(self) -> int:
        """Return the id of the trace that this belongs to."""
        return int(current_trace(), 16) if current_trace() else super().generate_trace_id()


def _parent(asked: Trace) -> Context | None:
    """Return where a span is attached; None = at the one that is open in this thread."""
    here = get_current_span().get_span_context()
    if here.is_valid and format_trace_id(here.trace_id) == asked.id:
        return None
    if not asked.span:
        return Context()
    sampled = TraceFlags(TraceFlags.SAMPLED)
    there = SpanContext(int(asked.id, 16), int(asked.span, 16), is_remote=True, trace_flags=sampled)
    return set_span_in_context(NonRecordingSpan(there), Context())
