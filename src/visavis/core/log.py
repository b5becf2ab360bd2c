"""Logging: events with fields, to stderr; JSON for machines, readable lines on a terminal.

Any module asks for `structlog.get_logger()` and logs an event with fields, such as
`log.info("pictures_analysed", pictures=3, faces=7, took_ms=41)`. Only the roof calls `configure`.

Ids and counts are logged, never a person: `redact` replaces pictures, vectors, secrets and names,
by key and by type of value, before a line is rendered.
"""

import logging
import sys
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import date, timedelta
from pathlib import PurePath
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

REMOVED = "[removed]"
LONGEST = 2_000
"""Characters of text kept in one field; longer text is most often data in disguise."""

PRIVATE = frozenset(
    {
        *("authorization", "cookie", "cookies", "passphrase", "password", "secret", "token", "key"),
        *("embedding", "embeddings", "mesh", "points", "probe", "template", "vector", "vectors"),
        *("body", "content", "crop", "data", "image", "images", "picture", "pixels", "thumbnail"),
        *("email", "filename", "name", "names", "query"),
    }
)
"""Field names whose values are never written, whatever they hold."""

_PLAIN = (str, int, float, bool, date, timedelta, PurePath, type(None))
_OWN = frozenset({"event", "exc_info", "stack_info", "_record", "_from_structlog"})


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace what must not be logged: private keys, bytes, arrays, lists of numbers, objects."""
    for key, value in event.items():
        if key not in _OWN:
            event[key] = _safe(key, value)
    return event


def _safe(key: str, value: object) -> object:
    """Return `value` if it may be written under `key`, else a mark in its place."""
    if key.lower() in PRIVATE:
        return REMOVED
    if isinstance(value, str):
        return value if len(value) <= LONGEST else f"{value[:LONGEST]}…"
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, Mapping):
        return {str(k): _safe(str(k), v) for k, v in value.items()}
    if isinstance(value, (list, tuple, AbstractSet)):
        return _safe_sequence(key, list(value))
    if isinstance(value, BaseException):
        return f"{type(value).__name__}: {value}"
    return f"[{type(value).__name__} removed]"


def _safe_sequence(key: str, values: list[object]) -> object:
    """Keep short lists of text and ids; a run of floats is a vector whatever it is called."""
    if any(isinstance(v, float) for v in values):
        return f"[{len(values)} numbers removed]"
    return [_safe(key, v) for v in values]


def configure(level: str = "INFO", json: bool | None = None) -> None:
    """Send all log records, ours and those of libraries, to stderr; safe to call again.

    Args:
        level: Lowest level written: DEBUG, INFO, WARNING, ERROR.
        json: One JSON object a line; None chooses it when stderr is not a terminal.
    """
    as_json = not sys.stderr.isatty() if json is None else json
    shared = _shared_processors()
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = _Stderr()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=_render(as_json=as_json)
        )
    )
    root = logging.getLogger()
    root.handlers = [h for h in root.handlers if not isinstance(h, _Stderr)] + [handler]
    root.setLevel(level.upper())


class _Stderr(logging.StreamHandler[Any]):
    """Our handler, told apart from those of libraries so that `configure` can replace it.

    It looks the stream up for each record, so that a redirected `sys.stderr` is honoured.
    """

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> Any:  # noqa: ANN401  # whatever stands at sys.stderr
        """Return the stream that is standard error now."""
        return sys.stderr


def _shared_processors() -> list[Processor]:
    """Return the steps every record takes; redaction comes before anything is turned to text."""
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.StackInfoRenderer(),
        redact,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _render(*, as_json: bool) -> list[Processor]:
    """Return the last steps; tracebacks come without local variables, which hold pictures."""
    drop = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    if as_json:
        return [
            drop,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(default=str),
        ]
    console = structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
    )
    return [drop, console]
