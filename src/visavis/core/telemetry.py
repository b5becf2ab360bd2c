"""Spans for the operator's own OpenTelemetry collector: what took how long, never of whom.

Off unless the settings name a collector; nothing is ever sent anywhere else. The library is loaded
when it is on, and `span` costs next to nothing while it is off.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from visavis.core.errors import InvalidSettings
from visavis.core.redaction import redact
from visavis.core.trace import bound, current_parent

if TYPE_CHECKING:
    from visavis.core.telemetry_otlp import Exporter

Kind = Literal["internal", "server", "client", "producer", "consumer"]
"""Where a span stands: inside, at either end of a request, at either end of a queue."""

Ids = str | int
"""What spans carry: ids, counts and words of ours."""


@dataclass
class _Exporting:
    """Where spans go; None = telemetry is off."""

    to: "Exporter | None" = None


_NOW = _Exporting()


@contextmanager
def exporting(otlp_url: str, service: str) -> Iterator[None]:
    """Send the spans of this process to a collector while the block lasts.

    A collector that does not answer holds nothing up: spans wait in memory, a few thousand at most.

    Args:
        otlp_url: Address of the collector, such as `http://localhost:4318`; empty = nothing is
            sent. Further headers come from `OTEL_EXPORTER_OTLP_HEADERS`.
        service: What this process is called there, after `visavis-`.

    Raises:
        InvalidSettings: it is no address, or OpenTelemetry is not installed.
    """
    if not otlp_url:
        yield
        return
    exporter = _NOW.to = _open(otlp_url, service)
    try:
        yield
    finally:
        _NOW.to = None
        exporter.close()


@contextmanager
def span(name: str, *, kind: Kind = "internal", **ids: Ids) -> Iterator[None]:
    """Measure a piece of work; it belongs to what `trace.bound` says, and is part of the open span.

    Args:
        name: Such as `job` or `detect`.
        kind: Where it stands.
        ids: Attributes: ids and counts.
    """
    exporter = _NOW.to
    if exporter is None:
        yield
        return
    with bound():
        asked = current_parent()
        assert asked is not None  # noqa: S101  # `bound` has begun one
        with exporter.begin(name, kind, _safe(ids), asked) as here, bound(trace=here):
            yield


def annotate(**ids: Ids) -> None:
    """Add attributes to the span that is open, such as what came of it."""
    if _NOW.to is not None:
        _NOW.to.annotate(_safe(ids))


def _safe(ids: dict[str, Ids]) -> dict[str, Ids]:
    """Return attributes without what must not be told, by the rules of the log."""
    told = redact(None, "", dict(ids))
    return {key: value for key, value in told.items() if isinstance(value, (str, int))}


def _open(otlp_url: str, service: str) -> "Exporter":
    if not otlp_url.startswith(("http://", "https://")):
        raise InvalidSettings(
            "VISAVIS_TELEMETRY__OTLP_URL is no address of a collector: write http://HOST:4318, or "
            "leave it empty to send nothing"
        )
    try:
        from visavis.core.telemetry_otlp import Exporter
    except ImportError:
        raise InvalidSettings(
            "sending traces needs OpenTelemetry, which is not installed: "
            "pip install 'visavis[telemetry]', or leave VISAVIS_TELEMETRY__OTLP_URL empty"
        ) from None
    return Exporter(otlp_url, service)
